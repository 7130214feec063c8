# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does besides the changes that its plans name."""

from __future__ import annotations

import typing as t

from .._engine.plan import Plan
from .._engine.rows.model import Item

AT_ONCE = 1e-9
"""Seconds that something is waited for: a guest that has long had what is waited for has it at the first look."""

Wait = t.Callable[[t.List[Item]], t.Tuple[t.Dict[str, t.Any], t.Dict[str, str]]]  # noqa: UP006 - for older Pythons
"""Waits for items: what they have by then, and why others do not have it, each by name."""


def at_once(wants: list[Item]) -> list[Item]:
    """The same items, none of which is waited for longer than a look takes."""
    return [{**want, "wait_timeout": AT_ONCE} if want.get("wait_for") else want for want in wants]


def look_for_more(plans: list[Plan], wants: list[Item], wait: Wait | None) -> tuple[dict[str, t.Any], bool]:
    """What a run would find that waits for items at once, and whether it would do something that is no change.

    :param wait: None where nothing is ever waited for, or something failed
    """
    unfinished = any(entry.steps for entry in plans if not entry.changes)
    if wait is None or any(entry.changes for entry in plans):
        return {}, unfinished
    addresses, late = wait(at_once(wants))
    return addresses, unfinished or bool(late)

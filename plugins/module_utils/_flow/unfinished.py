# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run still has to do where its plans change nothing: finish what was broken off, or wait for guests."""

from __future__ import annotations

import typing as t

from .._engine.plan import Plan
from .._engine.rows.model import Item
from .._libvirt.objects import GuestAddress

AT_ONCE = 1e-9
"""Seconds that something is waited for: a guest that has long had what is waited for has it at the first look."""

Wait = t.Callable[[t.List[Item]], t.Tuple[t.Dict[str, t.List[GuestAddress]], t.Dict[str, str], t.List[str]]]  # noqa: UP006
"""Waits for items: what they have by then, and why others do not have it, each by name; and warnings."""


def at_once(wants: list[Item]) -> list[Item]:
    """The same items, none of which is waited for longer than a look takes."""
    return [{**want, "wait_timeout": AT_ONCE} if want.get("wait_for") else want for want in wants]


def unfinished_work(
    plans: list[Plan], wants: list[Item], wait: Wait | None
) -> tuple[dict[str, list[GuestAddress]], bool]:
    """The addresses of the guests that are ready, and whether a run still has something to do besides changes.

    :param plans: the plans of all items
    :param wants: the items as they are declared
    :param wait: waits for items; None if nothing is ever waited for, or something failed
    """
    unfinished = any(entry.steps for entry in plans if not entry.changes)
    if wait is None or any(entry.changes for entry in plans):
        return {}, unfinished
    addresses, late, _warnings = wait(at_once(wants))
    return addresses, unfinished or bool(late)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has no end: lists in lists without number, or a few that hold each other so often that nobody writes them out.

Anchors of YAML make such things in a few lines, and Ansible writes out what they stand for.
"""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import nested
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError

MOST = 20_000
"""Values that one thing may hold: a guest holds some hundred."""
ENDLESS = f"holds more than {MOST} values"


def refuse_endless(value: t.Any, name: str) -> None:
    """Raise VirtfleetError for what is nested too deep, or has no end once what it holds twice is written twice.

    :param name: what to call it: the filter, or the item
    """
    if nested(value):
        raise VirtfleetError(f"{name}: is nested too deep")
    if is_endless(value):
        raise VirtfleetError(f"{name}: {ENDLESS}")


def is_endless(value: t.Any) -> bool:
    """Whether something holds too many values. What is nested too deep to be counted is refused for that."""
    try:
        return unfolded(value, {}) > MOST
    except RecursionError:
        return False


def unfolded(value: t.Any, known: dict[int, int]) -> int:
    """How many values something holds, those that it holds twice counted twice.

    :param known: what was counted already, by identity
    """
    if not isinstance(value, (dict, list, tuple)):
        return 1
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(unfolded(each, known) for each in inner)
    return known[id(value)]

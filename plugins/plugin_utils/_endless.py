# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be written out: lists nested too deep, or a few of which each holds the next one several times.

Anchors of YAML make such things in a few lines.
"""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import nested
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError

MOST = 20_000
"""Values that one thing may hold: a guest holds some hundred."""

ENDLESS = f"holds more than {MOST} values"
"""What is said of something that holds more."""


def refuse_endless(value: t.Any, name: str) -> None:
    """Raise VirtfleetError for what is nested too deep, or holds too many values.

    :param name: the filter that it is given to
    """
    if nested(value):
        raise VirtfleetError(f"{name}: is nested too deep")
    if is_endless(value):
        raise VirtfleetError(f"{name}: {ENDLESS}")


def is_endless(value: t.Any) -> bool:
    """Whether something holds so many values that to write them out takes for ever; not what is nested too deep."""
    return not nested(value) and unfolded(value, {}) > MOST


def unfolded(value: t.Any, known: dict[int, int]) -> int:
    """How many values something holds; one that it holds twice counts twice.

    :param known: what was counted already, by identity
    """
    if not isinstance(value, (dict, list, tuple)):
        return 1
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(unfolded(each, known) for each in inner)
    return known[id(value)]

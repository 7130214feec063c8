# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be written out: lists nested too deep, in themselves, or of which each holds the next one several times.

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

CIRCLE = "refers to itself: an alias of YAML stands inside what its anchor names; write out what is meant there"
"""What is said of something that is in itself."""


class Endless(Exception):
    """Something cannot be written out. What it says is that, and quotes nothing."""


def refuse_endless(value: object, name: str) -> None:
    """Raise VirtfleetError for what is nested too deep, or cannot be written out.

    :param name: the filter that it is given to
    """
    problem = endless(value)
    if problem is None and nested(value):
        problem = "is nested too deep"
    if problem is not None:
        raise VirtfleetError(f"{name}: {problem}")


def is_endless(value: object, most: int = MOST) -> bool:
    """Whether something is in itself, or holds so many values that to write them out takes for ever."""
    return endless(value, most) is not None


def endless(value: object, most: int = MOST) -> str | None:
    """Why something cannot be written out; None where it can. One that it holds twice counts twice.

    :param most: how many values it may hold
    """
    if not isinstance(value, (dict, list, tuple)):
        return None
    counts: dict[int, int] = {}
    kept = []  # What is gone leaves its identity to others.
    opened = [Opened(value)]
    within = {id(value)}
    while True:
        last = opened[-1]
        inner = last.next(counts)
        if last.count > most or len(opened) > most:
            return ENDLESS
        if inner is not None:
            if id(inner) in within:
                return CIRCLE
            within.add(id(inner))
            opened.append(Opened(inner))
            continue
        opened.pop()
        if not opened:
            return None
        within.remove(id(last.value))
        counts[id(last.value)] = last.count
        kept.append(last)
        opened[-1].count += last.count


class Opened:
    """A list or dictionary whose values are being counted.

    :ivar count: how many it holds, as far as they are counted, and itself
    """

    def __init__(self, value: t.Any) -> None:
        self.value, self.count = value, 1
        self.left = iter(list(value.values() if isinstance(value, dict) else value))

    def next(self, counts: t.Mapping[int, int]) -> object:
        """The next list or dictionary in it that is not counted yet; None behind the last one."""
        for inner in self.left:
            if not isinstance(inner, (dict, list, tuple)):
                self.count += 1
            elif id(inner) in counts:
                self.count += counts[id(inner)]
            else:
                return inner
        return None

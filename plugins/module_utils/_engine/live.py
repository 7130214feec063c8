# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sort the changes that what runs lacks: into steps that bring them, and changes that wait for a restart.

How a change reaches what runs is a strategy. A row names it, and the table of the kind has it.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from .refused_changes import sign
from .rows.model import Change
from .step import Step

RESTART = "takes effect at the next start"
ASKED = "the guest was asked to make this change, and has not made it"
IGNORED = "libvirt has accepted the change, and what runs does not have it"
TOGETHER = "takes effect at the next start, as does another change of the same part"

StepsOrReason: t.TypeAlias = "list[Step] | str"
"""The steps that bring a change about, or why only a restart does."""


def in_turn(change: Change) -> bool:
    """No change has to come before others."""
    return False


@dataclasses.dataclass(frozen=True)
class Strategy:
    """One way for changes to reach what runs.

    :param bring: gets the changes of one device, the live document as it is to be, whether another change of the same
        device waits for a restart, and the live document as it is
    :param innermost: whether it brings a single entry of a list inside another list, and not the whole outer item
    :param asks: whether what runs is only asked for the change, and may not follow
    :param along: the option whose steps bring the change along; it has none of its own
    :param early: whether a change has to come before others
    :param kept_only: whether a change is one of the definition alone, and nothing that runs ever gets it, at no start
    """

    bring: t.Callable[[list[Change], ET.Element, bool, ET.Element], StepsOrReason]
    innermost: bool = False
    asks: bool = False
    along: str | None = None
    early: t.Callable[[Change], bool] = in_turn
    kept_only: bool = False


Strategies = t.Mapping[str, Strategy]
"""Strategies by name. Within one device they are tried in this order."""


@dataclasses.dataclass(frozen=True)
class Brought:
    """The steps of one strategy.

    :param early: whether they come before all others
    :param sign: what later plans know them by
    :param paths: the paths that they bring to what runs
    """

    steps: t.Sequence[Step]
    early: bool
    sign: str
    paths: list[str]


@dataclasses.dataclass
class LiveReach:
    """How the changes that what runs lacks are brought to it, and which of them wait.

    :param brought: what strategies bring to what runs, in the order in which they were asked
    :param waiting: the paths that wait for a restart, with the reason
    :param asked: the paths for which what runs was asked before, and which it has not followed; no restart would help
    """

    brought: list[Brought] = dataclasses.field(default_factory=list)
    waiting: dict[str, str] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)

    def wait(self, changes: t.Iterable[Change], reason: str) -> None:
        """Let changes wait for a restart.

        :param reason: why they do
        """
        self.waiting.update({change.path: reason for change in changes})

    def take(self, answer: StepsOrReason, changes: list[Change], early: bool = False) -> None:
        """Take over what a strategy answers.

        :param changes: what it was asked to bring about
        :param early: whether that comes before all others
        """
        if isinstance(answer, str):
            self.wait(changes, answer)
        elif answer:
            known = sign(answer[0].action, changes)
            self.brought.append(Brought(answer, early, known, [change.path for change in changes]))

    def follow(self, option: str, change: Change) -> None:
        """Let a change come with the steps of another option, and wait where these wait or are none.

        :param option: its name
        """
        led = [option_of(path) == option for path in self.waiting]
        carriers = [one for one in self.brought if any(option_of(path) == option for path in one.paths)]
        if any(led) or not carriers:
            self.wait([change], TOGETHER if any(led) else RESTART)
            return
        for one in carriers:
            one.paths.append(change.path)

    @property
    def steps(self) -> list[Step]:
        """The steps that bring changes to what runs: of those that are early the last first, then the others."""
        early = [one for one in reversed(self.brought) if one.early]
        return [
            dataclasses.replace(step, reaches=tuple(one.paths), sign=one.sign)
            for one in (*early, *(one for one in self.brought if not one.early))
            for step in one.steps
        ]


def reach(
    strategies: Strategies, root: ET.Element, now: ET.Element, late: t.Sequence[Change], fresh: t.Container[str]
) -> LiveReach:
    """Sort what the live document lacks.

    Raises KeyError for a change whose strategy the table does not have.

    :param strategies: those of the table
    :param root: the live document as it is to be
    :param now: the same as it is
    :param late: the differences of the two
    :param fresh: the paths that change in the definition, too, and so were never asked for before
    """
    refuse_unknown(strategies, late)
    found = LiveReach()
    behind: list[tuple[str, Change]] = []
    held = {id(change.elements[0]) for change in late if change.live is None and change.elements}
    for unit in units(strategies, late):
        stuck = [change for change in unit if change.live is None]
        found.wait(stuck, RESTART)
        elements = unit[0].elements
        if not stuck and len(elements) > 1 and id(elements[0]) in held:
            found.wait(unit, TOGETHER)
            continue
        for name, strategy in strategies.items():
            part = [change for change in unit if change.live == name]
            if part and strategy.asks and part[0].path not in fresh:
                found.asked.append(part[0].path)
            elif part:
                answer = strategy.bring(part, root, bool(stuck), now)
                found.take(answer, part, strategy.early(part[0]))
                behind += [(strategy.along, part[0])] if strategy.along and not isinstance(answer, str) else []
    for option, change in behind:
        found.follow(option, change)
    return found


def option_of(path: str) -> str:
    """The option of the resource that a path leads into."""
    return path.partition(".")[0].partition("[")[0]


def units(strategies: Strategies, late: t.Sequence[Change]) -> list[list[Change]]:
    """The changes of each device, or of each inner entry, together; each other change alone.

    :param strategies: those of the table
    :param late: the differences to the live document
    """
    found: dict[int | str, list[Change]] = {}
    for change in late:
        place: int | str = change.path
        if change.elements:
            inner = change.live is not None and strategies[change.live].innermost
            place = id(change.elements[-1 if inner else 0])
        found.setdefault(place, []).append(change)
    return list(found.values())


def refuse_unknown(strategies: Strategies, changes: t.Iterable[Change]) -> None:
    """Raise KeyError for a change whose strategy is not there: it would be lost without a word.

    :param strategies: those of the table
    :param changes: the differences to the live document
    """
    named = {change.live for change in changes if change.live is not None}
    missing = sorted(str(name) for name in named - strategies.keys())
    if missing:
        raise KeyError(f"the table has no strategy {', '.join(missing)}")

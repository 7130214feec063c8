# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step of a plan, and how all steps of a plan are put in order."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

StepValue = t.Any
"""What a step needs: text of XML, a number, or an object of its kind. Its action alone knows."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One action on one resource.

    :param action: a name in the registry of apply
    :param value: the XML to define, or the value to set; see Steps.give
    :param reaches: the paths that it brings to what runs. Where the hypervisor refuses such a step,
        they wait for a restart; any other step that fails is the last.
    :param state: the state that the resource has after it, where it changes that
    :param sign: what later plans know it by, where it brings something to what runs (see refused_changes)
    """

    action: str
    value: StepValue = None
    reaches: tuple[str, ...] = ()
    state: str | None = None
    sign: str = ""


class StepPlace(enum.IntEnum):
    """Where in a plan a step comes: the steps of the first place come first."""

    FORGET = 0
    """Notes that do not hold any more."""
    NEEDED = 1
    """What the resource needs, and does not share with others: the volumes of a guest."""
    DEFINITION = 2
    """The definition; of what has none of its own, all that changes it."""
    LIVE = 3
    """What brings changes to what runs."""
    BESIDE = 4
    """Values that stand beside the definition."""
    STATE = 5
    """The way to the declared state."""
    RESTART = 6
    """The restart of what runs. All of the definition comes with the start, so it takes the place of LIVE and STATE."""
    AFTER = 7
    """What has to wait until the resource has given something up, and what is noted at the end."""


class Steps(t.Sequence[Step]):
    """The steps of one plan. Whoever plans adds to them; only ``ordered`` puts them in order.

    Nothing is taken out, moved or replaced: it has no call for that. It equals a list of the same steps.
    """

    def __init__(self) -> None:
        self._places: dict[StepPlace, list[Step]] = {place: [] for place in StepPlace}
        self._values: dict[str, object] = {}
        self._ordered: list[Step] | None = None

    def add(self, place: StepPlace, *steps: Step) -> None:
        """Put steps at the end of a place."""
        self._places[place] += steps
        self._ordered = None

    def give(self, action: str, value: object) -> None:
        """Give a value to all steps of an action that have none of their own, such as the step that undefines.

        It may be given before such a step is added, or without one. Raises ValueError for an action that has one.

        :param action: the name of the steps
        """
        if action in self._values:
            raise ValueError(f"the steps {action} have a value already")
        self._values[action] = value
        self._ordered = None

    def ordered(self) -> list[Step]:
        """All steps in the order in which they are carried out; the same objects until something is added or given."""
        if self._ordered is None:
            left_out = (StepPlace.LIVE, StepPlace.STATE) if self._places[StepPlace.RESTART] else ()
            self._ordered = [
                self._whole(step) for place in StepPlace if place not in left_out for step in self._places[place]
            ]
        return self._ordered

    def last_place(self, counts: t.Callable[[Step], bool]) -> StepPlace | None:
        """The last place that has a step of some sort; None where none has."""
        return next((place for place in reversed(StepPlace) if any(map(counts, self._places[place]))), None)

    def _whole(self, step: Step) -> Step:
        value = self._values.get(step.action)
        return step if step.value is not None or value is None else dataclasses.replace(step, value=value)

    @t.overload
    def __getitem__(self, index: int) -> Step: ...

    @t.overload
    def __getitem__(self, index: slice) -> list[Step]: ...

    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        return self.ordered()[index]

    def __len__(self) -> int:
        return len(self.ordered())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (list, Steps)) and self.ordered() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(self.ordered())

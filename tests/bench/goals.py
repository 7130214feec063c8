# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of the figures, and the table of them. No Ansible, no libvirt."""

from __future__ import annotations

import statistics
import typing as t

import control_node
import unchanged
from control_node import ALL, MANY, SOME

SIZES = (1000, 2000)
FLOOR = 1.5
LOOP = 80
DOUBLE = 2
MEMORY = 300

PROPORTION = 4.4
"""The most that four times as many hosts may cost."""
EMPTY_CHECK = 15
HANDED = 2
CONTROL_MEMORY = 500
PINGS = 3
"""Of an unchanged site on many hosts, to a play with one ping there."""
TWICE = 2.2
"""The most that twice as many unchanged hosts may cost."""
FACTS = 2
RESET = 5

RAW = {"same": "read", "new": "write"}
"""What libvirt itself has to do in each case, however it is called."""

CONTROL_NODE = (
    *(f"check, {kind}" for kind in control_node.KINDS),
    *("a task for each host", "a task with the host's guests"),
)
"""What is measured on the control node alone."""

TITLES = {
    "floor": "a play with a module that takes the list and does nothing",
    "read": "libvirt: all documents read and parsed by a bare program",
    "write": "libvirt: the same documents defined by a bare program",
    "same": "virtfleet.kvm.domains, all as declared",
    "new": "virtfleet.kvm.domains, all new",
    "loop": "community.libvirt.virt define in a loop, for each guest",
    "site": "virtfleet.kvm.site, two hosts as declared",
    "facts": "a play that only gathers facts, two hosts",
    "reset": "molecule prepare: a guest put back to its snapshot",
    "recreate": "molecule prepare: the same guest made anew",
}


class Goal(t.NamedTuple):
    """One ratio or amount with its bound.

    :param least: whether the bound is the least that it should be, and not the most
    """

    name: str
    value: float
    bound: float
    unit: str
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound


class Measured:
    """Every run that was measured, by what ran and how many guests there were."""

    def __init__(self) -> None:
        self.runs: list[dict[str, t.Any]] = []

    def add(self, what: str, size: int, values: t.Mapping[str, float]) -> None:
        self.runs.append({"what": what, "size": size, **values})

    def values(self, what: str, size: int, name: str = "seconds") -> list[float]:
        return [run[name] for run in self.runs if (run["what"], run["size"]) == (what, size) and name in run]

    def middle(self, what: str, size: int) -> float:
        """The seconds of the run in the middle."""
        return statistics.median(self.values(what, size))

    def rounds(self, case: str, size: int) -> list[tuple[float, float]]:
        """What a case took in each round, and its floor: what nothing can beat, which is Ansible with the
        same list and libvirt with the same documents."""
        values = (self.values(what, size) for what in (case, "floor", RAW[case]))
        return [(subject, ansible + libvirt) for subject, ansible, libvirt in zip(*values, strict=True)]

    def ratio(self, case: str, size: int) -> float:
        """A case to its floor, in the middle of all rounds."""
        return statistics.median(subject / floor for subject, floor in self.rounds(case, size))

    def above(self, case: str, size: int) -> float:
        """What a case takes above its floor, in the middle of all rounds."""
        return statistics.median(subject - floor for subject, floor in self.rounds(case, size))

    def gain(self, size: int) -> float:
        """How many times quicker guests as declared are than a loop over them, in the middle of all rounds."""
        pairs = zip(self.values("loop", 1), self.values("same", size), strict=True)
        return statistics.median(size * each / all_at_once for each, all_at_once in pairs)

    def latest(self, size: int) -> str:
        """The last run of each, on one line."""
        found = {run["what"]: run["seconds"] for run in self.runs if run["size"] == size}
        return ", ".join(f"{what} {seconds:.2f} s" for what, seconds in found.items())


def goals_of_control_node(measured: Measured) -> list[Goal]:
    """The goals of what a fleet costs on the control node, with what was measured in CPU seconds."""
    found = []
    for kind in control_node.KINDS:
        if kind != "none":
            times = measured.middle(f"check, {kind}", MANY) / measured.middle(f"check, {kind}", SOME)
            found.append(Goal(f"check of {MANY} to {SOME} hosts, {kind}", times, PROPORTION, "x"))
    plain = measured.middle("check, a plain list", ALL)
    found.append(
        Goal(f"check of {ALL} hosts to no guests", plain / measured.middle("check, none", ALL), EMPTY_CHECK, "x")
    )
    handed = measured.middle("a task with the host's guests", MANY) / measured.middle("a task for each host", MANY)
    found.append(Goal(f"guests of each of {MANY} hosts, to an empty task", handed, HANDED, "x"))
    memory = max(run.get("memory", 0) for run in measured.runs if str(run["what"]).startswith("check, "))
    found.append(Goal(f"memory of the check, {ALL} hosts", memory, CONTROL_MEMORY, "MiB"))
    return found


def goals_of_unchanged(measured: Measured) -> list[Goal]:
    """The goals of a site where nothing is to be done."""
    some, many = (measured.middle("unchanged", hosts) for hosts in (unchanged.SOME, unchanged.MANY))
    ping = measured.middle("ping", unchanged.SOME)
    facts = measured.middle("site", 2) / measured.middle("facts", 2)
    return [
        Goal(f"unchanged site of {unchanged.SOME} hosts, to a ping", some / ping, PINGS, "x"),
        Goal(f"unchanged site of {unchanged.MANY} to {unchanged.SOME} hosts", many / some, TWICE, "x"),
        Goal("unchanged site of two hosts, to gathering facts", facts, FACTS, "x"),
    ]


def goal_of_reset(measured: Measured) -> Goal:
    """How many times quicker a guest of molecule is put back than made anew, in the middle of all rounds."""
    pairs = zip(measured.values("recreate", 1), measured.values("reset", 1), strict=True)
    times = statistics.median(anew / back for anew, back in pairs)
    return Goal("molecule: a guest put back, quicker than made anew", times, RESET, "x", least=True)


def goals(measured: Measured) -> list[Goal]:
    """Every goal with what was measured."""
    found = [*goals_of_control_node(measured), *goals_of_unchanged(measured), goal_of_reset(measured)]
    small, large = SIZES
    for case, title in (("same", "unchanged"), ("new", "new")):
        found.append(Goal(f"{small} {title} guests, to the floor", measured.ratio(case, small), FLOOR, "x"))
    gain = measured.gain(small)
    found.append(Goal(f"{small} unchanged guests, quicker than a loop over each", gain, LOOP, "x", least=True))
    for case, title in (("same", "unchanged"), ("new", "new")):
        above = [max(measured.above(case, size), 0.01) for size in SIZES]
        found.append(
            Goal(f"{large} to {small} {title} guests, what is above the floor", above[1] / above[0], DOUBLE, "x")
        )
    for case, title in (("same", "unchanged"), ("new", "new")):
        for size in SIZES:
            memory = max(measured.values(case, size, "memory"))
            found.append(Goal(f"memory of the module, {size} {title} guests", memory, MEMORY, "MiB"))
    return found


def table(measured: Measured) -> list[str]:
    """All figures for people."""
    lines = [f"{'CPU seconds of the control node, 20 guests a host':58}  hosts"]
    for run in measured.runs:
        if run["what"] in CONTROL_NODE:
            lines.append(f"{run['what']:58} {run['size']:6} {run['seconds']:7.2f} s")
    lines += ["", f"{'':58} guests     least  median  CPU on the host"]
    for what, title in TITLES.items():
        for size in sorted({run["size"] for run in measured.runs if run["what"] == what}):
            seconds = sorted(measured.values(what, size))
            cpu = measured.values(what, size, "cpu")
            told = f"{title:58} {size:6} {seconds[0]:7.2f} s {seconds[len(seconds) // 2]:5.2f} s"
            told += f" {min(cpu):5.2f} s" if cpu else ""
            tasks = measured.values(what, size, "tasks")
            lines.append(told + (f" {tasks[0]:.0f} tasks a host" if tasks else ""))
    lines += ["", f"{'':58}   measured    goal"]
    for goal in goals(measured):
        sign, verdict = (">=" if goal.least else "<="), ("met" if goal.met else "MISSED")
        lines.append(f"{goal.name:58} {goal.value:7.2f} {goal.unit:3} {sign} {goal.bound:g} {goal.unit:3}  {verdict}")
    return lines

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of a trial by model: the real agent on a host in memory, broken off at every one of its steps.

Whatever happens, there is one verdict; the host's network and its files are wholly old or wholly new, and as the
verdict says; nothing of the trial is done after the verdict; nothing is left; and the next trial works.

All steps are some 12,000 trials. ``./runtests fuzz`` runs them all, other parts a share of them: see fuzzing.share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import fuzzing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, journal, unit
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.machine import (
    BY_HAND,
    NEW,
    OLD,
    RULES,
    Machine,
)

Make = Callable[..., Machine]

pytestmark = pytest.mark.fuzz


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda **faults: Machine(monkeypatch, **faults)


def run(make: Make, **faults: Any) -> Machine:
    """One trial with its faults, to its end."""
    machine = make(**faults)
    machine.begin()
    machine.live()
    return machine


def steps(make: Make, **faults: Any) -> range:
    """The numbers of the steps that a trial has."""
    return range(1, run(make, **faults).count + 1)


def some_steps(make: Make, of: int = 8, **faults: Any) -> Sequence[int]:
    """Every eighth of them, or so; all of them where the tests are to be thorough."""
    return fuzzing.share(steps(make, **faults), of)


def check(machine: Machine, verdict: str = "") -> str:
    """The invariants, after the end. Returns the verdict."""
    outcome = machine.outcome()
    said = outcome.get("outcome", "")
    kept = machine.kept()
    assert kept in (OLD, NEW), kept
    if said:
        assert kept == (NEW if said == "confirmed" else OLD), (outcome, kept)
        assert outcome["restored"], outcome
    if verdict:
        assert said == verdict, outcome
    new = kept == NEW
    assert machine.network["10-netplan-eno1.network"] == ("eno1: new" if new else "eno1: old")
    assert ("50-virtfleet-shim0.network" in machine.network) == (not new)
    assert machine.effective() == machine.network, "what networkd has is not what it would read"
    assert machine.leftovers() == []
    # What others told the kernel goes with a new start of the host, and with nothing else.
    assert machine.rebooted or (machine.rules, machine.by_hand) == (RULES, [BY_HAND])
    return said


def check_next(machine: Machine) -> None:
    """Another trial begins, and is confirmed."""
    if machine.kept() != OLD:
        return
    machine.kills, machine.late, machine.confirm, machine.fault = set(), None, True, 10**9
    machine.decided = ""
    machine.time += 1000
    machine.begin("two")
    machine.live()
    assert machine.outcome()["id"] == "two"
    check(machine, "confirmed")


def test_without_a_fault(make: Make) -> None:
    check(run(make), "confirmed")
    machine = run(make, confirm=False)
    check(machine, "rolled-back")
    assert machine.outcome()["reason"] == "nobody confirmed it within 60.0 s"
    assert len(steps(make)) > 110
    assert len(steps(make, confirm=False)) > 90


@pytest.mark.parametrize("confirm", [True, False])
def test_killed_at_every_step(make: Make, confirm: bool) -> None:
    found = []
    for number in some_steps(make, confirm=confirm):
        machine = run(make, kills={number}, confirm=confirm)
        found.append(check(machine))
        check_next(machine)
    assert set(found) <= ({"confirmed", "rolled-back"} if confirm else {"rolled-back"})
    assert "rolled-back" in found


@pytest.mark.parametrize("confirm", [True, False])
def test_killed_at_two_steps(make: Make, confirm: bool) -> None:
    """Every pair within reach of each other, and some farther away."""
    count = 0
    numbers = steps(make, confirm=confirm)
    for first in fuzzing.share(numbers, 12):
        for second in numbers:
            near = 0 < second - first < 7
            if near or (second > first and (second - first) % 29 == 0):
                check(run(make, kills={first, second}, confirm=confirm))
                count += 1
    assert count > (800 if fuzzing.is_thorough() else 60)


@pytest.mark.parametrize("confirm", [True, False])
def test_the_deadline_passes_at_every_step(make: Make, confirm: bool) -> None:
    """The time is up at a step, and the program is killed at one after it."""
    for number in some_steps(make, confirm=confirm):
        check(run(make, late=number, confirm=confirm))
        check(run(make, late=number, kills={number + 3, number + 40}, confirm=confirm))


@pytest.mark.parametrize("written", ["nothing", "all", "some", "others"])
def test_the_power_fails_at_every_step(make: Make, written: str) -> None:
    """Whatever of the unsynced names has come to the disk."""
    choices: dict[str, Callable[[str], bool]] = {
        "nothing": lambda folder: False,
        "all": lambda folder: True,
        "some": lambda folder: len(folder) % 2 == 0,
        "others": lambda folder: len(folder) % 2 == 1,
    }
    found = set()
    for confirm in (True, False):
        for number in some_steps(make, confirm=confirm):
            machine = run(make, cut=number, confirm=confirm, written=choices[written])
            found.add("new" if machine.kept() == NEW else "old")
            check_after_boot(machine)
    assert found == {"old", "new"}


@pytest.mark.parametrize("confirm", [True, False])
def test_the_host_is_soft_rebooted_at_every_step(make: Make, confirm: bool) -> None:
    """Its /run stays, with the trial in it, and the boot's id; the unit ends, and what is beside the files goes."""
    found = []
    for number in some_steps(make, confirm=confirm):
        for kills in (set(), {number + 2}, {number + 9}):
            machine = run(make, soft=number, kills=kills, confirm=confirm)
            found.append(machine.outcome()["outcome"])
            check_after_boot(machine)
    possible = {"rolled-back", "refused"} | ({"confirmed"} if confirm else set())
    assert set(found) <= possible
    assert not fuzzing.is_thorough() or set(found) == possible
    assert "rolled-back" in found


def test_the_power_fails_right_after_a_soft_reboot(make: Make) -> None:
    """What that has cleared away is there again in some folders, and in those of the journal it is not."""
    parted = 0
    for number in fuzzing.share(range(30, 60), 4):
        for mask in (0b10001111, 0b10100101, 0b10111011, 0b01110000):
            machine = run(
                make, soft=number, cut=number + 1, written=lambda folder, m=mask: bool(m >> len(folder) % 8 & 1)
            )
            parted += bool(machine.leftovers())
            check_after_boot(machine)
    assert parted, "no cut left anything"


def check_after_boot(machine: Machine) -> None:
    """After a boot what was broken off early may still be there, beside its place; the next run clears it away."""
    kept = machine.kept()
    assert kept in (OLD, NEW), kept
    machine.kills, machine.cut_at, machine.soft_at = set(), None, None
    unit.remove()
    journal.finish()
    assert machine.kept() == kept
    check(machine)
    check_next(machine)


FAULTS: list[dict[str, Any]] = [
    {"full": ("/run",)},
    {"full": ("/etc", "/var", "/usr")},
    {"full": ("/run", "/etc", "/var", "/usr")},
    {"read_only": ("/etc/netplan",)},
    {"read_only": ("/usr/local",)},
    {"read_only": ("/var",)},
    {"read_only": ("/etc", "/usr", "/var")},
    {"broken": ("netplan",)},
    {"broken": ("networkctl",)},
    {"broken": ("networkctl", "netplan")},
]


@pytest.mark.parametrize("faults", FAULTS, ids=str)
def test_full_read_only_or_broken_from_every_step_on(make: Make, faults: dict[str, Any]) -> None:
    """Old or new, and as it is said; where nothing can be removed any more, what is left goes with the next run."""
    seen = set()
    for number in some_steps(make):
        for confirm in (True, False):
            machine = run(make, fault=number, confirm=confirm, **faults)
            said = machine.outcome()
            seen.add(said["outcome"])
            kept = NEW if said["outcome"] == "confirmed" else OLD
            if "read_only" not in faults:
                assert machine.kept() == kept, said
                assert said["restored"], said
            elif machine.kept() != kept:
                # It turned read-only between two renames, which then cannot be undone: that is said.
                assert not said["restored"]
            new = machine.network["10-netplan-eno1.network"] == "eno1: new"
            assert new == (said["outcome"] == "confirmed"), said
            if number == 1 and said["outcome"] == "refused":
                # Seen before anything was written there, so there is nothing that could not be removed.
                assert said["restored"], said
                assert machine.leftovers() == []
            heal(machine)
            if "the next start of the host brings the change after all" in "".join(said["log"]):
                kept = NEW
            assert machine.kept() == kept, said
            check_next(machine)
    assert "confirmed" in seen


@pytest.mark.parametrize("confirm", [True, False])
def test_run_is_read_only_for_a_while_from_every_step_on(make: Make, confirm: bool) -> None:
    """Nothing can be decided for three lives of the program; then it goes on."""
    for number in some_steps(make, confirm=confirm):
        machine = run(make, fault=number, confirm=confirm, read_only=("/run",), heals=3)
        said = machine.outcome()
        assert machine.kept() == (NEW if said["outcome"] == "confirmed" else OLD), said
        machine.tree.now = {path: node for path, node in machine.tree.now.items() if path != files.UNIT}
        assert machine.leftovers() == []
        check_next(machine)


def heal(machine: Machine) -> None:
    """The fault goes, and the next run clears away what is left."""
    machine.fault = 10**9
    unit.remove()
    journal.finish()
    assert machine.leftovers() == []


@settings(
    max_examples=300 if fuzzing.is_thorough() else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kills=st.sets(st.integers(1, 400), max_size=6),
    late=st.none() | st.integers(1, 300),
    cut=st.none() | st.integers(1, 300),
    soft=st.none() | st.integers(1, 300),
    confirm=st.booleans(),
    mask=st.integers(0, 255),
)
def test_any_schedule(
    make: Make, kills: set[int], late: int | None, cut: int | None, soft: int | None, confirm: bool, mask: int
) -> None:
    """Kills, a late deadline, a soft-reboot and a power cut in any order, and any part of the names on the disk."""
    machine = make(
        kills=kills,
        late=late,
        cut=cut,
        soft=soft,
        confirm=confirm,
        written=lambda folder: bool(mask >> len(folder) % 8 & 1),
    )
    machine.begin()
    machine.live()
    if files.LAST in machine.tree.now and machine.cut_at is not None and not machine.rebooted:
        check(machine)
    else:
        check_after_boot(machine)

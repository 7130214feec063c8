# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes of links, disturbed at random steps: a host's network is whole old or new, and the report true."""

from __future__ import annotations

import collections
import concurrent.futures
import subprocess
import typing as t
from pathlib import Path

import fuzzing
import pytest
import yaml
from disturbances import leader
from links_changes import STEPS, Case, State, case
from links_fleet import Links
from links_fuzz import Fault, Fuzzed, Host, Outcome
from suites import SUITE_OPTIONS
from virtfleet_lab import hosts as machines
from virtfleet_lab.inventory import variables
from virtfleet_lab.machine import LabError
from virtfleet_lab.state import Lab

NAME = "linksfuzz"
HOSTS = ("kvm01", "kvm02", "kvm03", "kvm04")
"""Two of each suite: most of a round is waiting."""
ROUNDS = 20


class Lane:
    """The rounds of one host, each from where the last one has led to; and what came of them."""

    def __init__(self, host: str, folder: Path) -> None:
        self.host = host
        self.fleet = Host(NAME, folder)
        self.outcomes: list[Outcome] = []
        self.faults: list[str] = []
        self.state: State | None = State()

    def inventory(self) -> None:
        """Write the inventory of this host alone: others may be off."""
        lab = Lab(NAME)
        own = dict(variables(lab, lab.host(self.host)))
        own["ansible_control_path_dir"] = str(lab.run / f"ssh-{self.host}")
        inventory = {"kvm_hosts": {"hosts": {self.host: own}}}
        (self.fleet.folder / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")

    def anew(self) -> None:
        """Make the host anew: after a fault nobody knows what it is like."""
        lab = Lab(NAME)
        record = lab.host(self.host)
        # Not by `lab up`, which would see to all hosts, and others are cut off at times.
        machines.destroy(lab, record)
        lab.save(record)
        self.fleet.lab("start", self.host)
        self.state = State()

    def play(self, one: fuzzing.Round, drawn: Case) -> None:
        """One round."""
        try:
            if self.state is None or not leader(self.fleet, self.host):
                self.anew()
            self.inventory()
            fuzzed = Fuzzed(self.fleet, self.host)
            if self.state != drawn.before:
                made = fuzzed.make(drawn.before.config(f"{fuzzed.address}/24")).done
                assert made.code == 0, f"without any disturbance: {made.output}"
            self.state = None
            outcome = fuzzed.play(drawn)
        except (Fault, AssertionError, LabError, OSError, ValueError, subprocess.SubprocessError) as error:
            self.state = None
            self.faults.append(f"{one.name}\n{self.host}: {drawn}\n{type(error).__name__} {error}")
            print(f"\n{self.host} {one.number}: {drawn}: {type(error).__name__} {error}", flush=True)
            return
        self.state = drawn.after
        self.outcomes.append(outcome)
        print(
            f"\n{self.host} {one.number}: {drawn}: {outcome.reported}, {outcome.network}, {outcome.seconds:.0f} s",
            flush=True,
        )

    def all(self, rounds: t.Sequence[tuple[fuzzing.Round, Case]]) -> None:
        """All rounds."""
        for one, drawn in rounds:
            self.play(one, drawn)


def drawn(host: int, wanted: t.Sequence[fuzzing.Round]) -> list[tuple[fuzzing.Round, Case]]:
    """The rounds of a host, of those that are wanted. Each follows from those before, so that it can be alone."""
    found, state = [], State()
    for number in range(host, max(one.number for one in wanted) + 1, len(HOSTS)):
        one = fuzzing.one("LINKS", number)
        each = case(one.random, state)
        state = each.after
        if number in [other.number for other in wanted]:
            found.append((one, each))
    return found


@pytest.mark.fuzz
@pytest.mark.long
def test_a_network_is_whole_whatever_happens(tmp_path: Path) -> None:
    wanted = fuzzing.rounds("LINKS", ROUNDS)
    lanes = [Lane(host, tmp_path / host) for host in HOSTS]
    lab = Links(NAME, tmp_path)
    lab.lab("down")
    try:
        suites = SUITE_OPTIONS
        lab.lab("up", str(len(HOSTS)), *suites, "--nics", "2")
        with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
            for place, lane in enumerate(lanes):
                lane.fleet.folder.mkdir()
                pool.submit(lane.all, drawn(place, wanted))
    finally:
        lab.lab("down")
    outcomes = [outcome for lane in lanes for outcome in lane.outcomes]
    faults = [fault for lane in lanes for fault in lane.faults]
    figures = collections.Counter(f"{outcome.reported}, {outcome.network}" for outcome in outcomes)
    struck = sum(bool(outcome.struck) for outcome in outcomes)
    print(f"\n{len(wanted)} rounds, {struck} disturbed: {dict(figures)}; {len(faults)} faults")
    assert not faults, "\n\n".join(faults)
    assert len(outcomes) == len(wanted)
    # A step that is never reached disturbs nothing: then STEPS says more than there are.
    assert len(wanted) < 10 or struck > len(wanted) / 3, f"only {struck} of {len(wanted)} were disturbed: {STEPS}"

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random tests of storage on a real libvirt: what is removed in random order, and runs that are killed.

Removal: each round makes a world of guests, disks, links and spellings, and tells a model of it
(host_fuzz/model.py). Then it lets the modules remove and purge, and holds what they did, and what they said,
against the model.

Kills: each round kills a run that makes 30 guests and 60 volumes (host_fuzz/kills.py). The next run must come to
the same as if nothing had happened. So it is with runs that make a pool, a network or a secret
(host_fuzz/definitions.py), which are killed at each effect.
"""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
from fuzz_hosts import bring, run, share
from fuzzing import rounds, seed
from suites import SUITE_OPTIONS

HOSTS = ("kvm01", "kvm02")
ROUND = 60
KILL = 180
"""Seconds that a round of removal, and one with a kill, may take on a busy machine."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet("storagefuzz", tmp_path_factory.mktemp("storagefuzz"))
    made.lab("down")
    try:
        made.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
        bring(made, HOSTS)
        yield made
    finally:
        made.lab("down")


@pytest.mark.fuzz
@pytest.mark.long
def test_what_is_used_stays_and_what_may_go_goes(fleet: Fleet) -> None:
    def do(host: str, numbers: list[int]) -> list[dict[str, t.Any]]:
        words = [str(seed()), *map(str, numbers)]
        return run(fleet, host, "rounds.py", *words, timeout=120 + ROUND * len(numbers))

    numbers = [one.number for one in rounds("STORAGE", 30)]
    results = list(share(numbers, HOSTS, do, 25))
    counts = {what: sum(result[what] for result in results) for what in ("steps", "deleted", "kept")}
    print(f"{len(results)} rounds: {counts}")
    bad = [result for result in results if result["problems"] or result["broken"]]
    assert not bad, "\n".join([f"{len(bad)} of {len(results)} rounds failed, seed {seed()}", *map(told, bad[:5])])
    assert [result["number"] for result in sorted(results, key=lambda result: result["number"])] == numbers
    if len(results) >= 10:
        assert counts["deleted"] >= len(results) / 4
        assert counts["kept"] >= len(results) / 4


@pytest.mark.fuzz
@pytest.mark.long
def test_a_run_that_was_killed_is_made_good_by_the_next(fleet: Fleet) -> None:
    def do(host: str, numbers: list[int]) -> list[dict[str, t.Any]]:
        words = [str(seed()), *map(str, numbers)]
        return run(fleet, host, "kills.py", *words, timeout=120 + KILL * len(numbers))

    numbers = [one.number for one in rounds("KILLS", 3)]
    results = [result for result in share(numbers, HOSTS, do, 10) if "number" in result]
    print(f"{len(results)} runs were killed: {sorted(result['log'][0] for result in results)}")
    bad = [result for result in results if result["problems"] or result["broken"]]
    assert not bad, "\n".join([f"{len(bad)} of {len(results)} rounds failed, seed {seed()}", *map(told, bad[:5])])
    assert [result["number"] for result in sorted(results, key=lambda result: result["number"])] == numbers
    # A qemu-img that is to be killed may be done by then.
    assert sum(result["sprung"] for result in results) >= len(results) * 0.8


@pytest.mark.fuzz
@pytest.mark.long
def test_a_definition_that_was_killed_is_made_good_by_the_next(fleet: Fleet) -> None:
    """Pools, networks and secrets: killed at each effect."""

    def do(host: str, numbers: list[int]) -> list[dict[str, t.Any]]:
        return run(fleet, host, "definitions.py", timeout=1200)

    results = list(share([1, 2], HOSTS, do, 1))
    bad = [result for result in results if result["problems"]]
    assert not bad, "\n".join([f"{len(bad)} of {len(results)} rounds failed", *map(told, bad[:5])])
    assert {result["kind"] for result in results if result["number"] > 4} == {"pools", "networks", "secrets"}


def told(result: dict[str, t.Any]) -> str:
    """A round that failed: what was wrong, and all that was done before."""
    head = f"--- round {result['number']}: {'; '.join(result['problems'])}"
    return "\n".join([head, result["broken"], *result["log"]])

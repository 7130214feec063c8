# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of random tests can be repeated, one by one, with what was printed."""

from __future__ import annotations

import typing as t

import fuzzing
import pytest


@pytest.fixture(autouse=True)
def no_seed_is_kept() -> t.Iterator[None]:
    fuzzing.seed.cache_clear()
    yield
    fuzzing.seed.cache_clear()


def test_a_round_is_repeated_by_seed_and_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SEED", "ONLY", "STORAGE"):
        monkeypatch.delenv(f"VIRTFLEET_FUZZ_{name}", raising=False)
    drawn = [one.random.random() for one in fuzzing.rounds("STORAGE", 3)]
    assert len(set(drawn)) == 3
    name, _equals, seed = capsys.readouterr().out.strip().partition("=")
    fuzzing.seed.cache_clear()
    monkeypatch.setenv(name, seed)
    monkeypatch.setenv("VIRTFLEET_FUZZ_ONLY", "1")
    (again,) = fuzzing.rounds("STORAGE", 3)
    assert (again.number, again.random.random()) == (1, drawn[1])
    assert f"VIRTFLEET_FUZZ_SEED={seed} VIRTFLEET_FUZZ_ONLY=1" in again.name


def test_the_environment_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTFLEET_FUZZ_ONLY", raising=False)
    monkeypatch.setenv("VIRTFLEET_FUZZ_KILLS", "50")
    assert len(fuzzing.rounds("KILLS", 3)) == 50
    assert len(fuzzing.rounds("INPUTS", 7)) == 7

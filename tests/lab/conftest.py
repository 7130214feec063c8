# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests on real hosts share: a lab to call, and two hosts that are up for the session."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from calling import Lab
from links_fleet import HOSTS
from suites import SUITE_OPTIONS
from virtfleet_lab import prerequisites

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs real hosts where this machine can't carry them, saying why; leave out what runs by name only."""
    shorten(config, items)
    problems = prerequisites.problems()
    for item in items:
        if problems and HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=" ".join(problems)))


def shorten(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests marked ``control``, and of those marked ``by_turns`` keep each case on one suite, by turns.

    The latter take long because they wait for deadlines. VIRTFLEET_ALL_SUITES=1 runs each of them on every suite.
    ``-m control`` runs the former.
    """
    by_turns = not os.environ.get("VIRTFLEET_ALL_SUITES")
    control = "control" in (config.option.markexpr or "")
    seen: dict[str, int] = {}
    left_out = []
    for item in items:
        if item.get_closest_marker("control") and not control:
            left_out.append(item)
        elif item.get_closest_marker("by_turns") and by_turns:
            host = item.callspec.params["host"]  # type: ignore[attr-defined]
            number = seen[host] = seen.get(host, -1) + 1
            if number % 2 != sorted(HOSTS).index(host):
                left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def lab() -> t.Iterator[Lab]:
    """A lab with kvm01 (bookworm) and kvm02 (trixie); one that was up before stays up."""
    shared = Lab(os.environ.get("VIRTFLEET_LAB", "test"))
    was_up = bool(shared.states())
    shared.call("up", "2", *SUITE_OPTIONS)
    yield shared
    if not was_up:
        shared.call("down")

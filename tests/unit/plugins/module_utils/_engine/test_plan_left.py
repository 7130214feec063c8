# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a plan once it is carried out, and what is said of a null that changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import plan as plans
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan, unmoved
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace


def made(*steps: Step, done: int | None = None, **values: Any) -> Plan:
    found = Plan("domain", "web", **values)
    found.steps.add(StepPlace.LIVE, *steps)
    found.done = len(steps) if done is None else done
    return found


def step(*reaches: str, action: str = "set") -> Step:
    return Step(action, None, reaches)


def test_a_new_plan_has_nothing_behind_it() -> None:
    found = Plan("domain", "web")
    assert (found.begun, found.done, found.failed, found.running) == (False, 0, False, False)
    assert (found.problem, found.obstacle, found.unsure, found.waits) == (None, None, None, None)
    assert [*found.steps, *found.changes, *found.waiting, *found.asked, *found.after, *found.stopped] == []


@pytest.mark.parametrize(
    ("left", "settled"),
    [
        (made(), True),
        (made(step("memory"), live_only=frozenset({"memory"})), True),
        (made(step("memory")), False),
        # One that nobody was told of: it is still to be done.
        (made(step("title"), live_only=frozenset({"title"})), False),
        (made(step("memory", "title"), live_only=frozenset({"memory", "title"})), False),
        # A step that brings nothing to what runs waits for no restart.
        (made(step()), False),
        (made(step("memory"), step(), live_only=frozenset({"memory"})), False),
    ],
)
def test_a_plan_is_settled_where_the_rest_is_known_to_wait(left: Plan, settled: bool) -> None:
    done = made(step("memory"))
    left.done = 0
    assert done.settled(left) is settled


def test_what_was_told_and_did_not_come_about_waits_with_the_reason() -> None:
    done = made(step("memory"), waiting={"other": "it is fixed"})
    assert done.settled(made(step("memory"), done=0, live_only=frozenset({"memory"})))
    assert done.waiting == {"other": "it is fixed", "memory": plans.IGNORED}
    # What is known to wait already keeps its reason.
    done = made(step("memory", "other"), waiting={"other": "it is fixed"})
    assert done.settled(made(step("memory", "other"), done=0, live_only=frozenset({"memory"})))
    assert done.waiting == {"other": "it is fixed", "memory": "it is fixed"}


@pytest.mark.parametrize(("action", "waits"), [("set", True), ("start", False), ("start_paused", False)])
def test_what_the_guest_was_asked_for_waits_unless_it_just_started(action: str, waits: bool) -> None:
    done = made(step("title", action=action))
    assert done.settled(made(asked=["vcpus"]))
    assert done.waiting == ({"vcpus": plans.ASKED} if waits else {})


@pytest.mark.parametrize(
    ("want", "left", "said"),
    [
        ({}, [], []),
        ({"cpu": None}, ["cpu"], ["cpu: null leaves it"]),
        ({"cpu": None}, ["cpu.mode", "cpu.check"], ["cpu: null leaves mode, check"]),
        ({"cpu": {"topology": None}}, ["cpu.topology.cores"], ["cpu.topology: null leaves cores"]),
        ({"cpu": {"numa": []}}, ["cpu.numa.cells"], ["cpu.numa: null leaves cells"]),
        ({"cpu": {"mode": "custom"}}, ["cpu.mode"], []),
        ({"cpu": None, "clock": None}, ["cpu.mode", "clock"], ["cpu: null leaves mode", "clock: null leaves it"]),
    ],
)
def test_a_null_that_leaves_something_is_told(want: dict[str, Any], left: list[str], said: list[str]) -> None:
    found = list(unmoved(want, left))
    assert [line.partition(" as it is, ")[0] for line in found] == said

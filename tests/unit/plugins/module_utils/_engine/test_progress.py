# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes have come about is told by the steps that were carried out; what was refused is known again later."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import progress, refused_changes
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace


def plan(*steps: Step, changes: tuple[Change, ...] = (), **more: Any) -> Plan:
    found = Plan("guest", "web01", changes=list(changes), **more)
    for step in steps:
        found.steps.add(StepPlace.DEFINITION, step)
    return found


FORGET, DEFINE = Step("forget"), Step("define", "<x/>")
UNDEFINE, START, STOP = Step("undefine"), Step("start", state="running"), Step("stop", state="stopped")
AUTOSTART, LIVE = Step("set_autostart", True), Step("set_live", reaches=("memory",))
VOLUME, SEED = Step("volume", {"change": "disks[0]"}), Step("seed", {"change": "cloud_init"})


@pytest.mark.parametrize(
    ("path", "steps", "needed"),
    [
        ("memory", (FORGET, DEFINE, START), [DEFINE]),
        # Where the definition goes first, it is gone with that.
        ("state", (UNDEFINE, DEFINE), [UNDEFINE]),
        ("autostart", (DEFINE, AUTOSTART), [AUTOSTART]),
        ("autostart", (DEFINE, Step("set_autostart", True, reaches=("autostart",))), [DEFINE]),
        ("disks[0]", (VOLUME, DEFINE), [VOLUME]),
        ("disks[1]", (VOLUME, DEFINE), [DEFINE]),
        ("cloud_init.user", (SEED, DEFINE), [SEED]),
        ("cloud_init2", (SEED, DEFINE), [DEFINE]),
        ("memory", (LIVE, DEFINE), [DEFINE]),
        ("restart", (DEFINE, STOP, START), [STOP, START]),
        # Without a definition, every step that is more than a note.
        ("state", (FORGET, Step("spare"), VOLUME, START), [VOLUME, START]),
        ("state", (FORGET,), []),
    ],
)
def test_the_steps_that_a_change_takes(path: str, steps: tuple[Step, ...], needed: list[Step]) -> None:
    found = plan(*steps)
    change = Change(path, 1, 2)
    assert progress.bringers(change, found) == needed
    for count in range(len(steps) + 1):
        done = list(found.steps[:count])
        came = bool(needed) and all(any(step is each for each in done) for step in needed)
        assert progress.is_brought_about(change, found, done) is came


def test_what_only_the_running_guest_lacks_comes_by_what_reaches_it() -> None:
    found = plan(DEFINE, LIVE, Step("set_live", reaches=("vcpus",)), live_only=frozenset({"memory"}))
    assert progress.bringers(Change("memory", 1, 2), found) == [LIVE]
    assert progress.bringers(Change("vcpus", 1, 2), found) == [DEFINE]


@pytest.mark.parametrize(
    ("done", "changes", "moved"),
    [
        ((), (), []),
        ((DEFINE,), (), []),
        ((STOP,), (), [Change("state", "running", "stopped")]),
        ((STOP, START), (), []),
        ((STOP,), (Change("state", "paused", "running"),), [Change("state", "paused", "stopped")]),
        ((STOP,), (Change("memory", 1, 2), Change("state", "stopped", "running")), []),
        ((STOP, DEFINE), (), [Change("state", "running", "stopped")]),
    ],
)
def test_how_far_the_state_has_come(done: tuple[Step, ...], changes: tuple[Change, ...], moved: list[Change]) -> None:
    assert progress.moved(plan(STOP, DEFINE, START, changes=changes), done) == moved


# What was refused


def test_a_step_is_known_again_by_what_it_brings_wherever_that_stands_in_a_list() -> None:
    def sign(action: str = "attach", path: str = "disks[0]", before: Any = None, after: Any = "x") -> str:
        return refused_changes.sign_of_step(action, [Change(path, before, after)])

    assert sign() == sign(path="disks[3]")
    assert len({sign(), sign(action="detach"), sign(path="interfaces[0]"), sign(before=1), sign(after="y")}) == 5
    assert len(sign()) == 16
    assert refused_changes.sign_of_step("a", []) != refused_changes.sign_of_step("b", [])
    assert sign(after={"b": 1, "a": 2}) == sign(after={"a": 2, "b": 1})


def test_of_what_was_refused_once_the_reason_is_known() -> None:
    steps = [
        Step("attach", reaches=("disks[0]", "disks[1]"), sign="s1"),
        Step("attach", reaches=("memory",), sign="s2"),
        Step("attach", reaches=("vcpus", "title"), sign="s3"),
        Step("attach", reaches=("other",)),
    ]
    reasons = {"s1": "no room", "s3": "not now"}
    assert refused_changes.expected(steps, reasons, ()) == {
        "disks[0]": "no room",
        "disks[1]": "no room",
        "vcpus": "not now",
        "title": "not now",
    }
    # What changes in the definition, too, was never tried.
    assert set(refused_changes.expected(steps, reasons, ["title"])) == {"disks[0]", "disks[1]"}


def test_what_is_left_to_do_is_noted_with_the_reason_for_all_of_it() -> None:
    left = plan(
        Step("attach", reaches=("a", "b"), sign="s1"),
        Step("attach", reaches=("a", "c"), sign="s2"),
        Step("attach", sign="s3"),
        Step("attach", reaches=("d",), sign="s4"),
    )
    done = plan(waiting={"a": "no room", "b": "not now", "d": "never"})
    assert refused_changes.to_note(done, left) == {"s1": "no room", "s4": "never"}

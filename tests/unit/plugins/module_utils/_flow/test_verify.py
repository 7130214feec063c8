# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt did not keep is told, and not reported as done."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan, Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.outcome import unkept, verify
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of


def planned(name: str, *paths: str) -> Plan:
    """A plan that changes these paths; none for nothing to do."""
    changes = [Change(path, "old", "new") for path in paths]
    return plan_of("domain", name, *([Step("define", "<domain/>")] if paths else []), changes=changes)


def told(plan: Plan) -> list[str]:
    return [change.path for change in plan.changes]


def test_all_done() -> None:
    done = planned("a", "memory", "vcpus")
    assert verify([done], [planned("a")], {}) == {}
    assert told(done) == ["memory", "vcpus"]


def test_what_was_not_kept_is_a_failure_by_name() -> None:
    done = planned("a", "memory", "vcpus")
    failed = verify([done, planned("b")], [planned("a", "vcpus"), planned("b")], {})
    assert failed == {"a": "libvirt took the definition but did not keep all of it: vcpus is 'old', not 'new'"}
    assert told(done) == ["memory"]


def test_a_failure_of_apply_keeps_its_reason() -> None:
    done = planned("a", "memory", "state")
    done.done = len(done.steps)
    before = {"a": "start: no such kernel"}
    assert verify([done], [planned("a", "state")], before) == before
    assert told(done) == ["memory"]


def test_a_secret_that_was_not_kept_stays_one() -> None:
    left = plan_of("domain", "a", Step("define", "hunter2"), changes=[Change("password", "(secret)", "(secret)")])
    problem = verify([planned("a", "password")], [left], {})["a"]
    assert "hunter2" not in problem


def test_lists_that_differ_are_told_by_what_is_in_them() -> None:
    words = unkept([Change("boot", ["hd"], ["hd", "fd"]), Change("panics[0]", {"model": "s390"}, None)])
    assert words.endswith("boot is not as declared, panics[0] is still there")
    assert "hunter2" not in unkept([Change("passwd", ["hunter2"], ["hunter3"])])
    assert unkept([Change("a", [{"b": 1}], [{"b": 2}])]).endswith("a is not as declared")


@pytest.mark.parametrize(
    ("actions", "pending"),
    [
        (["define", "start"], []),
        (["define", "start_paused"], []),
        (["define", "shutdown", "start"], []),
        (["define"], ["current_memory"]),
        ([], ["current_memory"]),
    ],
)
def test_only_what_ran_before_has_not_followed(actions: list[str], pending: list[str]) -> None:
    """The memory balloon of a guest that has just started takes seconds to be there."""
    done = plan_of("domain", "a", *map(Step, actions), done=len(actions))
    assert done.settled(Plan("domain", "a", asked=["current_memory"]))
    assert done.pending == pending

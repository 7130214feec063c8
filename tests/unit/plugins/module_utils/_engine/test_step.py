# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a plan are put in order in one place, as docs/architecture.md says."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace, Steps
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

CALLS = {"add", "give", "last_place"}
"""What may be called on the steps of a plan."""

WRITERS = {
    "_engine/plan.py": "refuse begins anew",
    "_engine/live.py": "tells which paths the steps of a strategy reach, before a plan has them",
    "_engine/step.py": "puts them in order",
    "_flow/creation_notes.py": "carries a definition out with the UUID that it notes; the plan keeps its step",
}
"""The only files that may set the steps of a plan, or make one step out of another."""


def is_steps(node: ast.AST) -> bool:
    """Whether an expression is the steps of something, or a part of them."""
    inner = node.value if isinstance(node, (ast.Subscript, ast.Starred)) else node
    return isinstance(inner, ast.Attribute) and inner.attr == "steps"


def targets(node: ast.AST) -> Iterator[ast.AST]:
    """What a statement sets or deletes."""
    if isinstance(node, (ast.Assign, ast.Delete)):
        for target in node.targets:
            yield from target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    if isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For)):
        yield node.target


def changed(source: str) -> list[int]:
    """The lines of a source that change the steps of a plan, or make one step out of another."""
    found = []
    # Most files do not speak of steps at all, and to parse them all takes seconds.
    for node in ast.walk(ast.parse(source)) if "step" in source else ():
        sets = any(map(is_steps, targets(node)))
        calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if calls and is_steps(node.func.value) and not isinstance(node.func.value, ast.Subscript):
            sets = node.func.attr not in CALLS
        if calls and node.func.attr == "replace" and node.args:
            sets = sets or (isinstance(node.args[0], ast.Name) and node.args[0].id == "step")
        if sets:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "plan.steps = [*others, step]",
        "plan.steps, plan.changes = [], []",
        "plan.steps += more",
        "plan.steps[:0] = first",
        "plan.steps[plan.done] = step",
        "del plan.steps[0]",
        "plan.steps.insert(0, step)",
        "plan.steps.append(step)",
        "plan.steps.sort()",
        "found = [dataclasses.replace(step, value=1) for step in plan.steps]",
    ],
)
def test_the_search_below_finds(line: str) -> None:
    assert changed(line) == [1]


def test_nobody_takes_the_steps_of_a_plan_apart() -> None:
    folder = ROOT / "plugins" / "module_utils"
    wrong = {
        f"{path.relative_to(folder)}:{line}"
        for path in folder.rglob("*.py")
        if str(path.relative_to(folder)) not in WRITERS
        for line in changed(path.read_text())
    }
    assert wrong == set()


def test_all_writers_still_write() -> None:
    folder = ROOT / "plugins" / "module_utils"
    assert [name for name in WRITERS if not changed((folder / name).read_text())] == []


def test_steps_have_no_call_that_takes_them_apart() -> None:
    assert {name for name in dir(Steps) if not name.startswith("_")} == {*CALLS, "ordered", "count", "index"}
    assert not {"__setitem__", "__delitem__", "__iadd__"} & set(dir(Steps))


def actions(steps: Steps) -> list[str]:
    return [step.action for step in steps]


def test_the_place_counts_and_not_the_time() -> None:
    whole = [place for place in StepPlace if place is not StepPlace.RESTART]
    for order in itertools.permutations(whole, 3):
        steps = Steps()
        for place in (*order, *order):
            steps.add(place, Step(f"{place.name} {len(steps)}"))
        assert [name.split()[0] for name in actions(steps)] == [
            name for place in sorted(order) for name in (place.name, place.name)
        ]
        assert all(
            int(one.split()[1]) < int(other.split()[1])
            for one, other in itertools.pairwise(actions(steps))
            if one.split()[0] == other.split()[0]
        )


def test_a_restart_takes_the_place_of_what_reaches_what_runs() -> None:
    steps = Steps()
    for place in StepPlace:
        steps.add(place, Step(place.name))
    assert actions(steps) == ["FORGET", "NEEDED", "DEFINITION", "BESIDE", "RESTART", "AFTER"]


def test_a_value_reaches_the_steps_that_have_none_of_their_own() -> None:
    steps = Steps()
    steps.add(StepPlace.STATE, Step("start", state="running"), Step("start", "own"), Step("stop"))
    before = list(steps)
    steps.give("start", "given")
    assert [(step.action, step.value, step.state) for step in steps] == [
        ("start", "given", "running"),
        ("start", "own", None),
        ("stop", None, None),
    ]
    assert [step.value for step in before] == [None, "own", None]
    with pytest.raises(ValueError, match="start"):
        steps.give("start", "another")


def test_a_value_is_also_for_steps_that_come_later() -> None:
    steps = Steps()
    steps.give("start", "given")
    assert steps == []
    steps.add(StepPlace.STATE, Step("start"))
    assert steps == [Step("start", "given")]


def test_a_step_is_the_same_object_each_time() -> None:
    """How far a plan has come is told by them."""
    steps = Steps()
    steps.add(StepPlace.STATE, Step("start"))
    steps.give("start", "given")
    assert all(one is other for one, other in zip(steps, steps.ordered(), strict=True))
    assert steps[0] is steps[:1][0]


def test_the_last_place_that_has_such_a_step() -> None:
    steps = Steps()
    steps.add(StepPlace.BESIDE, Step("set_autostart"))
    steps.add(StepPlace.DEFINITION, Step("define"))
    assert steps.last_place(lambda step: step.action != "start") is StepPlace.BESIDE
    assert steps.last_place(lambda step: step.action == "define") is StepPlace.DEFINITION
    assert steps.last_place(lambda step: step.action == "start") is None

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: one form for check mode and run, readable, without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import report
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.context import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.convert import MEMORY, NAME, TEXT, Choice
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.live import RESTART
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field, Group, Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.tests.unit.support import observed, plan_one

VAULT = Table(
    kind="vault",
    skeleton="<vault/>",
    state="present",
    initial="shut",
    active=frozenset(("open",)),
    transitions={("shut", "open"): ("start",), ("open", "shut"): ("stop",)},
    rows=(
        Field("name", "name", NAME, "Name."),
        Property("state", "", Choice("present", "open", "shut"), "State."),
        Field("memory", "memory", MEMORY, "Memory."),
        Field("password", "graphics@passwd", TEXT, "Password.", secret=True),
        Group(
            "users",
            "user",
            (Field("login", "@login", TEXT, "Login."), Field("key", "@key", TEXT, "Key.", secret=True)),
            "Users.",
        ),
    ),
)
SECRETS = {"password": "hunter2", "users": [{"login": "joe", "key": "hunter3"}]}
THERE = "<vault><name>a</name><graphics passwd='hunter1'/><user login='joe' key='hunter0'/></vault>"


def test_a_new_resource() -> None:
    result = report.result([plan_one(VAULT, None, {"name": "a", "memory": "2GiB", "state": "open"})])
    assert result == {
        "changed": True,
        "changes": [
            {
                "resource": "vault a",
                "path": "definition",
                "before": None,
                "after": {"name": "a", "memory": "2GiB"},
                "live": None,
            },
            {"resource": "vault a", "path": "state", "before": "shut", "after": "open", "live": None},
        ],
        "diff": [
            {
                "before_header": "vault a",
                "after_header": "vault a",
                # What is not there yet has no state.
                "before": "",
                "after": "definition.name: a\ndefinition.memory: 2GiB\nstate: open\n",
            }
        ],
        "pending_restart": [],
    }


def test_nothing_to_do() -> None:
    result = report.result([plan_one(VAULT, observed(THERE), {"name": "a"})])
    assert result == {"changed": False, "changes": [], "diff": [], "pending_restart": []}


def test_live_says_whether_what_runs_has_it() -> None:
    have = observed(
        "<vault><name>a</name><memory>1048576</memory></vault>",
        state="open",
        live="<vault><name>a</name><memory>1048576</memory><graphics passwd='x'/></vault>",
    )
    result = report.result([plan_one(VAULT, have, {"name": "a", "memory": "2GiB", "password": "x"})])
    assert {entry["path"]: entry["live"] for entry in result["changes"]} == {"memory": False, "password": True}
    assert result["pending_restart"] == [{"vault": "a", "paths": ["memory"], "reasons": {"memory": RESTART}}]


def test_what_is_pending_from_before_is_reported_without_a_change() -> None:
    have = observed(
        "<vault><name>a</name><memory>2097152</memory></vault>",
        state="open",
        live="<vault><name>a</name><memory>1048576</memory></vault>",
    )
    result = report.result([plan_one(VAULT, have, {"name": "a", "memory": "2GiB"})])
    assert (result["changed"], result["pending_restart"]) == (
        False,
        [{"vault": "a", "paths": ["memory"], "reasons": {"memory": RESTART}}],
    )


def test_nothing_is_live_in_what_the_run_stops() -> None:
    have = observed("<vault><name>a</name><memory>1048576</memory></vault>", state="open")
    result = report.result([plan_one(VAULT, have, {"name": "a", "memory": "2GiB", "state": "shut"})])
    assert {entry["path"]: entry["live"] for entry in result["changes"]} == {"memory": None, "state": None}
    assert result["pending_restart"] == []


@pytest.mark.parametrize("have", [None, observed(THERE), observed(THERE, state="open")])
def test_secrets_are_nowhere_and_yet_a_change(have: Any) -> None:
    plan = plan_one(VAULT, have, {"name": "a", **SECRETS})
    result = report.result([plan])
    assert "hunter" not in json.dumps(result)
    assert "(secret)" in json.dumps(result)
    assert result["changed"]
    assert "hunter2" in json.dumps([step.value for step in plan.steps])


def test_removed_secrets_are_nowhere_either() -> None:
    result = report.result([plan_one(VAULT, observed(THERE), {"name": "a", "password": None, "users": []})])
    assert [entry["after"] for entry in result["changes"]] == [None, None]
    assert "hunter" not in json.dumps(result)


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (None, []),
        ("a b", ["p: a b"]),
        (3, ["p: 3"]),
        (True, ["p: true"]),
        (["a", "b"], ['p: ["a", "b"]']),
        ([], ["p: []"]),
        ({"a": 1, "b": {"c": None, "d": "x"}}, ["p.a: 1", "p.b.d: x"]),
        ([{"a": 1}, {"a": 2}], ["p[0].a: 1", "p[1].a: 2"]),
    ],
)
def test_a_diff_has_a_line_for_each_single_value(value: Any, lines: list[str]) -> None:
    plan = Plan("thing", "t", changes=[Change("p", None, value), Change("q", value, "z")])
    assert report.diff(plan)["after"].splitlines() == [*lines, "q: z"]
    assert report.diff(plan)["before"].splitlines() == [line.replace("p", "q", 1) for line in lines]


def test_many_resources_share_one_warning() -> None:
    plans = [Plan("domain", f"g{number}", warnings=["slow"]) for number in range(8)]
    plans.append(Plan("domain", "other", warnings=["odd", "slow"]))
    plans.append(Plan("network", "n", warnings=["slow"]))
    assert report.warnings(plans) == [
        "domain g0, g1, g2, g3, g4 and 4 more: slow",
        "domain other: odd",
        "network n: slow",
    ]


def test_no_warnings() -> None:
    assert report.warnings([Plan("domain", "a")]) == []

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: one form for check mode and run, readable, without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import report
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import MEMORY, NAME, TEXT, Choice
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.live import RESTART
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.pending import MARK
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field, Group, Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
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


WORD, URL = Change("password", "(secret)", "(secret)"), "https://joe:{}@host/x.qcow2?sig={}"
ARGUMENTS = [["--key", "hunter1", "-m"], ["--key", "hunter2", "-m"]]


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (WORD, "password: (secret)", "password: (secret) (changed)"),
        (
            Change("disks[0].image", URL.format("hunter1", "hunter1"), URL.format("hunter2", "hunter2")),
            "disks[0].image: https://***@host/x.qcow2?***",
            "disks[0].image: https://***@host/x.qcow2?*** (changed)",
        ),
        (
            Change("qemu.args", *ARGUMENTS),
            'qemu.args: ["--key", "(secret)", "-m"]',
            'qemu.args: ["--key", "(secret)", "-m"] (changed)',
        ),
        (
            Change("image", {"pool": "p", "token": "hunter1"}, {"pool": "p", "token": "hunter2"}),
            "image.pool: p\nimage.token: (secret)",
            "image.pool: p\nimage.token: (secret) (changed)",
        ),
        (Change("token", "hunter1", None), "token: (secret)", ""),
        (Change("token", None, "hunter1"), "", "token: (secret)"),
        (Change("title", "\udc80", "\\udc80"), "title: \\udc80", "title: \\udc80 (changed)"),
    ],
)
def test_the_diff_of_a_changed_secret_is_not_empty(change: Change, before: str, after: str) -> None:
    for others in ([], [Change("memory", "1GiB", "2GiB")]):
        found = report.diff(Plan("vault", "a", changes=[*others, change]))
        assert found["before"].splitlines()[len(others) :] == before.splitlines()
        assert found["after"].splitlines()[len(others) :] == after.splitlines()
        assert "hunter" not in str(found)


def test_the_diff_of_a_secret_in_an_item_that_is_replaced_is_not_empty() -> None:
    item = {"login": "joe", "key": "(secret)"}
    found = report.diff(Plan("vault", "a", changes=[Change("users[0]", item, None), Change("users[0]", None, item)]))
    assert found["before"] == "users[0].login: joe\nusers[0].key: (secret)\n"
    assert found["after"] == "users[0].login: joe\nusers[0].key: (secret) (changed)\n"


def test_a_changed_secret_that_waits_says_both() -> None:
    plan = Plan("vault", "a", changes=[WORD], running=True, waiting={"password": RESTART})
    assert report.diff(plan)["after"] == f"password: (secret) (changed){MARK}\n"


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


def changed(name: str, *changes: tuple[str, Any, Any]) -> Plan:
    return Plan("vault", name, changes=[Change(*change) for change in changes])


@pytest.mark.parametrize("check", [True, False])
def test_what_goes_and_what_changes_is_told_though_others_failed(check: bool) -> None:
    plans = [
        changed("a", ("state", "open", "absent")),
        changed("b", ("memory", 1, 2), ("users[0]", "joe", "absent")),
        changed("c"),
        changed("d", ("state", "shut", "open")),
    ]
    did = "would still be" if check else "was still"
    assert report.all_the_same(plans, check) == [
        f"{did} removed, though others failed: vault a, users[0]",
        f"{did} made or changed, though others failed: vault b, vault d",
    ]
    assert report.all_the_same([changed("c")], check) == []


FIVE = "n0, n1, n2, n3, n4"


@pytest.mark.parametrize(("count", "said"), [(1, "n0"), (5, FIVE), (7, "n0, n1, n2, n3, n4 and 2 more")])
def test_of_many_names_the_first_are_told(count: int, said: str) -> None:
    assert report.first_few([f"n{number}" for number in range(count)]) == said


@pytest.mark.parametrize(
    ("path", "name"),
    [("memory", "memory"), ("disks[0].size", "size"), ("xml/a@b", "b"), ("q:arg", "arg")],
)
def test_the_name_of_a_change_is_the_last_in_its_path(path: str, name: str) -> None:
    assert report.name_of(path) == name


def test_what_stays_behind_of_what_did_not_go_is_not_told() -> None:
    plans = [changed("a"), changed("b"), changed("c")]
    for each in plans[:2]:
        each.warn_of_leftover("its file stays")
    assert report.left_behind(plans) == ["vault a, b: its file stays"]
    assert report.left_behind(plans, ["a"]) == ["vault b: its file stays"]
    assert report.warnings(plans) == ["vault a, b: its file stays"]

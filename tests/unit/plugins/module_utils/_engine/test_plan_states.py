# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way from what is to what is declared."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.support import actions, changes, observed, plan_one

GUEST = "<domain type='kvm'><name>x</name></domain>"
NET = "<network><name>x</name></network>"

DOMAIN_ACTIONS = {
    ("stopped", "present"): [],
    ("stopped", "running"): ["start"],
    ("stopped", "paused"): ["start_paused"],
    ("stopped", "stopped"): [],
    ("stopped", "absent"): ["undefine"],
    ("running", "present"): [],
    ("running", "running"): [],
    ("running", "paused"): ["suspend"],
    ("running", "stopped"): ["shutdown"],
    ("running", "absent"): ["shutdown", "undefine"],
    ("paused", "present"): [],
    ("paused", "running"): ["resume"],
    ("paused", "paused"): [],
    ("paused", "stopped"): ["resume", "shutdown"],
    ("paused", "absent"): ["resume", "shutdown", "undefine"],
}
NETWORK_ACTIONS = {
    ("inactive", "present"): [],
    ("inactive", "active"): ["start"],
    ("inactive", "inactive"): [],
    ("inactive", "absent"): ["undefine"],
    ("active", "present"): [],
    ("active", "active"): [],
    ("active", "inactive"): ["stop"],
    ("active", "absent"): ["stop", "undefine"],
}


@pytest.mark.parametrize(
    ("table", "expected", "haves"),
    [(DOMAIN, DOMAIN_ACTIONS, {"stopped", "running", "paused"}), (NETWORK, NETWORK_ACTIONS, {"inactive", "active"})],
    ids=["domain", "network"],
)
def test_the_pairs_here_are_all_there_are(
    table: Table, expected: dict[tuple[str, str], list[str]], haves: set[str]
) -> None:
    wants = table.document()["state"]["choices"]
    assert set(expected) == set(itertools.product(haves, wants))
    assert {have for have, _want in table.transitions} == haves
    assert table.active < haves
    assert table.initial in haves


@pytest.mark.parametrize(("have", "want"), DOMAIN_ACTIONS)
def test_domain(have: str, want: str) -> None:
    result = plan_one(DOMAIN, observed(GUEST, have), {"name": "x", "state": want})
    assert actions(result) == DOMAIN_ACTIONS[have, want]
    assert changes(result) == ({"state": (have, want)} if actions(result) else {})


@pytest.mark.parametrize(("have", "want"), NETWORK_ACTIONS)
def test_network(have: str, want: str) -> None:
    result = plan_one(NETWORK, observed(NET, have), {"name": "x", "state": want})
    assert actions(result) == NETWORK_ACTIONS[have, want]
    assert changes(result) == ({"state": (have, want)} if actions(result) else {})


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("present", ["define"]),
        ("running", ["define", "start"]),
        ("stopped", ["define"]),
        ("paused", ["define", "start_paused"]),
        ("absent", []),
    ],
)
def test_new_domain(state: str, steps: list[str]) -> None:
    assert actions(plan_one(DOMAIN, None, {"name": "x", "memory": "1GiB", "state": state})) == steps


@pytest.mark.parametrize(
    ("state", "steps"),
    [("present", ["define"]), ("active", ["define", "start"]), ("inactive", ["define"]), ("absent", [])],
)
def test_new_network(state: str, steps: list[str]) -> None:
    assert actions(plan_one(NETWORK, None, {"name": "x", "autostart": False, "state": state})) == steps


def test_states_that_are_left_out() -> None:
    assert actions(plan_one(DOMAIN, observed(GUEST), {"name": "x"})) == []
    assert actions(plan_one(NETWORK, observed(NET, "inactive"), {"name": "x"})) == ["start"]


def test_what_goes_needs_no_description_and_is_not_edited_first() -> None:
    result = plan_one(DOMAIN, observed(GUEST), {"name": "x", "memory": "9GiB", "autostart": True, "state": "absent"})
    assert changes(result) == {"state": ("stopped", "absent")}
    assert actions(plan_one(DOMAIN, None, {"name": "x", "state": "absent"})) == []


def test_the_definition_comes_before_the_power() -> None:
    result = plan_one(DOMAIN, observed(GUEST), {"name": "x", "vcpus": 3, "autostart": True, "state": "running"})
    assert actions(result) == ["define", "set_autostart", "start"]

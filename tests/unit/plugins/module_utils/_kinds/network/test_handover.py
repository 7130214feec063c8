# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of networks that go are put on the bridge of the one that takes their place."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan, plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import handover
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed

NEW: dict[str, Any] = {
    "name": "new",
    "forward": {"mode": "nat"},
    "bridge": "virbr8",
    "ips": [{"address": "10.8.0.1/24"}, {"address": "fd00:8::1/64"}],
    "state": "active",
}


def network(name: str, address: str, mask: str = "netmask='255.255.255.0'") -> Any:
    family = "family='ipv6' " if ":" in address else ""
    xml = f"<network><name>{name}</name><bridge name='virbr9'/><ip {family}address='{address}' {mask}/></network>"
    return observed(xml, "active")


def planned(have: dict[str, Any], *items: dict[str, Any], policy: str = "defer") -> list[Plan]:
    """The plans of networks, of which some take the place of others."""
    wants = NETWORK.parse([*items])
    plans = plan(NETWORK, have, wants, KVM_HOST, policy)
    handover.reattach(plans, have, wants)
    return plans


def steps(entry: Plan) -> list[tuple[str, Any]]:
    """The steps of a plan, each with the networks whose guests come along."""
    return [(step.action, step.value if step.action == "reattach" else None) for step in entry.steps]


def gone(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "state": "absent"} for name in names]


def test_the_guests_of_all_that_go_come_along_in_one_step() -> None:
    have = {"one": network("one", "10.8.0.1"), "two": network("two", "fd00:8::1", "prefix='64'")}
    *_gone, entry = planned(have, *gone("one", "two"), NEW)
    assert steps(entry)[-2:] == [("start", None), ("reattach", ("one", "two"))]
    assert [action for action, _value in steps(entry)].count("reattach") == 1


def test_a_network_that_starts_anew_takes_its_own_guests_and_the_others() -> None:
    have = {"one": network("one", "10.8.0.1"), "new": network("new", "10.7.0.1")}
    *_gone, entry = planned(have, *gone("one"), NEW, policy="restart")
    assert steps(entry) == [("define", None), ("stop", None), ("start", None), ("reattach", ("one",))]


def test_one_that_takes_no_place_and_one_that_does_not_start_are_left_alone() -> None:
    have = {"one": network("one", "10.9.0.1")}
    *_gone, entry = planned(have, *gone("one"), NEW)
    assert "reattach" not in dict(steps(entry))
    have = {"one": network("one", "10.8.0.1")}
    *_gone, entry = planned(have, *gone("one"), {**NEW, "state": "inactive"})
    assert "reattach" not in dict(steps(entry))


@pytest.mark.parametrize(
    ("wants", "taker"),
    [
        ([], None),
        ([{"name": "a", "bridge": "virbr9"}], "a"),
        ([{"name": "a", "bridge": "virbr1"}], None),
        ([{"name": "a", "ips": [{"address": "10.8.0.9/16"}]}], "a"),
        ([{"name": "a", "ips": [{"address": "10.9.0.9/16"}, {"address": "10.8.0.2/24"}]}], "a"),
        ([{"name": "a", "ips": [{"address": "fd00:8::1/64"}]}], None),
        ([{"name": "a", "ips": [{"address": "nowhere"}, {}]}], None),
        ([{"name": "a", "ips": None}], None),
        # A bridge of the host is nobody's to take; those behind it are looked at all the same.
        ([{"name": "a", "bridge": "virbr9", "forward": {"mode": "bridge"}}], None),
        ([{"name": "a", "bridge": "virbr9", "forward": {"mode": "bridge"}}, {"name": "b", "bridge": "virbr9"}], "b"),
        ([{"name": "a", "bridge": "virbr1"}, {"name": "b", "bridge": "virbr9"}], "b"),
    ],
)
def test_who_takes_the_place_of_a_network(wants: list[dict[str, Any]], taker: str | None) -> None:
    assert handover.follower(network("old", "10.8.0.1").definition, wants) == taker


def test_nobody_takes_the_place_of_a_bridge_of_the_host() -> None:
    old = ET.fromstring("<network><name>old</name><forward mode='bridge'/><bridge name='virbr9'/></network>")
    assert handover.follower(old, [{"name": "a", "bridge": "virbr9"}]) is None
    assert handover.listed("one") == ["one"]
    assert handover.listed(("one", "two")) == ("one", "two")

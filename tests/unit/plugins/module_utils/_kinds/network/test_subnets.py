# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Route
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import subnets
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.subnets import collisions
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, observed, plan_one

NAT = {"name": "n", "bridge": "virbr9", "forward": {"mode": "nat"}, "ips": [{"address": "10.9.0.1/24"}]}


def said(*routes: Route, **options: Any) -> list[str]:
    """What stands in the way of a network that is new and starts."""
    return collisions([plan_one(TABLES["network"], None, {**NAT, **options, "state": "active"})], {}, routes)


@pytest.mark.parametrize(
    "route",
    [
        Route("10.9.0.0/24", "eno1"),
        Route("10.9.0.0/24", "eno1", via="198.51.100.1"),
        Route("10.9.0.128/25", "wg0", via="198.51.100.1"),
        Route("10.9.0.7", "wg0"),
        Route("10.0.0.0/8", "eno1"),
    ],
)
def test_a_subnet_that_the_host_has_is_refused(route: Route) -> None:
    """Fault 16: virbr0's subnet is routed on the host already; the route is named."""
    assert said(route) == [
        f"network n: ips[0].address: 10.9.0.0/24: the host has a route to {route.to} by {route.device}:"
        " take another subnet"
    ]


@pytest.mark.parametrize(
    "route",
    [
        Route("0.0.0.0/0", "eno1", via="198.51.100.1"),
        Route("10.9.1.0/24", "eno1"),
        Route("10.0.0.0/8", "wg0", via="198.51.100.1"),  # A subnet carved out of what is behind a gateway.
        Route("10.9.0.0/24", "virbr9"),  # Its own, of before.
        Route("fd00::/8", "eno1"),
    ],
)
def test_a_subnet_that_is_free(route: Route) -> None:
    assert said(route) == []


def test_an_ipv6_subnet() -> None:
    assert len(said(Route("fd00:9::/64", "eno1"), ips=[{"address": "fd00:9::1/64"}])) == 1
    assert said(Route("fe80::/64", "eno1"), ips=[{"address": "fd00:9::1/64"}]) == []


def test_a_network_on_a_bridge_of_the_hosts_has_no_subnet() -> None:
    assert said(Route("10.9.0.0/24", "eno1"), forward={"mode": "bridge"}, bridge="br0", ips=None) == []


def test_what_runs_already_is_not_asked_about() -> None:
    table = TABLES["network"]
    xml = "<network><name>n</name><bridge name='virbr9'/><ip address='10.9.0.1' netmask='255.255.255.0'/></network>"
    have = observed(xml, "active", live=xml)
    plan = plan_one(table, have, {"name": "n", "state": "active"})
    assert not any(step.action == "start" for step in plan.steps)


def test_two_networks_of_one_subnet() -> None:
    plans = [plan_one(TABLES["network"], None, {**NAT, "name": name, "state": "active"}) for name in ("a", "b")]
    assert collisions(plans, {}, []) == [
        "network b: ips[0].address: 10.9.0.0/24 overlaps 10.9.0.0/24 of the network a: take another subnet"
    ]


def test_a_route_that_an_earlier_task_may_change_is_only_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subnets, "routes", lambda: [Route("10.9.0.0/24", "virbr7")])
    plan = plan_one(TABLES["network"], None, {**NAT, "state": "active"})
    with pytest.raises(VirtfleetError, match="the host has a route to"):
        subnets.refuse_routed([plan], {})
    subnets.refuse_routed([plan], {}, sure=False)
    assert plan.warnings == [
        "ips[0].address: 10.9.0.0/24: the host has a route to 10.9.0.0/24 by virbr7: take another subnet"
    ]
    with pytest.raises(VirtfleetError, match="overlaps"):
        subnets.refuse_routed([plan, plan_one(TABLES["network"], None, {**NAT, "name": "m"})], {}, sure=False)

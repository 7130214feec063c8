# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that an item gives itself take the place of those that its definition has, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_edit
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan, NetplanPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load

BR0 = NetplanPlace("bridges", "br0")
STATIC = {"addressing": "static", "addresses": ["192.0.2.2/24"]}
FROM_STATIC = "addresses: [192.0.2.9/24], gateway4: 192.0.2.1, routes: [{to: default, via: 192.0.2.1}]"
NONE = "link-local: [], accept-ra: false"


def after(body: str, **item: Any) -> dict[str, Any]:
    """What a bridge's definition says once an item is declared."""
    net = Netplan({"a.yaml": load("a", f"network: {{bridges: {{br0: {{mtu: 1500, {body}}}}}}}")})
    netplan_edit.addressing(net, BR0, item, "a.yaml")
    found = net.merged(BR0)
    assert found.pop("mtu") == "1500"
    return found


@pytest.mark.parametrize("kind", [None, "inherit"])
def test_what_is_not_said_stays(kind: str | None) -> None:
    assert after("dhcp4: true", addressing=kind) == {"dhcp4": "true"}


def test_dhcp_takes_the_place_of_fixed_addresses() -> None:
    assert after(FROM_STATIC, addressing="dhcp") == {"dhcp4": "true"}
    assert after(f"{FROM_STATIC}, dhcp4: yes, dhcp6: true", addressing="dhcp") == {"dhcp4": "yes", "dhcp6": "true"}


def test_fixed_addresses_take_the_place_of_dhcp() -> None:
    expected = {"addresses": ["192.0.2.2/24"]}
    assert after(f"{FROM_STATIC}, dhcp4: true, dhcp6: true", **STATIC) == expected


def test_none_takes_all_away_and_switches_off_what_comes_by_itself() -> None:
    body = f"{FROM_STATIC}, dhcp4: true, nameservers: {{addresses: [192.0.2.53]}}, link-local: [ipv6], accept-ra: true"
    assert after(body, addressing="none") == {"link-local": [], "accept-ra": "false"}


@pytest.mark.parametrize(
    ("body", "stays"),
    [
        (NONE, {}),
        ("link-local: []", {"link-local": []}),
        ("accept-ra: false", {"accept-ra": "false"}),
        ("link-local: [ipv4], accept-ra: false", {"link-local": ["ipv4"], "accept-ra": "false"}),
        ("link-local: [], accept-ra: true", {"link-local": [], "accept-ra": "true"}),
        # Somebody has it so beside addresses.
        (f"{NONE}, dhcp6: true", {"link-local": [], "accept-ra": "false"}),
        (f"{NONE}, addresses: [192.0.2.9/24]", {"link-local": [], "accept-ra": "false"}),
    ],
)
def test_what_none_has_switched_off_comes_back(body: str, stays: dict[str, Any]) -> None:
    assert after(body, **STATIC) == {"addresses": ["192.0.2.2/24"], **stays}


def test_gateway_routes_and_name_servers_of_fixed_addresses() -> None:
    routes = [{"to": "10.0.0.0/8", "via": "192.0.2.3", "metric": None}]
    item = {**STATIC, "gateway": "192.0.2.1", "routes": routes, "nameservers": ["192.0.2.53"], "search": ["example"]}
    assert after("", **item) == {
        "addresses": ["192.0.2.2/24"],
        "routes": [{"to": "default", "via": "192.0.2.1"}, {"to": "10.0.0.0/8", "via": "192.0.2.3"}],
        "nameservers": {"addresses": ["192.0.2.53"], "search": ["example"]},
    }
    assert after("", **{**STATIC, "gateway": "2001:db8::1"})["routes"] == [{"to": "::/0", "via": "2001:db8::1"}]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"search": ["b"]}, {"addresses": ["192.0.2.53"], "search": ["b"]}),
        ({"nameservers": ["192.0.2.54"]}, {"addresses": ["192.0.2.54"], "search": ["a"]}),
        ({}, {"addresses": ["192.0.2.53"], "search": ["a"]}),
    ],
)
def test_what_is_not_said_of_name_servers_stays(said: dict[str, Any], found: dict[str, Any]) -> None:
    body = "nameservers: {addresses: [192.0.2.53], search: [a]}"
    assert after(body, **STATIC, **said)["nameservers"] == found


def test_the_mtu_of_a_bridge_is_that_of_its_ports() -> None:
    text = "network: {ethernets: {eno1: {}, eno2: {mtu: 1500}}, bridges: {br0: {interfaces: [eno1, eno2]}}}"
    net = Netplan({"a.yaml": load("a", text)})
    netplan_edit.declare(net, {"name": "br0", "type": "bridge", "ports": ["eno1", "eno2"], "mtu": 9000}, {})
    mtus = [
        net.get(NetplanPlace(*place), "mtu")
        for place in (("bridges", "br0"), ("ethernets", "eno1"), ("ethernets", "eno2"))
    ]
    assert [str(mtu) for mtu in mtus] == ["9000"] * 3
    netplan_edit.declare(net, {"name": "br0", "type": "bridge", "ports": ["eno1", "eno2"], "mtu": None}, {})
    assert net.get(BR0, "mtu") is None
    assert str(net.get(NetplanPlace("ethernets", "eno1"), "mtu")) == "9000"


def test_ports_are_written_where_the_bridge_was_described_last() -> None:
    texts = {"a.yaml": "network: {bridges: {br0: {}}}", "b.yaml": "network: {bridges: {br0: {mtu: 1500}}}"}
    net = Netplan({name: load(name, text) for name, text in texts.items()})
    net.put_ports(BR0, ["eno1"])
    assert net.network("a.yaml")["bridges"]["br0"] == {}
    assert net.network("b.yaml")["bridges"]["br0"] == {"mtu": "1500", "interfaces": ["eno1"]}

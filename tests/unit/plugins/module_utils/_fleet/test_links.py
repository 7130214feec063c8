# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A card is a port of one link, and carries either MacVTap or a bridge: said before any host is asked."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._fleet.test_check import HOSTS, fleet, guest

BR0 = {"name": "br0", "type": "bridge", "ports": ["eno1"]}
BOND = {"name": "bond0", "type": "bond", "ports": ["eno1", "eno2"]}


def told(*links: Any, guests: Any = (), networks: Any = None, hosts: Any = tuple(HOSTS)) -> list[str]:
    variables = fleet(*copy.deepcopy(list(guests)), networks=networks)
    for host in hosts:
        variables[host]["kvm_links"] = list(links)
    return problems(HOSTS, variables)


@pytest.mark.parametrize(
    ("other", "bad"),
    [
        ({"name": "br1", "type": "bridge", "ports": ["eno2", "eno1"]}, "the bridge br1"),
        ({"name": "br1", "type": "bridge", "ports": ["eno1"], "takeover": True}, "the bridge br1"),
        (BOND, "the bond bond0"),
        ({"name": "br1", "type": "bridge", "ports": ["eno1"], "state": "absent"}, ""),
        ({"name": "br1", "type": "bridge", "ports": ["eno2"]}, ""),
        ({"name": "br1", "type": "bridge"}, ""),
        ({"name": "vlan20", "type": "vlan", "parent": "eno1", "id": 20}, ""),
    ],
)
def test_a_card_is_a_port_of_one_link_only(other: dict[str, Any], bad: str) -> None:
    line = (
        f"hosts kvm01, kvm02: kvm_links: eno1 is to be a port of the bridge br0 and of {bad}, and can be one of"
        " either only: take it out of the ports of the others"
    )
    assert told(BR0, other) == ([line] if bad else [])


@pytest.mark.parametrize("ports", [["eno1", "eno1"], "eno1", [["eno1"]], [None], 7])
def test_odd_ports_are_refused_elsewhere(ports: Any) -> None:
    assert not [line for line in told({**BR0, "ports": ports}) if "is to be a port of" in line]


@pytest.mark.parametrize(
    ("link", "interface", "options", "said"),
    [
        (BR0, {"direct": "eno1"}, {}, "interfaces[0].direct: eno1 is a port of the bridge br0 (kvm_links), and"),
        (BOND, {"direct": "eno1"}, {}, "cannot carry MacVTap as well: use bond0"),
        (BR0, {"network": "by"}, {}, "interfaces[0].network: the network by puts it on eno1, which is a port of the"),
        (BR0, {"direct": "eno2"}, {}, ""),
        (BR0, {"direct": "br0"}, {}, ""),
        (BR0, {"bridge": "br0"}, {}, ""),
        (BR0, {"network": "lan"}, {}, ""),
        (BR0, {"network": "cards"}, {}, ""),
        (BR0, {"direct": "eno1"}, {"state": "stopped"}, ""),
        (BR0, {"direct": "eno1"}, {"state": "absent"}, ""),
        (BR0, {"direct": "eno1"}, {"host": "kvm02"}, ""),
        ({**BR0, "state": "absent"}, {"direct": "eno1"}, {}, ""),
    ],
)
def test_a_port_carries_no_macvtap(link: Any, interface: Any, options: dict[str, Any], said: str) -> None:
    networks = [
        {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"},
        {"name": "by", "forward": {"mode": "bridge", "interfaces": ["eno1"]}},
        {"name": "cards", "forward": {"mode": "passthrough", "interfaces": ["eno1", "eno2"]}},
    ]
    one = {**guest("web01", interfaces=[interface], state="running"), **options}
    lines = told(link, guests=[one], networks=networks, hosts=["kvm01"])
    assert len(lines) == bool(said)
    assert not said or (said in lines[0] and lines[0].startswith("guest web01: "))


@pytest.mark.parametrize(
    ("network", "bad"),
    [
        ({"bridge": "br0"}, "br0"),
        ({"bridge": "br0", "forward": {"mode": "nat"}}, "br0"),
        ({"bridge": "br0", "forward": {"mode": "open"}, "state": "inactive"}, "br0"),
        ({"bridge": "eno1"}, "eno1"),
        ({"bridge": "br0", "forward": {"mode": "bridge"}}, ""),
        ({"bridge": "br0", "state": "absent"}, ""),
        ({"bridge": "virbr7"}, ""),
        ({"bridge": "br1"}, ""),
        ({}, ""),
    ],
)
def test_a_network_makes_no_bridge_by_the_name_of_a_link(network: dict[str, Any], bad: str) -> None:
    gone = {"name": "br1", "type": "bridge", "state": "absent"}
    said = [line for line in told(BR0, gone, networks=[{"name": "lan", **network}]) if "is in kvm_links" in line]
    assert bool(said) == bool(bad)
    assert all(f"network lan: bridge: {bad} is in kvm_links, so it is the host's own" in line for line in said)

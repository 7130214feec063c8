# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a host before its links are planned: its devices, its routes, what its kernel can do."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge, facts, observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    BRIDGE,
    HOST,
)


@pytest.mark.parametrize(("settings", "able"), [({"vlan_protocol": "802.1Q"}, True), ({}, False)])
@pytest.mark.parametrize("there", [True, False])
def test_whether_the_kernel_keeps_vlans_apart_is_asked_of_a_bridge(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], able: bool, there: bool
) -> None:
    info = {"info_kind": "bridge", "info_data": {"vlan_filtering": 0, **settings}}
    said = json.dumps([{"ifindex": 2, "ifname": "probe", "linkinfo": info}])
    asked: list[list[str]] = []

    def run(command: list[str], _seconds: float) -> tuple[int, str, str]:
        asked.append(command)
        return 0, said, ""

    monkeypatch.setattr(observe.network, "run", run)
    devices = {"virbr0": HostDevice("virbr0", kind="bridge", settings=info["info_data"])} if there else {}
    wants = LINK.parse([{**BRIDGE, "vlan_filtering": True}])
    host = dataclasses.replace(HOST, devices=devices)
    assert converge.with_kernel(host, wants).vlan_filtering is able
    assert [command[:2] for command in asked] == ([] if there else [["unshare", "--net"]])
    assert converge.with_kernel(host, LINK.parse([BRIDGE])).vlan_filtering is None


@pytest.mark.parametrize("answer", [(1, "", "unshare: Operation not permitted"), (0, "nothing", ""), OSError("no")])
def test_a_kernel_that_cannot_be_asked_is_not_judged(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def run(_command: list[str], _seconds: float) -> Any:
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(observe.network, "run", run)
    assert observe.filters_vlans({}) is None


# Reading


def test_the_devices_of_ip() -> None:
    found = facts.devices(
        [
            {"ifname": "lo", "ifindex": 1, "link_type": "loopback"},
            {"ifname": "eno1", "ifindex": 2, "link_index": 2, "link_netnsid": 0, "linkinfo": {"info_kind": "veth"}},
            {"ifname": "macvtap0", "ifindex": 3, "link": "eno1", "linkinfo": {"info_kind": "macvtap"}},
            {"ifname": "v5", "ifindex": 4, "link_index": 2, "linkinfo": {"info_kind": "vlan"}},
        ]
    )
    assert found["lo"].kind == "loopback"
    assert found["eno1"].parent == ""
    assert found["macvtap0"].parent == "eno1"
    assert found["v5"].parent == "eno1"


def test_the_hops_of_a_route_are_routes() -> None:
    found = facts.routes(
        [{"dst": "default", "protocol": "ra", "nexthops": [{"gateway": "fe80::1", "dev": "eno1"}, {"dev": "eno2"}]}],
        "::/0",
    )
    assert [(route.to, route.device, route.via) for route in found] == [
        ("::/0", "eno1", "fe80::1"),
        ("::/0", "eno2", ""),
    ]


def test_a_route_is_given_back_as_whose_it_was_and_as_long_as_it_lasts() -> None:
    announced = {"dst": "fd00:9::/64", "dev": "eno1", "protocol": "ra", "metric": 100, "expires": 1790}
    by_hand = {"dst": "10.0.0.0/8", "gateway": "192.0.2.9", "dev": "eno1"}
    words = [" ".join(route.words) for route in facts.routes([announced, by_hand], "::/0")]
    assert words == [
        "-6 route replace fd00:9::/64 dev eno1 proto ra metric 100 expires 1790",
        "-4 route replace 10.0.0.0/8 via 192.0.2.9 dev eno1",
    ]


@pytest.mark.parametrize(
    ("client_id", "iaid"),
    [
        ("ff0000000112345678", 1),
        ("FF0000000A", 10),
        ("ff0000000", None),
        ("ff", None),
        ("", None),
        ("01525400000001", None),
    ],
)
def test_the_identity_of_a_dhcp_client_is_in_its_client_id(client_id: str, iaid: int | None) -> None:
    assert HostDevice("eno1", client_id=client_id).iaid == iaid


def test_a_neighbour_has_a_device_and_an_address() -> None:
    entries: list[dict[str, Any]] = [
        {"dst": "192.0.2.1", "dev": "eno1"},
        {"dst": "192.0.2.2"},
        {"dev": "eno1"},
        {"dst": None, "dev": "eno1"},
        {"dst": "192.0.2.3", "dev": 3},
        {},
    ]
    assert list(facts.neighbours(entries)) == [facts.Neighbour("eno1", "192.0.2.1")]

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


def test_all_that_ip_tells_of_a_device_is_known() -> None:
    """What it does not tell is as the kernel has it without; an entry of a device that has just gone is empty."""
    told: list[Any] = [
        {},
        {
            "ifname": "br0",
            "ifindex": 4,
            "address": "52:54:00:00:00:01",
            "permaddr": "52:54:00:00:00:09",
            "link_type": "ether",
            "master": "vrf1",
            "mtu": 9000,
            "altnames": ["lan", "enx1"],
            "flags": ["BROADCAST", "UP", "LOWER_UP"],
            "linkinfo": {"info_kind": "bridge", "info_data": {"stp_state": 1}},
            "addr_info": [
                {"local": "192.0.2.10", "prefixlen": 24, "scope": "global", "dynamic": True},
                {"local": "192.0.2.11", "prefixlen": 32, "scope": "global"},
                {"prefixlen": 32, "scope": "global"},
                {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
            ],
        },
        {},
        {"ifname": "eno2", "ifindex": 3, "flags": ["NO-CARRIER", "BROADCAST"], "link_index": 9},
    ]
    assert facts.devices(told) == {
        "br0": HostDevice(
            name="br0",
            index=4,
            mac="52:54:00:00:00:01",
            permanent="52:54:00:00:00:09",
            kind="bridge",
            master="vrf1",
            mtu=9000,
            altnames=("lan", "enx1"),
            addresses=("192.0.2.10/24", "192.0.2.11/32"),
            settings={"stp_state": 1},
            lasting=("192.0.2.11/32",),
            dynamic=("192.0.2.10/24",),
        ),
        "eno2": HostDevice("eno2", index=3, mtu=0, up=False, carrier=False),
    }
    known = facts.devices([{"ifname": "eno1", "ifindex": 2}])["eno1"]
    assert (known.up, known.carrier, known.kind, known.master) == (True, True, "", "")


@pytest.mark.parametrize(
    ("local", "scope", "own"),
    [
        ("192.0.2.10", "global", True),
        ("192.0.2.10", "site", True),
        # Somebody has chosen it; 169.254.0.0/16 is link-local (RFC 3927).
        ("192.0.2.10", "link", True),
        ("169.254.7.7", "link", False),
        ("169.254.7.7", "global", True),
        ("127.0.0.1", "host", False),
        ("192.0.2.10", None, False),
        ("2001:db8::1", "global", True),
        ("fec0::1", "site", True),
        ("fe80::1", "link", False),
        ("::1", "host", False),
        ("2001:db8::1", None, False),
    ],
)
def test_an_address_that_each_link_has_by_itself_is_none_to_take_over(local: str, scope: str | None, own: bool) -> None:
    entry: dict[str, Any] = {"local": local, "prefixlen": 24}
    assert facts.is_own(entry if scope is None else {**entry, "scope": scope}) is own


def test_the_hops_of_a_route_are_routes() -> None:
    found = facts.routes(
        [{"dst": "default", "protocol": "ra", "nexthops": [{"gateway": "fe80::1", "dev": "eno1"}, {"dev": "eno2"}]}],
        "::/0",
    )
    assert [(route.to, route.device, route.via) for route in found] == [
        ("::/0", "eno1", "fe80::1"),
        ("::/0", "eno2", ""),
    ]


def test_each_hop_has_what_the_whole_route_has() -> None:
    entry: dict[str, Any] = {"dst": "10.0.0.0/8", "metric": 7, "protocol": "static", "table": 60, "encap": "mpls"}
    hops = [{"via": {"family": "inet6", "host": "fe80::1"}, "dev": "eno1"}, {"gateway": "192.0.2.9"}]
    found = facts.routes([{**entry, "nexthops": hops}, {"dst": "192.0.2.0/24", "dev": "eno2"}], "0.0.0.0/0")
    assert [(each.to, each.device, each.via) for each in found] == [
        ("10.0.0.0/8", "eno1", "fe80::1"),
        ("10.0.0.0/8", "", "192.0.2.9"),
        ("192.0.2.0/24", "eno2", ""),
    ]
    rest = [(each.metric, each.protocol, each.table, each.encap) for each in found]
    assert rest == [(7, "static", "60", "mpls"), (7, "static", "60", "mpls"), (0, "", "", "")]


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


# Who is on what


TAP, TUN = HostDevice("macvtap0", kind="macvtap", parent="eno1"), HostDevice("vnet0", kind="tun", master="br0")


@pytest.mark.parametrize(
    ("interface", "direct", "bridge"),
    [
        # libvirt's state names what carries the card, or the kernel tells.
        (("macvtap0", "direct", "eno1"), ["eno1"], []),
        (("macvtap9", "direct", "eno1"), ["eno1"], []),
        (("macvtap0", "direct", ""), ["eno1"], []),
        (("macvtap0", "network", ""), ["eno1"], []),
        (("macvtap0", "network", "lan"), ["eno1"], ["lan"]),
        (("vnet0", "bridge", "br0"), [], ["br0"]),
        (("vnet9", "bridge", "br9"), [], ["br9"]),
        (("vnet0", "bridge", ""), [], ["br0"]),
        (("vnet0", "network", ""), [], ["br0"]),
        (("vnet0", "network", "br0"), [], ["br0"]),
        (("vnet0", "ethernet", ""), [], []),
        (("vnet9", "direct", ""), [], []),
    ],
)
def test_a_guest_is_on_what_carries_its_card(
    interface: tuple[str, str, str], direct: list[str], bridge: list[str]
) -> None:
    guests = (facts.RunningGuest("idle"), facts.RunningGuest("web01", (interface, interface)))
    host = facts.Facts(devices={each.name: each for each in (TAP, TUN)}, guests=guests)
    places = ("eno1", "br0", "br9", "lan", "eno9", "macvtap0")
    assert [place for place in places if host.guests_on(place, "direct")] == direct
    assert [place for place in places if host.guests_on(place, "bridge")] == bridge
    for place in [*direct, *bridge]:
        assert host.users(place) == ["web01"]
    assert host.users(interface[0]) == ["web01"]
    assert host.users("eno9") == []


def test_what_is_built_on_a_link_is_told_but_for_the_cards_of_guests() -> None:
    shim = HostDevice("shim0", kind="macvlan", parent="eno1")
    far = [facts.Distant("eth0", "macvlan", "eno1", "the process 7 (x)"), facts.Distant("eth1", "vlan", "eno2", "y")]
    host = facts.Facts(
        devices={each.name: each for each in (TAP, TUN, shim)},
        guests=(facts.RunningGuest("web01", (("macvtap0", "direct", "eno1"),)),),
        distant=tuple(far),
    )
    assert host.built_on("eno1") == ["shim0", "eth0 of the process 7 (x)"]
    assert host.built_on("eno2") == ["eth1 of y"]
    assert host.ports("br0") == ["vnet0"]
    assert host.ports("eno1") == []


def test_the_device_by_which_the_host_was_reached_has_that_very_address() -> None:
    devices = {
        "eno1": HostDevice("eno1", addresses=("192.0.2.1/24", "192.0.2.10/32")),
        "eno2": HostDevice("eno2", addresses=("192.0.2.100/24",)),
    }
    for login, name in (("192.0.2.10", "eno1"), ("192.0.2.100", "eno2"), ("192.0.2.9", ""), ("", "")):
        assert facts.Facts(devices=devices, login=login).login_device == name


def test_a_card_is_meant_by_either_of_its_addresses_whatever_their_case() -> None:
    assert facts.Nic("eno1", "52:54:00:AA:00:01", permanent="52:54:00:bb:00:01").macs == {
        "52:54:00:aa:00:01",
        "52:54:00:bb:00:01",
    }
    assert facts.Nic("tun0").macs == set()
    kinds = ("bond", "bridge", "team", "vlan", "macvlan", "veth", "")
    assert [kind for kind in kinds if HostDevice("x", kind=kind).nic.borrowed] == ["bond", "bridge", "team", "vlan"]


STATUS = """<domstatus state='running'><domain type='kvm'><name>web01</name><devices>
<interface type='direct'><source dev='eno1' mode='bridge'/><target dev='macvtap0'/></interface>
<interface type='bridge'><source bridge='br0'/><target dev='vnet0'/></interface>
<interface type='network'><source network='lan' bridge='virbr0'/></interface>
<interface type='user'/></devices></domain></domstatus>"""


def test_a_guest_is_read_from_libvirts_state() -> None:
    assert facts.guest(STATUS) == facts.RunningGuest(
        "web01",
        (("macvtap0", "direct", "eno1"), ("vnet0", "bridge", "br0"), ("", "network", "virbr0"), ("", "user", "")),
    )
    assert facts.guest("<domstatus><domain/></domstatus>") == facts.RunningGuest("")
    for text in ("", "<domstatus>", "<networkstatus/>", "<domain><name>x</name></domain>"):
        assert facts.guest(text) is None


@pytest.mark.parametrize(
    ("texts", "writes"),
    [
        ([], True),
        (["network: {config: disabled}"], False),
        (["# network: {config: disabled}"], True),
        (["network:\n  config: disabled  # by us"], False),
        (["network: {config: disabled}", "users: [x]"], False),
        (["network: {config: disabled}", "network: {config: {version: 2}}"], True),
        (["network: {config: {version: 2}}", 'network: {"config": "disabled"}'], False),
        (['{"network":{"config":"disabled"}}'], False),
        (["network: {config: disabledX}"], True),
        (["my-network: {config: disabled}"], True),
        (["a: b\nnetwork: {config: disabled}"], False),
    ],
)
def test_the_last_file_of_cloud_init_that_says_so_counts(texts: list[str], writes: bool) -> None:
    assert facts.cloud_init_writes(texts) is writes


@pytest.mark.parametrize(
    ("address", "over"),
    [
        ("10.1.0.5/16", ["10.1.2.0/24"]),
        ("10.1.2.9/32", ["10.1.2.0/24"]),
        ("10.1.3.0/24", []),
        ("10.9.0.7/24", ["10.9.0.7"]),
        ("fd00::1/64", ["fd00::/16"]),
        ("::a01:0205/96", []),
    ],
)
def test_a_subnet_is_covered_by_routes_that_overlap_it(address: str, over: list[str]) -> None:
    lead = ("0.0.0.0/0", "default", "::/0", "unreachable", "10.1.2.0/24", "10.9.0.7", "fd00::/16")
    found = facts.covering(address, [facts.Route(to, "eno1") for to in lead])
    assert [route.to for route in found] == over

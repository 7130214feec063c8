# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of links before anything is touched: each rule, and what comes close to it and is let through."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import preflight
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import (
    Distant,
    Facts,
    HostDevice,
    NetplanFile,
    Route,
    RunningGuest,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

CARDS = (HostDevice("eno1", addresses=("192.0.2.10/24",)), HostDevice("eno2"), HostDevice("lo", kind="loopback"))
BR0 = HostDevice("br0", kind="bridge")
PORT = HostDevice("eno3", master="br0")
NETPLAN = NetplanFile("/etc/netplan", "1.yaml", "network: {ethernets: {eno1: {}, eno2: {}, eno3: {}}}")
BRIDGE = {"name": "br1", "type": "bridge", "ports": ["eno2"]}
VLAN = {"name": "v5", "type": "vlan", "id": 5, "parent": "eno2"}
SHIM = {"name": "sh0", "type": "macvlan", "parent": "eno2"}
Config = dict[str, Any]


def host(*more: HostDevice, **facts: Any) -> Facts:
    devices = {device.name: device for device in (*CARDS, *more)}
    return Facts(**{"devices": devices, "netplan": (NETPLAN,), "login": "192.0.2.10", **facts})


def said(facts: Facts, *config: Config) -> list[str]:
    """What is wrong with the first item, without the way out."""
    items = LINK.parse(list(config))
    return [str(problem) for problem in preflight.problems(items[0], items, facts)]


def gone(name: str) -> Config:
    return {"name": name, "state": "absent"}


# Ports


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        (HostDevice("p0"), ""),
        (HostDevice("p0", kind="bond"), ""),
        (HostDevice("p0", kind="loopback"), "p0 is the loopback device, which cannot be a port"),
        (HostDevice("p0", wireless=True), "p0 is wireless, and a wireless station cannot be a port"),
        (HostDevice("p0", master="br1"), ""),
        (HostDevice("p0", master="br0"), "p0 is a port of the bridge br0: 'takeover: true' takes it from there"),
        (HostDevice("p0", master="bond0"), "p0 is part of the bond bond0: make bond0 the port"),
        (HostDevice("p0", master="up0"), "p0 is part of up0 (a network card): take it from there"),
        (HostDevice("p0", master="vrf0"), ""),
        # Of one that is in another network namespace, only the name is known.
        (HostDevice("p0", master="far0"), "p0 is a port of the bridge far0: 'takeover: true' takes it from there"),
    ],
)
@pytest.mark.parametrize("takeover", [False, True])
def test_a_port_is_a_card_that_nothing_else_has(device: HostDevice, problem: str, takeover: bool) -> None:
    masters = (HostDevice("bond0", kind="bond"), HostDevice("up0"), HostDevice("vrf0", kind="vrf"), BR0, PORT)
    found = said(host(device, *masters), {**BRIDGE, "ports": ["eno2", "p0"], "takeover": takeover})
    if problem and not (takeover and device.master):
        assert len(found) == 1
        assert found[0].startswith(f"ports[1]: {problem}")
    else:
        assert found == []


def test_a_port_that_is_to_come_is_a_link_of_the_call_that_can_be_one() -> None:
    bridge = {**BRIDGE, "ports": ["new0"]}
    missing = "ports[0]: the host has no device new0; it has: eno1, eno2"
    assert said(host(), bridge) == [missing]
    for kind, more in (("vlan", {"id": 5, "parent": "eno2"}), ("bond", {"ports": ["eno2"]})):
        assert said(host(), bridge, {"name": "new0", "type": kind, **more}) == []
    assert said(host(), bridge, {"name": "new0", "type": "bridge", "ports": []}) == [missing]
    assert said(host(), bridge, {**SHIM, "name": "new0"}) == [missing]
    assert said(host(), bridge, gone("new0")) == [missing]
    assert said(host(), bridge, {**VLAN, "name": "new1"}) == [missing]


def test_only_what_links_are_built_on_is_offered_in_place_of_a_device_that_is_missing() -> None:
    kinds = ("veth", "bond", "vlan", "bridge", "macvlan", "tun", "loopback", "dummy")
    others = [HostDevice(f"x-{kind}", kind=kind) for kind in kinds]
    others += [HostDevice("virbr0", kind="bridge"), HostDevice("vnet0")]
    known = preflight.hardware(host(*others))
    assert known == ["eno1", "eno2", "x-veth", "x-bond", "x-vlan", "x-bridge"]
    named = host(HostDevice("eno4", altnames=("enp4s0", "lan")))
    assert said(named, {**BRIDGE, "ports": ["lan"]}) == [
        "ports[0]: lan is another name (altname) of eno4: write eno4, the name that the kernel and netplan go by"
    ]


GUEST = RunningGuest("web01", (("macvtap0", "direct", "eno2"),))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (host(HostDevice("x", kind="macvlan", parent="eno2")), "x is on eno2, which can carry either"),
        (host(HostDevice("x", kind="ipvtap", parent="eno2")), "x is on eno2, which can carry either"),
        (host(HostDevice("x", kind="ipvlan", parent="eno1")), ""),
        (host(HostDevice("x", kind="vlan", parent="eno2")), ""),
        (host(distant=(Distant("e", "macvtap", "eno2", "y"), Distant("f", "macvlan", "eno1", "y"))), "e of y is on"),
        (host(guests=(GUEST,)), "guest web01 runs on eno2 by MacVTap, and with eno2 in a bridge the host would have"),
        (
            host(guests=(GUEST, dataclasses.replace(GUEST, name="db01"))),
            "guests web01, db01 run on eno2 by MacVTap, and with eno2 in a bridge the host would have no network:"
            " stop the guests first",
        ),
        (host(guests=(RunningGuest("web01", (("vnet0", "bridge", "eno2"),)),)), ""),
        (host(ifupdown=frozenset({"eno2"})), "eno2 is configured by ifupdown"),
        (host(ifupdown=frozenset({"eno1"})), ""),
    ],
)
def test_a_port_carries_nothing_that_needs_it_for_itself(facts: Facts, problem: str) -> None:
    found = said(facts, BRIDGE)
    assert [each[: len(f"ports[0]: {problem}")] for each in found] == ([f"ports[0]: {problem}"] if problem else [])


# Parents


def test_a_parent_is_there_or_is_to_come_as_a_link_that_can_be_one() -> None:
    later = {**VLAN, "parent": "new0"}
    missing = "parent: the host has no device new0; it has: eno1, eno2"
    assert said(host(), later) == [missing]
    made: list[Config] = [
        {"name": "new0", "type": "bridge", "ports": []},
        {"name": "new0", "type": "bond", "ports": ["eno2"]},
        {"name": "new0", "type": "vlan", "id": 9, "parent": "eno2"},
    ]
    for other in made:
        assert said(host(), later, other) == []
        assert said(host(), {**SHIM, "parent": "new0"}, other) == []
    assert said(host(), later, {**SHIM, "name": "new0"}) == [missing]
    assert said(host(), later, gone("new0")) == [missing]


@pytest.mark.parametrize("kind", ["macvlan", "macvtap", "vlan"])
@pytest.mark.parametrize(
    ("facts", "more", "problem"),
    [
        (host(), {}, ""),
        (host(HostDevice("eno2", master="br0"), BR0), {}, "eno2 is a port of the bridge br0, which takes all its"),
        (host(HostDevice("eno2", master="bond0"), HostDevice("bond0", kind="bond")), {}, ""),
        (host(HostDevice("eno2", wireless=True)), {}, "eno2 is wireless, and cannot carry other MAC addresses"),
        (host(ifupdown=frozenset({"eno2"})), {}, "eno2 is configured by ifupdown"),
        (host(ifupdown=frozenset({"eno1"})), {}, ""),
        (host(), {"other": BRIDGE}, "eno2 is a port of the bridge br1, which takes all its traffic: use br1"),
        (host(), {"other": {**BRIDGE, "ports": ["eno1"]}}, ""),
        (
            host(HostDevice("eno2", master="br0"), BR0),
            {"other": {**BRIDGE, "takeover": True}},
            "eno2 is a port of the bridge br1, which takes all its traffic: use br1",
        ),
    ],
)
def test_a_parent_can_carry_other_mac_addresses(kind: str, facts: Facts, more: Config, problem: str) -> None:
    """A VLAN link has its parent's address, so that none of this concerns it."""
    item: Config = {**(VLAN if kind == "vlan" else SHIM), "type": kind}
    found = said(facts, item, *([more["other"]] if more else []))
    expected = [f"parent: {problem}"] if problem and kind != "vlan" else []
    assert [each[: len(f"parent: {problem}")] for each in found] == expected


@pytest.mark.parametrize("kind", ["macvlan", "macvtap"])
@pytest.mark.parametrize(
    ("parent", "mode", "refused"),
    [
        ("eno1", "passthru", True),
        ("eno1", "bridge", False),
        ("eno5", "passthru", True),
        ("eno2", "passthru", False),
        ("br0", "passthru", False),
    ],
)
def test_the_hosts_own_traffic_is_not_passed_through(kind: str, parent: str, mode: str, refused: bool) -> None:
    other = HostDevice("eno5", addresses=("198.51.100.1/24",))
    found = said(host(BR0, other), {**SHIM, "type": kind, "parent": parent, "mode": mode})
    assert [each.partition(" and ")[0] for each in found] == (
        [f"mode: passthru gives sh0 all that {parent} receives,"] if refused else []
    )


@pytest.mark.parametrize(
    ("addresses", "more", "refused"),
    [
        (["192.0.2.10/32"], {}, True),
        (["192.0.2.10/32", "2001:db8::1/64"], {}, True),
        (["192.0.2.10/32", "192.0.2.11/24"], {}, False),
        (["2001:db8::1/128"], {}, False),
        ([], {}, False),
        (["192.0.2.10/32"], {"addressing": "none"}, False),
        (["192.0.2.10/32"], {"addressing": "inherit"}, True),
        (["192.0.2.10/32"], {"type": "macvtap"}, False),
        (["192.0.2.10/32"], {"type": "macvtap", "addressing": "inherit"}, True),
    ],
)
def test_a_link_leads_to_its_parents_subnet_if_that_has_one(addresses: list[str], more: Config, refused: bool) -> None:
    facts = host(HostDevice("eno2", addresses=tuple(addresses)))
    found = said(facts, {**SHIM, **more})
    assert [each.partition(",")[0] for each in found] == (["addressing: eno2 has 192.0.2.10/32"] if refused else [])


# What a link is, and what goes


@pytest.mark.parametrize("kind", ["bridge", "bond", "vlan", "macvlan", "macvtap"])
@pytest.mark.parametrize("there", ["bridge", "bond", "vlan", "macvlan", "macvtap", "veth", ""])
def test_a_name_is_free_or_that_of_a_link_of_the_type(kind: str, there: str) -> None:
    more: Config = {"id": 5} if kind == "vlan" else {}
    more.update({"ports": ["eno2"]} if kind in ("bridge", "bond") else {"parent": "eno2"})
    facts = host(HostDevice("x0", kind=there, parent="eno2", settings={"mode": "bridge", "id": 5}))
    found = [each for each in said(facts, {"name": "x0", "type": kind, **more}) if each.startswith("name")]
    what = there or "network card"
    assert found == ([] if there == kind else [f"name: the host has a {what} of that name already: choose another"])


@pytest.mark.parametrize("type_of", ["vlan", "bridge"])
@pytest.mark.parametrize("there", [True, False])
def test_a_type_that_the_kernel_cannot_make_matters_for_what_is_new(type_of: str, there: bool) -> None:
    link = HostDevice("v5", kind="vlan", parent="eno2", settings={"id": 5})
    found = said(host(*([link] if there else []), unmade=frozenset({type_of})), VLAN)
    told = type_of == "vlan" and not there
    assert [each.partition(":")[0] for each in found] == (["type"] if told else [])


ON_BR0 = (("t", "bridge", "br0"),)


@pytest.mark.parametrize(
    ("facts", "items", "problems"),
    [
        (host(), [gone("br0")], []),
        (host(BR0), [gone("br0")], []),
        (host(), [gone("eno2")], ["name: is a network card of the host, and cannot be removed"]),
        (host(HostDevice("d0", kind="dummy")), [gone("d0")], ["name: is a dummy of the host, and cannot be removed"]),
        (
            host(BR0, HostDevice("v5", kind="vlan", parent="br0")),
            [gone("br0")],
            ["state: v5 is built on br0: remove it too"],
        ),
        (host(BR0, HostDevice("v5", kind="vlan", parent="br0")), [gone("br0"), gone("v5")], []),
        (
            host(BR0, HostDevice("v5", kind="vlan", parent="br0"), HostDevice("v6", kind="vlan", parent="br0")),
            [gone("br0"), gone("v5"), {**VLAN, "name": "v6", "parent": "br0"}],
            ["state: v6 is built on br0: remove it too"],
        ),
        (
            host(BR0, HostDevice("c1", kind="veth", master="br0"), guests=(RunningGuest("a", ON_BR0),)),
            [gone("br0")],
            ["state: guest a runs on br0: stop it first"],
        ),
        (
            host(BR0, HostDevice("c1", kind="veth", master="br0"), HostDevice("c2", kind="veth", master="br0"), PORT),
            [gone("br0")],
            ["state: c1, c2 is in br0 as well, and in none of the host's files: take it out first"],
        ),
    ],
)  # fmt: skip
def test_what_goes_is_a_link_that_nothing_uses(facts: Facts, items: list[Config], problems: list[str]) -> None:
    assert said(facts, *items) == problems


@pytest.mark.parametrize("kind", ["vlan", "macvlan", "macvtap", "bridge", "bond"])
@pytest.mark.parametrize("login", ["192.0.2.77", "192.0.2.10"])
def test_the_link_by_which_the_host_is_reached_stays_where_its_address_would_go_with_it(kind: str, login: str) -> None:
    """That of a bridge or bond goes back to a port."""
    facts = host(HostDevice("x0", kind=kind, addresses=("192.0.2.77/24",)), login=login)
    stays = kind in ("vlan", "macvlan", "macvtap") and login == "192.0.2.77"
    said_so = "state: 192.0.2.77, by which the host is reached, is on it, and would go with it"
    assert said(facts, gone("x0")) == ([said_so] if stays else [])


@pytest.mark.parametrize(
    ("item", "facts", "refused"),
    [
        ({**BRIDGE, "ports": ["eno1"], "addressing": "none"}, host(), True),
        ({**BRIDGE, "ports": ["eno2"], "addressing": "none"}, host(), False),
        ({**BRIDGE, "ports": ["eno1"], "addressing": "dhcp"}, host(), False),
        ({**BRIDGE, "ports": ["eno1"], "addressing": "none"}, host(login="192.0.2.99"), False),
        ({**BRIDGE, "name": "br0", "addressing": "none"}, host(
            HostDevice("br0", kind="bridge", addresses=("192.0.2.7/24",)), login="192.0.2.7"), True),
    ],
)  # fmt: skip
def test_the_address_by_which_the_host_is_reached_is_not_taken_away(item: Config, facts: Facts, refused: bool) -> None:
    found = [each for each in said(facts, item) if each.startswith("addressing")]
    assert bool(found) is refused


@pytest.mark.parametrize("able", [True, False, None])
@pytest.mark.parametrize("asked", [True, False, None])
def test_vlan_filtering_needs_a_kernel_that_can(able: bool | None, asked: bool | None) -> None:
    item = BRIDGE if asked is None else {**BRIDGE, "vlan_filtering": asked}
    found = said(host(vlan_filtering=able), item)
    assert [each.partition(":")[0] for each in found] == (["vlan_filtering"] if asked and able is False else [])


MADE = "/etc/systemd/network/30-br0.netdev"


@pytest.mark.parametrize(
    ("item", "there", "problem"),
    [
        ({"name": "br0", "type": "bridge"}, True, ""),
        ({"name": "br0", "type": "bridge", "addressing": "inherit"}, True, ""),
        ({"name": "br0", "type": "bridge", "ports": ["eno3"]}, True, ""),
        ({"name": "br0", "type": "bridge", "ports": ["eno3", "eno2"]}, True, "name"),
        ({"name": "br0", "type": "bridge", "addressing": "dhcp"}, True, "name"),
        ({"name": "br0", "type": "bridge", "stp": False}, True, "name"),
        ({"name": "br0", "type": "bridge", "ports": ["eno3"]}, False, "name"),
        (gone("br0"), True, "state"),
        (gone("br0"), False, ""),
    ],
)
def test_a_link_that_the_users_units_make_is_left_to_them(item: Config, there: bool, problem: str) -> None:
    devices = (BR0, PORT) if there else (HostDevice("eno3"),)
    facts = host(*devices, units={MADE: "[NetDev]\nName=br0\nKind=bridge\n"})
    found = said(facts, item)
    assert [each.partition(f": {MADE} makes it")[0] for each in found] == ([problem] if problem else [])


# Routes and subnets


@pytest.mark.parametrize(
    ("addresses", "problems"),
    [
        (["10.9.0.1/24"], []),
        (["10.1.0.1/24"], ["addresses[0]: 10.1.0.1/24 overlaps 10.1.0.0/16, which the host has a route to by eno1"]),
        (["10.9.0.1/24", "10.1.0.1/24"], [
            "addresses[1]: 10.1.0.1/24 overlaps 10.1.0.0/16, which the host has a route to by eno1"
        ]),
        # One problem for an address is enough.
        (["10.0.0.1/8"], ["addresses[0]: 10.0.0.1/8 overlaps 10.1.0.0/16, which the host has a route to by eno1"]),
        (["10.3.0.1/24"], []),
        (["10.4.0.1/24"], []),
        (["10.5.0.1/24"], ["addresses[0]: 10.5.0.1/24 overlaps 10.5.0.0/16, which the host has a route to by br0"]),
    ],
)  # fmt: skip
def test_a_subnet_is_in_one_place(addresses: list[str], problems: list[str]) -> None:
    """What is on a port, and on a link that goes and gives nothing back, is no other place."""
    routes = (
        *(Route("0.0.0.0/0", "eno1", "192.0.2.1"), Route("10.1.0.0/16", "eno1"), Route("10.2.0.0/16", "eno1")),
        *(Route("10.3.0.0/16", "eno2"), Route("10.4.0.0/16", "sh0"), Route("10.5.0.0/16", "br0")),
    )
    facts = host(BR0, PORT, HostDevice("sh0", kind="macvlan", parent="eno1"), routes=routes)
    item = {**BRIDGE, "addressing": "static", "addresses": addresses}
    assert said(facts, item, gone("sh0"), gone("br0")) == problems


THERE = Route("10.1.0.0/16", "eno1", metric=100)
BEHIND = Route("10.8.0.0/16", "eno1", "10.1.2.3")


@pytest.mark.parametrize(
    ("declared", "route", "taken"),
    [
        ({"to": "10.1.0.0/16"}, THERE, True),
        ({"to": "10.1.0.0/16", "metric": 100}, THERE, True),
        ({"to": "10.1.0.0/16", "metric": 101}, THERE, False),
        # A part of it, in which a router is that others are reached by; the longer prefix wins whatever its metric.
        ({"to": "10.1.2.0/24", "metric": 900}, THERE, True),
        ({"to": "10.1.3.0/24"}, THERE, False),
        ({"to": "10.0.0.0/8"}, THERE, False),
        ({"to": "10.0.0.0/15"}, dataclasses.replace(THERE, to="10.0.0.0/16"), False),
        ({"to": "10.1.2.0/24"}, dataclasses.replace(THERE, to="10.2.0.0/16"), False),
        ({"to": "default"}, THERE, False),
        ({"to": "0.0.0.0/0"}, THERE, False),
        ({"to": "10.8.0.0/16"}, BEHIND, False),
        ({"to": "fd00::/64"}, THERE, False),
        ({"to": "::a01:0/112"}, THERE, False),
        ({"to": "10.1.0.0/16"}, Route("default", "eno1"), False),
        ({"to": "10.1.0.0/16"}, Route("0.0.0.0/0", "eno1"), False),
    ],
)
def test_a_static_route_takes_no_subnet_of_another_device(declared: Config, route: Route, taken: bool) -> None:
    facts = host(routes=(route, BEHIND, Route("10.7.0.0/16", "eno2", "10.1.3.3")))
    assert preflight.covers(declared, route, facts) is taken


# Links that are made anew


@pytest.mark.parametrize(("change", "where"), [({}, ""), ({"mode": "private"}, "mode"), ({"parent": "eno1"}, "parent")])
@pytest.mark.parametrize("used", ["", "guest", "built"])
def test_a_link_that_is_made_anew_is_used_by_nobody(change: Config, where: str, used: str) -> None:
    there = HostDevice("sh0", kind="macvlan", parent="eno2", settings={"mode": "bridge"})
    more = [HostDevice("v7", kind="vlan", parent="sh0")] if used == "built" else []
    guests = (RunningGuest("a", (("macvtap0", "direct", "sh0"),)),) if used == "guest" else ()
    found = said(host(there, *more, guests=guests), {**SHIM, "addressing": "none", **change})
    told = {
        "guest": f"{where}: guest a runs on sh0, which would be made anew: stop it first",
        "built": f"{where}: v7 is built on sh0, which would be made anew: remove it first",
    }
    assert found == ([told[used]] if where and used else [])


@pytest.mark.parametrize(
    ("netplan", "manager", "port", "strange"),
    [
        ("eno9: {}", False, HostDevice("eno9"), False),
        ("x: {match: {macaddress: '52:54:00:AA:00:01'}}", False, HostDevice("eno9", mac="52:54:00:aa:00:01"), False),
        ("# eno9", False, HostDevice("eno9"), True),
        ("eno90: {}", False, HostDevice("eno9"), True),
        # NetworkManager may know a card by a pattern.
        ("", True, HostDevice("eno9"), False),
        ("", True, HostDevice("c9", kind="veth"), True),
    ],
)
def test_a_port_that_a_file_names_is_no_strangers(netplan: str, manager: bool, port: HostDevice, strange: bool) -> None:
    file = NetplanFile("/etc/netplan", "1.yaml", f"network:\n  ethernets:\n    {netplan}\n")
    other = HostDevice("c2", kind="veth", master="br7")
    facts = host(BR0, dataclasses.replace(port, master="br0"), other, netplan=(file,), network_manager=manager)
    assert preflight.strangers(BR0, facts) == ([port.name] if strange else [])

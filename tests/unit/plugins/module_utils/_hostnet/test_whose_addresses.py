# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an address or a route is: a file's, a lease's, a router's, or somebody's; and what follows from that."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import drift, expected, networkd, set_by_hand
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, Route
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load

V4, V6 = "192.0.2.10/24", "2001:db8::10/64"
CARD = HostDevice("e", addresses=(V4, V6), lasting=(V4, V6))
RA = Route("2001:db8::/64", "e", protocol="ra")


def net(text: str = "{}") -> Netplan:
    return Netplan({"a.yaml": load("a", f"network: {text}")})


@pytest.mark.parametrize(
    ("device", "routes", "found"),
    [
        # Nobody has handed anything out.
        ({}, (), [V4, V6]),
        # A server may hand out an address for ever: in doubt it has.
        ({"client_id": "01"}, (), [V6]),
        ({"accept_ra": "1"}, (), [V4]),
        ({"accept_ra": "0"}, (), [V4, V6]),
        ({}, (RA,), [V4]),
        ({}, (dataclasses.replace(RA, device="f"),), [V4, V6]),
        ({}, (dataclasses.replace(RA, protocol="static"),), [V4, V6]),
        # Another one that was expires: then what lasts was not.
        ({"client_id": "01", "addresses": (V4, "192.0.2.9/24", V6)}, (), [V4, V6]),
        ({"lasting": ()}, (), []),
    ],
)
def test_an_address_was_not_handed_out_that_lasts_where_others_expire(
    device: dict[str, Any], routes: tuple[Route, ...], found: list[str]
) -> None:
    assert set_by_hand.unwritten(dataclasses.replace(CARD, **device), Facts(routes=routes)) == found


@pytest.mark.parametrize(
    ("documents", "unit", "found"),
    [
        ("{}", "", [V4, V6]),
        (f"{{ethernets: {{e: {{addresses: [{V4}]}}}}}}", "", [V6]),
        (f"{{ethernets: {{f: {{addresses: [{V4}]}}}}}}", "", [V4, V6]),
        (f"{{ethernets: {{e: {{gateway4: {V4.partition('/')[0]}}}}}}}", "", [V4, V6]),
        ("{}", f"[Network]\nAddress={V4}\n", [V6]),
        ("{}", f"[Address]\nAddress={V6}\nLabel=x\n", [V4]),
        ("{}", f"[Network]\n#Address={V4}\nGateway=192.0.2.10\nDNS=192.0.2.10\n[Route]\nAddress={V4}\n", [V4, V6]),
    ],
)
def test_an_address_is_a_files_that_gives_it_to_that_device(documents: str, unit: str, found: list[str]) -> None:
    device = dataclasses.replace(CARD, network_file="/etc/systemd/network/e.network")
    facts = Facts(devices={"e": device}, units={device.network_file: unit})
    assert set_by_hand.set_by_hand(device, net(documents), facts) == found


@pytest.mark.parametrize(
    ("to", "via", "protocol", "by_hand"),
    [
        ("10.0.0.0/8", "", "", True),
        ("10.0.0.0/8", "", "bird", True),
        ("10.0.0.0/8", "", "kernel", False),
        ("10.0.0.0/8", "", "dhcp", False),
        ("10.0.0.0/8", "", "ra", False),
        # A file names the network, or an address in it.
        ("192.0.2.0/24", "", "", False),
        ("198.51.100.0/24", "", "", True),
        ("198.51.100.0/24", "", "static", False),
        ("203.0.113.0/24", "", "static", True),
        # A default route of a file's can be called by names: its router tells.
        ("0.0.0.0/0", "203.0.113.1", "static", True),
        ("0.0.0.0/0", "198.51.100.7", "static", False),
        ("0.0.0.0/0", "", "static", False),
        ("0.0.0.0/0", "198.51.100.7", "", True),
    ],
)
def test_a_route_is_somebodys_that_no_file_names(to: str, via: str, protocol: str, by_hand: bool) -> None:
    written = {ipaddress.ip_address(each) for each in ("192.0.2.0", "198.51.100.7")}
    assert set_by_hand.is_by_hand(Route(to, "e", via, protocol, words=("-4", "route")), written) is by_hand
    assert set_by_hand.is_by_hand(Route(to, "e", via, protocol), written) is False


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a 192.0.2.1, [2001:db8::1]/64; x", ["192.0.2.1", "2001:db8::1"]),
        ("192.0.2.1.", ["192.0.2.1"]),
        ("10.1 1.2.3 192.0.2.300 dead:beef cafe", []),
        ("", []),
    ],
)
def test_every_address_in_a_text_is_found(text: str, found: list[str]) -> None:
    assert sorted(map(str, set_by_hand.addresses_in([text]))) == found


@pytest.mark.parametrize(
    ("keeps", "kept"),
    [("yes", True), ("true", True), ("1", True), ("static", True), ("dhcp", False), ("no", False), (None, False)],
)
def test_networkd_leaves_alone_what_it_is_told_to(keeps: str | None, kept: bool) -> None:
    """KeepConfiguration= (systemd.network(5)); ``critical`` of netplan comes first."""
    units = {} if keeps is None else {"00-virtfleet-e.network": f"[Network]\nKeepConfiguration={keeps}\n"}
    assert set_by_hand.is_kept(CARD, net(), units) is kept
    assert set_by_hand.is_kept(CARD, net("{ethernets: {e: {critical: true}}}"), {}) is True
    assert set_by_hand.is_kept(CARD, net("{ethernets: {e: {}}}"), units) is False


MAC, OTHER = "52:54:00:aa:00:01", "52:54:00:bb:00:02"


@pytest.mark.parametrize(
    ("address", "new", "found"),
    [
        ("2001:db8::5054:ff:feaa:1/64", OTHER, "2001:db8::5054:ff:febb:2/64"),
        ("2001:db8::5054:ff:feaa:1/48", OTHER, ""),
        ("2001:db8::5054:ff:feaa:2/64", OTHER, ""),
        ("192.0.2.1/24", OTHER, ""),
        ("2001:db8::5054:ff:feaa:1/64", "", ""),
        ("2001:db8::5054:ff:feaa:1/64", "02:03", ""),
    ],
)
def test_an_address_that_is_made_of_a_mac_address_is_another_one_with_another(
    address: str, new: str, found: str
) -> None:
    """RFC 4291, appendix A: the seventh bit is turned, and fffe stands in the middle."""
    assert set_by_hand.with_mac(address, MAC, new) == found
    device = HostDevice("e", mac=MAC, dynamic=(address,))
    made_up = address.startswith("2001") and address.endswith("2/64")
    assert set_by_hand.made_up(device) == ([address] if made_up else [])


def test_an_address_that_goes_is_taken_out_of_the_forecast_once() -> None:
    out = LinksPlan(addresses=["192.0.2.10"])
    entries: Any = [
        {"link": "a", "before": [], "after": [V4, "192.0.2.11/24"], "note": "n"},
        {"link": "b", "before": [], "after": None, "note": "n"},
        {"link": "c", "before": [], "after": [V6], "note": "n"},
    ]
    out.forecast = entries
    set_by_hand.foresee([V4], Facts(login="192.0.2.10"), out, "goes away")
    assert [entry["after"] for entry in entries] == [["192.0.2.11/24"], None, [V6]]
    assert [entry["note"] for entry in entries] == [f"n; {V4} goes away", "n", "n"]
    assert out.addresses == ["192.0.2.10", "192.0.2.11"]
    set_by_hand.foresee([V6], Facts(login="192.0.2.10"), out, "goes away")
    assert out.addresses == ["192.0.2.10", "192.0.2.11"]


# Who sets a link, and with which MTU


@pytest.mark.parametrize(
    ("kind", "documents", "units", "by_networkd"),
    [
        ("bridge", "{}", {}, False),
        ("bridge", "{bridges: {x: {}}}", {}, True),
        ("bridge", "{renderer: NetworkManager, bridges: {x: {}}}", {}, False),
        ("bridge", "{}", {"00-virtfleet-x.network": ""}, True),
        ("bridge", "{}", {"50-virtfleet-x.network": ""}, False),
        ("macvlan", "{}", {"50-virtfleet-x.network": ""}, True),
        ("macvlan", "{}", {"00-virtfleet-x.network": ""}, False),
    ],
)
def test_networkd_sets_a_link_that_it_has_a_unit_of(
    kind: str, documents: str, units: dict[str, str], by_networkd: bool
) -> None:
    assert drift.by_networkd({"name": "x", "type": kind}, net(documents), units, Facts()) is by_networkd


@pytest.mark.parametrize(
    ("body", "ipv6"),
    [
        ("{}", True),
        ("{link-local: []}", False),
        ("{link-local: [ipv4]}", False),
        ("{link-local: [ipv4, ipv6]}", True),
        ("{link-local: [], dhcp6: true}", True),
        ("{link-local: [], dhcp6: false}", False),
        ("{link-local: [], addresses: ['2001:db8::1/64']}", True),
        ("{link-local: [], addresses: [192.0.2.1/24]}", False),
    ],
)
def test_a_definition_gives_its_device_ipv6(body: str, ipv6: bool) -> None:
    found = net(f"{{ethernets: {{e: {body}}}}}")
    assert drift.has_ipv6(found.merged(found.places()[0])) is ipv6


@pytest.mark.parametrize(
    ("unit", "ipv6"),
    [
        ("", True),
        ("LinkLocalAddressing=no", False),
        ("LinkLocalAddressing=ipv4", False),
        ("LinkLocalAddressing=ipv6", True),
        ("LinkLocalAddressing=yes", True),
        ("LinkLocalAddressing=off\nAddress=2001:db8::1/64", True),
        ("LinkLocalAddressing=0\nAddress=192.0.2.1/24", False),
    ],
)
def test_a_unit_gives_its_device_ipv6(unit: str, ipv6: bool) -> None:
    assert drift.unit_has_ipv6(networkd.parse(f"[Network]\n{unit}")) is ipv6


# What a host must have afterwards


@pytest.mark.parametrize(
    ("changes", "more", "another"),
    [
        ((), {}, False),
        (("mtu",), {}, False),
        (("definition",), {}, True),
        (("Network.DHCP",), {}, True),
        (("Route.Gateway",), {}, True),
        (("MACVLAN.Mode",), {}, False),
        ((), {"again": {"x": "vepa"}}, True),
        ((), {"gone": ["x"]}, True),
        ((), {"ports": {"x": "br0"}}, True),
        ((), {"gone": ["y"], "ports": {"y": "x"}, "again": {"y": ""}}, False),
    ],
)
def test_a_link_that_gets_other_addresses_need_not_have_those_of_before(
    changes: tuple[str, ...], more: dict[str, Any], another: bool
) -> None:
    out = LinksPlan(
        items=[("x", [Change(path, 1, 2) for path in changes]), ("y", [Change("definition", 1, 2)])], **more
    )
    assert expected.is_another("x", {"x": {}}, out) is another
    # What nobody declares is not made anew, whatever is said of it.
    assert expected.is_another("x", {}, out) is bool("x" in out.gone or "x" in out.ports)


def test_what_a_device_must_have_is_told_by_where_it_comes_from() -> None:
    leased = dataclasses.replace(CARD, dynamic=(V4, V6), carrier=False)
    routes = (
        Route("0.0.0.0/0", "e", "192.0.2.1", "dhcp"),
        Route("0.0.0.0/0", "e", "192.0.2.2", "static"),
        Route("0.0.0.0/0", "e", "192.0.2.3", "bird"),
        Route("0.0.0.0/0", "f", "192.0.2.4", "dhcp"),
        Route("0.0.0.0/0", "e", "", "dhcp"),
        Route("10.0.0.0/8", "e", "192.0.2.5", "static"),
    )
    ways = [["0.0.0.0/0", "192.0.2.1"], ["0.0.0.0/0", "192.0.2.2"]]
    facts = Facts(routes=routes)
    found = expected.expected(["br0"], [V4, V6], [leased], facts)
    assert found == {
        "devices": ["br0"],
        "addresses": [V4],
        "late": [V6],
        "routes": ways,
        "leased": True,
        "carrier": False,
    }
    fixed = expected.expected(["br0"], [V4, V6], [leased, CARD], facts, routes=False)
    assert (fixed["late"], fixed["routes"], fixed["carrier"]) == ([V6], [], True)
    declared = expected.expected(["br0"], [V6], [], facts)
    assert (declared["addresses"], declared["late"], declared["leased"]) == ([V6], [], False)
    assert (declared["routes"], declared["carrier"]) == ([], True)
    assert expected.gateways([found, found, declared]) == ["192.0.2.1", "192.0.2.2"]

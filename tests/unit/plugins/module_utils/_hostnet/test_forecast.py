# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a host's addresses is foretold: for each way in which a link gets, keeps or loses them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import forecast
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load

OLD, NEW = "192.0.2.10/24", "192.0.2.20/24"
MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:02"
BY_IAID = "ff00000001000200"
BRIDGE = HostDevice("br0", kind="bridge", mac=MAC, addresses=(OLD,))
PORT, NEXT = HostDevice("eno1", mac=MAC, master="br0"), HostDevice("eno2", mac=OTHER)


def facts(*devices: HostDevice, **more: Any) -> Facts:
    return Facts(devices={each.name: each for each in devices}, **more)


def netplan(text: str) -> Netplan:
    return Netplan({"1.yaml": load("1.yaml", f"network: {text}")})


def told(out: LinksPlan) -> list[tuple[str, Any, Any, str]]:
    return [(each["link"], each["before"], each["after"], each["note"]) for each in out.forecast]


# A bridge that gets other ports


@pytest.mark.parametrize("mac", [MAC, ""])
@pytest.mark.parametrize(
    ("ports", "note", "warned"),
    [
        (["eno1"], None, False),
        (None, None, False),
        (["eno1", "eno2"], "it keeps its addresses, and is reached by its new ports", False),
        (["eno2"], "it keeps its addresses, and is reached by its new ports", True),
        ([], "it keeps its addresses and has no port any more: only guests on it reach them", True),
    ],
)
def test_a_bridge_with_other_ports_keeps_its_addresses(
    ports: list[str] | None, note: str | None, warned: bool, mac: str
) -> None:
    item: dict[str, Any] = {"name": "br0", "type": "bridge", **({} if ports is None else {"ports": ports})}
    bridge = dataclasses.replace(BRIDGE, mac=mac)
    out, before = LinksPlan(), netplan(f"{{bridges: {{br0: {{addresses: [{OLD}]}}}}}}")
    forecast.moved(item, bridge, before, facts(bridge, PORT, NEXT), out)
    assert told(out) == ([("br0", [OLD], [OLD], note)] if note else [])
    assert bool(out.warnings) is (warned and bool(mac))
    if out.warnings:
        assert "it keeps the MAC address of eno1, which is no port of it any more" in out.warnings[0]


@pytest.mark.parametrize(
    ("body", "client_id", "addresses", "sure"),
    [
        ("dhcp4: true", "", (OLD,), False),
        ("dhcp4: true", BY_IAID, (OLD,), True),
        ("dhcp4: true", "01525400000001", (OLD,), False),
        (f"dhcp4: true, macaddress: '{MAC}'", "", (OLD,), True),
        (f"addresses: [{OLD}]", "", (OLD,), True),
        ("dhcp4: true", "", (), None),
        ("stp: false", "", (OLD,), None),
    ],
)
def test_a_lease_stays_with_a_bridge_that_the_server_knows_by_more_than_the_mac_address_of_a_port(
    body: str, client_id: str, addresses: tuple[str, ...], sure: bool | None
) -> None:
    item: dict[str, Any] = {"name": "br0", "type": "bridge", "ports": ["eno2"]}
    bridge = dataclasses.replace(BRIDGE, client_id=client_id, addresses=addresses)
    out = LinksPlan()
    forecast.moved(item, bridge, netplan(f"{{bridges: {{br0: {{{body}}}}}}}"), facts(bridge, PORT, NEXT), out)
    assert [(before, after) for _link, before, after, _note in told(out)] == (
        [] if sure is None else [([OLD], [OLD] if sure else None)]
    )
    assert all(("the DHCP server may give another" in note) is not sure for *_rest, note in told(out))


# A bridge that goes


CARD = "ethernets: {eno1: {BODY}}"


@pytest.mark.parametrize(
    ("body", "bridge", "port", "had", "sure", "identity"),
    [
        (f"addresses: [{OLD}]", {}, {}, [], True, False),
        # The server knows the port by its MAC address, or by the identity that it has had all the time.
        ("dhcp4: true", {"client_id": "01525400000001"}, {}, [], True, False),
        ("dhcp4: true", {}, {}, [], False, False),
        ("dhcp4: true", {}, {}, ["10-netplan-eno1.network.d/virtfleet-identity.conf"], True, False),
        ("dhcp4: true", {}, {"mac": OTHER}, ["x/virtfleet-identity.conf"], False, False),
        ("dhcp4: true", {"client_id": BY_IAID}, {}, [], True, True),
        ("dhcp4: true", {"client_id": BY_IAID}, {"mac": OTHER}, [], True, True),
        ("dhcp4: true", {"client_id": "01525400000001"}, {"mac": OTHER}, [], False, False),
        ("dhcp4: true, renderer: NetworkManager", {"client_id": BY_IAID}, {}, [], True, False),
        ("dhcp4: true, renderer: NetworkManager", {"client_id": BY_IAID}, {"mac": OTHER}, [], False, False),
        ("dhcp4: true, match: {name: 'en*'}", {"client_id": BY_IAID}, {}, [], False, False),
    ],
)
def test_addresses_go_back_to_a_port_for_sure_where_the_server_knows_it(
    body: str, bridge: dict[str, Any], port: dict[str, Any], had: list[str], sure: bool, identity: bool
) -> None:
    gone = dataclasses.replace(BRIDGE, **bridge)
    host = facts(gone, dataclasses.replace(PORT, **port), HostDevice("lo"))
    out, net = LinksPlan(), netplan(f"{{{CARD.replace('BODY', body)}}}")
    units = forecast.give_back("br0", gone, "eno1", had, net, host, out)
    ((link, before, after, note),) = told(out)
    assert (link, before, after) == ("br0", [OLD], [OLD] if sure else None)
    assert note.startswith("the address, routes and name servers go back to eno1")
    assert ("the DHCP server may give another address: it does not know eno1 as br0" in note) is not sure
    assert list(units) == (["10-netplan-eno1.network.d/virtfleet-identity.conf"] if identity else [])


def test_addresses_whose_heir_the_host_does_not_have_go_away() -> None:
    out, net = LinksPlan(), netplan(f"{{{CARD.replace('BODY', 'dhcp4: true')}}}")
    assert forecast.give_back("br0", BRIDGE, "eno1", [], net, facts(BRIDGE, NEXT), out) == {}
    note = "they go away: the host has no eno1, which gets them in netplan's files"
    assert told(out) == [("br0", [OLD], [], note)]


UNIT = "/etc/systemd/network/20-{}.network"


@pytest.mark.parametrize(
    ("ports", "units", "addresses", "found"),
    [
        ([], {"eno1": "DHCP=yes", "eno3": "Address=192.0.2.3/24"}, (OLD,), ["eno1", "eno3"]),
        (["eno1"], {"eno1": "DHCP=yes", "eno3": "Address=192.0.2.3/24"}, (OLD,), ["eno3"]),
        ([], {"eno1": "LinkLocalAddressing=no", "eno3": "DHCP=yes"}, (OLD,), ["eno3"]),
        # The unit of one is gone: it keeps none of the others from being told of.
        ([], {"eno3": "DHCP=yes"}, (OLD,), ["eno3"]),
        ([], {"eno1": "DHCP=yes"}, (), ["eno1"]),
        ([], {}, (OLD,), []),
    ],
)
def test_a_port_that_is_left_has_its_own_addresses_again(
    ports: list[str], units: dict[str, str], addresses: tuple[str, ...], found: list[str]
) -> None:
    bridge = dataclasses.replace(BRIDGE, addresses=addresses)
    cards = [dataclasses.replace(PORT, name=name, network_file=UNIT.format(name)) for name in ("eno1", "eno3")]
    host = facts(
        bridge, *cards, NEXT, units={UNIT.format(name): f"[Network]\n{text}\n" for name, text in units.items()}
    )
    out = LinksPlan()
    assert forecast.own_again({"name": "br0", "ports": ports}, host, out) == found
    note = f"they are those of {', '.join(found)}, which has them by itself again"
    assert told(out) == ([("br0", [OLD], None, note)] if found and addresses else [])


# Addresses that move, come or go


@pytest.mark.parametrize("login", ["192.0.2.10", "192.0.2.1", ""])
def test_the_addresses_of_a_new_port_go_away(login: str) -> None:
    out = LinksPlan()
    bridge = dataclasses.replace(BRIDGE, addresses=(NEW, "2001:db8::1/64"))
    port = dataclasses.replace(PORT, addresses=(OLD,))
    forecast.go_away({"name": "br0"}, bridge, port, facts(login=login), out)
    assert told(out) == [("br0", [OLD], [], "the addresses of eno1 go away: br0 has its own")]
    # Then the host is reached by those of the bridge.
    assert out.addresses == (["192.0.2.20", "2001:db8::1"] if login == "192.0.2.10" else [])


@pytest.mark.parametrize(
    ("item", "before", "unsure", "after", "said", "reached"),
    [
        ({}, [OLD], False, [OLD], "move along", []),
        ({"addressing": "inherit"}, [OLD], True, None, "there is no DHCP lease to take over", []),
        ({"addressing": "dhcp"}, [OLD], True, None, "the DHCP server decides", []),
        ({"addressing": "none"}, [OLD], True, [], "the addresses go away", []),
        ({"addressing": "static", "addresses": [NEW]}, [OLD], True, [NEW], "of the old ones", ["192.0.2.20"]),
        (
            {"addressing": "static", "addresses": [OLD, NEW]},
            [OLD],
            False,
            [OLD, NEW],
            "of the old ones",
            ["192.0.2.20"],
        ),
        (
            {"addressing": "static", "addresses": [NEW]},
            [OLD, "2001:db8::1/64"],
            False,
            [NEW],
            "; what a router announces (IPv6) is the router's to give",
            ["192.0.2.20"],
        ),
        (
            {"addressing": "static", "addresses": [NEW, "2001:db8::1/64"]},
            [OLD, "2001:db8::1/64"],
            False,
            [NEW, "2001:db8::1/64"],
            "of the old ones",
            ["192.0.2.20"],
        ),
    ],
)
@pytest.mark.parametrize("login", ["192.0.2.10", "192.0.2.100", ""])
def test_what_becomes_of_addresses_is_as_was_declared(
    item: dict[str, Any], before: list[str], unsure: bool, after: Any, said: str, reached: list[str], login: str
) -> None:
    out = LinksPlan()
    forecast.addresses({"name": "br0", **item}, before, unsure, facts(login=login), out)
    ((link, old, new, note),) = told(out)
    assert (link, old, new) == ("br0", before, after)
    assert said in note
    assert note.endswith(said) or unsure
    assert out.addresses == (reached if login == "192.0.2.10" else [])


# Another MAC address


BY_ROUTER = "2001:db8::5054:ff:fe00:1/64"
MADE_ANEW = "2001:db8::5054:ff:fe00:2/64"


def with_mac(device: dict[str, Any], login: str = "", known: bool = False, mac: str = OTHER) -> LinksPlan:
    link = HostDevice(
        **{"name": "br0", "mac": MAC, "addresses": (OLD, BY_ROUTER), "dynamic": (OLD, BY_ROUTER), **device}
    )
    out = LinksPlan(items=[("br0", [Change("mac", MAC, OTHER)])], addresses=[login] if login else [])
    if known:
        out.forecast.append({"link": "br0", "before": [OLD, BY_ROUTER], "after": [NEW], "note": "moved"})
        out.forecast.append({"link": "br9", "before": [BY_ROUTER], "after": [BY_ROUTER], "note": "another's"})
    item: dict[str, Any] = {"name": "br0", "mac": mac}
    forecast.other_macs([{"name": "br1", "mac": OTHER}, {"name": "br0"}, item], facts(link, login=login), out)
    return out


@pytest.mark.parametrize(
    ("device", "after", "note"),
    [
        ({}, [OLD, MADE_ANEW], "it keeps its addresses"),
        # A lease that goes by the MAC address goes with it.
        ({"client_id": "01525400000001"}, None, "it knows the link by its MAC address"),
        ({"client_id": BY_IAID}, [OLD, MADE_ANEW], "it keeps its addresses"),
        ({"client_id": "01525400000001", "dynamic": (BY_ROUTER,)}, [OLD, MADE_ANEW], "keeps its addresses"),
        ({"dynamic": ()}, [OLD, BY_ROUTER], "it keeps its addresses"),
    ],
)
def test_what_was_given_for_a_mac_address_goes_with_it(device: dict[str, Any], after: Any, note: str) -> None:
    out = with_mac(device)
    ((link, before, found, said),) = told(out)
    assert (link, before) == ("br0", [OLD, BY_ROUTER])
    assert found == after
    assert note in said


def test_a_link_that_has_the_mac_address_already_or_no_address_is_not_told_of() -> None:
    assert told(with_mac({}, mac=MAC.upper())) == []
    assert told(with_mac({"addresses": (), "dynamic": ()})) == []


def test_what_is_foretold_of_a_link_gets_the_address_that_is_made_anew() -> None:
    out = with_mac({}, login=BY_ROUTER.partition("/")[0], known=True)
    assert [after for link, _before, after, _note in told(out) if link == "br9"] == [[]]
    assert [(link, after) for link, _before, after, _note in told(out)][:1] == [("br0", [NEW, MADE_ANEW])]
    assert out.addresses == [BY_ROUTER.partition("/")[0], MADE_ANEW.partition("/")[0]]
    assert with_mac({}, login="192.0.2.99", known=True).addresses == ["192.0.2.99"]


@pytest.mark.parametrize(
    ("login", "after", "note", "warned"),
    [
        ("192.0.2.10", None, "the DHCP server decides", True),
        ("192.0.2.10", [OLD], "the DHCP server decides", False),
        ("192.0.2.10", None, "they are those of eno1", False),
        ("192.0.2.1", None, "the DHCP server decides", False),
        ("2001:db8::10", None, "the DHCP server decides", False),
        ("", None, "the DHCP server decides", False),
    ],
)
def test_where_nobody_knows_how_the_host_will_be_reached_is_warned_of(
    login: str, after: Any, note: str, warned: bool
) -> None:
    out = LinksPlan()
    entry: Any = {"link": "br0", "before": [OLD, "2001:db8::10/64"], "after": after, "note": note}
    out.forecast.append(entry)
    forecast.unknown(facts(login=login), out)
    assert bool(out.warnings) is warned


def test_a_mac_address_that_is_no_ports_is_nobodys_to_warn_of() -> None:
    bridge = dataclasses.replace(BRIDGE, mac="52:54:00:00:00:77")
    out, item = LinksPlan(), {"name": "br0", "type": "bridge", "ports": ["eno2"]}
    forecast.moved(item, bridge, netplan("{bridges: {br0: {dhcp4: true}}}"), facts(bridge, PORT, NEXT), out)
    assert out.warnings == []


def test_an_address_that_is_made_anew_is_told_once_and_of_what_had_the_old_one() -> None:
    more = "2001:db8:1::5054:ff:fe00:1/64"
    link = HostDevice("br0", mac=MAC, addresses=(OLD, BY_ROUTER, more), dynamic=(BY_ROUTER, more))
    out = LinksPlan()
    entry: Any = {"link": "br0", "before": [OLD, BY_ROUTER], "after": [NEW, MADE_ANEW], "note": "moved"}
    out.forecast.append(entry)
    forecast.other_mac("br0", link, OTHER, facts(link), out)
    assert entry["after"] == [NEW, MADE_ANEW]

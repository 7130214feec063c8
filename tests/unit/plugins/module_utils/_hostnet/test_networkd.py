# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of networkd that links are made of: which settings are in them, and which are not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import networkd
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice

Sections = list[tuple[str, list[tuple[str, str]]]]
PARENT = HostDevice("eno1", addresses=("192.0.2.10/24", "2001:db8::1/64"))
QUIET = [("LinkLocalAddressing", "no"), ("IPv6AcceptRA", "no")]
WORD = st.from_regex(r"[A-Za-z][A-Za-z0-9.:/ ]{0,8}[A-Za-z0-9]", fullmatch=True)


def of(text: str, *names: str) -> Sections:
    """The sections of a unit, those of some names only where some are told."""
    return [(name, values) for name, values in networkd.parse(text) if not names or name in names]


# Reading and writing


@given(st.lists(st.tuples(WORD, st.lists(st.tuples(WORD, WORD), min_size=1, max_size=3)), max_size=4))
def test_what_is_written_is_read_again(sections: Sections) -> None:
    text = networkd.render([*sections, ("Empty", [])], "# From x\n")
    assert networkd.parse(text) == sections
    assert text.startswith(networkd.HEAD + "# From x\n")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\n[B]\nC=2", [("B", [("C", "2")])]),
        ("[B]\nC\nD = 1 = 2 \n", [("B", [("D", "1 = 2")])]),
        ("[B\nC=1\n[D]\n", [("D", [])]),
        ("[B]\n; C=1\n  # D=1\nE=\n", [("B", [("E", "")])]),
        ("[A]\nB=1\n[A]\nB=2", [("A", [("B", "1")]), ("A", [("B", "2")])]),
    ],
)
def test_a_unit_is_read_as_systemd_reads_it(text: str, found: Sections) -> None:
    """systemd.syntax(7)."""
    assert networkd.parse(text) == found


@pytest.mark.parametrize(
    ("text", "is_addressed"),
    [
        ("[Address]\nAddress=192.0.2.1/24", True),
        ("[Address]\nLabel=x", True),
        ("[Network]\nAddress=192.0.2.1/24", True),
        ("[Network]\nGateway=192.0.2.1", True),
        ("[Network]\nDHCP=yes", True),
        ("[Network]\nDHCP=ipv6", True),
        ("[Network]\nDHCP=no\nAddress=192.0.2.1/24", True),
        ("[Network]\nDHCP=No", False),
        ("[Network]\nDHCP=false", False),
        ("[Network]\nDHCP=off", False),
        ("[Network]\nDHCP=0", False),
        ("[Link]\nAddress=192.0.2.1/24\nDHCP=yes\nGateway=192.0.2.1", False),
        ("[Network]\nBridge=br0", False),
        ("[Match]\nName=eno1\n[Network]\nBridge=br0\n[Address]\nAddress=192.0.2.1/24", True),
        ("", False),
    ],
)
def test_a_unit_gives_its_link_addresses(text: str, is_addressed: bool) -> None:
    assert networkd.addressed(networkd.parse(text)) is is_addressed


def test_of_a_setting_the_last_one_of_its_section_counts() -> None:
    sections = networkd.parse("[Link]\nMTUBytes=1\n[Network]\nMTUBytes=9\nDHCP=yes\n[Link]\nMTUBytes=2\nX=3")
    assert networkd.setting(sections, "Link", "MTUBytes") == "2"
    assert networkd.setting(sections, "Network", "DHCP") == "yes"
    assert networkd.setting(sections, "Link", "DHCP") is None
    assert networkd.setting([], "Link", "DHCP") is None


def test_what_adds_to_a_unit_is_read_by_name_wherever_it_is_but_for_ours() -> None:
    folder = "{}/1.network.d/{}.conf"
    units = {
        "/etc/systemd/network/1.network": "[A]\n",
        folder.format(networkd.KEPT, "9"): "[Z]\n",
        folder.format(networkd.ADMIN, "1"): "[B]\n",
        folder.format(networkd.TRIAL, "1"): "[hidden]\n",
        folder.format(networkd.KEPT, "1"): "[hidden]\n",
        folder.format(networkd.TRIAL, "5"): "[C]\n",
        folder.format(networkd.KEPT, "virtfleet-x"): "[ours]\n",
        "/etc/systemd/network/2.network.d/1.conf": "[another]\n",
    }
    found = networkd.whole_unit("/etc/systemd/network/1.network", Facts(units=units))
    assert [name for name, _values in found] == ["A", "B", "C", "Z"]
    assert networkd.whole_unit("/etc/systemd/network/3.network", Facts(units=units)) == []


# MacVLAN and MacVTap links


NEW_MAC = ("MACAddress", "52:54:00:00:00:01")


@pytest.mark.parametrize("kind", ["macvlan", "macvtap"])
@pytest.mark.parametrize(
    ("more", "netdev", "link", "mode"),
    [
        ({}, [], [], "bridge"),
        ({"mode": "vepa"}, [], [], "vepa"),
        ({"mac": "52:54:00:00:00:01"}, [NEW_MAC], [NEW_MAC], "bridge"),
        ({"mtu": 1400, "mode": None}, [("MTUBytes", "1400")], [("MTUBytes", "1400")], "bridge"),
    ],
)  # fmt: skip
def test_a_link_on_a_card_is_three_units(kind: str, more: Any, netdev: Any, link: Any, mode: str) -> None:
    item = {"name": "sh0", "type": kind, "parent": "eno1", "addressing": "none", **more}
    units = networkd.macs(item, Facts(devices={"eno1": PARENT}), "20-wired.network")
    upper = kind.upper()
    assert {name: of(text) for name, text in units.items()} == {
        "50-virtfleet-sh0.netdev": [("NetDev", [("Name", "sh0"), ("Kind", kind), *netdev]), (upper, [("Mode", mode)])],
        "50-virtfleet-sh0.network": [
            ("Match", [("Name", "sh0")]),
            ("Link", [("RequiredForOnline", "no"), *link]),
            ("Network", QUIET),
        ],
        "20-wired.network.d/virtfleet-sh0.conf": [("Network", [(upper, "sh0")])],
    }


def routes(text: str) -> list[tuple[str, str]]:
    found = [dict(values) for name, values in networkd.parse(text) if name == "Route"]
    assert all(values["Scope"] == "link" for values in found)
    return [(values["Destination"], values["PreferredSource"]) for values in found]


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        (("192.0.2.10/24",), [("192.0.2.0/25", "192.0.2.10"), ("192.0.2.128/25", "192.0.2.10")]),
        # Of two addresses in a subnet the kernel speaks with the first.
        (("192.0.2.10/24", "192.0.2.11/24"), [("192.0.2.0/25", "192.0.2.10"), ("192.0.2.128/25", "192.0.2.10")]),
        (("192.0.2.10/31",), [("192.0.2.10/32", "192.0.2.10"), ("192.0.2.11/32", "192.0.2.10")]),
        (
            ("192.0.2.10/32", "198.51.100.1/30", "2001:db8::1/64", "192.0.2.10/25"),
            [
                ("198.51.100.0/31", "198.51.100.1"),
                ("198.51.100.2/31", "198.51.100.1"),
                ("192.0.2.0/26", "192.0.2.10"),
                ("192.0.2.64/26", "192.0.2.10"),
            ],
        ),
    ],
)
def test_a_link_that_inherits_leads_to_its_parents_subnets_by_halves(
    addresses: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    item = {"name": "sh0", "type": "macvlan"}
    text = networkd.network(item, dataclasses.replace(PARENT, addresses=addresses))
    assert routes(text) == found
    assert of(text, "Network") == [("Network", QUIET)]


DHCP: Sections = [("Network", [("DHCP", "ipv4")]), ("DHCPv4", [("RouteMetric", "2048")])]


@pytest.mark.parametrize(
    ("item", "parent", "found"),
    [
        ({"type": "macvlan"}, None, DHCP),
        ({"type": "macvlan"}, dataclasses.replace(PARENT, addresses=("192.0.2.1/32", "2001:db8::1/64")), DHCP),
        ({"type": "macvtap"}, PARENT, [("Network", QUIET)]),
        ({"type": "macvlan", "addressing": "none"}, PARENT, [("Network", QUIET)]),
        ({"type": "macvlan", "addressing": "dhcp"}, PARENT, DHCP),
        (
            {"type": "macvtap", "addressing": "static", "addresses": ["198.51.100.1/24"]},
            PARENT,
            [("Network", [("Address", "198.51.100.1/24")])],
        ),
    ],
)
def test_the_addressing_of_a_link_on_a_card(item: Any, parent: HostDevice | None, found: Sections) -> None:
    assert of(networkd.network({"name": "x", **item}, parent))[2:] == found


@pytest.mark.parametrize(
    ("more", "network", "found"),
    [
        ({}, [], []),
        ({"gateway": "192.0.2.1"}, [("Gateway", "192.0.2.1")], []),
        ({"nameservers": ["192.0.2.8", "192.0.2.9"]}, [("DNS", "192.0.2.8"), ("DNS", "192.0.2.9")], []),
        ({"search": ["a.example", "b.example"]}, [("Domains", "a.example b.example")], []),
        ({"routes": [{"to": "10.0.0.0/8"}]}, [], [[("Destination", "10.0.0.0/8")]]),
        (
            {"routes": [{"to": "default", "via": "192.0.2.1", "metric": 0}, {"to": "default", "via": "2001:db8::1"}]},
            [],
            [
                [("Destination", "0.0.0.0/0"), ("Gateway", "192.0.2.1"), ("Metric", "0")],
                [("Destination", "::/0"), ("Gateway", "2001:db8::1")],
            ],
        ),
    ],
)
def test_declared_addresses_are_settings(more: Any, network: Any, found: Any) -> None:
    sections = networkd.static({"addresses": ["192.0.2.2/24", "192.0.2.3/24"], **more})
    own = [("Address", "192.0.2.2/24"), ("Address", "192.0.2.3/24"), *network]
    assert sections == [("Network", own), *(("Route", values) for values in found)]


# Bridges


CARD = HostDevice("eno1", mac="02::1", network_file="/etc/systemd/network/1.network", addresses=("192.0.2.1/24",))
MUTE = HostDevice("eno2", mac="02::2", network_file="/etc/systemd/network/2.network")
BARE = HostDevice("eno3", mac="02::3")
VENDORS = HostDevice(
    "eno4", mac="02::4", network_file="/usr/lib/systemd/network/8.network", addresses=("192.0.2.4/24",)
)
HOST = Facts(
    devices={each.name: each for each in (CARD, MUTE, BARE, VENDORS)},
    units={
        "/etc/systemd/network/1.network": (
            "[Match]\nName=eno1\n[Link]\nMTUBytes=1400\nARP=no\n[Network]\nDHCP=yes\nVLAN=v5\nBond=x\n[Route]\nGateway=192.0.2.9\n"
            "[BridgeVLAN]\nVLAN=5\n[CAKE]\nBandwidth=1M\n"
        ),
        "/etc/systemd/network/2.network": "[Match]\nName=eno2\n[Link]\nMTUBytes=1300\n[Network]\nLLDP=yes\nBridge=o\n",
    },
)


def bridge(**more: Any) -> dict[str, Sections]:
    units = networkd.bridge({"name": "br0", "type": "bridge", **more}, HOST)
    return {name.removeprefix("00-virtfleet-"): of(text) for name, text in units.items()}


@pytest.mark.parametrize(
    ("more", "mac", "mtu"),
    [
        ({"ports": []}, None, None),
        ({}, None, None),
        # The heir is the port that has addresses, else one that somebody has described, else the first.
        ({"ports": ["eno2", "eno1"]}, "02::1", "1400"),
        ({"ports": ["eno3", "eno2"]}, "02::2", "1300"),
        ({"ports": ["eno3"]}, "02::3", None),
        ({"ports": ["eno1"], "mac": "02::9"}, "02::9", "1400"),
        ({"ports": ["eno1"], "mtu": 9000}, "02::1", "9000"),
    ],
)
def test_a_bridge_has_the_mac_address_and_mtu_of_its_heir(more: Any, mac: str | None, mtu: str | None) -> None:
    units = bridge(**more)
    netdev, own = units["br0.netdev"], units["br0.network"]
    assert networkd.setting(netdev, "NetDev", "MACAddress") == mac
    assert networkd.setting(own, "Link", "MTUBytes") == mtu
    assert networkd.setting(own, "Link", "MACAddress") == more.get("mac")
    for port in more.get("ports", []):
        assert networkd.setting(units[f"{port}.network"], "Link", "MTUBytes") == mtu
        assert networkd.setting(units[f"{port}.network"], "Network", "Bridge") == "br0"
    assert len(units) == 2 + len(more.get("ports", []))


@pytest.mark.parametrize(
    ("more", "settings"),
    [
        ({}, [("STP", "no"), ("ForwardDelaySec", "0")]),
        ({"stp": True, "forward_delay": 4}, [("STP", "yes"), ("ForwardDelaySec", "4")]),
        ({"vlan_filtering": True}, [("STP", "no"), ("ForwardDelaySec", "0"), ("VLANFiltering", "yes")]),
        ({"vlan_filtering": False}, [("STP", "no"), ("ForwardDelaySec", "0"), ("VLANFiltering", "no")]),
    ],
)
def test_a_bridge_is_set_as_declared(more: Any, settings: Any) -> None:
    assert [values for name, values in bridge(**more)["br0.netdev"] if name == "Bridge"] == [settings]


@pytest.mark.parametrize(
    ("more", "network"),
    [
        ({"ports": ["eno1"]}, [("DHCP", "yes")]),
        ({"ports": ["eno1"], "addressing": "inherit"}, [("DHCP", "yes")]),
        ({"ports": ["eno1"], "addressing": "dhcp"}, [("DHCP", "yes")]),
        ({"ports": ["eno1"], "addressing": "none"}, QUIET),
        ({"ports": ["eno3"]}, QUIET),
        ({"ports": ["eno1"], "addressing": "static", "addresses": ["192.0.2.7/24"]}, [("Address", "192.0.2.7/24")]),
    ],
)
def test_a_bridge_takes_over_what_gives_addresses(more: Any, network: Any) -> None:
    own = bridge(**more)["br0.network"]
    assert [values for name, values in own if name == "Network"] == [network]
    inherits = more["ports"] == ["eno1"] and more.get("addressing", "inherit") == "inherit"
    assert [name for name, _values in own] == ["Match", *(["Link"] if "eno1" in more["ports"] else []), "Network"] + (
        ["Route"] if inherits else []
    )
    said = networkd.bridge({"name": "br0", "type": "bridge", **more}, HOST)["00-virtfleet-br0.network"]
    assert (f"{networkd.FROM}/etc/systemd/network/1.network\n" in said) is inherits


def test_what_a_card_does_stays_with_it() -> None:
    units = bridge(ports=["eno1", "eno2"])
    assert units["eno1.network"] == [
        ("Match", [("Name", "eno1")]),
        ("Link", [("ARP", "no"), ("MTUBytes", "1400")]),
        ("Network", [("Bridge", "br0"), ("LinkLocalAddressing", "no"), ("VLAN", "v5"), ("Bond", "x")]),
        ("BridgeVLAN", [("VLAN", "5")]),
        ("CAKE", [("Bandwidth", "1M")]),
    ]
    assert ("Network", [("Bridge", "br0"), ("LinkLocalAddressing", "no"), ("LLDP", "yes")]) in units["eno2.network"]


@pytest.mark.parametrize(
    ("ports", "addressing", "said"),
    [
        (["eno4"], "inherit", "eno4 has its addresses from /usr/lib/systemd/network/8.network: copy that file"),
        (["eno4"], "dhcp", ""),
        (["eno1", "eno5"], "inherit", "eno1, eno5 each have addresses, and only those of one can be taken over"),
        (["eno1", "eno5"], "none", ""),
        (["eno1", "eno2"], "inherit", ""),
    ],
)
def test_the_addresses_of_one_port_can_be_taken_over(ports: list[str], addressing: str, said: str) -> None:
    second = dataclasses.replace(CARD, name="eno5")
    host = dataclasses.replace(HOST, devices={**HOST.devices, "eno5": second})
    item = {"name": "br0", "type": "bridge", "ports": ports, "addressing": addressing}
    if said:
        with pytest.raises(Invalid) as caught:
            networkd.bridge(item, host)
        assert said in str(caught.value)
    else:
        assert networkd.bridge(item, host)


@pytest.mark.parametrize(
    ("client_id", "addresses", "found"),
    [
        ("", ("192.0.2.1/24",), []),
        ("01020000000001", ("192.0.2.1/24",), []),
        ("ff0000000100", (), [("DHCPv4", [("IAID", "1")]), ("DHCPv6", [("IAID", "1")])]),
        (
            "ff0000000100",
            ("192.0.2.1/24", "2001:db8::1/64"),
            [("DHCPv4", [("IAID", "1"), ("RequestAddress", "192.0.2.1")]), ("DHCPv6", [("IAID", "1")])],
        ),
        # Which of several was the lease, nobody knows.
        ("ff0000000100", ("192.0.2.1/24", "192.0.2.2/24"), [("DHCPv4", [("IAID", "1")]), ("DHCPv6", [("IAID", "1")])]),
    ],
)
def test_a_server_is_to_know_the_next_link_as_it_knew_the_last(
    client_id: str, addresses: tuple[str, ...], found: Sections
) -> None:
    device = HostDevice("eno1", client_id=client_id, addresses=addresses)
    assert networkd.known_as(device) == found
    (units,) = networkd.identity("10-netplan-br0.network", device).items()
    assert units[0] == "10-netplan-br0.network.d/virtfleet-identity.conf"
    assert of(units[1]) == found


@pytest.mark.parametrize("on", [True, False])
def test_filtering_is_known_again_by_its_name(on: bool) -> None:
    ((name, text),) = networkd.filtering("10-netplan-br0.netdev", on).items()
    assert of(text) == [("Bridge", [("VLANFiltering", "yes" if on else "no")])]
    assert networkd.is_filtering(name) is True
    assert networkd.is_filtering(f"{networkd.KEPT}/{name}") is True
    assert networkd.is_filtering("10-netplan-br0.netdev.d/virtfleet-identity.conf") is False


def test_of_several_ports_with_addresses_of_vendors_the_first_is_named() -> None:
    ports = [VENDORS, dataclasses.replace(VENDORS, name="eno5", network_file="/lib/systemd/network/9.network")]
    with pytest.raises(Invalid, match=r"eno4 has its addresses from /usr/lib/systemd/network/8\.network"):
        networkd.refuse_heirs(ports, [])
    networkd.refuse_heirs([dataclasses.replace(port, addresses=()) for port in ports], [CARD])

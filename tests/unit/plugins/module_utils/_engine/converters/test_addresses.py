# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: MAC, UUID, IPv4 and IPv6, alone and with their subnet."""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import ADDRESS, INTERFACE, MAC, UUID

UNICAST = st.binary(min_size=6, max_size=6).map(lambda raw: bytes([raw[0] & 0xFE]) + raw[1:])
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


# MAC addresses


@given(UNICAST)
def test_the_spellings_of_a_mac_are_one(raw: bytes) -> None:
    mac = raw.hex(":")
    assert {MAC.parse(mac), MAC.parse(mac.upper()), MAC.parse(mac.replace(":", "-")), MAC.parse(f" {mac} ")} == {mac}


@given(UNICAST)
def test_libvirts_upper_case_is_no_difference(raw: bytes) -> None:
    node = ET.fromstring(f"<mac address='{raw.hex(':').upper()}'/>")
    assert MAC.same(MAC.decode(node, "address"), MAC.parse(raw.hex(":")), None)


@pytest.mark.parametrize(
    "wrong", ["", "banana", "52:54:00:aa:00", "52:54:00:aa:00:01:02", "525400aa0001", "52:54:00:aa:00:0g", None]
)
def test_what_is_no_mac_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is not a MAC address; write it like 52:54:00:aa:00:01"):
        MAC.parse(wrong)


@pytest.mark.parametrize("wrong", [525400, 41135080953, 1.5])
def test_a_mac_that_yaml_reads_as_a_number_wants_quotes(wrong: Any) -> None:
    with pytest.raises(ValueError, match="YAML reads it as a number: put it into quotes, like '52:54:00:11:22:33'"):
        MAC.parse(wrong)


@pytest.mark.parametrize("wrong", ["01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "53:54:00:aa:00:01"])
def test_a_multicast_mac_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="multicast address; its first byte must be even"):
        MAC.parse(wrong)


# UUIDs


@given(st.uuids())
def test_the_spellings_of_a_uuid_are_one(value: uuid.UUID) -> None:
    spellings = (str(value), str(value).upper(), value.hex, value.urn, f"{{{value}}}")
    assert {UUID.parse(spelling) for spelling in spellings} == {str(value)}


@pytest.mark.parametrize("wrong", ["", "banana", "6f1d8a52-3c0e-5b7a-9e44", 7, None, True])
def test_what_is_no_uuid_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is not a UUID"):
        UUID.parse(wrong)


# Addresses


@given(V6)
def test_the_spellings_of_an_ipv6_address_are_one(address: ipaddress.IPv6Address) -> None:
    assert {ADDRESS.parse(address.exploded), ADDRESS.parse(address.compressed.upper())} == {address.compressed}


@given(V4 | V6)
def test_addresses_come_back(address: Any) -> None:
    node = ET.Element("host")
    ADDRESS.encode(node, "ip", ADDRESS.parse(str(address)))
    assert ADDRESS.decode(node, "ip") == str(address)


@pytest.mark.parametrize(
    "wrong", ["", "banana", "192.168.122.256", "192.168.122", "192.168.122.1/24", "::g", 7, None, "10.0.0.01"]
)
def test_what_is_no_address_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is not an IP address"):
        ADDRESS.parse(wrong)


# Addresses with their subnet


@given(V4, st.integers(1, 30))
def test_netmask_and_prefix_are_one(address: ipaddress.IPv4Address, prefix: int) -> None:
    network = ipaddress.ip_interface(f"{address}/{prefix}").network
    assume(address not in (network.network_address, network.broadcast_address))
    written = f"{address}/{prefix}"
    assert INTERFACE.parse(written) == INTERFACE.parse(f"{address}/{network.netmask}") == written
    for rest in (f"prefix='{prefix}'", f"netmask='{network.netmask}'"):
        node = ET.fromstring(f"<ip address='{address}' {rest}><dhcp/></ip>")
        assert INTERFACE.decode(node, None) == written


@given(V4 | V6, st.integers(1, 32))
def test_interfaces_come_back(address: Any, prefix: int) -> None:
    written = f"{address}/{prefix}"
    node = ET.Element("ip")
    INTERFACE.encode(node, None, written)
    assert INTERFACE.decode(node, None) == written


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ("<ip address='10.0.0.1'/>", "10.0.0.1/8"),
        ("<ip address='172.16.0.1'/>", "172.16.0.1/16"),
        ("<ip address='192.168.1.1'/>", "192.168.1.1/24"),
        ("<ip family='ipv6' address='fd00::1'/>", "fd00::1/64"),
        ("<ip family='ipv6' address='FD00:0::1' prefix='48'/>", "fd00::1/48"),
        ("<ip/>", None),
    ],
)
def test_without_a_prefix_libvirts_default_holds(xml: str, value: str | None) -> None:
    assert INTERFACE.decode(ET.fromstring(xml), None) == value


def test_encode_changes_the_family_and_leaves_the_rest() -> None:
    node = ET.fromstring("<ip address='10.0.0.1' netmask='255.0.0.0' localPtr='yes'><tftp root='/t'/></ip>")
    INTERFACE.encode(node, None, "fd00::1/64")
    assert node.attrib == {"address": "fd00::1", "prefix": "64", "family": "ipv6", "localPtr": "yes"}
    INTERFACE.encode(node, None, "10.0.0.2/8")
    assert node.attrib == {"address": "10.0.0.2", "prefix": "8", "localPtr": "yes"}
    assert node.find("tftp") is not None


@pytest.mark.parametrize(
    "wrong",
    ["192.168.122.1", "banana", "10.0.0.1/33", "10.0.0.1/banana", "fd00::1/129", "", None, 7, "10.0.0.1/255.0.255.0"],
)
def test_an_address_without_a_good_subnet_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is not an address with its subnet; write it like"):
        INTERFACE.parse(wrong)


@pytest.mark.parametrize("wrong", ["192.168.122.0/24", "192.168.122.255/24", "fd00::/64"])
def test_the_subnets_own_address_is_no_hosts(wrong: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not a host of .*; the host takes an address in it, such as (192\.168\.122|fd00::)"
    ):
        INTERFACE.parse(wrong)


@pytest.mark.parametrize(
    "good", ["10.0.0.0/31", "10.0.0.1/31", "10.0.0.1/32", "fd00::/127", "fd00::ffff:ffff:ffff:ffff/64"]
)
def test_subnets_without_an_address_of_their_own(good: str) -> None:
    assert INTERFACE.parse(good) == good


def test_an_address_that_goes_takes_its_subnet_along() -> None:
    node = ET.fromstring("<ip family='ipv6' address='fd00::1' prefix='64' netmask='x' localPtr='yes'/>")
    INTERFACE.forget(node)
    assert node.attrib == {"localPtr": "yes"}
    INTERFACE.forget(None)

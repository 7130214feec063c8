# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps definitions of networks: what it drops and rewrites (its network_conf.c)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..domain.normal_form.device import strip

EVERY_PORT = {"start": "1024", "end": "65535"}
"""The ports of a network that translates addresses, where none are given (networkStartNetworkVirtual)."""


def settle(root: ET.Element) -> None:
    """Bring a network's definition into the form in which libvirt keeps it. It is changed in place."""
    root.attrib.pop("connections", None)
    if root.get("ipv6") == "no":
        root.attrib.pop("ipv6")
    for group in root.findall("portgroup"):
        if group.get("default") == "no":
            group.attrib.pop("default")
    for vlan in (*root.findall("vlan"), *root.findall("portgroup/vlan")):
        if vlan.get("trunk") == "no":
            vlan.attrib.pop("trunk")
    for record in root.findall("dns/srv"):
        for name in ("port", "priority", "weight"):
            if record.get(name) == "0":
                record.attrib.pop(name)
    for forward in root.findall("forward"):
        outside(forward)
    for address in root.findall("ip"):
        handed_out(address)


def outside(forward: ET.Element) -> None:
    """The way out of a network. Who uses it is only reported, and so are the devices behind a card."""
    for node in forward.findall("interface"):
        node.attrib.pop("connections", None)
    if forward.find("pf") is not None:
        for tag in ("interface", "address"):
            for node in forward.findall(tag):
                forward.remove(node)
        forward.attrib.pop("dev", None)
    if forward.find("interface") is not None:
        # libvirt names the first of them twice.
        forward.attrib.pop("dev", None)
    elif forward.get("dev"):
        forward.insert(0, ET.Element("interface", {"dev": forward.attrib.pop("dev")}))
    nat = forward.find("nat")
    if nat is not None:
        for node in nat.findall("port"):
            if node.attrib == EVERY_PORT:
                nat.remove(node)
        if not len(nat) and not nat.attrib:
            forward.remove(nat)


def handed_out(address: ET.Element) -> None:
    """A DHCP service that hands nothing out is not kept, nor a unit of no time."""
    for dhcp in address.findall("dhcp"):
        if dhcp.find("range") is None and dhcp.find("host") is None:
            address.remove(dhcp)
        for lease in dhcp.findall("*/lease"):
            if lease.get("expiry") == "0":
                lease.attrib.pop("unit", None)


def started(live: ET.Element, kept: ET.Element) -> list[t.Callable[[], None]]:
    """Take out of a running network what libvirt wrote there by itself as it started the one that it keeps.

    Returns no calls that put anything back: libvirt needs none of it to change a network.
    """
    forward = kept.find("forward")
    for node in live.findall("forward"):
        if forward is None or forward.find("nat/port") is None:
            for nat in node.findall("nat"):
                strip(nat, "port", *EVERY_PORT)
            strip(node, "nat")
        if forward is not None and forward.find("pf") is not None:
            for tag in ("interface", "address"):
                if forward.find(tag) is None:
                    for child in node.findall(tag):
                        node.remove(child)
    return []

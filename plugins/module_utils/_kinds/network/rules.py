# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between the fields of an item. Each rule yields what does not."""

from __future__ import annotations

import ipaddress
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._printing import printable

MACVTAP = ("bridge", "private", "vepa", "passthrough")


def addressing(network: Item) -> t.Iterator[Invalid]:
    """Nothing is missing of the addresses of a network, and of those that DHCP hands out."""
    for index, entry in enumerate(network.get("ips") or []):
        here = f"ips[{index}]"
        if entry.get("address") is None:
            yield Invalid(f"{here}.address", "is missing")
        dhcp = entry.get("dhcp") or {}
        for spot, span in enumerate(dhcp.get("ranges") or []):
            if None in (span.get("start"), span.get("end")):
                yield Invalid(f"{here}.dhcp.ranges[{spot}]", "needs both start and end")
        for spot, host in enumerate(dhcp.get("hosts") or []):
            if host.get("ip") is None:
                yield Invalid(f"{here}.dhcp.hosts[{spot}]", "needs ip")


def subnets(network: Item) -> t.Iterator[Invalid]:
    """DHCP ranges and hosts lie in their subnet, ranges run upwards, and subnets do not overlap."""
    seen: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for index, entry in enumerate(network.get("ips") or []):
        here = f"ips[{index}]"
        own = ipaddress.ip_interface(entry["address"])
        subnet = own.network
        if any(subnet.version == other.version and subnet.overlaps(other) for other in seen):
            yield Invalid(f"{here}.address", f"{subnet} overlaps another subnet of this network")
        seen.append(subnet)
        yield from handed_out(entry.get("dhcp") or {}, own, f"{here}.dhcp")


def handed_out(dhcp: Item, own: ipaddress.IPv4Interface | ipaddress.IPv6Interface, where: str) -> t.Iterator[Invalid]:
    """The addresses that DHCP hands out are of the subnet, and a guest can have them.

    :param dhcp: what is handed out
    :param own: the address of the network, with its subnet
    :param where: the option
    """
    subnet = own.network
    for index, span in enumerate(dhcp.get("ranges") or []):
        here = f"{where}.ranges[{index}]"
        start, end = (ipaddress.ip_address(span[end]) for end in ("start", "end"))
        for address in (start, end):
            if address not in subnet:
                yield Invalid(here, f"{address} is not in {subnet}")
            elif of_the_subnet(address, subnet):
                yield Invalid(here, f"{address} is {of_the_subnet(address, subnet)}, and no guest can have it")
        if int(start) > int(end):
            yield Invalid(here, f"starts at {start}, after its end {end}")
    seen: set[str] = set()
    for index, host in enumerate(dhcp.get("hosts") or []):
        here = f"{where}.hosts[{index}]"
        address = ipaddress.ip_address(host["ip"])
        taken = "that of the network itself" if address == own.ip else of_the_subnet(address, subnet)
        if address not in subnet:
            yield Invalid(here, f"{host['ip']} is not in {subnet}")
        elif taken:
            yield Invalid(here, f"{host['ip']} is {taken}, and no guest can have it: keep another one for this host")
        if host["ip"] in seen:
            yield Invalid(here, f"{host['ip']} is kept for another host already")
        seen.add(host["ip"])


def of_the_subnet(address: object, subnet: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """What an address means that stands for a whole subnet of IPv4; empty for any other.

    :param address: the address
    :param subnet: that which it is in
    """
    if subnet.version == 6 or subnet.prefixlen > 30:
        return ""
    if address == subnet.network_address:
        return f"the first address of {subnet}, which stands for the subnet"
    return f"the broadcast address of {subnet}" if address == subnet.broadcast_address else ""


def served(network: Item) -> t.Iterator[Invalid]:
    """DHCP is for one subnet of each family, and a port group is known by its name (networkValidate)."""
    first: dict[int, str] = {}
    for index, entry in enumerate(network.get("ips") or []):
        dhcp = entry.get("dhcp") or {}
        if entry.get("address") is None or not (dhcp.get("ranges") or dhcp.get("hosts")):
            continue
        version = ipaddress.ip_interface(entry["address"]).version
        other = first.setdefault(version, entry["address"])
        if other != entry["address"]:
            yield Invalid(
                f"ips[{index}].dhcp",
                f"libvirt hands out addresses of one subnet of IPv{version} only, and those of {other} are declared"
                " already: leave one of the two out, or make another network",
            )
    names: set[str] = set()
    default: str | None = None
    for index, group in enumerate(network.get("portgroups") or []):
        here, name = f"portgroups[{index}]", str(group.get("name"))
        if group.get("name") is not None and name in names:
            yield Invalid(f"{here}.name", f"{printable(name)} is declared more than once")
        names.add(name)
        if group.get("default") and default is not None:
            yield Invalid(f"{here}.default", f"only one port group is the default, and {printable(default)} is already")
        elif group.get("default"):
            default = name


def forwarding(network: Item) -> t.Iterator[Invalid]:
    """A network that uses a bridge of the host's own has no addresses of its own."""
    forward = network.get("forward") or {}
    if forward.get("mode") == "bridge" and network.get("ips"):
        yield Invalid("ips", "a network with forward mode 'bridge' takes its addresses from outside")
    # networkDefineXML would take either for both (virNetworkForwardDefParseXML).
    device, devices = forward.get("dev"), forward.get("interfaces")
    if device is not None and devices is not None and devices[:1] != [device]:
        first = printable(devices[0]) if devices else "none"
        yield Invalid(
            "forward.dev",
            f"is the first of forward.interfaces to libvirt; that is {first} here, and not {printable(device)}:"
            " leave one of the two out",
        )
    # With the other modes, bridge is libvirt's own, and interfaces are those that traffic leaves by.
    if forward.get("mode") in MACVTAP and forward.get("interfaces") and network.get("bridge"):
        yield Invalid("bridge", "goes with a host bridge, forward.interfaces with MacVTap: give one")
    if forward.get("mode") == "bridge" and not forward.get("interfaces") and not network.get("bridge"):
        yield Invalid("bridge", "name the host bridge here, or a device for MacVTap in forward.interfaces")


def translating(network: Item) -> t.Iterator[Invalid]:
    """The ranges that guests appear under outside run upwards, and are of a network with NAT."""
    forward = network.get("forward") or {}
    nat = forward.get("nat") or {}
    if nat and forward.get("mode") not in (None, "nat"):
        yield Invalid("forward.nat", f"goes with mode nat, and not with {forward['mode']}: leave one of the two out")
    numbers: dict[str, t.Callable[[str], t.SupportsInt]] = {"address": ipaddress.ip_address, "port": int}
    for name, number in numbers.items():
        here = f"forward.nat.{name}"
        start, end = ((nat.get(name) or {}).get(side) for side in ("start", "end"))
        if start is not None and end is not None and int(number(start)) > int(number(end)):
            yield Invalid(here, f"starts at {start}, after its end {end}")
        for side, value in (("start", start), ("end", end)) if name == "address" else ():
            if value is not None and ipaddress.ip_address(value).version == 6:
                yield Invalid(f"{here}.{side}", f"{value} is an address of IPv6, and libvirt takes those of IPv4 here")


def incomplete(forward: ET.Element | None) -> list[str]:
    """What a range lacks that a network will have, a sentence each: libvirt takes none without its start or end.

    :param forward: the element of the definition, None where it has none
    """
    if forward is None:
        return []
    found = []
    for name in ("address", "port"):
        node = forward.find(f"nat/{name}")
        found += [
            f"forward.nat.{name}.{side}: is missing: libvirt takes start and end together"
            for side in ("start", "end")
            if node is not None and node.get(side) is None
        ]
    return found

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a host's own link. Paths are netplan's (https://netplan.readthedocs.io, netplan-yaml)."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._engine.converters import ADDRESS, MAC, TEXT, YES_NO, Choice, Converter, Device, Integer, Interface, digits
from .._engine.rows import Field, Group, Property, Values
from .._engine.rows.create_only import Aside
from .._engine.rows.model import Item
from .._engine.table import Table
from .._errors import Invalid
from .._printing import printable
from .netplan_words import ELSEWHERE, FORMS
from .networkd import MAC_KINDS, OF_OTHERS

MACVLAN_MODES = ("bridge", "vepa", "private", "passthru")
BOND_MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
ALWAYS = frozenset(
    ("name", "type", "state", "mtu", "mac", "addressing", "addresses", "gateway", "nameservers", "search", "routes")
)
OPTIONS = {
    "bridge": ALWAYS | {"ports", "stp", "forward_delay", "vlan_filtering", "takeover"},
    "bond": ALWAYS | {"ports", "mode", "takeover"},
    "vlan": ALWAYS | {"parent", "id"},
    "macvlan": ALWAYS | {"parent", "mode"},
    "macvtap": ALWAYS | {"parent", "mode"},
}
"""The options that each type of link has."""

NEEDS = {"vlan": ("parent", "id"), "macvlan": ("parent",), "macvtap": ("parent",)}
"""Those that a type cannot do without."""


NUMBER = re.compile("0x[0-9a-f]*|0b[01]*|0o[0-7]*|[0-9]+", re.IGNORECASE)
"""What systemd takes for the number of a device, and so for no name (ifname_valid_full and mangle_base, systemd)."""


class LinkName(Device):
    """A name that the kernel, systemd and netplan all take for a device's (ifname_valid, systemd)."""

    def parse(self, value: object) -> str:
        name = super().parse(value)
        if ":" in name or NUMBER.fullmatch(name) or name in ("all", "default", "lo"):
            raise ValueError(f"{printable(name)} is not a name that a link of its own can have, such as br0")
        return name


class RouteTarget(Converter):
    """A network, or ``default``."""

    def parse(self, value: object) -> str:
        text = digits(value)
        if text == "default":
            return text
        try:
            return str(ipaddress.ip_network(text))
        except ValueError:
            raise ValueError(f"{printable(value)} is neither 'default' nor a network such as 10.0.0.0/8") from None


LINK_NAME = LinkName()

ROUTE = (
    Field(
        "to",
        "to",
        RouteTarget(),
        "Network that the route leads to, such as V(198.51.100.0/24), or V(default) for all others.",
    ),
    Field("via", "via", ADDRESS, "Address of the router that the route goes through (the next hop)."),
    Field(
        "metric", "metric", Integer(0, 4294967294), "Metric of the route. Of several routes, the lowest metric wins."
    ),
)


def typed(link: Item) -> t.Iterator[Invalid]:
    """Every option is one of the link's type, and what the type cannot do without is there."""
    if link["state"] == "absent":
        return
    kind = link.get("type")
    if kind is None:
        yield Invalid("type", "is missing")
        return
    for name in link:
        if name not in OPTIONS[kind]:
            owners = ", ".join(sorted(other for other, options in OPTIONS.items() if name in options))
            yield Invalid(name, f"is not an option of a {kind}, but of: {owners}")
    for name in NEEDS.get(kind, ()):
        if link.get(name) is None:
            yield Invalid(name, f"a {kind} needs it")
    if kind == "bond" and not link.get("ports"):
        yield Invalid("ports", "a bond needs at least one")
    modes = BOND_MODES if kind == "bond" else MACVLAN_MODES
    if link.get("mode") is not None and link["mode"] not in modes:
        yield Invalid("mode", f"a {kind} can have: {', '.join(modes)}")
    if link.get("mode") == "passthru" and link.get("mac"):
        yield Invalid("mac", "a link of mode passthru has the MAC address of its parent: leave it out")


def delayed(link: Item) -> t.Iterator[Invalid]:
    """A bridge with a spanning tree has a delay of 2 seconds at least (BR_MIN_FORWARD_DELAY, Linux)."""
    delay = link.get("forward_delay")
    if link.get("stp") and delay is not None and delay < 2 and link["state"] != "absent":
        yield Invalid("forward_delay", f"is {delay}, and a bridge with stp has 2 seconds at least: give 2 to 30")


def named(link: Item) -> t.Iterator[Invalid]:
    """A link has no name that its units cannot have."""
    if link.get("type") in MAC_KINDS and link.get("name") in OF_OTHERS and link["state"] != "absent":
        yield Invalid("name", f"{link['name']} is no name for a {link['type']}: choose another, such as shim0")


def connected(link: Item) -> t.Iterator[Invalid]:
    """A link is not its own port or parent, and names each port once."""
    ports = link.get("ports") or []
    if link.get("name") in [*ports, link.get("parent")]:
        yield Invalid("ports" if ports else "parent", "a link cannot be built on itself")
    for port in sorted({port for port in ports if ports.count(port) > 1}):
        yield Invalid("ports", f"{port} is named more than once")


def addressed(link: Item) -> t.Iterator[Invalid]:
    """Addresses go with static addressing, and static addressing with addresses."""
    kind = link.get("addressing")
    if kind == "static" and not link.get("addresses"):
        yield Invalid("addresses", "static addressing needs them")
    for name in ("addresses", "gateway", "nameservers", "search", "routes"):
        if link.get(name) and kind != "static" and link["state"] != "absent":
            yield Invalid(name, "goes with 'addressing: static' only")
    if kind == "inherit" and link.get("type") in ("vlan",):
        yield Invalid("addressing", "a VLAN has addresses of its own: dhcp, static or none")
    if link.get("gateway") and not any(
        (":" in link["gateway"]) == (":" in entry) for entry in link.get("addresses") or []
    ):
        yield Invalid("gateway", f"{link['gateway']} is of another family than the addresses")


NO_HOST = "stands for no host: write the address of one"


def routed(link: Item) -> t.Iterator[Invalid]:
    """Addresses and routers are hosts. A default route to none leads all that the host sends out of the link."""
    if link["state"] == "absent":
        return
    own = [ipaddress.ip_interface(entry) for entry in link.get("addresses") or []]
    # A route without a router says what is on the link as well.
    straight = [route["to"] for route in link.get("routes") or [] if route.get("to") and not route.get("via")]
    near = [each.network for each in own]
    near += [ipaddress.ip_interface(to).network for to in straight if to != "default"]
    for index, interface in enumerate(own):
        if stands_for_none(interface.ip):
            yield Invalid(f"addresses[{index}]", f"{interface} {NO_HOST}")
    for index, route in enumerate(link.get("routes") or []):
        yield from whole_route(route, f"routes[{index}]")
    routers = {f"routes[{index}].via": route.get("via") for index, route in enumerate(link.get("routes") or [])}
    for where, router in {"gateway": link.get("gateway"), **routers}.items():
        if router:
            yield from misplaced(where, ipaddress.ip_address(router), own, near)


def whole_route(route: Item, where: str) -> t.Iterator[Invalid]:
    """A route says where it leads, and by which router of its family where it needs one."""
    to, via = route.get("to"), route.get("via")
    if not to:
        yield Invalid(f"{where}.to", "is missing: write where the route leads, such as 10.0.0.0/8 or default")
    elif to == "default" and not via:
        yield Invalid(f"{where}.via", "is missing: a default route needs a router")
    elif to != "default" and via and (":" in to) != (":" in via):
        yield Invalid(f"{where}.via", f"{via} is of another family than {to}")


def misplaced(
    where: str,
    router: ipaddress.IPv4Address | ipaddress.IPv6Address,
    own: t.Sequence[ipaddress.IPv4Interface | ipaddress.IPv6Interface],
    near: t.Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> t.Iterator[Invalid]:
    """A router that nothing can be sent to by a link.

    :param own: the addresses of the link
    :param near: what it reaches without a router
    """
    subnets = [each.network for each in own if each.version == 4 and each.network.prefixlen < 31]
    edges = {edge for net in subnets for edge in (net.network_address, net.broadcast_address)}
    # Of IPv6, a router may have an address of the link alone, and announce subnets of which nobody knows yet.
    sure = own if router.version == 4 else [each for each in own if each.version == 6 and not router.is_link_local]
    if "%" in str(router):
        yield Invalid(where, f"{router} names a device: write it without '%' and what follows")
    elif stands_for_none(router) or router.is_loopback or router in edges:
        yield Invalid(where, f"{router} {NO_HOST}")
    elif router in {each.ip for each in own}:
        yield Invalid(where, f"{router} is an address of the link itself: write that of the router")
    elif sure and not any(router in net for net in near):
        alone = near_router(router)
        yield Invalid(where, f"{router} is in no subnet of the link, so that no route can lead by it: write {alone}")


def near_router(router: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """What to write where a router is in no subnet of the link."""
    return f"one of its subnets, or before it a route to that router alone (to: {router}/{router.max_prefixlen})"


def stands_for_none(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is of no host: of none, of several, or of all."""
    return address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255"


LONGEST = 3600
"""The most seconds that a host may be left with a network that nobody has confirmed."""

LINK = Table(
    kind="link",
    elsewhere=ELSEWHERE,
    forms=FORMS,
    manual="ansible-doc virtfleet.kvm.links has them all",
    skeleton="",
    state="present",
    initial="present",
    transitions={},
    active=frozenset(("present",)),
    rows=(
        Aside("name", "", LINK_NAME, "Name of the link on the host, such as V(br0).", fixed=True),
        Aside(
            "type",
            "",
            Choice(*OPTIONS),
            "Kind of link. V(bridge) puts guests into the network of its ports; V(macvlan) lets a host talk to its own"
            " MacVTap guests; V(vlan) and V(bond) are there for others to be built on.",
            fixed=True,
        ),
        Property(
            "state",
            "",
            Choice("present", "absent"),
            "State that the link shall be in. With V(absent) it is removed, and a bridge gives its addresses back to"
            " its port.",
        ),
        Values(
            "ports",
            "interfaces",
            LINK_NAME,
            "Names of the devices that a bridge or bond is made of, such as V(eth0). The list is whole: a device that"
            " is left out is taken off.",
        ),
        Field(
            "parent",
            "link",
            LINK_NAME,
            "Name of the device that a VLAN, MacVLAN or MacVTap link is on, such as V(eth0).",
        ),
        Field("id", "id", Integer(0, 4094), "Number of the VLAN, such as V(42), for a link of type V(vlan)."),
        Field(
            "mode",
            "parameters/mode",
            Choice(*MACVLAN_MODES, *BOND_MODES),
            "Mode of the link. For MacVLAN and MacVTap it is how links on the same device reach each other (left out,"
            " V(bridge)); for a bond, how it shares out its traffic.",
        ),
        Field(
            "stp",
            "parameters/stp",
            YES_NO,
            "Whether a bridge runs the spanning tree protocol (STP). A new one does not.",
        ),
        Field(
            "forward_delay",
            "parameters/forward-delay",
            Integer(0, 30),
            "Seconds until a new port of a bridge forwards traffic. A new bridge has 0; with a spanning tree it is 2"
            " at least.",
        ),
        Aside(
            "vlan_filtering",
            "",
            YES_NO,
            "Whether a bridge keeps VLANs apart, which the host's kernel has to be able to. Left out, it stays as it"
            " is; V(false) ends it.",
        ),
        Field(
            "mtu",
            "mtu",
            Integer(68, 65535),
            "Size of the largest packet in bytes (MTU), such as V(1500). A new bridge has that of its port.",
        ),
        Field(
            "mac",
            "macaddress",
            MAC,
            "MAC address of the link, such as V(52:54:00:12:34:56). A new bridge has that of its port.",
        ),
        Aside(
            "addressing",
            "",
            Choice("inherit", "dhcp", "static", "none"),
            "Where the link's addresses come from. A bridge or bond takes over its port's with V(inherit), the"
            " default: addresses, routes, name servers and DHCP identity. A MacVLAN link that inherits speaks with its"
            " parent's address.",
        ),
        Values(
            "addresses",
            "addresses",
            Interface(),
            "Static addresses of the link, each with its prefix, such as V(192.0.2.2/24).",
        ),
        Aside("gateway", "", ADDRESS, "Address of the default gateway, with static addresses, such as V(192.0.2.1)."),
        Values(
            "nameservers", "nameservers/addresses", ADDRESS, "Addresses of the name servers, with static addresses."
        ),
        Values(
            "search", "nameservers/search", TEXT, "Domains that are searched for short names, with static addresses."
        ),
        Group("routes", "routes", ROUTE, "Further routes of the link, with static addresses."),
        Aside(
            "takeover",
            "",
            YES_NO,
            "Whether a port may be taken away from the bridge that it is part of. Without it that is refused.",
        ),
    ),
    rules=(typed, named, delayed, connected, addressed, routed),
)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, routes and neighbours that no file has: set with ``ip``, or by a program such as keepalived.

A link takes over what files say. networkd drops the rest when it configures a device anew (networkd.conf(5),
ManageForeignRoutes; systemd.network(5), KeepConfiguration), so whoever reads the plan has to know.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._engine.rows.model import Item
from . import networkd
from .agent import route_words
from .facts import COMMENT, Facts, HostDevice, Route
from .netplan import Netplan
from .netplan_yaml import is_true

if t.TYPE_CHECKING:
    from .links_plan import LinksPlan

HALF = 2**64 - 1
ADDRESS = re.compile(r"[0-9a-fA-F:.]{2,}")
"""What may be an address in a text."""
KEEPS = ("Network", "KeepConfiguration")
"""The setting of a unit by which networkd leaves alone what others have set (systemd.network(5))."""
STATIC = "static"
"""The origin of the routes that networkd sets by its files; others can give it as well."""
NO_QUEUE = ("noqueue", "noop")
"""What a link has that nobody has set a queue on."""
BY_KERNEL = ("ports", "stp", "forward_delay", "vlan_filtering")
"""What of a bridge can change without its addresses being configured anew."""


def warn_of_lost(
    wants: t.Sequence[Item], net: Netplan, later: Netplan, units: networkd.Units, facts: Facts, out: LinksPlan
) -> None:
    """Warn of what goes away with a plan because no file has it, and take it out of the forecast.

    All the rest that no file has is given back by the agent. Nothing is said of what NetworkManager configures: it
    keeps connections that netplan knows nothing of.

    :param net: netplan's documents as they are
    :param later: those that they become
    :param units: networkd's units of ours that they become
    """
    anew = configured_anew(wants, facts, out)
    out.configured = {name: link for name, link in anew.items() if not is_kept(facts.devices[name], later, units)}
    queues(facts, out)
    if out.network_manager:
        return
    for name, device in facts.devices.items():
        found = set_by_hand(device, net, facts)
        out.by_hand.update({name: found} if found else {})
    texts = [*(file.text for file in facts.netplan), *facts.units.values()]
    written = addresses_in(COMMENT.sub("", text) for text in texts)
    routes = [route for route in (*facts.routes, *facts.other_routes) if is_by_hand(route, written)]
    out.static = [list(words) for words in dict.fromkeys(each.words for each in routes if each.protocol == STATIC)]
    out.rules_of_files = any(word in text for text in texts for word in ("routing-policy", "RoutingPolicyRule"))
    for route in (*facts.routes, *facts.other_routes):
        if route.encap and route_words.is_of_others(route.protocol) and out.items:
            out.warnings.append(
                f"a route on {route.device} puts {route.encap} around its packets, which ip does not tell in words that"
                " give it back: look whether it is there after the change"
            )
    neighbours = [each for each in facts.neighbours if not addresses_in([each.address]) & written]
    for name, link in out.configured.items():
        on_it = [f"the neighbour {each.address}" for each in neighbours if each.device == name]
        goes_away(name, link, on_it, [route for route in routes if route.device == name], facts, out)


def queues(facts: Facts, out: LinksPlan) -> None:
    """Say of queues that go with their link that a rollback does not bring them back."""
    for name in out.gone:
        kinds = sorted({kind for kind in facts.queues.get(name, ()) if kind not in NO_QUEUE})
        if kinds:
            out.warnings.append(
                f"link {name}: what tc has set on it ({', '.join(kinds)}) goes with it, and a rollback does not bring"
                " that back: have at hand what sets it"
            )


def goes_away(
    name: str, link: str, neighbours: list[str], lost_routes: t.Sequence[Route], facts: Facts, out: LinksPlan
) -> None:
    """Say what goes away from a device that is configured anew.

    :param link: the link that is the reason
    :param neighbours: for people
    """
    lost = out.by_hand.get(name, [])
    warn(link, [*(f"the address {address}" for address in lost), *neighbours], name, out)
    warn(link, [route_in_words(route) for route in lost_routes if route.protocol in ("", STATIC)], name, out)
    for program in sorted({route.protocol for route in lost_routes} - {"", STATIC}):
        count = sum(route.protocol == program for route in lost_routes)
        out.warnings.append(
            f"link {link}: the routes on {name} whose origin is {program} ({count}) go away: the program that has"
            f" set them has to know of {link}"
        )
    if lost:
        foresee(lost, facts, out, "goes away")
    foresee(made_up(facts.devices[name]), facts, out, f"is made up anew by {link}")


def configured_anew(wants: t.Sequence[Item], facts: Facts, out: LinksPlan) -> dict[str, str]:
    """The devices that lose what no file has, each with the link that is the reason.

    Those that only carry a link, as its parent, are configured anew as well, and keep it: the agent restores it
    (restore_others).
    """
    found = {}
    changed = dict(out.items)
    for item in wants:
        for port in (item.get("ports") or []) if item["name"] in changed else []:
            if port in facts.devices and facts.devices[port].master != item["name"]:
                found[port] = item["name"]
    for link, changes in out.items:
        by_networkd = not out.network_manager or link in out.gone
        if link in facts.devices and by_networkd and any(change.path not in BY_KERNEL for change in changes):
            found[link] = link
    return found


def is_kept(device: HostDevice, later: Netplan, units: networkd.Units) -> bool:
    """Whether networkd leaves alone what a device has of others when it configures it anew (``critical`` of netplan).

    :param later: netplan's documents as they become
    :param units: networkd's units of ours as they become
    """
    owner = later.owner(device.nic)
    if owner is not None:
        return is_true(later.merged(owner).get("critical"))
    value = networkd.setting(networkd.parse(units.get(f"00-virtfleet-{device.name}.network", "")), *KEEPS)
    return is_true(value) or value in ("1", "static")


def set_by_hand(device: HostDevice, net: Netplan, facts: Facts) -> list[str]:
    """The addresses of a device that somebody has set.

    :param net: netplan's documents
    """
    found = unwritten(device, facts)
    given = given_by_files(device, net, facts) if found else ()
    return [address for address in found if ip(address) not in given]


def covered(address: str, others: t.Iterable[str]) -> bool:
    """Whether an address is in the subnet of another."""
    return any(ip(address) in ipaddress.ip_interface(other).network for other in others)


def given_by_files(
    device: HostDevice, net: Netplan, facts: Facts
) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The addresses that files give a device: what a comment, another setting or another device has is none of them.

    :param net: netplan's documents
    """
    owner = net.owner(device.nic)
    texts = [str(each) for each in (net.merged(owner).get("addresses") if owner else None) or []]
    for section, values in networkd.whole_unit(device.network_file, facts):
        texts += [value for key, value in values if key == "Address" and section in ("Network", "Address")]
    return addresses_in(texts)


def unwritten(device: HostDevice, facts: Facts) -> list[str]:
    """The addresses of a device that were not handed out to it; in doubt none.

    A DHCP server or router may hand out an address for ever, which then looks like one that was set by hand.
    """
    found = []
    for version in (4, 6):
        known = [address for address in device.addresses if ip(address).version == version]
        lasting = [address for address in known if address in device.lasting]
        expire = len(lasting) < len(known)
        handed_out = bool(device.client_id) if version == 4 else hears_routers(device, facts)
        if expire or not handed_out:
            found += lasting
    return found


def hears_routers(device: HostDevice, facts: Facts) -> bool:
    """Whether routers announce something on a device, to the kernel or to networkd."""
    announced = any(route.device == device.name and route.protocol == "ra" for route in facts.routes)
    return announced or device.accept_ra not in ("", "0")


def is_by_hand(route: Route, written: t.Collection[object]) -> bool:
    """Whether a route is somebody's, such as one of ``ip route add``, and no file's.

    :param written: the addresses that the files have
    """
    if not route.words or not route_words.is_of_others(route.protocol):
        return False
    network = ipaddress.ip_network(route.to, strict=False)
    if route.protocol == STATIC and not network.prefixlen:
        # In doubt it is a file's: that calls it by names as well.
        return bool(route.via) and ipaddress.ip_address(route.via) not in written
    if route.protocol == STATIC:
        return not any(address in network for address in written)
    return not network.prefixlen or network.network_address not in written


def addresses_in(texts: t.Iterable[str]) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Every address that some texts have, whatever it is there for."""
    found = set()
    for text in texts:
        for word in ADDRESS.findall(text):
            try:
                found.add(ipaddress.ip_address(word.strip(".")))
            except ValueError:
                continue
    return found


def ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address without its subnet."""
    return ipaddress.ip_interface(address).ip


def route_in_words(route: Route) -> str:
    """A route for people. One of IPv4 goes as a whole, with its next hops on other devices."""
    table = f" of table {route.table}" if route.table else ""
    named = [name for word, name in zip(route.words, route.words[1:], strict=False) if word == "dev"]
    others = [name for name in dict.fromkeys(named) if name != route.device and "-4" in route.words]
    along = f" (and with it its next hops on {', '.join(others)})" if others else ""
    return f"the route to {route.to}{f' by {route.via}' if route.via else ''}{table}{along}"


def warn(link: str, lost: t.Sequence[str], device: str, out: LinksPlan) -> None:
    """Say what goes away."""
    for each in lost:
        out.warnings.append(
            f"link {link}: {each} on {device} is in none of the host's files, as if it was set by hand: it goes away;"
            " describe it in netplan or in networkd's files where it is to stay"
        )


def made_up(device: HostDevice) -> list[str]:
    """The IPv6 addresses whose second half a device has made up itself, not of its MAC address (RFC 7217, RFC 8981)."""
    found = []
    for address in device.dynamic:
        interface = ipaddress.ip_interface(address)
        own = interface.version == 6 and interface.network.prefixlen == 64
        if own and int(interface.ip) & HALF != of_mac(device.mac):
            found.append(address)
    return found


def with_mac(address: str, old: str, new: str) -> str:
    """The IPv6 address that a device has with another MAC address; empty for one that is not made of that."""
    interface, half = ipaddress.ip_interface(address), of_mac(new)
    if interface.version != 6 or interface.network.prefixlen != 64 or half is None:
        return ""
    if int(interface.ip) & HALF != of_mac(old):
        return ""
    return f"{interface.network.network_address + half}/64"


def of_mac(mac: str) -> int | None:
    """The second half of an address that is made of a MAC address (RFC 4291, appendix A); None for no such address."""
    digits = mac.replace(":", "")
    if len(digits) != 12:
        return None
    return int(f"{digits[:6]}fffe{digits[6:]}", 16) ^ (1 << 57)


def foresee(lost: t.Collection[str], facts: Facts, out: LinksPlan, note: str) -> None:
    """Take addresses out of the forecast, and look for the host where it is then.

    :param note: what becomes of them
    """
    for entry in out.forecast:
        if entry["after"] is None or not set(lost) & set(entry["after"]):
            continue
        there = [address for address in entry["after"] if address in lost]
        entry["after"] = [address for address in entry["after"] if address not in lost]
        entry["note"] += f"; {', '.join(there)} {note}"
        if facts.login in {str(ip(address)) for address in lost}:
            left = [str(ip(address)) for address in entry["after"]]
            out.addresses += [address for address in left if address not in out.addresses]

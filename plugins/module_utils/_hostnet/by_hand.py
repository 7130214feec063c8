# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and routes that no file has: set with ``ip``, or by a program such as keepalived.

A link takes over what files say. networkd drops the rest when it configures a device anew (networkd.conf(5),
ManageForeignRoutes; systemd.network(5), KeepConfiguration), so whoever reads the plan has to know.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .facts import Device, Facts, Route

if t.TYPE_CHECKING:
    from .work import Plan

HALF = 2**64 - 1
ADDRESS = re.compile(r"[0-9a-fA-F:.]{2,}")
"""What may be an address in a text."""

BY_KERNEL = ("ports", "stp", "forward_delay", "vlan_filtering")
"""What of a bridge can change without its addresses being configured anew."""


def told(facts: Facts, out: Plan) -> None:
    """Warn of what goes away with a plan because no file has it, and take it out of the forecast.

    Nothing is said of what NetworkManager configures: it keeps connections that netplan knows nothing of.
    """
    if out.network_manager:
        return
    written = addresses_in([*(file.text for file in facts.netplan), *facts.units.values()])
    for name, device in facts.devices.items():
        found = [address for address in unwritten(device, facts) if ip(address) not in written]
        out.by_hand.update({name: found} if found else {})
    for name, link in configured_anew(facts, out).items():
        lost = out.by_hand.get(name, [])
        warn(link, [f"the address {address}" for address in lost], name, out)
        routes = [*facts.routes, *facts.other_routes]
        lost_routes = [route for route in routes if is_by_hand(route, name) and goal(route) not in written]
        warn(link, [words(route) for route in lost_routes], name, out)
        if lost:
            foresee(lost, facts, out, "goes away")
        foresee(made_up(facts.devices[name]), facts, out, f"is made up anew by {link}")


def configured_anew(facts: Facts, out: Plan) -> dict[str, str]:
    """The devices that lose what no file has, each with the link that is the reason."""
    found = {port: link for port, link in out.ports.items() if facts.devices[port].master != link}
    for link, changes in out.items:
        if link in facts.devices and any(change.path not in BY_KERNEL for change in changes):
            found[link] = link
    return found


def unwritten(device: Device, facts: Facts) -> list[str]:
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


def hears_routers(device: Device, facts: Facts) -> bool:
    """Whether routers announce something on a device, to the kernel or to networkd."""
    announced = any(route.device == device.name and route.protocol == "ra" for route in facts.routes)
    return announced or device.accept_ra not in ("", "0")


def is_by_hand(route: Route, name: str) -> bool:
    """Whether a route has the origin that ``ip route add`` gives it: ``boot``, which ip does not tell."""
    return route.device == name and bool(route.words) and not route.protocol


def goal(route: Route) -> t.Any:
    """The first address of the network that a route leads to; the route itself for the default route."""
    network = ipaddress.ip_network(route.to, strict=False)
    return network.network_address if network.prefixlen else route


def addresses_in(texts: t.Iterable[str]) -> set[t.Any]:
    """Every address that some texts have, whatever it is there for."""
    found = set()
    for text in texts:
        for word in ADDRESS.findall(text):
            try:
                found.add(ipaddress.ip_address(word.strip(".")))
            except ValueError:
                continue
    return found


def ip(address: str) -> t.Any:
    """An address without its subnet."""
    return ipaddress.ip_interface(address).ip


def words(route: Route) -> str:
    """A route for people."""
    table = f" of table {route.table}" if route.table else ""
    return f"the route to {route.to}{f' by {route.via}' if route.via else ''}{table}"


def warn(link: str, lost: t.Sequence[str], device: str, out: Plan) -> None:
    """Say what goes away."""
    for each in lost:
        out.warnings.append(
            f"link {link}: {each} on {device} is in none of the host's files, as if it was set by hand: it goes away;"
            " describe it in netplan or in networkd's files where it is to stay"
        )


def made_up(device: Device) -> list[str]:
    """The IPv6 addresses whose second half a device has made up itself, not of its MAC address (RFC 7217, RFC 8981)."""
    found = []
    for address in device.dynamic:
        interface = ipaddress.ip_interface(address)
        own = interface.version == 6 and interface.network.prefixlen == 64
        if own and int(interface.ip) & HALF != of_mac(device.mac):
            found.append(address)
    return found


def of_mac(mac: str) -> int | None:
    """The second half of an address that is made of a MAC address (RFC 4291, appendix A); None for no such address."""
    digits = mac.replace(":", "")
    if len(digits) != 12:
        return None
    return int(f"{digits[:6]}fffe{digits[6:]}", 16) ^ (1 << 57)


def foresee(lost: t.Collection[str], facts: Facts, out: Plan, note: str) -> None:
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

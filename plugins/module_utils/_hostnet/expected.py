# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses and routes that a host must have once a change is in force. Pure; the agent looks for them.

networkd and NetworkManager configure anew what they find changed, and the devices below it: each asks its DHCP server
again then. A server that is silent must not cost an address that the check has promised.
"""

from __future__ import annotations

import ipaddress
import typing as t

from .._engine.rows.model import Item
from . import set_by_hand
from .agent.shapes import Expected
from .facts import Facts, HostDevice
from .netplan import Netplan

if t.TYPE_CHECKING:
    from .links_plan import Foretold, LinksPlan

ANEW = ("Network.", "Address.", "Route.", "DHCPv4.")
"""How the changes of a link begin that give it other addresses, where networkd is told by units of ours."""


def note(wants: t.Sequence[Item], net: Netplan, facts: Facts, out: LinksPlan) -> None:
    """Take note of what each device has, and of what the host must have afterwards.

    :param net: netplan's documents as they were
    """
    for name, device in facts.devices.items():
        configured = device.network_file or net.owner(device.nic) is not None
        if device.kind == "loopback" or not configured:
            continue
        others = set_by_hand.set_by_hand(device, net, facts)
        found = [address for address in device.addresses if address not in others]
        out.given_addresses.update({name: found} if found else {})
    foreseen = [address for entry in out.forecast for address in entry["before"]]
    for entry in out.forecast:
        out.expected += of_forecast(entry, facts, out)
    declared = {item["name"]: item for item in wants}
    for name, found in out.given_addresses.items():
        left = [address for address in found if address not in foreseen]
        if left and not is_another(name, declared, out):
            out.expected.append(expected([name], left, [facts.devices[name]], facts))


def is_another(name: str, declared: t.Mapping[str, Item], out: LinksPlan) -> bool:
    """Whether a device goes, becomes a port, or gets addresses of which the forecast does not tell.

    :param declared: the links by name
    """
    paths = [change.path for link, changes in out.items if link == name for change in changes]
    is_new = name in out.again or any(path == "definition" or path.startswith(ANEW) for path in paths)
    return name in out.gone or name in out.ports or (name in declared and is_new)


def of_forecast(entry: Foretold, facts: Facts, out: LinksPlan) -> t.Iterator[Expected]:
    """What the host must have of one entry of the forecast."""
    link, before, after = entry["link"], entry["before"], entry["after"]
    holders = [device for device in facts.devices.values() if set(before) & set(device.addresses)]
    ports = facts.ports(link)
    # The addresses of one that goes are on a port of it then, or on the link that gets that port.
    devices = [link] if link not in out.gone and after is not None else list(dict.fromkeys([link, *ports]))
    devices += [out.ports[port] for port in ports if port in out.ports and out.ports[port] not in devices]
    kept = {address for found in out.given_addresses.values() for address in found}
    if after is None:
        if any("." in address and address in kept for address in before):
            yield {**expected(devices, [], holders, facts), "addresses": None, "leased": True}
        return
    wanted = [address for address in after if address in kept or address not in before]
    if wanted:
        same = set(after) == set(before)
        yield expected(devices, wanted, holders, facts, routes=same)


def gateways(found: t.Iterable[Expected]) -> list[str]:
    """The gateways that must be as they were."""
    return list(dict.fromkeys(via for each in found for _to, via in each["routes"]))


def expected(
    devices: list[str], wanted: t.Sequence[str], holders: t.Sequence[HostDevice], facts: Facts, routes: bool = True
) -> Expected:
    """What one of some devices must have.

    :param holders: the devices that have it now
    :param routes: whether it must have their routes to everywhere as well
    """
    names = {device.name for device in holders}
    dynamic = {address for device in holders for address in device.dynamic}
    # What routers announce comes in its own time.
    late = [address for address in wanted if ":" in address and address in dynamic]
    ways = [
        [route.to, route.via]
        for route in facts.routes
        if route.device in names and route.to == "0.0.0.0/0" and route.via and route.protocol in ("dhcp", "static")
    ]
    return {
        "devices": devices,
        "addresses": [str(ipaddress.ip_interface(address)) for address in wanted if address not in late],
        "late": late,
        "routes": ways if routes else [],
        "leased": any("." in address and address in dynamic for address in wanted),
        "carrier": not holders or any(device.carrier for device in holders),
    }

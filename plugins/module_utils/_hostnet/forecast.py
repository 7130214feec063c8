# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a host's addresses, and of the DHCP identity by which it keeps them. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from .._engine.rows.model import Item
from .._errors import Invalid
from . import networkd, set_by_hand
from .facts import Facts, HostDevice
from .netplan import Netplan, NetplanPlace
from .netplan_edit import SECTION, is_addressed
from .netplan_yaml import is_true

if t.TYPE_CHECKING:
    from .links_plan import LinksPlan


def moved(item: Item, bridge: HostDevice, before: Netplan, facts: Facts, out: LinksPlan) -> None:
    """Say what becomes of a bridge that gets other ports: it keeps its addresses and its MAC address.

    :param before: the documents as they were
    """
    now, name = facts.ports(item["name"]), item["name"]
    ports = item.get("ports", now)
    left = [port for port in now if port not in ports]
    if not left and all(port in now for port in ports):
        return
    place = NetplanPlace(SECTION[item["type"]], name)
    if bridge.addresses and is_addressed(before.merged(place)):
        dhcp = is_true(before.get(place, "dhcp4"))
        # What has no IAID is known to the server by its MAC address, which is that of a port unless it is declared.
        sure = not dhcp or bridge.iaid is not None or bool(before.get(place, "macaddress"))
        note = "it keeps its addresses, and is reached by its new ports"
        if not ports:
            note = "it keeps its addresses and has no port any more: only guests on it reach them"
        if not sure:
            note = "the DHCP server may give another address: it knows the bridge by the MAC address of a port"
        addresses = list(bridge.addresses)
        out.forecast.append({"link": name, "before": addresses, "after": addresses if sure else None, "note": note})
    for port in left:
        if bridge.mac and bridge.mac.lower() in facts.devices[port].nic.macs:
            out.warnings.append(
                f"link {name}: it keeps the MAC address of {port}, which is no port of it any more: where {port} is"
                " on the same network as the new ports, give the bridge another one (mac)"
            )


def own_again(item: Item, facts: Facts, out: LinksPlan) -> list[str]:
    """Say what becomes of ports that a bridge leaves where networkd is configured without netplan.

    The user's units stay there as they are, so that such a port has its own addresses and DHCP identity again.

    Returns those that have.
    """
    name, found = item["name"], []
    for port in facts.ports(name):
        if port not in (item.get("ports") or []):
            try:
                path = networkd.source(facts.devices[port], facts)
            except Invalid:
                # The unit is gone: there is nothing that the port has by itself.
                continue
            if networkd.addressed(networkd.whole_unit(path, facts)):
                found.append(port)
    bridge = facts.devices.get(name)
    if found and bridge is not None and bridge.addresses:
        before, note = list(bridge.addresses), f"they are those of {', '.join(found)}, which has them by itself again"
        out.forecast.append({"link": name, "before": before, "after": None, "note": note})
    return found


def go_away(item: Item, bridge: HostDevice, port: HostDevice, facts: Facts, out: LinksPlan) -> None:
    """Say that a new port's addresses go away, as the bridge has its own."""
    name, gone = item["name"], list(port.addresses)
    note = f"the addresses of {port.name} go away: {name} has its own"
    out.forecast.append({"link": name, "before": gone, "after": [], "note": note})
    if any(address.split("/")[0] == facts.login for address in gone):
        out.addresses += [address.split("/")[0] for address in bridge.addresses]


def give_back(
    name: str, bridge: HostDevice, heir: str, had: t.Sequence[str], net: Netplan, facts: Facts, out: LinksPlan
) -> networkd.Units:
    """What goes back to a port with the addresses of a bridge: the DHCP identity, and the forecast.

    :param heir: the id of the definition that gets them
    :param had: the units of the bridge's that go
    :param net: the documents as they become

    Returns the units that the port gets.
    """
    units: networkd.Units = {}
    place = next(place for place in net.places() if place.id == heir)
    ports = [*(facts.devices[port] for port in facts.ports(name)), *facts.devices.values()]
    port = next((device for device in ports if net.owner(device.nic) == place), None)
    if port is None:
        gone, note = list(bridge.addresses), f"they go away: the host has no {heir}, which gets them in netplan's files"
        out.forecast.append({"link": name, "before": gone, "after": [], "note": note})
        return units
    had_identity = any("virtfleet-identity" in unit for unit in had)
    by_networkd, own_file = net.renderer(place) == "networkd", not net.shared(place)
    # A bridge that has moved has the identity of another port than that which inherits from it.
    same_card = port is not None and bridge.mac.lower() in port.nic.macs
    sure = not is_true(net.get(place, "dhcp4"))
    if same_card and had_identity:
        sure = True
    elif by_networkd and own_file and bridge.iaid is not None:
        units.update(networkd.identity(f"10-netplan-{heir}.network", bridge))
        sure = True
    elif same_card and (not by_networkd or (bridge.client_id and bridge.iaid is None)):
        # The server knows it by its MAC address.
        sure = True
    before, note = list(bridge.addresses), f"the address, routes and name servers go back to {heir}"
    if not sure:
        note += f", and the DHCP server may give another address: it does not know {heir} as {name}"
    out.forecast.append({"link": name, "before": before, "after": list(before) if sure else None, "note": note})
    if bridge.mac and port.mac and bridge.mac.lower() != port.mac.lower():
        other_mac(name, bridge, port.mac.lower(), facts, out)
    return units


def addresses(item: Item, before: t.Sequence[str], unsure: bool, facts: Facts, out: LinksPlan) -> None:
    """Say what becomes of addresses."""
    kind = item.get("addressing") or "inherit"
    after: list[str] | None = list(before)
    note = "the address, routes and name servers move along"
    if kind == "static":
        after, note = list(item["addresses"]), "the declared addresses take the place of the old ones"
        if any(":" in address and address not in after for address in before):
            note += "; what a router announces (IPv6) is the router's to give"
    elif kind == "none":
        after, note = [], "the addresses go away"
    elif kind == "dhcp":
        after, note = None, "the DHCP server decides"
    elif unsure:
        after, note = None, "there is no DHCP lease to take over: the DHCP server may give another address"
    out.forecast.append({"link": item["name"], "before": list(before), "after": after, "note": note})
    if facts.login and any(address.split("/")[0] == facts.login for address in before):
        out.addresses += [address.split("/")[0] for address in after or [] if address not in before]


def other_macs(wants: t.Sequence[Item], facts: Facts, out: LinksPlan) -> None:
    """Say what becomes of addresses that were given for a MAC address where a link is declared to have another."""
    changed = {name for name, _changes in out.items}
    for item in wants:
        name, mac = item["name"], str(item.get("mac") or "").lower()
        if not mac or name not in changed:
            continue
        below = [name] if name in facts.devices else item.get("ports") or []
        for device in (facts.devices[each] for each in below if each in facts.devices):
            if device.mac.lower() == mac or not device.addresses:
                continue
            if device.name == name and not any(entry["link"] == name for entry in out.forecast):
                kept, note = list(device.addresses), "it keeps its addresses"
                out.forecast.append({"link": name, "before": kept, "after": list(kept), "note": note})
            other_mac(item["name"], device, mac, facts, out)


def other_mac(link: str, device: HostDevice, mac: str, facts: Facts, out: LinksPlan) -> None:
    """The same of one device: what a router announces is made anew, and a DHCP server that goes by it decides anew."""
    new_addresses = {address: set_by_hand.with_mac(address, device.mac, mac) for address in device.dynamic}
    new_addresses = {old: new for old, new in new_addresses.items() if new}
    set_by_hand.foresee(list(new_addresses), facts, out, f"is made anew of the MAC address {mac}")
    leased = any(ipaddress.ip_interface(address).version == 4 for address in device.dynamic)
    for entry in out.forecast:
        if entry["link"] != link or entry["after"] is None:
            continue
        news = [new for old, new in new_addresses.items() if old in entry["before"] and new not in entry["after"]]
        entry["after"] = [*entry["after"], *news]
        if facts.login in {old.split("/")[0] for old in new_addresses}:
            out.addresses += [new.split("/")[0] for new in news if new.split("/")[0] not in out.addresses]
        if leased and device.client_id and device.iaid is None:
            entry["after"] = None
            entry["note"] += "; the DHCP server may give another address: it knows the link by its MAC address"


def unknown(facts: Facts, out: LinksPlan) -> None:
    """Warn where nobody can say by which address the host is to be reached: then nobody confirms the change.

    Where the address is another one, that is.
    """
    for entry in out.forecast:
        decides = entry["after"] is None and "the DHCP server" in entry["note"] and "." in facts.login
        if decides and facts.login in {address.split("/")[0] for address in entry["before"]}:
            out.warnings.append(
                f"link {entry['link']}: the host is reached by {facts.login}, and the DHCP server may give it another"
                " address: then the change is taken back, as the controller does not find the host there; to be sure,"
                " reserve the address at the DHCP server, or declare it (addressing: static)"
            )

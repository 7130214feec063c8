# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit networkd configures a device by: somebody's, that comes before the one a link is written to, is refused.

networkd takes the first unit that matches, by the names of all folders together, and of one name that of /etc
(systemd.network(5)). What a link's own unit says would never be in force, or no longer after the next boot. Pure.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import posixpath
import typing as t

from .._engine.rows.model import Item
from .._errors import Invalid
from .._printing import printable
from . import networkd
from .facts import Facts, HostDevice, Nic
from .netplan import Netplan, NetplanPlace

WORD = {"bridge": "Bridge", "bond": "Bond", "vlan": "VLAN", "macvlan": "MACVLAN", "macvtap": "MACVTAP"}
"""The setting by which the unit of a port or parent names a link, by the link's type."""

TYPES = ("bridge", "bond", "vlan")
"""The kinds of device that networkd has a type for; a MacVLAN's is that of a card (networkctl(1), list)."""


def unit_of(place: NetplanPlace) -> str:
    """The name of the unit that netplan makes of a definition."""
    return f"10-netplan-{place.id}.network"


def refuse(item: Item, net: Netplan, facts: Facts) -> None:
    """Raise Invalid where the ports or the parent of a link of netplan's are configured by units of somebody's.

    :param net: the documents as they become
    """
    for where, below in built_on(item):
        device = facts.devices.get(below)
        owner = net.owner(device.nic) if device is not None else net.place(below)
        if owner is not None:
            refuse_below(item, below, where, owner, net, facts)


CARDS = ("ethernets", "modems", "wifis")
"""The sections of netplan's that describe devices which are there."""


def refuse_other_name(item: Item, net: Netplan, facts: Facts) -> None:
    """Raise Invalid for a port or parent that netplan describes by another name of it, an altname (ip-link(8)).

    networkd goes by such names as well (systemd.network(5), Name=), netplan does not: what the definition says would
    not move along.

    :param net: the documents as they are
    """
    for where, below in built_on(item):
        device = facts.devices.get(below)
        for place, name in known_as(device, net) if device is not None else ():
            if name == below:
                break
            if place.section in CARDS and net.renderer(place) == "networkd":
                raise Invalid(where, OTHER_NAME.format(card=below, place=printable(place.id), name=name))


def known_as(device: HostDevice, net: Netplan) -> t.Iterator[tuple[NetplanPlace, str]]:
    """The definitions that match a device, as networkd reads them, each with the name by which it does."""
    for place in net.in_order():
        for name in (device.name, *device.altnames):
            if net.means(place, dataclasses.replace(device.nic, name=name)):
                yield place, name
                break


OTHER_NAME = (
    "netplan's definition {place} is for {card} by another name of it, {name} (altname), and would not move along:"
    " write {card} there in place of {name}, and have it applied (netplan apply)"
)


def refuse_beside_netplan(item: Item, net: Netplan, facts: Facts) -> None:
    """Raise Invalid for a port or parent that netplan does not know and a unit of somebody's configures.

    :param net: the documents as they are
    """
    for where, below in built_on(item):
        device = facts.devices.get(below)
        path = in_force(device, facts)
        if device is None or path is None or net.owner(device.nic) is not None or path.startswith(networkd.VENDOR):
            continue
        if not names(path, item, facts):
            raise Invalid(
                where, f"{below} is configured by {path} beside netplan: describe it in netplan, and remove that file"
            )


def built_on(item: Item) -> t.Iterator[tuple[str, str]]:
    """The ports and the parent of a link, each with the option that names it."""
    for index, port in enumerate(item.get("ports") or []):
        yield f"ports[{index}]", port
    if item.get("parent"):
        yield "parent", item["parent"]


def refuse_link(item: Item, net: Netplan | None, facts: Facts) -> dict[str, str]:
    """Raise Invalid where a unit of somebody's comes before that of a link itself, which changes.

    Returns the name of that unit, by the link's; nothing where NetworkManager makes it.

    :param net: the documents as they become; None where there is no netplan
    """
    name = item["name"]
    if net is not None:
        refuse_pattern(item, net)
    unit = f"{'50' if item['type'] in networkd.MAC_KINDS else '00'}-virtfleet-{name}.network"
    place = net.place(name) if net is not None and item["type"] not in networkd.MAC_KINDS else None
    if net is not None and place is not None:
        if net.renderer(place) != "networkd":
            return {}
        unit = unit_of(place)
    path = other_unit(name, unit, facts, HostDevice(name, kind=item["type"]))
    if path is not None:
        raise Invalid(
            "name",
            f"networkd configures {name} by {path} and not by {unit}: take {name} out of the former, such as by Kind=!*"
            " in its [Match]",
        )
    return {name: unit}


def refuse_pattern(item: Item, net: Netplan) -> None:
    """Raise Invalid where networkd would take netplan's definition of others for a link, as its pattern matches."""
    name, is_mac = item["name"], item["type"] in networkd.MAC_KINDS
    owner = net.owner(Nic(name, borrowed=not is_mac))
    if owner is None or net.renderer(owner) != "networkd" or (owner.id == name and not is_mac):
        return
    raise Invalid(
        "name",
        f"netplan's definition {printable(owner.id)} is for {name} as well (match): choose a name that it is not for",
    )


def refuse_below(item: Item, name: str, where: str, owner: NetplanPlace, net: Netplan, facts: Facts) -> None:
    """Raise Invalid where a unit of somebody's configures a port or parent, and does not name the link itself.

    :param owner: netplan's definition of that device
    """
    unit = unit_of(owner)
    path = (
        other_unit(name, unit, facts) if net.renderer(owner) == "networkd" else in_force(facts.devices.get(name), facts)
    )
    if path is None or names(path, item, facts):
        return
    if posixpath.basename(path) == unit and item["type"] in networkd.MAC_KINDS:
        return  # What is added to the one is added to the other: it goes by the name.
    raise Invalid(
        where,
        f"networkd configures {name} by {path} and not by netplan's {unit}: describe {name} in netplan alone (what that"
        f" has no word for, in {networkd.ADMIN}/{unit}.d/more.conf), and take {name} out of the former",
    )


def names(path: str, item: Item, facts: Facts) -> bool:
    """Whether a unit itself makes its device a port or the parent of a link."""
    sections = networkd.whole_unit(path, facts)
    network = [pair for section, values in sections if section == "Network" for pair in values]
    return item["name"] in {word for key, value in network if key == WORD[item["type"]] for word in value.split()}


def other_unit(name: str, unit: str, facts: Facts, later: HostDevice | None = None) -> str | None:
    """The unit of somebody's that networkd takes for a device, by its path, though another one is made for it.

    :param unit: the name of that one
    :param later: what the device is like once it is there
    """
    device = facts.devices.get(name, later)
    now = in_force(device, facts)
    found = visible(facts)
    before = [found[base] for base in sorted(found) if base < unit and not is_made(found[base])]
    for path in before:
        if path == now or is_for(networkd.whole_unit(path, facts), name, device):
            return path
    if now is not None and posixpath.basename(now) < unit:
        return now
    same = found.get(unit, "")
    return same if same.startswith(f"{networkd.ADMIN}/") else None


def visible(facts: Facts) -> dict[str, str]:
    """The .network units that networkd reads, by name, each with its path: of one name those of /etc come first."""
    found: dict[str, str] = {}
    for folder in (networkd.KEPT, networkd.TRIAL, networkd.ADMIN):
        inside = [path for path in facts.units if posixpath.dirname(path) == folder and path.endswith(".network")]
        found.update({posixpath.basename(path): path for path in inside})
    return found


def in_force(device: HostDevice | None, facts: Facts) -> str | None:
    """The unit of somebody's that networkd configures a device by now; None for one of netplan's and ours."""
    path = device.network_file if device is not None else ""
    is_there = path in facts.units or path.startswith(networkd.VENDOR)
    return path if path and is_there and not is_made(path) else None


def is_made(path: str) -> bool:
    """Whether a unit is one that netplan makes, or this collection."""
    base = posixpath.basename(path)
    return not path.startswith(f"{networkd.ADMIN}/") and ("virtfleet-" in base or base.startswith("10-netplan-"))


def is_for(sections: networkd.Sections, name: str, device: HostDevice | None) -> bool:
    """Whether a unit matches a device; in doubt not, as where that hangs on its driver or the host."""
    match: dict[str, list[str]] = {}
    for section, values in sections:
        for key, value in values if section == "Match" else ():
            match[key] = [*match.get(key, []), *value.split()] if value else []
    match = {key: words for key, words in match.items() if words}
    return bool(match) and all(holds(key, words, name, device) for key, words in match.items())


def holds(key: str, words: t.Sequence[str], name: str, device: HostDevice | None) -> bool:
    """Whether one condition of a match holds."""
    if key == "Name":
        return matches_any(words, [name, *(device.altnames if device is not None else ())])
    if device is None:
        return False
    if key in ("MACAddress", "PermanentMACAddress"):
        mac = device.mac if key == "MACAddress" else device.permanent
        return mac.lower() in {word.lower().replace("-", ":") for word in words}
    if key == "Type":
        return matches_any(words, ["wlan" if device.wireless else device.kind if device.kind in TYPES else "ether"])
    if key == "Kind":
        return matches_any(words, [device.kind] if device.kind else [])
    return False


def matches_any(words: t.Sequence[str], values: t.Sequence[str]) -> bool:
    """Whether a value is among some patterns, or among none of them where the first begins with "!"."""
    wanted, yes = ([words[0][1:], *words[1:]], False) if words[0].startswith("!") else (words, True)
    return any(fnmatch.fnmatchcase(value, word) for value in values for word in wanted) == yes

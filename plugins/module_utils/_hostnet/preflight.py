# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is touched. Pure: each check yields what is wrong, with the way out."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._engine.rows.model import Item
from .._errors import Invalid
from . import live, networkd, networkd_units, portless_bridges, shared_ports
from .facts import COMMENT, Facts, HostDevice, Route, covering
from .kernel import MODULES

NAMING = ("name", "type", "state", "takeover", "parent", "id")
"""What of a link says which one it is."""
WORD = re.compile(r"[^\s,=\[\]{}'\"]+")
"""What of a text can be a device's name or MAC address."""

BUILT = {"bridge": ("bridge",), "bond": ("bond",), "vlan": ("vlan",), "macvlan": ("macvlan",), "macvtap": ("macvtap",)}
EXCLUSIVE = ("macvlan", "macvtap", "ipvlan", "ipvtap")
"""Kinds of device that take all that arrives on the one below them, so that it cannot be a port as well."""

UNMADE = (
    "the kernel of this host cannot make a {kind}: it is built without it, and has no module {module}. Install the"
    " package that has it (such as linux-modules-extra), or boot another kernel"
)
NO_VLANS = (
    "the kernel of this host cannot keep VLANs apart on a bridge (it is built without CONFIG_BRIDGE_VLAN_FILTERING):"
    " leave the option out, and declare a link of type vlan and a bridge for each VLAN, or boot another kernel"
)

IFUPDOWN = (
    "is configured by ifupdown, whose configuration is not changed here: describe it in netplan instead"
    " (apt install netplan.io, write its addresses to /etc/netplan/01-netcfg.yaml, take it out of"
    " /etc/network/interfaces, netplan apply)"
)


def problems(item: Item, items: t.Sequence[Item], facts: Facts) -> t.Iterator[Invalid]:
    """What stands in the way of one item.

    :param items: all that is declared, this one too
    """
    if item["state"] == "absent":
        yield from in_use(item, items, facts)
        yield from made_elsewhere(item, facts)
        return
    yield from name_is_free(item, facts)
    yield from made_elsewhere(item, facts)
    later = {other["name"]: other for other in items if other["state"] == "present"}
    owners = shared_ports.owners(items)
    for index, port in enumerate(item.get("ports") or []):
        reason = shared_ports.of_several(port, owners[port])
        if reason is not None:
            yield Invalid(f"ports[{index}]", reason)
        yield from port_problems(item, port, f"ports[{index}]", items, facts)
    if item.get("parent"):
        yield from parent_problems(item, later, facts)
        yield from made_anew(item, facts)
    if item["type"] in facts.unmade and item["name"] not in facts.devices:
        yield Invalid("type", UNMADE.format(kind=item["type"], module=MODULES[item["type"]]))
    if item.get("vlan_filtering") and facts.vlan_filtering is False:
        yield Invalid("vlan_filtering", NO_VLANS)
    yield from routed(item, items, facts)
    yield from unreachable(item, facts)
    yield from portless_bridges.takeovers(item, items, facts)
    yield from portless_bridges.empty(item, facts)


def name_is_free(item: Item, facts: Facts) -> t.Iterator[Invalid]:
    """The name is free, or a link's of that type."""
    device = facts.devices.get(item["name"])
    if device is not None and device.kind not in BUILT[item["type"]]:
        what = device.kind or "network card"
        yield Invalid("name", f"the host has a {what} of that name already: choose another")
    other = next((each.name for each in facts.devices.values() if item["name"] in each.altnames), None)
    if other is not None:
        yield Invalid("name", f"is another name of {other} (ip link property): choose another")


def made_elsewhere(item: Item, facts: Facts) -> t.Iterator[Invalid]:
    """A link that the user's own units make is left to them: a declaration that asks for nothing else is fine."""
    path, device = networkd_units.made_by(item["name"], facts), facts.devices.get(item["name"])
    if path is None or (device is not None and device.kind not in BUILT):
        return
    if item["state"] == "absent":
        if device is not None:
            yield Invalid("state", f"{path} makes it, and would make it again: remove that file first")
        return
    there = set(item.get("ports") or []) == set(facts.ports(item["name"])) if "ports" in item else True
    asked = [name for name, value in item.items() if value is not None and name not in (*NAMING, "ports")]
    if not there or any((name, item[name]) != ("addressing", "inherit") for name in asked):
        yield Invalid(
            "name",
            f"{path} makes it, and what that says would be lost: change it there; or, to have it declared here, remove"
            " that file and what adds to it",
        )


def port_problems(item: Item, port: str, where: str, items: t.Sequence[Item], facts: Facts) -> t.Iterator[Invalid]:
    """A port exists, can be one, and nothing that needs it for itself is on it."""
    device = facts.devices.get(port)
    if device is None:
        later = {other["name"]: other for other in items if other["state"] == "present"}
        if later.get(port, {}).get("type") not in ("vlan", "bond"):
            yield Invalid(where, missing(port, facts))
        return
    if device.kind == "loopback":
        yield Invalid(where, f"{port} is the loopback device, which cannot be a port")
    if device.wireless:
        yield Invalid(
            where, f"{port} is wireless, and a wireless station cannot be a port: give the guests a network of mode nat"
        )
    if port in facts.ifupdown:
        yield Invalid(where, f"{port} {IFUPDOWN}")
    if device.master == item["name"]:
        return
    if device.master and not item.get("takeover"):
        yield from port_of_another(device, where, items, facts)
    yield from carries_others(port, where, facts)


def port_of_another(device: HostDevice, where: str, items: t.Sequence[Item], facts: Facts) -> t.Iterator[Invalid]:
    """A device has one master only."""
    port, master = device.name, device.master
    kind = facts.devices[master].kind if master in facts.devices else "bridge"
    if kind == "bridge":
        way_out = f"{port} is a port of the bridge {master}: 'takeover: true' takes it from there"
        yield Invalid(where, portless_bridges.needed(device, items, facts) or way_out)
    elif kind in ("bond", "team"):
        yield Invalid(where, f"{port} is part of the {kind} {master}: make {master} the port")
    elif kind != "vrf":
        yield Invalid(where, f"{port} is part of {master} ({kind or 'a network card'}): take it from there")


def carries_others(port: str, where: str, facts: Facts) -> t.Iterator[Invalid]:
    """A device carries a bridge, or MacVLAN links and their like: guests', this host's and those of containers."""
    users = facts.guests_on(port, "direct")
    if users:
        yield Invalid(
            where,
            f"{with_verb('guest', users)} on {port} by MacVTap, and with {port} in a bridge the host would have no"
            f" network: stop {'the guest' if len(users) == 1 else 'the guests'} first, or use another device",
        )
        return
    here = facts.devices.values()
    on_it = [
        *(other.name for other in here if other.kind in EXCLUSIVE and other.parent == port),
        *(str(other) for other in facts.distant if other.kind in EXCLUSIVE and other.parent == port),
    ]
    if on_it:
        yield Invalid(
            where, f"{', '.join(on_it)} is on {port}, which can carry either that or a bridge: remove it first"
        )


def without_subnet(item: Item, parent: HostDevice) -> t.Iterator[Invalid]:
    """A parent with an address of IPv4 has a subnet that its link leads to: a lease of the link's own would do harm.

    :param item: the link
    :param parent: the device that it is on
    """
    kind = item.get("addressing") or ("inherit" if item["type"] == "macvlan" else "none")
    there = [address for address in parent.addresses if "." in address]
    if kind == "inherit" and there and all(address.endswith("/32") for address in there):
        yield Invalid(
            "addressing",
            f"{parent.name} has {', '.join(there)}, which is of no subnet that {item['name']} could lead to: write"
            " 'addressing: static', 'dhcp' or 'none'",
        )


def missing(name: str, facts: Facts) -> str:
    """What is wrong with a device that the host does not have, or only by another name.

    :param name: as it was declared
    :param facts: the host
    """
    real = next((each.name for each in facts.devices.values() if name in each.altnames), None)
    if real is not None:
        return f"{name} is another name (altname) of {real}: write {real}, the name that the kernel and netplan go by"
    return f"the host has no device {name}; it has: {', '.join(hardware(facts))}"


def parent_problems(item: Item, later: t.Mapping[str, Item], facts: Facts) -> t.Iterator[Invalid]:
    """A parent exists and can carry the link."""
    parent = item["parent"]
    device = facts.devices.get(parent)
    if device is None and later.get(parent, {}).get("type") not in ("vlan", "bond", "bridge"):
        yield Invalid("parent", missing(parent, facts))
        return
    if item["type"] not in ("macvlan", "macvtap"):
        return
    if device is not None:
        yield from without_subnet(item, device)
    if device is not None and item.get("mode") == "passthru" and (device.addresses or parent == facts.login_device):
        yield Invalid(
            "mode",
            f"passthru gives {item['name']} all that {parent} receives, and {parent} has addresses of the host, which"
            " would not be reached any more: write bridge, private or vepa, or name a parent without addresses",
        )
    master = device.master if device else ""
    bridges = [name for name, other in later.items() if parent in (other.get("ports") or [])]
    if master and facts.devices.get(master, HostDevice(master)).kind == "bridge":
        bridges.append(master)
    if bridges:
        yield Invalid(
            "parent", f"{parent} is a port of the bridge {bridges[0]}, which takes all its traffic: use {bridges[0]}"
        )
    if device is not None and device.wireless:
        yield Invalid(
            "parent", f"{parent} is wireless, and cannot carry other MAC addresses: use a network of mode nat"
        )
    if parent in facts.ifupdown:
        yield Invalid("parent", f"{parent} {IFUPDOWN}")


def made_anew(item: Item, facts: Facts) -> t.Iterator[Invalid]:
    """A link that is made anew, as it is to have another mode or parent, takes nothing along that is not named."""
    device = facts.devices.get(item["name"])
    if device is None or not live.is_other(item, device):
        return
    where = "parent" if device.parent not in ("", item["parent"]) else "mode"
    users, above = facts.users(device.name), facts.built_on(device.name)
    if users:
        yield Invalid(
            where, f"{with_verb('guest', users)} on {device.name}, which would be made anew: {stop(users)} first"
        )
    if above:
        yield Invalid(where, f"{', '.join(above)} is built on {device.name}, which would be made anew: remove it first")


def used(items: t.Iterable[Item], facts: Facts) -> list[str]:
    """The links that are to be absent and that guests run on, and those that are built on these or that these need.

    They go in a later call, once the guests have been moved.
    """
    gone = [item["name"] for item in items if item["state"] == "absent"]
    kept = set(filter(facts.users, gone))
    while True:
        # What stays keeps its parent, and a bridge its ports.
        below = {facts.devices[name].parent for name in kept if name in facts.devices}
        below |= {device.name for device in facts.devices.values() if device.master in kept}
        more = (below & set(gone)) - kept
        if not more:
            return [name for name in gone if name in kept]
        kept |= more


def in_use(item: Item, items: t.Sequence[Item], facts: Facts) -> t.Iterator[Invalid]:
    """What goes away is not in use."""
    device = facts.devices.get(item["name"])
    if device is None:
        return
    if device.kind in ("vlan", "macvlan", "macvtap") and facts.login_device == device.name:
        yield Invalid("state", f"{facts.login}, by which the host is reached, is on it, and would go with it")
    if device.kind not in BUILT:
        yield Invalid("name", f"is a {device.kind or 'network card'} of the host, and cannot be removed")
        return
    users = facts.users(item["name"])
    if users:
        yield Invalid("state", f"{with_verb('guest', users)} on {item['name']}: {stop(users)} first")
    others = strangers(device, facts)
    if others and not users:
        yield Invalid(
            "state",
            f"{', '.join(others)} is in {item['name']} as well, and in none of the host's files: take it out first",
        )
    gone = {other["name"] for other in items if other["state"] == "absent"}
    # Those of guests go with them: the guests are named.
    above = [name for name in facts.built_on(item["name"]) if name not in gone]
    if above:
        yield Invalid("state", f"{', '.join(above)} is built on {item['name']}: remove it too")


def strangers(bridge: HostDevice, facts: Facts) -> list[str]:
    """The ports that others have put into a bridge, such as those of containers and overlays: no file names them."""
    texts = [*(file.text for file in facts.netplan), *facts.units.values()]
    named = {word.strip(":") for text in texts for word in WORD.findall(COMMENT.sub("", text).lower())}
    found = []
    for device in facts.devices.values():
        by_file = networkd.setting(networkd.whole_unit(device.network_file, facts), "Network", "Bridge") == bridge.name
        # NetworkManager's profiles can find a card by a pattern, and are in no file that is read here.
        by_pattern = not device.kind and facts.network_manager
        known = by_file or by_pattern or bool(named & {device.name.lower(), *device.nic.macs})
        if device.master == bridge.name and not known:
            found.append(device.name)
    return found


def routed(item: Item, items: t.Sequence[Item], facts: Facts) -> t.Iterator[Invalid]:
    """A static subnet is not somewhere else already, and no static route takes the subnet of another device.

    :param items: all links of the call; what is on one that goes, and gives nothing back, does not count
    """
    own = {item["name"], *(item.get("ports") or []), item.get("parent")}
    going = [other["name"] for other in items if other["state"] == "absent"]
    own.update(name for name in going if own.issuperset(facts.ports(name)))
    for index, address in enumerate(item.get("addresses") or []):
        for route in covering(address, facts.routes):
            if route.device not in own:
                yield Invalid(
                    f"addresses[{index}]",
                    f"{address} overlaps {route.to}, which the host has a route to by {route.device}",
                )
                break
    for index, declared in enumerate(item.get("routes") or []):
        taken = next((each for each in facts.routes if each.device not in own and covers(declared, each, facts)), None)
        if taken is not None:
            yield Invalid(
                f"routes[{index}].to",
                f"{taken.to} is on {taken.device}, and this route would take its traffic: leave it out, or give it a"
                f" metric above {taken.metric}",
            )


def covers(declared: Item, route: Route, facts: Facts) -> bool:
    """Whether a declared route takes what a device reaches without a router: all of it, or a part with a router in it.

    :param route: one that the host has
    """
    to, there = network_of(declared.get("to")), network_of(route.to)
    if route.via or to is None or there is None or to.version != there.version:
        return False
    if to == there:
        return bool((declared.get("metric") or 0) <= route.metric)
    routers = {other.via for other in facts.routes if other.device == route.device and other.via}
    within = to.prefixlen > there.prefixlen and to.network_address in there
    return within and any(ipaddress.ip_address(router) in to for router in routers)


def network_of(to: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Where a route leads; None for a default route, and for what is no network."""
    try:
        found = ipaddress.ip_network(str(to), strict=False)
    except ValueError:
        return None
    return found if found.prefixlen else None


def unreachable(item: Item, facts: Facts) -> t.Iterator[Invalid]:
    """The address by which the host was reached does not go away without another in its place."""
    if item.get("addressing") == "none" and facts.login_device in [item["name"], *(item.get("ports") or [])]:
        yield Invalid(
            "addressing",
            f"'none' would take away {facts.login}, by which the host is reached: write inherit, dhcp or static",
        )


def hardware(facts: Facts) -> list[str]:
    """The devices that links are usually built on."""
    return [
        device.name
        for device in facts.devices.values()
        if device.kind in ("", "veth", "bond", "vlan", "bridge") and not device.name.startswith(("virbr", "vnet"))
    ]


def with_verb(what: str, names: list[str]) -> str:
    """Some things with their verb."""
    return f"{what} {names[0]} runs" if len(names) == 1 else f"{what}s {', '.join(names)} run"


def stop(guests: t.Sequence[str]) -> str:
    """What is to be done about guests that were just named."""
    return f"stop {'it' if len(guests) == 1 else 'them'}"

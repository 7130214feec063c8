# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that take the place of others while guests are on these.

libvirt gives a bridge, and an address on it, to one network only. Where a network is renamed, the old one has to go
before the new one starts, and the guests are told of the new one after that. In between they stay connected: their
taps are made ports of the new network's bridge, and libvirt then takes the change of the guest's interface to the other
network while the guest runs.
"""

from __future__ import annotations

import ipaddress
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._engine.step import Step, StepPlace
from ..._flow.purge import Leftovers
from ..._libvirt.objects import Connection
from .cleanup import OF_OTHERS, forward_mode
from .network_users import guests, on_network, with_verb
from .subnets import subnets

NetworksOfGuests = t.Mapping[str, t.Sequence[str]]
"""Guests that are declared, each with the networks that it will be on."""


def leaving(
    connection: Connection, over: Leftovers, wants: t.Sequence[Item], declared: NetworksOfGuests
) -> tuple[list[Item], dict[str, str]]:
    """What is declared, with those of the networks that go which have to make room for others; and what is held back.

    Networks that are in nobody's way go in a later call, after the guests. One that has to make room, and that guests
    are on who are not declared to be on others, is held back by name.

    :param over: what is no longer declared
    :param wants: what is declared, with what goes
    """
    staying = [want for want in wants if want["state"] != "absent"]
    gone = {want["name"] for want in wants if want["state"] == "absent"} | set(over.staying)
    kept_back: dict[str, str] = {}
    if connection is None or not gone:
        return staying, kept_back
    trees: list[tuple[str, ET.Element]] | None = None
    going: list[Item] = []
    for network in sorted(connection.listAllNetworks(0), key=lambda found: str(found.name())):
        name = network.name()
        if name not in gone:
            continue
        taker = follower(ET.fromstring(network.XMLDesc(0)), staying)
        if taker is None:
            continue
        trees = guests(connection) if trees is None else trees
        uses = on_network(network)
        users = {guest for guest, tree in trees if uses(tree)}
        kept = sorted(guest for guest in users if guest not in declared or name in network_names(declared[guest]))
        if kept:
            kept_back[name] = (
                f"makes room for the network {taker}, but {with_verb(kept, 'is', 'are')} on it and not declared to be"
                " on another, so it stays"
            )
        else:
            going.append({"name": name, "state": "absent"})
    return going + staying, kept_back


def network_names(networks: object) -> t.Sequence[object]:
    """The networks of a guest as a list, also where the user wrote a single one."""
    return networks if isinstance(networks, (list, tuple)) else [networks]


def follower(root: ET.Element, wants: t.Iterable[Item]) -> str | None:
    """The declared network that takes the bridge or a subnet of one that goes."""
    if forward_mode(root) in OF_OTHERS:
        return None
    bridge = root.find("bridge")
    there = subnets(root)
    for want in wants:
        if (want.get("forward") or {}).get("mode") in OF_OTHERS:
            continue
        if bridge is not None and want.get("bridge") == bridge.get("name"):
            return str(want["name"])
        if any(in_subnet(str(ip.get("address")), there) for ip in want.get("ips") or []):
            return str(want["name"])
    return None


def in_subnet(address: str, there: t.Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Whether a declared address is in one of some subnets."""
    try:
        host = ipaddress.ip_interface(address).ip
    except ValueError:
        return False
    return any(host.version == subnet.version and host in subnet for subnet in there)


def reattach(plans: t.Iterable[Plan], have: t.Mapping[str, Observed], wants: t.Sequence[Item]) -> None:
    """Plan that guests on a network that goes are put on the bridge of the one that takes its place.

    Which one that is can only be told from the plans of all networks.
    """
    plans = list(plans)
    going = [entry.name for entry in plans if any(step.action == "undefine" for step in entry.steps)]
    staying = [want for want in wants if want["state"] != "absent"]
    given_up: dict[str, list[str]] = {}
    for name in going:
        taker = follower(have[name].definition, staying) if name in have else None
        if taker is not None:
            given_up.setdefault(taker, []).append(name)
    for entry in plans:
        actions = {step.action for step in entry.steps}
        if entry.name in given_up and "start" in actions:
            if "reattach" not in actions:  # After a restart, that puts the network's own guests back, too.
                entry.steps.add(StepPlace.STATE, Step("reattach"))
            entry.steps.give("reattach", tuple(given_up[entry.name]))

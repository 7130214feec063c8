# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a guest's addresses Ansible takes."""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.guest_addresses import reachable
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.objects import GuestAddress

HIDING = ("", "nat")
"""Modes of networks whose guests are reached from their host alone: without a way out, and with their addresses
translated (formatnetwork.html, Connectivity)."""

InterfaceData = t.Mapping[str, object]
Networks = t.Mapping[str, t.Mapping[str, object]]
"""By name, ``forward`` and ``bridge`` of the networks of a host."""


def network_of(interface: InterfaceData, networks: Networks) -> str | None:
    """The network of a host that an interface is on, also where it is on the network's bridge."""
    if interface.get("network"):
        return str(interface["network"])
    bridge = interface.get("bridge")
    if not bridge:
        return None
    named = [name for name, facts in networks.items() if facts.get("bridge") == bridge]
    # Where the host has the bridge by itself, the network only names it; both are the same.
    return named[0] if named else None


def names(interface: InterfaceData, networks: Networks) -> list[str]:
    """What a pattern may call that which an interface is on: its network, its bridge, its device."""
    found = [network_of(interface, networks), interface.get("bridge"), interface.get("direct")]
    return [str(name) for name in found if name]


def rank(interface: InterfaceData, networks: Networks, wanted: t.Sequence[str]) -> int | None:
    """The place of an interface among the wanted networks, from 0; None where no pattern is for it.

    An address in a user network (``type`` ``user``) is reached by nobody.
    """
    if interface.get("type") == "user" or not interface.get("mac"):
        return None
    called = names(interface, networks)
    for place, pattern in enumerate(wanted):
        if pattern == "*" or any(fnmatch.fnmatchcase(name, pattern) for name in called):
            return place
    return None


def suffices(
    interfaces: t.Sequence[InterfaceData], found: t.Sequence[GuestAddress], networks: Networks, wanted: t.Sequence[str]
) -> bool:
    """Whether further sources have nothing better to tell: an address on the best network, or nothing is wanted.

    :param found: addresses that are known
    """
    ranks = {interface["mac"]: rank(interface, networks, wanted) for interface in interfaces}
    known = [place for place in ranks.values() if place is not None]
    if not known:
        return True
    best = {mac for mac, place in ranks.items() if place == min(known)}
    return any(one["mac"] in best and reachable(one["address"]) is not None for one in found)


def chosen(
    interfaces: t.Sequence[InterfaceData],
    addresses: t.Sequence[t.Mapping[str, object]],
    networks: Networks,
    wanted: t.Sequence[str],
    sources: t.Sequence[str],
    families: t.Sequence[str],
) -> t.Mapping[str, object] | None:
    """The address to take: of the best network, then of the best source, then of the best family; None without one.

    An agent tells also of what a guest has inside, such as bridges of containers: an address counts only on a MAC
    address of the guest's own cards.

    :param addresses: each with ``address``, ``mac`` and ``source``
    :param wanted: patterns of networks, the best first
    :param sources: the best first
    :param families: ``ipv4`` and ``ipv6``, the better one first; one that is left out is not taken
    """
    places = {interface["mac"]: place for place, interface in reversed(list(enumerate(interfaces)))}
    best: tuple[tuple[int, ...], t.Mapping[str, object]] | None = None
    for one in addresses:
        found = reachable(one["address"])
        if found is None or one["mac"] not in places or one["source"] not in sources:
            continue
        family = f"ipv{found.version}"
        place = rank(interfaces[places[one["mac"]]], networks, wanted)
        if place is None or family not in families:
            continue
        key = (place, sources.index(one["source"]), families.index(family), places[one["mac"]])
        if best is None or key < best[0]:
            best = (key, one)
    return None if best is None else best[1]


def is_hidden(interface: InterfaceData, networks: Networks) -> bool:
    """Whether what an interface is on is reached from its host alone."""
    network = network_of(interface, networks)
    return network is not None and networks.get(network, {}).get("forward") in HIDING

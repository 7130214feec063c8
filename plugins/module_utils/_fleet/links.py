# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the links of a host contradict: each other, and the guests that are to be on its cards."""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._hostnet import shared_ports
from .._kinds.network import cleanup
from .._printing import label
from . import other_kinds
from .unique import entries, word

STARTED = ("running", "paused")
"""The states of a guest that needs its interfaces now."""

MACVTAP = ("bridge", "private", "vepa", "passthrough")
"""Modes of networks that put guests on cards of the host, where such a network has no bridge."""


def problems(
    guests: t.Sequence[Item], hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]
) -> list[tuple[str | None, str]]:
    """The host, and a sentence for each contradiction.

    :param guests: the guests of all hosts, each with its host
    :param variables: the variables of each host
    """
    found: list[tuple[str | None, str]] = []
    for host in hosts:
        owners = shared_ports.owners(entries(variables[host], "kvm_links"))
        lines = [shared_ports.of_several(port, having) for port, having in owners.items()]
        found += [(host, f"kvm_links: {line}") for line in lines if line is not None]
        found += [(host, line) for line in taken_bridges(variables[host])]
        types = other_kinds.NamesOfHost.of(variables[host]).links
        staying = [one for one in guests if word(one, "host") == host and word(one, "state") != "absent"]
        found += [(None, line) for guest in staying if types for line in other_kinds.no_bridges(guest, types)]
        if owners:
            cards = cards_of_networks(variables[host])
            here = [guest for guest in guests if word(guest, "host") == host and word(guest, "state") in STARTED]
            found += [(None, line) for guest in here for line in on_ports(guest, owners, cards)]
    return found


def taken_bridges(variables: t.Mapping[str, object]) -> t.Iterator[str]:
    """A sentence for each network that is to have a bridge of its own by the name of a link of the same host.

    :param variables: the host's
    """
    links = entries(variables, "kvm_links")
    names = {word(link, "name") for link in links if word(link, "state") != "absent"} - {""}
    names |= set(shared_ports.owners(links))
    for network in entries(variables, "kvm_networks"):
        forward, bridge = network.get("forward"), word(network, "bridge")
        mode = word(forward, "mode") if isinstance(forward, dict) else ""
        if bridge in names and mode not in cleanup.OF_OTHERS and word(network, "state") != "absent":
            yield (
                f"kvm_networks: network {label(word(network, 'name'))}: bridge: {bridge} is in kvm_links, so it is the"
                " host's own, and libvirt would make one by that name: name another, or write forward: {mode: bridge}"
                " to have the guests on the host's"
            )


def cards_of_networks(variables: t.Mapping[str, object]) -> dict[str, list[str]]:
    """The cards of a host on which its declared networks put guests by MacVTap, by the network's name."""
    found = {}
    for network in entries(variables, "kvm_networks"):
        forward = network.get("forward")
        if not isinstance(forward, dict) or word(forward, "mode") not in MACVTAP or word(network, "bridge"):
            continue
        cards = forward.get("interfaces")
        cards = [card for card in cards if isinstance(card, str)] if isinstance(cards, (list, tuple)) else []
        # With passthrough a guest gets a card that is free.
        if word(forward, "mode") != "passthrough" or len(cards) == 1:
            found[word(network, "name")] = cards
    return found


def on_ports(
    guest: Item, owners: t.Mapping[str, t.Sequence[tuple[str, str]]], cards: t.Mapping[str, t.Sequence[str]]
) -> t.Iterator[str]:
    """A sentence for each interface of a guest that is to be on a port by MacVTap: the kernel allows one of the two."""
    for index, interface in enumerate(entries(guest, "interfaces")):
        direct, network = word(interface, "direct"), word(interface, "network")
        option, by = ("direct", "") if direct else ("network", f"the network {network} puts it on ")
        for card in [direct] if direct else cards.get(network, ()):
            if card in owners:
                kind, name = owners[card][0]
                instead = f"write bridge: {name}" if kind == "bridge" else f"use {name}"
                yield (
                    f"guest {label(word(guest, 'name'))}: interfaces[{index}].{option}: {by}{card}"
                    f"{', which' if by else ''} is a port of the {kind} {name} (kvm_links), and cannot carry MacVTap"
                    f" as well: {instead}"
                )

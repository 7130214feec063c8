# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of one host that get in each other's way. The host refuses them, too, but only once links were changed."""

from __future__ import annotations

import ipaddress
import typing as t

from .._engine.rows.model import Item
from .._kinds.network.table import NETWORK
from .._printing import label
from .unique import entries, listed, word


def problems(networks: object) -> t.Iterator[str]:
    """A sentence for each network of a host that takes the bridge or a subnet of one before it.

    Only those with addresses of their own are sure to have a bridge of their own.

    :param networks: those that are declared for the host
    """
    bridges: dict[str, str] = {}
    subnets: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    for item in listed(networks):
        network = NETWORK.written_out(item)
        name, bridge, own = word(network, "name"), word(network, "bridge"), subnets_of(network)
        if word(network, "state") == "absent" or not own:
            continue
        called = f"kvm_networks: network {label(name)}"
        other = bridges.setdefault(bridge, name) if bridge else name
        if other != name:
            problem = f"{label(bridge)} is that of the network {label(other)}: name another, or leave it out"
            yield f"{called}: bridge: {problem}"
        if word(network, "state") not in ("", "active"):
            continue
        for index, subnet in own:
            for having, taken in subnets:
                if having != name and taken.version == subnet.version and taken.overlaps(subnet):
                    problem = f"{subnet} overlaps {taken} of the network {label(having)}: take another subnet"
                    yield f"{called}: ips[{index}].address: {problem}"
        subnets += [(name, subnet) for _index, subnet in own]


def subnets_of(network: Item) -> list[tuple[int, ipaddress.IPv4Network | ipaddress.IPv6Network]]:
    """The subnets of a network, each with its place; what is none is refused elsewhere."""
    found = []
    for index, ip in enumerate(entries(network, "ips")):
        try:
            found.append((index, ipaddress.ip_interface(word(ip, "address")).network))
        except ValueError:
            continue
    return found

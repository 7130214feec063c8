# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What networks do now, which no definition tells: whether they are active, and their leases."""

from __future__ import annotations

import typing as t

from ..._flow.info import FactsByName
from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import Connection, Network


def network_facts(leases: bool) -> t.Callable[[Connection, t.Container[str]], FactsByName]:
    """The bridges of active networks, and the addresses that they have handed out."""

    def live(connection: Connection, names: t.Container[str]) -> FactsByName:
        facts: FactsByName = {}
        for network in connection.listAllNetworks(0):
            if network.name() not in names:
                continue
            facts[network.name()] = {"active": bool(network.isActive())}
            if leases:
                facts[network.name()]["leases"] = handed_out(network)
        return facts

    return live


def handed_out(network: Network) -> list[dict[str, object]]:
    """The leases of a network, none where it is not active or has no DHCP."""
    try:
        found = network.DHCPLeases()
    except LibvirtError:
        return []
    return [
        {"mac": one["mac"], "address": one["ipaddr"], "hostname": one["hostname"], "until": one["expirytime"]}
        for one in found
    ]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that were there before a guest: of one that is gone and had the same MAC address.

libvirt keeps a lease until its time is over, and tells it of whoever has the MAC address then. The new guest may get
another address.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item
from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import Connection, GuestAddress

KnownLease = tuple[str, str, int]
"""A MAC address, the address that it has, and until when (in seconds since 1970)."""


class OldLeases(t.NamedTuple):
    """The leases that there were before guests were made.

    :param guests: the names of those guests
    """

    guests: frozenset[str] = frozenset()
    leases: frozenset[KnownLease] = frozenset()

    def without(
        self, connection: Connection, name: str, root: ET.Element, found: list[GuestAddress]
    ) -> list[GuestAddress]:
        """The addresses of a guest without those that only an old lease knows.

        :param root: the definition of the guest as it runs
        """
        old = {(mac, address) for mac, address, _until in self.leases} if name in self.guests else set()
        if not any((str(one["mac"]).lower(), one["address"]) in old for one in found):
            return found
        names = {str(node.get("network")) for node in root.iterfind("devices/interface/source") if node.get("network")}
        renewed = {lease[:2] for lease in known_leases(connection, names) - self.leases}
        pairs = [((str(one["mac"]).lower(), str(one["address"])), one) for one in found]
        return [one for pair, one in pairs if pair not in old or pair in renewed]


def old_leases(connection: Connection, wants: t.Iterable[Item]) -> OldLeases:
    """The leases of now, for the guests that are waited for and are not there yet."""
    waited = {str(want["name"]) for want in wants if want.get("wait_for")}
    if not waited:
        return OldLeases()
    new = waited - {domain.name() for domain in connection.listAllDomains(0)}
    return OldLeases(frozenset(new), frozenset(known_leases(connection, None))) if new else OldLeases()


def known_leases(connection: Connection, names: t.Container[str] | None) -> set[KnownLease]:
    """The leases of active networks. Those that never end are left out: one that is renewed looks like an old one.

    :param names: of which networks; None for all
    """
    found: set[KnownLease] = set()
    for network in connection.listAllNetworks(0):
        if names is None or network.name() in names:
            try:
                leases = network.DHCPLeases() if network.isActive() else []
            except LibvirtError:
                continue
            found |= {
                (str(one["mac"]).lower(), one["ipaddr"], one["expirytime"]) for one in leases if one["expirytime"]
            }
    return found

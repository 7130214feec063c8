# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that the collection made and nobody declares any more."""

from __future__ import annotations

from ..._engine import paths
from ..._flow.purge import Asked, Leftovers
from ..._libvirt.objects import Connection
from ..shared.ownership_mark import owner_now, owner_of
from ..shared.renames import undeclared
from .network_users import declared_on, guests, on_network, using
from .observe import inactive_network


def leftovers(connection: Connection, asked: Asked) -> Leftovers:
    """Networks with the mark. One stays while guests are on it."""
    out = Leftovers()
    found = [
        network
        for network in undeclared("network", connection.listAllNetworks(0), asked)
        if out.mine("network", network.name(), owner_of(paths.document(inactive_network(network))), asked.owner)
    ]
    trees = guests(connection, asked.forecast) if found else []
    for network in found:
        users = [*using(trees, on_network(network)), *declared_on(connection, network, asked)]
        out.decide(network.name(), list(dict.fromkeys(users)))
    return out


def left_alone(connection: Connection, asked: Asked) -> list[str]:
    """The names of networks of the owner that nobody declares."""
    return [
        str(network.name())
        for network in undeclared("network", connection.listAllNetworks(0), asked)
        if asked.owner == owner_now(network, inactive_network)
    ]

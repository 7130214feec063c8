# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection made and nobody declares any more.

It is turned into items with ``state: absent``, which then go the way of all items: one plan, one
report. What is still used is held back, and fails by name. Nothing here changes anything.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.body import Item
from .._engine.table import Table
from .._tables.made import signed
from . import storage_observe
from .connection import libvirt
from .departures import Belongings, loses
from .manifest import Manifest
from .observe import inactive_network
from .storage_observe import Users, another, disk_places

Uses = t.Callable[[ET.Element], bool]


class Asked(t.NamedTuple):
    """What was asked for: the declared items, their names, and what may go with a guest."""

    wants: t.Sequence[Item]
    names: set[str]
    going: Belongings


@dataclasses.dataclass
class Leftovers:
    """What is left over of earlier declarations.

    :param items: what goes, in the order in which it can
    :param held: why others stay, by name
    :param warnings: what cannot be known
    """

    items: list[Item] = dataclasses.field(default_factory=list)
    held: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def decide(self, name: str, users: list[str]) -> None:
        """Let a resource go, or hold it back for those who use it."""
        if users:
            self.held[name] = (
                f"is no longer declared, but used by {', '.join(sorted(users))}, so it stays;"
                " take it from them, or declare it as long as it is used"
            )
        else:
            self.items.append({"name": name, "state": "absent"})


def leftovers(connection: t.Any, table: Table, wants: t.Sequence[Item], going: Belongings) -> Leftovers:
    """What the collection made of one kind and is not among the declared items.

    A guest also stays where something would be lost with it that may not go (see departures). The
    connection is None for a host without libvirt: nothing is there. Raises VirtfleetError where it
    cannot be told what the collection made.
    """
    if connection is None:
        return Leftovers()
    return FIND[table.kind](connection, Asked(wants, {str(table.identity(want)) for want in wants}, going))


def undeclared(there: t.Iterable[t.Any], declared: set[str]) -> list[t.Any]:
    """Those that nobody declares, by name: libvirt lists them in no order, and each run tells the same."""
    return sorted((found for found in there if found.name() not in declared), key=lambda found: str(found.name()))


def domains(connection: t.Any, asked: Asked) -> Leftovers:
    """Guests with the mark. One that was there before it was declared has none."""
    out = Leftovers()
    for domain in undeclared(connection.listAllDomains(0), asked.names):
        definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        if signed(definition):
            lost = loses(domain, definition, asked.going)
            if lost:
                out.held[domain.name()] = f"is no longer declared, but stays: {lost}"
            else:
                out.decide(domain.name(), [])
    return out


def networks(connection: t.Any, asked: Asked) -> Leftovers:
    """Networks with the mark; held by the guests that are on them."""
    out = Leftovers()
    found = [
        network
        for network in undeclared(connection.listAllNetworks(0), asked.names)
        if signed(paths.document(inactive_network(network)))
    ]
    trees = guests(connection) if found else []
    for network in found:
        out.decide(network.name(), using(trees, on_network(network)))
    return out


def pools(connection: t.Any, asked: Asked) -> Leftovers:
    """Pools that are noted, under their name and UUID; held by the guests whose disks are in them."""
    out = Leftovers()
    noted = Manifest(connection.getURI()).entries("pools")
    found = [
        pool
        for pool in undeclared(connection.listAllStoragePools(0), asked.names)
        if noted.get(pool.name(), {}).get("uuid") == pool.UUIDString()
    ]
    trees = guests(connection) if found else []
    for pool in found:
        out.decide(pool.name(), using(trees, in_pool(pool)))
    return out


def volumes(connection: t.Any, asked: Asked) -> Leftovers:
    """Volumes that were declared as such, what is laid over others first.

    Those that were made for guests' disks go with the guests. Held are those that a guest has, that
    are the base of a volume that stays, or that a declared one is made from.
    """
    noted = {
        key: facts
        for key, facts in Manifest(connection.getURI()).entries("volumes").items()
        if key not in asked.names and "guest" not in facts and "making" not in facts
    }
    out = Leftovers()
    left: dict[str, str | None] = {}
    for key, found in sorted(storage_observe.volumes(connection, noted.keys()).items(), key=lambda entry: entry[0]):
        if noted[key].get("identity") is None:
            out.warnings.append(
                f"volume {key}: is no longer declared, but nothing tells whether it is still the one that this"
                " collection made, so it stays; state: absent deletes it"
            )
        elif not another(noted[key], found.definition):
            left[key] = found.definition.findtext("target/path")
    users = storage_observe.users(connection) if left else Users()
    sources = named(asked.wants)
    gone: set[str] = set()
    while True:
        who = {
            key: sources.get(key, []) + [user for user in users.of(key, path) if user not in gone]
            for key, path in left.items()
        }
        free = [key for key in left if not who[key]]
        if not free:
            break
        for key in free:
            pool, _slash, name = key.partition("/")
            out.items.append({"name": name, "pool": pool, "state": "absent"})
            del left[key]
        gone.update(f"volume {key}" for key in free)
    for key in left:
        out.decide(key, who[key])
    return out


def named(wants: t.Iterable[Item]) -> dict[str, list[str]]:
    """The volumes that declared ones are made from or laid over, with these in words."""
    found: dict[str, list[str]] = {}
    for want in wants:
        pool = want.get("pool") or "default"
        for place in (want.get("clone_from"), (want.get("backing") or {}).get("volume")):
            if place is not None and want["state"] != "absent":
                key = place if "/" in place else f"{pool}/{place}"
                found.setdefault(key, []).append(f"the declared volume {pool}/{want['name']}")
    return found


def guests(connection: t.Any) -> list[tuple[str, ET.Element]]:
    """The definitions of all guests, and what runs, with the names."""
    found = []
    for domain in connection.listAllDomains(0):
        found.append((domain.name(), ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))))
        if domain.isActive():
            found.append((domain.name(), ET.fromstring(domain.XMLDesc(0))))
    return found


def using(trees: t.Iterable[tuple[str, ET.Element]], uses: Uses) -> list[str]:
    """The guests of which something is true, in words, each once."""
    return list(dict.fromkeys(f"guest {name}" for name, tree in trees if uses(tree)))


def on_network(network: t.Any) -> Uses:
    """Whether a guest has an interface on a network, or on the bridge that goes with it."""
    name = network.name()
    root = ET.fromstring(network.XMLDesc(0))
    forward, bridge = root.find("forward"), root.find("bridge")
    hosts_own = forward is not None and forward.get("mode") == "bridge"
    device = None if bridge is None or hosts_own else bridge.get("name")

    def uses(domain: ET.Element) -> bool:
        sources = domain.findall("devices/interface/source")
        return any(
            source.get("network") == name or (device is not None and source.get("bridge") == device)
            for source in sources
        )

    return uses


def in_pool(pool: t.Any) -> Uses:
    """Whether a guest has a disk, or what a disk is laid over, in a pool, be it active or not."""
    name = pool.name()
    target = ET.fromstring(pool.XMLDesc(0)).findtext("target/path")

    def uses(domain: ET.Element) -> bool:
        return any(
            os.path.dirname(place) == target if place.startswith("/") else place.partition("/")[0] == name
            for place in disk_places(domain)
        )

    return uses


FIND: dict[str, t.Callable[[t.Any, Asked], Leftovers]] = {
    "domain": domains,
    "network": networks,
    "pool": pools,
    "volume": volumes,
}

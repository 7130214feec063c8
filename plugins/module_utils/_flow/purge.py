# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection made and nobody declares any more.

It is turned into items with ``state: absent``, which then go the way of all items: one plan, one
report. What is still used is held back, and fails by name. Nothing here changes anything.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.plan import Observed
from .._engine.rows.row_index import Item
from .._engine.table import Table
from .._kinds.domain.saved_states import saved_definitions
from .._kinds.domain.undefine import Belongings, loses
from .._kinds.pool.pool_users import pool_users
from .._kinds.shared.ownership_mark import owner_of
from .._kinds.volume.half_made import BeingMade, being_made
from .._storage import storage_observe
from .._storage.forgotten import left_over
from .._storage.manifest import Entries, Manifest
from .._storage.removal import Judge, because, listed, order
from .._storage.storage_observe import another, no_pool, problem_of, stopped_pool
from .._storage.survey_users import PRESENT, all_users
from .._storage.users import Users
from . import declared
from .connection import libvirt
from .forecast import Forecast
from .observe import inactive_network
from .renames import declared_uuids

Uses = t.Callable[[ET.Element], bool]

MOVED = (
    "is declared for another host, and was not moved there: it stays here, with its disks; move it by hand, as"
    " roles/guests/README.md says, or declare it for this host, too, with state: absent"
)
"""Why a guest is no leftover. One that was made anew on the other host has the same UUID and MAC addresses."""


class Asked(t.NamedTuple):
    """What was asked for: the declared items, their names, what may go with a guest, the label of what may go, whether
    guests' volumes may, what would have changed by now, and the guests that are declared for other hosts."""

    wants: t.Sequence[Item]
    names: set[str]
    going: Belongings
    owner: str = ""
    storage: bool = False
    forecast: Forecast = PRESENT
    elsewhere: t.Collection[str] = ()


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

    def mine(self, kind: str, name: str, label: str | None, owner: str) -> bool:
        """Whether a resource has the owner's label. One that was made without any stays, and is told of.

        :param label: the label that it has; None where the collection did not make it
        """
        if label == "" and owner:
            self.warnings.append(
                f"{kind} {name}: is no longer declared, but was made without a label, so it stays; a run with"
                f" 'owner: ''' purges it (the label of this one is {owner})"
            )
        return label == owner

    def decide(self, name: str, users: list[str], doubts: t.Sequence[str] = ()) -> None:
        """Let a resource go, or hold it back for those who use it, and for what could not be looked at."""
        if users or doubts:
            self.keep(name, users, doubts)
        else:
            self.items.append({"name": name, "state": "absent"})

    def keep(self, name: str, users: list[str], doubts: t.Sequence[str]) -> None:
        """Hold a resource back."""
        if users:
            self.held[name] = (
                f"is no longer declared, but used by {listed(sorted(users))}, so it stays;"
                " stop using it there, or declare it as long as it is used"
            )
        else:
            self.held[name] = f"is no longer declared, but {because((), doubts)}, so it stays"


def leftovers(
    connection: t.Any,
    table: Table,
    wants: t.Sequence[Item],
    going: Belongings,
    owner: str = "",
    storage: bool = False,
    forecast: Forecast = PRESENT,
    elsewhere: t.Collection[str] = (),
) -> Leftovers:
    """What the collection made of one kind for an owner and is not among the declared items.

    A guest also stays where something would be lost with it that may not go (see departures). The
    connection is None for a host without libvirt: nothing is there. Raises VirtfleetError where it
    cannot be told what the collection made.
    """
    if connection is None:
        return Leftovers()
    names = {str(table.identity(want)) for want in wants}
    return FIND[table.kind](connection, Asked(wants, names, going, owner, storage, forecast, elsewhere))


def undeclared(kind: str, there: t.Sequence[t.Any], asked: Asked) -> list[t.Any]:
    """Those that nobody declares, by name: libvirt lists them in no order, and each run tells the same.

    One whose UUID is that of a declared one was renamed by hand, and is declared.
    """
    names = {found.name() for found in there}
    renamed = declared_uuids(kind, asked.wants, names)
    known = asked.names | asked.forecast.gone(kind)
    left = [found for found in there if found.name() not in known and found.UUIDString() not in renamed]
    return sorted(left, key=lambda found: str(found.name()))


def domains(connection: t.Any, asked: Asked) -> Leftovers:
    """Guests with the mark. One that was there before it was declared has none."""
    out = Leftovers()
    made = made_in_this_moment(connection, asked)
    told = asked.names | asked.forecast.gone("domain")
    busy = {facts["guest"]: why for _key, facts, why in made if facts.get("guest", "") not in {"", *told}}
    out.held.update({name: f"is no longer declared, but stays: {why}" for name, why in busy.items()})
    for domain in undeclared("domain", connection.listAllDomains(0), asked):
        if domain.name() in busy:
            continue
        definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        if out.mine("guest", domain.name(), owner_of(definition), asked.owner):
            lost = loses(domain, definition, asked.going)
            if domain.name() in asked.elsewhere:
                out.held[domain.name()] = MOVED
            elif lost:
                out.held[domain.name()] = f"is no longer declared, but stays: {lost}"
            else:
                out.decide(domain.name(), [])
    out.warnings += of_others(connection, asked)
    if asked.storage:
        out.warnings += left_over(connection, asked.wants, asked.owner)
    return out


def of_others(connection: t.Any, asked: Asked) -> list[str]:
    """A sentence for each label of declared guests that is not this run's: most often, this run's has changed."""
    guests: dict[str, list[str]] = {}
    for domain in connection.listAllDomains(0):
        if domain.name() in asked.names:
            definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            guests.setdefault(owner_of(definition) or asked.owner, []).append(str(domain.name()))
    return [
        f"guests with the label {label}, such as {min(names)}, are declared here, and the label of this run is"
        f" {asked.owner or 'empty'}: a purge does not see what was made with the label {label}, so it stays; set owner"
        f" (kvm_owner of the role) to {label}"
        for label, names in sorted(guests.items())
        if label != asked.owner
    ]


def declared_elsewhere(connection: t.Any, wants: t.Sequence[Item], owner: str, names: t.Collection[str]) -> list[str]:
    """A sentence for each guest of the owner that is here, and is declared for another host only.

    :param names: the guests that are declared for other hosts
    """
    told = {str(want.get("name")) for want in wants}
    there = undeclared("domain", connection.listAllDomains(0), Asked(wants, told, Belongings(), owner))
    lines = []
    for domain in there:
        if domain.name() in names:
            definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            lines += [f"guest {domain.name()}: {MOVED}"] if owner_of(definition) == owner else []
    return lines


def made_in_this_moment(connection: t.Any, asked: Asked) -> list[BeingMade]:
    """The volumes of the owner that another run is making."""
    return [made for made in being_made(connection) if made[1].get("owner", "") == asked.owner]


def networks(connection: t.Any, asked: Asked) -> Leftovers:
    """Networks with the mark; held by the guests that are on them."""
    out = Leftovers()
    found = [
        network
        for network in undeclared("network", connection.listAllNetworks(0), asked)
        if out.mine("network", network.name(), owner_of(paths.document(inactive_network(network))), asked.owner)
    ]
    trees = guests(connection, asked.forecast) if found else []
    for network in found:
        out.decide(network.name(), using(trees, on_network(network)))
    return out


def pools(connection: t.Any, asked: Asked) -> Leftovers:
    """Pools that are noted, under their name and UUID; held by the guests whose disks are in them."""
    out = Leftovers()
    noted = Manifest(connection.getURI()).entries("pools")
    found = [
        pool
        for pool in undeclared("pool", connection.listAllStoragePools(0), asked)
        if noted.get(pool.name(), {}).get("uuid") == pool.UUIDString()
        and out.mine("pool", pool.name(), noted[pool.name()].get("owner", ""), asked.owner)
    ]
    users = all_users(connection, forecast=asked.forecast) if found else Users()
    names = {pool.name() for pool in found}
    for pool in found:
        out.decide(pool.name(), pool_users(users, pool.name(), names))
    return out


def volumes(connection: t.Any, asked: Asked) -> Leftovers:
    """Volumes that were declared as such, what is laid over others first.

    Those that were made for guests' disks go with the guests. Held are those that a guest has, that
    are the base of a volume that stays, or that a declared one is made from.
    """
    out = Leftovers()
    gone = asked.names | asked.forecast.gone("volume")
    noted = {
        key: facts
        for key, facts in Manifest(connection.getURI()).entries("volumes").items()
        if key not in gone and "guest" not in facts and "making" not in facts
    }
    for key, facts, why in made_in_this_moment(connection, asked):
        if key not in gone and "guest" not in facts:
            out.held[key] = f"is no longer declared, but stays: {why}"
    there = storage_observe.volumes(connection, noted.keys())
    add_unseen(connection, out, {key: facts for key, facts in noted.items() if key not in there}, asked)
    left = still_ours(out, there, noted, asked)
    users = all_users(connection, forecast=asked.forecast) if left else Users()
    declared.add_volumes(users, asked.wants)
    free, kept = order(Judge(users), left)
    for key in free:
        pool, _slash, name = key.partition("/")
        out.items.append({"name": name, "pool": pool, "state": "absent"})
    for key, holders in kept.items():
        out.keep(key, holders, users.doubts)
    return out


def still_ours(out: Leftovers, there: t.Mapping[str, Observed], noted: Entries, asked: Asked) -> dict[str, str | None]:
    """The volumes of the owner that are those which were made, by their paths; of others is said why they stay."""
    left: dict[str, str | None] = {}
    for key, found in sorted(there.items(), key=lambda entry: entry[0]):
        problem = problem_of(found)
        if problem is None and another(noted[key], found.definition):
            continue
        if not out.mine("volume", key, noted[key].get("owner", ""), asked.owner):
            continue
        if problem is not None:
            out.held[key] = f"is no longer declared, but stays: {problem}"
        elif noted[key].get("identity") is None:
            out.warnings.append(
                f"volume {key}: is no longer declared, but nothing tells whether it is still the one that this"
                " collection made, so it stays; state: absent deletes it"
            )
        else:
            left[key] = found.definition.findtext("target/path")
    return left


def add_unseen(connection: t.Any, out: Leftovers, noted: Entries, asked: Asked) -> None:
    """Say which volumes may still be there, and cannot be seen, for their pool is stopped or gone.

    :param noted: volumes that no active pool has
    """
    known = storage_observe.all_pools(connection) if noted else {}
    for key, facts in sorted(noted.items()):
        name = key.partition("/")[0]
        pool = known.get(name)
        if (pool is not None and pool.active) or not out.mine("volume", key, facts.get("owner", ""), asked.owner):
            continue
        soon = asked.forecast.with_pools(known).get(name)
        if soon is not None and soon.active:
            out.warnings.append(
                f"volume {key}: is no longer declared; the run deletes it if it is in the pool {name}, which cannot be"
                " seen before the pool is active"
            )
        elif pool is None:
            out.warnings.append(f"volume {key}: is no longer declared, and {no_pool(name)}")
        else:
            out.held[key] = f"is no longer declared, but stays: {stopped_pool(name)}"


def guests(connection: t.Any, forecast: Forecast = PRESENT) -> list[tuple[str, ET.Element]]:
    """The definitions of all guests, what runs, and what was saved, with the names.

    Of those that are foretold only the interfaces.
    """
    told = forecast.guests
    known = {domain.name(): domain.UUIDString() for domain in connection.listAllDomains(0)} if told else {}
    for name in [name for name, guest in told.items() if name in known and guest.uuid != known[name]]:
        del told[name]  # It is another one.
    found = [(name, guest.tree) for name, guest in told.items() if not guest.gone]
    for domain in connection.listAllDomains(0):
        if domain.name() in told:
            continue
        found.append((domain.name(), ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))))
        if domain.isActive():
            found.append((domain.name(), ET.fromstring(domain.XMLDesc(0))))
    gone = {name for name, guest in told.items() if guest.gone}
    return [*found, *(pair for pair in saved_definitions(connection).items() if pair[0] not in gone)]


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


FIND: dict[str, t.Callable[[t.Any, Asked], Leftovers]] = {
    "domain": domains,
    "network": networks,
    "pool": pools,
    "volume": volumes,
}

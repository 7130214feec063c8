# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that the collection made and nobody declares any more."""

from __future__ import annotations

import typing as t

from ..._engine.observed import Observed
from ..._flow.purge import Asked, Leftovers
from ..._libvirt.objects import Connection
from ..._storage import storage_observe
from ..._storage.manifest import Manifest, ManifestEntries
from ..._storage.other_hosts import within_reach
from ..._storage.removal import Judge, order
from ..._storage.storage_observe import another, no_pool, problem_of, replaced, stopped_pool
from ..._storage.survey_users import all_users
from ..._storage.users import StorageUsers
from ..image.declared import DeclaredImage, declared_images
from ..shared import declared_uses
from .half_made import made_in_this_moment


def leftovers(connection: Connection, asked: Asked) -> Leftovers:
    """Volumes that were declared as such, what is laid over others first.

    Those that were made for guests' disks go with the guests. One stays while a guest has it, while
    it is the base of a volume that stays, and while a declared one is made from it.
    """
    out = Leftovers()
    gone = asked.names | asked.forecast.gone("volume")
    noted = {
        key: facts
        for key, facts in Manifest(connection.getURI()).entries("volumes").items()
        if key not in gone and "guest" not in facts and "making" not in facts
    }
    for key in current(noted, declared_images(asked.options)):
        del noted[key]
    for key, facts, why in made_in_this_moment(connection, asked.owner):
        if key not in gone and "guest" not in facts:
            out.staying[key] = f"is no longer declared, but stays: {why}"
    there = storage_observe.volumes(connection, noted.keys())
    add_unseen(connection, out, {key: facts for key, facts in noted.items() if key not in there}, asked)
    left = still_ours(out, there, noted, asked)
    users = all_users(connection, forecast=asked.forecast) if left else StorageUsers()
    declared_uses.add_volumes(users, asked.wants)
    if left:
        declared_uses.add_uses(connection, users, asked)
    left = keep_shared(out, left, users)
    free, kept = order(Judge(users), left)
    for key in kept.keys() & noted.keys() if not users.doubts else ():
        if "base" in noted[key]:
            del kept[key]  # It is kept for the disks that are laid over it, and goes once they are gone.
    for key in free:
        pool, _slash, name = key.partition("/")
        out.items.append({"name": name, "pool": pool, "state": "absent"})
    for key, holders in kept.items():
        out.keep(key, holders, users.doubts)
    return out


def current(noted: ManifestEntries, images: t.Mapping[str, DeclaredImage]) -> list[str]:
    """The base images that stay, though nothing may be laid over them: the last one of each declared image.

    Where the lock file has another version that is there, that one stays in its place.

    :param noted: what is noted of volumes
    :param images: the declared images by name
    """
    last: dict[str, tuple[bool, str, str]] = {}
    for key, facts in noted.items():
        name = facts.get("base")
        if name is not None and name in images:
            is_locked = any(entry.checksum == facts.get("content") for entry in images[name].locked)
            mine = (is_locked, str(facts.get("fetched", "")).zfill(20), key)
            last[name] = max(last.get(name, (False, "", "")), mine)
    return [key for _locked, _fetched, key in last.values()]


def still_ours(
    out: Leftovers, there: t.Mapping[str, Observed], noted: ManifestEntries, asked: Asked
) -> dict[str, str | None]:
    """The volumes of the owner that are those which were made, by their paths; of others is said why they stay."""
    left: dict[str, str | None] = {}
    for key, found in sorted(there.items(), key=lambda entry: entry[0]):
        problem = problem_of(found)
        now = None if problem is not None else replaced(noted[key], found.definition)
        if problem is None and now is None and another(noted[key], found.definition):
            continue
        if not out.mine("volume", key, noted[key].get("owner", ""), asked.owner):
            continue
        if problem is not None:
            out.staying[key] = f"is no longer declared, but stays: {problem}"
        elif now is not None:
            out.warnings.append(
                f"volume {key}: is no longer declared, but {now}, so it stays; remove by hand what nobody needs"
            )
        elif noted[key].get("identity") is None:
            out.warnings.append(
                f"volume {key}: is no longer declared, but nothing tells whether it is still the one that this"
                " collection made, so it stays; state: absent among the volumes deletes it"
            )
        else:
            left[key] = found.definition.findtext("target/path")
    return left


def keep_shared(out: Leftovers, left: t.Mapping[str, str | None], users: StorageUsers) -> dict[str, str | None]:
    """The volumes that no other host can have; of others is said why they stay.

    :param left: the volumes with their paths
    """
    near: dict[str, str | None] = {}
    for key, path in left.items():
        pool = users.pools.get(key.partition("/")[0])
        far = within_reach("" if pool is None else pool.kind, path) if users.here else None
        if far is None:
            near[key] = path
        else:
            out.warnings.append(
                f"volume {key}: is no longer declared, but {far}, so it stays; state: absent among the volumes deletes"
                " it"
            )
    return near


def add_unseen(connection: Connection, out: Leftovers, noted: ManifestEntries, asked: Asked) -> None:
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
            out.staying[key] = f"is no longer declared, but stays: {stopped_pool(name)}"

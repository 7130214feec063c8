# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that are noted as made, and are gone or belong to nobody, since somebody did by hand what runs do."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from .._engine.plan import Plan
from .._engine.rows.model import Item
from .._host.files import birth
from .._libvirt.connection import libvirt
from .._libvirt.objects import Connection, StoragePool
from . import storage_observe
from .guest_places import item_places
from .manifest import Manifest, ManifestEntries, notes
from .other_hosts import within_reach
from .storage_observe import another, problem_of, volumes_of_pool
from .survey_users import all_users
from .users import StorageUsers

FOLDERS = ("dir", "fs", "netfs")
"""Types of pools whose volumes are files in a folder. Elsewhere a volume may be there and hidden: libvirt lists no
logical volume that is not active."""


def forget_gone(connection: Connection) -> None:
    """Forget volumes that were removed by hand: neither a file nor a volume of their name is there any more.

    Only where that can be told: their pool is active and the one that was noted, libvirt has just looked through it,
    and its folder is the one that they were in, as another volume shows that was noted with them. A note that is kept
    too long harms nobody.
    """
    manifest = Manifest(connection.getURI())
    pools: dict[str, ManifestEntries] = {}
    for key, facts in manifest.entries("volumes").items():
        if "making" not in facts:
            place, _slash, name = key.partition("/")
            pools.setdefault(place, {})[name] = facts
    gone: ManifestEntries = {}
    known = manifest.entries("pools") if pools else {}
    for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE) if pools else ():
        noted = pools.get(pool.name(), {})
        if noted and known.get(pool.name(), {}).get("uuid", pool.UUIDString()) == pool.UUIDString():
            for name in missing(pool, noted):
                gone[f"{pool.name()}/{name}"] = noted[name]
    manifest.forget("volumes", gone)


def missing(pool: StoragePool, noted: ManifestEntries) -> set[str]:
    """Which of these volumes an active pool is known not to have any more.

    :param noted: what is noted of each, by name
    """
    root = ET.fromstring(pool.XMLDesc(0))
    kind, target = root.get("type"), root.findtext("target/path") or ""
    if kind not in FOLDERS or not target.startswith("/"):
        return set()
    left = {name for name in noted if not os.path.lexists(os.path.join(target, name))}
    if not left or not left.difference(name for name, _volume in volumes_of_pool(pool)):
        return set()
    if not is_known(target, noted) or not storage_observe.refresh(pool, 0):
        return set()
    left = left.difference(name for name, _volume in volumes_of_pool(pool))
    left = {name for name in left if not os.path.lexists(os.path.join(target, name))}
    is_there = (kind == "dir" or os.path.ismount(target)) and is_known(target, noted)
    return left if is_there else set()


def is_known(folder: str, noted: ManifestEntries) -> bool:
    """Whether a folder has a volume that was noted, and that is still the same file: so it is the same folder.

    One that waits for its file system to be mounted has none, nor has another one that the pool leads to by now.
    """
    return any(
        facts.get("identity") is not None and birth(os.path.join(folder, name)) == facts["identity"]
        for name, facts in noted.items()
    )


def left_over(
    connection: Connection, wants: t.Sequence[Item], owner: str, elsewhere: t.Iterable[str] = ()
) -> list[str]:
    """A warning for each volume whose guest is neither defined nor declared any more, and that nobody uses.

    Such a guest was undefined by hand. Only asks for what takes time where there are such notes.

    :param elsewhere: names of guests that are declared for other hosts, which may have the volumes
    """
    names = {*(str(want["name"]) for want in wants), *elsewhere}
    noted = {
        key: facts
        for key, facts in Manifest(connection.getURI()).entries("volumes").items()
        if facts.get("guest") and not {"making", "declared"} & facts.keys() and facts.get("owner", "") == owner
    }
    names.update(domain.name() for domain in connection.listAllDomains(0) if noted)
    noted = {key: facts for key, facts in noted.items() if facts["guest"] not in names}
    there = storage_observe.volumes(connection, noted.keys(), expected=()) if noted else {}
    found = {
        key: volume
        for key, volume in there.items()
        if problem_of(volume) is None and not another(noted[key], volume.definition)
    }
    if not found:
        return []
    users = all_users(connection)
    for want in wants:
        if want["state"] != "absent":
            users.add_places(f"the declared guest {want['name']}", want["name"], item_places(want))
    return [
        left_over_sentence(key, noted[key]["guest"], users, volume.definition.findtext("target/path"))
        for key, volume in sorted(found.items(), key=lambda entry: entry[0])
        if not users.uses(key, volume.definition.findtext("target/path"))
    ]


def left_over_sentence(key: str, guest: str, users: StorageUsers, path: str | None) -> str:
    """What is said of a volume that is left over.

    :param guest: the guest that it was made for
    """
    pool = users.pools.get(key.partition("/")[0])
    far = within_reach("" if pool is None else pool.kind, path) if users.here else None
    return (
        f"volume {key}: was made for the guest {guest}, which is not there any more, and is left over;"
        f"{'' if far is None else f' it {far}; if none of them has it,'} it goes once it is among the volumes"
        " (kvm_volumes) with 'state: absent'"
    )


def prepare(connection: Connection, plans: t.Iterable[Plan], noted: t.Container[str]) -> None:
    """Try, before the first step, that what plans make or remove of storage can be noted. Raises VirtfleetError.

    What somebody removed by hand is forgotten by the way.

    :param noted: the steps that make or remove storage
    """
    if notes(plans, noted):
        Manifest(connection.getURI()).prepare()
        forget_gone(connection)

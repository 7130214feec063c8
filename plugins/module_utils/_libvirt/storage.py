# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of volumes. What goes wrong says what to do."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from .._engine.step import Step
from .._errors import VirtfleetError
from .._tables.storage import MADE_DIRECTORIES
from . import storage_image
from .connection import libvirt
from .manifest import Manifest
from .process import alive, mark
from .storage_fill import create, fill, filling, lay_over, permit
from .storage_observe import identity, refresh, source_place
from .storage_plan import Making
from .storage_pools import (
    active_pool,
    lookup,
    pool_autostart,
    pool_define,
    pool_start,
    pool_stop,
    pool_undefine,
)


def volume_define(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Make a volume, and note that the collection made it."""
    making: Making = step.value
    pool = active_pool(connection, making.pool)
    manifest = Manifest(connection.getURI())
    clear_away(pool, making, manifest)
    root = ET.fromstring(making.xml)
    item = making.item
    kind = str(ET.fromstring(pool.XMLDesc(0)).get("type"))
    lay_over(connection, making, root)
    source = filling(connection, making)
    facts = {} if making.guest is None else {"guest": making.guest}
    if item.get("format") is not None:
        facts["format"] = str(item["format"])
    if source is None:
        create(pool, root)
    elif kind in MADE_DIRECTORIES and isinstance(source, str) and not item.get("encryption"):
        path = os.path.join(str(ET.fromstring(pool.XMLDesc(0)).findtext("target/path")), making.name)
        storage_image.make(path, source, item.get("checksum"), item.get("format"), item.get("capacity"))
        permit(path, item.get("permissions") or {})
        refresh(pool)
    else:
        manifest.put("volumes", making.key, making=mark(), **facts)
        fill(connection, pool, making, root, source)
    made = None if not manifest.kept else lookup(pool, making.name)
    sign = None if made is None else identity(ET.fromstring(made.XMLDesc()))
    manifest.put("volumes", making.key, **facts, **({} if sign is None else {"identity": sign}))


def clear_away(pool: t.Any, making: Making, manifest: Manifest) -> None:
    """Take away what a run left half-made that was killed, and let libvirt forget what others deleted.

    Raises VirtfleetError where a run still makes it.
    """
    noted = manifest.entries("volumes").get(making.key, {}).get("making")
    if noted is not None and noted != mark() and alive(noted):
        raise VirtfleetError(f"another run makes it in this moment ({noted}); wait for that one")
    volume = lookup(pool, making.name)
    if volume is None:
        return
    if noted is not None:
        volume.delete(0)
    elif not os.path.lexists(volume.path()):
        refresh(pool)


def volume_grow(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Make a volume larger. While a guest runs with it, only its QEMU may touch it."""
    pool = active_pool(connection, step.value["pool"])
    volume = pool.storageVolLookupByName(step.value["name"])
    capacity = step.value["capacity"]
    running = runs_with(connection, f"{pool.name()}/{volume.name()}", volume.path())
    if running is None:
        volume.resize(capacity, 0)
    else:
        domain, target = running
        domain.blockResize(target, capacity, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        refresh(pool)


def runs_with(connection: t.Any, *places: str) -> tuple[t.Any, str] | None:
    """The running guest that has a volume as a disk, and the disk's target; None where none has."""
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        for disk in ET.fromstring(domain.XMLDesc(0)).iterfind("devices/disk"):
            target = disk.find("target")
            if target is not None and source_place(disk.find("source")) in places:
                return domain, str(target.get("dev"))
    return None


def volume_delete(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Delete a volume with its data.

    Raises VirtfleetError where a volume that is laid over it was to go first, and did not.
    """
    for key in step.value or ():
        over, _slash, overlay = key.partition("/")
        if lookup(active_pool(connection, over), overlay) is not None:
            raise VirtfleetError(f"delete: the volume {key} is laid over it, and is still there")
    where, _slash, volume_name = name.partition("/")
    volume = lookup(active_pool(connection, where), volume_name)
    if volume is not None:
        volume.delete(0)
    Manifest(connection.getURI()).drop("volumes", name)


def guest_volume_delete(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Delete a volume of a guest that is gone."""
    if any(domain.name() == name for domain in connection.listAllDomains(0)):
        raise VirtfleetError(f"delete_volume: the guest is still defined, so its volume {step.value} stays")
    volume_delete(connection, step.value, Step("delete"), options)


ACTIONS: dict[tuple[str, str], t.Any] = {
    ("pool", "define"): pool_define,
    ("pool", "start"): pool_start,
    ("pool", "stop"): pool_stop,
    ("pool", "undefine"): pool_undefine,
    ("pool", "set_autostart"): pool_autostart,
    ("volume", "define"): volume_define,
    ("volume", "grow"): volume_grow,
    ("volume", "delete"): volume_delete,
    ("domain", "make_volume"): volume_define,
    ("domain", "grow_volume"): volume_grow,
    ("domain", "delete_volume"): guest_volume_delete,
}

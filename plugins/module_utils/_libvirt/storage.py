# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of pools and volumes. What goes wrong says what to do."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.step import Step
from .._errors import VirtfleetError
from .._tables.storage import MADE_DIRECTORIES
from . import storage_image
from .connection import lacks, libvirt, said
from .manifest import Manifest
from .process import alive, mark
from .storage_observe import identity, refresh, source_place, unseen
from .storage_plan import Making


def pool_define(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Define, or define anew in place; libvirt validates the document first."""
    known = any(pool.name() == name for pool in connection.listAllStoragePools(0))
    try:
        pool = connection.storagePoolDefineXML(step.value, getattr(libvirt, "VIR_STORAGE_POOL_DEFINE_VALIDATE", 0))
    except libvirt.libvirtError as error:
        if "missing backend" not in str(error):
            raise
        kind = ET.fromstring(step.value).get("type")
        raise VirtfleetError(
            f"define: this host's libvirt has no driver for pools of type {kind}: install the package of the"
            f" distribution, such as libvirt-daemon-driver-storage-{kind} ({said(error)})"
        ) from None
    if not known:
        Manifest(connection.getURI()).put("pools", name, uuid=pool.UUIDString())


def pool_start(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Start, and make what is missing, as far as that is wanted. What holds data is never made anew.

    Making a directory is part of the start. A file system, partition table or volume group is made
    only where the start finds none, and libvirt then refuses a device that is not blank.
    """
    pool = connection.storagePoolLookupByName(name)
    if pool.isActive():
        return
    kind = str(ET.fromstring(pool.XMLDesc(0)).get("type"))
    directory = kind in MADE_DIRECTORIES and step.value != "never"
    flags = libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD if directory else 0
    try:
        create_pool(pool, flags)
    except libvirt.libvirtError as error:
        if step.value != "format":
            raise VirtfleetError(f"start: {said(error)}{hint(kind)}") from None
        try:
            pool.build(0 if kind in ("dir", "zfs", "vstorage") else libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE)
        except libvirt.libvirtError as other:
            way = "Only blank devices are made anew: wipe it by hand if nothing on it is needed"
            if "No such file or directory" in str(other):
                way = "The program that makes it is missing on the host: install its package"
            raise VirtfleetError(
                f"start: {said(error)}; and to make it anew fails, too: {said(other)}. {way}"
            ) from None
        create_pool(pool, flags)


def create_pool(pool: t.Any, flags: int) -> None:
    """Start a pool. libvirt's test driver starts one, but makes nothing."""
    try:
        pool.create(flags)
    except libvirt.libvirtError as error:
        if not flags or not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        pool.create(0)


def hint(kind: str) -> str:
    """The way out, where the source of a pool may be blank."""
    if kind in ("fs", "disk", "logical", "zfs"):
        return "; if its devices are blank, 'build: format' makes what is missing"
    return ""


def pool_stop(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    pool = connection.storagePoolLookupByName(name)
    if pool.isActive():
        pool.destroy()


def pool_undefine(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    """Forget the definition. The data stays, all of it."""
    try:
        connection.storagePoolLookupByName(name).undefine()
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_STORAGE_POOL"):
            raise
    Manifest(connection.getURI()).drop("pools", name)


def pool_autostart(connection: t.Any, name: str, step: Step, options: t.Any) -> None:
    connection.storagePoolLookupByName(name).setAutostart(step.value)


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


def active_pool(connection: t.Any, name: str) -> t.Any:
    """A pool that volumes can be made in."""
    try:
        pool = connection.storagePoolLookupByName(name)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_STORAGE_POOL"):
            raise
        raise VirtfleetError(f"there is no pool {name} on this host; declare it with virtfleet.kvm.pools") from None
    if not pool.isActive():
        raise VirtfleetError(f"the pool {name} is not active; start it with virtfleet.kvm.pools and state: active")
    return pool


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


def lookup(pool: t.Any, name: str) -> t.Any:
    """A volume of a pool, or None."""
    try:
        return pool.storageVolLookupByName(name)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_STORAGE_VOL"):
            raise
        return None


def find(connection: t.Any, place: str, pool: str, what: str) -> t.Any:
    """A volume that another one names. Raises VirtfleetError where it is not there."""
    where, _slash, name = place.rpartition("/")
    holder = active_pool(connection, where or pool)
    volume = lookup(holder, name)
    if volume is None and unseen(holder, {name}) and refresh(holder):
        volume = lookup(holder, name)
    if volume is None:
        raise VirtfleetError(
            f"{what}: there is no volume {name} in the pool {where or pool}; declare it before this one"
        )
    return volume


def lay_over(connection: t.Any, making: Making, root: ET.Element) -> None:
    """Write into a definition what the volume is laid over: path and format of a volume that is named."""
    place = (making.item.get("backing") or {}).get("volume")
    if place is None:
        return
    base = find(connection, place, making.pool, "backing")
    form = ET.fromstring(base.XMLDesc()).find("target/format")
    paths.ensure(root, ("backingStore", "path")).text = base.path()
    node = paths.ensure(root, ("backingStore", "format"))
    if node.get("type") is None:
        node.set("type", "raw" if form is None else form.get("type", "raw"))


def filling(connection: t.Any, making: Making) -> t.Any:
    """What fills a volume: an URL or path, or a volume that has no path; None for nothing."""
    if making.item.get("image") is not None:
        image = str(making.item["image"])
        return image.removeprefix("file://") if image.startswith("file:///") else image
    if making.item.get("clone_from") is None:
        return None
    volume = find(connection, making.item["clone_from"], making.pool, "clone_from")
    return volume.path() if os.path.exists(volume.path()) else volume


def create(pool: t.Any, root: ET.Element) -> t.Any:
    """Let libvirt make a volume."""
    try:
        return pool.createXML(paths.text(root), 0)
    except libvirt.libvirtError as error:
        target = ET.fromstring(pool.XMLDesc(0)).findtext("target/path") or pool.name()
        if "No space left" in str(error) or "insufficient free space" in str(error):
            raise VirtfleetError(
                f"there is no space left in {target}: {said(error)};"
                " nothing half-made was kept: make room, then run again"
            ) from None
        raise


def fill(connection: t.Any, pool: t.Any, making: Making, root: ET.Element, source: t.Any) -> None:
    """Make a volume that is no file of ours to rename, and fill it. One that fails is taken away."""
    try:
        if not isinstance(source, str):
            volume = pool.createXMLFrom(paths.text(root), source, 0)
        else:
            volume = pour(connection, pool, making, root, source)
        capacity = making.item.get("capacity")
        if capacity is not None and volume.info()[1] < capacity:
            volume.resize(capacity, 0)
    except BaseException:
        half = lookup(pool, making.name)
        if half is not None:
            half.delete(0)
        Manifest(connection.getURI()).drop("volumes", making.key)
        raise


def pour(connection: t.Any, pool: t.Any, making: Making, root: ET.Element, source: str) -> t.Any:
    """Make a volume and pour an image into it, which is raw there."""
    folder = Manifest(connection.getURI()).folder
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, f"{making.pool}-{making.name}.raw")
    try:
        image = storage_image.make(path, source, making.item.get("checksum"), "raw", making.item.get("capacity"))
        node = paths.ensure(root, ("capacity",))
        node.text = str(image.size)
        node.set("unit", "bytes")
        volume = create(pool, root)
        stream = connection.newStream(0)
        volume.upload(stream, 0, image.size, 0)
        with open(path, "rb") as file:
            stream.sendAll(lambda _stream, count, opaque: opaque.read(count), file)
        stream.finish()
        return volume
    finally:
        if os.path.lexists(path):
            os.unlink(path)


def permit(path: str, permissions: t.Mapping[str, t.Any]) -> None:
    """Give a new file the permissions that it is declared with."""
    owner, group = permissions.get("owner"), permissions.get("group")
    if owner is not None or group is not None:
        os.chown(path, -1 if owner is None else owner, -1 if group is None else group)
    if permissions.get("mode") is not None:
        os.chmod(path, int(permissions["mode"], 8))


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

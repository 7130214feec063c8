# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a volume and fill it: empty, from an image, from another volume, or laid over one."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._errors import VirtfleetError
from . import storage_image
from .connection import libvirt, said
from .half_made import Born
from .manifest import Manifest
from .storage_observe import refresh, unseen
from .storage_plan import Making
from .storage_pools import active_pool, lookup


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
    born = Born(connection, making.key)
    try:
        if not isinstance(source, str):
            volume = born.note(pool.createXMLFrom(paths.text(root), source, 0))
        else:
            volume = pour(connection, pool, making, root, source, born)
        capacity = making.item.get("capacity")
        if capacity is not None and volume.info()[1] < capacity:
            volume.resize(capacity, 0)
    except BaseException:
        born.take_away()
        raise


def pour(connection: t.Any, pool: t.Any, making: Making, root: ET.Element, source: str, born: Born) -> t.Any:
    """Make a volume and pour an image into it, which is raw there."""
    folder = Manifest(connection.getURI()).folder
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, f"{making.pool}-{making.name}.raw")
    try:
        image = storage_image.make(path, source, making.item.get("checksum"), "raw", making.item.get("capacity"))
        node = paths.ensure(root, ("capacity",))
        node.text = str(image.size)
        node.set("unit", "bytes")
        volume = born.note(create(pool, root))
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

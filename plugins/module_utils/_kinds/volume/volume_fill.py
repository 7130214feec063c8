# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a volume and fill it: empty, from an image, from another volume, or laid over one."""

from __future__ import annotations

import errno
import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._errors import VirtfleetError
from ..._host import meter, part_files, waiting_caller
from ..._host.image_format import Unfit
from ..._host.qemu_img import TOO_LARGE
from ..._libvirt.connection import libvirt, message_of
from ..._libvirt.objects import Connection, Resource, StoragePool, Stream, Volume
from ..._storage.manifest import Manifest
from ..._storage.new_volumes import Making
from ..._storage.noted_formats import SAME
from ..._storage.storage_observe import active_pool, lookup, refresh, unseen
from ..domain.cloud_init.seed_fill import SeedImage, seed_source
from . import encryption, volume_image
from .half_made import NewVolume, second_name
from .new_file import too_large
from .volume_formats import Formats, format_by_bytes, same_format
from .volume_image import Source
from .volume_size import refuse_shorter


def find(connection: Connection, place: str, pool: str, what: str) -> Volume:
    """A volume that another one names. Raises VirtfleetError where it is not there."""
    where, _slash, name = place.rpartition("/")
    holder = active_pool(connection, where or pool)
    volume = lookup(holder, name)
    if volume is None and unseen(holder, {name}) and refresh(holder):
        volume = lookup(holder, name)
    if volume is None:
        raise VirtfleetError(
            f"{what}: there is no volume {name} in the pool {where or pool}: declare it with virtfleet.kvm.volumes"
            " (kvm_volumes of the role) before this one"
        )
    return volume


def key_of(volume: Volume) -> str:
    """A volume as POOL/VOLUME."""
    return f"{volume.storagePoolLookupByVolume().name()}/{volume.name()}"


def lay_over(connection: Connection, making: Making, root: ET.Element) -> None:
    """Write into a definition what the volume is laid over: path and format of a volume that is named.

    Raises VirtfleetError where the format is not known: QEMU would find it out from what a guest wrote. So it
    does where the format of a path is known and is another one than the user says.
    """
    backing = making.item.get("backing") or {}
    if backing.get("path") is not None:
        Formats(connection).of_path(str(backing["path"]), backing.get("format"))
    if backing.get("volume") is None:
        return
    base = find(connection, backing["volume"], making.pool, "backing")
    below, formats = ET.fromstring(base.XMLDesc()), Formats(connection)
    form = formats.of(key_of(base), below, backing.get("format"))
    if "base" in formats.noted.entries.get(key_of(base), {}):
        refuse_shorter(key_of(base), below, form, making.item.get("capacity"))
    paths.ensure(root, ("backingStore", "path")).text = base.path()
    paths.ensure(root, ("backingStore", "format")).set("type", "raw" if form in SAME else form)


def filling(connection: Connection, making: Making) -> Source | SeedImage | Volume | None:
    """What fills a volume: a seed, an image, or a volume that libvirt itself has to copy; None for nothing."""
    if making.item.get("seed") is not None:
        return seed_source(making)
    if making.item.get("image") is not None:
        return image_source(Formats(connection), making)
    if making.item.get("clone_from") is None:
        return None
    return volume_source(
        Formats(connection), making, find(connection, making.item["clone_from"], making.pool, "clone_from")
    )


def image_source(formats: Formats, making: Making) -> Source:
    """The image that fills a volume. Raises VirtfleetError where its format cannot be known."""
    item = making.item
    image = str(item["image"])
    if item.get("sent") is not None:
        sent = item["sent"]
        return Source(sent["path"], sent["checksum"], None, making.verbatim, item.get("image_timeout"), origin=image)
    image = image.removeprefix("file://") if image.startswith("file:///") else image
    known = formats.of_path(image) if image.startswith("/") else None
    return Source(image, item.get("checksum"), known, making.verbatim, item.get("image_timeout"))


def volume_source(formats: Formats, making: Making, volume: Volume) -> Source | Volume:
    """What fills a copy of a volume: its file, or the volume itself where libvirt has to copy it.

    Raises VirtfleetError where it cannot be copied.
    """
    root = ET.fromstring(volume.XMLDesc())
    known = formats.of(key_of(volume), root)
    if not os.path.exists(volume.path()):
        return volume
    if known not in (*SAME, "qcow2"):
        raise VirtfleetError(f"clone_from: the volume {key_of(volume)} is {known}; only raw and qcow2 are copied")
    if making.item.get("encryption") is None:
        return Source(volume.path(), None, known, True, what="volume")
    return unchanged(volume, root, known)


def unchanged(volume: Volume, root: ET.Element, known: str) -> Volume:
    """A volume that libvirt may copy, by what it takes its format for.

    Raises VirtfleetError where it is wrong about that, or the volume names other files.
    """
    node = root.find("target/format")
    taken = "raw" if node is None else node.get("type", "raw")
    if not same_format(taken, known):
        raise VirtfleetError(f"clone_from: the volume {key_of(volume)} is {known}, and libvirt takes it for {taken}")
    if known == "qcow2":
        format_by_bytes(key_of(volume), root)
    return volume


def enlarge(
    connection: Connection, pool: StoragePool, volume: Volume, capacity: int, declared: str | None = None
) -> None:
    """Make a volume larger that no guest runs with. A raw file grows by itself, whatever a guest wrote into it.

    :param declared: the format that the user says
    """
    root = ET.fromstring(volume.XMLDesc())
    problem = encryption.growth_problem(connection, key_of(volume), root)
    if problem is not None:
        raise VirtfleetError(f"grow: {problem}")
    form = Formats(connection).of(key_of(volume), root, declared)
    path = volume.path()
    if form not in SAME or root.get("type", "file") != "file" or not os.path.isfile(path):
        volume.resize(capacity, 0)
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_size > capacity:
            raise VirtfleetError(f"grow: {path} is not the file that was planned for; run again")
        try:
            part_files.refuse_written(descriptor)
        except Unfit as error:
            raise VirtfleetError(f"grow: {path} {error}") from None
        extend(descriptor, path, capacity)
    finally:
        os.close(descriptor)
    refresh(pool)


def extend(descriptor: int, path: str, capacity: int) -> None:
    """Make an open file longer. Raises VirtfleetError where its file system cannot hold so long a one."""
    try:
        os.ftruncate(descriptor, capacity)
        os.fsync(descriptor)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise VirtfleetError(f"grow: the file system of {path} holds no file of {capacity} bytes") from None
        raise


def create(pool: StoragePool, root: ET.Element) -> Volume:
    """Let libvirt make a volume. One that is to hold a CD is raw to begin with."""
    form = root.find("target/format")
    if form is not None and form.get("type") == "iso":
        form.set("type", "raw")
    try:
        return pool.createXML(paths.text(root), 0)
    except libvirt.libvirtError as error:
        target = ET.fromstring(pool.XMLDesc(0)).findtext("target/path") or pool.name()
        if "No space left" in str(error) or "insufficient free space" in str(error):
            raise VirtfleetError(
                f"there is no space left in {target}: {message_of(error)};"
                " nothing half-made was kept: make room, then run again"
            ) from None
        if any(words in str(error) for words in TOO_LARGE):
            raise VirtfleetError(f"{too_large('its size', target)}: {message_of(error)}") from None
        raise


def fill(
    connection: Connection, pool: StoragePool, making: Making, root: ET.Element, source: Source | Resource
) -> None:
    """Make a volume that is no file of ours to rename, and fill it. One that fails is taken away."""
    new = NewVolume(connection, making.key)
    try:
        if not isinstance(source, Source):
            with meter.work("copying it (by libvirt)"):
                volume = new.note(pool.createXMLFrom(paths.text(root), source, 0))
        else:
            volume = pour(connection, pool, making, root, source, new)
        capacity = making.item.get("capacity")
        if capacity is not None and volume.info()[1] < capacity:
            volume.resize(capacity, 0)
    except BaseException:
        new.take_away()
        raise


def pour(
    connection: Connection, pool: StoragePool, making: Making, root: ET.Element, source: Source, new: NewVolume
) -> Volume:
    """Make a volume and pour an image into it, which is raw there."""
    folder = Manifest(connection.getURI()).folder
    os.makedirs(folder, mode=0o700, exist_ok=True)
    path = os.path.join(folder, new.part)
    try:
        part = second_name(new.part)
        image = volume_image.make(path, source, "raw", making.item.get("capacity"), part=part)
        node = paths.ensure(root, ("capacity",))
        node.text = str(image.size)
        node.set("unit", "bytes")
        volume = new.note(create(pool, root))
        stream = connection.newStream(0)
        volume.upload(stream, 0, image.size, 0)
        with open(path, "rb") as file, meter.work("sending it to libvirt", image.size):
            stream.sendAll(sent, file)
            stream.finish()
        return volume
    finally:
        if os.path.lexists(path):
            os.unlink(path)


def sent(stream: Stream, count: int, file: t.BinaryIO) -> bytes:
    """The next bytes of a file that is sent to libvirt. Raises Gone where nobody waits for that any more."""
    waiting_caller.heed()
    meter.came(file.tell())
    return file.read(count)

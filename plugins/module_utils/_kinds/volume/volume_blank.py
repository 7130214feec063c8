# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an empty volume, or one that is laid over another, as libvirt would, but under a temporary name.

libvirt makes a file under its final name. A run that is killed before it notes what that file is can never
tell it from somebody else's. So the file is made here, as an image is: what it is gets noted first, and then
it gets its name. It comes out as libvirt makes it (virStorageBackendVolBuildLocal in its
src/storage/storage_util.c); what is not known to come out so is left to libvirt.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import re
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import ReadOnlyItem
from ..._errors import VirtfleetError
from ..._host import part_files, qemu_img
from ..._libvirt.objects import StoragePool
from ..._storage.noted_formats import SAME
from ..domain.cloud_init.seeds import is_here
from .new_file import failure_in_words, permit, too_large
from .storage_rules import MADE_DIRECTORIES
from .table import PERMISSIONS, VOLUME

READ: dict[str, tuple[str, ...]] = {
    "volume": (),
    "name": (),
    "capacity": ("unit",),
    "allocation": ("unit",),
    "target": (),
    "target/format": ("type",),
    "target/compat": (),
    "target/nocow": (),
    "target/clusterSize": ("unit",),
    "target/features": (),
    "target/features/lazy_refcounts": (),
    "target/features/extended_l2": (),
    "target/permissions": (),
    "target/permissions/mode": (),
    "target/permissions/owner": (),
    "target/permissions/group": (),
    "backingStore": (),
    "backingStore/path": (),
    "backingStore/format": ("type",),
}
"""What is read of a definition: elements, and their attributes. One that says more is left to libvirt."""

ROWS: t.Mapping[str, t.Any] = {row.name: row for row in VOLUME.rows}

OPTIONS = ("compat", "nocow", "cluster_size", "lazy_refcounts", "extended_l2")

NEWER = 10_002_000
"""The libvirt that leaves the version of a qcow2 to qemu-img (docs/formatstorage.rst of libvirt, compat)."""

KIB = 1024
MODE = "0600"
"""What libvirt gives where none is declared (VIR_STORAGE_DEFAULT_VOL_PERM_MODE)."""


@dataclasses.dataclass(frozen=True)
class Blank:
    """An empty volume to be made.

    :param form: ``raw`` or ``qcow2``
    :param capacity: the size that a guest sees; None for that of what it is laid over
    :param allocation: the bytes that a raw one takes at once
    :param permissions: its ``mode``, ``owner`` and ``group``, as far as they are declared
    :param options: what qemu-img gets as ``-o``
    :param base: the path of what it is laid over, or None
    """

    form: str
    capacity: int | None
    allocation: int
    permissions: ReadOnlyItem
    options: tuple[str, ...] = ()
    base: str | None = None


def blank(pool: StoragePool, root: ET.Element) -> Blank | None:
    """An empty volume that can be made here; None where libvirt has to.

    :param root: its definition
    """
    empty = read(root, pool.connect().getLibVersion())
    return empty if empty is not None and within_reach(pool, empty) else None


def within_reach(pool: StoragePool, empty: Blank) -> bool:
    """Whether a file that is made here is the same as one that libvirt makes: by its user, in the same folder."""
    kind = ET.fromstring(pool.XMLDesc(0)).get("type")
    if kind == "netfs" and any(empty.permissions.get(who) is not None for who in ("owner", "group")):
        return False  # libvirt becomes that user, for the server may not trust root.
    return reachable(pool)


def reachable(pool: StoragePool) -> bool:
    """Whether this process can make files in the folder of a pool, as libvirt's own user."""
    connection, root = pool.connect(), ET.fromstring(pool.XMLDesc(0))
    folder = root.findtext("target/path")
    if root.get("type") not in MADE_DIRECTORIES or folder is None or not is_here(connection):
        return False
    if os.geteuid() != 0 and not str(connection.getURI()).partition("?")[0].endswith("/session"):
        return False
    return os.path.isdir(folder)


def read(root: ET.Element, version: int) -> Blank | None:
    """An empty volume by its definition; None where that asks for what is not made here.

    :param version: that of libvirt
    """
    if not all_read(root):
        return None
    form = ROWS["format"].value(root)
    capacity, allocation = (ROWS[name].value(root) for name in ("capacity", "allocation"))
    node = root.find("target/permissions")
    permissions = {row.name: row.value(node) for row in PERMISSIONS if node is not None}
    permissions = {name: None if value == -1 else value for name, value in permissions.items()}
    if not sound((capacity, allocation, permissions.get("owner"), permissions.get("group")), permissions.get("mode")):
        return None
    options = image_options(root, version) if form == "qcow2" else plain_options(root)
    base, over = root.find("backingStore"), None
    if base is not None:
        over, below = base.findtext("path"), base.find("format")
        if below is None or below.get("type") not in ("raw", "qcow2") or not (over or "").startswith("/"):
            return None
        options = None if options is None else (f"backing_fmt={below.get('type')}", *options)
    if form == "qcow2" and options is not None and (capacity is not None or over is not None):
        return Blank("qcow2", capacity, 0, permissions, options, over)
    if form in SAME and options == () and capacity is not None:
        return Blank("raw", capacity, capacity if allocation is None else allocation, permissions)
    return None


def sound(numbers: t.Iterable[object], mode: object) -> bool:
    """Whether values are such as can be declared; what is written as XML may be anything."""
    return all(number is None or isinstance(number, int) for number in numbers) and (
        mode is None or re.fullmatch("0[0-7]{3}", str(mode)) is not None
    )


def all_read(root: ET.Element) -> bool:
    """Whether a definition says nothing that is not read here, and nothing twice."""
    found: collections.Counter[str] = collections.Counter()

    def known(element: ET.Element, path: str) -> bool:
        found[path] += 1
        return set(element.attrib) <= set(READ.get(path, ())) and all(
            known(child, child.tag if path == "volume" else f"{path}/{child.tag}") for child in element
        )

    return known(root, str(root.tag)) and found.keys() <= READ.keys() and max(found.values()) == 1


def plain_options(root: ET.Element) -> tuple[str, ...] | None:
    """What a definition asks of a raw file: nothing; None where it asks for what only other formats have."""
    return None if any(ROWS[name].value(root) for name in OPTIONS) else ()


def image_options(root: ET.Element, version: int) -> tuple[str, ...] | None:
    """What a definition asks of a qcow2, in the words of qemu-img; None where libvirt has something to say to it.

    :param version: that of libvirt
    """
    compat, cluster = (ROWS[name].value(root) for name in ("compat", "cluster_size"))
    features = [name for name in ("lazy_refcounts", "extended_l2") if ROWS[name].value(root)]
    if compat not in (None, "0.10", "1.1") or (features and compat == "0.10") or not sound((cluster,), None):
        return None
    if root.find("target/features") is not None:
        compat = compat or "1.1"
    elif version < NEWER:
        compat = compat or "0.10"
    return (
        *(("nocow=on",) if ROWS["nocow"].value(root) else ()),
        *((f"cluster_size={cluster}",) if cluster else ()),
        *((f"compat={compat}",) if compat else ()),
        *(f"{name}=on" for name in features),
    )


def make(path: str, empty: Blank, note_file: t.Callable[[str], None], part: str) -> None:
    """Make the file of an empty volume.

    :param note_file: called with its temporary path, as soon as it is there
    :param part: its temporary name, which is noted

    Raises VirtfleetError, with nothing left behind, where that fails.
    """
    folder, name = os.path.split(path)
    whole = os.path.join(folder, part)
    try:
        with part_files.opened_folder(folder) as place:
            if part_files.exists(place, name):
                raise VirtfleetError(f"{path} is there already, and is left as it is")
            with part_files.reserved(place, part, whole) as target:
                note_file(whole)
                fill(target, empty, path)
                permit(target, {**empty.permissions, "mode": empty.permissions.get("mode") or MODE})
                part_files.settle(target, place, part, name, path)
    except OSError as error:
        raise VirtfleetError(failure_in_words(error, folder)) from None


def fill(target: int, empty: Blank, path: str) -> None:
    """Make an open file the empty volume. Raises OSError where there is no room for it.

    :param path: the path that it will have, for messages
    """
    try:
        if empty.form == "raw":
            # libvirt gives a raw one its own group, also in a folder that hands down another one.
            permit(target, {"owner": os.geteuid(), "group": os.getegid()})
            os.ftruncate(target, t.cast(int, empty.capacity))
            if empty.allocation:
                os.posix_fallocate(target, 0, empty.allocation)
        else:
            size = () if not empty.capacity and empty.base else (f"{-(-(empty.capacity or 0) // KIB)}K",)
            qemu_img.create(target, path, empty.options, empty.base, size)
    except OverflowError:
        raise VirtfleetError(too_large("its size", os.path.dirname(path))) from None

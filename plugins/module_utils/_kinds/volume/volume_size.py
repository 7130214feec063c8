# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The size of a volume that a guest can write to: that of its file or device, never what its bytes say."""

from __future__ import annotations

import dataclasses
import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._engine.rows import Field
from ..._errors import VirtfleetError
from ..._host import part_files
from ..._host.image_format import Unfit
from ..._storage.noted_formats import SAME
from ..shared.storage_values import CAPACITY
from .table import VOLUME

HEADER = ("backingStore", "target/compat", "target/features", "target/clusterSize", "target/encryption")
"""What libvirt tells of a volume out of a header."""


def capacity_of(volume: ET.Element) -> int | None:
    """The bytes that a volume has by its XML; None where that does not say it."""
    row = t.cast(Field, next(row for row in VOLUME.rows if row.name == "capacity"))
    return t.cast("int | None", row.value(volume))


def as_device(found: Observed) -> Observed:
    """A volume that is a block device, with the size that this has: libvirt may tell one out of a header in it."""
    size = device_size(found.definition.findtext("target/path") or "")
    if size is None or size == capacity_of(found.definition):
        return found
    root = paths.clone(found.definition)
    give_size(root, size)
    return dataclasses.replace(found, definition=root)


def has_header(volume: ET.Element) -> bool:
    """Whether libvirt has read anything out of a header: without, the size of what is raw is that of its file."""
    return any(volume.find(path) is not None for path in HEADER)


def as_raw(root: ET.Element, here: bool = True) -> None:
    """Take from a volume's XML what libvirt read out of its header, and give it the size of its file.

    :param here: whether that would be one of the host that this runs on
    """
    for path in HEADER:
        where, _slash, tag = path.rpartition("/")
        parent = root if not where else root.find(where)
        node = None if parent is None else parent.find(tag)
        if parent is not None and node is not None:
            parent.remove(node)
    size = file_size(root.findtext("target/path") or "") if here else None
    if size is not None:
        give_size(root, size)


def give_size(root: ET.Element, size: int) -> None:
    """Write a size into the XML of a volume."""
    node = paths.ensure(root, ("capacity",))
    node.text = str(size)
    node.set("unit", "bytes")


def device_size(path: str) -> int | None:
    """The bytes of a block device; None for what is none."""
    try:
        if not stat.S_ISBLK(os.stat(path).st_mode):
            return None
        descriptor = part_files.open_to_read(path)
    except (Unfit, OSError, ValueError):
        return None
    try:
        return os.lseek(descriptor, 0, os.SEEK_END)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def file_size(path: str) -> int | None:
    """The bytes of a file; None for what is none."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def refuse_shorter(key: str, volume: ET.Element, form: str, capacity: int | None) -> None:
    """Raise VirtfleetError for a new volume that is smaller than the image that it is laid over: it would lack its end.

    :param key: the volume that it is laid over, as POOL/VOLUME, with its XML and its format
    :param capacity: that of the new one, if it is declared
    """
    path = volume.findtext("target/path") or ""
    node = volume.find("target/format")
    if form in SAME:
        size = file_size(path) or device_size(path)
    else:
        size = capacity_of(volume) if node is not None and node.get("type") == form else None
    if capacity is not None and size is not None and capacity < size:
        raise VirtfleetError(
            f"the volume {key}, which it is laid over, has a disk of {CAPACITY.show(size)}, more than its capacity,"
            f" {CAPACITY.show(capacity)}: give at least that as capacity (for a guest's disk, size), or leave it out"
        )

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new snapshot has room: QEMU notices too late, and leaves none at all."""

from __future__ import annotations

import os
import stat
import typing as t

from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._host.image_format import Unfit
from ..._host.qcow2_snapshots import Image, answer_of
from ..._libvirt.connection import LibvirtError
from ..._printing import label, spelled_out
from ..._storage.users import is_local
from .guests import Disk, SnapshotGuest

CLUSTERS = 8
"""Clusters of an image that a snapshot takes besides the copy of a table: the list of snapshots, and counts."""

MIB = 1024**2


def of_memory(guest: SnapshotGuest, whole: Item, path: str | None) -> t.Iterator[Invalid]:
    """Whether the memory of a guest has room where it is to go.

    :param path: a file in the folder where it is to go, or the device
    """
    if not whole["memory"] or path is None or not is_local(str(guest.connection.getURI())):
        return
    try:
        used = int(guest.domain.memoryStats().get("rss", 0)) * 1024
        needed = min(used, int(guest.domain.info()[1]) * 1024)
        where, free = free_bytes(guest, path)
    except (OSError, ValueError, LibvirtError):
        return
    if needed > free:
        yield Invalid(
            "memory",
            f"may take {needed // MIB} MiB, and {spelled_out(where)} has {free // MIB} MiB left: make room first",
        )


def of_tables(guest: SnapshotGuest, disk: Disk) -> t.Iterator[Invalid]:
    """Whether an image has room for what says which of its clusters are of an internal snapshot."""
    if disk.path is None or not is_local(str(guest.connection.getURI())):
        return
    try:
        needed = answer_of(disk.path, of_image)
        where, free = free_bytes(guest, disk.path)
    except (Unfit, OSError, ValueError, LibvirtError):
        return  # What QEMU cannot read either, it says itself.
    if needed > free:
        yield Invalid(
            "disks",
            f"{spelled_out(where)} has {free // 1024} KiB left, and the snapshot takes up to {needed // 1024} KiB in"
            f" the image of disk {label(disk.target)}: make room first",
        )


def of_image(image: Image) -> int:
    """The bytes that a snapshot takes in an image at once."""
    return CLUSTERS * image.header.cluster + image.header.l1_entries * 8


def free_bytes(guest: SnapshotGuest, path: str) -> tuple[str, int]:
    """What holds an image, and the bytes that are free there: of a device, those that the image does not use yet.

    Raises OSError or libvirtError where that cannot be told.
    """
    if os.path.exists(path) and stat.S_ISBLK(os.stat(path).st_mode):
        _size, used, room = guest.domain.blockInfo(path)
        return path, max(0, int(room) - int(used))
    folder = os.path.dirname(path)
    found = os.statvfs(folder)
    return folder, found.f_bavail * found.f_frsize


def full_folders(paths: t.Iterable[str]) -> str:
    """What to say after the words of QEMU for a snapshot that failed: which folders are full; empty where none is."""
    full = set()
    for folder in {os.path.dirname(path) for path in paths}:
        try:
            found = os.statvfs(folder)
        except OSError:
            continue
        if found.f_bavail * found.f_frsize < MIB:
            full.add(spelled_out(folder))
    return f"; there is no space left in {', '.join(sorted(full))}: make room, and run again" if full else ""

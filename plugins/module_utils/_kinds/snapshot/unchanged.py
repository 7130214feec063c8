# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a guest is exactly as one of its snapshots has it, so that to put it back changes nothing."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ..._host.image_format import Unfit
from ..._host.qcow2_snapshots import Image, answer_of
from ..._storage.users import is_local
from .guests import Disk, Snapshot, SnapshotGuest, disks_of

Answer = t.TypeVar("Answer")

SECTOR = 512
"""The bytes that QEMU rounds the size of a raw image up to."""


def is_there(guest: SnapshotGuest, snapshot: Snapshot) -> bool:
    """Whether a guest is off, as a snapshot has it, and neither its definition nor its disks have changed since.

    One that runs never is: it has gone on. What cannot be told counts as changed.
    """
    if guest.active or not snapshot.current or snapshot.has_memory or snapshot.definition is None or guest.saved:
        return False
    return defined_alike(guest, snapshot) and is_unwritten(guest, snapshot)


def is_unchanged(guest: SnapshotGuest) -> bool:
    """Whether all that a guest is now is in its current snapshot, so that nothing is lost if it is put back."""
    current = guest.current
    return current is not None and is_there(guest, current)


def defined_alike(guest: SnapshotGuest, snapshot: Snapshot) -> bool:
    """Whether a guest has the definition of a snapshot, but for what an external one has laid over its images."""
    if snapshot.definition is None:
        return False
    now, then = (ET.fromstring(ET.tostring(root)) for root in (guest.kept, snapshot.definition))
    then.tag = now.tag
    if snapshot.external:
        for root in (now, then):
            for disk in root.findall("devices/disk"):
                for part in [node for node in disk if node.tag in ("source", "backingStore", "driver")]:
                    disk.remove(part)
    for root in (now, then):
        # libvirt adds those that a device needs at another place than it reads them from.
        devices = root.find("devices")
        if devices is not None:
            devices[:] = sorted(devices, key=controller)
    return same_definition(now, then)


def controller(node: ET.Element) -> str:
    """What a controller is sorted by; all else stands first, in its order."""
    if node.tag != "controller":
        return ""
    return f"{node.get('type')} {node.get('index', '')} {node.get('model', '')}"


def same_definition(one: ET.Element, other: ET.Element) -> bool:
    """Whether two definitions say the same, in whatever form."""
    texts = [ET.canonicalize(ET.tostring(root, encoding="unicode"), strip_text=True) for root in (one, other)]
    return texts[0] == texts[1]


def is_unwritten(guest: SnapshotGuest, snapshot: Snapshot) -> bool:
    """Whether a guest that is off has not written to any disk since its current snapshot."""
    written = [disk for disk in guest.disks if disk.written]
    if snapshot.external:
        files = snapshot.files
        # A disk that is not in the snapshot may have been written to.
        return bool(written) and all(
            disk.target in files and is_only_laid_over(guest, snapshot, disk) for disk in written
        )
    if snapshot.definition is None:
        return False
    then = {disk.target: disk.path for disk in disks_of(guest.connection, snapshot.definition) if disk.written}
    if then != {disk.target: disk.path for disk in written}:
        return False

    def unchanged(image: Image) -> bool:
        found = [one for one in image.snapshots() if one.name == snapshot.name]
        return len(found) == 1 and image.is_as_in(found[0])

    return all(ask(guest, disk, unchanged) is True for disk in written)


def is_only_laid_over(guest: SnapshotGuest, snapshot: Snapshot, disk: Disk) -> bool:
    """Whether a file that an external snapshot has laid over an image has nothing in it, and shows that image whole."""
    then = disks_of(guest.connection, snapshot.definition) if snapshot.definition is not None else []
    image = next((one.path for one in then if one.target == disk.target), None)
    form = next((one.format for one in then if one.target == disk.target), "")
    if image is None or ask(guest, disk, lambda found: found.is_empty() and found.base() == image) is not True:
        return False
    shown = ask(guest, disk, lambda found: found.header.size)
    try:
        size = answer_of(image, lambda found: found.header.size) if form == "qcow2" else os.path.getsize(image)
    except (Unfit, OSError):
        return False
    return shown == size if form == "qcow2" else shown == -(-size // SECTOR) * SECTOR


def ask(guest: SnapshotGuest, disk: Disk, question: t.Callable[[Image], Answer]) -> Answer | None:
    """What the image of a disk answers; None where it is no qcow2, is not on this host, or cannot be read."""
    if disk.path is None or disk.format != "qcow2" or not is_local(str(guest.connection.getURI())):
        return None
    try:
        return answer_of(disk.path, question)
    except (Unfit, OSError):
        return None

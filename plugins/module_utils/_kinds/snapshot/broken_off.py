# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that were being taken as libvirt ended: QEMU goes on, and libvirt knows nothing of it afterwards.

An internal snapshot is in the images then, and a guest that was to go on may be paused for good. While a snapshot is
taken, a note says so (kind ``snapshots`` of the manifest). By that, the next run knows what is left for its own: the
snapshot has the name that was asked for, of the same guest, and was taken after the note. libvirt deletes it, once it
was told of it.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._errors import VirtfleetError
from ..._host.qcow2_snapshots import Inside
from ..._libvirt.connection import LibvirtError, cut, ended, libvirt
from ..._libvirt.objects import Connection, Domain
from ..._libvirt.process import alive, own_process
from ..._printing import label
from ..._storage.manifest import Manifest
from .guests import SECURE, SnapshotGuest

KIND = "snapshots"
"""The kind of the manifest."""

SECONDS = 10**9
"""Nanoseconds in one."""

LATEST = 300
"""Seconds after the note by which QEMU has begun with a snapshot, and written its time. One of a later time is somebody
else's, such as one that an administrator made since."""

PAUSES = ("VIR_DOMAIN_PAUSED_MIGRATION", "VIR_DOMAIN_PAUSED_SAVE", "VIR_DOMAIN_PAUSED_SNAPSHOT")
"""Why a guest is paused while libvirt takes a snapshot of it. A user's pause is another reason."""

LEFT = "a run that was broken off was taking this snapshot: what it left of it in the images is deleted first"
PAUSED = "the guest is still paused, as a run that was broken off was taking this snapshot: it goes on first"


@contextlib.contextmanager
def noted(connection: Connection, key: str, guest: str) -> t.Iterator[None]:
    """Note that a snapshot is taken, for as long as that takes. Where libvirt ends on the way, the note stays.

    :param key: the identity of the snapshot
    :param guest: the UUID of the guest

    Where it cannot be noted, the snapshot is taken nonetheless: then the next run asks the user.
    """
    manifest = Manifest(connection.getURI())
    with contextlib.suppress(VirtfleetError):
        manifest.put(KIND, key, uuid=guest, making=own_process(), began=str(time.time_ns()))
    try:
        yield
    except (LibvirtError, VirtfleetError) as error:
        if isinstance(error, LibvirtError) and (cut(error) or ended(connection)):
            raise
        forget(manifest, key)
        raise
    forget(manifest, key)


def forget(manifest: Manifest, key: str) -> None:
    """Forget that a snapshot was being taken. A note that stays says nothing once there is none to be found."""
    with contextlib.suppress(VirtfleetError):
        manifest.take_back(KIND, key)


def began(guest: SnapshotGuest, name: str) -> int | None:
    """When a run that was broken off began to take a snapshot, in nanoseconds since 1970; None where none did."""
    manifest = Manifest(str(guest.connection.getURI()))
    try:
        facts = manifest.entries(KIND).get(f"{guest.name}/{name}", {}) if manifest.kept else {}
    except VirtfleetError:
        return None
    maker, text = facts.get("making", ""), facts.get("began", "")
    if facts.get("uuid") != guest.uuid or (alive(maker) and maker != own_process()):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def is_left(guest: SnapshotGuest, found: Inside) -> bool:
    """Whether a snapshot in an image, which libvirt does not know, is what a run that was broken off has left."""
    since = began(guest, found.name)
    return since is not None and since // SECONDS <= found.taken <= since // SECONDS + LATEST


def is_paused(guest: SnapshotGuest, name: str) -> bool:
    """Whether a guest is paused only because libvirt ended while it took a snapshot of it."""
    if guest.state != "paused" or began(guest, name) is None:
        return False
    return guest.domain.state()[1] in {getattr(libvirt, pause, None) for pause in PAUSES}


def clear(domain: Domain, name: str, disks: t.Iterable[str]) -> None:
    """Have libvirt delete a snapshot that is in images, and that it does not know: it is told of it before.

    :param disks: the targets of the disks that it may be in

    Raises VirtfleetError where libvirt knows one of this name by now: somebody else has taken it.
    """
    if name in domain.snapshotListNames(0):
        raise VirtfleetError(f"somebody else has taken a snapshot {label(name)} of it by now; run again")
    root, active = ET.Element("domainsnapshot"), bool(domain.isActive())
    ET.SubElement(root, "name").text = name
    ET.SubElement(root, "state").text = "running" if active else "shutoff"
    ET.SubElement(root, "creationTime").text = str(int(time.time()))
    ET.SubElement(root, "memory", {"snapshot": "internal" if active else "no"})
    inner = ET.SubElement(root, "disks")
    for target in disks:
        ET.SubElement(inner, "disk", {"name": target, "snapshot": "internal"})
    root.append(paths.document(domain.XMLDesc(SECURE)))
    snapshot = domain.snapshotCreateXML(paths.text(root), libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
    try:
        snapshot.delete(0)
    except LibvirtError:
        with contextlib.suppress(LibvirtError):
            snapshot.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
        raise

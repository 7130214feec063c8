# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a guest cannot be put back to a snapshot, and what it would lose.

What libvirt refuses is in qemuSnapshotRevertValidate (qemu_snapshot.c). It does not refuse what loses other snapshots:
to put an image back makes every image useless that is laid over it.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._host.image_format import Unfit
from ..._host.qcow2_snapshots import answer_of
from ..._printing import label, spelled_out
from ..._storage.users import is_local
from .files import missing, snapshots_inside, used_by_others
from .guests import Disk, Snapshot, SnapshotGuest, disks_of
from .unchanged import is_unchanged

if t.TYPE_CHECKING:
    from .plan import SnapshotOptions


def problems(guest: SnapshotGuest, snapshot: Snapshot, want: Item, options: SnapshotOptions) -> list[Invalid]:
    """Why a guest is not put back to a snapshot; empty where nothing is known against it."""
    found = [*of_guest(guest), *of_snapshot(guest, snapshot)]
    if not found:
        found = list(of_loss(guest, snapshot, want))
    if not found and snapshot.external:
        found = list(of_files(guest, options))
    elif not found and snapshot.definition is not None:
        disks = [disk for disk in disks_of(guest.connection, snapshot.definition) if disk.written]
        places = [(disk.target, disk.path) for disk in disks if disk.path is not None]
        found = list(used_by_others(guest, places, options))
    return found


def of_guest(guest: SnapshotGuest) -> t.Iterator[Invalid]:
    """Why a guest is put back to no snapshot at all."""
    if not guest.persistent:
        yield Invalid("domain", f"guest {label(guest.name)} is transient: define it first")
    if guest.saved:
        yield Invalid(
            "domain",
            f"guest {label(guest.name)} has a saved state, which would not go with its disks any more: start it, or"
            " remove that state (virsh managedsave-remove)",
        )
    yield from guest.busy_with("state", (disk.target for disk in guest.disks))


def of_snapshot(guest: SnapshotGuest, snapshot: Snapshot) -> t.Iterator[Invalid]:
    """Why nobody can be put back to a snapshot."""
    if snapshot.definition is None:
        yield Invalid("state", "libvirt has no definition of the guest with this snapshot, and cannot put it back")
        return
    if snapshot.state == "pmsuspended":
        yield Invalid("state", "the guest had suspended itself as this snapshot was taken: libvirt cannot put it back")
    disks = disks_of(guest.connection, snapshot.definition)
    if snapshot.external:
        for disk in disks:
            if disk.target in snapshot.files:
                yield from missing(guest, disk)
        if not reverts_external(guest):
            yield Invalid(
                "state",
                "the libvirt of this host cannot put a guest back to an external snapshot; 9.9 and newer can",
            )
        for disk in disks:
            if disk.type != "file":
                yield Invalid("state", f"disk {label(disk.target)} was not on a file then: libvirt cannot put it back")
        return
    for disk in disks:
        if disk.written:
            yield from of_image(guest, snapshot, disk)


def of_files(guest: SnapshotGuest, options: SnapshotOptions) -> t.Iterator[Invalid]:
    """What would be lost with the files that the guest writes to: libvirt removes those of its current snapshot."""
    current = guest.current
    going = [] if current is None else list((current.files_since or current.files).items())
    yield from snapshots_inside(guest, going)
    yield from used_by_others(guest, going, options)


def reverts_external(guest: SnapshotGuest) -> bool:
    """Whether libvirt can put a guest back to an external snapshot, by its own word."""
    root = ET.fromstring(guest.connection.getCapabilities())
    return root.find("guest/features/externalSnapshot") is not None


def of_image(guest: SnapshotGuest, snapshot: Snapshot, disk: Disk) -> t.Iterator[Invalid]:
    """Why an image cannot be put back: libvirt stops the guest first, and finds out then."""
    if disk.path is None or not is_local(str(guest.connection.getURI())):
        return
    try:
        names = [found.name for found in answer_of(disk.path, lambda image: image.snapshots())]
    except (Unfit, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        yield Invalid("state", f"the image {spelled_out(disk.path)} of disk {label(disk.target)} is no use: {why}")
        return
    if snapshot.name not in names:
        yield Invalid(
            "state",
            f"the image {spelled_out(disk.path)} of disk {label(disk.target)} does not hold this snapshot any more:"
            " it was made anew, or somebody removed the snapshot (qemu-img snapshot -l); remove it here, too (virsh"
            " snapshot-delete --metadata)",
        )


def of_loss(guest: SnapshotGuest, snapshot: Snapshot, want: Item) -> t.Iterator[Invalid]:
    """What would be lost without leave."""
    if not want.get("discard_changes") and not is_unchanged(guest):
        yield Invalid("state", gone_on(guest, None if guest.current is None else guest.current.name))
    newer = lost_snapshots(guest, snapshot)
    if newer and not want.get("discard_newer"):
        names = ", ".join(map(label, newer))
        yield Invalid(
            "state",
            f"the external snapshots {names} are laid over the images that would be put back, and would be lost:"
            " delete them first, or allow that (discard_newer: true)",
        )


def gone_on(guest: SnapshotGuest, last: str | None) -> str:
    """What a guest would lose that is put back.

    :param last: its last snapshot
    """
    since = "" if last is None else f" since its snapshot {label(last)}"
    now = "runs" if guest.active else "may have changed"
    return (
        f"guest {label(guest.name)} {now}, and what it has done{since} would be lost: allow that (discard_changes:"
        " true), and take another snapshot before if you want to keep it"
    )


def lost_snapshots(guest: SnapshotGuest, snapshot: Snapshot) -> list[str]:
    """The external snapshots that are laid over what an internal one puts back."""
    if snapshot.external or snapshot.definition is None:
        return []
    images = {disk.path for disk in disks_of(guest.connection, snapshot.definition) if disk.written} - {None}
    found: list[str] = []
    for one in guest.snapshots.values():
        if one.files and one.definition is not None and set(images_below(guest, one)) & images:
            found.append(one.name)
            images |= set(one.files.values())
    return found


def images_below(guest: SnapshotGuest, snapshot: Snapshot) -> t.Iterator[str | None]:
    """The images that the files of an external snapshot are laid over."""
    for disk in disks_of(guest.connection, snapshot.definition) if snapshot.definition is not None else ():
        if disk.target in snapshot.files:
            yield disk.path

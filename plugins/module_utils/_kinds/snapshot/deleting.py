# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a snapshot cannot be deleted. What libvirt refuses is in qemuSnapshotDeleteValidate (qemu_snapshot.c)."""

from __future__ import annotations

import typing as t

from ..._errors import Invalid
from ..._printing import label, spelled_out
from .guests import Guest, Snapshot, disks_of

DELETES_EXTERNAL = 9_000_000
"""The first libvirt that deletes external snapshots."""

BY_HAND = "merge it by hand (virsh blockcommit), and have libvirt forget it (virsh snapshot-delete --metadata)"


def problems(guest: Guest, snapshot: Snapshot) -> list[Invalid]:
    """Why a snapshot cannot be deleted; empty where nothing is known against it."""
    return list(of_external(guest, snapshot) if snapshot.external else of_internal(guest, snapshot))


def of_internal(guest: Guest, snapshot: Snapshot) -> t.Iterator[Invalid]:
    """Why an internal snapshot cannot be deleted: while the guest runs, QEMU deletes it of the disks that it has."""
    if not guest.active or snapshot.definition is None:
        return
    now = {disk.target: disk.path for disk in guest.disks}
    for disk in disks_of(guest.connection, snapshot.definition):
        if disk.written and now.get(disk.target) != disk.path:
            yield Invalid(
                "state",
                f"the guest runs, and its disk {label(disk.target)} is not on"
                f" {spelled_out(disk.path or 'that image')} any more, which holds this snapshot: stop the guest first",
            )


def of_external(guest: Guest, snapshot: Snapshot) -> t.Iterator[Invalid]:
    """Why an external snapshot cannot be deleted, which is to merge what was written since into the image below."""
    if int(guest.connection.getLibVersion()) < DELETES_EXTERNAL:
        yield Invalid("state", f"the libvirt of this host deletes no external snapshots; 9.0 and newer do: {BY_HAND}")
        return
    children = guest.children(snapshot.name)
    if len(children) > 1:
        names = ", ".join(map(label, sorted(children)))
        yield Invalid("state", f"the snapshots {names} were all taken right after this one: delete all but one first")
    current = guest.current
    chain = set() if current is None else {current.name, *(one.name for one in guest.above(current.name))}
    if children and (snapshot.name not in chain or snapshot.current):
        yield Invalid("state", "the guest goes on from another snapshot: delete those that were taken after this first")
    if not children and snapshot.name not in chain:
        return
    for one in guest.above(snapshot.name):
        shared = snapshot.files.keys() & {disk.get("name", "") for disk in one.root.findall("disks/disk")}
        if shared and not one.external:
            yield Invalid(
                "state",
                f"it was taken after the internal snapshot {label(one.name)}, and libvirt merges nothing into an image"
                " that holds one: delete that one first",
            )
            break
        if shared:
            break
    yield from guest.busy_with("state", (disk.target for disk in guest.disks))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a snapshot cannot be deleted. What libvirt refuses is in qemuSnapshotDeleteValidate (qemu_snapshot.c)."""

from __future__ import annotations

import typing as t

from ..._errors import Invalid
from ..._printing import label, spelled_out
from .files import missing, snapshots_inside, used_by_others
from .guests import Snapshot, SnapshotGuest, disks_of
from .names import name_problem
from .reverting import reverts_external

if t.TYPE_CHECKING:
    from .plan import SnapshotOptions

DELETES_EXTERNAL = 9_000_000
"""The first libvirt that deletes external snapshots."""

BY_HAND = "merge it by hand (virsh blockcommit), and have libvirt forget it (virsh snapshot-delete --metadata)"


def problems(guest: SnapshotGuest, snapshot: Snapshot, options: SnapshotOptions) -> list[Invalid]:
    """Why a snapshot cannot be deleted; empty where nothing is known against it."""
    if not snapshot.external:
        return list(of_internal(guest, snapshot))
    gone, coming = options.going.get(guest.name, set()), options.coming.get(guest.name, {})
    found = list(of_coming(guest, coming))
    return found or list(of_external(guest, snapshot, gone)) or list(of_files(guest, snapshot, options, gone))


def of_internal(guest: SnapshotGuest, snapshot: Snapshot) -> t.Iterator[Invalid]:
    """Why an internal snapshot cannot be deleted: while the guest runs, QEMU deletes it of the disks that it has."""
    wrong = name_problem(snapshot.name, int(guest.connection.getLibVersion())) if guest.active else None
    if wrong is not None:
        yield Invalid("state", f"the guest runs, and the name of the snapshot {wrong.partition(':')[0]}: stop it first")
        return
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


def of_external(guest: SnapshotGuest, snapshot: Snapshot, gone: t.Collection[str]) -> t.Iterator[Invalid]:
    """Why an external snapshot cannot be deleted, which is to merge what was written since into the image below.

    :param gone: the snapshots of the guest that go before
    """
    if int(guest.connection.getLibVersion()) < DELETES_EXTERNAL:
        yield Invalid("state", f"the libvirt of this host deletes no external snapshots; 9.0 and newer do: {BY_HAND}")
        return
    after = set(guest.below(snapshot.name)) - set(gone)
    children = [name for name in guest.children(snapshot.name) if name in after]
    if len(children) > 1:
        names = ", ".join(map(label, sorted(children)))
        yield Invalid("state", f"the snapshots {names} were all taken right after this one: delete all but one first")
    chain = guest.chain
    branches = sorted(after - chain) if snapshot.name in chain and len(children) == 1 else []
    if branches and not snapshot.current:
        names = ", ".join(map(label, branches))
        yield Invalid(
            "state",
            f"the snapshots {names} were taken after this one, and the guest does not go on from them: delete those"
            " first, as libvirt crashes otherwise",
        )
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
    if len(children) < 2:
        yield from of_later(guest, snapshot, after)
    yield from guest.busy_with("state", (disk.target for disk in guest.disks))


def of_coming(guest: SnapshotGuest, coming: t.Mapping[str, str]) -> t.Iterator[Invalid]:
    """Which snapshots that are taken before, in the same call, would be lost or in the way.

    :param coming: their types by their names
    """
    inside = [name for name, kind in coming.items() if kind == "internal"]
    if inside or (coming and not guest.active and not reverts_external(guest)):
        yield Invalid(
            "state",
            f"the snapshots {', '.join(map(label, sorted(inside or coming)))} are taken before in the same call, and"
            f" would be {'lost with this one' if inside else 'in the way'}: delete this one in a task of its own",
        )


def of_later(guest: SnapshotGuest, snapshot: Snapshot, after: t.Iterable[str]) -> t.Iterator[Invalid]:
    """Which later snapshots are in the way while the guest is off: an older libvirt only merges the last one then.

    :param after: the snapshots that were taken after it
    """
    if guest.active or reverts_external(guest):
        return
    later = [name for name in after if guest.snapshots[name].files.keys() & snapshot.files.keys()]
    if later:
        yield Invalid(
            "state",
            f"the guest is off, and the snapshots {', '.join(map(label, sorted(later)))} were taken after this one,"
            " which the libvirt of this host cannot merge then: delete those first, or start the guest",
        )


def of_files(
    guest: SnapshotGuest, snapshot: Snapshot, options: SnapshotOptions, gone: t.Collection[str]
) -> t.Iterator[Invalid]:
    """What would be lost with the files that libvirt removes, and in the images that it merges these into.

    :param gone: the snapshots of the guest that go before
    """
    places = [*snapshot.files.items(), *snapshot.files_since.items()]
    yield from snapshots_inside(guest, places, gone)
    if snapshot.definition is not None and snapshot.name in guest.chain:
        for disk in disks_of(guest.connection, snapshot.definition):
            if disk.target in snapshot.files:
                yield from missing(guest, disk)
                places += [] if disk.path is None else [(disk.target, disk.path)]
    yield from used_by_others(guest, places, options)

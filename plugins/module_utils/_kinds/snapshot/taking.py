# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan a new snapshot: what it has where nothing is declared, and why it cannot be taken.

libvirt and QEMU find out most of that only once they are at it (qemuSnapshotPrepare in libvirt's qemu_snapshot.c).
"""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._host.image_format import Unfit
from ..._host.qcow2 import DATA_FILE
from ..._host.qcow2_snapshots import answer_of
from ..._printing import label, printable, spelled_out
from ..._storage.users import is_local
from . import broken_off, free_space
from .devices import of_devices
from .files import missing
from .guests import Disk, SnapshotGuest
from .names import name_problem
from .table import NUMBER

QCOW2_NVRAM = 10_010_000
"""The first libvirt that takes internal snapshots of a guest that runs with UEFI, if its variables are in a qcow2."""

NAME_BYTES = 255
"""The most bytes that a file system of Linux takes for a name (NAME_MAX)."""

SMALLEST = 192 * 1024 + 8
"""The bytes of a new qcow2 file that libvirt lays over an image (qemu-img of QEMU 7.2)."""

EXTERNALLY = "take an external one (type: external)"


class GuestWithDisks(t.Protocol):
    """What has to be known of a guest to say what a new snapshot of it has."""

    @property
    def active(self) -> bool:
        """Whether it runs."""

    @property
    def disks(self) -> t.Sequence[Disk]:
        """Its disks."""


class ComingGuest(t.NamedTuple):
    """A guest that an earlier task of a run in check mode would have made.

    :param active: whether it would run
    :param disks: its disks
    """

    active: bool
    disks: list[Disk]


def foreseen(guest: ComingGuest, whole: Item) -> list[Invalid]:
    """Why a snapshot of a guest that is to be made cannot be taken, as far as its definition tells.

    :param whole: the declared one, completed
    """
    found = [*of_name(whole), *of_listed(guest, whole)]
    if found or whole["type"] != "internal":
        return found
    return [problem for disk in guest.disks if disk.written for problem in of_format(disk, whole)]


def completed(guest: GuestWithDisks, want: Item) -> Item:
    """A declared new snapshot with what it gets where nothing is declared: its type, memory and disks."""
    whole = {**want, "type": want.get("type") or "internal"}
    if want.get("memory") is None:
        internal = whole["type"] == "internal"
        whole["memory"] = guest.active if internal else want.get("memory_file") is not None
    if not want.get("disks"):
        whole["disks"] = [disk.target for disk in guest.disks if disk.written and disk.location != "no"]
    return whole


def problems(guest: SnapshotGuest, whole: Item) -> list[Invalid]:
    """Why a snapshot cannot be taken; empty where nothing is known against it.

    :param whole: the declared one, completed
    """
    found = [*of_name(whole), *of_guest(guest), *of_disks(guest, whole)]
    found += of_devices(guest.definition, guest.active, whole)
    if found:
        return found
    return list(of_internal(guest, whole) if whole["type"] == "internal" else of_external(guest, whole))


def of_name(whole: Item) -> t.Iterator[Invalid]:
    """What is wrong with the name of a new snapshot."""
    if NUMBER.fullmatch(whole["name"]):
        yield Invalid(
            "name",
            f"{printable(whole['name'])} is a number, which QEMU takes for the number of any snapshot in an image:"
            " give it a name with a letter",
        )


def of_guest(guest: SnapshotGuest) -> t.Iterator[Invalid]:
    """Why no snapshot can be taken of a guest, of whatever kind."""
    if not guest.persistent:
        yield Invalid(
            "domain",
            f"guest {label(guest.name)} is transient, and libvirt forgets its snapshots once it stops: define it first",
        )
    if guest.state == "crashed":
        yield Invalid("domain", f"guest {label(guest.name)} has crashed: stop it or start it anew first")
    if guest.state == "suspended":
        yield Invalid("domain", f"guest {label(guest.name)} has suspended itself: wake it up or stop it first")
    if guest.saved:
        yield Invalid(
            "domain",
            f"guest {label(guest.name)} has a saved state, which goes with its disks as they are: start it first, or"
            " stop it for good",
        )


def of_disks(guest: SnapshotGuest, whole: Item) -> t.Iterator[Invalid]:
    """What is wrong with the disks of a new snapshot, and what is done to them now."""
    there = {disk.target for disk in guest.disks}
    yield from of_listed(guest, whole)
    yield from guest.busy_with("disks", (target for target in whole["disks"] if target in there))


def of_listed(guest: GuestWithDisks, whole: Item) -> t.Iterator[Invalid]:
    """What is wrong with the disks of a new snapshot."""
    there = {disk.target: disk for disk in guest.disks}
    listed = ", ".join(map(label, there)) or "none"
    for target in whole["disks"]:
        if target not in there:
            yield Invalid("disks", f"the guest has no disk {printable(target)}: it has {listed}")
        elif not there[target].written:
            yield Invalid("disks", f"{target} is empty or read-only, so there is nothing to keep of it: leave it out")
    if not whole["disks"]:
        yield Invalid("disks", "the guest has no disk that a snapshot could keep")


def of_internal(guest: SnapshotGuest, whole: Item) -> t.Iterator[Invalid]:
    """Why no internal snapshot can be taken."""
    for disk in guest.disks:
        if not disk.written:
            continue
        found = list(of_format(disk, whole))
        yield from found
        if not found and disk.type not in ("file", "block"):
            here = f"disk {label(disk.target)}"
            yield Invalid("type", f"{here} is on neither a file nor a device, so it cannot hold an internal snapshot")
        elif not found:
            yield from missing(guest, disk, "disks")
            yield from of_image(guest, disk, whole)
            yield from free_space.of_tables(guest, disk)
            yield from of_temporary(guest, disk, whole)
    if guest.active and not whole["memory"]:
        yield Invalid(
            "memory",
            f"an internal snapshot of a guest that runs always has its memory: stop the guest, or {EXTERNALLY}",
        )
    if not guest.active and whole["memory"]:
        yield off(guest)
    wrong = name_problem(whole["name"], int(guest.connection.getLibVersion())) if guest.active else None
    if wrong is not None:
        yield Invalid("name", f"{printable(whole['name'])} {wrong}, or stop the guest first")
    yield from of_firmware(guest)
    yield from free_space.of_memory(guest, whole, next((disk.path for disk in guest.disks if disk.written), None))


def of_format(disk: Disk, whole: Item) -> t.Iterator[Invalid]:
    """Why a disk cannot be in an internal snapshot, by its definition."""
    if disk.target not in whole["disks"] or disk.location in ("no", "manual"):
        why = " (the guest has snapshot: no for it)" if disk.location in ("no", "manual") else ""
        reason = f"an internal snapshot has all disks that the guest writes to, also {disk.target}{why}"
        yield Invalid("disks", f"{reason}: leave disks out, or {EXTERNALLY}")
    elif disk.format != "qcow2":
        reason = f"disk {label(disk.target)} is {disk.format}, and only qcow2 can hold an internal snapshot"
        yield Invalid("type", f"{reason}: {EXTERNALLY}, or convert the disk (qemu-img convert)")


def of_image(guest: SnapshotGuest, disk: Disk, whole: Item) -> t.Iterator[Invalid]:
    """Why an image cannot hold an internal snapshot: QEMU would take away one of that name, without a word."""
    if disk.path is None or not is_local(str(guest.connection.getURI())):
        return
    if whole["name"] in guest.snapshots:
        return
    try:
        found = answer_of(disk.path, lambda image: (image.header.features & DATA_FILE, image.snapshots()))
    except (Unfit, OSError):
        return  # What QEMU cannot read either, it says itself.
    data_file, inside = found
    if data_file:
        reason = f"the image {spelled_out(disk.path)} keeps its data in another file (data_file)"
        yield Invalid("type", f"{reason}, so it cannot hold an internal snapshot: {EXTERNALLY}")
    if any(one.name == whole["name"] and not broken_off.is_left(guest, one) for one in inside):
        yield Invalid(
            "name",
            f"the image {spelled_out(disk.path)} has a snapshot of this name that libvirt does not know: give this one"
            " another name, or switch the guest off and remove that one first (qemu-img snapshot -d)",
        )


def left_inside(guest: SnapshotGuest, name: str) -> bool:
    """Whether images have a snapshot that libvirt does not know, and that a run left that was broken off."""
    if name in guest.snapshots or not is_local(str(guest.connection.getURI())):
        return False
    for disk in guest.disks:
        try:
            inside = answer_of(disk.path, lambda image: image.snapshots()) if disk.path and disk.written else []
        except (Unfit, OSError):
            continue
        if any(one.name == name and broken_off.is_left(guest, one) for one in inside):
            return True
    return False


def of_temporary(guest: SnapshotGuest, disk: Disk, whole: Item) -> t.Iterator[Invalid]:
    """Why a disk that forgets what is written to it (transient) is against a snapshot."""
    if disk.temporary and (guest.active or whole["type"] == "external"):
        yield Invalid(
            "disks",
            f"{label(disk.target)} loses what is written to it once the guest stops (transient), and libvirt takes no"
            f" such snapshot of it: {'stop the guest first' if whole['type'] == 'internal' else 'leave it out'}",
        )


def off(guest: SnapshotGuest) -> Invalid:
    """That a guest has no memory to keep."""
    return Invalid("memory", f"guest {label(guest.name)} is off, so it has no memory to keep: leave memory out")


def of_firmware(guest: SnapshotGuest) -> t.Iterator[Invalid]:
    """Why the variables of a UEFI are against an internal snapshot."""
    loader, nvram = guest.definition.find("os/loader"), guest.definition.find("os/nvram")
    if loader is None or loader.get("type") != "pflash":
        return
    version = int(guest.connection.getLibVersion())
    qcow2 = nvram is not None and nvram.get("format") == "qcow2"
    if version < QCOW2_NVRAM or (guest.active and not qcow2):
        kept = "" if nvram is None else (nvram.text or nvram.get("file") or "").strip()
        place = f" ({spelled_out(kept)})" if kept else ""
        reason = (
            f"the guest keeps the variables of its UEFI in a raw file{place}, of which no internal snapshot is taken"
        )
        if qcow2:
            reason = "the libvirt of this host takes no internal snapshot of a guest with UEFI"
        yield Invalid("type", f"{reason}: {EXTERNALLY}")


def of_external(guest: SnapshotGuest, whole: Item) -> t.Iterator[Invalid]:
    """Why no external snapshot can be taken."""
    for target, disk in chosen(guest, whole):
        if disk.type != "file" or disk.path is None or disk.device == "lun":
            yield Invalid(
                "type",
                f"disk {label(target)} is not on a file, and the collection lays files over files alone: leave it out"
                " of disks",
            )
        elif disk.shared:
            reason = (
                f"{label(target)} is shared with other guests (shareable), which would not see what is laid over it"
            )
            yield Invalid("disks", f"{reason}: leave it out")
        elif exists(guest, overlay(disk, whole["name"])):
            yield Invalid(
                "name",
                f"the file {spelled_out(overlay(disk, whole['name']))} is there already, which would be laid over disk"
                f" {label(target)}: give the snapshot another name, or remove that file",
            )
        else:
            yield from missing(guest, disk, "disks")
            yield from of_temporary(guest, disk, whole)
            yield from of_overlay(guest, disk, overlay(disk, whole["name"]))
    if len({overlay(disk, whole["name"]) for _target, disk in chosen(guest, whole)}) < len(whole["disks"]):
        yield Invalid("name", "two disks would get one file, as their names differ in the ending alone: rename one")
    if not whole["memory"]:
        return
    if not guest.active:
        yield off(guest)
    if whole.get("memory_file") is None:
        yield Invalid("memory", "an external snapshot keeps it in a file of its own: name one (memory_file)")
    elif whole["memory_file"] in {overlay(disk, whole["name"]) for _target, disk in chosen(guest, whole)}:
        yield Invalid("memory_file", "is the file that is laid over a disk: name another one")
    elif len(os.fsencode(os.path.basename(whole["memory_file"]))) > NAME_BYTES:
        yield Invalid("memory_file", f"has a name of more than {NAME_BYTES} bytes: shorten it")
    elif exists(guest, whole["memory_file"]):
        yield Invalid("memory_file", "is there already, and would be overwritten: name another file, or remove it")
    elif not os.path.isdir(os.path.dirname(whole["memory_file"])) and is_local(str(guest.connection.getURI())):
        yield Invalid("memory_file", "its folder is not there: make it first")
    else:
        yield from free_space.of_memory(guest, whole, whole["memory_file"])


def of_overlay(guest: SnapshotGuest, disk: Disk, path: str) -> t.Iterator[Invalid]:
    """Why a file cannot be laid over the image of a disk."""
    if len(os.fsencode(os.path.basename(path))) > NAME_BYTES:
        yield Invalid(
            "name", f"the file that is laid over disk {label(disk.target)} would get too long a name: shorten it"
        )
    elif "," in path and not guest.active:
        yield Invalid(
            "name",
            f"libvirt would make another file than {spelled_out(path)}, as it doubles the comma, so the guest would not"
            " start again: choose a name and folder without a comma, or take the snapshot while the guest runs",
        )
    if not is_local(str(guest.connection.getURI())):
        return
    try:
        free_space = os.statvfs(os.path.dirname(path))
    except OSError:
        return
    if free_space.f_flag & os.ST_RDONLY or free_space.f_bavail * free_space.f_frsize < SMALLEST:
        why = "is read-only" if free_space.f_flag & os.ST_RDONLY else "is full"
        yield Invalid(
            "disks", f"{spelled_out(os.path.dirname(path))} {why}, where a file is laid over {label(disk.target)}"
        )


def exists(guest: SnapshotGuest, path: str) -> bool:
    """Whether there is something at a path of the host; nobody knows of another host."""
    return is_local(str(guest.connection.getURI())) and os.path.lexists(path)


def chosen(guest: GuestWithDisks, whole: Item) -> t.Iterator[tuple[str, Disk]]:
    """The disks that are in a new snapshot, by their targets."""
    there = {disk.target: disk for disk in guest.disks}
    return ((target, there[target]) for target in whole["disks"] if target in there)


def overlay(disk: Disk, name: str) -> str:
    """The file that a snapshot lays over the image of a disk: libvirt's own choice, in the folder of the image."""
    folder, file = os.path.split(disk.path or "")
    stem, dot, _ending = file.rpartition(".")
    return os.path.join(folder, f"{stem if dot else file}.{name}")


def document(guest: SnapshotGuest, whole: Item) -> str:
    """What libvirt is told of a new snapshot.

    :param whole: the declared one, completed
    """
    root = ET.Element("domainsnapshot")
    ET.SubElement(root, "name").text = whole["name"]
    if whole.get("description") is not None:
        ET.SubElement(root, "description").text = whole["description"]
    external = whole["type"] == "external"
    memory = ET.SubElement(root, "memory", {"snapshot": whole["type"] if whole["memory"] else "no"})
    if external and whole["memory"]:
        memory.set("file", whole["memory_file"])
    disks = ET.SubElement(root, "disks")
    for disk in guest.disks:
        if disk.target not in whole["disks"]:
            if external:
                ET.SubElement(disks, "disk", {"name": disk.target, "snapshot": "no"})
            continue
        node = ET.SubElement(disks, "disk", {"name": disk.target, "snapshot": whole["type"]})
        if external:
            ET.SubElement(node, "source", {"file": overlay(disk, whole["name"])})
    return paths.text(root)


def new_files(guest: GuestWithDisks, whole: Item) -> list[str]:
    """The files that an external snapshot makes."""
    if whole["type"] != "external":
        return []
    files = [overlay(disk, whole["name"]) for _target, disk in chosen(guest, whole)]
    return [*files, *([whole["memory_file"]] if whole["memory"] else [])]

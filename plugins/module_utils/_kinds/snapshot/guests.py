# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what guests and their snapshots are."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._errors import Invalid
from ..._libvirt.connection import LibvirtError, lacks, libvirt
from ..._libvirt.objects import Connection, Domain
from ..._storage.guest_documents import definitions
from ..._storage.noted_formats import volume_at
from ..domain.saved_states import is_saved

SECURE = getattr(libvirt, "VIR_DOMAIN_SNAPSHOT_XML_SECURE", 1)
"""Asks for the secrets, too: what is compared, and handed back to libvirt, has all of them."""

STATES = {
    "VIR_DOMAIN_RUNNING": "running",
    "VIR_DOMAIN_BLOCKED": "running",
    "VIR_DOMAIN_PAUSED": "paused",
    "VIR_DOMAIN_SHUTDOWN": "running",
    "VIR_DOMAIN_SHUTOFF": "stopped",
    "VIR_DOMAIN_CRASHED": "crashed",
    "VIR_DOMAIN_PMSUSPENDED": "suspended",
}
"""What the states of a guest are called here."""


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk of a guest, as a definition has it.

    :param target: its name in the guest, such as ``vda``
    :param type: what it is on: ``file``, ``block``, ``network``, ...
    :param path: the file or device that it is on; None where it is on neither
    :param format: the format that libvirt reads it as
    :param device: ``disk``, ``lun``, ``cdrom``, ``floppy``
    :param location: where the guest wants it in snapshots: ``no``, ``manual``, ...; empty where nothing is said
    :param written: whether the guest can write to it, and there is something in it
    :param shared: whether other guests write to it as well (libvirt's ``shareable``)
    :param temporary: whether what is written to it goes as the guest stops (libvirt's ``transient``)
    """

    target: str
    type: str
    path: str | None
    format: str
    device: str
    location: str
    written: bool
    shared: bool = False
    temporary: bool = False


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A snapshot of a guest.

    :param name: its name
    :param root: all that libvirt tells of it
    :param current: whether the guest goes on from it: it was taken, or put back to, last
    """

    name: str
    root: ET.Element
    current: bool

    @property
    def parent(self) -> str | None:
        """The snapshot that the guest went on from as this one was taken."""
        return self.root.findtext("parent/name")

    @property
    def created(self) -> str:
        """When it was taken, in seconds since 1970: what tells it from a later one of the same name."""
        return self.root.findtext("creationTime") or ""

    @property
    def state(self) -> str:
        """What the guest did then, as libvirt calls it: ``running``, ``paused``, ``shutoff``, ``disk-snapshot``."""
        return self.root.findtext("state") or ""

    @property
    def external(self) -> bool:
        """Whether a part of it is in a file of its own."""
        places = [*self.root.findall("disks/disk"), *self.root.findall("memory")]
        return any(place.get("snapshot") == "external" for place in places)

    @property
    def has_memory(self) -> bool:
        """Whether the guest goes on from there, and does not start."""
        memory = self.root.find("memory")
        return memory is not None and memory.get("snapshot", "no") != "no"

    @property
    def definition(self) -> ET.Element | None:
        """The definition that the guest had, by which it starts; None where libvirt has kept none."""
        found = self.root.find("inactiveDomain")
        return self.root.find("domain") if found is None else found

    @property
    def files(self) -> dict[str, str]:
        """The files that were laid over the images, by the targets of the disks."""
        return self.laid_over("disks/disk")

    @property
    def files_since(self) -> dict[str, str]:
        """The files that the guest got as it was put back, in place of those that later snapshots need."""
        return self.laid_over("revertDisks/disk")

    def laid_over(self, path: str) -> dict[str, str]:
        """The files of external disks, by the targets of these.

        :param path: where the disks stand in what libvirt tells
        """
        found = {}
        for disk in self.root.findall(path):
            source = disk.find("source")
            if disk.get("snapshot") == "external" and source is not None and source.get("file"):
                found[disk.get("name", "")] = source.get("file", "")
        return found

    @property
    def memory_file(self) -> str | None:
        """The file that the memory of the guest is in; None where it is in none."""
        memory = self.root.find("memory")
        return None if memory is None or memory.get("snapshot") != "external" else memory.get("file")

    @property
    def all_files(self) -> list[str]:
        """All files that belong to it alone."""
        return sorted([*self.files.values(), *([] if self.memory_file is None else [self.memory_file])])


class SnapshotGuest:
    """A guest with its snapshots.

    :param connection: the connection that it is of
    :param domain: what libvirt has
    """

    def __init__(self, connection: Connection, domain: Domain) -> None:
        self.connection, self.domain = connection, domain
        self.name, self.uuid = str(domain.name()), str(domain.UUIDString())
        self.state = state_of(domain)
        self.kept, self.live = definitions(domain)
        self.snapshots = {found.name: found for found in snapshots_of(domain)}

    @property
    def active(self) -> bool:
        """Whether it has a process."""
        return self.live is not None

    @functools.cached_property
    def persistent(self) -> bool:
        """Whether libvirt keeps it once it stops."""
        return bool(self.domain.isPersistent())

    @functools.cached_property
    def saved(self) -> bool:
        """Whether it comes back as it was saved (virsh managedsave) once it starts."""
        return is_saved(self.domain)

    @property
    def definition(self) -> ET.Element:
        """What a snapshot is taken of: what runs, else what is defined."""
        return self.kept if self.live is None else self.live

    @property
    def current(self) -> Snapshot | None:
        """The snapshot that the guest goes on from."""
        return next((found for found in self.snapshots.values() if found.current), None)

    @functools.cached_property
    def disks(self) -> list[Disk]:
        """Its disks, as it runs, else as it is defined."""
        return disks_of(self.connection, self.definition)

    def children(self, name: str) -> list[str]:
        """The snapshots that were taken right after one."""
        return [found.name for found in self.snapshots.values() if found.parent == name]

    def below(self, name: str) -> list[str]:
        """All snapshots that were taken after one, on whatever branch."""
        return [found.name for found in self.snapshots.values() if name in {one.name for one in self.above(found.name)}]

    @property
    def chain(self) -> set[str]:
        """The snapshots that the guest goes on from: its current one, and those before that."""
        current = self.current
        return set() if current is None else {current.name, *(one.name for one in self.above(current.name))}

    def above(self, name: str) -> list[Snapshot]:
        """The snapshots before one, the nearest first."""
        found: list[Snapshot] = []
        parent = self.snapshots[name].parent
        while parent in self.snapshots and self.snapshots[parent] not in found:
            found.append(self.snapshots[parent])
            parent = found[-1].parent
        return found

    def busy_with(self, option: str, targets: t.Iterable[str]) -> t.Iterator[Invalid]:
        """That libvirt copies or merges one of some disks at this moment (a block job).

        :param option: the option that it is said of
        """
        for target in targets if self.active else ():
            try:
                job = self.domain.blockJobInfo(target, 0)
            except LibvirtError as error:
                if not lacks(error, "VIR_ERR_NO_SUPPORT", "VIR_ERR_INVALID_ARG", "VIR_ERR_OPERATION_INVALID"):
                    raise
                continue
            if job:
                reason = f"libvirt copies or merges {target} at this moment (a block job)"
                yield Invalid(option, f"{reason}: wait until that is over (virsh blockjob)")
                return


def state_of(domain: Domain) -> str:
    """What a guest does, in a word of STATES."""
    number = domain.state()[0]
    return next((word for name, word in STATES.items() if getattr(libvirt, name, None) == number), "running")


def snapshots_of(domain: Domain) -> t.Iterator[Snapshot]:
    """The snapshots of a guest, in the order in which they were taken."""
    try:
        found = domain.listAllSnapshots(getattr(libvirt, "VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL", 0))
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT"):
            raise
        return
    for one in found:
        try:
            yield Snapshot(str(one.getName()), paths.document(one.getXMLDesc(SECURE)), bool(one.isCurrent()))
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_DOMAIN_SNAPSHOT"):
                raise


def guests(connection: Connection, names: t.Container[str]) -> dict[str, SnapshotGuest]:
    """The guests of these names, with their snapshots."""
    found = {}
    for domain in connection.listAllDomains(0):
        if domain.name() in names:
            try:
                found[str(domain.name())] = SnapshotGuest(connection, domain)
            except LibvirtError as error:
                if not lacks(error, "VIR_ERR_NO_DOMAIN"):
                    raise
    return found


def disks_of(connection: Connection, definition: ET.Element) -> list[Disk]:
    """The disks of a definition."""
    return [disk_of(connection, node) for node in definition.findall("devices/disk")]


def disk_of(connection: Connection, node: ET.Element) -> Disk:
    """One disk of a definition."""
    target, source, driver = node.find("target"), node.find("source"), node.find("driver")
    kind, path = node.get("type", "file"), None
    if source is not None and kind in ("file", "block"):
        path = source.get("file") or source.get("dev")
    elif source is not None and kind == "volume":
        path = volume_at(connection, f"{source.get('pool')}/{source.get('volume')}")
        kind = "file" if path is None or not path.startswith("/dev/") else "block"
    read_only = node.find("readonly") is not None or node.get("device") == "cdrom"
    return Disk(
        target="" if target is None else target.get("dev", ""),
        type=kind,
        path=path if path is None or path.startswith("/") else f"/{path}",
        format="raw" if driver is None else driver.get("type", "raw"),
        device=node.get("device", "disk"),
        location=node.get("snapshot", ""),
        written=source is not None and not read_only,
        shared=node.find("shareable") is not None,
        temporary=node.find("transient") is not None,
    )

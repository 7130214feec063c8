# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of snapshots."""

from __future__ import annotations

import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.kind import Action
from ..._host.headers import SAVED_STATES
from ..._libvirt.connection import LibvirtError, cut, ended, lacks, libvirt, message_of
from ..._libvirt.objects import Connection, Domain, DomainSnapshot
from ..._printing import label, spelled_out
from . import broken_off, free_space
from .guests import SECURE

if t.TYPE_CHECKING:
    from .plan import SnapshotOptions, Taking

MEANWHILE = "somebody changed it meanwhile: {0}; run again"


def guest_of(connection: Connection, name: str, uuid: str) -> Domain:
    """The guest of a snapshot. Raises VirtfleetError where it is another one by now.

    :param name: the identity of the snapshot
    """
    guest = name.partition("/")[0]
    try:
        domain = connection.lookupByName(guest)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_DOMAIN"):
            raise
        domain = None
    if domain is None or domain.UUIDString() != uuid:
        raise VirtfleetError(MEANWHILE.format("the guest is gone, or another one"))
    return domain


def snapshot_of(domain: Domain, name: str, created: str) -> DomainSnapshot | None:
    """A snapshot of a guest; None where it is gone. Raises VirtfleetError where it is another one by now."""
    try:
        found = domain.snapshotLookupByName(name.partition("/")[2], 0)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_DOMAIN_SNAPSHOT"):
            raise
        return None
    if ET.fromstring(found.getXMLDesc(0)).findtext("creationTime") != created:
        raise VirtfleetError(MEANWHILE.format("there is another snapshot of this name"))
    return found


def take(connection: Connection, name: str, step: Step, options: object) -> None:
    """Take a snapshot; of disks alone, of all of them at one moment or of none.

    What a run left of it that was broken off goes first, and the guest goes on where that one left it paused.
    """
    wanted: Taking = step.value
    domain = guest_of(connection, name, wanted.guest)
    if wanted.left:
        broken_off.clear(domain, name.partition("/")[2], wanted.disks)
    if wanted.paused and domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()
    flags = getattr(libvirt, "VIR_DOMAIN_SNAPSHOT_CREATE_VALIDATE", 0)
    if wanted.disk_only:
        flags |= libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
    with broken_off.noted(connection, name, wanted.guest):
        try:
            domain.snapshotCreateXML(wanted.xml, flags)
        except LibvirtError as error:
            full = "" if cut(error) or ended(connection) else free_space.full_folders(wanted.places)
            if not full:
                raise
            raise VirtfleetError(f"take: {message_of(error)}{full}") from None


def describe(connection: Connection, name: str, step: Step, options: object) -> None:
    """Change the description. libvirt takes all of a snapshot anew for that, and keeps it the current one."""
    known, text = step.value
    domain = guest_of(connection, name, known.guest)
    found = snapshot_of(domain, name, known.created)
    if found is None:
        raise VirtfleetError(MEANWHILE.format("the snapshot is gone"))
    root = paths.document(found.getXMLDesc(SECURE))
    node = root.find("description")
    if text is None and node is not None:
        root.remove(node)
    elif text is not None:
        if node is None:
            node = ET.Element("description")
            root.insert(1, node)
        node.text = text
    flags = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE
    if found.isCurrent():
        flags |= libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT
    domain.snapshotCreateXML(paths.text(root), flags)


def revert(connection: Connection, name: str, step: Step, options: SnapshotOptions) -> None:
    """Put a guest back, and have libvirt forget the snapshots that are of no use any more."""
    domain = guest_of(connection, name, step.value.guest)
    found = snapshot_of(domain, name, step.value.created)
    if found is None:
        raise VirtfleetError(MEANWHILE.format("the snapshot is gone"))
    newer = set(domain.snapshotListNames(0)) - step.value.known
    if newer:
        raise VirtfleetError(MEANWHILE.format("the guest has snapshots that it had not as this was planned"))
    domain.revertToSnapshot(found, libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_FORCE if step.value.force else 0)
    options.reverted.add(name)
    for other in step.value.lost:
        domain.snapshotLookupByName(other, 0).delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)


def delete(connection: Connection, name: str, step: Step, options: object) -> None:
    """Delete a snapshot, and no other one."""
    domain = guest_of(connection, name, step.value.guest)
    found = snapshot_of(domain, name, step.value.created)
    if found is not None:
        names = set(domain.snapshotListNames(0))
        left = names & step.value.before
        if step.value.known is not None and left:
            names_left = ", ".join(map(label, sorted(left)))
            raise VirtfleetError(f"the snapshots {names_left} were to go before, and are still there: run again")
        if step.value.known is not None and names - step.value.known:
            raise VirtfleetError(MEANWHILE.format("the guest has snapshots that it had not as this was planned"))
        found.delete(0)
        if step.value.memory_file is not None:
            remove_memory(step.value.memory_file)


def remove_memory(path: str) -> None:
    """Remove the file with the memory, which libvirt 9.0 leaves behind; nothing else that has its name.

    Raises VirtfleetError where it cannot be removed.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            ours = stat.S_ISREG(os.fstat(file.fileno()).st_mode) and file.read(16) in SAVED_STATES
        if ours:
            os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        why = error.strerror or str(error)
        raise VirtfleetError(f"the snapshot is deleted, but its file {spelled_out(path)} stays: {why}") from None


ACTIONS: dict[str, Action] = {"take": take, "describe": describe, "revert": revert, "delete": delete}

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read which snapshots the guests of a host have, as the flow compares them with what is declared."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._libvirt.objects import Connection
from .guests import Snapshot, SnapshotGuest, guests
from .unchanged import is_there


def snapshots(connection: Connection, keys: t.Container[str]) -> dict[str, Observed]:
    """The snapshots of these identities, GUEST/SNAPSHOT, and whether their guest is exactly as they have it."""
    wanted = {str(key).partition("/")[0] for key in t.cast("t.Iterable[str]", keys)}
    return {
        key: observed(guest, snapshot, "reverted" if is_there(guest, snapshot) else "present")
        for guest in guests(connection, wanted).values()
        for snapshot in guest.snapshots.values()
        for key in (f"{guest.name}/{snapshot.name}",)
        if key in keys
    }


def all_snapshots(connection: Connection, names: t.Container[str]) -> dict[str, Observed]:
    """The snapshots of these names: those of a guest, or single ones as GUEST/SNAPSHOT."""
    return {
        f"{guest.name}/{snapshot.name}": observed(guest, snapshot, "present")
        for guest, snapshot in named_snapshots(connection, names)
    }


class NamedGuests:
    """A container of the names of guests that some names of snapshots may be of.

    :param names: names of guests, and of snapshots as GUEST/SNAPSHOT
    """

    def __init__(self, names: t.Container[str]) -> None:
        self.names = names
        self.guests = {name.partition("/")[0] for name in names} if isinstance(names, (set, frozenset)) else None

    def __contains__(self, name: object) -> bool:
        return name in self.names if self.guests is None else name in self.guests


def named_snapshots(connection: Connection, names: t.Container[str]) -> t.Iterator[tuple[SnapshotGuest, Snapshot]]:
    """The snapshots of these names, each with its guest."""
    for guest in guests(connection, NamedGuests(names)).values():
        for snapshot in guest.snapshots.values():
            if guest.name in names or f"{guest.name}/{snapshot.name}" in names:
                yield guest, snapshot


def observed(guest: SnapshotGuest, snapshot: Snapshot, state: str) -> Observed:
    """A snapshot, as the table describes it."""
    return Observed(described(snapshot), None, state, {"domain": guest.name})


def described(snapshot: Snapshot) -> ET.Element:
    """The part of what libvirt tells of a snapshot that can be declared: the disks that are in it, and no others."""
    root = ET.Element("domainsnapshot")
    for tag in ("name", "description"):
        text = snapshot.root.findtext(tag)
        if text is not None:
            ET.SubElement(root, tag).text = text
    memory = snapshot.root.find("memory")
    if memory is not None:
        ET.SubElement(root, "memory", memory.attrib)
    disks = ET.SubElement(root, "disks")
    for disk in snapshot.root.findall("disks/disk"):
        if disk.get("snapshot", "no") != "no":
            ET.SubElement(disks, "disk", {"name": disk.get("name", ""), "snapshot": disk.get("snapshot", "")})
    return root

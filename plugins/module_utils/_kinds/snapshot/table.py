# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a guest's snapshot (https://libvirt.org/formatsnapshot.html).

A snapshot never changes, but for its description. So of one that is there, its options are only compared.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.converters import NAME, TEXT, YES_NO, AbsolutePath, Boolean, Choice
from ..._engine.rows import Field, Property, Values
from ..._engine.rows.create_only import Aside, Unshown
from ..._engine.rows.model import Change, Item, Scope
from ..._engine.rows.row_index import join
from ..._engine.table import Table
from ..._errors import Invalid
from ..._printing import label, printable

NUMBER = re.compile(r"[0-9]{1,9}")
"""A name that QEMU takes for the number of a snapshot in an image, which counts from 1 (block/qcow2-snapshot.c)."""


class Location(Boolean):
    """Whether the memory is in a snapshot, of which libvirt says where it is: ``no``, ``internal``, ``external``."""

    def decode(self, node: ET.Element, attribute: str | None) -> object:
        found = node.get(str(attribute))
        return None if found is None else found != "no"


@dataclasses.dataclass(frozen=True, eq=False)
class Disks(Values):
    """The disks that are in a snapshot. Their order says nothing, and they cannot change."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        have, want = self.values(element), item.get(self.name) or []
        if scope.new:
            super().edit(element, item, scope, where, changes)
        if scope.new or not want or set(have) == set(want):
            return
        names = ", ".join(label(target) for target in have) or "none"
        raise Invalid(join(where, self.name), f"are {names}, and a snapshot cannot be changed")

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        for node in self.nodes(element):
            node.attrib.pop("name", None)


ROWS = (
    Field(
        "name",
        "name",
        NAME,
        "Name of the snapshot (libvirt's C(name)), such as V(before-upgrade). It tells a snapshot from the others of"
        " its guest.",
        fixed=True,
    ),
    Aside("domain", "", NAME, "Name of the guest that the snapshot is of. It cannot be left out.", required=True),
    Property(
        "state",
        "",
        Choice("present", "reverted", "absent"),
        "State that the snapshot shall be in. V(present) takes it if it is missing. V(reverted) puts the guest back to"
        " it, with its definition. V(absent) deletes the snapshot: the guest stays as it is, and so do the snapshots"
        " that were taken after it.",
    ),
    Field(
        "description",
        "description",
        TEXT,
        "Text for people that says what the snapshot is for (libvirt's C(description)). It can be changed.",
    ),
    Disks(
        "disks",
        "disks/disk@name",
        TEXT,
        "Disks that are in an V(external) snapshot, by their targets (libvirt's disk C(name)), such as V(vda). Left"
        " out, all that the guest can write to are. An V(internal) one always has all of them.",
    ),
    Field(
        "type",
        "disks/disk@snapshot",
        Choice("internal", "external"),
        "Where the snapshot is (libvirt's C(snapshot) of each disk): V(internal) in the images of the disks, which are"
        " all qcow2; V(external) by a new file laid over each image, which the guest writes to from then on. Left out,"
        " a new one is V(internal).",
        fixed=True,
    ),
    Field(
        "memory",
        "memory@snapshot",
        Location(),
        "Whether the memory of a guest that runs is in the snapshot (libvirt's C(memory)), so that the guest goes on"
        " from there. Left out, a new one has it if the guest runs and O(config[].type) is V(internal), or with"
        " O(config[].memory_file).",
        fixed=True,
    ),
    Field(
        "memory_file",
        "memory@file",
        AbsolutePath(),
        "File on the host that an V(external) snapshot keeps the memory in (libvirt's memory C(file)), such as"
        " V(/var/lib/libvirt/images/web01.before-upgrade.memory). There is none of that name before.",
        fixed=True,
    ),
    Unshown(
        "discard_changes",
        "",
        YES_NO,
        "Whether V(reverted) may lose what the guest has done since its last snapshot. Without, it only puts back a"
        " guest that is switched off, and has written nothing since its current snapshot.",
    ),
    Unshown(
        "discard_newer",
        "",
        YES_NO,
        "Whether V(reverted) may lose the external snapshots that are laid over the images that it changes. libvirt"
        " forgets them then; their files stay, and are of no use.",
    ),
)


def snapshot_key(item: Item) -> str | None:
    """What tells a snapshot from all others of the host: its guest and its name, neither of which has a slash."""
    name = item.get("name")
    return None if name is None else f"{item.get('domain') or ''}/{name}"


def together(item: Item) -> t.Iterator[Invalid]:
    """What must hold between the options of an item."""
    if item.get("domain") is None:
        yield Invalid("domain", "is missing: name the guest that the snapshot is of")
    for name in ("discard_changes", "discard_newer"):
        if item.get(name) and item.get("state") != "reverted":
            yield Invalid(name, "goes with 'state: reverted' alone")
    if item.get("memory_file") is not None and item.get("type") != "external":
        yield Invalid("memory_file", "goes with 'type: external' alone: an internal snapshot keeps it in an image")
    if item.get("memory_file") is not None and item.get("memory") is False:
        yield Invalid("memory_file", "does not go together with 'memory: false': leave out one of the two")
    disks = item.get("disks") or []
    for target in sorted({target for target in disks if disks.count(target) > 1}):
        yield Invalid("disks", f"{printable(target)} is there more than once")


SNAPSHOT = Table(
    kind="snapshot",
    manual="ansible-doc virtfleet.kvm.snapshots has them all",
    skeleton="<domainsnapshot/>",
    state="present",
    initial="present",
    active=frozenset(),
    transitions={("present", "absent"): ("delete",), ("present", "reverted"): ("revert",)},
    rows=ROWS,
    rules=(together,),
    identity=snapshot_key,
)

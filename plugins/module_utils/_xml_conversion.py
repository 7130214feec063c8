# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions as options and options as definitions, on the control node and without libvirt."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ._engine import xml_merge
from ._engine.adopt import Adopted, adopt
from ._engine.plan import plan
from ._engine.rows.model import Host, Item
from ._engine.table import Table
from ._errors import Invalid, VirtfleetError
from ._kinds.volume.storage_rules import describe_volume, need_size
from ._kinds.volume.table import VOLUME
from ._printing import label, named, printable

MACHINES = {"q35": "q35"}
"""What new guests get of machines on any host of today."""


MADE = {
    "genid": "is empty, for libvirt to make one: write one into it, such as uuidgen prints, or take the element out",
}
"""Elements of a guest that libvirt fills when they are empty, each time with another value."""


def from_xml(table: Table, text: str, secrets: bool = False) -> dict[str, object]:
    """The options that a definition amounts to (see read_xml)."""
    return read_xml(table, text, secrets).config


def read_xml(table: Table, text: str, secrets: bool = False) -> Adopted:
    """The options that a definition amounts to, and where secrets are. What libvirt only reports in it is left out.

    Raises VirtfleetError for what is no definition of that kind.

    :param secrets: whether secrets are in the options
    """
    try:
        root = xml_merge.element(text)
    except ValueError as error:
        raise VirtfleetError(f"{table.kind}: {error}") from None
    if root.tag != table.kind:
        raise VirtfleetError(f"{table.kind}: the XML is of a <{named(root.tag)}>")
    root = table.whole(root)
    for tag, why in MADE.items() if table.kind == "domain" else ():
        if root.find(tag) is not None and not root.findtext(tag, "").strip():
            raise VirtfleetError(f"{table.kind}: {tag}: {why}")
    if table.normal is not None:
        table.normal(root)
    return adopt(table, table.declared(root), secrets)


def to_xml(table: Table, item: object, virt: str = "kvm") -> str:
    """The definition that a new resource gets. Raises VirtfleetError for options that are refused."""
    return definition(table, table.parse([item], alone=True)[0], virt)


def volume_to_xml(item: object) -> str:
    """The definition that a new volume gets.

    Raises VirtfleetError for options that are refused, and for a volume that is laid over another
    one by its name: where that one is, only a host knows.
    """
    (want,) = VOLUME.parse([item], alone=True)
    try:
        if want["state"] != "absent":
            need_size(want)
            want = describe_volume(want, None)
        if (want.get("backing") or {}).get("volume") is not None:
            raise Invalid("backing.volume", "only its host knows where it is; give backing.path and backing.format")
    except Invalid as error:
        raise VirtfleetError(f"volume {label(want['name'])}: {error}") from None
    return definition(VOLUME, want)


def definition(table: Table, want: Item, virt: str = "kvm") -> str:
    """The definition of an item in normal form. Raises VirtfleetError for one that can have none."""
    (done,) = plan(table, {}, [want], Host(virt=virt, machines=MACHINES))
    text = next((str(step.value) for step in done.steps if step.action == "define"), None)
    if text is None:
        state = printable(want["state"])
        raise VirtfleetError(f"{table.kind} {label(want['name'])}: with state {state} it has no definition")
    root = ET.fromstring(text)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"

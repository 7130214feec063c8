# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark of a guest or network that the collection made, in its own metadata."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths, xml_merge
from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import Resource
from .namespaces import OWN

MADE = f"{{{OWN}}}made"


def sign(definition: ET.Element, owner: str = "") -> None:
    """Put the mark into a new definition.

    :param owner: whose it is, a label: a run purges what has its own label only

    It repeats the UUID: a copy that somebody makes, with ``virt-clone`` or from the XML, takes the
    metadata along, and is somebody else's nonetheless.
    """
    metadata = definition.find("metadata")
    if metadata is None:
        metadata = ET.SubElement(definition, "metadata")
    mark = ET.SubElement(metadata, MADE)
    uuid = definition.findtext("uuid")
    if uuid:
        mark.set("uuid", uuid)
    if owner:
        mark.set("owner", owner)


def unsign(definition: ET.Element) -> None:
    """Take the mark out of a definition, whatever it says.

    :param definition: changed in place
    """
    for metadata in definition.findall("metadata"):  # libvirt keeps one; a file may have several.
        for node in list(metadata):
            if xml_merge.namespace(node) == OWN:
                metadata.remove(node)


def owner_of(definition: ET.Element) -> str | None:
    """The label of a definition that has the mark and is of what got it; None without the mark."""
    mark = definition.find(f"metadata/{MADE}")
    if mark is None or mark.get("uuid") is None or mark.get("uuid") != definition.findtext("uuid"):
        return None
    return mark.get("owner") or ""


def owner_now(found: Resource, definition: t.Callable[[Resource], str]) -> str | None:
    """The label of a guest or network; None without the mark, and where it went away just then.

    :param definition: reads its definition
    """
    try:
        return owner_of(paths.document(definition(found)))
    except LibvirtError:
        return None


def signed(definition: ET.Element) -> bool:
    """Whether a definition has the mark, and is of what got it."""
    return owner_of(definition) is not None

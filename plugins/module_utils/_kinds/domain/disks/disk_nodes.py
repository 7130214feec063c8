# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks of a definition: what they are on, the format that the guest has, and what is only about an old image."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.rows.model import Item, Scope
from ...._engine.rows.variant import Variant
from ...._errors import VirtfleetError
from .guest_disks import DISKS

STORAGE = t.cast(Variant, DISKS.fields[0])
"""The row of what a disk is on."""

OF_SOURCE = {"slices": "slices", "encryption": "encryption", "data_store": "dataStore", "fdgroup": "@fdgroup"}
"""Options of a source that say how the old image is read, by their place in it; a new image has its own."""

OF_DISK = {"encryption": "encryption", "backing_chain": "backingStore"}
"""The same of a disk."""


def edited(node: ET.Element, disk: Item, scope: Scope) -> ET.Element | None:
    """A disk as it will be, as far as it is what it is on; None where that cannot be."""
    if not any(disk.get(name) is not None or name in disk for name in STORAGE.names):
        return node
    after = paths.clone(node)
    try:
        STORAGE.edit(after, dict(disk), scope, "", [])
    except VirtfleetError:
        return None
    return after


def what(disk: ET.Element) -> tuple[str | None, ...]:
    """What a disk is on, to be compared: the kind and the image. Which servers have it changes nothing of it."""
    source = disk.find("source")
    get = (lambda name: None) if source is None else source.get
    address = None if source is None else source.find("address")
    return (
        disk.get("type", "file"),
        *(get(name) for name in ("file", "dev", "dir", "volume", "protocol", "name", "namespace", "path")),
        get("pool") if get("volume") is not None else None,
        None if address is None else paths.text(address),
    )


def source_is_empty(disk: ET.Element) -> bool:
    """Whether a drive has nothing in it."""
    source = disk.find("source")
    return source is None or not (source.attrib.keys() - {"startupPolicy", "index"} or len(source))


def untold(disk: ET.Element) -> bool:
    """Whether the definition gives a disk no format."""
    driver = disk.find("driver")
    return driver is None or driver.get("type") is None


def driver_of(disk: ET.Element) -> str:
    """The format that the definition gives a disk; libvirt reads one without as raw."""
    driver = disk.find("driver")
    return "raw" if driver is None else driver.get("type", "raw")


def without_old(disk: Item, after: ET.Element) -> Item:
    """A disk without what is about the image that it was on before, unless it is declared.

    :param after: the disk on what it will be on
    """
    found = after.find("source")
    given = disk.get("source") or {}
    old = {name: None for name, path in OF_SOURCE.items() if name not in given and has(found, path)}
    out = dict(disk)
    if old and not ("source" in disk and disk["source"] is None):
        out["source"] = {**given, **old}
    for name, tag in OF_DISK.items():
        if name not in disk and after.find(tag) is not None:
            out[name] = None
    return out


def has(element: ET.Element | None, path: str) -> bool:
    """Whether an element has an attribute, given as ``@NAME``, or an element inside."""
    if element is None:
        return False
    return path[1:] in element.attrib if path.startswith("@") else element.find(path) is not None

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of memory in the units in which libvirt keeps them, whatever unit they are given in."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.converters.sizes import UNITS


class Amount(t.NamedTuple):
    """Where a definition has an amount.

    :param place: the elements
    :param attribute: the attribute that holds it; None where the text does
    :param unit: the unit in which libvirt keeps it; None for the largest one that divides it
    """

    place: str
    attribute: str | None = None
    unit: str | None = "KiB"


AMOUNTS = (
    Amount("memory"),
    Amount("currentMemory"),
    Amount("maxMemory"),
    Amount("memtune/*"),
    Amount("devices/memory/source/pagesize"),
    Amount("devices/memory/target/*"),
    Amount("devices/memory/target/label/size"),
    Amount("cpu/numa/cell", "memory"),
    Amount("memoryBacking/hugepages/page", "size"),
    Amount("devices/shmem/size", unit="M"),
    Amount("devices/disk/driver/metadata_cache/max_size", unit="bytes"),
    Amount("features/smm/tseg", unit=None),
)
"""virDomainParseMemory and virParseScaledValue in libvirt's domain_conf.c, and how virDomainDefFormat writes them."""


def amounts(root: ET.Element) -> None:
    """Bring the amounts in a definition, or a piece of one, into libvirt's units, rounded up, in place."""
    for amount in AMOUNTS:
        for node in root.findall(amount.place):
            if node.get("unit") == "":
                node.attrib.pop("unit")  # It is none.
            unit = UNITS.get(node.get("unit", "").lower()) if node.get("unit") is not None else None
            text = ((node.text if amount.attribute is None else node.get(amount.attribute)) or "").strip()
            if unit is not None and re.fullmatch("[0-9]{1,20}", text):
                put(node, amount, int(text) * unit)


def written(piece: ET.Element) -> None:
    """The same for a piece that a user wrote. Raises ValueError for a unit alone: it would count for an old amount."""
    for amount in AMOUNTS:
        for node in piece.findall(amount.place):
            text = node.text if amount.attribute is None else node.get(amount.attribute)
            if node.get("unit") is not None and not (text or "").strip():
                raise ValueError(f"has a unit and no amount in {amount.place}; write both")
    amounts(piece)


def put(node: ET.Element, amount: Amount, size: int) -> None:
    """Write a number of bytes into an element."""
    unit = amount.unit or next((name for name in ("TiB", "GiB", "MiB", "KiB") if size and not size % known(name)), "B")
    text = str(-(-size // known(unit)))
    node.set("unit", unit)
    if amount.attribute is None:
        node.text = text
    else:
        node.set(amount.attribute, text)


def known(unit: str) -> int:
    """The bytes in a unit."""
    return UNITS[unit.lower()]

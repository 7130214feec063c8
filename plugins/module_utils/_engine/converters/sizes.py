# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of amounts of memory and storage (see convert)."""

from __future__ import annotations

import fractions
import re
import typing as t
from xml.etree import ElementTree as ET

from ..._printing import printable
from .basic import MOST, Converter, digits

UNITS = {
    "": 1,
    "b": 1,
    "bytes": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "pb": 1000**5,
    "k": 1024,
    "kib": 1024,
    "m": 1024**2,
    "mib": 1024**2,
    "g": 1024**3,
    "gib": 1024**3,
    "t": 1024**4,
    "tib": 1024**4,
    "p": 1024**5,
    "pib": 1024**5,
}
"""Bytes in each unit, as libvirt reads them (formatdomain.html, memory): KB is 1000, K is 1024."""


class Size(Converter):
    """An amount of memory or storage, held in bytes.

    :param unit: libvirt's unit where its XML names none
    :param grain: libvirt keeps multiples of so many bytes; what is left over is rounded up
    :param minimum: smaller amounts are refused: they are a forgotten unit
    """

    kind = "str"

    def __init__(self, unit: str = "b", grain: int = 1, minimum: int = 1) -> None:
        self.unit, self.grain, self.minimum = unit, grain, minimum

    def parse(self, value: object) -> int:
        match = re.fullmatch(r"([0-9]{1,60}(?:\.[0-9]{1,60})?)\s*([A-Za-z]*)", digits(value))
        if not match or match[2].lower() not in UNITS:
            raise ValueError(f"{printable(value)} is not a size; write it like 512MiB or 2GiB")
        amount = int(fractions.Fraction(match[1]) * UNITS[match[2].lower()])
        if amount < self.minimum:
            least = self.show(self.minimum)
            raise ValueError(f"{printable(value)} is less than {least}; write a unit, like 512MiB or 2GiB")
        if amount > MOST - self.grain:
            raise ValueError(f"{printable(value)} is more than libvirt can count")
        return -(-amount // self.grain) * self.grain

    def decode(self, node: ET.Element, attribute: str | None) -> int | None:
        text = super().decode(node, attribute)
        unit = UNITS.get((node.get("unit") or self.unit).lower())
        known = text is not None and unit is not None and re.fullmatch("[0-9]{1,60}", text.strip())
        return int(t.cast(str, text)) * t.cast(int, unit) if known else None

    def encode(self, node: ET.Element, attribute: str | None, value: int) -> None:
        unit = "KiB" if value % 1024 == 0 else "bytes"
        node.set("unit", unit)
        super().encode(node, attribute, value // UNITS[unit.lower()])

    def forget(self, node: ET.Element | None) -> None:
        if node is not None:
            node.attrib.pop("unit", None)

    def show(self, value: int) -> str:
        for unit in ("PiB", "TiB", "GiB", "MiB", "KiB"):
            if value and value % UNITS[unit.lower()] == 0:
                return f"{value // UNITS[unit.lower()]}{unit}"
        return f"{value}B"

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a running guest: libvirt rounds it up at the start (qemuDomainAlignMemorySizes)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine.converters import KIB
from ...._engine.converters.sizes import Size

GRAIN = {"ppc64": 256 * 1024**2, "ppc64le": 256 * 1024**2}
"""Bytes to which memory is rounded up at the start; 1 MiB elsewhere (qemuDomainGetMemorySizeAlignment)."""


MIB = 1024**2


def memory(live: ET.Element, kept: ET.Element) -> None:
    """Memory is rounded up at the start (qemuDomainAlignMemorySizes)."""
    kind = kept.find("os/type")
    grain = GRAIN.get("" if kind is None else kind.get("arch", ""), MIB)
    pairs = list(zip(live.findall("cpu/numa/cell"), kept.findall("cpu/numa/cell"), strict=False))
    for cell, own in pairs:
        have, want = (Size("KiB", minimum=0).decode(node, "memory") for node in (cell, own))
        if have is not None and want is not None and 0 <= have - want < grain:
            cell.set("memory", own.get("memory", ""))
            cell.attrib.update({"unit": own.get("unit", "KiB")})
    for part, other in zip(live.findall("devices/memory"), kept.findall("devices/memory"), strict=False):
        near(part.find("target/size"), other.find("target/size"), grain)
        for node in part.findall("target"):
            drop(node, "current")
    slack = grain * (1 + len(pairs) + len(live.findall("devices/memory")))
    most, now = live.find("memory"), live.find("currentMemory")
    own_most, own_now = kept.find("memory"), kept.find("currentMemory")
    rounded = amount(most)
    near(most, own_most, slack)
    if now is None:
        return
    if own_now is None:
        own_now = own_most
    if live.find("devices/memballoon[@model='none']") is not None or (
        amount(now) == rounded and amount(own_now) == amount(own_most)
    ):
        near(now, own_now, None)
    near(now, own_now, slack)


def near(live: ET.Element | None, kept: ET.Element | None, slack: int | None) -> None:
    """Give an amount its value in the definition, where it is that, rounded up; with None for slack in any case."""
    have, want = amount(live), amount(kept)
    if live is None or kept is None or have is None or want is None:
        return
    if slack is None or 0 <= have - want < slack:
        live.text = kept.text
        live.attrib.pop("unit", None)
        if kept.get("unit"):
            live.set("unit", kept.get("unit", ""))


def amount(node: ET.Element | None) -> int | None:
    """The bytes that an element counts."""
    return None if node is None else KIB.decode(node, None)


def drop(parent: ET.Element, tag: str) -> None:
    """Remove all children of a tag."""
    for node in parent.findall(tag):
        parent.remove(node)

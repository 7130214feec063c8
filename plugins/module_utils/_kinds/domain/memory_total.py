# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a guest is that of its NUMA nodes and its memory devices together (virDomainDefPostParseMemory)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.converters import KIB
from ..._engine.converters.sizes import Size
from ..._engine.live import RESTART, StepsOrReason
from ..._engine.rows.model import Change, Item
from .normal_form.cpu import amount
from .normal_form.cpu import memory as sum_up


def comes_along(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """Memory that comes and goes with memory devices alone: libvirt counts them in as they do."""
    total = paths.clone(root)
    sum_up(total)
    has_nodes = root.find("cpu/numa/cell") is not None
    return [] if has_nodes and amount(total.find("memory")) == amount(root.find("memory")) else RESTART


def fit(root: ET.Element, want: Item) -> list[Change]:
    """Give the one NUMA node of a guest all of its memory, where nobody declares nodes and no memory device is left.

    libvirt makes such a node for memory devices, and lets it stay behind them (qemuDomainDefNumaAutoAdd).

    :param root: the definition with what is declared in it; it is changed in place
    :param want: what is declared
    :return: what changes with it, where no option tells
    """
    cells, memory = root.findall("cpu/numa/cell"), root.find("memory")
    have = amount(memory)
    named = (want.get("cpu") or {}).get("numa") is not None
    if (
        len(cells) != 1
        or named
        or have is None
        or want.get("memory") is None
        or root.find("devices/memory") is not None
    ):
        return []
    before = Size("KiB", minimum=0).decode(cells[0], "memory")
    if before is None or before == have:
        return []
    cells[0].set("memory", str(-(-have // 1024)))
    cells[0].set("unit", "KiB")
    return [Change("memory", KIB.show(before), KIB.show(have))]


def of_nodes(root: ET.Element) -> int | None:
    """The memory of all NUMA nodes, in bytes: libvirt adds that of the memory devices by itself."""
    plain = paths.clone(root)
    for holder in plain.iterfind("devices"):
        for device in holder.findall("memory"):
            holder.remove(device)
    sum_up(plain)
    return amount(plain.find("memory"))


def in_use(before: ET.Element, after: ET.Element) -> None:
    """What the balloon leaves follows memory devices that come and go, unless somebody has set it to another value."""
    current = after.find("currentMemory")
    had, now = amount(before.find("currentMemory")), amount(current)
    follows = had is not None and had == now == amount(before.find("memory"))
    if current is not None and follows and plugged(before) != plugged(after):
        after.remove(current)


def plugged(root: ET.Element) -> list[int | None]:
    """The sizes of the memory devices."""
    return [amount(device.find("target/size")) for device in root.findall("devices/memory")]

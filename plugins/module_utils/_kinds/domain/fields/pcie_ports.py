# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free PCIe ports of a new guest, so that devices can come while it runs.

On Q35 every device that is plugged needs a port of its own, and ports themselves cannot be plugged.
libvirt leaves a new guest one that is free (https://libvirt.org/pci-hotplug.html).
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.rows.create_only import Aside
from ...._engine.rows.model import Change, Item, Scope

SPARE = 4
"""Ports that a new guest has beyond those of its devices."""

TAKERS = ("disks", "interfaces", "filesystems", "hostdevs", "rngs", "channels", "shmems", "cryptos", "tpms", "videos")
"""Devices that may take a port each. One more or less than taken is no harm."""

ALWAYS = 3
"""Ports for what libvirt adds by itself: a memory balloon, and controllers of USB and virtio-serial."""


class Slots(Aside):
    """How many devices can come while a new guest runs. No definition holds it, only the ports that it makes."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if not scope.new or "q35" not in (item.get("machine") or ""):
            return
        spare = item.get(self.name)
        ports = spare + ALWAYS + sum(len(item.get(name) or []) for name in TAKERS) if spare else 0
        devices = paths.ensure(element, ("devices",))
        named = {node.get("index") for node in devices.findall("controller[@type='pci'][@index]")}
        bridges = [str(bus) for bus in slotted(item) if str(bus) not in named]
        # libvirt numbers those without an index in this order, and the root must be the first.
        for model in ("pcie-root", *["pcie-root-port"] * ports) if ports else ():
            ET.SubElement(devices, "controller", {"type": "pci", "model": model})
        for index in bridges:
            ET.SubElement(devices, "controller", {"type": "pci", "index": index, "model": "pcie-to-pci-bridge"})
        paths.prune(element, ("devices",))


def slotted(item: t.Mapping[str, object]) -> list[int]:
    """The buses on which the addresses of a guest name a slot but the first.

    A port has only that one. Where no controller has such a bus, libvirt makes a bridge of conventional PCI for the
    device, and may move it to another bus (virDomainPCIAddressSetGrow): so that it stays, the bridge is to be named.
    """
    entries = [entry for value in item.values() for entry in (value if isinstance(value, list) else [value])]
    places = [entry.get("address") for entry in entries if isinstance(entry, dict)]
    buses: set[int] = {
        place["bus"]
        for place in places
        if isinstance(place, dict) and place.get("type") == "pci" and place.get("bus") and place.get("slot")
    }
    return sorted(buses)


def slots(scope: Scope) -> int | None:
    """The free ports of a new guest; None for another machine than Q35, and where the user names PCI controllers.

    There, none are asked for where a bridge is.
    """
    machine = scope.item.get("machine") or ""
    if "q35" not in machine:
        return None
    if any(entry.get("type") == "pci" for entry in scope.item.get("controllers") or []):
        return 0 if slotted(scope.item) else None
    return SPARE

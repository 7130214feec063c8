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
        spare = item.get(self.name)
        if not scope.new or not spare or "q35" not in (item.get("machine") or ""):
            return
        devices = paths.ensure(element, ("devices",))
        ports = spare + ALWAYS + sum(len(item.get(name) or []) for name in TAKERS)
        # libvirt numbers them in this order, and the root must be the first.
        for model in ("pcie-root", *["pcie-root-port"] * ports):
            ET.SubElement(devices, "controller", {"type": "pci", "model": model})


def slots(scope: Scope) -> int | None:
    """The free ports of a new guest; None for another machine than Q35, and where the user names PCI controllers."""
    machine: t.Any = scope.item.get("machine") or ""
    named = any(entry.get("type") == "pci" for entry in scope.item.get("controllers") or [])
    return SPARE if "q35" in machine and not named else None

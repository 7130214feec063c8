# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take out what libvirt filled in by itself, and must go when what it belonged to has gone."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine.rows.model import Change
from .fields.chardev import console_of_serial


def tidy(before: ET.Element, after: ET.Element) -> list[Change]:
    """What libvirt had filled in, and what it takes only one of."""
    consoles(before, after)
    return boot_order(before, after)


def boot_order(before: ET.Element, after: ET.Element) -> list[Change]:
    """The order of devices takes the place of the domain's, which libvirt fills in, and the other way round.

    libvirt takes only one of them (virDomainDefBootOrderPostParse).
    """
    had, now = ([node.get("dev") for node in root.findall("os/boot")] for root in (before, after))
    ordered = [node for node in after.findall("devices/*") if node.find("boot[@order]") is not None]
    place = after.find("os")
    if not ordered or not now or place is None:
        return []
    if now == had:
        for node in place.findall("boot"):
            place.remove(node)
        return [Change("boot", had, None)]
    for device in ordered:
        for node in device.findall("boot[@order]"):
            device.remove(node)
    return []


def consoles(before: ET.Element, after: ET.Element) -> None:
    """The console goes with the last serial port; libvirt would make the port again from it."""
    if before.find("devices/serial") is not None and after.find("devices/serial") is None:
        shown = before.find("devices/console")
        devices, console = after.find("devices"), after.find("devices/console")
        if shown is not None and console_of_serial(before, shown) and devices is not None and console is not None:
            devices.remove(console)

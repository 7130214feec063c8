# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How libvirt makes one of the first serial port and the first console (virDomainDefAddConsoleCompat)."""

from __future__ import annotations

import copy
from xml.etree import ElementTree as ET

from ...._engine.rows.model import Item, ReadOnlyItem

OTHER_PORTS = ("pci-serial", "usb-serial", "isa-debug")
"""Types of serial ports for which libvirt shows no console."""
TAKEN = ("source", "protocol", "log")
"""What a serial port and its console have in common."""


def of_serial(console: ET.Element) -> bool:
    """Whether a console is of the kind that is a serial port."""
    target = console.find("target")
    return target is None or target.get("type", "serial") == "serial"


def consoles(root: ET.Element) -> None:
    """Bring serial ports and consoles into the form in which libvirt keeps them."""
    devices = root.find("devices")
    if devices is None or root.findtext("os/type", "hvm").strip() != "hvm":
        return
    serials, found = devices.findall("serial"), devices.findall("console")
    arch = root.find("os/type[@arch]")
    for serial in serials:
        target = serial.find("target[@type='isa-serial']")
        if target is not None and arch is not None and arch.get("arch") not in ("x86_64", "i686"):
            target.attrib.pop("type")
            for model in target.findall("model[@name='isa-serial']"):
                target.remove(model)
    if found and of_serial(found[0]):
        if not serials:
            devices.insert(list(devices).index(found[0]), port_of(found[0]))
            serials = devices.findall("serial")
        for extra in found[1:]:
            if of_serial(extra) and extra.find("target") is None and extra.get("type") == found[0].get("type"):
                devices.remove(extra)
        shown(serials[0], found[0])
    elif found and serials and type_of(serials[0]) not in OTHER_PORTS:
        console = ET.Element("console")
        devices.insert(list(devices).index(found[0]), console)
        shown(serials[0], console)
    for index, console in enumerate(devices.findall("console")):
        target = console.find("target")
        if target is not None:
            target.set("port", str(index))


def type_of(serial: ET.Element) -> str:
    """The type of a serial port, or nothing."""
    target = serial.find("target")
    return "" if target is None else target.get("type", "")


def port_of(console: ET.Element) -> ET.Element:
    """The serial port that a lone console means."""
    port = ET.Element("serial", dict(console.attrib))
    port.extend([copy.deepcopy(node) for node in console if node.tag in (*TAKEN, "alias")])
    return port


def shown(serial: ET.Element, console: ET.Element) -> None:
    """Make a console what libvirt shows of a serial port."""
    target = console.find("target")
    kept = [node for node in console if node.tag not in (*TAKEN, "target", "alias", "address", "acpi")]
    console.attrib.clear()
    console.attrib.update(serial.attrib)
    console[:] = [copy.deepcopy(node) for node in serial if node.tag in (*TAKEN, "alias", "address", "acpi")] + kept
    if target is None:
        target = ET.Element("target")
    target.attrib.update({"type": "serial", "port": "0"})
    console.append(target)


def is_of_serial(item: ReadOnlyItem) -> bool:
    """Whether options of a console are of the kind that is a serial port."""
    kind = (item.get("target") or {}).get("type")
    return kind in (None, "serial")


def alone(domain: Item) -> None:
    """A first console that is a serial port, where the list of those is said to be empty, is the one of that list."""
    listed = domain.get("consoles") or []
    if domain.get("serials") == [] and listed and is_of_serial(listed[0]):
        dropped = ("target", "address")
        domain["serials"] = [{name: value for name, value in listed[0].items() if name not in dropped}]
        domain["consoles"] = listed[1:]

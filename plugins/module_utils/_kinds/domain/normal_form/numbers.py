# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps numbers of devices that it reads in any base: of addresses and of USB ids."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.converters import in_any_base


class Form(t.NamedTuple):
    """How numbers are read and written.

    :param base: in which they are read; 0 is as C has it
    :param text: how Python formats them
    """

    base: int
    text: str


PCI = {"domain": Form(0, "0x{:04x}"), "bus": Form(0, "0x{:02x}"), "slot": Form(0, "0x{:02x}")}
PCI["function"] = Form(0, "0x{:x}")
PLAIN = Form(0, "{}")
ID = Form(0, "0x{:04x}")

ADDRESSES: dict[str, dict[str, Form]] = {
    "pci": PCI,
    "ccw": {"cssid": Form(0, "0x{:x}"), "ssid": Form(0, "0x{:x}"), "devno": Form(0, "0x{:04x}")},
    "isa": {"iobase": Form(16, "0x{:x}"), "irq": Form(16, "0x{:x}")},
    "spapr-vio": {"reg": Form(16, "0x{:08x}")},
    "dimm": {"base": Form(16, "0x{:x}")},
}
"""Numbers of a guest's addresses, by their type (device_conf.c)."""

SOURCES: dict[str, dict[str, Form]] = {
    "pci": PCI,
    "nvme": PCI,
    "usb": {"bus": PLAIN, "device": PLAIN},
    "scsi": {"bus": PLAIN, "target": PLAIN, "unit": PLAIN},
}
"""Numbers of a host's addresses, by the type of the device (virDomainHostdevSubsys...DefParseXML)."""

PLACES: dict[str, dict[str, Form]] = {
    "controller": {"chassisNr": PLAIN, "chassis": PLAIN, "port": Form(0, "0x{:x}"), "busNr": PLAIN},
    "usbdev": {"class": Form(0, "0x{:02x}"), "vendor": Form(0, "0x{:04X}"), "product": Form(0, "0x{:04X}")},
    "zpci": {"uid": Form(0, "0x{:04x}"), "fid": Form(0, "0x{:08x}")},
}
"""Other numbers, by the element that they are of."""


def settle(device: ET.Element) -> None:
    """Write the numbers of a device as libvirt does. It is changed in place."""
    for address in device.findall("address"):
        rewrite(address, ADDRESSES.get(address.get("type", ""), {}))
        if address.get("type") == "pci":
            none(address)
    for zpci in device.findall("address/zpci"):
        rewrite(zpci, PLACES["zpci"])
    for address in device.findall("source/address"):
        rewrite(address, SOURCES.get(address.get("type", device.get("type", "")), {}))
    for tag in ("vendor", "product") if device.get("type") == "usb" else ():
        for node in device.findall(f"source/{tag}"):
            rewrite(node, {"id": ID})
    for target in device.findall("target") if device.tag == "controller" else ():
        rewrite(target, PLACES["controller"])
    for node in device.findall("usbdev"):
        rewrite(node, PLACES["usbdev"])


def rewrite(node: ET.Element, forms: t.Mapping[str, Form]) -> None:
    """Write some attributes as libvirt does, where they are numbers."""
    for name, form in forms.items():
        try:
            number = in_any_base(node.get(name, ""), form.base)
        except ValueError:
            continue
        if number >= 0:
            node.set(name, form.text.format(number))


def none(address: ET.Element) -> None:
    """A PCI address of noughts is none, and libvirt picks one (virDomainDeviceInfoFormat)."""
    given = [name for name in PCI if name in address.attrib]
    if all(re.fullmatch("0x0+", address.get(name, "")) for name in given):
        for name in given:
            address.attrib.pop(name)

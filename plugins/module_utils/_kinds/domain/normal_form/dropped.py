# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people, or programs, write into a definition and libvirt drops without a word.

It is taken out of XML that is read into options. Declared as an option it is refused, so this is no part of the form in
which definitions are compared.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .cpu import has_model

SYSTEM = "sysinfo[@type='smbios']"
"""The part with what a guest is told of its machine."""


def without_dropped(root: ET.Element) -> None:
    """Take out of a definition what libvirt does not keep of it. It is changed in place."""
    for cpu in root.findall("cpu"):
        if not has_model(cpu):  # virCPUDefFormatBufFull
            remove_attributes(cpu, "mode", "match", "check")
        elif cpu.get("mode", "custom") != "custom":
            remove_attributes(cpu, "match")
    for vcpu in root.findall("vcpu[@placement='auto']"):
        remove_attributes(vcpu, "cpuset")  # virDomainVcpuParse
    system(root)
    for driver in root.findall("devices/disk/driver[@type='aio']"):
        driver.set("type", "raw")  # Xen called it so (virDomainDiskDefDriverParseXML).
    for model in root.findall("devices/video/model"):
        remove_attributes(
            model, *(name for name in ("ram", "vram", "vram64", "vgamem", "heads") if model.get(name) == "0")
        )
    for graphics in root.findall("devices/graphics"):
        display(graphics)


def system(root: ET.Element) -> None:
    """Take out what a guest is told of its machine in no words (virSysinfoBIOSParseXML and those beside it)."""
    for table in root.findall(f"{SYSTEM}/*"):
        if table.tag == "oemStrings":
            continue
        for entry in table.findall("entry"):
            if not (entry.text or "").strip():
                table.remove(entry)
    for info in root.findall(SYSTEM):
        for table in [table for table in info if not len(table)]:
            info.remove(table)


def display(graphics: ET.Element) -> None:
    """Take out what a display only has with a password, or tells of an address that libvirt found."""
    if not graphics.get("passwd"):  # virDomainGraphicsAuthDefParseXML reads no further.
        remove_attributes(graphics, "passwdValidTo", "connected")
    first = graphics.find("listen")
    if first is not None and first.get("type") != "address":
        remove_attributes(graphics, "listen")
    if graphics.get("defaultMode") == "any":
        remove_attributes(graphics, "defaultMode")
    for channel in graphics.findall("channel[@mode='any']"):  # virDomainGraphicsDefFormat
        graphics.remove(channel)
    ports = [graphics.get(name, "0") for name in ("port", "tlsPort")]
    addressed = first is None or first.get("type") == "address"
    if graphics.get("type") == "spice" and graphics.get("autoport") is None and ports == ["0", "0"] and addressed:
        graphics.set("autoport", "no")  # It listens nowhere (virDomainDefPostParseGraphics).


def remove_attributes(node: ET.Element, *names: str) -> None:
    """Take attributes out of an element."""
    for name in names:
        node.attrib.pop(name, None)

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


def without_dropped(root: ET.Element) -> None:
    """Take out of a definition what libvirt does not keep of it. It is changed in place."""
    for cpu in root.findall("cpu"):
        if not has_model(cpu):  # virCPUDefFormatBufFull
            for name in ("mode", "match", "check"):
                cpu.attrib.pop(name, None)
    for graphics in root.findall("devices/graphics"):
        display(graphics)


def display(graphics: ET.Element) -> None:
    """Take out what a display only has with a password, or tells of an address that libvirt found."""
    if not graphics.get("passwd"):  # virDomainGraphicsAuthDefParseXML reads no further.
        for name in ("passwdValidTo", "connected"):
            graphics.attrib.pop(name, None)
    first = graphics.find("listen")
    if first is not None and first.get("type") != "address":
        graphics.attrib.pop("listen", None)
    ports = [graphics.get(name, "0") for name in ("port", "tlsPort")]
    addressed = first is None or first.get("type") == "address"
    if graphics.get("type") == "spice" and graphics.get("autoport") is None and ports == ["0", "0"] and addressed:
        graphics.set("autoport", "no")  # It listens nowhere (virDomainDefPostParseGraphics).

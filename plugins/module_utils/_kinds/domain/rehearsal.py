# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt keeps of a guest's definition, asked of its test driver.

That driver has guests of its own kind only, and no machines. What it reads by the code of all drivers is the same.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from .verdict import UNASKED

NAME, UUID = "p", "6a1f2d60-8f0e-4c1b-9d5e-2b7c3e4f5a60"
"""Those of what is defined: each guest is defined in place of the one before."""

MOST_NODES = 63
"""The highest NUMA node that is added."""

INVENTED = "testnet"
"""How the test driver names the devices of network cards."""


def keeps(connection: Connection, root: ET.Element) -> ET.Element:
    """What libvirt keeps of a definition. Raises LibvirtError for what it does not read.

    :param connection: to a host in memory
    :param root: the definition, which may be changed
    """
    asked = paths.clone(root)
    asked.set("type", "test")
    for tag, text in (("name", NAME), ("uuid", UUID)):
        node = asked.find(tag)
        if node is not None:
            node.text = text
    for kind in asked.findall("os/type"):
        kind.attrib.pop("machine", None)
        if kind.get("arch") != "i686":
            kind.set("arch", "x86_64")
    for devices in asked.findall("devices"):
        for emulator in devices.findall("emulator"):
            devices.remove(emulator)
    added, usb = add_nodes(asked), add_usb(asked)
    domain = connection.defineXML(paths.text(asked))
    kept = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE))
    restore(root, kept)
    if added:
        without_nodes(kept, root)
    if usb:
        take_out(kept, "controller[@type='usb']")
    return kept


def add_nodes(root: ET.Element) -> bool:
    """Give a definition the NUMA nodes that its memory devices are in. Returns whether it has got some.

    QEMU's driver adds one itself where there is none (qemuDomainDefNumaAutoAdd). The test driver refuses the devices.
    """
    named = [node.text or "" for node in root.findall("devices/memory/target/node")]
    memory = root.find("memory")
    if root.find("cpu/numa") is not None or memory is None or not named or not all(map(str.isdecimal, named)):
        return False
    cells = paths.ensure(root, ("cpu", "numa"))
    for number in range(min(max(map(int, named)), MOST_NODES) + 1):
        size = (memory.text or "0") if number == 0 else "0"
        ET.SubElement(cells, "cell", {"id": str(number), "memory": size, "unit": memory.get("unit", "KiB")})
    return True


def add_usb(root: ET.Element) -> bool:
    """Give a definition the USB controller that QEMU's driver adds itself. Returns whether it has got one.

    The test driver refuses a redirected device instead (virDomainRedirdevDefValidate).
    """
    devices = root.find("devices")
    if devices is None or devices.find("redirdev") is None or devices.find("controller[@type='usb']") is not None:
        return False
    ET.SubElement(devices, "controller", {"type": "usb", "index": "0", "model": "qemu-xhci"})
    return True


def take_out(root: ET.Element, path: str) -> None:
    """Take devices out of a definition."""
    for devices in root.findall("devices"):
        for device in devices.findall(path):
            devices.remove(device)


def without_nodes(kept: ET.Element, root: ET.Element) -> None:
    """Take out of what is kept what `add_nodes` added: nodes, and the sum of memory that libvirt makes of them."""
    for tag in ("cpu", "memory", "currentMemory", "maxMemory"):
        for node in kept.findall(tag):
            kept.remove(node)
        kept.extend(map(paths.clone, root.findall(tag)))


def restore(root: ET.Element, kept: ET.Element) -> None:
    """Give a definition back what was taken out of the question, and what only other drivers know."""
    kept.attrib.update(root.attrib)
    for tag in ("name", "uuid"):
        node, known = kept.find(tag), root.find(tag)
        if node is not None and known is None:
            kept.remove(node)
        elif node is not None and known is not None:
            node.text = known.text
    for node, known in zip(kept.findall("os/type"), root.findall("os/type"), strict=False):
        node.attrib.clear()
        node.attrib.update(known.attrib)
    devices = kept.find("devices")
    for emulator in root.findall("devices/emulator"):
        if devices is not None:
            devices.insert(0, paths.clone(emulator))
    for child in root:
        if child.tag.startswith("{"):
            kept.append(paths.clone(child))
    metadata = root.find("metadata")
    for node in kept.findall("metadata"):
        kept.remove(node)
    if metadata is not None:
        kept.append(paths.clone(metadata))
    for card, known in zip(kept.findall("devices/interface"), root.findall("devices/interface"), strict=False):
        target, named = card.find("target"), known.find("target")
        if target is not None and target.get("dev", "").startswith(INVENTED):
            card.remove(target)
        if named is not None and named.get("dev", "").startswith(INVENTED):
            # The test driver alone takes this for a name of its own.
            card.append(paths.clone(named))


def unasked(root: ET.Element) -> ET.Element:
    """A definition without the devices that libvirt's own verdict is not asked about (see verdict)."""
    rest = paths.clone(root)
    for devices in rest.findall("devices"):
        for device in [found for found in devices if found.tag in UNASKED]:
            devices.remove(device)
    return rest

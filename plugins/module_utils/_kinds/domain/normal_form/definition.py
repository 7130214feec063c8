# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps a domain's definition: what it drops, renames, rounds and completes.

The sources are libvirt's domain_conf.c, domain_postparse.c and qemu_postparse.c (in older versions
all of it in domain_conf.c and qemu_domain.c). What libvirt fills in where nothing is given is no
part of this: rows of such values are marked ``filled``.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ...._engine.rows.model import Item
from .. import short_image
from ..fields.amounts import amounts
from . import cpu, nothing, running
from . import device as normal_device
from .console import alone, consoles
from .device import sane, sanitize

NO_LIMIT = 9007199254740991
"""KiB that libvirt takes for no limit (VIR_DOMAIN_MEMORY_PARAM_UNLIMITED)."""


def settle(root: ET.Element) -> None:
    """Bring a definition into the form in which libvirt keeps it. It is changed in place."""
    if root.get("id") is not None:
        running.settle(root)
    for devices in root.findall("devices"):
        for device in list(devices):
            normal_device.settle(device)
        shared_limits(devices)
        videos(devices)
    consoles(root)
    booting(root)
    amounts(root)
    limits(root)
    nothing.settle(root)
    clock(root)
    documents(root)
    cpu.settle(root)


def combine(domain: Item) -> None:
    """Bring options that mean the same into one form."""
    short_image.combine(domain)
    alone(domain)
    for controller in domain.get("controllers") or []:
        if controller.get("model") == "auto":
            controller["model"] = None  # libvirt's own choice
    for devices in domain.values():
        for device in devices if isinstance(devices, list) else ():
            placed(device.get("address") if isinstance(device, dict) else None)


def placed(address: object) -> None:
    """A PCI address of noughts is none, and libvirt picks one (virDomainDeviceInfoFormat)."""
    if isinstance(address, dict) and address.get("bus") == 0 and address.get("slot") == 0:
        numbers = {name: address.get(name) for name in ("domain", "bus", "slot", "function")}
        if not any(numbers.values()):
            for name in numbers:
                address.pop(name, None)


def shared_limits(devices: ET.Element) -> None:
    """A disk that names only a group has the limits of another one in it (virDomainDiskExpandGroupIoTune)."""
    found: dict[str, ET.Element] = {}
    nodes = [node for node in devices.findall("disk/iotune") if node.findtext("group_name")]
    for node in nodes:
        if any(child.tag != "group_name" and (child.text or "0").strip() != "0" for child in node):
            found.setdefault(node.findtext("group_name", ""), node)
    for node in nodes:
        full = found.get(node.findtext("group_name", ""))
        if full is not None and all(child.tag == "group_name" for child in node):
            for child in full:
                if child.tag != "group_name":
                    ET.SubElement(node, child.tag).text = child.text


def videos(devices: ET.Element) -> None:
    """The first graphics card is the primary one (virDomainDefParseXML)."""
    found = devices.findall("video")
    primary = [node for node in found if node.find("model[@primary='yes']") is not None]
    if primary and found[0] is not primary[-1]:
        spot = list(devices).index(found[0])
        for node in primary:
            devices.remove(node)
            devices.insert(spot, node)


def booting(root: ET.Element) -> None:
    """A menu that is not shown has no time to go on (virDomainDefParseBootMenuXML)."""
    for menu in root.findall("os/bootmenu"):
        if menu.get("enable") != "yes":
            menu.attrib.pop("timeout", None)
    loader, nvram = root.find("os/loader"), root.find("os/nvram")
    found = root.find("os[@firmware]") is not None
    if found and loader is not None and nvram is not None and loader.get("format") and nvram.get("format"):
        nvram.set("format", loader.get("format", ""))
    for node in root.findall("os/acpi/table"):
        node.text = sane(node.text or "")
    for node in root.findall("sysinfo[@type='fwcfg']/entry"):
        sanitize(node, "file")


def limits(root: ET.Element) -> None:
    """A limit that is none."""
    tune = root.find("memtune")
    for node in list(tune) if tune is not None else ():
        text = (node.text or "").strip()
        if node.get("unit", "KiB") in ("KiB", "k", "K") and text.isdigit() and int(text) >= NO_LIMIT:
            tune.remove(node)  # type: ignore[union-attr]
    if tune is not None and not len(tune):
        root.remove(tune)
    for node in root.findall("seclabel"):
        label(root, node)
    auto = root.find("numatune/memory[@placement='auto']")
    if auto is not None:
        auto.attrib.pop("nodeset", None)


def label(root: ET.Element, node: ET.Element) -> None:
    """A label of the guest. That of a running one is only reported (virSecurityLabelDefParseXML)."""
    if node.get("type") is None:
        root.remove(node)
        return
    dynamic = node.get("type") == "dynamic"
    if node.get("relabel") is None and node.get("type") != "none" and node.get("model") is not None:
        node.set("relabel", "yes" if dynamic else "no")
    for tag in ("imagelabel", *(("label",) if dynamic else ())):
        for child in node.findall(tag):
            node.remove(child)
    if dynamic and node.get("relabel", "yes") == "yes" and not len(node) and node.get("model") is None:
        root.remove(node)  # What libvirt does by itself.


def clock(root: ET.Element) -> None:
    """A clock that is ahead of another one is a variable one, from the start (virDomainClockDefParse)."""
    for node in root.findall("clock"):
        ahead = node.get("adjustment", "")
        if re.fullmatch("[+-]?[0-9]{1,18}", ahead):
            node.set("adjustment", str(int(ahead)))
            if node.get("offset", "utc") in ("utc", "localtime"):
                node.set("basis", node.get("offset", "utc"))
                node.set("offset", "variable")
        if node.get("offset") == "variable":
            node.attrib.setdefault("adjustment", "0")
            node.attrib.setdefault("basis", "utc")


def documents(root: ET.Element) -> None:
    """Of the elements in metadata libvirt keeps the first of each namespace (virDomainDefParseXML)."""
    for metadata in root.findall("metadata"):
        seen: set[str] = set()
        for node in list(metadata):
            space = node.tag[1:].partition("}")[0] if node.tag.startswith("{") else ""
            if space in seen or not space:
                metadata.remove(node)
            seen.add(space)

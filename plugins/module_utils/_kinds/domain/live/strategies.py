# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change reaches what runs: one small function a strategy, by the names that tables use.

A strategy gets the changes that it is to bring about in one device (or one entry of a network), and
the live document as it is to be. It returns the steps, or why only a restart will do.
"""

from __future__ import annotations

import copy
import typing as t
from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.converters import MEMORY
from ...._engine.live import RESTART, TOGETHER, Answer, Strategy
from ...._engine.rows.model import Change
from ...._engine.step import Step
from ..memory_total import comes_along

FIXED_BUSES = ("ide", "sata", "fdc", "sd")
"""Buses of disks that QEMU neither plugs nor unplugs while the guest runs (qemuDomainAttachDevice...)."""

FIXED_CONTROLLERS = ("ide", "sata", "fdc", "pci", "usb", "ccid", "isa", "xenbus", "nvme")
FIXED_TARGETS = ("isa-serial", "system-serial", "sclp-serial", "spapr-vio-serial", "isa-debug")


def hotplug(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """A device that comes or goes."""
    change = changes[0]
    if len(change.elements) > 1:
        return RESTART
    device = change.elements[0]
    reason = fixed(device)
    if reason:
        return reason
    action = "attach_device" if change.before is None else "detach_device"
    return [Step(action, paths.text(device))]


def fixed(device: ET.Element) -> str | None:
    """Why a device stays as it is while the guest runs, or None."""
    target = device.find("target")
    bus = None if target is None else target.get("bus")
    if device.tag == "disk" and bus in FIXED_BUSES:
        return f"a disk on {bus} comes and goes only at the start"
    if device.tag == "controller" and device.get("type") in FIXED_CONTROLLERS:
        return f"a {device.get('type')} controller comes and goes only at the start"
    if device.tag in ("serial", "console", "parallel") and (target is None or target.get("type") in FIXED_TARGETS):
        return "such a port comes and goes only at the start"
    return None


def update(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """A device that takes another value of what QEMU can change in place."""
    if stuck or not changes[0].elements:
        return TOGETHER if stuck else RESTART
    return [Step("update_device", paths.text(changes[0].elements[0]))]


def media(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """What lies in a drive for removable media. A disk cannot be exchanged under the guest."""
    if not changes[0].elements or changes[0].elements[0].get("device") not in ("cdrom", "floppy"):
        return "a disk is exchanged only at the start"
    return update(changes, root, stuck)


def iotune(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """The limits of a disk's traffic."""
    disk = changes[0].elements[0]
    node, target = disk.find("iotune"), disk.find("target")
    names = {change.path.rpartition(".")[2] for change in changes}
    values: dict[str, t.Any] = dict.fromkeys(names, 0)
    for child in () if node is None else node:
        values[child.tag] = child.text if child.tag == "group_name" else int(child.text or 0)
    return [Step("set_iotune", ("" if target is None else target.get("dev"), values))]


def balloon(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """The memory that the guest has now, within its maximum."""
    node, most = root.find("currentMemory"), root.find("memory")
    if most is None or root.find("devices/memballoon[@model='none']") is not None:
        return RESTART
    limit = MEMORY.decode(most, None) or 0
    amount = limit if node is None else MEMORY.decode(node, None) or 0
    if amount > limit:
        return f"the running guest has {MEMORY.show(limit)} at most"
    return [Step("set_memory", amount // 1024)]


def vcpus(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """The virtual CPUs that are plugged, within their maximum."""
    node = root.find("vcpu")
    if node is None:
        return RESTART
    most = int(node.text or 1)
    now = int(node.get("current", most))
    if now > most:
        return f"the running guest has {most} at most"
    return [Step("set_vcpus", now)]


def metadata(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
    """The title or the description."""
    tag = changes[0].path
    return [Step("set_metadata", (tag, root.findtext(tag)))]


def section(name: str, modify: bool = False) -> t.Callable[[list[Change], ET.Element, bool], Answer]:
    """An entry of a network that comes, goes or (where libvirt can) becomes another.

    The sections are those of virNetworkUpdate (libvirt-network.html, virNetworkUpdateSection).
    """

    def bring(changes: list[Change], root: ET.Element, stuck: bool) -> Answer:
        if stuck:
            return TOGETHER
        change, entry = changes[0], changes[0].elements[-1]
        index = -1
        if len(change.elements) > 1:
            index = next((i for i, ip in enumerate(root.findall("ip")) if ip is change.elements[0]), -1)
        text = paths.text(entry)
        if change.path.endswith("]"):
            command = "add_last" if change.before is None else "delete"
            return [Step("update_section", (name, command, index, text))]
        if modify:
            return [Step("update_section", (name, "modify", index, text))]
        old = copy.deepcopy(entry)
        for part in changes:
            option = part.path.rpartition(".")[2]
            if option not in entry.attrib or part.before is None:
                return RESTART
            old.set(option, str(part.before))
        return [
            Step("update_section", (name, "delete", index, paths.text(old))),
            Step("update_section", (name, "add_last", index, text)),
        ]

    return bring


SECTIONS = {
    "ip_dhcp_host": Strategy(section("ip_dhcp_host", modify=True), innermost=True),
    "ip_dhcp_range": Strategy(section("ip_dhcp_range"), innermost=True),
    "portgroup": Strategy(section("portgroup", modify=True), innermost=True),
    "dns_host": Strategy(section("dns_host"), innermost=True),
    "dns_txt": Strategy(section("dns_txt"), innermost=True),
    "dns_srv": Strategy(section("dns_srv"), innermost=True),
}
"""The strategies of a network."""

STRATEGIES = {
    "hotplug": Strategy(hotplug),
    "iotune": Strategy(iotune),
    "media": Strategy(media),
    "update": Strategy(update),
    "balloon": Strategy(balloon, asks=True),
    "memory": Strategy(comes_along, along="memory_devices"),
    "vcpus": Strategy(vcpus),
    "metadata": Strategy(metadata),
}
"""The strategies of a guest. An update sends the whole device, so what has a call of its own comes first."""

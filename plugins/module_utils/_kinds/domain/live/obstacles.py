# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be known before about devices that a running guest does not take, or does not let go (qemu_hotplug.c)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..memory_total import plugged
from ..normal_form.cpu import amount
from .free_ports import no_port

FIXED_BUSES = ("ide", "sata", "fdc", "sd")
"""Buses of disks that QEMU neither plugs nor unplugs while the guest runs (qemuDomainAttachDevice...)."""

FIXED_CONTROLLERS = ("ide", "sata", "fdc", "pci", "usb", "ccid", "isa", "xenbus", "nvme")
FIXED_TARGETS = ("isa-serial", "system-serial", "sclp-serial", "spapr-vio-serial", "isa-debug")
FIXED_WATCHDOGS = ("itco", "ib700")
SLOTTED = ("dimm", "nvdimm")
"""Memory devices that take a slot."""


def fixed(device: ET.Element) -> str | None:
    """Why a device neither comes nor goes while the guest runs, whatever else that has, or None."""
    target, model = device.find("target"), device.get("model")
    bus = None if target is None else target.get("bus")
    if device.tag == "disk" and bus in FIXED_BUSES:
        return f"a disk on {bus} can be added or removed only while the guest is off"
    if device.tag == "controller" and device.get("type") in FIXED_CONTROLLERS:
        return f"a {device.get('type')} controller can be added or removed only while the guest is off"
    if device.tag in ("serial", "console", "parallel") and (target is None or target.get("type") in FIXED_TARGETS):
        return "such a port can be added or removed only while the guest is off"
    if device.tag == "input" and device.get("bus") in ("ps2", "xen"):
        return f"an input device on {device.get('bus')} can be added or removed only while the guest is off"
    if device.tag == "watchdog" and model in FIXED_WATCHDOGS:
        return f"a watchdog {model} can be added or removed only while the guest is off"
    if device.tag == "filesystem" and device.find("driver[@type='virtiofs']") is None:
        return "a file system can be added or removed only while the guest is off, unless its driver is virtiofs"
    return None


def obstacle(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """Why a device does not come to the running guest, or None where nothing is known.

    :param root: the live document as it is to be
    :param now: the same as it is
    """
    look = LOOKS.get(device.tag)
    return fixed(device) or (None if look is None else look(device, root, now)) or no_port(device, root, now)


def usb(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """A device on USB, where that is switched off."""
    target = device.find("target")
    bus = device.get("bus") if target is None else target.get("bus")
    off = now.find("devices/controller[@type='usb'][@model='none']") is not None
    return "the running guest has no USB" if bus == "usb" and off else None


def channel(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """A channel on virtio, for which libvirt adds a controller only to the definition."""
    missing = root.find("devices/controller[@type='virtio-serial']") is None
    virtio = device.find("target[@type='virtio']") is not None
    return "the running guest has no virtio-serial controller" if virtio and missing else None


def filesystem(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """A directory by virtiofs, which reads the guest's memory."""
    cells = now.findall("cpu/numa/cell")
    shared = now.find("memoryBacking/access[@mode='shared']") is not None
    if shared or (cells and all(cell.get("memAccess") == "shared" for cell in cells)):
        return None
    return "the running guest's memory is not shared (memory_backing.access: shared)"


def watchdog(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """A watchdog beside another one."""
    there = any(node.get("model") not in FIXED_WATCHDOGS for node in now.findall("devices/watchdog"))
    return "the running guest has a watchdog already" if there else None


def memory(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """A memory device: its slot, its node, and the most that the guest can have."""
    most = now.find("maxMemory")
    if most is None:
        return "the running guest has no max_memory"
    cells, node = now.findall("cpu/numa/cell"), device.findtext("target/node")
    numbers = [cell.get("id") or str(index) for index, cell in enumerate(cells)]
    if node is not None and node not in numbers:
        return f"the running guest has no NUMA node {node}"
    devices = root.findall("devices/memory")
    before = devices[: devices.index(device) + 1] if device in devices else devices
    slots = int(most.get("slots") or 0)
    if device.get("model") in SLOTTED and sum(one.get("model") in SLOTTED for one in before) > slots:
        return f"the running guest has {slots} slots for memory devices"
    own = (amount(now.find("memory")) or 0) - sum(size or 0 for size in plugged(now))
    total = own + sum(amount(one.find("target/size")) or 0 for one in before)
    limit = amount(most)
    return "it is more than the max_memory of the running guest" if limit is not None and total > limit else None


LOOKS: dict[str, t.Callable[[ET.Element, ET.Element, ET.Element], str | None]] = {
    "disk": usb,
    "input": usb,
    "redirdev": usb,
    "channel": channel,
    "filesystem": filesystem,
    "watchdog": watchdog,
    "memory": memory,
}
"""What is looked at beside the ports, by the tag of the device."""

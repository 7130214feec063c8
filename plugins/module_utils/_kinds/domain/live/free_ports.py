# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a running guest has a free port for a device that comes (qemu_domain_address.c)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

PORTS = ("pcie-root-port", "pcie-switch-downstream-port")
"""Controllers into which one device can be plugged."""

BRIDGES = ("pci-bridge", "pcie-to-pci-bridge")
"""Controllers with slots for devices of conventional PCI."""

EXPRESS_CARDS = ("virtio", "virtio-non-transitional", "e1000e", "igb")
CONVENTIONAL_CARDS = ("virtio-transitional", "e1000", "e1000-82540em", "rtl8139", "ne2k_pci", "pcnet", "i82559er")
EXPRESS_MEMORY = ("virtio-mem", "virtio-pmem")
EXPRESS = ("virtio", "virtio-non-transitional", "virtio-scsi", None)
"""Models of virtio devices that are of PCI Express."""

NO_PORT = "the running guest has no free PCIe port (hotplug_slots or controllers give a guest more)"
NO_BRIDGE = "the running guest has no free slot of conventional PCI, which this model needs"
NO_SCSI = "the running guest has no SCSI controller; declare controllers: [{type: scsi, model: virtio-scsi}] as well"
NO_ACPI = "the running guest has no ACPI (features.acpi), by which QEMU plugs PCI devices"


def no_port(device: ET.Element, root: ET.Element, now: ET.Element) -> str | None:
    """Why there is no port for a device that comes, or None where nothing is known.

    :param root: the live document as it is to be
    :param now: the same as it is
    """
    if device.find("address") is not None:
        return None
    kind = needed(device)
    if now.find("devices/controller[@type='pci'][@model='pcie-root']") is None:
        machine = now.find("os/type[@machine]")
        plain = machine is not None and "i440fx" in machine.get("machine", "")
        return NO_ACPI if kind and plain and now.find("features/acpi") is None else None
    if device.tag == "disk" and device.find("target[@bus='scsi']") is not None:
        return NO_SCSI if root.find("devices/controller[@type='scsi']") is None else None
    if kind == "conventional":
        slots = [node for node in now.findall("devices/controller[@type='pci']") if node.get("model") in BRIDGES]
        return None if slots else NO_BRIDGE
    if kind != "express":
        return None
    coming = [node for node in root.findall("devices/*") if is_new(node) and needed(node) == "express"]
    place = coming.index(device) if device in coming else 0
    return None if place < count_free(now) else NO_PORT


def is_new(device: ET.Element) -> bool:
    """Whether a device comes: libvirt gives an alias to each that runs, and a place to each that has one."""
    aliases = [node.get("name", "") for node in device.findall("alias")]
    return device.find("address") is None and all(name.startswith("ua-") for name in aliases)


def count_free(now: ET.Element) -> int:
    """The number of PCIe ports that are empty and take a device while the guest runs."""
    used = {int(node.get("bus", "0"), 16) for node in now.findall("devices/*/address[@type='pci']")}
    ports = [node for node in now.findall("devices/controller[@type='pci']") if node.get("model") in PORTS]
    open_ones = [node for node in ports if node.find("target[@hotplug='off']") is None]
    return sum(int(node.get("index", "0")) not in used for node in open_ones)


def needed(device: ET.Element) -> str | None:
    """The port that a device needs: ``express`` or ``conventional``; None for none, or where it is not known."""
    node, target = device.find("model"), device.find("target")
    model = device.get("model") if node is None else node.get("type")
    if device.tag == "interface":
        return "express" if model in EXPRESS_CARDS else "conventional" if model in CONVENTIONAL_CARDS else None
    if device.tag in ("shmem", "watchdog"):
        return "conventional"
    if device.tag == "memory":
        return "express" if model in EXPRESS_MEMORY else None
    virtio = {
        "disk": target is not None and target.get("bus") == "virtio",
        "input": device.get("bus") == "virtio",
        "filesystem": True,
        "rng": True,
        "controller": device.get("type") == "virtio-serial",
    }.get(device.tag, False)
    if device.tag == "controller" and device.get("type") == "scsi":
        return "conventional" if model not in (*EXPRESS, "auto") else "express" if model in EXPRESS[:3] else None
    return None if not virtio else "express" if model in EXPRESS else "conventional"

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which port a device needs that comes while the guest runs, and whether one is free.

What is of PCI Express is in qemuDomainDeviceCalculatePCIConnectFlags, in libvirt's src/qemu/qemu_domain_address.c.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live import free_ports
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live.free_ports import (
    NO_ACPI,
    NO_BRIDGE,
    NO_PORT,
    NO_SCSI,
)


def card(model: str) -> str:
    return f"<interface><model type='{model}'/></interface>"


@pytest.mark.parametrize(
    ("device", "port"),
    [
        (card("virtio"), "express"),
        (card("virtio-non-transitional"), "express"),
        (card("virtio-transitional"), "conventional"),
        (card("e1000"), "conventional"),
        (card("e1000e"), "express"),
        (card("usb-net"), None),
        ("<interface/>", None),
        ("<shmem name='a'/>", "conventional"),
        ("<watchdog model='i6300esb'/>", "conventional"),
        ("<memory model='virtio-mem'/>", "express"),
        ("<memory model='dimm'/>", None),
        ("<disk model='virtio'><target bus='virtio'/></disk>", "express"),
        ("<disk><target bus='virtio'/></disk>", "express"),
        ("<disk model='virtio-transitional'><target bus='virtio'/></disk>", "conventional"),
        ("<disk><target bus='scsi'/></disk>", None),
        ("<disk/>", None),
        ("<input bus='virtio'/>", "express"),
        ("<input bus='usb'/>", None),
        ("<input bus='usb' type='scsi'/>", None),
        ("<filesystem/>", "express"),
        ("<filesystem model='virtio-transitional'/>", "conventional"),
        ("<rng model='virtio'/>", "express"),
        ("<controller type='virtio-serial'/>", "express"),
        ("<controller type='virtio-serial' model='virtio-transitional'/>", "conventional"),
        ("<controller type='scsi' model='virtio-scsi'/>", "express"),
        ("<controller type='scsi' model='virtio-non-transitional'/>", "express"),
        ("<controller type='scsi' model='virtio-transitional'/>", "conventional"),
        ("<controller type='scsi' model='lsilogic'/>", "conventional"),
        ("<controller type='scsi'/>", None),
        ("<controller type='scsi' model='auto'/>", None),
        ("<controller type='usb' model='virtio'/>", None),
        ("<hostdev type='scsi' model='virtio-transitional'/>", None),
        ("<sound model='virtio'/>", None),
    ],
)
def test_the_port_that_a_device_needs(device: str, port: str | None) -> None:
    assert free_ports.needed(ET.fromstring(device)) == port


def pci(model: str, index: int, target: str = "") -> str:
    return f"<controller type='pci' model='{model}' index='{index}'>{target}</controller>"


def on(bus: int) -> str:
    return f"<rng><address type='pci' bus='0x{bus:02x}'/></rng>"


ROOT = pci("pcie-root", 0)


@pytest.mark.parametrize(
    ("devices", "ports"),
    [
        ("", 0),
        (ROOT, 0),
        (ROOT + pci("pcie-root-port", 1), 1),
        (ROOT + pci("pcie-root-port", 1) + pci("pcie-switch-downstream-port", 2), 2),
        (ROOT + pci("pcie-root-port", 1, "<target hotplug='off'/>") + pci("pcie-root-port", 2), 1),
        (ROOT + pci("pcie-root-port", 1, "<target hotplug='on'/>"), 1),
        (ROOT + pci("pcie-root-port", 1) + on(1), 0),
        (ROOT + pci("pcie-root-port", 1) + on(2), 1),
        (ROOT + pci("pcie-root-port", 16) + on(16), 0),
        (ROOT + pci("pcie-to-pci-bridge", 1), 0),
        (ROOT + pci("pcie-root-port", 1) + "<rng><address type='ccw' bus='0x01'/></rng>", 1),
    ],
)
def test_how_many_ports_are_free(devices: str, ports: int) -> None:
    assert free_ports.free(ET.fromstring(f"<domain><devices>{devices}</devices></domain>")) == ports


def guest(devices: str, machine: str = "pc-q35-9.2", features: str = "") -> ET.Element:
    return ET.fromstring(
        f"<domain><os><type machine='{machine}'>hvm</type></os><features>{features}</features>"
        f"<devices>{devices}</devices></domain>"
    )


SCSI_DISK, OLD_CARD = "<disk><target bus='scsi'/></disk>", card("e1000")
PORT = ROOT + pci("pcie-root-port", 1)
OLD = "pc-i440fx-9.2"


@pytest.mark.parametrize(
    ("new", "running", "reason"),
    [
        (card("virtio"), guest(PORT), None),
        (card("virtio"), guest(PORT + on(1)), NO_PORT),
        (card("virtio"), guest(ROOT), NO_PORT),
        ("<interface><model type='virtio'/><address type='pci'/></interface>", guest(ROOT), None),
        (OLD_CARD, guest(PORT), NO_BRIDGE),
        (OLD_CARD, guest(ROOT + pci("pcie-to-pci-bridge", 1)), None),
        (OLD_CARD, guest(ROOT + pci("pci-bridge", 1)), None),
        (SCSI_DISK, guest(ROOT), NO_SCSI),
        ("<interface/>", guest(ROOT), None),
        # Without PCI Express, only what QEMU plugs by ACPI is known.
        (card("virtio"), guest("", OLD), NO_ACPI),
        (card("virtio"), guest("", OLD, "<acpi/>"), None),
        ("<interface/>", guest("", OLD), None),
        (card("virtio"), guest("", "virt-9.2"), None),
    ],
)
def test_why_there_is_no_port(new: str, running: ET.Element, reason: str | None) -> None:
    assert free_ports.no_port(ET.fromstring(new), running, running) == reason


def test_a_scsi_controller_that_comes_along_is_one() -> None:
    to_be = guest(f"{ROOT}<controller type='scsi' model='virtio-scsi'/>")
    assert free_ports.no_port(ET.fromstring(SCSI_DISK), to_be, guest(ROOT)) is None


def test_each_device_that_comes_takes_a_port() -> None:
    old = "<rng model='virtio'><alias name='rng0'/></rng>"
    named = "<rng model='virtio'><alias name='ua-mine'/></rng>"
    to_be = guest(PORT + pci("pcie-root-port", 2) + old + named + OLD_CARD + card("virtio") + card("virtio"))
    new = [node for node in to_be.findall("devices/*") if node.tag in ("rng", "interface")]
    now = guest(PORT + pci("pcie-root-port", 2))
    assert [free_ports.no_port(node, to_be, now) for node in new[1:2] + new[3:]] == [None, None, NO_PORT]
    assert [free_ports.is_new(node) for node in new] == [False, True, True, True, True]

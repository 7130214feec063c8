# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a guest that keep its memory out of a snapshot. libvirt says so only as it takes one.

The rules are those of qemuMigrationSrcIsAllowed in libvirt's src/qemu/qemu_migration.c, which asks for all that goes on
elsewhere with its memory.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item
from ..._errors import Invalid

WAY = "stop the guest first, or take an external snapshot of disks alone (type: external)"

HOST_DEVICES = {
    "pci": "a PCI device of the host",
    "scsi": "a SCSI device of the host",
    "scsi_host": "a SCSI controller of the host",
    "mdev": "a mediated device of the host",
}
"""Types of host devices whose state nobody can keep. A USB device is only taken out and put back."""


def of_devices(definition: ET.Element, active: bool, whole: Item) -> t.Iterator[Invalid]:
    """Why the memory of a guest cannot be in a snapshot, by its devices.

    :param definition: what runs
    """
    for what in devices_in_the_way(definition) if active and whole["memory"] else ():
        yield Invalid("memory", f"the guest has {what}, the state of which cannot be kept: {WAY}")
        return


def devices_in_the_way(definition: ET.Element) -> t.Iterator[str]:
    """The devices that are in the way, in words."""
    for device in definition.findall("devices/hostdev"):
        goes_by_itself = device.find("teaming[@type='transient']") is not None
        kind = device.get("type") or ""
        if device.get("mode") == "capabilities":
            yield "a device of the host (hostdevs)"
        elif kind in HOST_DEVICES and not (kind == "pci" and goes_by_itself):
            yield f"{HOST_DEVICES[kind]} (hostdevs)"
    for device in definition.findall("devices/interface"):
        kind = device.get("type") or ""
        if kind == "hostdev" and device.find("teaming[@type='transient']") is None:
            yield "a network card of the host (interfaces of type hostdev)"
        elif kind == "vdpa":
            yield "a vDPA device (interfaces of type vdpa)"
    if definition.find("devices/filesystem/driver[@type='virtiofs']") is not None:
        yield "a folder of the host by virtiofs (filesystems)"
    if any(device.get("role") != "master" for device in definition.findall("devices/shmem")):
        yield "memory that it shares with others (shmems)"


def not_kept(definition: ET.Element, whole: Item) -> t.Iterator[str]:
    """What of a guest is not in a snapshot, and stays as it is by then where the guest is put back; a sentence each.

    :param definition: what runs, else what is defined
    """
    nvram = definition.find("os/nvram")
    if nvram is not None and (whole["type"] == "external" or nvram.get("format") != "qcow2"):
        yield "the variables of the guest's UEFI are not in it: they stay as they are when the guest is put back"
    if not whole["memory"] and definition.find("devices/tpm/backend[@type='emulator']") is not None:
        yield (
            "the state of the guest's TPM is not in it, as its memory is not: it stays as it is when the guest is put"
            " back"
        )

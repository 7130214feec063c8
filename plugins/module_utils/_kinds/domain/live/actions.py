# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that reach what runs: the other half of the live strategies."""

from __future__ import annotations

import time
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.step import Step
from ...._errors import VirtfleetError
from ...._libvirt.connection import lacks, libvirt
from ...._libvirt.objects import Connection, Domain

REPEAT = 5.0
"""Seconds until a guest is asked again for a device."""
FOLLOW = 10.0
"""Seconds that a guest has to follow its balloon."""
RELEASE = 20.0
"""Seconds that a guest has to let go of a device; one that still boots does not answer."""


def attach_device(connection: Connection, name: str, step: Step, options: object) -> None:
    connection.lookupByName(name).attachDeviceFlags(step.value, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def detach_device(connection: Connection, name: str, step: Step, options: object) -> t.Iterator[None]:
    """Ask the guest for the device and wait, within bounds, until it has let go of it."""
    domain = connection.lookupByName(name)
    device = ET.fromstring(step.value)
    deadline = time.monotonic() + RELEASE
    asked = -REPEAT
    while present(domain, device):
        now = time.monotonic()
        if now >= deadline:
            raise VirtfleetError(
                f"detach_device: the guest did not let go of its {device.tag} in {RELEASE:g} s;"
                " the definition is without it, so it is gone after the next start"
            )
        if now - asked >= REPEAT:
            try:
                ask_for(domain, device, step.value)
            except libvirt.libvirtError as error:
                # Asked again while the guest is at it, or gone between two looks.
                if asked < 0 or not lacks(error, "VIR_ERR_OPERATION_FAILED", "VIR_ERR_DEVICE_MISSING"):
                    raise
            asked = now
        yield


def ask_for(domain: Domain, device: ET.Element, text: str) -> None:
    """Ask the guest for a device by its alias: what libvirt has filled in at the start is not in the document.

    :param text: the document of the device
    """
    alias = device.find("alias")
    if alias is None:
        domain.detachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    else:
        domain.detachDeviceAlias(alias.get("name"), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def present(domain: Domain, device: ET.Element) -> bool:
    """Whether the running guest has the device, known by its alias."""
    alias = device.find("alias")
    if alias is None or not domain.isActive():
        return False
    root = ET.fromstring(domain.XMLDesc(0))
    return root.find(f"devices/{device.tag}/alias[@name='{alias.get('name')}']") is not None


def update_device(connection: Connection, name: str, step: Step, options: object) -> None:
    connection.lookupByName(name).updateDeviceFlags(step.value, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_memory(connection: Connection, name: str, step: Step, options: object) -> t.Iterator[None]:
    """Tell the balloon its target in KiB, and give the guest a moment to follow."""
    domain = connection.lookupByName(name)
    domain.setMemoryFlags(step.value, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    deadline = time.monotonic() + FOLLOW
    while domain.info()[2] != step.value and time.monotonic() < deadline:
        yield


def set_vcpus(connection: Connection, name: str, step: Step, options: object) -> t.Iterator[None]:
    """Plug virtual CPUs in or out, and give the guest a moment to let go of those that go."""
    domain = connection.lookupByName(name)
    deadline = time.monotonic() + RELEASE
    asked = -REPEAT
    while asked < 0 or plugged(domain) != step.value:
        now = time.monotonic()
        if now >= deadline:
            raise VirtfleetError(
                f"current_vcpus: the guest has not let go of its CPUs in {RELEASE:g} s, and has {plugged(domain)}; the"
                f" definition has {step.value}, so the others are gone once it lets go of them, or after the next start"
            )
        if now - asked >= REPEAT:
            try:
                domain.setVcpusFlags(step.value, libvirt.VIR_DOMAIN_AFFECT_LIVE)
            except libvirt.libvirtError as error:
                # libvirt has waited for the guest; asked again while it is at it, QEMU refuses.
                if (asked < 0 and not lacks(error, "VIR_ERR_OPERATION_TIMEOUT")) or not domain.isActive():
                    raise
            asked = time.monotonic()
        yield


def plugged(domain: Domain) -> int:
    """How many virtual CPUs the running guest has."""
    return int(domain.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_LIVE))


def set_metadata(connection: Connection, name: str, step: Step, options: object) -> None:
    tag, value = step.value
    kind = getattr(libvirt, f"VIR_DOMAIN_METADATA_{tag.upper()}")
    connection.lookupByName(name).setMetadata(kind, value, None, None, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_document(connection: Connection, name: str, step: Step, options: object) -> None:
    """Give a running guest the element of a namespace in its metadata, or take it away."""
    space, text = step.value
    kind, flags = libvirt.VIR_DOMAIN_METADATA_ELEMENT, libvirt.VIR_DOMAIN_AFFECT_LIVE
    connection.lookupByName(name).setMetadata(kind, text, "own" if text else None, space, flags)


def set_iotune(connection: Connection, name: str, step: Step, options: object) -> None:
    target, values = step.value
    connection.lookupByName(name).setBlockIoTune(target, values, libvirt.VIR_DOMAIN_AFFECT_LIVE)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that follow from the name of a resource, so that two runs, or a lost host, give the same.

Each is a function of a scope, for the ``new`` of a row.
"""

from __future__ import annotations

import contextlib
import hashlib
import typing as t
import uuid

from ..._engine.converters import UUID
from ..._engine.rows.model import Item, ReadOnlyItem, Scope
from ..domain.normal_form.console import is_of_serial

NAMESPACE = uuid.UUID("6f1d8a52-3c0e-5b7a-9e44-2a8f0c1b7d93")
"""The collection's own namespace for name-based UUIDs (RFC 9562, section 5.5)."""

BUS_PREFIX = {"virtio": "vd", "xen": "xvd", "ide": "hd", "fdc": "fd"}
"""First letters of a disk's target on each bus; all others count as sd (formatdomain.html, disk)."""


X86 = ("x86_64", "i686")
"""Architectures of PCs."""


def derive_uuid(scope: Scope) -> str:
    """The UUID of a resource: name-based, from its kind and name; of a guest whose SMBIOS tells one, that.

    libvirt takes no other (virSysinfoSystemParseXML).
    """
    of_smbios = next(smbios_uuids(scope.item or {}), None)
    return of_smbios or str(uuid.uuid5(NAMESPACE, f"{scope.kind} {scope.name}"))


def smbios_uuids(item: ReadOnlyItem) -> t.Iterator[str]:
    """The UUIDs that the SMBIOS of a guest tells, as libvirt writes them; none that is no UUID."""
    for info in item.get("sysinfo") or ():
        value = (info.get("system") or {}).get("uuid")
        if info.get("type", "smbios") == "smbios" and value is not None:
            with contextlib.suppress(ValueError):
                yield UUID.parse(value)


def derive_mac(scope: Scope) -> str:
    """The MAC address of a guest's interface, from the guest's name and the interface's place.

    52:54 marks it as locally administered and is what QEMU's guests are known by; the other 32
    bits are a hash, so that two of a thousand guests meet once in some 8,600 fleets.
    """
    taken = {item.get("mac") for item in scope.siblings}
    attempt = 0
    while True:
        seed = f"{scope.kind} {scope.name} {scope.index} {attempt}"
        digest = hashlib.sha256(seed.encode()).digest()
        mac = ":".join(["52", "54", *(f"{byte:02x}" for byte in digest[:4])])
        if mac not in taken:
            return mac
        attempt += 1


def derive_target(scope: Scope) -> str:
    """The next free target of a disk on its bus: vda, vdb, ..., vdz, vdaa."""
    prefix = BUS_PREFIX.get(scope.item.get("bus") or "", "sd")
    taken = {item.get("target") for item in scope.siblings}
    return next(name for name in targets(prefix) if name not in taken)


def targets(prefix: str) -> t.Iterator[str]:
    """All targets of a bus in order."""
    number = 0
    while True:
        letters, rest = "", number
        while rest >= 0:
            letters = chr(ord("a") + rest % 26) + letters
            rest = rest // 26 - 1
        yield prefix + letters
        number += 1


def disk_bus(scope: Scope) -> str:
    """The bus of a disk: virtio, but one of their own for drives, which virtio has not: SCSI where there is no SATA."""
    drive = "sata" if arch_of(scope) in X86 else "scsi"
    return {"cdrom": drive, "floppy": "fdc"}.get(scope.item.get("device") or "", "virtio")


def disk_format(scope: Scope) -> str:
    """The format of a disk that names none; libvirt itself always takes raw."""
    return image_format(scope.item)


def image_format(disk: t.Mapping[str, object]) -> str:
    """The format that the ending of an image's name tells, else raw.

    :param disk: the options of a guest's disk
    """
    name = str(disk.get("file") or disk.get("volume") or "")
    ending = name.rpartition(".")[2]
    return ending if ending in ("qcow2", "qcow", "qed", "vmdk", "vdi", "vpc") else "raw"


def card_model(scope: Scope) -> str | None:
    """The model of a network card: virtio, but for a device of the host, which is its own model."""
    return None if scope.item.get("type") == "hostdev" else "virtio"


def machine(scope: Scope) -> str | None:
    """The modern machine type where the host offers it, else libvirt's default."""
    return "q35" if arch_of(scope) == scope.host.arch and "q35" in scope.host.machines else None


def arch_of(scope: Scope) -> str:
    """The architecture of a guest."""
    whole = scope.item if scope.whole is None else scope.whole
    return whole.get("arch") or scope.host.arch


def acpi(scope: Scope) -> bool:
    """ACPI where every guest can have it; on other machines it needs firmware for it."""
    return arch_of(scope) in X86


def serials(scope: Scope) -> list[dict[str, object]]:
    """A serial port for the console; none where a console is declared that is a serial port itself."""
    listed = scope.item.get("consoles") or []
    return [] if listed and is_of_serial(listed[0]) else [{"type": "pty"}]


def cpu_mode(scope: Scope) -> str | None:
    """With hardware virtualization, the host's CPU in a form that migrates; else QEMU's own."""
    whole = scope.item if scope.whole is None else scope.whole
    virt = scope.host.resolve_virt(whole.get("virt") or "auto")
    return "host-model" if scope.host.virt == virt == "kvm" else None


def unless_described(name: str, options: Item) -> t.Callable[[Item], Item]:
    """A base for new resources: one that has this name, and nothing else to it, gets the options."""
    beside = {"name", "uuid"}

    def base(item: Item) -> Item:
        if item["name"] != name or any(item.get(option) is not None for option in options.keys() - beside):
            return item
        return {**options, **item}

    return base

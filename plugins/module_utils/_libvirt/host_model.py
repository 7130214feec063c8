# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what is there: few calls, each for all of a host's resources."""

from __future__ import annotations

import platform
from xml.etree import ElementTree as ET

from .._engine.rows.model import Host
from .._host.virtualization import Virtualization
from .objects import Connection


def host(connection: Connection) -> Host:
    """What decides the meaning of a definition on this host."""
    capabilities = ET.fromstring(connection.getCapabilities())
    arch = capabilities.findtext("host/cpu/arch") or "x86_64"
    types, machines = offered(capabilities, arch)
    virt, reason = types[0] if types else "qemu", ""
    if "qemu" in types:
        local = connection.getURI().startswith("qemu:///")
        virtualization = Virtualization.of_this_host("kvm" in types) if local else None
        if "kvm" in types and (virtualization is None or virtualization.usable):
            virt = "kvm"
        else:
            virt = "qemu"
            reason = "; ".join(virtualization.missing) if virtualization else "libvirt offers no kvm"
    return Host(virt=virt, virt_reason=reason, arch=arch, machines=machines, aliases=foreign(capabilities, arch))


def bare_host() -> Host:
    """The same for a host without libvirt, as it will be with the distribution's packages."""
    checks = Virtualization.of_this_host(None).checks
    missing = [check.detail for check in checks if check.ok is False]
    arch = platform.machine()
    return Host(
        virt="qemu" if missing else "kvm",
        virt_reason="; ".join(missing),
        arch=arch,
        machines={"q35": "q35"} if arch == "x86_64" else {},
    )


def foreign(capabilities: ET.Element, arch: str) -> dict[str, set[str]]:
    """What machine types the aliases stand for that libvirt offers for other architectures."""
    found: dict[str, set[str]] = {}
    for node in capabilities.findall("guest/arch"):
        for machine in node.iter("machine") if node.get("name") != arch else ():
            if machine.get("canonical"):
                found.setdefault(str(machine.text), set()).add(machine.get("canonical", ""))
    return found


def offered(capabilities: ET.Element, arch: str) -> tuple[list[str], dict[str, str]]:
    """The domain types, and the machine types by alias, that libvirt offers for an architecture."""
    for guest in capabilities.findall("guest"):
        node = guest.find("arch")
        if node is not None and node.get("name") == arch:
            types = [str(domain.get("type")) for domain in node.findall("domain")]
            machines = {str(entry.text): entry.get("canonical", str(entry.text)) for entry in node.iter("machine")}
            return types, machines
    return [], {}

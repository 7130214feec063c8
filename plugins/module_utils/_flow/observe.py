# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what is there: few calls, each for all of a host's resources."""

from __future__ import annotations

import platform
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.plan import Observed
from .._engine.rows.model import Host
from .._host.virtualization import Virtualization
from .connection import lacks, libvirt


def domains(connection: t.Any, names: t.Container[str]) -> dict[str, Observed]:
    """The domains of these names."""
    running = listed(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_ACTIVE")
    paused = listed(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_PAUSED")
    autostart = listed(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_AUTOSTART")
    transient = listed(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_TRANSIENT")
    inactive = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
    found = {}
    for domain in connection.listAllDomains(0):
        name = domain.name()
        if name not in names:
            continue
        active = name in running
        found[name] = Observed(
            definition=paths.document(domain.XMLDesc(inactive)),
            live=paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)) if active else None,
            state="paused" if name in paused else "running" if active else "stopped",
            properties={"autostart": name in autostart},
            persistent=name not in transient,
        )
    return found


def networks(connection: t.Any, names: t.Container[str]) -> dict[str, Observed]:
    """The networks of these names."""
    autostart = listed(connection.listAllNetworks, "VIR_CONNECT_LIST_NETWORKS_AUTOSTART")
    persistent = listed(connection.listAllNetworks, "VIR_CONNECT_LIST_NETWORKS_PERSISTENT")
    found = {}
    for network in connection.listAllNetworks(0):
        name = network.name()
        if name in names:
            active = network.isActive()
            found[name] = Observed(
                definition=paths.document(inactive_network(network)),
                live=paths.document(network.XMLDesc(0)) if active else None,
                state="active" if active else "inactive",
                properties={"autostart": name in autostart},
                persistent=name in persistent,
            )
    return found


def listed(call: t.Callable[[int], list[t.Any]], flag: str) -> set[str]:
    """The names of what one bulk call with a filter returns."""
    return {found.name() for found in call(getattr(libvirt, flag))}


def inactive_network(network: t.Any) -> str:
    """The persistent definition. libvirt's test driver has but one and refuses to be asked so."""
    try:
        return network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        return network.XMLDesc(0)


def host(connection: t.Any) -> Host:
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

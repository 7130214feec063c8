# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests have now, which no definition tells: memory, virtual CPUs and addresses."""

from __future__ import annotations

import typing as t

from ..._flow.info import FactsByName
from ..._libvirt.connection import LibvirtError, libvirt
from ..._libvirt.objects import Connection, Domain, GuestAddress
from .guest_addresses import parsed

SOURCES = {"lease": "LEASE", "agent": "AGENT", "arp": "ARP"}
"""Where libvirt learns the addresses of guests (virDomainInterfaceAddresses)."""


def domain_facts(source: str) -> t.Callable[[Connection, t.Container[str]], FactsByName]:
    """The memory and CPUs that guests have now, and their addresses from a source, or from ``none``."""

    def live(connection: Connection, names: t.Container[str]) -> FactsByName:
        facts: FactsByName = {}
        for domain in connection.listAllDomains(0):
            if domain.name() not in names:
                continue
            _state, most, now, vcpus, _time = domain.info()
            facts[domain.name()] = {"memory": now * 1024, "memory_max": most * 1024, "vcpus": vcpus}
            if source != "none":
                facts[domain.name()]["addresses"] = addresses(domain, source)
        return facts

    return live


def addresses(domain: Domain, source: str) -> list[GuestAddress]:
    """The addresses of a guest, none where it does not run or nobody knows."""
    try:
        found = domain.interfaceAddresses(getattr(libvirt, f"VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_{SOURCES[source]}"))
    except LibvirtError:
        return []
    return [
        {"interface": name, "mac": interface["hwaddr"], "address": address["addr"], "prefix": address["prefix"]}
        for name, interface in found.items()
        for address in interface["addrs"] or []
        if parsed(address["addr"]) is not None
    ]

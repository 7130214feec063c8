# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease of a guest that is gone is none of the new guest that has its MAC address."""

from __future__ import annotations

from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import wait_for
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.agent_answers import AgentAnswers
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.old_leases import OldLeases, old_leases

MAC = "52:54:00:00:00:01"
XML = (
    f"<domain><devices><interface type='network'><mac address='{MAC}'/><source network='lan'/></interface></devices>"
    "</domain>"
)


def lease(address: str, until: int, mac: str = MAC) -> dict[str, Any]:
    return {"mac": mac, "ipaddr": address, "expirytime": until}


def network(name: str, leases: Any) -> Any:
    made = mock.Mock()
    made.name.return_value = name
    made.isActive.return_value = leases is not None
    made.DHCPLeases.side_effect = leases if isinstance(leases, Exception) else (lambda: leases)
    return made


def host(networks: list[Any], guests: tuple[str, ...] = ()) -> Any:
    """A connection to a host, on which all guests have the lease that libvirt knows of their MAC address."""
    there = [mock.Mock(**{"name.return_value": name}) for name in guests]

    def addresses(source: int) -> Any:
        found = [one for net in networks if net.isActive() for one in net.DHCPLeases()]
        mine = [{"addr": one["ipaddr"], "prefix": 24} for one in found if one["mac"].lower() == MAC]
        return {"vnet0": {"hwaddr": MAC, "addrs": mine}} if source == 0 else {}

    domain = mock.Mock(**{"XMLDesc.return_value": XML, "isActive.return_value": 1})
    domain.interfaceAddresses.side_effect = addresses
    return mock.Mock(
        **{"listAllNetworks.return_value": networks, "listAllDomains.return_value": there},
        lookupByName=lambda name: domain,
    )


WANTS = [{"name": "new", "wait_for": "address"}, {"name": "there", "wait_for": "ssh"}, {"name": "not waited for"}]


def test_what_is_noted_before() -> None:
    networks = [
        network("lan", [lease("192.0.2.7", 100, MAC.upper()), lease("192.0.2.8", 0)]),
        network("off", None),
        network("odd", libvirt.libvirtError("no DHCP")),
    ]
    noted = old_leases(host(networks, ("there",)), WANTS)
    assert noted == OldLeases(frozenset({"new"}), frozenset({(MAC, "192.0.2.7", 100)}))
    assert old_leases(host(networks, ("there", "new")), WANTS) == OldLeases()
    assert old_leases(host(networks), WANTS[2:]) == OldLeases()


@pytest.mark.parametrize(
    ("now", "seen"),
    [
        ([lease("192.0.2.7", 100)], []),
        ([lease("192.0.2.7", 160)], ["192.0.2.7"]),
        ([lease("192.0.2.9", 160)], ["192.0.2.9"]),
        ([lease("192.0.2.7", 100), lease("192.0.2.9", 160)], ["192.0.2.9"]),
    ],
)
def test_only_a_lease_that_came_after_counts(now: list[Any], seen: list[str]) -> None:
    leases = [lease("192.0.2.7", 100)]
    networks = [network("other", []), network("lan", leases)]
    connection = host(networks, ("there",))
    old = old_leases(connection, WANTS)
    leases[:] = now
    look = wait_for.look(connection, "new", False, AgentAnswers(), old)
    assert [one["address"] for one in look.addresses] == seen
    assert [one["address"] for one in wait_for.look(connection, "there", False, AgentAnswers(), old).addresses] == [
        one["ipaddr"] for one in now
    ]


def test_an_address_by_arp_that_only_the_old_lease_knows_is_none() -> None:
    connection = host([network("lan", [lease("192.0.2.7", 100)])])
    found: Any = [{"mac": MAC, "address": "192.0.2.7"}, {"mac": MAC, "address": "fd00::7"}]
    old = old_leases(connection, WANTS)
    assert [one["address"] for one in old.without(connection, "new", ET.fromstring(XML), found)] == ["fd00::7"]

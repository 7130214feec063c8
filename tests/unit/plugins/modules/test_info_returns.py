# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that the info modules tell have the fields that are documented."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import facts as domain_facts
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import facts as network_facts
from ansible_collections.virtfleet.kvm.plugins.modules import domains_info, networks_info

MAC = "52:54:00:aa:00:01"


LEASE = {"iface": "virbr0", "expirytime": 1700000000, "type": 0, "mac": MAC, "iaid": None, "prefix": 24}
CARD = {"hwaddr": MAC, "addrs": [{"addr": "192.0.2.7", "prefix": 24, "type": 0}]}


def documented(module: Any, kind: str, name: str) -> set[str]:
    return set(yaml.safe_load(module.RETURN)[kind]["contains"][name]["contains"])


def test_the_addresses_of_a_guest() -> None:
    (told,) = domain_facts.addresses(SimpleNamespace(interfaceAddresses=lambda source: {"vnet0": CARD}), "lease")
    assert told == {"interface": "vnet0", "mac": MAC, "address": "192.0.2.7", "prefix": 24}
    assert told.keys() == documented(domains_info, "domains", "addresses")


def test_the_leases_of_a_network() -> None:
    lease = {**LEASE, "ipaddr": "192.0.2.7", "hostname": "web01", "clientid": None}
    (told,) = network_facts.handed_out(SimpleNamespace(DHCPLeases=lambda: [lease]))
    assert told == {"mac": MAC, "address": "192.0.2.7", "hostname": "web01", "until": 1700000000}
    assert told.keys() == documented(networks_info, "networks", "leases")

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a drop-in gives a device beside netplan stay with it, whatever netplan's files say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import HOST, planned, refusal

BR7: dict[str, Any] = {"name": "br7", "type": "bridge", "ports": ["eno1"]}
PLACE = "/etc/systemd/network/10-netplan-{}.network.d/more.conf"
GIVES = ["[Network]\nAddress=10.77.0.1/24\n", "[Address]\nAddress=10.77.0.1/24\n", "[Route]\nDestination=10.0.0.0/8\n"]
GIVES += ["[Network]\nGateway=192.0.2.1\n", "[Network]\nDHCP=yes\n", "[Network]\nIPv6AcceptRA=yes\n"]
ELSE = [
    "[Network]\nDHCP=no\nIPv6AcceptRA=no\n",
    "[DHCPv4]\nUseDNS=no\n",
    "[Link]\nMTUBytes=1400\n",
    "[Network]\nLLDP=yes\n",
]


def host(text: str, device: str = "eno1") -> Facts:
    return dataclasses.replace(HOST, units={**HOST.units, PLACE.format(device): text})


@pytest.mark.parametrize("text", GIVES)
@pytest.mark.parametrize(
    "addressing", [{}, {"addressing": "static", "addresses": ["192.0.2.10/24"]}, {"addressing": "dhcp"}]
)
@pytest.mark.parametrize("kind", ["bridge", "bond"])
def test_a_port_with_such_a_file_is_refused(text: str, addressing: dict[str, Any], kind: str) -> None:
    said = refusal({**BR7, "type": kind, **addressing}, host=host(text))
    assert f"link br7: ports[0]: {PLACE.format('eno1')} gives eno1 addresses, routes or DHCP beside netplan" in said


@pytest.mark.parametrize("text", ELSE)
def test_what_gives_none_is_told(text: str) -> None:
    found = planned(BR7, host=host(text))
    assert f"link br7: what {PLACE.format('eno1')} says of eno1 does not follow to br7" in found.warnings


def test_that_of_another_device_is_no_hindrance() -> None:
    assert planned(BR7, host=host(GIVES[0], "eno2")).items

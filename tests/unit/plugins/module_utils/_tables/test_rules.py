# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold between the options of a network."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._tables.network import NETWORK


def problems(config: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in NETWORK.parse_item({"name": "n", **config})[1]]


def subnet(address: str = "10.0.0.1/24", **dhcp: Any) -> dict[str, Any]:
    return {"ips": [{"address": address, "dhcp": dhcp}]}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"ips": None},
        {"ips": [{"address": "10.0.0.1/24"}, {"address": "10.0.1.1/24"}, {"address": "fd00::1/64"}]},
        {"ips": [{"address": "10.0.0.1/24", "dhcp": None}]},
        subnet(ranges=[{"start": "10.0.0.2", "end": "10.0.0.2"}], hosts=[{"ip": "10.0.0.3", "name": "a"}]),
        subnet("fd00::1/64", ranges=[{"start": "fd00::2", "end": "fd00::ff"}]),
        {"forward": {"mode": "bridge"}, "bridge": "br0"},
        {"forward": {"mode": "bridge", "interfaces": ["eno2"]}},
        {"forward": {"mode": "nat"}, "bridge": "virbr1"},
        {"forward": None},
        # libvirt writes dev into interfaces, too, so adoption brings this.
        {"forward": {"mode": "nat", "dev": "eth0", "interfaces": ["eth0"]}, "bridge": "virbr1"},
    ],
)
def test_good_networks(config: dict[str, Any]) -> None:
    assert problems(config) == []


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"ips": [{}]}, ["ips[0].address: is missing"]),
        ({"ips": [{"address": None}]}, ["ips[0].address: is missing"]),
        (
            {"ips": [{"address": "10.0.0.1/16"}, {"address": "10.0.9.1/24"}]},
            ["ips[1].address: 10.0.9.0/24 overlaps another subnet of this network"],
        ),
        (subnet(ranges=[{"start": "10.0.0.2"}]), ["ips[0].dhcp.ranges[0]: needs both start and end"]),
        (
            subnet(ranges=[{"start": "10.0.0.2", "end": "10.0.1.2"}]),
            ["ips[0].dhcp.ranges[0]: 10.0.1.2 is not in 10.0.0.0/24"],
        ),
        (
            subnet(ranges=[{"start": "10.0.0.9", "end": "10.0.0.2"}]),
            ["ips[0].dhcp.ranges[0]: starts at 10.0.0.9, behind its end 10.0.0.2"],
        ),
        (
            subnet(ranges=[{"start": "10.0.0.9", "end": "fd00::1"}]),
            ["ips[0].dhcp.ranges[0]: fd00::1 is not in 10.0.0.0/24"],
        ),
        (subnet(hosts=[{"name": "a"}]), ["ips[0].dhcp.hosts[0]: needs ip"]),
        (subnet(hosts=[{"ip": "10.1.0.1"}]), ["ips[0].dhcp.hosts[0]: 10.1.0.1 is not in 10.0.0.0/24"]),
        (
            {"forward": {"mode": "bridge"}, "bridge": "br0", "ips": [{"address": "10.0.0.1/24"}]},
            ["ips: a network with forward mode 'bridge' takes its addresses from outside"],
        ),
        (
            {"forward": {"mode": "bridge", "interfaces": ["eno2"]}, "bridge": "br0"},
            ["bridge: goes with a host bridge, forward.interfaces with MacVTap: give one"],
        ),
        (
            {"forward": {"mode": "bridge"}},
            ["bridge: name the host bridge here, or a device for MacVTap in forward.interfaces"],
        ),
    ],
)
def test_bad_networks(config: dict[str, Any], found: list[str]) -> None:
    assert problems(config) == found


@pytest.mark.parametrize("address", ["10.0.0.0/24", "10.0.0.1", "banana", "10.0.0.256/24"])
def test_a_bad_subnet_is_refused_by_name(address: str) -> None:
    (problem,) = problems({"ips": [{"address": address}]})
    assert problem.startswith(f"ips[0].address: '{address}' is not ")

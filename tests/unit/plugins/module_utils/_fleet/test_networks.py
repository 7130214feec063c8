# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of one host that get in each other's way are refused before any host is touched."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems

OLD = {"name": "old", "bridge": "virbr7", "ips": ["10.7.0.1/24"]}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"ips": [{"address": "10.7.0.129/25"}]},
            "ips[0].address: 10.7.0.128/25 overlaps 10.7.0.0/24 of the network old",
        ),
        ({"ips": ["fd00::1/64", "10.0.0.1/8"]}, "ips[1].address: 10.0.0.0/8 overlaps 10.7.0.0/24 of the network old"),
        ({"bridge": "virbr7", "ips": ["10.8.0.1/24"]}, "bridge: virbr7 is that of the network old"),
        ({"ips": ["10.7.0.1/24"], "state": "inactive"}, ""),
        ({"ips": ["10.7.0.1/24"], "state": "present"}, ""),
        ({"ips": ["10.7.0.1/24"], "state": "absent"}, ""),
        ({"ips": ["10.8.0.1/24", "fd00::1/64"]}, ""),
        ({"bridge": "virbr7"}, ""),  # It may be one on a bridge of the host.
        ({"ips": ["nonsense"]}, None),
    ],
)
def test_a_bridge_and_a_subnet_are_for_one_network(other: dict[str, Any], words: str | None) -> None:
    lines = problems(["kvm01", "kvm02"], {"kvm01": {"kvm_networks": [OLD, {"name": "new", **other}]}, "kvm02": {}})
    told = [line for line in lines if "of the network old" in line]
    assert [f"host kvm01: kvm_networks: network new: {words}" in line for line in told] == ([True] if words else [])
    assert (lines == told) == (words is not None)


def test_hosts_may_have_the_same_networks() -> None:
    assert problems(["kvm01", "kvm02"], {host: {"kvm_networks": [OLD]} for host in ("kvm01", "kvm02")}) == []

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No guest or volume is on what is to be absent: said before any host is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._fleet.test_check import HOSTS, fleet, guest

GONE = {"name": "old", "state": "absent"}


@pytest.mark.parametrize(
    ("variable", "options", "place"),
    [
        ("kvm_networks", {"interfaces": ["old"]}, "interfaces[0].network"),
        ("kvm_networks", {"interfaces": [{"type": "user"}, {"network": "old"}]}, "interfaces[1].network"),
        ("kvm_links", {"interfaces": [{"bridge": "old"}]}, "interfaces[0].bridge"),
        ("kvm_links", {"interfaces": [{"direct": "old"}]}, "interfaces[0].direct"),
        ("kvm_pools", {"disks": [{"size": "1GiB"}, {"size": "1GiB", "pool": "old"}]}, "disks[1].pool"),
    ],
)
def test_a_guest_on_what_goes_is_refused(variable: str, options: dict[str, Any], place: str) -> None:
    hosts = list(HOSTS)
    one = {**guest("web01"), **options, "host": hosts[0]}
    variables = fleet(one)
    variables[hosts[0]][variable] = [GONE]
    (line,) = problems(HOSTS, variables)
    assert line.startswith(f"guest web01: {place}: old has state: absent in {variable} of its host")
    variables[hosts[0]][variable], variables[hosts[1]][variable] = [], [GONE]
    assert not [line for line in problems(HOSTS, variables) if "state: absent" in line]


@pytest.mark.parametrize(
    ("variable", "gone", "disk", "said"),
    [
        ("kvm_pools", {"name": "default"}, {"size": "1GiB"}, "pool: default"),
        ("kvm_pools", {"name": "default"}, {"volume": "a.raw"}, "pool: default"),
        ("kvm_pools", {"name": "default"}, {"file": "/srv/a.raw"}, None),
        ("kvm_volumes", {"name": "a.raw"}, {"volume": "a.raw"}, "volume: default/a.raw"),
        ("kvm_volumes", {"name": "a.raw", "pool": "p"}, {"volume": "a.raw", "pool": "p"}, "volume: p/a.raw"),
        ("kvm_volumes", {"name": "a.raw", "pool": "p"}, {"volume": "a.raw"}, None),
    ],
)
def test_a_disk_on_what_goes_is_refused(variable: str, gone: Any, disk: Any, said: str | None) -> None:
    variables = fleet({**guest("web01"), "disks": [disk]})
    variables["kvm01"][variable] = [{**gone, "state": "absent"}]
    lines = problems(HOSTS, variables)
    assert len(lines) == (said is not None)
    assert said is None or lines[0].startswith(f"guest web01: disks[0].{said} has state: absent in {variable}")


def test_a_volume_in_a_pool_that_goes_is_refused() -> None:
    variables = fleet()
    variables["kvm01"]["kvm_pools"] = [GONE]
    variables["kvm01"]["kvm_volumes"] = [{"name": "a.raw", "pool": "old", "capacity": "1GiB"}]
    (line,) = problems(HOSTS, variables)
    assert "volume old/a.raw: pool: old has state: absent in kvm_pools of its host" in line
    variables["kvm01"]["kvm_volumes"][0]["state"] = "absent"
    assert problems(HOSTS, variables) == []


def test_a_guest_that_goes_as_well_is_on_nothing() -> None:
    host = next(iter(HOSTS))
    variables = fleet({**guest("web01"), "interfaces": ["old"], "host": host, "state": "absent"})
    variables[host]["kvm_networks"] = [GONE]
    assert problems(HOSTS, variables) == []

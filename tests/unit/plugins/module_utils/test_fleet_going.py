# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest is not on a network or pool that is to be absent: said before any host is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import problems
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils.test_fleet import HOSTS, fleet, guest

GONE = {"name": "old", "state": "absent"}


@pytest.mark.parametrize(
    ("variable", "options", "place"),
    [
        ("kvm_networks", {"interfaces": ["old"]}, "interfaces[0].network"),
        ("kvm_networks", {"interfaces": [{"type": "user"}, {"network": "old"}]}, "interfaces[1].network"),
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


def test_a_guest_that_goes_as_well_is_on_nothing() -> None:
    host = next(iter(HOSTS))
    variables = fleet({**guest("web01"), "interfaces": ["old"], "host": host, "state": "absent"})
    variables[host]["kvm_networks"] = [GONE]
    assert problems(HOSTS, variables) == []

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that starts with the host needs networks and pools that do, and libvirt starts none for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call

NETWORK = "domain bad: starts with the host, but its network default does not; write autostart: true for the network"
POOL = "domain bad: starts with the host, but its pool p does not; write autostart: true for the pool"
GUEST = {"state": "stopped", "autostart": True, "interfaces": [{"network": "default"}]}


def told(result: dict[str, Any]) -> list[str]:
    """The warnings about it."""
    return [line for line in result["warnings"] if "starts with the host" in line]


@pytest.mark.parametrize("check", [True, False])
def test_a_network_that_does_not_start_with_the_host_is_told(connection: Any, run_main: Run, check: bool) -> None:
    connection.networkLookupByName("default").setAutostart(0)
    assert told(call(run_main, "domains", GUEST, check=check)) == [NETWORK]
    assert told(call(run_main, "domains", {**GUEST, "autostart": False}, check=check)) == []
    assert told(call(run_main, "domains", {**GUEST, "interfaces": []}, check=check)) == []
    connection.networkLookupByName("default").setAutostart(1)
    assert told(call(run_main, "domains", GUEST, check=check)) == []


def test_a_guest_that_is_left_as_it_is_counts_as_well(connection: Any, run_main: Run) -> None:
    connection.networkLookupByName("default").setAutostart(0)
    call(run_main, "domains", GUEST)
    assert told(call(run_main, "domains", {"vcpus": 1})) == [NETWORK]
    assert told(call(run_main, "domains", {"state": "absent"})) == []


def test_what_an_earlier_task_sets_counts(connection: Any, run_main: Run) -> None:
    connection.networkLookupByName("default").setAutostart(0)
    known: Any = {}
    for item in ({"name": "default", "autostart": True}, {"name": "lan"}, {"name": "off", "autostart": False}):
        known = _forecast.learn(known, call(run_main, "networks", item, check=True)["changes"])
    on = [{"network": name} for name in ("default", "lan", "off")]
    said = call(run_main, "domains", {**GUEST, "interfaces": on}, check=True, **{FORECAST: known})
    assert told(said) == [NETWORK.replace("default", "off")]


@pytest.mark.parametrize("autostart", [True, False])
def test_a_pool_that_a_disk_names_counts_as_well(
    connection: Any, run_main: Run, noted: Any, tmp_path: Path, autostart: bool
) -> None:
    call(run_main, "pools", {"name": "p", "target": str(tmp_path), "autostart": autostart})
    call(run_main, "volumes", {"name": "x", "pool": "p", "capacity": "1MiB"})
    guest = {"autostart": True, "disks": [{"volume": "x", "pool": "p"}]}
    assert told(call(run_main, "domains", guest)) == ([] if autostart else [POOL])
    for line in told(call(run_main, "domains", {"disks": [{"file": f"{tmp_path}/x"}]})):
        assert line != POOL

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt fails to make a bridge by the name of a device of the host, and then removes the host's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call, checked

SUBNET = [{"address": "10.60.0.1/24"}]
LAB = {"name": "lab", "bridge": "virbr7", "ips": SUBNET}
SAID = "bridge: eno2 is on this host already, and of no network: name another"


def device(here: Path, name: str) -> None:
    """Give the host a network device."""
    (here / "sys/class/net" / name).mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("before", [None, "active", "inactive"])
@pytest.mark.parametrize("state", ["active", "inactive"])
@pytest.mark.parametrize("forward", [{}, {"forward": {"mode": "nat"}}, {"forward": {"mode": "open"}}])
def test_a_network_gets_no_device_of_the_host(
    here: Path, run_main: Run, before: str | None, state: str, forward: dict[str, Any]
) -> None:
    device(here, "eno2")
    if before is not None:
        call(run_main, "networks", {**LAB, "state": before})
        device(here, "virbr7")
    wanted = {**LAB, **forward, "bridge": "eno2", "state": state}
    for check in (True, False):
        result = call(run_main, "networks", wanted, check=check, fails=True)
        assert SAID in result["msg"]
        assert not result["changed"]


@pytest.mark.parametrize("restart", ["defer", "restart"])
def test_neither_does_one_that_is_restarted(here: Path, run_main: Run, restart: str) -> None:
    device(here, "eno2")
    call(run_main, "networks", LAB)
    device(here, "virbr7")
    wanted = {**LAB, "bridge": "eno2"}
    assert SAID in call(run_main, "networks", wanted, on_restart_needed=restart, fails=True)["msg"]


def test_the_bridge_of_the_network_itself_is_no_hindrance(here: Path, run_main: Run) -> None:
    call(run_main, "networks", LAB)
    device(here, "virbr7")
    more = {**LAB, "ips": [{"address": "10.61.0.1/24"}]}
    assert call(run_main, "networks", more, check=True, on_restart_needed="restart")["changed"]
    assert call(run_main, "networks", {**more, "bridge": "virbr8"}, check=True)["changed"]


def test_a_network_that_took_the_hosts_bridge_for_guests_does_not_take_it_for_itself(here: Path, run_main: Run) -> None:
    (here / "sys/class/net/br0/bridge").mkdir(parents=True)
    call(run_main, "networks", {"name": "lab", "forward": {"mode": "bridge"}, "bridge": "br0"})
    own = {"name": "lab", "forward": {"mode": "nat"}, "ips": SUBNET}
    for check in (True, False):
        result = call(run_main, "networks", own, check=check, fails=True)
        assert "bridge: br0 is on this host already, and of no network: name another" in result["msg"]


def test_what_libvirt_has_already_is_warned_of_until_it_is_to_start(here: Path, run_main: Run) -> None:
    call(run_main, "networks", {**LAB, "bridge": "eno2", "state": "inactive"})
    device(here, "eno2")
    for item in ({"name": "lab", "state": "inactive"}, {"name": "lab", "autostart": False, "state": "inactive"}):
        told = call(run_main, "networks", item)["warnings"]
        assert any("eno2 is a device of this host" in line and "removes eno2 from the host" in line for line in told)
    assert SAID in call(run_main, "networks", {"name": "lab", "state": "active"}, check=True, fails=True)["msg"]
    assert call(run_main, "networks", {"name": "lab", "state": "absent"})["warnings"] == []


def test_a_link_that_the_same_run_makes_is_the_hosts(here: Path, run_main: Run) -> None:
    known = {"links": {"br7": {"type": "bridge"}}}
    result = call(run_main, "networks", {**LAB, "bridge": "br7"}, check=True, fails=True, **{FORECAST: known})
    assert "br7 is on this host already" in result["msg"]
    device(here, "br8")
    known = {"links": {"br8": None}}
    assert checked(run_main, ("networks", [{**LAB, "bridge": "br8"}]), **{FORECAST: known})["warnings"] == []

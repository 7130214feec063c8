# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network that is active to libvirt, and of which the host has less, is told of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import iproute
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import broken_networks
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call

LAB = {"name": "lab", "bridge": "virbr7", "ips": [{"address": "10.60.0.1/24"}, {"address": "fd60::1/64"}]}
WELL = [{"ifname": "virbr7", "addr_info": [{"local": "10.60.0.1"}, {"local": "fd60::1"}, {"local": "fe80::1"}]}]


@pytest.fixture
def lab(here: Path, run_main: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with an active network that works."""
    call(run_main, "networks", LAB)
    device = here / "sys/class/net/virbr7"
    device.mkdir()
    (device / "flags").write_text("0x1003\n")
    (here / "proc/77").mkdir(parents=True)
    (here / "proc/77/comm").write_text("dnsmasq\n")
    (here / "lab.pid").write_text("77\n")
    monkeypatch.setattr(broken_networks, "PIDS", f"{here}/{{}}.pid")
    monkeypatch.setattr(broken_networks, "PROC", f"{here}/proc")
    monkeypatch.setattr(iproute, "ip", lambda *words: WELL)
    return here


def warned(run_main: Run, **more: Any) -> list[str]:
    result = call(run_main, "networks", {**LAB, **more}, check=True)
    return [line for line in result.get("warnings", []) if "it is active to libvirt" in line]


def test_one_that_works_is_left_alone(lab: Path, run_main: Run) -> None:
    assert warned(run_main) == []
    (lab / "lab.pid").unlink()  # Nothing tells of one without DHCP and DNS.
    assert warned(run_main) == []


@pytest.mark.parametrize("how", ["gone", "down", "flushed", "killed", "other"])
def test_one_that_does_not_is_told_with_what_to_do(
    lab: Path, run_main: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    said = "its dnsmasq, which does DHCP and DNS, does not run"
    if how == "gone":
        os.unlink(lab / "sys/class/net/virbr7/flags")
        os.rmdir(lab / "sys/class/net/virbr7")
        said = "its bridge virbr7 is gone"
    elif how == "down":
        (lab / "sys/class/net/virbr7/flags").write_text("0x1002\n")
        said = "its bridge virbr7 is down"
    elif how == "flushed":
        monkeypatch.setattr(iproute, "ip", lambda *words: [{"ifname": "virbr7", "addr_info": [{"local": "fd60::1"}]}])
        said = "virbr7 has not got 10.60.0.1"
    elif how == "killed":
        os.unlink(lab / "proc/77/comm")
    else:
        (lab / "proc/77/comm").write_text("bash\n")
    (line,) = warned(run_main)
    assert f"network lab: it is active to libvirt, but {said}, so its guests have no network" in line
    assert "virsh net-destroy lab, virsh net-start lab" in line
    assert warned(run_main, state="inactive") == []


def test_where_ip_does_not_tell_nothing_is_said(lab: Path, run_main: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*words: str) -> None:
        raise VirtfleetError("ip is missing")

    monkeypatch.setattr(iproute, "ip", fail)
    assert warned(run_main) == []

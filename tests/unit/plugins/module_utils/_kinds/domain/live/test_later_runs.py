# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier run has put into the definition, and the running guest lacks."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, actions, observed, plan_one

GUEST = (
    "<domain type='qemu'{}><name>x</name><memory unit='KiB'>65536</memory>"
    "<currentMemory unit='KiB'>65536</currentMemory><vcpu>1</vcpu><devices>{}</devices></domain>"
)
FIRST = "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>"
LATER = (
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/b'/>"
    "<target dev='sda' bus='scsi'/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>"
)
SCSI = "<controller type='scsi' index='0' model='virtio-scsi'/>"


def planned(live: str, disk: dict[str, Any]) -> Any:
    have = observed(GUEST.format("", SCSI + FIRST + LATER), "running", GUEST.format(" id='1'", live))
    disks = [{"file": "/a", "target": "vda"}, disk]
    return plan_one(TABLES["domain"], have, {"name": "x", "state": "running", "disks": disks})


def test_a_disk_comes_as_it_is_defined_where_the_item_leaves_out_what_it_is_on() -> None:
    plan = planned(SCSI + FIRST, {"target": "sda", "bus": "scsi"})
    assert actions(plan) == ["attach_device"]
    disk = ET.fromstring(plan.steps[0].value)
    assert disk.find("source[@file='/b']") is not None
    assert disk.find("driver[@type='qcow2']") is not None
    assert disk.find("address") is None
    (change,) = plan.changes
    assert (change.after["file"], change.after["format"]) == ("/b", "qcow2")


def test_a_disk_comes_at_the_place_that_is_declared() -> None:
    plan = planned(SCSI + FIRST, {"target": "sda", "bus": "scsi", "address": {"type": "drive", "unit": 0}})
    assert ET.fromstring(plan.steps[0].value).find("address[@unit='0']") is not None


def test_the_device_of_the_same_kind_that_runs_is_left_alone() -> None:
    other = LATER.replace("/b", "/c").replace("sda", "sdb").replace("unit='0'", "unit='1'")
    plan = planned(SCSI + FIRST + other, {"target": "sda", "bus": "scsi"})
    assert sorted(actions(plan)) == ["attach_device", "detach_device"]

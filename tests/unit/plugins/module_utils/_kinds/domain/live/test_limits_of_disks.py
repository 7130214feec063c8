# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the limits of a running guest's disk change; libvirt takes numbers, and a text for the group."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, observed, plan_one

GUEST = (
    "<domain type='qemu' id='1'><name>g</name><memory unit='KiB'>65536</memory><os><type>hvm</type></os><devices>"
    "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/><iotune>"
    "<read_iops_sec>100</read_iops_sec>{}</iotune></disk></devices></domain>"
)
GROUP = "<group_name>g1</group_name>"


def planned(limits: Any, group: str = GROUP) -> Plan:
    """The plan for a running guest whose disk gets other limits."""
    text = GUEST.format(group)
    disk = {"file": "/a", "target": "vda", "iotune": limits}
    want = {"name": "g", "state": "running", "disks": [disk]}
    return plan_one(DOMAIN, observed(text, "running"), want, EMULATING_HOST)


@pytest.mark.parametrize(
    ("limits", "values"),
    [
        ({"read_iops_sec": 200}, {"read_iops_sec": 200, "group_name": "g1"}),
        ({"read_iops_sec": None, "group_name": None}, {"read_iops_sec": 0}),
        (None, {"read_iops_sec": 0}),
        ({"group_name": "g2"}, {"read_iops_sec": 100, "group_name": "g2"}),
    ],
)
def test_what_libvirt_is_told(limits: Any, values: dict[str, Any]) -> None:
    plan = planned(limits)
    assert [step.value for step in plan.steps if step.action == "set_iotune"] == [("vda", values)]
    assert plan.waiting == {}


def test_a_disk_that_leaves_its_group_waits() -> None:
    """libvirt was given 0 as the group, and raised a TypeError."""
    plan = planned({"group_name": None})
    assert [step.action for step in plan.steps] == ["define"]
    assert plan.waiting == {
        "disks[0].iotune.group_name": "a disk can leave the group of its limits only while the guest is off"
    }

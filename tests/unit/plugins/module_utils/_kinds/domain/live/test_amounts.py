# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits, memory and CPUs of a running guest: the step that brings them, or why they wait."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live import strategies

LEAVES = "a disk can leave the group of its limits only while the guest is off"
IOTUNE = "<iotune>{}</iotune>"
GROUP = "<group_name>g</group_name>"
READS = "<read_iops_sec>10</read_iops_sec>"


def limits(inner: str, *names: str) -> Any:
    disk = ET.fromstring(f"<disk><target dev='vda'/>{inner}</disk>")
    changes = [Change(f"disks[0].iotune.{name}", 1, 2, "iotune", (disk,)) for name in names]
    answer = strategies.iotune(changes, disk, False, disk)
    return answer if isinstance(answer, str) else [(step.action, step.value) for step in answer]


@pytest.mark.parametrize(
    ("inner", "names", "answer"),
    [
        (IOTUNE.format(READS), ["read_iops_sec"], {"read_iops_sec": 10}),
        (IOTUNE.format(READS + GROUP), ["group_name"], {"read_iops_sec": 10, "group_name": "g"}),
        (IOTUNE.format(READS), ["read_iops_sec", "write_iops_sec"], {"read_iops_sec": 10, "write_iops_sec": 0}),
        (IOTUNE.format(READS), ["group_name"], LEAVES),
        (IOTUNE.format(READS), ["group_name", "read_iops_sec"], LEAVES),
        ("", ["group_name"], LEAVES),
        # All limits go, and the group with them.
        ("", ["group_name", "read_iops_sec"], {"read_iops_sec": 0}),
        ("", ["read_iops_sec"], {"read_iops_sec": 0}),
    ],
)
def test_the_limits_of_a_disk(inner: str, names: list[str], answer: Any) -> None:
    assert limits(inner, *names) == (answer if isinstance(answer, str) else [("set_iotune", ("vda", answer))])


def cpus(root: str, now: str) -> Any:
    answer = strategies.vcpus([], ET.fromstring(f"<d>{root}</d>"), False, ET.fromstring(f"<d>{now}</d>"))
    return answer if isinstance(answer, str) else [step.value for step in answer]


LOOSE = "<vcpus><vcpu enabled='yes' hotpluggable='yes'/><vcpu enabled='no' hotpluggable='yes'/></vcpus>"


@pytest.mark.parametrize(
    ("root", "now", "answer"),
    [
        ("<vcpu>4</vcpu>", "<vcpu current='2'>4</vcpu>", [4]),
        ("<vcpu current='3'>4</vcpu>", "<vcpu current='2'>4</vcpu>", [3]),
        ("<vcpu current='2'>4</vcpu>", "<vcpu current='2'>4</vcpu>", []),
        ("<vcpu current='4'>8</vcpu>", "<vcpu>4</vcpu>", []),
        ("<vcpu current='5'>8</vcpu>", "<vcpu>4</vcpu>", "the running guest has 4 at most"),
        ("<vcpu current='2'>4</vcpu>", "<vcpu current='3'>4</vcpu>" + LOOSE, [2]),
        ("<vcpu current='1'>4</vcpu>", "<vcpu current='3'>4</vcpu>" + LOOSE,
         "2 were there when the guest started, and can be removed only while it is off"),
        ("<vcpu/>", "<vcpu/>", []),
        ("", "<vcpu>4</vcpu>", strategies.RESTART),
        ("<vcpu>4</vcpu>", "", strategies.RESTART),
    ],
)  # fmt: skip
def test_the_cpus(root: str, now: str, answer: Any) -> None:
    assert cpus(root, now) == answer


def memory(root: str, now: str) -> Any:
    answer = strategies.balloon([], ET.fromstring(f"<d>{root}</d>"), False, ET.fromstring(f"<d>{now}</d>"))
    return answer if isinstance(answer, str) else [step.value for step in answer]


@pytest.mark.parametrize(
    ("root", "now", "answer"),
    [
        ("<memory>2048</memory><currentMemory>1024</currentMemory>", "<memory>2048</memory>", [1024]),
        ("<memory>2048</memory>", "<memory>2048</memory>", [2048]),
        ("<memory>2048</memory><currentMemory>2047</currentMemory>", "<memory>1024</memory>",
         "the running guest has 1MiB at most"),
        ("<memory>2048</memory><devices><memballoon model='none'/></devices>", "<memory>2048</memory>",
         strategies.RESTART),
        ("<memory>2048</memory>", "", strategies.RESTART),
        ("", "<memory>2048</memory>", strategies.RESTART),
    ],
)  # fmt: skip
def test_the_memory(root: str, now: str, answer: Any) -> None:
    assert memory(root, now) == answer

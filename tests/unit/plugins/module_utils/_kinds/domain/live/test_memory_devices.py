# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of a running guest with memory devices: libvirt reports that of its nodes and devices together."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, defined, observed, plan_one

DIMM = "<memory model='dimm'><target><size unit='KiB'>131072</size><node>0</node></target>{}</memory>"
ALIAS = "<alias name='dimm0'/><address type='dimm' slot='0' base='0x100000000'/>"
DIMMS = [{"model": "dimm", "target": {"size": "128MiB", "node": 0}}]


def guest(memory: int, current: int, cell: int, devices: str = "", running: bool = False) -> str:
    """A guest with one node, in MiB."""
    return (
        f"<domain type='qemu'{' id=' + repr('3') if running else ''}><name>x</name>"
        f"<maxMemory slots='4' unit='KiB'>1048576</maxMemory><memory unit='KiB'>{memory * 1024}</memory>"
        f"<currentMemory unit='KiB'>{current * 1024}</currentMemory><vcpu>2</vcpu>"
        f"<cpu><numa><cell id='0' cpus='0-1' memory='{cell * 1024}' unit='KiB'/></numa></cpu>"
        f"<devices>{devices}</devices></domain>"
    )


PLAIN = (guest(192, 192, 192), guest(192, 192, 192, running=True))
PLUGGED = (guest(320, 320, 192, DIMM.format("")), guest(320, 320, 192, DIMM.format(ALIAS), running=True))


def planned(pair: tuple[str, str], **config: Any) -> Any:
    have = observed(pair[0], "running", pair[1])
    return plan_one(TABLES["domain"], have, {"name": "x", "state": "running", **config})


CELLS = {"numa": {"cells": [{"cpus": "0-1", "memory": "192MiB"}]}}


@pytest.mark.parametrize("memory", ["192MiB", "320MiB"])
@pytest.mark.parametrize("kept", [192, 320])
def test_a_guest_with_a_plugged_device_is_at_rest(memory: str, kept: int) -> None:
    pair = (guest(320, kept, 192, DIMM.format("")), PLUGGED[1])
    plan = planned(pair, memory=memory, cpu=CELLS, memory_devices=DIMMS)
    assert (plan.changes, plan.waiting, plan.steps) == ([], {}, [])


def test_memory_that_comes_with_a_device_waits_for_nothing() -> None:
    plan = planned(PLAIN, memory="320MiB", cpu=CELLS, memory_devices=DIMMS)
    assert [step.action for step in plan.steps] == ["define", "attach_device"]
    assert plan.steps[1].reaches == ("memory_devices[0]", "memory")
    assert plan.waiting == {}


def test_memory_that_goes_with_a_device_waits_for_nothing() -> None:
    plan = planned(PLUGGED, memory="192MiB", cpu=CELLS, memory_devices=[])
    assert [step.action for step in plan.steps] == ["define", "detach_device"]
    assert plan.waiting == {}


def test_memory_that_no_device_brings_waits() -> None:
    cells = {"numa": {"cells": [{"cpus": "0-1", "memory": "256MiB"}]}}
    plan = planned(PLAIN, memory="384MiB", cpu=cells, memory_devices=DIMMS)
    assert "cpu.numa.cells[0].memory" in plan.waiting
    alone = planned(PLAIN, memory="256MiB", cpu=cells)
    assert "memory" in alone.waiting


def test_the_memory_in_use_follows_a_device() -> None:
    root = ET.fromstring(defined(planned(PLAIN, memory_devices=DIMMS)))
    assert root.find("currentMemory") is None
    less = (guest(192, 128, 192), guest(192, 128, 192, running=True))
    assert ET.fromstring(defined(planned(less, memory_devices=DIMMS))).findtext("currentMemory") == str(128 * 1024)


def test_the_node_that_libvirt_made_has_all_memory_once_no_device_is_left() -> None:
    pair = (guest(192, 192, 64, DIMM.format("")), guest(192, 192, 64, DIMM.format(ALIAS), running=True))
    plan = planned(pair, memory="192MiB", memory_devices=None, max_memory=None)
    assert ET.fromstring(defined(plan)).find(f"cpu/numa/cell[@memory='{192 * 1024}']") is not None
    assert set(plan.waiting) == {"max_memory.size", "max_memory.slots", "memory"}
    gone = planned((guest(192, 192, 192), guest(64, 64, 64, running=True)), memory="192MiB", memory_devices=None)
    assert (gone.changes, set(gone.waiting)) == ([], {"memory"})

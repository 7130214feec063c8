# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between the options of a guest, and what libvirt never keeps of them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.readiness import modes_of_files
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import changes, defined, observed, plan_one

CELLS = {"numa": {"cells": [{"cpus": "0-1", "memory": "32MiB"}, {"cpus": "2-3", "memory": "32MiB"}]}}


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"current_memory": "128MiB"}, "current_memory: 128MiB is more than memory, 64MiB"),
        ({"cpu": {"mode": "custom", "check": "full"}}, "cpu.check: needs cpu.model, or another cpu.mode than custom"),
        ({"cpu": {"mode": "custom", "match": "strict"}}, "cpu.match: needs cpu.model, or another cpu.mode than custom"),
        ({"memory": "128MiB", "vcpus": 4, "cpu": CELLS}, "memory: is 128MiB, but cpu.numa.cells"),
        (
            {
                "memory": "96MiB",
                "vcpus": 4,
                "cpu": CELLS,
                "max_memory": {"size": "1GiB", "slots": 4},
                "memory_devices": [{"model": "dimm", "target": {"size": "64MiB", "node": 0}}],
            },
            "memory: is 96MiB, but cpu.numa.cells and memory_devices have 128MiB together",
        ),
        (
            {"graphics": [{"type": "vnc", "listen": "127.0.0.1", "listens": [{"type": "socket", "socket": "/x"}]}]},
            "graphics[0].listen: does not go with listens whose first item is of type socket",
        ),
        ({"boot": ["network", "hd", "cdrom", "fd", "hd"]}, "boot[4]: 'hd' is there already"),
        (
            {"features": {"hyperv": {"spinlocks": {"state": False, "retries": 8191}}}},
            "features.hyperv.spinlocks.retries: goes with state: true",
        ),
        ({"watchdogs": [{"action": "pause"}]}, "watchdogs[0].model: a new"),
        ({"sounds": [{"alias": "ua-a"}]}, "sounds[0].model: a new"),
        ({"iommus": [{"alias": "ua-a"}]}, "iommus[0].model: a new"),
        ({"shmems": [{"alias": "ua-a"}]}, "shmems[0].name: a new"),
        ({"memory_devices": [{"alias": "ua-a"}]}, "memory_devices[0].model: a new"),
        ({"disks": [{"size": 0}]}, "disks[0].size: is 0"),
        (
            {"disks": [{"backing": "base.qcow2", "format": "raw"}]},
            "disks[0].format: a raw disk cannot be laid over another",
        ),
        ({"virt": "qemu", "initrd": "/boot/initrd"}, "initrd: goes with kernel, and the guest has none"),
        ({"virt": "qemu", "cmdline": "quiet"}, "cmdline: goes with kernel, and the guest has none"),
        ({"wait_for": "agent", "state": "running"}, "wait_for: agent needs its channel, and the guest has no channel"),
        ({"disks": [{"size": "1GiB", "bus": "VirtIO"}]}, "disks[0].bus: 'VirtIO' is not one of virtio"),
    ],
)
def test_what_cannot_be_is_refused_by_its_option(config: dict[str, Any], problem: str) -> None:
    with pytest.raises(VirtfleetError) as error:
        plan_one(DOMAIN, None, {"name": "n", "memory": "64MiB", **config})
    assert f"domain n: {problem}" in str(error.value)


@pytest.mark.parametrize(
    "config",
    [
        {"current_memory": "32MiB"},
        {"vcpus": 4, "cpu": CELLS},
        {
            "graphics": [
                {"type": "vnc", "listen": "127.0.0.1", "listens": [{"type": "address", "address": "127.0.0.1"}]}
            ]
        },
        {"boot": ["network", "hd"]},
        {"features": {"hyperv": {"spinlocks": {"state": True, "retries": 8191}, "relaxed": False}}},
    ],
)
def test_what_goes_together_is_taken(config: dict[str, Any]) -> None:
    assert defined(plan_one(DOMAIN, None, {"name": "n", "memory": "64MiB", **config}))


KEPT = """
<domain type='qemu'>
  <name>n</name><uuid>ea59d774-cdc1-58c4-8a1c-99e5fc6ddc14</uuid><memory unit='KiB'>65536</memory><vcpu>4</vcpu>
  <os><type arch='{arch}'>hvm</type><boot dev='hd'/><boot dev='hd'/></os>
  <cpu mode='host-model' check='partial'>
    <topology sockets='1' dies='1' clusters='1' cores='4' threads='1'/>
    {numa}
  </cpu>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'><catchup/></timer></clock>
  <devices>
    <disk type='file' device='disk'><source file='/x.raw'/><target dev='vda' bus='virtio'/>
      <iotune><total_iops_sec>100</total_iops_sec></iotune></disk>
    {panic}
  </devices>
</domain>
"""
NUMA = (
    "<numa><cell id='0' cpus='0-1' memory='32768' unit='KiB'/>"
    "<cell id='1' cpus='2-3' memory='32768' unit='KiB'/></numa>"
)


def kept(arch: str = "x86_64", numa: str = "", panic: str = "") -> Any:
    return observed(KEPT.format(arch=arch, numa=numa, panic=panic))


def test_the_memory_of_one_that_is_there_is_that_of_its_nodes() -> None:
    with pytest.raises(VirtfleetError, match=r"memory: is 128MiB, but .* have 64MiB together"):
        plan_one(DOMAIN, kept(numa=NUMA), {"name": "n", "memory": "128MiB"})


@pytest.mark.parametrize("want", [{"cpu": None}, {"cpu": {"topology": None}}])
def test_a_topology_goes_with_what_libvirt_wrote_into_it(want: dict[str, Any]) -> None:
    assert ET.fromstring(defined(plan_one(DOMAIN, kept(), {"name": "n", **want}))).find("cpu/topology") is None


@pytest.mark.parametrize("none", [None, 0])
def test_a_limit_that_goes_leaves_no_zero_beside_another(none: int | None) -> None:
    want = {"disks": [{"target": "vda", "iotune": {"total_iops_sec": none, "read_iops_sec": 50}}]}
    limits = ET.fromstring(defined(plan_one(DOMAIN, kept(), {"name": "n", **want}))).find("devices/disk/iotune")
    assert limits is not None
    assert [(limit.tag, limit.text) for limit in limits] == [("read_iops_sec", "50")]


def test_an_order_of_booting_that_libvirt_holds_is_not_held_against_anybody() -> None:
    assert changes(plan_one(DOMAIN, kept(), {"name": "n", "boot": ["hd", "hd"], "title": "x"})) == {
        "title": (None, "x")
    }


@pytest.mark.parametrize(
    "catchup", [{"threshold": 0, "slew": 0, "limit": 0}, {"threshold": None, "slew": None, "limit": None}]
)
def test_a_timer_without_limits_has_limits_of_none(catchup: dict[str, Any]) -> None:
    timer = {"name": "rtc", "tickpolicy": "catchup", "frequency": 0, "catchup": catchup}
    assert changes(plan_one(DOMAIN, kept(), {"name": "n", "clock": {"timers": [timer]}})) == {}


@pytest.mark.parametrize(("arch", "model"), [("s390x", "s390"), ("ppc64le", "pseries"), ("ppc64", "pseries")])
def test_the_panic_device_that_a_machine_has_is_none_of_the_list(arch: str, model: str) -> None:
    there = kept(arch, panic=f"<panic model='{model}'/>")
    assert changes(plan_one(DOMAIN, there, {"name": "n", "panics": None})) == {}
    assert changes(plan_one(DOMAIN, there, {"name": "n", "panics": []})) == {}
    other = kept("x86_64", panic="<panic model='isa'/>")
    assert "panics[0]" in changes(plan_one(DOMAIN, other, {"name": "n", "panics": None}))


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_the_end_of_a_line_is_a_line_feed(end: str) -> None:
    there = observed(
        KEPT.format(arch="x86_64", numa="", panic="").replace("<memory ", "<description>x\ny</description><memory ")
    )
    assert changes(plan_one(DOMAIN, there, {"name": "n", "description": f"x{end}y"})) == {}


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"fmode": "600", "dmode": "700"}, ["filesystems[1].fmode", "filesystems[1].dmode"]),
        ({"dmode": "700", "accessmode": "squash"}, ["filesystems[1].dmode"]),
        ({"fmode": "600", "dmode": "700", "accessmode": "mapped"}, []),
        ({"accessmode": "squash"}, []),
    ],
)
def test_the_modes_of_files_go_with_mapped_access(more: dict[str, str], refused: list[str]) -> None:
    shared = [{"source": "/srv", "target": "a"}, {"source": "/a", "target": "b", **more}]
    root = ET.fromstring(defined(plan_one(DOMAIN, None, {"name": "x", "memory": "64MiB", "filesystems": shared})))
    said = list(modes_of_files(root))
    assert [line.partition(": goes with accessmode: mapped")[0] for line in said] == refused


def test_a_watchdog_that_is_there_takes_an_action_without_its_model() -> None:
    there = "<domain type='kvm'><name>x</name><memory unit='KiB'>65536</memory><devices>{}</devices></domain>"
    have = observed(there.format("<watchdog model='i6300esb' action='reset'/>"))
    plan = plan_one(DOMAIN, have, {"name": "x", "watchdogs": [{"action": "pause"}]})
    assert changes(plan) == {"watchdogs[0].action": ("reset", "pause")}
    with pytest.raises(VirtfleetError, match=r"watchdogs\[0\]\.model: a new"):
        plan_one(DOMAIN, observed(there.format("")), {"name": "x", "watchdogs": [{"action": "pause"}]})


SMBIOS = "1B4E28BA-2FA1-11D2-883F-0016D3CCA427"


def test_the_uuid_of_smbios_is_that_of_the_guest() -> None:
    config = {"name": "x", "memory": "64MiB", "sysinfo": [{"type": "smbios", "system": {"uuid": SMBIOS}}]}
    root = ET.fromstring(defined(plan_one(DOMAIN, None, config)))
    assert root.findtext("uuid") == SMBIOS.lower()
    DOMAIN.parse([{**config, "uuid": SMBIOS}])
    with pytest.raises(VirtfleetError, match=r"uuid: is not that of sysinfo\.system\.uuid"):
        DOMAIN.parse([{**config, "uuid": SMBIOS.replace("1B", "2B")}])


@pytest.mark.parametrize(
    "config",
    [
        {"virt": "qemu", "kernel": "/boot/vmlinuz", "initrd": "/boot/initrd", "cmdline": "quiet"},
        {"virt": "xen", "initrd": "/boot/initrd", "xml": "<os><bootloader>/usr/bin/pygrub</bootloader></os>"},
        {
            "wait_for": "agent",
            "state": "running",
            "channels": [{"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}],
        },
        {"wait_for": "agent", "state": "stopped"},
    ],
)
def test_what_has_what_goes_with_it_is_taken(config: dict[str, Any]) -> None:
    assert changes(plan_one(DOMAIN, None, {"name": "n", "memory": "64MiB", **config}))

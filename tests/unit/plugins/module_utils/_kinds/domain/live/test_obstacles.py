# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running guest cannot take is known before, and waits for its restart in check mode and in the run."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live import obstacles
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, actions, observed, plan_one

GUEST = (
    "<domain type='qemu'{}><name>x</name>{}<memory unit='KiB'>65536</memory>"
    "<currentMemory unit='KiB'>65536</currentMemory><vcpu>{}</vcpu><os><type machine='{}'>hvm</type></os>{}"
    "<devices>{}</devices></domain>"
)
ROOT = "<controller type='pci' index='0' model='pcie-root'/>"


def port(index: int, taken: bool = False) -> str:
    """A PCIe port, with a network card in it where it is taken."""
    card = (
        f"<interface type='network'><mac address='52:54:00:00:00:0{index}'/><source network='n'/>"
        f"<alias name='n{index}'/>"
        f"<address type='pci' domain='0x0000' bus='0x0{index}' slot='0x00' function='0x0'/></interface>"
    )
    return f"<controller type='pci' index='{index}' model='pcie-root-port'/>{card if taken else ''}"


def planned(
    devices: str = "",
    head: str = "",
    body: str = "",
    vcpus: str = "1",
    machine: str = "pc-q35-9.2",
    **config: Any,
) -> Any:
    texts = [GUEST.format(what, head, vcpus, machine, body, devices) for what in ("", " id='1'")]
    have = observed(texts[0], "running", texts[1])
    return plan_one(TABLES["domain"], have, {"name": "x", "state": "running", **config})


AGENT = {"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}
DIMM = {"model": "dimm", "target": {"size": "64MiB", "node": 0}}
SHARED = {"type": "mount", "driver": {"type": "virtiofs"}, "source": "/srv", "target": "s"}
CELL = "<cpu><numa><cell id='0' cpus='0' memory='65536' unit='KiB'{}/></numa></cpu>"
SLOTS = "<maxMemory slots='{}' unit='KiB'>{}</maxMemory>"

CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"channels": [AGENT]}, "no virtio-serial controller"),
    ({}, {"filesystems": [{"type": "mount", "source": "/srv", "target": "s"}]}, "unless its driver is virtiofs"),
    ({}, {"filesystems": [SHARED]}, "memory is not shared"),
    ({"devices": ROOT + port(1)}, {"disks": [{"file": "/a", "bus": "scsi"}]}, "no SCSI controller"),
    ({"devices": ROOT + port(1)}, {"shmems": [{"name": "a", "model": "ivshmem-plain", "size": "4MiB"}]},
     "conventional"),
    ({"devices": ROOT + port(1)}, {"watchdogs": [{"model": "i6300esb", "action": "reset"}]}, "conventional"),
    ({"devices": ROOT + port(1, True)}, {"disks": [{"file": "/a", "target": "vda"}]}, "no free PCIe port"),
    ({"devices": "<watchdog model='i6300esb' action='reset'><alias name='w'/></watchdog>"},
     {"watchdogs": [{"model": "i6300esb"}, {"model": "diag288"}]}, "has a watchdog already"),
    ({}, {"watchdogs": [{"model": "ib700"}]}, "a watchdog ib700"),
    ({"devices": "<controller type='usb' model='none'/>"}, {"inputs": [{"type": "tablet", "bus": "usb"}]}, "no USB"),
    ({"body": CELL.format("")}, {"memory_devices": [DIMM]}, "no max_memory"),
    ({"head": SLOTS.format(4, 1048576)}, {"memory_devices": [DIMM]}, "no NUMA node 0"),
    ({"head": SLOTS.format(0, 1048576), "body": CELL.format("")}, {"memory_devices": [DIMM]}, "0 slots"),
    ({"head": SLOTS.format(4, 99999), "body": CELL.format("")}, {"memory_devices": [DIMM]}, "more than the max_memory"),
    ({"machine": "pc-i440fx-9.2"}, {"rngs": [{"model": "virtio", "backend": {"model": "random"}}]}, "no ACPI"),
]  # fmt: skip


@pytest.mark.parametrize(("guest", "config", "reason"), CASES, ids=[case[2] for case in CASES])
def test_what_does_not_come_waits_with_its_reason(guest: dict[str, str], config: dict[str, Any], reason: str) -> None:
    plan = planned(**guest, **config)
    assert actions(plan) == ["define"]
    assert any(reason in why for why in plan.waiting.values()), plan.waiting


@pytest.mark.parametrize(
    ("guest", "config"),
    [
        ({"devices": "<controller type='virtio-serial' index='0'/>"}, {"channels": [AGENT]}),
        ({"body": "<memoryBacking><access mode='shared'/></memoryBacking>"}, {"filesystems": [SHARED]}),
        ({"body": CELL.format(" memAccess='shared'")}, {"filesystems": [SHARED]}),
        ({"devices": ROOT + port(1) + port(2, True)}, {"disks": [{"file": "/a", "target": "vda"}]}),
        ({"head": SLOTS.format(1, 131072), "body": CELL.format("")}, {"memory_devices": [DIMM]}),
        ({"machine": "pc-i440fx-9.2", "body": "<features><acpi/></features>"},
         {"rngs": [{"model": "virtio", "backend": {"model": "random"}}]}),
    ],
)  # fmt: skip
def test_what_the_guest_has_room_for_comes(guest: dict[str, str], config: dict[str, Any]) -> None:
    plan = planned(**guest, **config)
    assert (actions(plan), plan.waiting) == (["define", "attach_device"], {})


def test_only_so_many_come_as_there_are_ports() -> None:
    disks = [{"file": f"/{name}", "target": f"vd{name}"} for name in "ab"]
    plan = planned(ROOT + port(1) + port(2, True), disks=disks)
    assert actions(plan) == ["define", "attach_device"]
    assert list(plan.waiting) == ["disks[1]"]


def test_a_controller_comes_before_the_disk_on_it() -> None:
    disk, scsi = {"file": "/a", "bus": "scsi"}, {"type": "scsi", "model": "virtio-scsi"}
    plan = planned(ROOT + port(1), disks=[disk], controllers=[scsi])
    assert [step.reaches[0] for step in plan.steps[1:]] == ["controllers[0]", "disks[0]"]


STATES = "<vcpus>{}</vcpus>"


@pytest.mark.parametrize("states", ["", STATES.format("<vcpu id='0' enabled='yes' hotpluggable='no'/>" * 4)])
def test_cpus_that_were_there_at_the_start_stay(states: str) -> None:
    plan = planned(vcpus="4", body=states, current_vcpus=3)
    assert (actions(plan), list(plan.waiting)) == (["define"], ["current_vcpus"])
    assert "were there when the guest started" in plan.waiting["current_vcpus"]


def test_cpus_that_came_later_go() -> None:
    states = "<vcpu id='0' enabled='yes' hotpluggable='no'/><vcpu id='1' enabled='yes' hotpluggable='yes'/>"
    plan = planned(vcpus="2", body=STATES.format(states), current_vcpus=1)
    assert [(step.action, step.value) for step in plan.steps[1:]] == [("set_vcpus", 1)]


@pytest.mark.parametrize(
    ("device", "why"),
    [
        *((f"<disk><target bus='{bus}'/></disk>", f"a disk on {bus} ") for bus in ("ide", "sata", "fdc", "sd")),
        *(
            (f"<controller type='{kind}'/>", f"a {kind} controller ")
            for kind in ("ide", "sata", "fdc", "pci", "usb", "ccid", "isa", "xenbus", "nvme")
        ),
        *(
            (f"<{tag}><target type='{target}'/></{tag}>", "such a port ")
            for tag in ("serial", "console", "parallel")
            for target in ("isa-serial", "system-serial", "sclp-serial", "spapr-vio-serial", "isa-debug")
        ),
        ("<serial/>", "such a port "),
        *((f"<input bus='{bus}'/>", f"an input device on {bus} ") for bus in ("ps2", "xen")),
        *((f"<watchdog model='{model}'/>", f"a watchdog {model} ") for model in ("itco", "ib700")),
        ("<filesystem><driver type='path'/></filesystem>", "a file system "),
    ],
)
def test_a_device_that_is_fixed_waits_with_its_reason(device: str, why: str) -> None:
    said = obstacles.fixed(ET.fromstring(device))
    assert (said or "").startswith(f"{why}can be added or removed only while the guest is off")


@pytest.mark.parametrize(
    "device",
    [
        *(f"<disk><target bus='{bus}'/></disk>" for bus in ("virtio", "scsi", "usb")),
        "<disk/>",
        "<controller type='scsi'/>",
        "<controller type='virtio-serial'/>",
        # Only where it says what its tag is about.
        "<hostdev type='ide' bus='ps2' model='itco'><target type='isa-serial' bus='ide'/></hostdev>",
        "<serial><target type='pci-serial'/></serial>",
        "<input bus='usb'/>",
        "<watchdog model='i6300esb'/>",
        "<filesystem><driver type='virtiofs'/></filesystem>",
    ],
)
def test_what_the_tables_do_not_name_is_not_fixed(device: str) -> None:
    assert obstacles.fixed(ET.fromstring(device)) is None


@pytest.mark.parametrize(
    ("cells", "node", "there"),
    [
        ("<cell/><cell/>", "1", True),
        ("<cell/><cell/>", "2", False),
        ("<cell id='4'/><cell id='7'/>", "7", True),
        ("<cell id='4'/><cell id='7'/>", "1", False),
        ("", "0", False),
    ],
)
def test_a_memory_device_is_of_a_node_that_the_running_guest_has(cells: str, node: str, there: bool) -> None:
    now = ET.fromstring(f"<domain><maxMemory slots='4'>1</maxMemory><cpu><numa>{cells}</numa></cpu></domain>")
    device = ET.fromstring(f"<memory model='dimm'><target><node>{node}</node></target></memory>")
    said = obstacles.memory(device, ET.fromstring("<domain><devices/></domain>"), now)
    assert (said == f"the running guest has no NUMA node {node}") is not there

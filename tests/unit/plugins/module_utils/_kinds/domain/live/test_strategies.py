# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change reaches a running guest."""

from __future__ import annotations

import dataclasses
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.live import RESTART
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import entries
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live import strategies
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, observed, plan_one

RUNS = (
    "<domain type='kvm'><name>x</name><memory unit='KiB'>196608</memory>"
    "<currentMemory unit='KiB'>163840</currentMemory><vcpu current='1'>2</vcpu>{}</domain>"
)


def planned(more: str = "", **config: Any) -> Any:
    return plan_one(
        TABLES["domain"], observed(RUNS.format(more), "running"), {"name": "x", "state": "running", **config}
    )


@pytest.mark.parametrize(("written", "kib"), [("128MiB", 131072), (None, 196608)])
def test_the_balloon_is_told_its_target(written: str | None, kib: int) -> None:
    plan = planned(current_memory=written)
    assert [(step.action, step.value) for step in plan.steps[1:]] == [("set_memory", kib)]
    assert plan.pending == []


def test_a_guest_without_a_balloon_waits() -> None:
    plan = planned("<devices><memballoon model='none'/></devices>", current_memory="128MiB")
    assert plan.pending == ["current_memory"]


@pytest.mark.parametrize(("written", "now"), [(2, 2), (None, 2)])
def test_cpus_are_plugged(written: int | None, now: int) -> None:
    plan = planned(current_vcpus=written)
    assert [(step.action, step.value) for step in plan.steps[1:]] == [("set_vcpus", now)]
    assert plan.pending == []


def test_more_than_the_guest_can_have_waits() -> None:
    assert set(planned(memory="1GiB", vcpus=4).pending) == {"memory", "vcpus"}


def test_what_comes_with_more_at_most_waits_with_it() -> None:
    plan = planned(memory="1GiB", vcpus=4, current_memory="512MiB", current_vcpus=3)
    assert [step.action for step in plan.steps] == ["define"]
    assert set(plan.pending) == {"memory", "vcpus", "current_memory", "current_vcpus"}


def test_no_more_cpus_are_to_run_than_do() -> None:
    # All four are to come with the next start; what runs has the one that is declared for it.
    runs = "<domain type='kvm'><name>x</name><memory unit='KiB'>196608</memory><vcpu>1</vcpu></domain>"
    plan = plan_one(
        TABLES["domain"],
        observed(runs, "running"),
        {"name": "x", "state": "running", "vcpus": 4, "current_vcpus": 1},
    )
    assert ([step.action for step in plan.steps], plan.pending) == (["define"], ["vcpus"])
    kept = observed(runs.replace("<vcpu>1", "<vcpu current='1'>4"), "running")
    kept = dataclasses.replace(kept, live=ET.fromstring(runs))
    plan = plan_one(TABLES["domain"], kept, {"name": "x", "state": "running", "vcpus": 4, "current_vcpus": 1})
    assert (plan.changes, plan.pending) == ([], ["vcpus"])


DRIVE = (
    "<devices><disk type='file' device='{}'><driver name='qemu'{}/>{}<target dev='sda' bus='sata'/></disk></devices>"
)
SOURCE = "<source file='/srv/a.{}'/>"


@pytest.mark.parametrize(
    ("device", "kind", "source", "steps"),
    [
        ("cdrom", "", "", ["define", "update_device"]),
        ("cdrom", " type='raw'", SOURCE.format("iso"), ["define", "update_device"]),
        ("cdrom", " type='qcow2'", SOURCE.format("qcow2"), ["define", "update_device"]),
        ("disk", " type='raw'", SOURCE.format("img"), ["define"]),
    ],
)
def test_a_medium_comes_with_its_format(device: str, kind: str, source: str, steps: list[str]) -> None:
    kept = observed(RUNS.format(DRIVE.format(device, kind or " type='raw'", source)), "running")
    kept = dataclasses.replace(kept, live=ET.fromstring(RUNS.format(DRIVE.format(device, kind, source))))
    disk = {"device": device, "target": "sda", "bus": "sata", "file": "/srv/b.qcow2", "format": "qcow2"}
    plan = plan_one(TABLES["domain"], kept, {"name": "x", "state": "running", "disks": [disk]})
    assert [step.action for step in plan.steps] == steps
    assert bool(plan.pending) == (steps == ["define"])
    assert all('type="qcow2"' in step.value for step in plan.steps)


def test_a_medium_that_could_not_be_put_in_is_tried_again_with_its_own_format() -> None:
    live = ET.fromstring(RUNS.format(DRIVE.format("cdrom", " type='raw'", SOURCE.format("iso"))))
    kept = observed(RUNS.format(DRIVE.format("cdrom", " type='qcow2'", SOURCE.format("qcow2"))), "running")
    disk = {"device": "cdrom", "target": "sda", "bus": "sata", "file": "/srv/a.qcow2"}
    plan = plan_one(
        TABLES["domain"], dataclasses.replace(kept, live=live), {"name": "x", "state": "running", "disks": [disk]}
    )
    (step,) = plan.steps
    assert (step.action, 'type="qcow2"' in step.value) == ("update_device", True)


def test_another_format_of_the_same_medium_waits() -> None:
    kept = observed(RUNS.format(DRIVE.format("cdrom", " type='raw'", SOURCE.format("iso"))), "running")
    disk = {"device": "cdrom", "target": "sda", "bus": "sata", "file": "/srv/a.iso", "format": "qcow2"}
    plan = plan_one(TABLES["domain"], kept, {"name": "x", "state": "running", "disks": [disk]})
    assert ([step.action for step in plan.steps], plan.pending) == (["define"], ["disks[0].format"])


TRAY = RUNS.format(
    "<devices><disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/srv/a.iso'/>"
    "<target dev='sda' bus='sata'{}/></disk></devices>"
)


@pytest.mark.parametrize(("had", "tray"), [("", "open"), (" tray='open'", "closed"), (" tray='open'", None)])
def test_the_tray_of_a_drive_is_never_pending(had: str, tray: str | None) -> None:
    item = {"name": "x", "state": "running", "disks": [{"target": "sda", "tray": tray}]}
    for live in ("", " tray='open'"):
        kept = dataclasses.replace(observed(TRAY.format(had), "running"), live=ET.fromstring(TRAY.format(live)))
        plan = plan_one(TABLES["domain"], kept, item)
        assert [step.action for step in plan.steps] == ["define"]
        assert [(entry["path"], entry["live"]) for entry in entries(plan)] == [("disks[0].tray", None)]
        assert plan.pending == []
        (define,) = plan.steps
        again = dataclasses.replace(kept, definition=ET.fromstring(define.value))
        plan = plan_one(TABLES["domain"], again, item)
        assert (plan.steps, plan.changes, plan.pending) == ([], [], [])


@pytest.mark.parametrize("live", ["", " tray='open'"])
def test_a_medium_comes_into_a_drive_with_the_tray_that_it_has(live: str) -> None:
    kept = dataclasses.replace(observed(TRAY.format(" tray='open'"), "running"), live=ET.fromstring(TRAY.format(live)))
    disks = [{"target": "sda", "file": "/srv/b.iso", "tray": "open"}]
    plan = plan_one(TABLES["domain"], kept, {"name": "x", "state": "running", "disks": disks})
    assert [step.action for step in plan.steps] == ["define", "update_device"]
    assert ('tray="open"' in plan.steps[1].value) is bool(live)


def test_a_device_inside_of_another_comes_with_the_start() -> None:
    disk, inner = ET.fromstring("<disk/>"), ET.fromstring("<iotune/>")
    change = Change("disks[0].parts[0]", None, "x", elements=(disk, inner))
    assert strategies.hotplug([change], ET.Element("domain"), False, ET.Element("domain")) == RESTART

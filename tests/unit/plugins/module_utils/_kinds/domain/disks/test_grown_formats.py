# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a volume that is to grow: never that of a header which a guest may have written."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import plan as guest_plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.guest_options import GuestOptions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.lacking import Site
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import plan as plan_of_volumes
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import readiness as volume_readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_fill
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.formats_host import (
    FORGED,
    Connection,
    Guest,
    Pool,
    new_host,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.test_disk_formats import (
    disk,
    guest,
    planned,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    return new_host(tmp_path, monkeypatch)


def volume_plan(host: Connection, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Plan:
    """The plan of a volume of the host."""
    monkeypatch.setattr(plan_of_volumes.readiness, "check_volumes", lambda *given: None)
    (name,) = host.volumes
    have = {f"default/{name}": observed(host.volumes[name].xml(), state="present")}
    wants = VOLUME.parse([{"name": name, **given}])
    (plan,) = plan_of_volumes.plan_volumes(host, have, wants, KVM_HOST, GuestOptions())
    return plan


def test_a_volume_of_no_known_format_does_not_grow(host: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt takes its size from a header that a guest may have written."""
    there = host.add("d.raw", FORGED, "qcow2")
    assert "format: nobody noted the format" in str(volume_plan(host, monkeypatch, capacity="2TiB").obstacle)
    plan = volume_plan(host, monkeypatch, capacity="2TiB", format="qcow2")
    volume_fill.enlarge(host, Pool(host.volumes), there, 2 << 40, plan.steps[0].value["format"])
    assert there.resized == 2 << 40
    plan = volume_plan(host, monkeypatch, capacity="5MiB", format="raw")
    assert [change.path for change in plan.changes] == ["capacity"]
    (step,) = plan.steps
    volume_fill.enlarge(host, Pool(host.volumes), there, step.value["capacity"], step.value["format"])
    assert there.place.stat().st_size == 5 * 1024**2
    assert there.place.read_bytes().startswith(FORGED)


@pytest.mark.parametrize("noted", [None, "raw", "qcow2"])
def test_a_volume_whose_format_is_known_grows(
    host: Connection, monkeypatch: pytest.MonkeyPatch, noted: str | None
) -> None:
    host.add("d", qcow2(), "qcow2", noted=noted)
    assert [change.path for change in volume_plan(host, monkeypatch, capacity="2TiB").changes] == ["capacity"]
    if noted != "raw":
        # Its header is whole: then raw is another format than it has.
        assert "format: is qcow2 and cannot" in str(volume_plan(host, monkeypatch, format="raw").obstacle)


DISPUTE = "was made as qcow2, and guest other has it as raw: take the disk from other, or correct its format, first"


def test_a_volume_that_a_guest_has_as_raw_does_not_grow(host: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the user, with the bytes, tells whether it is the guest that is wrong."""
    there = host.add("d", qcow2(), "qcow2", noted="qcow2")
    host.guests = [Guest((there.path(), "raw"))]
    told = str(volume_plan(host, monkeypatch, capacity="2TiB").obstacle)
    assert told.startswith("format: ")
    assert DISPUTE in told
    assert volume_plan(host, monkeypatch, format="qcow2").steps == []
    plan = volume_plan(host, monkeypatch, capacity="2TiB", format="qcow2")
    volume_fill.enlarge(host, Pool(host.volumes), there, 2 << 40, plan.steps[0].value["format"])
    assert there.resized == 2 << 40


@pytest.mark.parametrize("runs", [False, True])
def test_a_disk_that_another_guest_has_as_raw_does_not_grow(
    host: Connection, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    """While its guest runs, QEMU makes it larger, as what it has it as."""
    there = host.add("d", qcow2(), "qcow2", noted="qcow2")
    monkeypatch.setattr(guest_plan, "refuse_taken", lambda *given: None)
    host.guests = [Guest((there.path(), "qcow2"), name="web01"), Guest((there.path(), "raw"))]
    have = guest(disk(f"<source file='{there.path()}'/>", "qcow2"))
    if runs:
        have = {name: dataclasses.replace(one, live=one.definition, state="running") for name, one in have.items()}
        grown = {"target": "vda", "size": "2TiB"}
    else:
        told = str(planned(host, {"target": "vda", "size": "2TiB"}, have=have).obstacle)
        assert told.startswith("disks[0].size: ")
        assert DISPUTE in told
        grown = {"target": "vda", "size": "2TiB", "format": "qcow2"}
    plan = planned(host, grown, have=have)
    assert [step.action for step in plan.steps] == ["grow_volume"]


@pytest.mark.parametrize("way", ["clone_from", "backing"])
def test_the_plan_says_what_is_not_copied_nor_laid_over(host: Connection, way: str) -> None:
    there = host.add("d", qcow2(), "qcow2", noted="qcow2")
    host.guests = [Guest((there.path(), "raw"))]
    given = {"clone_from": "d"} if way == "clone_from" else {"backing": {"volume": "d"}}
    volume = Making({"name": "new", "pool": "default", **given}, "<volume/>")
    site = Site(host, Forecast())
    (told,) = volume_readiness.making(site, volume)
    assert told.startswith(f"{way}: ")
    assert DISPUTE in told
    host.guests = []
    assert list(volume_readiness.making(Site(host, Forecast()), volume)) == []


@pytest.mark.parametrize("copied", [False, True])
def test_a_disk_does_not_grow_while_it_is_copied(
    host: Connection, monkeypatch: pytest.MonkeyPatch, copied: bool
) -> None:
    """QEMU does not resize it then (virsh blockcopy)."""
    there = host.add("d", qcow2(), "qcow2", noted="qcow2")
    monkeypatch.setattr(guest_plan, "refuse_taken", lambda *given: None)
    mirror = "<mirror type='file' job='copy'><source file='/copy'/></mirror>" if copied else ""
    have = guest(disk(f"<source file='{there.path()}'/>", "qcow2", more=mirror))
    have = {name: dataclasses.replace(one, live=one.definition, state="running") for name, one in have.items()}
    plan = planned(host, {"target": "vda", "size": "2TiB"}, have=have)
    told = list(readiness.block_jobs(Site(host, Forecast()), plan, have["web01"]))
    assert [line.partition(" (")[0] for line in told] == ["disks[0].size: a block job of the disk runs"] * copied

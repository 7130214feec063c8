# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a volume that is to grow: never that of a header which a guest may have written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Refused
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import planners, storage_fill
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.apply import Options
from ansible_collections.virtfleet.kvm.plugins.module_utils._tables.volume import VOLUME
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._libvirt.formats_host import (
    FORGED,
    Connection,
    Pool,
    new_host,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    return new_host(tmp_path, monkeypatch)


def volume_plan(host: Connection, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Plan:
    """The plan of a volume of the host."""
    monkeypatch.setattr(planners.readiness, "check_volumes", lambda *given: None)
    (name,) = host.volumes
    have = {f"default/{name}": observed(host.volumes[name].xml(), state="present")}
    wants = VOLUME.parse([{"name": name, **given}])
    (plan,) = planners.volume_plans(host, have, wants, KVM_HOST, Options())
    return plan


def test_a_volume_of_no_known_format_does_not_grow(host: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt takes its size from a header that a guest may have written."""
    there = host.add("d.raw", FORGED, "qcow2")
    with pytest.raises(Refused, match=r"default/d.raw: format: nobody noted the format"):
        volume_plan(host, monkeypatch, capacity="2TiB")
    plan = volume_plan(host, monkeypatch, capacity="2TiB", format="qcow2")
    storage_fill.enlarge(host, Pool(host.volumes), there, 2 << 40, plan.steps[0].value["format"])
    assert there.resized == 2 << 40
    plan = volume_plan(host, monkeypatch, capacity="5MiB", format="raw")
    assert [change.path for change in plan.changes] == ["capacity"]
    (step,) = plan.steps
    storage_fill.enlarge(host, Pool(host.volumes), there, step.value["capacity"], step.value["format"])
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
        with pytest.raises(Refused, match="format: is qcow2 and cannot"):
            volume_plan(host, monkeypatch, format="raw")

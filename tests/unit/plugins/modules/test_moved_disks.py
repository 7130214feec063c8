# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that was made by size moves to a copy that the user names, as the role's README says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.uses import declared_uses
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
MADE = {"size": "1MiB", "pool": "default-pool"}
# libvirt's test driver copies within a pool only.
COPY = {"name": "copy.qcow2", "pool": "default-pool", "capacity": "1MiB", "clone_from": "web01-vda.qcow2"}
MOVED = {"size": "1MiB", "pool": "default-pool", "volume": "copy.qcow2"}


def declare(run_main: Run, disk: dict[str, Any], **options: Any) -> dict[str, Any]:
    return run_main(domains.main, config=[{"name": "web01", "memory": "64MiB", "disks": [disk]}], uri=URI, **options)


@pytest.fixture
def guest(connection: Any, run_main: Run) -> Any:
    """A guest that is off, with a disk that was made for it, and another pool."""
    run_main(pools.main, config=[{"name": "data", "target": "/data"}], uri=URI)
    declare(run_main, MADE)
    return connection


def names(connection: Any, pool: str) -> list[str]:
    return sorted(volume.name() for volume in connection.storagePoolLookupByName(pool).listAllVolumes())


def test_a_disk_moves_to_its_copy(guest: Any, run_main: Run) -> None:
    made = run_main(volumes.main, config=[COPY], uri=URI, check=True)
    foreseen = declare(run_main, MOVED, check=True, **{FORECAST: _forecast.learn({}, made["changes"])})
    run_main(volumes.main, config=[COPY], uri=URI)
    said, done = declare(run_main, MOVED, check=True), declare(run_main, MOVED)
    assert foreseen["changes"] == said["changes"] == done["changes"] != []
    assert names(guest, "default-pool") == ["copy.qcow2", "web01-vda.qcow2"]
    root = guest.lookupByName("web01").XMLDesc(0)
    assert "copy.qcow2" in root
    assert "web01-vda" not in root
    assert not declare(run_main, MOVED)["changed"]


OLD = {"name": "web01-vda.qcow2", "pool": "default-pool", "state": "absent"}


@pytest.mark.parametrize("form", [{}, {"clone_from": "default-pool/web01-vda.qcow2"}])
def test_the_old_volume_goes_while_the_copy_stays_declared(guest: Any, run_main: Run, form: dict[str, str]) -> None:
    copy = {**COPY, **form}
    made = run_main(volumes.main, config=[copy], uri=URI)
    run_main(domains.main, config=[{"name": "web01", "state": "absent"}], uri=URI)
    told = {"declared_uses": declared_uses([], "kvm01", [copy])}
    assert names(guest, "default-pool") == ["copy.qcow2", "web01-vda.qcow2"]
    foreseen = run_main(volumes.main, config=[copy, OLD], uri=URI, check=True, **told)
    gone = run_main(volumes.main, config=[copy, OLD], uri=URI, **told)
    assert foreseen["changes"] == gone["changes"] != []
    assert names(guest, "default-pool") == ["copy.qcow2"]
    assert made["changed"]


def test_the_old_volume_stays_until_there_is_a_copy(guest: Any, run_main: Run) -> None:
    told = {"declared_uses": declared_uses([], "kvm01", [COPY])}
    run_main(domains.main, config=[{"name": "web01", "state": "absent"}], uri=URI)
    for check in (True, False):
        said = run_main(volumes.main, config=[OLD, COPY], uri=URI, check=check, fails=True, **told)["msg"]
        assert "is used by the declared volume default-pool/copy.qcow2" in said
    assert "web01-vda.qcow2" in names(guest, "default-pool")


def test_check_mode_knows_that_a_task_before_makes_the_copy(guest: Any, run_main: Run) -> None:
    run_main(domains.main, config=[{"name": "web01", "state": "absent"}], uri=URI)
    made = run_main(volumes.main, config=[COPY], uri=URI, check=True)
    told = {"declared_uses": declared_uses([], "kvm01", [COPY]), FORECAST: _forecast.learn({}, made["changes"])}
    gone = run_main(volumes.main, config=[OLD], uri=URI, check=True, **told)
    assert [change["resource"] for change in gone["changes"]] == ["volume default-pool/web01-vda.qcow2"]


@pytest.mark.parametrize("disk", [{**MOVED, "pool": "data"}, {"size": "1MiB", "pool": "data"}])
def test_a_disk_moves_to_no_new_volume(guest: Any, run_main: Run, disk: dict[str, Any]) -> None:
    for check in (True, False):
        said = declare(run_main, disk, check=check, fails=True)["msg"]
        assert (
            "does not move to another pool by itself: declare a copy in kvm_volumes (clone_from: default-pool/" in said
        )
    assert names(guest, "data") == []

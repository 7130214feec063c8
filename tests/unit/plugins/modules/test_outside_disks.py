# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk of a guest that the call does not declare: said by name, and never written by two guests that run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"memory": "64MiB"}


@pytest.fixture
def disk(connection: Any, run_domains: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk with several names, which the guest ``old`` has."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    (tmp_path / "disk").write_bytes(b"data")
    (tmp_path / "symbolic").symlink_to("disk")
    (tmp_path / "through").symlink_to(".")
    (tmp_path / "hard").hardlink_to(tmp_path / "disk")
    run_domains({**GUEST, "name": "old", "disks": [{"file": f"{tmp_path}/disk"}]})
    return tmp_path / "disk"


def taker(disk: Path, spelling: str = "disk", **more: Any) -> dict[str, Any]:
    return {**GUEST, "name": "new", "disks": [{"file": str(disk.parent / spelling), **more}]}


def both(run: Run, *config: dict[str, Any], fails: bool = False) -> list[dict[str, Any]]:
    return [run(*config, check=check, fails=fails) for check in (True, False)]


@pytest.mark.parametrize("spelling", ["disk", "symbolic", "through/disk", "hard"])
@pytest.mark.parametrize("state", ["stopped", "running"])
def test_the_disk_of_one_that_is_stopped_is_told_of(disk: Path, run_domains: Run, spelling: str, state: str) -> None:
    for result in both(run_domains, {**taker(disk, spelling), "state": state}):
        (line,) = [line for line in result["warnings"] if "guest old" in line and "is new here" not in line]
        assert line.startswith(f"domain new: disks[0]: {disk.parent / spelling} is also a disk of guest old")
        assert "which is stopped: never run both" in line
    again = run_domains({**taker(disk, spelling), "state": state})
    assert not again["changed"]
    assert [line for line in again["warnings"] if "guest old" in line and "is new here" not in line] == []


@pytest.mark.parametrize("spelling", ["disk", "symbolic", "hard"])
def test_the_disk_of_one_that_runs_is_refused(connection: Any, disk: Path, run_domains: Run, spelling: str) -> None:
    connection.lookupByName("old").create()
    for result in both(run_domains, {**taker(disk, spelling), "state": "running"}, fails=True):
        problem = f"disks[0]: {disk.parent / spelling} is a disk of guest old, which runs with it: stop old or take"
        assert result["failures"][0]["problem"].startswith(problem)
        assert not result["changed"]
    assert {domain.name() for domain in connection.listAllDomains()} == {"test", "old"}


def test_one_that_runs_does_not_get_the_disk_of_another(connection: Any, disk: Path, run_domains: Run) -> None:
    run_domains({**GUEST, "name": "new", "state": "running"})
    connection.lookupByName("old").create()
    for result in both(run_domains, {**taker(disk), "state": "running"}, fails=True):
        assert "is a disk of guest old, which runs with it" in result["msg"]


def test_one_that_stays_stopped_is_told_of_one_that_runs(connection: Any, disk: Path, run_domains: Run) -> None:
    connection.lookupByName("old").create()
    for result in both(run_domains, taker(disk)):
        assert [line for line in result["warnings"] if "also a disk of guest old, which runs: never run both" in line]


def test_a_guest_does_not_start_on_a_disk_with_which_another_runs(
    connection: Any, disk: Path, run_domains: Run
) -> None:
    run_domains({**taker(disk), "state": "running"})
    for others in ([], [taker(disk)]):  # Whether the other one is declared or not.
        old = {**GUEST, "name": "old", "disks": [{"file": str(disk)}], "state": "running"}
        for result in both(run_domains, *others, old, fails=True):
            assert [failure["domain"] for failure in result["failures"]] == ["old"]
            assert "is a disk of guest new, which runs with it" in result["msg"]
    connection.lookupByName("new").destroy()
    assert run_domains({"name": "old", "state": "running"})["changed"]


def test_of_two_declared_guests_with_one_disk_only_one_runs(connection: Any, disk: Path, run_domains: Run) -> None:
    """They have had it before: one starts, or goes on while something else of it changes."""
    run_domains(taker(disk))
    old = {**GUEST, "name": "old", "disks": [{"file": str(disk)}], "state": "running"}
    new = {**taker(disk), "state": "running"}
    (said, done) = both(run_domains, old, new, fails=True)
    assert said["msg"] == done["msg"]
    assert f"domain new: disks[0]: {disk} is a disk of guest old, which starts with it in this run" in done["msg"]
    assert connection.lookupByName("old").isActive()
    for result in both(run_domains, {**old, "description": "more"}, new, fails=True):
        assert f"domain new: disks[0]: {disk} is a disk of guest old, which runs with it" in result["msg"]


@pytest.mark.parametrize("more", [{"shareable": True}, {"readonly": True}, {"device": "cdrom"}])
def test_what_guests_may_share(connection: Any, disk: Path, run_domains: Run, more: dict[str, Any]) -> None:
    run_domains({**GUEST, "name": "old", "disks": [{"file": str(disk), **more}]})
    connection.lookupByName("old").create()
    for result in both(run_domains, taker(disk, **more)):
        assert [line for line in result["warnings"] if "guest old" in line and "is new here" not in line] == []


def test_a_disk_is_free_once_its_guest_is_gone(disk: Path, run_domains: Run) -> None:
    run_domains({"name": "old", "state": "absent"})
    for result in both(run_domains, {**taker(disk), "state": "running"}):
        assert [line for line in result["warnings"] if "old" in line] == []


LOCK = 'internal error: process exited while connecting to monitor: -blockdev {"x":1}: Failed to get "write" lock'


@pytest.mark.parametrize("known", [True, False])
def test_a_lock_of_qemu_is_told_by_name(
    connection: Any, disk: Path, run_domains: Run, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Somebody starts the other guest while the run works."""

    def locked(link: Any, name: str, step: Any, options: Any) -> None:
        if known:
            link.lookupByName("old").create()
        raise libvirt.libvirtError(LOCK)

    monkeypatch.setitem(KINDS["domain"].actions, "start", locked)
    (failure,) = run_domains({**taker(disk, "hard"), "state": "running"}, fails=True)["failures"]
    if known:
        told = f"start: disks[0]: {disk.with_name('hard')} is a disk of guest old, which runs with it: stop old"
        assert failure["problem"].startswith(told)
        assert "blockdev" not in failure["problem"]
    else:
        assert failure["problem"].startswith("start: another program uses one of its disks")

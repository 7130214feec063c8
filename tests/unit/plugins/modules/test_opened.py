# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that a program of QEMU has open stays, through whole modules on libvirt's test driver."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import image_locks, open_files
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.opened import HAS_NBD, exported, held, lock
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, OLD, URI, VOLUME, is_there, paths, stays

Run = Callable[..., dict[str, Any]]
OPEN = "which has it open"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_locks, "PATIENCE", 0.1)
    monkeypatch.setattr(open_files.OPEN, "looked", float("-inf"))  # That look was at another test's processes.


@pytest.mark.parametrize("mode", ["rb+", "rb"])
@pytest.mark.parametrize("purge", [True, False])
def test_a_disk_that_any_process_has_open_stays(
    connection: Any, declare: Run, folder: Path, purge: bool, mode: str
) -> None:
    with held(folder / "old-vda.qcow2", mode) as process:
        result = declare(domains, *([] if purge else [GONE]), purge=purge, remove_storage=True)
        stays(connection, result, f"(process {process}), {OPEN}")


def test_a_volume_that_any_process_opens_meanwhile_stays(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undefine, held_open = libvirt.virDomain.undefineFlags, contextlib.ExitStack()

    def opened(*args: Any) -> Any:
        held_open.enter_context(held(folder / "old-vda.qcow2", "rb+"))
        return undefine(*args)

    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", opened)
    with held_open:
        result = run_main(domains.main, config=[GONE], uri=URI, remove_storage=True, fails=True)
    assert "delete: p/old-vda.qcow2 is used by " in result["msg"]
    assert f"{OPEN}, so it stays" in result["msg"]
    assert is_there(connection)


def test_many_files_that_go_cost_one_look_at_the_processes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[None] = []
    look = open_files.OpenFiles.look
    monkeypatch.setattr(open_files.OpenFiles, "look", lambda found: (looks.append(None), look(found))[1])
    monkeypatch.setattr(open_files, "AGE", 60)
    found = open_files.OpenFiles()
    assert [found.by(str(folder / "old-vda.qcow2")) for _number in range(50)] == [None] * 50
    assert len(looks) == 1


@pytest.mark.skipif(not HAS_NBD, reason="qemu-nbd is not installed")
@pytest.mark.parametrize("purge", [True, False])
def test_a_disk_that_qemu_nbd_has_open_stays(connection: Any, declare: Run, folder: Path, purge: bool) -> None:
    (folder / "old-vda.qcow2").write_bytes(bytes(1024))  # In place: the same file.
    with exported(folder / "old-vda.qcow2") as process:
        result = declare(domains, *([] if purge else [GONE]), purge=purge, remove_storage=True)
        stays(connection, result, f"is used by qemu-nbd (process {process}), {OPEN}")


def test_a_declared_volume_that_is_open_stays(connection: Any, run_main: Run, folder: Path, declare: Run) -> None:
    declare(domains, GONE)
    (folder / "v.raw").touch()
    declare(volumes, {"name": "v.raw", "pool": "p", "capacity": "1MiB", "format": "raw"})
    with (folder / "v.raw").open("rb+") as file:
        lock(file.fileno(), 101)
        for config, purge in (([], True), ([{"name": "v.raw", "pool": "p", "state": "absent"}], False)):
            said, done = (
                run_main(volumes.main, config=config, purge=purge, uri=URI, check=check, fails=True)
                for check in (True, False)
            )
            assert said["msg"] == done["msg"]
            assert f"a process, {OPEN}" in done["msg"]
            assert paths(done) == []
    assert paths(declare(volumes, purge=True)) == ["state"]


def test_the_disk_of_a_guest_that_runs_goes_once_it_is_off(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then its own QEMU has it open, which the plan knows."""
    run_main(domains.main, config=[{**OLD, "state": "running"}], uri=URI)
    file = (folder / "old-vda.qcow2").open("rb+")
    lock(file.fileno(), 101)
    shutdown = libvirt.virDomain.shutdown
    monkeypatch.setattr(libvirt.virDomain, "shutdown", lambda domain: (file.close(), shutdown(domain))[1])
    said, done = (
        run_main(domains.main, config=[GONE], uri=URI, remove_storage=True, check=check) for check in (True, False)
    )
    assert paths(said) == paths(done) == ["state", VOLUME]
    assert not is_there(connection)


def test_a_disk_that_somebody_opens_meanwhile_stays(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = (folder / "old-vda.qcow2").open("rb+")
    undefine = libvirt.virDomain.undefineFlags
    monkeypatch.setattr(
        libvirt.virDomain, "undefineFlags", lambda *args: (lock(file.fileno(), 101), undefine(*args))[1]
    )
    with file:
        result = run_main(domains.main, config=[GONE], uri=URI, remove_storage=True, fails=True)
    assert f"delete: p/old-vda.qcow2 is used by a process, {OPEN}, so it stays" in result["msg"]
    assert paths(result) == ["state"]
    assert is_there(connection)
    # It was somebody else's, so a later run does not end what this one began.
    assert paths(run_main(domains.main, config=[GONE], uri=URI, remove_storage=True)) == []
    assert is_there(connection)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that is saved comes back as it was: that is told before it starts, and after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import pools

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"name": "g", "memory": "64MiB", "state": "running"}


@pytest.fixture
def saved(connection: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A saved guest. libvirt's test driver does not tell what it saves, and brings back what is defined."""
    run_domains(GUEST)
    domain = connection.lookupByName("g")
    text = domain.XMLDesc(0)
    domain.managedSave(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: text)
    return domain


@pytest.mark.parametrize("policy", ["defer", "restart", "fail"])
def test_what_a_saved_guest_will_lack_is_told(saved: Any, run_domains: Run, policy: str) -> None:
    more = {**GUEST, "memory": "128MiB"}
    found = []
    for check in (True, False):
        result = run_domains(more, check=check, on_restart_needed=policy, fails=policy == "fail")
        found.append((result["changes"], result["pending_restart"]))
        if policy == "fail":
            told = "needs a restart, and on_restart_needed (guests_on_restart_needed of the role) is fail: memory"
            assert told in result["msg"]
            assert "it is saved, and comes back as it was" in result["msg"]
    assert found[0] == found[1]
    changes, pending = found[1]
    paths = [change["path"] for change in changes]
    if policy == "defer":
        assert paths == ["memory", "state"]
        assert pending[0]["reasons"] == dict.fromkeys(pending[0]["paths"], "it is saved, and comes back as it was")
        assert "memory" in pending[0]["paths"]
    elif policy == "restart":
        assert paths == ["memory", "state", "restart"]
        assert pending == []
        assert saved.isActive()
    else:
        assert paths == []
        assert saved.hasManagedSaveImage(0)


def test_a_saved_guest_comes_back_before_it_is_restarted(
    saved: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it can shut down in an orderly way, and loses nothing that is in its memory."""
    seen: list[list[str]] = []

    def noting(connection: Any, kind: Any, plans: Any, options: Any) -> dict[str, str]:
        seen.extend([step.action for step in plan.steps] for plan in plans)
        return original(connection, kind, plans, options)

    original = apply.apply
    monkeypatch.setattr(apply, "apply", noting)
    run_domains({**GUEST, "memory": "128MiB"}, on_restart_needed="restart")
    assert seen == [["define", "start", "shutdown", "start"]]


def test_a_saved_guest_that_was_changed_before_is_told_of_as_well(saved: Any, run_domains: Run) -> None:
    run_domains({**GUEST, "memory": "128MiB", "state": "stopped"})
    result = run_domains({**GUEST, "memory": "128MiB"})
    assert [change["path"] for change in result["changes"]] == ["state"]
    assert "memory" in result["pending_restart"][0]["paths"]


def test_a_saved_guest_as_it_is_declared_waits_for_nothing(saved: Any, run_domains: Run) -> None:
    result = run_domains(GUEST, on_restart_needed="fail")
    assert [change["path"] for change in result["changes"]] == ["state"]
    assert result["pending_restart"] == []


@pytest.fixture
def folder(connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Disks, and a libvirt that brings guests back as they were saved; the test driver does not tell what it saves."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "link").symlink_to("a")
    texts: dict[str, str] = {}
    save = libvirt.virDomain.managedSave

    def note(self: Any, flags: int) -> int:
        texts[self.name()] = self.XMLDesc(0)
        return int(save(self, flags))

    monkeypatch.setattr(libvirt.virDomain, "managedSave", note)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: texts[self.name()])
    return tmp_path


def on(folder: Path, name: str, disk: str, state: str = "stopped", **more: Any) -> dict[str, Any]:
    return {**GUEST, "name": name, "disks": [{"file": f"{folder}/{disk}", **more}], "state": state}


def refused(run: Run, *config: dict[str, Any]) -> str:
    """Why guests are refused, which check mode and the run say alike."""
    said, done = (run(*config, check=check, fails=True) for check in (True, False))
    assert said["msg"] == done["msg"]
    assert not done["changed"] or len(config) > 1
    return str(done["msg"])


def save(connection: Any, run: Run, item: dict[str, Any]) -> Any:
    run({**item, "state": "running"})
    domain = connection.lookupByName(item["name"])
    domain.managedSave(0)
    return domain


@pytest.mark.parametrize("spelling", ["a", "link"])
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_the_disk_of_a_saved_guest_is_not_given_to_another(
    connection: Any, run_domains: Run, folder: Path, state: str, spelling: str
) -> None:
    """In one call, and over two: the definition of the saved one does not have it any more."""
    save(connection, run_domains, on(folder, "A", "a"))
    told = f"disks[0]: {folder}/{spelling} is a disk that guest A was saved with, and comes back with: start A and shut"
    assert told in refused(run_domains, on(folder, "A", "b"), on(folder, "B", spelling, state))
    run_domains(on(folder, "A", "b"))
    if state == "running":
        assert told in refused(run_domains, on(folder, "B", spelling, state))
    else:
        for check in (True, False):
            warnings = run_domains(on(folder, "B", spelling), check=check)["warnings"]
            assert [line for line in warnings if told in line and "until then do not start this guest" in line]
        assert told in refused(run_domains, on(folder, "B", spelling, "running"))
        assert told in refused(run_domains, on(folder, "A", "b"), on(folder, "B", spelling, "running"))
    connection.lookupByName("A").managedSaveRemove(0)
    assert run_domains(on(folder, "B", spelling, "running"))["changed"]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("declared", [True, False])
def test_a_saved_guest_does_not_come_back_on_what_is_anothers_by_now(
    connection: Any, run_domains: Run, folder: Path, running: bool, declared: bool
) -> None:
    save(connection, run_domains, on(folder, "A", "a"))
    run_domains(on(folder, "A", "b"))
    run_domains(on(folder, "B", "a"))
    if running:
        connection.lookupByName("B").create()
    others = [on(folder, "B", "a", "running" if running else "stopped")] if declared else []
    told = f"domain A: {folder}/a is what it was saved with, and a disk of guest B by now: discard the saved state"
    assert told in refused(run_domains, on(folder, "A", "b", "running"), *others)
    connection.lookupByName("A").managedSaveRemove(0)
    assert run_domains(on(folder, "A", "b", "running"), *others)["changed"]


def test_a_saved_guest_comes_back_beside_others(connection: Any, run_domains: Run, folder: Path) -> None:
    """Each with its own disk, as after a host was shut down that saves its guests."""
    names = [("A", "a"), ("B", "b")]
    for name, disk in names:
        save(connection, run_domains, on(folder, name, disk))
    result = run_domains(*(on(folder, name, disk, "running") for name, disk in names))
    assert result["warnings"] == []
    assert [change["path"] for change in result["changes"]] == ["state", "state"]


def test_what_a_saved_guest_comes_back_with_has_to_be_there(connection: Any, run_domains: Run, folder: Path) -> None:
    save(connection, run_domains, on(folder, "A", "a"))
    run_domains(on(folder, "A", "b"))
    (folder / "a").unlink()
    told = refused(run_domains, on(folder, "A", "b", "running"))
    where = "its saved state, which virsh managedsave-remove A discards"
    assert f"{where}: there is no file {folder}/a on this host" in told


def test_an_image_that_a_saved_guest_writes_to_is_not_read_by_another(
    connection: Any, run_domains: Run, folder: Path
) -> None:
    save(connection, run_domains, on(folder, "A", "a"))
    run_domains(on(folder, "A", "b"))
    run_domains(on(folder, "B", "a", "running", readonly=True))
    told = f"disks[0]: {folder}/a is also a disk of guest B, which runs with it, and one of the two writes to it"
    assert told in refused(run_domains, on(folder, "A", "b", "running"))


def test_a_saved_state_that_cannot_be_read_stops_nobody(
    connection: Any, run_domains: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(connection, run_domains, on(folder, "A", "a"))

    def damaged(self: Any, flags: int = 0) -> str:
        raise libvirt.libvirtError("failed to read qemu header")

    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", damaged)
    assert run_domains(on(folder, "A", "a", "running"), on(folder, "B", "b", "running"))["changed"]


@pytest.mark.parametrize("purge", [True, False])
def test_a_saved_guest_whose_disk_is_given_by_size_starts(
    connection: Any, declare: Run, run_domains: Run, folder: Path, purge: bool
) -> None:
    (folder / "pool").mkdir()
    declare(pools, {"name": "p", "target": str(folder / "pool")})
    (folder / "pool/g-vda.raw").touch()  # The test driver makes no files.
    item = {**GUEST, "disks": [{"size": "1MiB", "pool": "p", "format": "raw"}]}
    save(connection, run_domains, item)
    for check in (True, False):
        result = run_domains(item, {**GUEST, "name": "other"}, check=check, remove_storage=purge)
        assert "state" in [change["path"] for change in result["changes"]]
        assert result["pending_restart"] == []


@pytest.mark.parametrize("policy", ["defer", "restart", "fail"])
def test_a_saved_guest_has_the_secrets_that_it_was_saved_with(
    connection: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """libvirt leaves them out unless it is asked for them."""
    item = {**GUEST, "graphics": [{"type": "vnc", "passwd": "abc"}]}
    run_domains(item)
    domain = connection.lookupByName("g")
    texts = {flags: domain.XMLDesc(flags and libvirt.VIR_DOMAIN_XML_SECURE) for flags in (0, 1)}
    domain.managedSave(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: texts[flags])
    for check in (True, False):
        result = run_domains(item, check=check, on_restart_needed=policy)
        assert [change["path"] for change in result["changes"]] == ["state"]
        assert result["pending_restart"] == []
        assert result["warnings"] == []
        assert "abc" not in str(result)


def test_a_guest_that_was_saved_while_it_was_paused_runs(
    saved: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = libvirt.virDomain.create

    def as_it_was(self: Any) -> int:
        done = int(create(self))
        self.suspend()
        return done

    monkeypatch.setattr(libvirt.virDomain, "create", as_it_was)
    said, done = (run_domains(GUEST, check=check) for check in (True, False))
    assert said["changes"] == done["changes"]
    assert saved.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert not run_domains(GUEST)["changed"]

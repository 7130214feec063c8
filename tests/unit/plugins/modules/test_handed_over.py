# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk goes with the guest that has it, not with the one that it was made for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import removal_notes
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.opened import lock
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import (
    GONE,
    VOLUME,
    define,
    file,
    is_there,
    paths,
    stays,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_disk_that_was_handed_over_is_not_the_old_owners(
    connection: Any, declare: Run, folder: Path, by_hand: bool
) -> None:
    taker = {"name": "taker", "memory": "16MiB", "disks": [{"file": f"{folder}/old-vda.qcow2", "format": "qcow2"}]}
    if by_hand:
        declare(domains, GONE)
        define(connection, file(folder / "old-vda.qcow2"), name="taker")
    else:
        declare(domains, GONE, taker, remove_storage=True)
    stays(connection, declare(domains, GONE, remove_storage=True), "is used by guest taker")
    connection.lookupByName("taker").undefine()
    stays(connection, declare(domains, GONE, remove_storage=True), "does not have it any more")
    declare(domains, {"name": "old", "memory": "16MiB"})
    stays(connection, declare(domains, GONE, remove_storage=True), "does not have it any more")


def kill(*arguments: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def definitions(connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of definitions, as libvirt's driver for QEMU keeps it and its test driver does not."""
    made = tmp_path / "definitions"
    made.mkdir()
    (made / "old.xml").touch()
    define_xml, undefine, undefine_flags = (
        libvirt.virConnect.defineXML,
        libvirt.virDomain.undefine,
        libvirt.virDomain.undefineFlags,
    )

    def defining(self: Any, xml: str, *flags: int) -> Any:
        domain = define_xml(self, xml, *flags)
        (made / "new").touch()
        (made / "new").rename(made / f"{domain.name()}.xml")
        return domain

    def undefining(call: Any) -> Any:
        def undefined(self: Any, *flags: int) -> int:
            call(self, *flags)
            (made / f"{self.name()}.xml").unlink(missing_ok=True)
            return 0

        return undefined

    monkeypatch.setattr(removal_notes, "folder", lambda uri: str(made))
    monkeypatch.setattr(libvirt.virConnect, "defineXML", defining)
    monkeypatch.setattr(libvirt.virDomain, "undefine", undefining(undefine))
    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", undefining(undefine_flags))
    return made


def killed(declare: Run, monkeypatch: pytest.MonkeyPatch, kind: str = "delete_volume") -> None:
    """A run of another process is killed in one of its steps: by default after it undefined a guest."""
    with monkeypatch.context() as patch:
        patch.setattr(removal_notes, "own_process", lambda: "process 1 2 another-boot")
        if kind == "delete_volume":
            patch.setitem(KINDS["domain"].actions, kind, kill)
        else:
            patch.setattr(removal_notes, "definitions", kill)
        with pytest.raises(KeyboardInterrupt):
            declare(domains, GONE, remove_storage=True)


def test_what_a_killed_run_was_about_to_delete_goes(
    connection: Any, declare: Run, folder: Path, definitions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(declare, monkeypatch)
    assert is_there(connection)
    (definitions / "old.xml").exists()
    assert os.listdir(definitions) == []  # To look at it changes nothing.
    assert paths(declare(domains, GONE, remove_storage=True)) == [VOLUME]
    assert not is_there(connection)


def hold_and_let_go(connection: Any, disk: Path) -> None:
    """Somebody defines a guest with the disk, and undefines it."""
    define(connection, file(disk))
    connection.lookupByName("theirs").undefine()


def link_and_unlink(disk: Path) -> None:
    disk.with_name("hard").hardlink_to(disk)
    disk.with_name("hard").unlink()


SINCE: dict[str, Callable[[Any, Path], object]] = {
    "another guest was defined with it and is gone": hold_and_let_go,
    "another guest was defined": lambda c, disk: define(c, file(disk.with_name("another"))),
    "somebody wrote to it": lambda c, disk: disk.write_bytes(b"x"),
    "somebody gave it another time": lambda c, disk: os.utime(disk, (1, 1)),
    "somebody gave it to another user": lambda c, disk: disk.chmod(0o600),
    "somebody linked it": lambda c, disk: link_and_unlink(disk),
}


@pytest.mark.parametrize("since", SINCE)
def test_what_somebody_may_have_had_since_the_kill_stays_for_good(
    connection: Any, declare: Run, folder: Path, definitions: Path, monkeypatch: pytest.MonkeyPatch, since: str
) -> None:
    killed(declare, monkeypatch)
    SINCE[since](connection, folder / "old-vda.qcow2")
    for _again in range(2):
        stays(connection, declare(domains, GONE, remove_storage=True), "was broken off", "may have had it since")
    delete = {"name": "old-vda.qcow2", "pool": "p", "state": "absent"}
    assert paths(declare(volumes, delete)) == ["state"]
    assert not is_there(connection)


@pytest.mark.parametrize("lacks", ["the last note", "a folder of definitions", "the definition in that folder"])
def test_what_a_killed_run_could_not_show_to_be_nobodys_stays(
    connection: Any, declare: Run, folder: Path, definitions: Path, monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    if lacks == "a folder of definitions":
        monkeypatch.setattr(removal_notes, "folder", lambda uri: None)
    if lacks == "the definition in that folder":
        (definitions / "old.xml").unlink()
    killed(declare, monkeypatch, "note" if lacks == "the last note" else "delete_volume")
    stays(connection, declare(domains, GONE, remove_storage=True), "was broken off", "may have had it since")


def test_what_somebody_uses_after_the_kill_stays_for_good(
    connection: Any, declare: Run, folder: Path, definitions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its use leaves no trace, once a run has seen it."""
    killed(declare, monkeypatch)
    with (folder / "old-vda.qcow2").open("rb+") as held:
        lock(held.fileno(), 101)
        stays(connection, declare(domains, GONE, remove_storage=True), "is used by a process")
    stays(connection, declare(domains, GONE, remove_storage=True), "somebody used it then")


def test_a_run_that_loses_libvirt_in_between_ends_what_it_began(
    connection: Any, declare: Run, folder: Path, definitions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the same process that goes on, so it needs no other proof."""
    monkeypatch.setattr(removal_notes, "folder", lambda uri: None)
    with monkeypatch.context() as patch:
        patch.setitem(KINDS["domain"].actions, "delete_volume", kill)
        with pytest.raises(KeyboardInterrupt):
            declare(domains, GONE, remove_storage=True)
    assert paths(declare(domains, GONE, remove_storage=True)) == [VOLUME]


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("qemu:///system", "/etc/libvirt/qemu"),
        ("qemu+unix:///system", "/etc/libvirt/qemu"),
        ("qemu:///session", "/home/me/config/libvirt/qemu"),
        ("qemu+ssh://host/system", None),
        ("qemu:///embed?root=/srv", None),
        ("lxc:///system", None),
        ("test:///default", None),
    ],
)
def test_where_the_definitions_are(uri: str, told: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/me/config")
    assert removal_notes.folder(uri) == told
    assert removal_notes.definitions("test:///default") is None

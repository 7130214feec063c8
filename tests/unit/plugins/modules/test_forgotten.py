# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do by hand with volumes that are noted as made, through whole modules on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import stale_notes
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, OLD, URI, define, file, is_there, paths

Run = Callable[..., dict[str, Any]]
NOTE = "p/v.raw"


def volume(folder: Path, name: str) -> dict[str, Any]:
    """A volume to declare. The test driver makes no files."""
    (folder / name).touch()
    return {"name": name, "pool": "p", "capacity": "1MiB", "format": "raw"}


def delete(connection: Any, folder: Path, name: str = "v.raw") -> None:
    """Somebody deletes a volume by hand."""
    (folder / name).unlink()
    connection.storagePoolLookupByName("p").storageVolLookupByName(name).delete(0)


@pytest.fixture
def removed(connection: Any, declare: Run, folder: Path) -> Path:
    """A folder in which somebody has deleted a volume by hand."""
    declare(volumes, volume(folder, "v.raw"))
    delete(connection, folder)
    return folder


def test_what_was_removed_by_hand_is_forgotten(declare: Run, run_main: Run, removed: Path, noted: Any) -> None:
    new = volume(removed, "new.raw")
    run_main(volumes.main, config=[new], uri=URI, check=True)
    run_main(volumes.main, config=[], uri=URI, purge=True)
    assert NOTE in noted.entries("volumes")  # Neither had anything to note.
    run_main(volumes.main, config=[new], uri=URI)
    assert sorted(noted.entries("volumes")) == ["p/new.raw", "p/old-vda.qcow2"]


def pool_anew(connection: Any, kind: str, target: Path, uuid: str) -> None:
    """Somebody defines the pool anew."""
    found = connection.storagePoolLookupByName("p")
    found.destroy()
    found.undefine()
    source = "<source><device path='/dev/x'/><name>vg</name></source>" if kind != "dir" else ""
    connection.storagePoolDefineXML(
        f"<pool type='{kind}'><name>p</name><uuid>{uuid}</uuid>{source}<target><path>{target}</path></target></pool>"
    ).create()


def retyped(connection: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The pool is of another type than those that the test driver does well."""
    found = connection.storagePoolLookupByName("p")
    text = found.XMLDesc().replace("type='dir'", f"type='{kind}'")
    monkeypatch.setattr(type(found), "XMLDesc", lambda self, flags=0: text)


KEPT: dict[str, Callable[[Any, Path, Any, pytest.MonkeyPatch], object]] = {
    "the file is there": lambda c, f, n, m: (f / "v.raw").touch(),
    "only a link to nothing is there": lambda c, f, n, m: (f / "v.raw").symlink_to("nowhere"),
    "libvirt has it": lambda c, f, n, m: c.storagePoolLookupByName("p").createXML(
        "<volume><name>v.raw</name><capacity>1</capacity></volume>"
    ),
    "the pool is stopped": lambda c, f, n, m: c.storagePoolLookupByName("p").destroy(),
    "the pool is gone": lambda c, f, n, m: (
        c.storagePoolLookupByName("p").destroy(),
        c.storagePoolLookupByName("p").undefine(),
    ),
    "the folder is empty": lambda c, f, n, m: [path.unlink() for path in f.iterdir()],
    "the folder is away": lambda c, f, n, m: f.rename(f.with_name("away")),
    "libvirt could not look": lambda c, f, n, m: m.setattr(
        stale_notes.storage_observe, "refresh", lambda pool, patience: False
    ),
    "its file system is not mounted, and a file is below": lambda c, f, n, m: (
        f.rename(f.with_name("away")),
        f.mkdir(),
        (f / ".keep").touch(),
    ),
    "its file system is another one with a file of such a name": lambda c, f, n, m: (
        f.rename(f.with_name("away")),
        f.mkdir(),
        (f / "old-vda.qcow2").touch(),
    ),
    "the pool leads elsewhere": lambda c, f, n, m: (
        f.with_name("other").mkdir(),
        (f.with_name("other") / "theirs").touch(),
        pool_anew(c, "dir", f.with_name("other"), c.storagePoolLookupByName("p").UUIDString()),
    ),
    "the pool is another one": lambda c, f, n, m: pool_anew(c, "dir", f, "11111111-2222-3333-4444-555555555555"),
    "logical volumes may be inactive": lambda c, f, n, m: retyped(c, m, "logical"),
    "of other types nothing is known": lambda c, f, n, m: retyped(c, m, "disk"),
    "its file system is unmounted": lambda c, f, n, m: pool_anew(
        c, "fs", f, c.storagePoolLookupByName("p").UUIDString()
    ),
    "it is being made": lambda c, f, n, m: n.add("volumes", NOTE, making="process 1"),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_may_be_there_is_not_forgotten(
    connection: Any, removed: Path, noted: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    KEPT[name](connection, removed, noted, monkeypatch)
    stale_notes.forget_gone(connection)
    assert NOTE in noted.entries("volumes")


@pytest.mark.parametrize("kind", ["fs", "netfs"])
def test_a_file_system_that_is_mounted_tells(
    connection: Any, removed: Path, noted: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    retyped(connection, monkeypatch, kind)
    stale_notes.forget_gone(connection)
    assert NOTE in noted.entries("volumes")
    monkeypatch.setattr(stale_notes.os.path, "ismount", lambda path: path == str(removed))
    stale_notes.forget_gone(connection)
    assert sorted(noted.entries("volumes")) == ["p/old-vda.qcow2"]


def test_a_note_that_another_run_changed_is_not_forgotten(noted: Any) -> None:
    noted.put("volumes", NOTE, format="raw")
    seen = noted.entries("volumes")
    noted.put("volumes", NOTE, format="raw", identity="1 2.3")
    noted.forget("volumes", seen)
    assert NOTE in noted.entries("volumes")
    noted.forget("volumes", noted.entries("volumes"))
    assert noted.entries("volumes") == {}


def test_a_later_volume_of_that_name_is_somebody_elses(connection: Any, declare: Run, removed: Path) -> None:
    """Also where the note was not forgotten yet."""
    (removed / "v.raw").touch()
    connection.storagePoolLookupByName("p").createXML("<volume><name>v.raw</name><capacity>1</capacity></volume>")
    assert declare(volumes, purge=True)["changed"] is False


LEFT = "volume p/old-vda.qcow2: was made for the guest old, which is not there any more, and is left over"


@pytest.fixture
def undefined(connection: Any, folder: Path) -> Path:
    """A folder with the disk of a guest that somebody undefined by hand."""
    connection.lookupByName("old").undefine()
    return folder


def test_the_disk_of_a_guest_that_was_undefined_by_hand_is_told_of(
    connection: Any, declare: Run, undefined: Path
) -> None:
    told = declare(domains, purge=True, remove_storage=True)
    assert [LEFT in text for text in told["warnings"]] == [True]
    assert told["changed"] is False
    assert declare(domains, purge=True)["warnings"] == []
    assert declare(domains, remove_storage=True)["warnings"] == []
    assert is_there(connection)
    assert paths(declare(volumes, {"name": "old-vda.qcow2", "pool": "p", "state": "absent"})) == ["state"]
    assert declare(domains, purge=True, remove_storage=True)["warnings"] == []


UNTOLD: dict[str, Callable[[Any, Path], object]] = {
    "another guest has it": lambda c, f: define(c, file(f / "old-vda.qcow2")),
    "it is gone": lambda c, f: delete(c, f, "old-vda.qcow2"),
    "it was made anew": lambda c, f: ((f / "old-vda.qcow2").unlink(), (f / "old-vda.qcow2").touch()),
}


@pytest.mark.parametrize("name", UNTOLD)
def test_what_is_not_left_over_is_not_told_of(connection: Any, declare: Run, undefined: Path, name: str) -> None:
    UNTOLD[name](connection, undefined)
    assert declare(domains, purge=True, remove_storage=True)["warnings"] == []


@pytest.mark.parametrize("config", [OLD, {"name": "x", "memory": "64MiB", "disks": [{"file": "{}/old-vda.qcow2"}]}])
def test_what_a_declared_guest_has_is_not_left_over(run_main: Run, undefined: Path, config: dict[str, Any]) -> None:
    config = {**config, "disks": [{k: v.replace("{}", str(undefined)) for k, v in config["disks"][0].items()}]}
    result = run_main(domains.main, config=[config], uri=URI, purge=True, remove_storage=True, check=True)
    assert not any("left over" in text for text in result["warnings"])


def test_of_other_owners_nothing_is_told(declare: Run, undefined: Path) -> None:
    assert declare(domains, purge=True, remove_storage=True, owner="them")["warnings"] == []


def test_a_host_without_such_notes_is_asked_nothing(
    connection: Any, declare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths(declare(domains, GONE, remove_storage=True))[1:]
    monkeypatch.setattr(stale_notes, "all_users", lambda connection: pytest.fail("it was asked for"))
    assert declare(domains, purge=True, remove_storage=True)["changed"] is False

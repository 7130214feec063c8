# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds of guests that were moved, renamed, copied or put back from a backup; and what is in place of one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit.seed_world import KEY, URI, guest

SEED = "web01-seed.img"
OTHER = {"name": "other", "memory": "64MiB"}

pytestmark = pytest.mark.skipif(shutil.which("mcopy") is None, reason="needs mtools")


def changed(result: dict[str, Any]) -> list[str]:
    return [change["path"] for change in result["changes"]]


def copied(file: Path) -> None:
    """Another file with the same content: of a backup, of another host."""
    copy = file.with_name("copy")
    shutil.copy2(file, copy)
    file.unlink()
    copy.rename(file)


@pytest.mark.parametrize("how", ["copied", "another host"])
def test_the_seed_of_a_guest_that_was_moved_is_its_seed(
    connection: Any, seed_folder: Path, declared: Any, noted: manifest.Manifest, how: str
) -> None:
    declared(guest())
    copied(seed_folder / SEED)
    if how == "another host":
        noted.drop("volumes", KEY)
    assert declared(guest())["changes"] == []
    assert noted.entries("volumes")[KEY]["guest"] == "web01"
    assert "cloud_init.timezone" in changed(declared(guest({"timezone": "UTC"})))
    gone = declared({"name": "web01", "state": "absent"}, remove_storage=True)
    assert changed(gone)[-1] == f"volume {KEY}"


def test_a_seed_that_was_moved_and_changes_at_once(connection: Any, seed_folder: Path, declared: Any) -> None:
    declared(guest())
    copied(seed_folder / SEED)
    assert "cloud_init.timezone" in changed(declared(guest({"timezone": "UTC"})))


def test_a_guest_that_was_renamed_keeps_its_seed(
    connection: Any, seed_folder: Path, declared: Any, noted: manifest.Manifest
) -> None:
    uuid = "5f1c1a34-6b6e-4a5e-9a06-52c4a3f1a001"
    declared(guest(uuid=uuid))
    rename(connection, "web02")
    done = declared(guest(uuid=uuid, name="web02", disks=[{"size": "1MiB", "pool": "p", "volume": "web01-vda.qcow2"}]))
    assert changed(done) == ["cloud_init.hostname"]
    assert os.listdir(seed_folder) == [SEED]
    assert noted.entries("volumes")[KEY]["guest"] == "web02"
    gone = declared({"name": "web02", "state": "absent"}, remove_storage=True)
    assert f"volume {KEY}" in changed(gone)


def test_the_seed_of_a_guest_that_was_renamed_and_goes_goes_along(
    connection: Any, seed_folder: Path, declared: Any
) -> None:
    declared(guest())
    rename(connection, "web02")
    gone = declared({"name": "web02", "state": "absent"}, remove_storage=True)
    assert f"volume {KEY}" in changed(gone)


@pytest.mark.parametrize("how", ["renamed", "another host"])
def test_a_guest_that_was_moved_gives_up_its_seed(
    connection: Any, seed_folder: Path, declared: Any, noted: manifest.Manifest, how: str
) -> None:
    declared(guest())
    if how == "renamed":
        rename(connection, "web02")
        done = declared({"name": "web02", "cloud_init": None})
        assert changed(done)[-1] == f"volume {KEY}"
        assert noted.entries("volumes").keys() == {"p/web01-vda.qcow2"}
    else:
        noted.drop("volumes", KEY)
        done = declared({"name": "web01", "cloud_init": None})
        assert f"domain web01: its seed {KEY} stays: this collection did not make it" in done["warnings"]


def test_a_copy_that_gives_up_the_seed_of_another_guest(connection: Any, seed_folder: Path, declared: Any) -> None:
    declared(guest())
    root = ET.fromstring(connection.lookupByName("web01").XMLDesc(2))
    for tag, text in (("name", "copy"), ("uuid", "5f1c1a34-6b6e-4a5e-9a06-52c4a3f1a001")):
        root.find(tag).text = text  # type: ignore[union-attr]
    root.find("devices").remove(root.find("devices/interface"))  # type: ignore[union-attr, arg-type]
    connection.defineXML(ET.tostring(root, encoding="unicode"))
    done = declared({"name": "copy", "cloud_init": None})
    assert f"volume {KEY}" not in changed(done)
    assert [line for line in done["warnings"] if "seed" in line] == []
    assert declared(guest())["changes"] == []


def test_the_seed_of_a_guest_that_was_renamed_is_not_given_to_another(
    connection: Any, seed_folder: Path, run_main: Any, declared: Any
) -> None:
    declared(guest())
    rename(connection, "web02")
    before = (seed_folder / SEED).read_bytes()
    for check in (True, False):
        new = guest({"timezone": "UTC"}, uuid="5f1c1a34-6b6e-4a5e-9a06-52c4a3f1a002")
        result = run_main(domains.main, config=[new, OTHER], uri=URI, check=check, fails=True)
        assert f"domain web01: cloud_init: the volume {KEY} is used by guest web02" in result["msg"]
        assert changed(result) == ["definition"]
    assert (seed_folder / SEED).read_bytes() == before


def rename(connection: Any, name: str) -> None:
    """What ``virsh domrename`` does, which the test driver cannot."""
    domain = connection.lookupByName("web01")
    root = ET.fromstring(domain.XMLDesc(2))
    domain.undefine()
    root.find("name").text = name  # type: ignore[union-attr]
    connection.defineXML(ET.tostring(root, encoding="unicode"))


PLACE: dict[str, tuple[Callable[[Path], object], str]] = {
    "another file": (lambda path: path.write_bytes(b"theirs"), "is no more the seed that was made for this guest"),
    "link": (lambda path: path.symlink_to("/etc/hostname"), "is a symbolic link to /etc/hostname now: remove that"),
    "folder": (lambda path: path.mkdir(), "is a folder now: remove that"),
    "pipe": (os.mkfifo, "is a device, socket or pipe now: remove that"),
}


@pytest.mark.parametrize("name", PLACE)
def test_what_is_in_place_of_a_seed_is_not_replaced(
    connection: Any, seed_folder: Path, declared: Any, run_main: Any, name: str
) -> None:
    """The guest alone fails, and once that is removed, it gets a new seed."""
    declared(guest())
    put, words = PLACE[name]
    (seed_folder / SEED).rename(seed_folder.with_name("kept"))
    put(seed_folder / SEED)
    for check in (True, False):
        config = [guest({"timezone": "UTC"}), OTHER]
        result = run_main(domains.main, config=config, uri=URI, check=check, fails=True)
        assert result["msg"].startswith("1 of 2 domains failed:\ndomain web01: cloud_init: ")
        assert words in result["msg"]
        assert changed(result) == ["definition"]  # Of the other one.
        run_main(domains.main, config=[{"name": "other", "state": "absent"}], uri=URI)
    assert os.path.lexists(seed_folder / SEED)
    path = seed_folder / SEED
    path.rmdir() if name == "folder" else path.unlink()
    connection.storagePoolLookupByName("p").storageVolLookupByName(SEED).delete()
    assert changed(declared(guest()))[0] == "cloud_init.volume"


def test_a_host_without_the_tools_tells_nothing_of_a_seed_that_was_moved(
    connection: Any, seed_folder: Path, declared: Any, run_main: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.virtfleet.kvm.plugins.module_utils._host import seed_image

    declared(guest())
    copied(seed_folder / SEED)
    monkeypatch.setattr(seed_image, "missing", lambda: "mtools is missing")
    result = run_main(domains.main, config=[guest()], uri=URI, fails=True)
    assert result["msg"] == "1 of 1 domains failed:\ndomain web01: cloud_init: mtools is missing"

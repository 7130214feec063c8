# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was made is noted in a file that is whole at any time."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import process
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest

URI = "qemu:///system"


def test_what_is_put_is_there_until_it_is_dropped(tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    manifest = Manifest(URI, folder)
    assert manifest.entries("volumes") == {}
    manifest.put("volumes", "default/a", guest="web01")
    manifest.put("pools", "default")
    assert Manifest(URI, folder).entries("volumes") == {"default/a": {"guest": "web01"}}
    assert Manifest("lxc:///system", folder).entries("volumes") == {}
    manifest.drop("volumes", "default/a")
    manifest.drop("volumes", "default/none")
    assert manifest.entries("volumes") == {}
    assert manifest.entries("pools") == {"default": {}}


def test_what_was_begun_and_dropped_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    manifest = Manifest(URI, str(tmp_path / "new"))
    manifest.put("pools", "default")
    before = Path(manifest.path).read_bytes()
    manifest.begin("default/a")
    manifest.drop("volumes", "default/a")
    assert Path(manifest.path).read_bytes() == before


def test_it_is_private_and_nothing_else_is_left(tmp_path: Path) -> None:
    Manifest(URI, str(tmp_path / "new")).put("pools", "default")
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o700
    assert {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in (tmp_path / "new").iterdir()} == {
        ".lock": 0o600,
        "storage.json": 0o600,
    }


def test_what_the_test_driver_made_is_not_noted(tmp_path: Path) -> None:
    Manifest("test:///default", str(tmp_path / "new")).put("pools", "default")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "nonsense"])
def test_a_damaged_one_is_said_and_left(tmp_path: Path, text: str) -> None:
    (tmp_path / "storage.json").write_text(text, encoding="utf-8")
    manifest = Manifest(URI, str(tmp_path))
    with pytest.raises(VirtfleetError, match=r"storage\.json"):
        manifest.entries("volumes")
    with pytest.raises(VirtfleetError):
        manifest.put("volumes", "x")
    assert (tmp_path / "storage.json").read_text(encoding="utf-8") == text


def put_many(folder: str, prefix: str) -> None:
    """Note many volumes."""
    for number in range(30):
        Manifest(URI, folder).put("volumes", f"{prefix}/{number}")


def test_several_processes_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=put_many, args=(str(tmp_path), name)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(Manifest(URI, str(tmp_path)).entries("volumes")) == 90


def test_a_process_is_told_from_another_with_its_number() -> None:
    mark = process.own_process()
    assert process.alive(mark)
    word, pid, started, boot = mark.split()
    assert not process.alive(f"{word} {pid} {int(started) + 1} {boot}")
    assert not process.alive(f"{word} {pid} {started} another-boot")
    assert not process.alive("nonsense")


@pytest.mark.parametrize("noted", [{"bear": 7}, {"bear": {"uuid": 7}}, {"": {}}])
def test_what_is_noted_of_a_kind_of_another_version_is_looked_at_by_who_asks_for_it(
    tmp_path: Path, noted: dict[str, object]
) -> None:
    (tmp_path / "storage.json").write_text(json.dumps({"qemu:///system": {"toys": noted, "pools": {"p": {}}}}))
    (tmp_path / "storage.json").chmod(0o600)
    manifest = Manifest("qemu:///system", str(tmp_path))
    assert manifest.entries("pools") == {"p": {}}
    with pytest.raises(VirtfleetError, match="cannot be read"):
        manifest.entries("toys")

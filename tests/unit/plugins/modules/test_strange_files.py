# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no image below a new volume, and what is no volume in its place: refused before a tool opens it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import URI

Run = Callable[..., dict[str, Any]]
NO_FILE = "is neither a file nor a block device"


@pytest.fixture
def here(connection: Any, run_main: Run, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pool of this machine."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    folder = tmp_path / "images"
    folder.mkdir()
    run_main(pools.main, config=[{"name": "p", "target": str(folder)}], uri=URI)
    return folder


def refused(run_main: Run, module: Any, item: dict[str, Any], words: str) -> None:
    """Both refuse an item in the same words."""
    said, done = (run_main(module.main, config=[item], uri=URI, check=check, fails=True) for check in (True, False))
    assert said["msg"] == done["msg"]
    assert words in said["msg"]


BASES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "pipe": (os.mkfifo, "raw", f"backing.path: {{0}} {NO_FILE}"),
    "pipe as qcow2": (os.mkfifo, "qcow2", f"backing.path: {{0}} {NO_FILE}"),
    "folder": (lambda path: path.mkdir(), "raw", f"backing.path: {{0}} {NO_FILE}"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "raw", f"backing.path: {{0}} {NO_FILE}"),
    "other format": (
        lambda path: path.write_bytes(bytes(4096)),
        "qcow2",
        "backing.format: {0} is no qcow2: by its first bytes it is",
    ),
    "laid over a pipe": (
        lambda path: (path.write_bytes(qcow2(names="below")), os.mkfifo(path.with_name("below"))),
        "qcow2",
        f"backing.path: {{1}}, which {{0}} is laid over, {NO_FILE}",
    ),
}


@pytest.mark.parametrize("how", BASES)
def test_what_is_no_image_is_not_laid_under_a_volume(run_main: Run, here: Path, tmp_path: Path, how: str) -> None:
    make, form, words = BASES[how]
    make(tmp_path / "base")
    item = {
        "name": "v.qcow2",
        "pool": "p",
        "capacity": "1MiB",
        "backing": {"path": f"{tmp_path}/base", "format": form},
    }
    refused(run_main, volumes, item, words.format(tmp_path / "base", tmp_path / "below"))
    assert not list(here.iterdir())


@pytest.mark.parametrize("module", [volumes, domains])
def test_nor_is_a_volume_that_is_laid_over_a_pipe(connection: Any, run_main: Run, here: Path, module: Any) -> None:
    run_main(volumes.main, config=[{"name": "base.qcow2", "pool": "p", "capacity": "1MiB"}], uri=URI)
    (here / "base.qcow2").write_bytes(qcow2(names="pipe"))
    os.mkfifo(here / "pipe")
    item: dict[str, Any] = {"name": "v.qcow2", "pool": "p", "capacity": "1MiB", "backing": {"volume": "base.qcow2"}}
    if module is domains:
        item = {"name": "g", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p", "backing": "base.qcow2"}]}
    refused(run_main, module, item, f"backing: {here}/pipe, which {here}/base.qcow2 is laid over, {NO_FILE}")


def listening(path: Path) -> None:
    folder = os.open(path.parent, os.O_PATH)  # The name of a socket has 108 bytes at most (unix(7)).
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


TAKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "a named pipe"),
    "socket": (listening, "a socket"),
    "link to nothing": (lambda path: path.symlink_to("/nowhere/v.qcow2"), "a symbolic link that leads to nothing"),
    "link to itself": (lambda path: path.symlink_to(path.name), "a symbolic link that leads to nothing"),
}


@pytest.mark.parametrize("how", TAKEN)
@pytest.mark.parametrize("name", ["v.qcow2", "v.raw"])
@pytest.mark.parametrize("module", [volumes, domains])
def test_a_name_that_something_else_has_is_not_taken(
    run_main: Run, here: Path, how: str, name: str, module: Any
) -> None:
    make, words = TAKEN[how]
    make(here / name)
    item: dict[str, Any] = {"name": name, "pool": "p", "capacity": "1MiB"}
    if module is domains:
        item = {"name": "g", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p", "volume": name}]}
    refused(
        run_main, module, item, f"volume: {here}/{name} is {words}: take that away, or give the volume another name"
    )


def test_a_volume_is_not_allocated_larger_than_it_is(run_main: Run, here: Path) -> None:
    item = {"name": "v.raw", "pool": "p", "capacity": "1MiB", "allocation": "3MiB"}
    refused(run_main, volumes, item, "volume p/v.raw: allocation: 3MiB is more than the capacity, 1MiB")
    run_main(volumes.main, config=[{**item, "allocation": "1MiB"}], uri=URI)
    # Of what is there already nothing is allocated.
    assert not run_main(volumes.main, config=[item], uri=URI)["changed"]


@pytest.mark.parametrize("module", [volumes, domains])
def test_a_volume_that_is_laid_over_a_pipe_is_not_grown(run_main: Run, here: Path, module: Any) -> None:
    item: dict[str, Any] = {"name": "g-vda.qcow2", "pool": "p", "capacity": "1MiB"}
    guest: dict[str, Any] = {"name": "g", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}]}
    run_main(module.main, config=[item if module is volumes else guest], uri=URI)
    (here / "g-vda.qcow2").write_bytes(qcow2(names="pipe"))
    os.mkfifo(here / "pipe")
    item["capacity"] = guest["disks"][0]["size"] = "1GiB"
    option = "capacity" if module is volumes else "disks[0].size"
    words = f"{option}: {here}/pipe, which {here}/g-vda.qcow2 is laid over, {NO_FILE}"
    refused(run_main, module, item if module is volumes else guest, words)

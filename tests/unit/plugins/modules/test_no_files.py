# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that is none, or has not the format that it is to have, is refused before the guest starts with it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import mbr, qcow2

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"name": "bad", "memory": "64MiB"}


@pytest.fixture(autouse=True)
def here(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the host are those of this machine."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())


@pytest.mark.parametrize(
    ("kind", "device", "words"),
    [
        ("folder", "disks", "disks[0].file: {} is a folder, and no file"),
        ("fifo", "disks", "disks[0].file: {} is a FIFO, and no file"),
        ("socket", "disks", "disks[0].file: {} is a socket, and no file"),
        ("file", "disks", ""),
        ("file", "filesystems", "filesystems[0].source: {} is a file, and no folder"),
        ("folder", "filesystems", ""),
        ("folder", "kernel", "kernel: {} is a folder, and no file"),
    ],
)
def test_what_is_no_file_or_folder_is_refused(
    run_domains: Run, tmp_path: Path, kind: str, device: str, words: str
) -> None:
    place = tmp_path / "x"
    with socket.socket(socket.AF_UNIX) as made:
        kinds = {"folder": place.mkdir, "fifo": lambda: os.mkfifo(place), "file": place.touch}
        kinds.get(kind, lambda: made.bind(str(place)))()
    item = {
        "disks": {"disks": [{"file": str(place)}]},
        "filesystems": {"filesystems": [{"source": str(place), "target": "t"}]},
        "kernel": {"kernel": str(place)},
    }[device]
    for check in (True, False):
        result = run_domains({**GUEST, **item, "state": "running"}, check=check, fails=bool(words))
        assert words.format(place) in result.get("msg", "")


@pytest.mark.parametrize(("content", "good"), [(qcow2(), True), (b"", True), (bytes(4096), True), (mbr(), False)])
def test_a_guest_does_not_start_with_a_format_that_its_disk_has_not(
    run_domains: Run, tmp_path: Path, content: bytes, good: bool
) -> None:
    """As far as the first bytes tell: what is blank may be written by somebody before."""
    (tmp_path / "x").write_bytes(content)
    disk = {"file": f"{tmp_path}/x", "format": "qcow2"}
    told = f"disks[0].format: {tmp_path}/x is a raw disk" if content == mbr() else ""
    for check in (True, False):
        result = run_domains({**GUEST, "disks": [disk], "state": "running"}, check=check, fails=not good)
        assert ("and no qcow2: write the format that it has" in result.get("msg", "")) != good
        assert told.partition(" is ")[0] in result.get("msg", "")
    assert run_domains({**GUEST, "name": "off", "disks": [disk]})["changed"]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new snapshot has room, where that can be told."""

from __future__ import annotations

import os
import stat
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import free_space
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import LibvirtError

MIB = free_space.MIB
HERE, THERE = "qemu:///system", "qemu+ssh://other/system"


def guest(uri: str = HERE, **domain: Any) -> Any:
    return SimpleNamespace(
        connection=SimpleNamespace(getURI=lambda: uri),
        domain=SimpleNamespace(**{name: lambda *_args, value=value: value for name, value in domain.items()}),
    )


def freed(monkeypatch: pytest.MonkeyPatch, free: Any) -> None:
    def free_bytes(_guest: Any, path: str) -> tuple[str, int]:
        if isinstance(free, Exception):
            raise free
        return os.path.dirname(path), free

    monkeypatch.setattr(free_space, "free_bytes", free_bytes)


@pytest.mark.parametrize(
    ("memory", "path", "uri", "rss", "whole", "free", "told"),
    [
        (True, "/m/x", HERE, 2 * 1024, 4 * 1024, MIB, "may take 2 MiB, and /m has 1 MiB left: make room first"),
        (True, "/m/x", HERE, 4 * 1024, 3 * 1024, MIB, "may take 3 MiB, and /m has 1 MiB left: make room first"),
        (True, "/m/x", HERE, 2 * 1024, 4 * 1024, 2 * MIB, None),
        (True, "/m/x", HERE, 2 * 1024, 4 * 1024, 2 * MIB - 1, "may take 2 MiB, and /m has 1 MiB left: make room first"),
        (False, "/m/x", HERE, 2 * 1024, 4 * 1024, 0, None),
        (True, None, HERE, 2 * 1024, 4 * 1024, 0, None),
        (True, "/m/x", THERE, 2 * 1024, 4 * 1024, 0, None),
        (True, "/m/x", HERE, None, 4 * 1024, 0, None),
        (True, "/m/x", HERE, 2 * 1024, 4 * 1024, OSError(5, "bad"), None),
        (True, "/m/x", HERE, 2 * 1024, 4 * 1024, ValueError("null byte"), None),
        (True, "/m/x", HERE, 2 * 1024, 4 * 1024, LibvirtError("gone"), None),
    ],
)
def test_the_memory_of_a_guest_has_room(
    monkeypatch: pytest.MonkeyPatch,
    memory: bool,
    path: str | None,
    uri: str,
    rss: int | None,
    whole: int,
    free: Any,
    told: str | None,
) -> None:
    freed(monkeypatch, free)
    one = guest(uri, memoryStats={} if rss is None else {"rss": rss}, info=[1, whole, 0])
    found = list(free_space.of_memory(one, {"memory": memory}, path))
    assert [(each.where, each.problem) for each in found] == ([] if told is None else [("memory", told)])


@pytest.mark.parametrize(
    ("path", "uri", "needed", "free", "told"),
    [
        ("/d/x", HERE, 2048, 1024, "/d has 1 KiB left, and the snapshot takes up to 2 KiB in the image of disk"),
        ("/d/x", HERE, 1025, 1024, "/d has 1 KiB left, and the snapshot takes up to 1 KiB in the image of disk"),
        ("/d/x", HERE, 1024, 1024, ""),
        (None, HERE, 2048, 1024, ""),
        ("/d/x", THERE, 2048, 1024, ""),
        ("/d/x", HERE, Unfit("is none"), 0, ""),
        ("/d/x", HERE, 2048, OSError(5, "bad"), ""),
        ("/d/x", HERE, 2048, ValueError("null byte"), ""),
        ("/d/x", HERE, 2048, LibvirtError("gone"), ""),
    ],
)
def test_the_tables_of_an_image_have_room(
    monkeypatch: pytest.MonkeyPatch, path: str | None, uri: str, needed: Any, free: Any, told: str
) -> None:
    def answer(_path: str, _question: Any) -> Any:
        if isinstance(needed, Exception):
            raise needed
        return needed

    freed(monkeypatch, free)
    monkeypatch.setattr(free_space, "answer_of", answer)
    disk: Any = SimpleNamespace(path=path, target="vda")
    found = list(free_space.of_tables(guest(uri), disk))
    assert [each.where for each in found] == (["disks"] if told else [])
    assert all(told in each.problem for each in found)


def test_what_a_snapshot_takes_in_an_image_at_once() -> None:
    image: Any = SimpleNamespace(header=SimpleNamespace(cluster=65536, l1_entries=3))
    assert free_space.of_image(image) == 8 * 65536 + 24


@pytest.mark.parametrize(
    ("there", "block", "info", "expected"),
    [
        (True, True, (9, 3, 7), ("/d/x", 4)),
        (True, True, (9, 7, 3), ("/d/x", 0)),
        (True, False, (9, 3, 7), ("/d", 40)),
        (False, True, (9, 3, 7), ("/d", 40)),
    ],
)
def test_what_is_free_on_a_device_and_in_a_folder(
    monkeypatch: pytest.MonkeyPatch, there: bool, block: bool, info: tuple[int, ...], expected: tuple[str, int]
) -> None:
    monkeypatch.setattr(os.path, "exists", lambda _path: there)
    kind = stat.S_IFBLK if block else stat.S_IFREG
    monkeypatch.setattr(free_space.os, "stat", lambda _path: SimpleNamespace(st_mode=kind | 0o600))
    monkeypatch.setattr(free_space.os, "statvfs", lambda _path: SimpleNamespace(f_bavail=10, f_frsize=4))
    assert free_space.free_bytes(guest(blockInfo=info), "/d/x") == expected


def test_the_folders_that_are_full_are_told_beside_those_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    free = {"/some": 256, "/none": 255, "/empty": 0, "/gone": None}

    def statvfs(path: str) -> Any:
        blocks = free[path]
        if blocks is None:
            raise FileNotFoundError(path)
        return SimpleNamespace(f_bavail=blocks, f_frsize=4096)

    monkeypatch.setattr(free_space.os, "statvfs", statvfs)
    said = free_space.full_folders
    assert said([f"{folder}/{name}" for folder in free for name in "ab"]) == (
        "; there is no space left in /empty, /none: make room, and run again"
    )
    for folder in free:
        alone = f"; there is no space left in {folder}: make room, and run again"
        assert said([f"{folder}/a"]) == (alone if folder in ("/none", "/empty") else "")
    assert said([]) == ""

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary files in folders that others write to as well, and tools that run without rights and within limits."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import part_files, sandbox, sparse_copy
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sandbox import Limits, ToolFailed

PART = part_files.part_name("x")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    with part_files.opened_folder(str(tmp_path)) as descriptor:
        yield descriptor


def secret(path: Path) -> Path:
    path.write_text("secret", encoding="utf-8")
    return path


FORGERIES = {
    "link": lambda part, path: part.symlink_to(secret(path)),
    "link to nothing": lambda part, path: part.symlink_to(path),
    "hard link": lambda part, path: os.link(secret(path), part),
    "pipe": lambda part, path: os.mkfifo(part),
    "folder": lambda part, path: part.mkdir(),
    "device": lambda part, path: os.mknod(part, 0o600 | 0o020000, os.makedev(1, 3)),
    "of another": lambda part, path: os.chown(secret(part), 1234, 1234),
}


@ROOT
@pytest.mark.parametrize("kind", FORGERIES)
def test_what_is_forged_is_named_and_left_alone(folder: int, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    FORGERIES[kind](tmp_path / PART, other)
    before = os.lstat(tmp_path / PART)
    with pytest.raises(VirtfleetError, match="is in the way"), part_files.reserved(folder, PART, PART):
        pass
    assert os.lstat(tmp_path / PART).st_ino == before.st_ino
    assert not other.exists() or other.read_text(encoding="utf-8") == "secret"


def test_a_long_name_becomes_a_bearable_one(folder: int, tmp_path: Path) -> None:
    names = ["a" * 255, "a" * 254 + "b", "\N{SNOWMAN}" * 85]
    parts = [part_files.part_name(name) for name in names]
    assert len(set(parts)) == 3
    for name, part in zip(names, parts, strict=True):
        with part_files.reserved(folder, part, part) as descriptor:
            part_files.settle(descriptor, folder, part, name, name)
    assert sorted(os.listdir(tmp_path)) == sorted(names)


@pytest.mark.parametrize("call", ["renameat2", "link"])
def test_nothing_is_written_over(folder: int, tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if call == "link":
        monkeypatch.setattr(part_files.ctypes, "CDLL", lambda *_words, **_more: object())
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    (tmp_path / "y").write_text("other", encoding="utf-8")
    with pytest.raises(FileExistsError):
        part_files.rename(folder, "y", "x")
    part_files.rename(folder, "y", "z")
    assert (tmp_path / "x").read_text(encoding="utf-8") == "mine"
    assert sorted(os.listdir(tmp_path)) == ["x", "z"]


def test_what_was_put_in_its_place_meanwhile_is_not_taken(folder: int, tmp_path: Path) -> None:
    with part_files.reserved(folder, PART, PART) as descriptor:
        os.unlink(tmp_path / PART)
        (tmp_path / PART).write_text("forged", encoding="utf-8")
        with pytest.raises(VirtfleetError, match="somebody took away"):
            part_files.settle(descriptor, folder, PART, "x", "x")
    assert os.listdir(tmp_path) == [PART]


def test_a_nameless_file_without_o_tmpfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str, flags: int, *more: int, **options: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not here")
        return real(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", refuse)
    descriptor = part_files.nameless(str(tmp_path))
    monkeypatch.undo()
    assert os.fstat(descriptor).st_nlink == 0
    assert os.listdir(tmp_path) == []
    os.close(descriptor)


def test_a_disk_that_a_guest_writes_to_is_not_copied(tmp_path: Path) -> None:
    path = secret(tmp_path / "disk")
    with path.open("rb+") as held:
        fcntl.fcntl(held, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 101, 1, 0))
        with pytest.raises(Unfit, match="in use by a running guest"):
            part_files.open_image(str(path))
    descriptor, size = part_files.open_image(str(path))
    os.close(descriptor)
    assert size == 6


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "disk"
    path.write_bytes(b"a" * 3 * sparse_copy.CHUNK)
    source, size = part_files.open_image(str(path))
    target = part_files.nameless(str(tmp_path))
    real = os.pread

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        with path.open("ab") as grown:
            grown.write(b"more")
        return real(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", pread)
    with pytest.raises(Unfit, match="changed while it was read"):
        sparse_copy.copy(source, target, size, sparse_copy.Room(target))
    os.close(source)
    os.close(target)


def test_a_copy_keeps_holes(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.write(b"a" * 4096)
        file.truncate(1 << 30)
    source, size = part_files.open_image(str(path))
    target = part_files.nameless(str(tmp_path))
    sparse_copy.copy(source, target, size, sparse_copy.Room(target))
    assert os.fstat(target).st_size == 1 << 30
    assert os.fstat(target).st_blocks * 512 < 1 << 20
    assert os.pread(target, 5000, 0) == b"a" * 4096 + bytes(904)
    os.close(source)
    os.close(target)


def python(text: str) -> list[str]:
    return [sys.executable if os.geteuid() else "/usr/bin/python3", "-c", text]


def tool(text: str, limits: Limits | None = None, files: tuple[int, ...] = ()) -> str:
    """Run a small program as a tool."""
    return sandbox.run(python(text), limits or Limits(20, 1 << 20), files)


@ROOT
def test_a_tool_has_no_rights(tmp_path: Path) -> None:
    said = tool("print(open('/proc/self/status').read())")
    status = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(sandbox.USER)] * 4
    assert status["Gid"].split() == [str(sandbox.USER)] * 4
    assert status["Groups"].strip() == ""
    assert status["CapEff"].strip("0") == status["CapBnd"].strip("0") == status["CapPrm"].strip("0") == ""
    assert status["NoNewPrivs"] == "1"
    with pytest.raises(ToolFailed, match="Permission denied"):
        tool("open('/etc/shadow')")
    assert tool("import os; print(sorted(os.environ))").split() == ["['LC_ALL',", "'MALLOC_ARENA_MAX',", "'PATH']"]


@ROOT
def test_a_tool_has_no_network() -> None:
    said = tool("import socket; print([name for _n, name in socket.if_nameindex()])")
    assert said.strip() == "['lo']"


def test_a_tool_is_ended_in_time() -> None:
    start = time.monotonic()
    with pytest.raises(ToolFailed, match=r"took more than 1 s"):
        tool("import time; time.sleep(60)", Limits(1, 1 << 20))
    with pytest.raises(ToolFailed, match=r"took more than 1 s"):
        tool("while True: pass", Limits(1, 1 << 20))
    assert time.monotonic() - start < 20


def test_a_tool_writes_no_more_than_it_may(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), sandbox.USER, sandbox.USER)
        text = (
            f"import os, signal; signal.signal(25, signal.SIG_DFL); os.pwrite({file.fileno()}, bytes(1 << 21), 1 << 20)"
        )
        with pytest.raises(ToolFailed, match="would write more than"):
            tool(text, Limits(20, 1 << 20), (file.fileno(),))
    assert (tmp_path / "x").stat().st_size <= 1 << 20


def test_a_tool_takes_no_more_memory_than_it_may() -> None:
    with pytest.raises(ToolFailed, match="MemoryError"):
        tool("x = bytearray(3 << 30)")


def test_what_a_tool_prints_has_an_end() -> None:
    assert len(tool("print('x' * 10_000_000)")) <= 2 * sandbox.KEPT
    with pytest.raises(ToolFailed) as caught:
        tool("import sys; sys.exit('\\x1b[31m' + 'x' * 10_000_000)")
    assert len(str(caught.value)) < 600
    assert str(caught.value).isprintable()


def test_what_looks_on_ends_a_tool(tmp_path: Path) -> None:
    def look() -> None:
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        sandbox.run(python("import time; print(1, flush=True); time.sleep(60)"), Limits(20, 1), look=look)
    mine = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())], check=False, capture_output=True, text=True
    )
    assert "time.sleep(60)" not in mine.stdout


def test_where_a_container_allows_nothing_a_tool_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.wrapping.cache_clear()
    monkeypatch.setattr(sandbox, "works", lambda words: False)
    try:
        assert sandbox.wrapping(os.geteuid()) == ((), None)
        assert tool("print(42)").strip() == "42"
    finally:
        sandbox.wrapping.cache_clear()

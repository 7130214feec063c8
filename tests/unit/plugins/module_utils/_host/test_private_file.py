# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that cannot be replaced is found before anything is done that has to be noted in it."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.private_file import PrivateFile

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount and set attributes")
NAMES = ("list", "list.new", ".")


def run(*command: str) -> bool:
    """Whether a command succeeded."""
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=20).returncode == 0
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def attribute(letter: str, path: Path) -> Iterator[None]:
    """A file or folder with an attribute. Skips where the file system has none."""
    if not run("chattr", f"+{letter}", str(path)):
        pytest.skip("no attributes here")
    try:
        yield
    finally:
        run("chattr", f"-{letter}", str(path))


@contextlib.contextmanager
def mounted(source: Path, path: Path) -> Iterator[None]:
    """A file mounted on another. Skips where nothing can be mounted."""
    if not run("mount", "--bind", str(source), str(path)):
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        run("umount", str(path))


def held(folder: Path, old: bytes | None) -> PrivateFile:
    """The file, which has been written already unless it is None."""
    file = PrivateFile(str(folder), "list", "the list", "process 1")
    with file.locked() as handle:
        if old is not None:
            file.put(handle, old)
    return file


def refused(file: PrivateFile, path: Path, old: bytes | None) -> None:
    """Check mode and the trial say the same, with the path; the file stays as it is, and cannot be written indeed."""
    told = set()
    for call in (file.check, file.prepare):
        with pytest.raises(VirtfleetError) as caught:
            call()
        told.add(str(caught.value))
    assert len(told) == 1
    assert str(path) in told.pop()
    assert file.read() == old
    with pytest.raises(VirtfleetError), file.locked() as handle:
        file.put(handle, b"new")
    assert file.read() == old


@NEEDS_ROOT
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("letter", ["i", "a"])
@pytest.mark.parametrize("old", [b"old", b""])
def test_an_attribute_that_keeps_it_from_being_replaced_is_found(
    tmp_path: Path, name: str, letter: str, old: bytes
) -> None:
    folder = tmp_path / "own"
    file, path = held(folder, old), folder / name
    if name == "list.new":
        path.touch(0o600)
    with attribute(letter, path):
        refused(file, folder / "list.new" if name == "list.new" else folder / "list", old)
    file.prepare()


@NEEDS_ROOT
@pytest.mark.parametrize("letter", ["i", "a"])
def test_a_folder_that_keeps_what_is_in_it_is_found_before_there_is_a_file(tmp_path: Path, letter: str) -> None:
    folder = tmp_path / "own"
    file = held(folder, None)
    with attribute(letter, folder):
        for call in (file.check, file.prepare):
            with pytest.raises(VirtfleetError, match="its folder has the attribute immutable or append-only"):
                call()
        assert os.listdir(folder) == [".lock"]


@NEEDS_ROOT
@pytest.mark.parametrize("name", ["list", "list.new"])
def test_what_something_is_mounted_on_is_found(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "own"
    file, path = held(folder, b"old"), folder / name
    (tmp_path / "other").write_bytes(b"old")
    path.touch(0o600)
    os.chmod(tmp_path / "other", 0o600)
    with mounted(tmp_path / "other", path):
        refused(file, path, b"old")
    file.prepare()


@pytest.mark.parametrize("full", [False, True])
def test_a_folder_in_the_place_of_the_new_file_is_found(tmp_path: Path, full: bool) -> None:
    folder = tmp_path / "own"
    file, path = held(folder, b"old"), folder / "list.new"
    path.mkdir()
    if full:
        (path / "theirs").touch()
    refused(file, path, b"old")
    assert path.is_dir()


@pytest.mark.parametrize(("call", "old"), [("rename", b"old"), ("rename", b""), ("unlink", None)])
def test_what_nobody_can_know_before_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, old: bytes | None
) -> None:
    """A rule of a security module, for example. A file that is not there yet has no name to be replaced."""
    folder = tmp_path / "own"
    file = held(folder, old)
    real = getattr(os, call)

    def broken(path: str, *args: object, **options: object) -> object:
        if os.path.basename(path).startswith("list") and os.path.lexists(folder / path):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    with monkeypatch.context() as context:
        context.setattr(os, call, broken)
        with pytest.raises(VirtfleetError, match=r"list, cannot be written: Permission denied"):
            file.prepare()
    file.prepare()
    assert file.read() == old


@pytest.mark.parametrize("size", [0, 1, 70_000])
def test_the_trial_leaves_what_it_holds(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    file = held(tmp_path / "own", content)
    file.prepare()
    assert file.read() == content
    assert sorted(os.listdir(tmp_path / "own")) == [".lock", "list"]
    assert os.stat(file.path).st_mode & 0o777 == 0o600


def test_a_lock_on_a_read_only_file_system_is_not_to_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = held(tmp_path / "own", b"old")
    opened = os.open

    def no_writing(path: Any, flags: int, *given: Any, **named: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return opened(path, flags, *given, **named)

    monkeypatch.setattr(os, "open", no_writing)
    with pytest.raises(VirtfleetError, match="cannot be opened: Read-only file system: its file system is read-only"):
        file.check()

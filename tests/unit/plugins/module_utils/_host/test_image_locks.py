# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether QEMU has an image open is known by its locks, as QEMU's own programs take them."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import image_locks
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_locks import opened_by
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source
from ansible_collections.virtfleet.kvm.tests.unit.opened import HAS_NBD, exported, lock


@pytest.fixture
def image(tmp_path: Path) -> Path:
    made = tmp_path / "disk.raw"
    made.write_bytes(bytes(1024 * 1024))
    return made


def test_an_image_that_nobody_has_open(image: Path) -> None:
    assert opened_by(str(image)) is None


@pytest.mark.skipif(not HAS_NBD, reason="qemu-nbd is not installed")
@pytest.mark.parametrize("options", [[], ["--read-only"], ["--shared=3"]])
def test_an_image_that_qemu_nbd_has_open(image: Path, options: list[str]) -> None:
    with exported(image, *options) as process:
        assert opened_by(str(image), 0) == f"qemu-nbd (process {process}), which has it open"
        image.with_name("link").symlink_to(image)
        os.link(image, image.with_name("hard"))
        for name in ("link", "hard"):
            assert f"process {process}" in str(opened_by(str(image.with_name(name)), 0))
    assert opened_by(str(image)) is None


@pytest.mark.parametrize("byte", [100, 101, 103, 200, 204])
def test_any_byte_that_qemu_locks(image: Path, byte: int) -> None:
    with image.open("rb+") as file:
        lock(file.fileno(), byte)
        assert opened_by(str(image), 0) == "a process, which has it open"
    assert opened_by(str(image), 0) is None


@pytest.mark.parametrize("byte", [0, 99, 205])
def test_locks_of_others_are_none_of_qemus(image: Path, byte: int) -> None:
    with image.open("rb+") as file:
        lock(file.fileno(), byte)
        assert opened_by(str(image), 0) is None


def test_to_look_at_an_image_takes_a_moment(image: Path) -> None:
    """qemu-img has it open for that long, and does not count."""
    file = image.open("rb+")
    lock(file.fileno(), 100)
    timer = threading.Timer(0.2, file.close)
    timer.start()
    started = time.monotonic()
    assert opened_by(str(image), 20) is None
    assert time.monotonic() - started < 10


def test_a_file_system_without_locks_tells_nothing(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert opened_by(str(image), 0) is None


def test_only_files_and_block_devices_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none", "/dev/null", "\0"):
        assert opened_by(str(path)) is None


def test_the_layout_of_a_lock() -> None:
    """It is that of fcntl(2) where a file's offsets have 64 bits."""
    assert image_locks.LOCK.size == struct.calcsize("hhqqi4x") == 32


def refused(source: Source, folder: Path) -> str:
    """Why no volume is made of an image."""
    with pytest.raises(VirtfleetError) as caught:
        volume_image.make(str(folder / "copy.raw"), source, "raw", None)
    assert not (folder / "copy.raw").exists()
    return str(caught.value)


HOLD = """
import fcntl, struct, sys
file = open(sys.argv[1], "rb+")
fcntl.fcntl(file.fileno(), fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 101, 1, 0))
print("has it", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("words", "who"),
    [
        (["-name", "guest=web01,debug-threads=on"], "guest web01, which may write to it; stop it first"),
        (["-name", "guest=a,,b,debug-threads=on"], "guest a,b, which may write to it; stop it first"),
        (["-name", "guest=web01"], "guest web01, which may write to it; stop it first"),
        (["-name", "web01"], "a running guest, which may write to it; stop the guest first"),
        ([], "a running guest, which may write to it; stop the guest first"),
    ],
)
def test_the_guest_that_has_an_image_open_is_named(image: Path, words: list[str], who: str) -> None:
    command = [sys.executable, "-c", HOLD, str(image), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "has it\n"
        for what in ("image", "volume"):
            told = refused(Source(str(image), verbatim=True, what=what), image.parent)
            assert told == f"the {what} {image} is in use by {who}"
        process.communicate("")

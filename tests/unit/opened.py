# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that a program has open: by QEMU's own qemu-nbd, or by the lock that it would take."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HAS_NBD = shutil.which("qemu-nbd") is not None


@contextlib.contextmanager
def exported(image: Path, *options: str) -> Iterator[int]:
    """An image while qemu-nbd has it open; the number of the process."""
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "socket")
        command = ["qemu-nbd", "--persistent", f"--socket={socket}", "--format=raw", *options, str(image)]
        with subprocess.Popen(command) as process:
            try:
                deadline = time.monotonic() + 30
                while f":{image.stat().st_ino} " not in Path("/proc/locks").read_text(encoding="ascii"):
                    assert process.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
                yield process.pid
            finally:
                process.kill()


def lock(descriptor: int, byte: int) -> None:
    """Lock a byte of an open file as QEMU does (its block/file-posix.c)."""
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, byte, 1, 0))


@contextlib.contextmanager
def held(path: Path, mode: str) -> Iterator[int]:
    """A file while a process has it open that is none of QEMU's and locks nothing; the number of the process."""
    code = f"import sys; file = open({str(path)!r}, {mode!r}); print(flush=True); sys.stdin.read()"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-I", "-c", code], **pipes) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate()

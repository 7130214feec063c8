# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a seed: a FAT file system with the label by which cloud-init finds it (mtools(1)).

Files on a seed may hold secrets. So they are never on a disk but in the image itself: the tools get all as memory.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import typing as t

from .._errors import VirtfleetError
from .sandbox import ENVIRONMENT, Limits, ToolFailed, run

LABEL = "CIDATA"
PACKAGE = "mtools"
TOOLS = ("mformat", "mcopy", "mdir")

SECTOR = 512
STEP = 1024**2
"""Bytes of which an image has a multiple."""
LARGEST = 64 * 1024**2
"""Bytes of an image that is read."""

MISSING = (
    f"{PACKAGE} is missing on this host, by which seeds are made and read: install the package {PACKAGE}"
    " (the role host does)"
)
LISTED = re.compile(r"::/([!-~]{1,60})")


def missing() -> str | None:
    """What to say where the host lacks the tools; None where it has them."""
    found = all(shutil.which(tool, path=ENVIRONMENT["PATH"]) for tool in TOOLS)
    return None if found else MISSING


def size_of(files: t.Mapping[str, bytes]) -> int:
    """The bytes of an image that holds files: twice their own for clusters that are not full, and tables."""
    return -(-(sum(map(len, files.values())) * 5 // 4 + STEP // 2) // STEP) * STEP


def made(files: t.Mapping[str, bytes]) -> bytes:
    """The image of a seed. Raises VirtfleetError where a tool fails."""
    size = size_of(files)
    with memory() as image:
        os.ftruncate(image, size)
        tool(["mformat", "-i", place(image), "-T", str(size // SECTOR), "-v", LABEL, "::"], (image,))
        for name, content in files.items():
            with memory(content) as file:
                tool(["mcopy", "-o", "-i", place(image), place(file), f"::{name}"], (image, file))
        return os.pread(image, size, 0)


def read(image: bytes) -> dict[str, bytes] | None:
    """The files on a seed; None for what is no such image."""
    with memory(image) as descriptor:
        try:
            listed = tool(["mdir", "-b", "-i", place(descriptor), "::"], (descriptor,)).decode(errors="replace")
            names = [found[1] for found in map(LISTED.fullmatch, listed.split("\n")) if found is not None]
            return {
                name: tool(["mcopy", "-n", "-i", place(descriptor), f"::{name}", "-"], (descriptor,)) for name in names
            }
        except ToolFailed:
            return None


def tool(words: t.Sequence[str], files: t.Sequence[int]) -> bytes:
    """Run a tool on files in memory; what it prints. Raises Failed without what it said: that may quote a file."""
    printed = bytearray()
    try:
        run(words, Limits.for_bytes(LARGEST, LARGEST), files, take=printed.extend)
    except ToolFailed as error:
        if error.status is None:
            raise
        raise ToolFailed(f"{words[0]} failed with status {error.status}", error.status) from None
    return bytes(printed)


@contextlib.contextmanager
def memory(content: bytes = b"") -> t.Iterator[int]:
    """A file that is nowhere but in memory, and gone with the process; its descriptor."""
    descriptor = os.memfd_create("seed", os.MFD_CLOEXEC)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        yield descriptor
    finally:
        os.close(descriptor)


def place(descriptor: int) -> str:
    """The path by which a tool opens a file that it gets."""
    return f"/proc/self/fd/{descriptor}"


def content_of(path: str) -> bytes | None:
    """The bytes of an image on the host; None where it is no file of bearable size, or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        state = os.fstat(descriptor)
        whole = stat.S_ISREG(state.st_mode) and state.st_size <= LARGEST
        return os.pread(descriptor, LARGEST, 0) if whole else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def require() -> None:
    """Raises VirtfleetError where the host lacks the tools."""
    told = missing()
    if told is not None:
        raise VirtfleetError(told)

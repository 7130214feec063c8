# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a seed: a FAT file system with the label by which the guest finds it (mtools(1)).

A config drive is a partition of a disk: Windows mounts no file system that begins where a fixed disk does.

Files on a seed may hold secrets. So they are never on a disk but in the image itself: the tools get all as memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import struct
import typing as t

from .._errors import VirtfleetError
from .sandbox import ENVIRONMENT, Limits, ToolFailed, run

LABEL = "CIDATA"
DRIVE_LABEL = "CONFIG-2"
"""The label of a config drive (of OpenStack)."""

PACKAGE = "mtools"
TOOLS = ("mformat", "mmd", "mcopy", "mdir")

SECTOR = 512
FAT = 0x0E
"""The type of a partition with FAT whose place is given by numbers of sectors."""
STEP = 1024**2
"""Bytes of which an image has a multiple."""
LARGEST = 64 * 1024**2
"""Bytes of an image that is read."""
START = STEP
"""Where the partition of a config drive begins."""

MISSING = (
    f"{PACKAGE} is missing on this host, by which seeds are made and read: install the package {PACKAGE}"
    " (the role host does)"
)
LISTED = re.compile(r"::/([!-~]{0,59}[!-.0-~])")
"""A file, and no folder, in a list."""


def missing() -> str | None:
    """What to say where the host lacks the tools; None where it has them."""
    found = all(shutil.which(tool, path=ENVIRONMENT["PATH"]) for tool in TOOLS)
    return None if found else MISSING


def size_of(files: t.Mapping[str, bytes]) -> int:
    """The bytes of an image that holds files: twice their own for clusters that are not full, and tables."""
    inside = -(-(sum(map(len, files.values())) * 5 // 4 + STEP // 2) // STEP) * STEP
    return inside + (START if folders_of(files) else 0)


def folders_of(files: t.Iterable[str]) -> list[str]:
    """The folders that files are in, the outer ones first. Only a config drive has some."""
    found: dict[str, None] = {}
    for name in files:
        names = name.split("/")[:-1]
        found.update(dict.fromkeys("/".join(names[: size + 1]) for size in range(len(names))))
    return list(found)


def partitions(size: int, sign: bytes) -> bytes:
    """The first sector of a disk with one partition, up to its end (a master boot record).

    :param size: the bytes of the disk
    :param sign: four bytes by which Windows tells it from other disks; where they are null it writes some
    """
    beyond = b"\xfe\xff\xff"  # No cylinder, head and sector: the numbers that follow count.
    entry = struct.pack("<B3sB3sII", 0, beyond, FAT, beyond, START // SECTOR, (size - START) // SECTOR)
    return b"\0" * 440 + sign + b"\0\0" + entry + b"\0" * 48 + b"\x55\xaa"


def start_in(image: bytes) -> int:
    """Where the file system in an image begins: that of a seed without partitions begins with a jump."""
    return START if image[:1] == b"\0" else 0


def image_of(files: t.Mapping[str, bytes]) -> bytes:
    """The image of a seed. Raises VirtfleetError where a tool fails."""
    size, folders = size_of(files), folders_of(files)
    start, label = (START, DRIVE_LABEL) if folders else (0, LABEL)
    with memory() as image:
        os.ftruncate(image, size)
        inside = path_of(image, start)
        more = ["-H", str(start // SECTOR)] if start else []
        tool(["mformat", "-i", inside, "-T", str((size - start) // SECTOR), *more, "-v", label, "::"], (image,))
        for folder in folders:
            tool(["mmd", "-i", inside, f"::{folder}"], (image,))
        for name, content in files.items():
            with memory(content) as file:
                tool(["mcopy", "-o", "-i", inside, path_of(file), f"::{name}"], (image, file))
        if start:
            sign = hashlib.sha256(os.pread(image, size, 0)).digest()[:4]
            os.pwrite(image, partitions(size, sign), 0)
        return os.pread(image, size, 0)


def read(image: bytes) -> dict[str, bytes] | None:
    """The files on a seed; None for what is no such image."""
    with memory(image) as descriptor:
        try:
            inside = path_of(descriptor, start_in(image))
            listed = tool(["mdir", "-/", "-b", "-i", inside, "::"], (descriptor,)).decode(errors="replace")
            names = [found[1] for found in map(LISTED.fullmatch, listed.split("\n")) if found is not None]
            return {name: tool(["mcopy", "-n", "-i", inside, f"::{name}", "-"], (descriptor,)) for name in names}
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


def path_of(descriptor: int, start: int = 0) -> str:
    """The path by which a tool opens a file that it gets.

    :param start: where in it the file system begins
    """
    return f"/proc/self/fd/{descriptor}" + (f"@@{start}" if start else "")


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
    problem = missing()
    if problem is not None:
        raise VirtfleetError(problem)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write bytes into an open file, with holes where they are zero, and only as far as there is room."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import typing as t

from . import meter, waiting_caller
from .image_format import LARGEST, Unfit

CHUNK = 1024**2


GRAIN = 64 * 1024
"""Bytes that become a hole where all of them are zero."""


FICLONE = 0x40049409
"""Of linux/fs.h."""


class Room:
    """The space that may be taken in a folder: what is free, but for a reserve that guests may need.

    :ivar free: bytes that may be taken
    """

    SHARE, RESERVE = 50, 1024**3
    """The reserve: a fiftieth of the file system, at most 1 GiB."""

    def __init__(self, descriptor: int) -> None:
        state = os.fstatvfs(descriptor)
        reserve = min(state.f_blocks * state.f_frsize // self.SHARE, self.RESERVE)
        self.free = max(0, state.f_bavail * state.f_frsize - reserve)

    def hold(self, descriptor: int) -> None:
        """Raises OSError (ENOSPC) where an open file has taken more than that."""
        if os.fstat(descriptor).st_blocks * 512 > self.free:
            self.refuse()

    def refuse(self) -> t.NoReturn:
        """Raise the error of a full file system before it is full."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Writer:
    """Writes an image into an open file; zeros become holes.

    :param room: what it may take
    :param longest: the bytes that it may have
    """

    def __init__(self, descriptor: int, room: Room, longest: int = LARGEST) -> None:
        self.descriptor, self.room, self.longest = descriptor, room, longest
        self.waiting = bytearray()
        self.size = self.written = 0

    def __call__(self, chunk: bytes) -> None:
        """Write on. Raises Unfit beyond the longest, OSError where there is no room."""
        self.waiting += chunk
        if self.size + len(self.waiting) > self.longest:
            raise Unfit(f"has more than the {self.longest} bytes that are taken")
        if len(self.waiting) >= CHUNK:
            self.flush(len(self.waiting) // GRAIN * GRAIN)

    def flush(self, count: int) -> None:
        """Write so much of what waits."""
        view = bytes(self.waiting[:count])
        del self.waiting[:count]
        self.written += put_sparse(self.descriptor, view, self.size, self.room, self.written)
        self.size += count

    def finish(self) -> int:
        """Write the rest; how many bytes there are."""
        self.flush(len(self.waiting))
        os.ftruncate(self.descriptor, self.size)
        return self.size


def put_sparse(descriptor: int, chunk: bytes, offset: int, room: Room, written: int) -> int:
    """Write at an offset what is not zero; how many bytes that took.

    :param written: what was taken before. Raises OSError where both are more than there is room for, Gone (see
        waiting_caller) where nobody waits for it any more.
    """
    waiting_caller.heed()
    taken = 0
    for start in range(0, len(chunk), GRAIN):
        piece = chunk[start : start + GRAIN]
        if piece.count(0) != len(piece):
            taken += len(piece)
            if written + taken > room.free:
                room.refuse()
            put(descriptor, memoryview(piece), offset + start)
    return taken


def put(descriptor: int, piece: memoryview, offset: int) -> None:
    """Write all of it at an offset."""
    while piece:
        count = os.pwrite(descriptor, piece, offset)
        piece, offset = piece[count:], offset + count


def copy(source: int, target: int, size: int, room: Room) -> None:
    """Copy so many bytes of an open file into an empty one, and its holes as holes.

    Raises Unfit where the source changes meanwhile, OSError where there is no room.
    """
    before = os.fstat(source)
    if not cloned(source, target, size):
        written = 0
        for offset, length in extents(source, size):
            chunk = os.pread(source, length, offset)
            if len(chunk) != length:
                raise Unfit("became shorter while it was read")
            written += put_sparse(target, chunk, offset, room, written)
            meter.came(offset + length)
        os.ftruncate(target, size)
    after = os.fstat(source)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unfit("changed while it was read; stop what writes to it")


def cloned(source: int, target: int, size: int) -> bool:
    """Whether the target shares now the blocks of the source, which btrfs and XFS can (ioctl_ficlone(2))."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return os.fstat(target).st_size == size


def extents(descriptor: int, size: int) -> t.Iterator[tuple[int, int]]:
    """Where an open file has data, in pieces of bearable length: offset and length."""
    offset = 0
    while offset < size:
        try:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
            end = min(os.lseek(descriptor, start, os.SEEK_HOLE), size)
        except OSError as error:
            if error.errno == errno.ENXIO and stat.S_ISREG(os.fstat(descriptor).st_mode):
                return  # Nothing but a hole is left.
            start, end = offset, size
        for place in range(start, end, CHUNK):
            yield place, min(CHUNK, end - place)
        offset = max(end, offset + 1)

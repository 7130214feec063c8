# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots inside a qcow2 image, and whether its disk was written since (QEMU's docs/interop/qcow2.txt).

A snapshot keeps the L1 table that the disk had. A first write to any cluster after it makes a new L2 table, which the
L1 table of the disk then names. So while both tables name the same, nothing was written, whoever took the snapshot.
"""

from __future__ import annotations

import os
import stat
import struct
import typing as t

from .image_format import ReadAt, Unfit
from .qcow2 import EXTENDED, HEADER, KNOWN, L1_BYTES, MORE, SNAPSHOTS, Header, parse

ENTRY = struct.Struct(">QIHHIIQII")
"""L1 table (offset, entries), lengths of ID and name, seconds, nanoseconds, clock of the guest, bytes of the memory,
length of more data."""

EXTRA = 1024
"""The most bytes of more data that QEMU takes (block/qcow2-snapshot.c, QCOW_MAX_SNAPSHOT_EXTRA_DATA)."""

LONGEST = 1023
"""The most bytes that the name of a backing file has."""

COPIED = 1 << 63
"""The bit of an L1 entry that says whether its L2 table is of the disk alone."""


class Inside(t.NamedTuple):
    """A snapshot inside an image.

    :param name: its name
    :param number: its ID, which QEMU takes in place of the name
    :param l1_offset: where its L1 table is
    :param l1_entries: how many entries that has
    :param memory: the bytes of the guest's memory in it, modulo 2^32
    :param size: the bytes of the disk as it was then; None where the image does not say
    :param taken: when it was taken, in seconds since 1970
    """

    name: str
    number: str
    l1_offset: int
    l1_entries: int
    memory: int
    size: int | None = None
    taken: int = 0


class Image:
    """A qcow2 image that is read, and never written.

    :param read: reads bytes of the image

    Raises Unfit for what is no qcow2 image, or cannot be understood.
    """

    def __init__(self, read: ReadAt) -> None:
        self.read = read
        self.header: Header = parse(read(0, HEADER.size + MORE.size))
        if not 9 <= self.header.cluster_bits <= 21 or self.header.features & ~KNOWN:
            raise Unfit("has a header that cannot be understood")

    def snapshots(self) -> list[Inside]:
        """Its snapshots. Raises Unfit for a table that cannot be understood."""
        found = []
        offset = self.header.snapshots_offset
        if self.header.snapshots > SNAPSHOTS:
            raise Unfit("has a table of snapshots that cannot be understood")
        for _index in range(self.header.snapshots):
            l1_offset, entries, id_size, name_size, taken, _nsec, _clock, memory, extra = ENTRY.unpack(
                self.exactly(offset, ENTRY.size)
            )
            if extra > EXTRA:
                raise Unfit("has a table of snapshots that cannot be understood")
            texts = self.exactly(offset + ENTRY.size, extra + id_size + name_size)
            size = int.from_bytes(texts[8:16], "big") if extra >= 16 else None
            number, name = (os.fsdecode(text) for text in (texts[extra:][:id_size], texts[extra + id_size :]))
            found.append(Inside(name, number, l1_offset, entries, memory, size, taken))
            offset += -(-(ENTRY.size + extra + id_size + name_size) // 8) * 8
        return found

    def is_as_in(self, snapshot: Inside) -> bool:
        """Whether the disk is as large as in a snapshot, and nothing was written to it since, or since it went back."""
        if snapshot.size not in (None, self.header.size):
            return False
        return self.table(self.header.l1_offset, self.header.l1_entries) == self.table(
            snapshot.l1_offset, snapshot.l1_entries
        )

    def is_empty(self) -> bool:
        """Whether nothing was written to the image at all, as it is laid over another one."""
        return not any(self.table(self.header.l1_offset, self.header.l1_entries))

    def base(self) -> str | None:
        """What the image says that it is laid over; None where it is laid over nothing."""
        if not self.header.backing_offset:
            return None
        if self.header.backing_length > LONGEST:
            raise Unfit("has a header that cannot be understood")
        return os.fsdecode(self.exactly(self.header.backing_offset, self.header.backing_length))

    def table(self, offset: int, entries: int) -> tuple[int, ...]:
        """The part of an L1 table that is about the disk: behind that stands what is kept of the memory."""
        cluster = self.header.cluster
        entry = 16 if self.header.features & EXTENDED else 8
        of_disk = -(-self.header.size // (cluster // entry * cluster))
        if of_disk * 8 > L1_BYTES or entries < of_disk:
            raise Unfit("has an L1 table that cannot be understood")
        found = struct.unpack(f">{of_disk}Q", self.exactly(offset, of_disk * 8))
        return tuple(word & ~COPIED for word in found)

    def exactly(self, offset: int, length: int) -> bytes:
        """Bytes of the image. Raises Unfit where they are not there."""
        found = self.read(offset, length) if offset < 1 << 62 else b""
        if len(found) != length:
            raise Unfit("is cut off, or points behind its end")
        return found


T = t.TypeVar("T")


def answer_of(path: str, ask: t.Callable[[Image], T]) -> T:
    """What a question to the image at a path is answered with.

    Raises Unfit for what is no qcow2 image, or cannot be understood, OSError where it cannot be read.
    """
    if "\0" in path:
        raise Unfit("has a NUL byte in its name")
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(handle).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISBLK(kind):
            raise Unfit("is neither a file nor a block device")
        return ask(Image(lambda offset, length: os.pread(handle, length, offset)))
    finally:
        os.close(handle)

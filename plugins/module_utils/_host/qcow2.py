# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a qcow2 image, read before any tool opens it (QEMU's docs/interop/qcow2.txt).

A header can name other files: a backing file, a data file. A tool that opens the image opens them,
too. So an image that names any is refused here, as is one whose numbers cannot be true.
"""

from __future__ import annotations

import dataclasses
import struct

from .image_format import LARGEST, QCOW, ReadAt, Unfit

HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
"""Magic, version, backing file (offset, length), cluster bits, size, encryption, L1 table (entries, offset),
refcount table (offset, clusters), snapshots (number, offset)."""
MORE = struct.Struct(">QQQII")
"""Of version 3: features (incompatible, compatible, autoclear), refcount order, length of the header."""

DIRTY, CORRUPT, DATA_FILE, COMPRESSION, EXTENDED = (1 << bit for bit in range(5))
KNOWN = DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED

END, BACKING_FORMAT, DATA_FILE_NAME, CRYPTO = 0, 0xE2792ACA, 0x44415441, 0x0537BE77
"""Types of header extensions."""

L1_BYTES, REFCOUNT_BYTES = 32 * 1024**2, 8 * 1024**2
SNAPSHOTS = 65536
"""The most that QEMU takes (block/qcow2.h): bytes of both tables, number of snapshots."""


@dataclasses.dataclass(frozen=True)
class Header:
    """The fixed part of a header."""

    version: int
    backing_offset: int
    backing_length: int
    cluster_bits: int
    size: int
    encryption: int
    l1_entries: int
    l1_offset: int
    refcount_offset: int
    refcount_clusters: int
    snapshots: int
    snapshots_offset: int
    features: int = 0
    refcount_order: int = 4
    length: int = 72

    @property
    def cluster(self) -> int:
        """The bytes of a cluster."""
        return 1 << self.cluster_bits


def check_qcow2(read: ReadAt, size: int) -> int:
    """Hold a qcow2 image against all that its header may say.

    :param read: reads bytes of the image
    :param size: how many bytes it has
    :return: the bytes of the disk in it

    Raises Unfit for an image that names another file, or cannot be true.
    """
    header = parse(read(0, HEADER.size + MORE.size))
    refuse_names(header)
    refuse_numbers(header)
    extensions(header, read)
    refuse_tables(header, size)
    return header.size


def parse(head: bytes) -> Header:
    """The fixed part of a header. Raises Unfit for what is none, or cut off in it."""
    try:
        magic, *values = HEADER.unpack_from(head)
        header = Header(*values)
        if magic != QCOW or header.version not in (2, 3):
            raise Unfit("is no qcow2 image of version 2 or 3")
        if header.version == 2:
            return header
        features, _compatible, _autoclear, order, length = MORE.unpack_from(head, HEADER.size)
        return dataclasses.replace(header, features=features, refcount_order=order, length=length)
    except struct.error:
        raise Unfit("is cut off in its header") from None


def refuse_names(header: Header) -> None:
    """Raise Unfit for an image that is not whole by itself."""
    if header.backing_offset or header.backing_length:
        raise Unfit("is not whole: it is laid over another file; make it whole with qemu-img convert")
    if header.features & DATA_FILE:
        raise Unfit("is not whole: its data is in another file; make it whole with qemu-img convert")
    if header.encryption:
        raise Unfit("is encrypted; decrypt it with qemu-img convert first")


def refuse_numbers(header: Header) -> None:
    """Raise Unfit for numbers that no image has."""
    if not 9 <= header.cluster_bits <= 21:
        raise Unfit(f"is damaged: its clusters have 2^{header.cluster_bits} bytes")
    if header.features & ~KNOWN:
        raise Unfit("has features that are not known here; make it anew with qemu-img convert -O qcow2")
    if header.features & CORRUPT:
        raise Unfit("is marked as damaged; repair it with qemu-img check -r all")
    if header.features & DIRTY:
        raise Unfit("was not closed; repair it with qemu-img check -r all")
    if header.refcount_order > 6:
        raise Unfit(f"is damaged: its reference counts have 2^{header.refcount_order} bits")
    least = 72 if header.version == 2 else 104
    if header.length < least or header.length > header.cluster or header.length % 8:
        raise Unfit(f"is damaged: its header has {header.length} bytes")
    if header.size == 0:
        raise Unfit("holds a disk of 0 bytes")
    if header.size > LARGEST:
        raise Unfit(f"holds a disk of {header.size} bytes, more than the {LARGEST} bytes (64 TiB) that are taken")


def extensions(header: Header, read: ReadAt) -> None:
    """Walk through the header extensions. Raises Unfit for one that names a file, and where they have no end."""
    offset = header.length
    while offset + 8 <= header.cluster:
        kind, length = struct.unpack(">II", read(offset, 8).ljust(8, b"\0"))
        if kind == END:
            return
        if length > header.cluster - offset - 8:
            raise Unfit("is damaged: an extension of its header is too long")
        if kind == DATA_FILE_NAME:
            raise Unfit("is not whole: it names another file for its data; make it whole with qemu-img convert")
        if kind == CRYPTO:
            raise Unfit("is encrypted; decrypt it with qemu-img convert first")
        offset += 8 + -(-length // 8) * 8


def refuse_tables(header: Header, size: int) -> None:
    """Raise Unfit for tables that are too large, too small, or not in the file."""
    cluster = header.cluster
    l1_bytes, refcount_bytes = header.l1_entries * 8, header.refcount_clusters * cluster
    if l1_bytes > L1_BYTES:
        raise Unfit(f"is damaged: its L1 table has {header.l1_entries} entries")
    if not 0 < refcount_bytes <= REFCOUNT_BYTES:
        raise Unfit(f"is damaged: its table of reference counts has {header.refcount_clusters} clusters")
    if header.snapshots > SNAPSHOTS:
        raise Unfit(f"is damaged: it has {header.snapshots} snapshots")
    entry = 16 if header.features & EXTENDED else 8
    if header.l1_entries * (cluster // entry) * cluster < header.size:
        raise Unfit("is damaged: its L1 table is too small for its disk")
    tables = [("L1 table", header.l1_offset, l1_bytes), ("reference counts", header.refcount_offset, refcount_bytes)]
    if header.snapshots:
        tables.append(("snapshots", header.snapshots_offset, header.snapshots * 40))
    for words, offset, length in tables:
        if offset % cluster or offset < cluster:
            raise Unfit(f"is damaged: its {words} are at {offset}, where they cannot be")
        if offset + length > size:
            raise Unfit(f"is cut off: its {words} are not in it")

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which other files the header of a disk image names. Read as anybody may read it who uses the image.

A guest may write any header into its disk. So a name in one is no proof that a file is used, but
without a proof that it is not, it counts as used. Nothing is opened but the image itself.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import typing as t
import uuid

from .image_format import vmdk_text

FIRST = 64 * 1024
"""Bytes of an image that are read at once, where its first ones tell a format that names others."""
NAME = 4096
"""Bytes that a name may have; QEMU takes 1,023 (docs/interop/qcow2.txt), others more."""

QCOW2_DATA_FILE = 0x44415441
QCOW2_HAS_DATA_FILE = 1 << 2
"""docs/interop/qcow2.txt of QEMU: the type of a header extension, and a bit of the incompatible features."""

SAVED = 1024**2
"""Bytes of the definition of a saved guest that are looked at."""

VHDX_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
VHDX_PARENT = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le
"""MS-VHDX, 2.2.3.2 and 2.6.2.6: the region of metadata, and the item that names a parent."""

EXTENT = re.compile(rb'^[ \t]*(?:RW|RDONLY|NOACCESS)\s+\d+\s+\w+\s+"([^"\n]+)"', re.MULTILINE)
HINT = re.compile(rb'^[ \t]*parentFileNameHint\s*=\s*"([^"\n]*)"', re.MULTILINE)
"""Lines of a VMDK descriptor (Virtual Disk Format 5.0, VMware). Only blanks of the same line may stand before: a guest
may have written 64 KiB of empty lines, and to look on from each of them takes many seconds."""

NO_CONTENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.ENOMEDIUM)
"""Errors by which nobody can read an image, so that nobody uses what it names."""


class NamedImage(t.NamedTuple):
    """What an image names.

    :param names: as they are written in it
    :param doubt: why there may be more; None where all is known
    """

    names: tuple[str, ...] = ()
    doubt: str | None = None


def names_in_image(path: str) -> NamedImage:
    """What the image at a path names; of what is neither a file nor a block device, nothing."""
    try:
        kind = os.stat(path).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISBLK(kind):
            return NamedImage()
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return parse(file)
    except OSError as error:
        return (
            NamedImage() if error.errno in NO_CONTENT else NamedImage((), f"cannot be read: {error.strerror or error}")
        )
    except ValueError:
        return NamedImage()  # A NUL byte in the path: there is no such file.


def parse(file: t.BinaryIO) -> NamedImage:
    """What an open image names, by the format that its first bytes tell. Raises OSError where it cannot be read."""
    first = file.read(len(LONGEST_MAGIC))
    try:
        for magic, reader in READERS:
            if first.startswith(magic):
                first += file.read(FIRST - len(first))
                return NamedImage(tuple(dict.fromkeys(os.fsdecode(name) for name in reader(file, first) if name)))
        if first.strip()[:1] in (b"", b"#", b"v", b"V"):
            first += file.read(FIRST - len(first))
            if vmdk_text(first):
                return NamedImage(tuple(dict.fromkeys(os.fsdecode(name) for name in descriptor(file, first) if name)))
    except (struct.error, ValueError, OverflowError) as error:
        return NamedImage((), f"has a header that cannot be understood ({error})")
    return NamedImage()


def bytes_at(file: t.BinaryIO, offset: int, length: int) -> bytes:
    """Bytes of a file. Raises ValueError where they are not there, or too many."""
    if length > FIRST or offset >= 1 << 62:
        raise ValueError("it points far away")
    file.seek(offset)
    found = file.read(length)
    if len(found) < length:
        raise ValueError("it points behind its end")
    return found


def name_at(file: t.BinaryIO, offset: int, length: int) -> bytes:
    """A name in a file. Raises ValueError where there is none that could be one."""
    if length > NAME:
        raise ValueError(f"a name of {length} bytes")
    return bytes_at(file, offset, length).rstrip(b"\0")


def qcow(file: t.BinaryIO, first: bytes) -> t.Iterator[bytes]:
    """qcow and qcow2: the base, and the file that has the data."""
    version, offset, length = struct.unpack_from(">IQI", first, 4)
    if offset and length:
        yield name_at(file, offset, length)
    if version < 2:
        return
    features, position = 0, 72
    if version > 2:
        (features,) = struct.unpack_from(">Q", first, 72)
        (position,) = struct.unpack_from(">I", first, 100)
    data = features & QCOW2_HAS_DATA_FILE
    end = min(offset or len(first), len(first))
    while position + 8 <= end:
        kind, size = struct.unpack_from(">II", first, position)
        if kind == 0:
            break
        if kind == QCOW2_DATA_FILE:
            yield first[position + 8 : position + 8 + size].rstrip(b"\0")
            data = 0
        position += 8 + (size + 7) // 8 * 8
    if data:
        raise ValueError("it has its data in a file that it does not name")


def qed(file: t.BinaryIO, first: bytes) -> t.Iterator[bytes]:
    """QED (docs/interop/qed_spec.rst of QEMU): the base."""
    (features,) = struct.unpack_from("<Q", first, 16)
    offset, length = struct.unpack_from("<II", first, 56)
    if features & 1 and length:
        yield name_at(file, offset, length)


def vmdk(file: t.BinaryIO, first: bytes) -> t.Iterator[bytes]:
    """A sparse extent of VMDK: what the descriptor in it names."""
    offset, sectors = struct.unpack_from("<QQ", first, 28)
    if offset:
        if sectors * 512 > FIRST:
            raise ValueError(f"a descriptor of {sectors} sectors")
        file.seek(min(offset * 512, 1 << 62))
        yield from descriptor(file, file.read(sectors * 512))


def descriptor(file: t.BinaryIO, text: bytes) -> t.Iterator[bytes]:
    """A descriptor of VMDK: its extents, and the parent."""
    yield from (found.replace(b"\\", b"/") for found in EXTENT.findall(text))
    yield from (found.replace(b"\\", b"/") for found in HINT.findall(text))


def vpc(file: t.BinaryIO, first: bytes) -> t.Iterator[bytes]:
    """VHD (Virtual Hard Disk Image Format Specification, Microsoft): the parent of a differencing disk."""
    (kind,) = struct.unpack_from(">I", first, 60)
    if kind == 4 and first[512:520] == b"cxsparse":
        yield from spellings(first[576 : 576 + 512].decode("utf-16-be", "replace"))


def vhdx(file: t.BinaryIO, first: bytes) -> t.Iterator[bytes]:
    """VHDX (MS-VHDX): the parent of a differencing disk."""
    regions = bytes_at(file, 192 * 1024, 4096)
    (count,) = struct.unpack_from("<I", regions, 8)
    for index in range(min(count, 100)):
        kind, offset = struct.unpack_from("<16sQ", regions, 16 + 32 * index)
        if kind != VHDX_METADATA:
            continue
        table = bytes_at(file, offset, 4096)
        (entries,) = struct.unpack_from("<H", table, 10)
        for entry in range(min(entries, 100)):
            item, place, length = struct.unpack_from("<16sII", table, 32 + 32 * entry)
            if item == VHDX_PARENT:
                yield from locator(bytes_at(file, offset + place, length))


def locator(item: bytes) -> t.Iterator[bytes]:
    """A parent locator of VHDX: the values of its keys, of which some are paths."""
    (count,) = struct.unpack_from("<H", item, 18)
    for index in range(count):
        _key, value, _size, length = struct.unpack_from("<IIHH", item, 20 + 12 * index)
        yield from spellings(item[value : value + length].decode("utf-16-le", "replace"))


def saved(file: t.BinaryIO, first: bytes) -> t.Iterator[bytes]:
    """A guest that was saved into a file (libvirt's src/qemu/qemu_saveimage.h): what its definition names."""
    from xml.sax.saxutils import unescape  # It loads all that talks HTTP, and hardly a host has such a file.

    (length,) = struct.unpack_from("=I", first, 20)
    file.seek(92)
    for name in re.findall(rb"='(/[^'\0]*)'", file.read(min(length, SAVED))):
        yield os.fsencode(unescape(os.fsdecode(name)))


def spellings(name: str) -> t.Iterator[bytes]:
    """A path as Windows writes it: as one of this host, and its last part, which is what is beside the image."""
    path = name.rstrip("\0").replace("\\", "/")
    if path:
        yield os.fsencode(path)
        yield os.fsencode(os.path.basename(path))


SAVED_STATES = (b"LibvirtQemudSave", b"LibvirtQemudPart")
"""How a file begins in which libvirt keeps the memory of a guest; the second while it is written (qemu_saveimage.h)."""

Reader = t.Callable[[t.BinaryIO, bytes], t.Iterator[bytes]]
READERS: tuple[tuple[bytes, Reader], ...] = (
    (b"QFI\xfb", qcow),
    (b"QED\0", qed),
    (b"KDMV", vmdk),
    (b"#", descriptor),
    (b"conectix", vpc),
    (b"vhdxfile", vhdx),
    *((magic, saved) for magic in SAVED_STATES),
)
"""Formats that name other files. Others (raw, VDI, Parallels, LUKS, dmg, bochs, cloop) have no place for a name."""

LONGEST_MAGIC = max((magic for magic, _reader in READERS), key=len)

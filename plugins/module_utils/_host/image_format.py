# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bytes of an image are, told by magic numbers from a short list. Opens nothing and runs nothing.

A disk is qcow2, or raw with a sign of something that a machine can use: a partition table, a boot
sector, a file system. All else has a name here, so that a refusal can say what came instead.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._errors import VirtfleetError

LARGEST = 64 * 1024**4
"""The most bytes that an image, or the disk in it, may have: 64 TiB."""

HEAD = 4096
"""How many of the first bytes are looked at for a text."""

QCOW = b"QFI\xfb"
LUKS = b"LUKS\xba\xbe"

ReadAt = t.Callable[[int, int], bytes]
"""Reads so many bytes at an offset; fewer at the end of the file."""


class Unfit(VirtfleetError):
    """An image that is refused; its text goes on after the name of the image: ``is a web page``."""


@dataclasses.dataclass(frozen=True)
class Content:
    """What an image is.

    :param kind: ``qcow2``, ``raw``, ``iso``, a compression (``gz``, ``xz``, ``bz2``, ``zst``), ``other`` for an
        image of a format that is not taken, or ``none`` for what is no disk
    :param words: the same for people, such as ``an ext4 file system``
    """

    kind: str
    words: str


COMPRESSIONS = (
    (b"\x1f\x8b\x08", "gz"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
)
"""RFC 1952, section 2.3.1; the .xz file format, 2.1.1.1; RFC 8878, section 3.1.1."""

BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")
ZSTD_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)

OTHERS = (
    (0, b"KDMV", "an image of VMware (VMDK)"),
    (0, b"COWD", "an image of VMware (VMDK)"),
    (64, b"\x7f\x10\xda\xbe", "an image of VirtualBox (VDI)"),
    (0, b"conectix", "an image of Virtual PC (VHD)"),
    (0, b"vhdxfile", "an image of Hyper-V (VHDX)"),
    (0, b"QED\0", "an image of QEMU's old format QED"),
    (0, b"WithoutFreeSpace", "an image of Parallels"),
    (0, b"WithouFreSpacExt", "an image of Parallels"),
    (0, b"Bochs Virtual HD Image", "an image of Bochs"),
    (0, b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop", "an image of cloop"),
    (0, b"OOOM", "an image of User-mode Linux (COW)"),
)
"""Images that QEMU knows and that are not taken: offset, magic, words (QEMU's block/*.c, the functions _probe)."""

VMDK_COMMENT = re.compile(rb"(?i)#\s*disk\s+descriptor\s*file")
VMDK_VERSION = re.compile(rb"(?i)version\s*=\s*[123]\b")
"""Lines by which a VMDK descriptor is known, after others that are empty or a comment (QEMU's vmdk_probe)."""

SIGNS = (
    (512, b"EFI PART", "a GPT partition table"),
    (4096, b"EFI PART", "a GPT partition table"),
    (1080, b"\x53\xef", "an ext file system"),
    (0, b"XFSB", "an XFS file system"),
    (65600, b"_BHRfS_M", "a btrfs file system"),
    (4120, b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81", "a bcachefs file system"),
    (1024, b"\x10\x20\xf5\xf2", "an F2FS file system"),
    (1024, b"\xe2\xe1\xf5\xe0", "an EROFS file system"),
    (0, b"hsqs", "a squashfs file system"),
    (0, b"-rom1fs-", "a romfs file system"),
    (0, b"\x45\x3d\xcd\x28", "a cramfs file system"),
    (65588, b"ReIsEr", "a ReiserFS file system"),
    (32768, b"JFS1", "a JFS file system"),
    (3, b"NTFS    ", "an NTFS file system"),
    (3, b"EXFAT   ", "an exFAT file system"),
    (1024, b"H+", "an HFS+ file system"),
    (1024, b"HX", "an HFS+ file system"),
    (9564, b"\x19\x01\x54\x19", "a UFS file system"),
    (66908, b"\x19\x01\x54\x19", "a UFS2 file system"),
    (32769, b"BEA01", "a UDF file system"),
    (0, LUKS, "a LUKS container"),
    (512, b"LABELONE", "an LVM physical volume"),
    (0, b"LABELONE", "an LVM physical volume"),
    (1024, b"LABELONE", "an LVM physical volume"),
    (4096, b"\xfc\x4e\x2b\xa9", "a RAID member"),
    (0, b"\xfc\x4e\x2b\xa9", "a RAID member"),
    (4086, b"SWAPSPACE2", "swap space"),
    (512, b"PM\0\0", "an Apple partition map"),
    (512, b"\x57\x45\x56\x82", "a BSD disk label"),
    (508, b"\xda\xbe", "a Sun disk label"),
)
"""Signs of a raw disk: offset, magic, words (util-linux's libblkid)."""

ISO = (32769, b"CD001")
"""The first volume descriptor (ECMA-119, section 8)."""

NO_DISKS = (
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "a zip archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"!<arch>\n", "a package or library (ar)"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4, which is not taken: compress it with xz, gzip, zstd or bzip2"),
    (0, b"\x5d\0\0", "compressed with lzma, which is not taken: compress it with xz, gzip, zstd or bzip2"),
    (0, b"LZIP", "compressed with lzip, which is not taken: compress it with xz, gzip, zstd or bzip2"),
    (0, b"\x89LZO\0", "compressed with lzop, which is not taken: compress it with xz, gzip, zstd or bzip2"),
    (0, b"\x1f\x9d", "compressed with compress, which is not taken: compress it with xz, gzip, zstd or bzip2"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"070701", "a cpio archive"),
    (0, b"070707", "a cpio archive"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, b"-----BEGIN ", "a key or certificate"),
)
"""What is no disk and often comes in its place: offset, magic, words (file(1))."""

WEB = re.compile(rb"(?i)<(!doctype\s+html|html|head|body|title)\b")


def recognise(read: ReadAt, size: int) -> Content:
    """What an image is by its magic numbers.

    :param read: reads bytes of the image
    :param size: how many bytes it has
    """
    if size == 0:
        return Content("none", "empty")
    head = read(0, HEAD)
    return compression(head) or image(head, read, size) or disk(head, read) or no_disk(head, read)


def compression(head: bytes) -> Content | None:
    """What an image is compressed with; None where it is not."""
    for magic, kind in COMPRESSIONS:
        if head.startswith(magic):
            return Content(kind, f"compressed ({kind})")
    if BZIP2.match(head):
        return Content("bz2", "compressed (bz2)")
    return Content("zst", "compressed (zst)") if ZSTD_SKIPPABLE.match(head) else None


def image(head: bytes, read: ReadAt, size: int) -> Content | None:
    """The format of what is an image with a header of its own; None for what has none."""
    if head.startswith(QCOW):
        version = int.from_bytes(head[4:8], "big")
        if version in (2, 3):
            return Content("qcow2", "a qcow2 image")
        return Content("other", "an image of QEMU's old format qcow" if version == 1 else "a qcow2 image of no version")
    for offset, magic, words in OTHERS:
        if head[offset : offset + len(magic)] == magic:
            return Content("other", words)
    if vmdk_text(head):
        return Content("other", "a descriptor of VMware (VMDK), which names other files")
    if size >= 512 and read(size - 512, 4) == b"koly":
        return Content("other", "an image of macOS (DMG)")
    return None


def vmdk_text(head: bytes) -> bool:
    """Whether bytes begin a VMDK descriptor: a text that names the files with the content."""
    for line in head.split(b"\n"):
        line = line.strip()
        if VMDK_COMMENT.match(line) or VMDK_VERSION.match(line):
            return True
        if line and not line.startswith(b"#"):
            return False
    return False


def disk(head: bytes, read: ReadAt) -> Content | None:
    """What shows that raw bytes are a disk; None where nothing does."""
    offset, magic = ISO
    if read(offset, len(magic)) == magic:
        return Content("iso", "an ISO 9660 image")
    for offset, magic, words in SIGNS:
        if read(offset, len(magic)) == magic:
            return Content("raw", words)
    if head[510:512] == b"\x55\xaa" and not head.startswith(b"MZ"):
        return Content("raw", "a boot sector")
    return None


def no_disk(head: bytes, read: ReadAt) -> Content:
    """What that is which is no disk, as well as it can be told."""
    for offset, magic, words in NO_DISKS:
        if head[offset : offset + len(magic)] == magic:
            return Content("none", words)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if WEB.search(text):
        return Content("none", "a web page")
    if text.startswith(b"<"):
        return Content("none", "an XML document")
    if text[:1] in (b"{", b"["):
        return Content("none", "a JSON document")
    if not head.strip(b"\0"):
        return Content("none", "no disk that can be told: it begins with nothing but zeros")
    if not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head):
        return Content("none", "a text")
    return Content("none", "no disk that can be told: it has no partition table, boot sector or file system")

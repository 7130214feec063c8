# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of images that nobody should open: hostile_images.py FOLDER CANARY.

Each is made here, byte by byte, and comes with a word that its refusal has to say. What can name a file
names the canary, whose content must turn up nowhere.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import json
import lzma
import os
import socket
import struct
import sys
import tarfile
import typing as t
import zipfile
from pathlib import Path

CLUSTER = 65536
DISK = 8 * 1024**2
MAGIC = 0x514649FB

FIELDS = {
    "magic": ("I", 0, MAGIC),
    "version": ("I", 4, 3),
    "backing_offset": ("Q", 8, 0),
    "backing_length": ("I", 16, 0),
    "cluster_bits": ("I", 20, 16),
    "size": ("Q", 24, DISK),
    "encryption": ("I", 32, 0),
    "l1_entries": ("I", 36, 1),
    "l1_offset": ("Q", 40, 3 * CLUSTER),
    "refcount_offset": ("Q", 48, CLUSTER),
    "refcount_clusters": ("I", 56, 1),
    "snapshots": ("I", 60, 0),
    "snapshots_offset": ("Q", 64, 0),
    "incompatible": ("Q", 72, 0),
    "compatible": ("Q", 80, 0),
    "autoclear": ("Q", 88, 0),
    "refcount_order": ("I", 96, 4),
    "header_length": ("I", 100, 104),
}
"""The header of qcow2: type, offset, and the value of an image that is whole (QEMU's docs/interop/qcow2.txt)."""


def qcow2(extensions: t.Sequence[tuple[int, bytes]] = (), names: str = "", **values: int) -> bytes:
    """A qcow2 image whose disk begins with a cluster of sevens; its header is changed by extensions and values.

    :param names: the backing file
    """
    image = bytearray(6 * CLUSTER)
    if names:
        values.update(backing_offset=1024, backing_length=len(names))
        image[1024 : 1024 + len(names)] = names.encode()
    for name, (kind, offset, usual) in FIELDS.items():
        struct.pack_into(f">{kind}", image, offset, values.get(name, usual))
    offset = values.get("header_length", 104) % 512
    for kind, data in extensions:
        padded = data.ljust(-(-len(data) // 8) * 8, b"\0")
        image[offset : offset + 8 + len(padded)] = struct.pack(">II", kind, len(data)) + padded
        offset += 8 + len(padded)
    struct.pack_into(">Q", image, CLUSTER, 2 * CLUSTER)
    struct.pack_into(">6H", image, 2 * CLUSTER, *[1] * 6)
    struct.pack_into(">Q", image, 3 * CLUSTER, 4 * CLUSTER | 1 << 63)
    struct.pack_into(">Q", image, 4 * CLUSTER, 5 * CLUSTER | 1 << 63)
    image[5 * CLUSTER :] = b"\x07" * CLUSTER
    return bytes(image)


def shared_clusters() -> bytes:
    """A qcow2 image whose whole disk is one cluster, again and again: it would grow."""
    image = bytearray(qcow2())
    for entry in range(DISK // CLUSTER):
        struct.pack_into(">Q", image, 4 * CLUSTER + 8 * entry, 5 * CLUSTER | 1 << 63)
    return bytes(image)


def cut_off() -> bytes:
    """A qcow2 image of which the end did not come."""
    return qcow2()[: 5 * CLUSTER]


def out_of_file() -> bytes:
    """A qcow2 image with a cluster that lies far behind its end."""
    image = bytearray(qcow2())
    struct.pack_into(">Q", image, 4 * CLUSTER, 1 << 40 | 1 << 63)
    return bytes(image)


def leaked_and_out_of_file() -> bytes:
    """The same behind so many harmless complaints that the bad one comes late."""
    image = bytearray(leaked())
    struct.pack_into(">Q", image, 4 * CLUSTER, 1 << 40 | 1 << 63)
    return bytes(image)


def leaked() -> bytes:
    """A qcow2 image with clusters that count as used, and nobody uses."""
    image = bytearray(qcow2() + bytes(200 * CLUSTER))
    struct.pack_into(">206H", image, 2 * CLUSTER, *[1] * 206)
    return bytes(image)


def mbr() -> bytes:
    """A raw disk with a partition table."""
    disk = bytearray(1024**2)
    disk[446:462] = bytes((0x80, 0, 2, 0, 0x83, 0, 10, 0)) + struct.pack("<II", 1, 2047)
    disk[510:512] = b"\x55\xaa"
    return bytes(disk)


def iso() -> bytes:
    """An ISO 9660 image, as far as anybody looks."""
    disk = bytearray(64 * 1024)
    disk[32768:32774] = b"\x01CD001"
    return bytes(disk)


def descriptor(canary: str) -> bytes:
    """A VMDK descriptor with a flat extent."""
    return (
        '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n'
        f'RW 8 FLAT "{canary}" 0\nddb.adapterType = "ide"\n'
    ).encode()


def at(offset: int, magic: bytes, size: int = CLUSTER) -> bytes:
    """Zeros with something at an offset."""
    return (bytes(offset) + magic).ljust(size, b"\0")


def archive(kind: str) -> bytes:
    """A tar or zip archive of a disk."""
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as made:
            made.writestr("disk.raw", mbr())
    else:
        with tarfile.open(fileobj=buffer, mode="w") as made_tar:
            entry = tarfile.TarInfo("disk.raw")
            entry.size = len(mbr())
            made_tar.addfile(entry, io.BytesIO(mbr()))
    return buffer.getvalue()


def damaged(packed: bytes) -> bytes:
    """Compressed data with a few bytes changed in its middle."""
    middle = len(packed) // 2
    return packed[:middle] + bytes(byte ^ 0xFF for byte in packed[middle : middle + 8]) + packed[middle + 8 :]


def noise(count: int) -> bytes:
    """Bytes that no compression makes less, the same each time."""
    out, state = bytearray(), 1
    while len(out) < count:
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        out += struct.pack("<I", state >> 32)
    return bytes(out[:count])


def noisy_disk() -> bytes:
    """A raw disk full of noise."""
    return mbr()[:512] + noise(256 * 1024)


@functools.cache
def hostile(canary: str) -> dict[str, tuple[bytes, str]]:
    """All images by name: the bytes, and a word of the refusal."""
    whole = "is not whole"
    backing = json.dumps({"driver": "raw", "file": {"driver": "file", "filename": canary}})
    return {
        "vmdk-flat": (descriptor(canary), "VMDK"),
        "vmdk-comments": (b"#x\n\n   # y\n" + descriptor(canary).partition(b"\n")[2], "VMDK"),
        "vmdk-sparse": (at(0, b"KDMV\x01\0\0\0"), "VMDK"),
        "vmdk-esx": (at(0, b"COWD"), "VMDK"),
        "qcow2-backing": (qcow2(names=canary), whole),
        "qcow2-backing-v2": (qcow2(names=canary, version=2), whole),
        "qcow2-backing-json": (qcow2(names=f"json:{backing}"), whole),
        "qcow2-backing-nbd": (qcow2(names="nbd:127.0.0.1:10809"), whole),
        "qcow2-backing-format": (qcow2(((0xE2792ACA, b"raw"),), names=canary), whole),
        "qcow2-backing-at-zero": (qcow2(backing_length=20), whole),
        "qcow2-data-file": (qcow2(((0x44415441, canary.encode()),), incompatible=4), whole),
        "qcow2-data-file-quiet": (qcow2(((0x44415441, canary.encode()),)), whole),
        "qcow2-data-file-late": (qcow2(((0x6803F857, b"x" * 48), (0x44415441, canary.encode()))), whole),
        "qcow2-encrypted": (qcow2(encryption=2), "encrypted"),
        "qcow2-crypto": (qcow2(((0x0537BE77, bytes(16)),)), "encrypted"),
        "qcow2-unknown-feature": (qcow2(incompatible=1 << 40), "not known"),
        "qcow2-corrupt": (qcow2(incompatible=2), "damaged"),
        "qcow2-dirty": (qcow2(incompatible=1), "was not closed"),
        "qcow2-small-clusters": (qcow2(cluster_bits=8), "damaged"),
        "qcow2-large-clusters": (qcow2(cluster_bits=30), "damaged"),
        "qcow2-many-bits": (qcow2(cluster_bits=2**32 - 1), "damaged"),
        "qcow2-size-2-63": (qcow2(size=1 << 63, l1_entries=4194304), "64 TiB"),
        "qcow2-size-max": (qcow2(size=(1 << 64) - 1), "64 TiB"),
        "qcow2-size-0": (qcow2(size=0), "a disk of 0 bytes"),
        "qcow2-l1-huge": (qcow2(l1_entries=2**32 - 1), "damaged"),
        "qcow2-l1-small": (qcow2(l1_entries=0), "damaged"),
        "qcow2-l1-outside": (qcow2(l1_offset=1 << 40), "cut off"),
        "qcow2-l1-in-header": (qcow2(l1_offset=0), "damaged"),
        "qcow2-l1-odd": (qcow2(l1_offset=3 * CLUSTER + 8), "damaged"),
        "qcow2-refcounts-huge": (qcow2(refcount_clusters=2**32 - 1), "damaged"),
        "qcow2-refcounts-none": (qcow2(refcount_clusters=0), "damaged"),
        "qcow2-refcounts-outside": (qcow2(refcount_offset=1 << 50), "cut off"),
        "qcow2-refcount-order": (qcow2(refcount_order=7), "damaged"),
        "qcow2-header-short": (qcow2(header_length=8), "damaged"),
        "qcow2-header-long": (qcow2(header_length=2**31), "damaged"),
        "qcow2-extension-long": (qcow2(((0x6803F857, b""), (0x12345678, bytes(CLUSTER)))), "damaged"),
        "qcow2-snapshots": (qcow2(snapshots=2**32 - 1, snapshots_offset=CLUSTER), "damaged"),
        "qcow2-snapshots-outside": (qcow2(snapshots=1000, snapshots_offset=5 * CLUSTER << 20), "cut off"),
        "qcow2-version-4": (qcow2(version=4), "of no version"),
        "qcow2-version-1": (qcow2(version=1), "old format qcow"),
        "qcow2-cut-in-header": (qcow2()[:60], "cut off"),
        "qcow2-cut-off": (cut_off(), "cut off"),
        "qcow2-out-of-file": (out_of_file(), "cut off"),
        "qcow2-leaked-out-of-file": (leaked_and_out_of_file(), "cut off"),
        "qcow2-shared-clusters": (shared_clusters(), "damaged"),
        "qed": (at(0, b"QED\0" + struct.pack("<IIIQQQQQII", CLUSTER, 1, 1, 1, 0, 0, CLUSTER, DISK, 64, 8)), "QED"),
        "vdi": (at(64, b"\x7f\x10\xda\xbe"), "VDI"),
        "vhd": (at(0, b"conectix"), "VHD"),
        "vhdx": (at(0, b"vhdxfile"), "VHDX"),
        "parallels": (at(0, b"WithoutFreeSpace"), "Parallels"),
        "bochs": (at(0, b"Bochs Virtual HD Image"), "Bochs"),
        "cloop": (at(0, b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop"), "cloop"),
        "dmg": (at(CLUSTER - 512, b"koly"), "DMG"),
        "web-page": (b"\n<!DOCTYPE html><html><body>404</body></html>", "web page"),
        "xml": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
        "json": (b'{"error": "not found"}', "JSON"),
        "text": (b"Not found\n" * 100, "a text"),
        "empty": (b"", "is empty"),
        "zeros": (bytes(CLUSTER), "zeros"),
        "noise": (noise(CLUSTER), "no disk that can be told"),
        "tar": (archive("tar"), "tar archive"),
        "zip": (archive("zip"), "zip archive"),
        "program": (at(0, b"\x7fELF\x02\x01\x01"), "program"),
        "package": (b"!<arch>\ndebian-binary   ", "package"),
        "document": (b"%PDF-1.7\n" + bytes(100), "PDF"),
        "lz4": (b"\x04\x22\x4d\x18" + noise(100), "lz4"),
        "packed-twice": (gzip.compress(lzma.compress(mbr())), "compressed twice"),
        "packed-backing": (gzip.compress(qcow2(names=canary)), whole),
        "packed-descriptor": (lzma.compress(descriptor(canary)), "VMDK"),
        "packed-web-page": (bz2.compress(b"<html></html>"), "web page"),
        "packed-tar": (lzma.compress(archive("tar")), "tar archive"),
        "packed-nothing": (gzip.compress(b""), "is empty"),
        "gzip-cut-off": (gzip.compress(noisy_disk())[:-9], "cut off"),
        "xz-cut-off": (lzma.compress(noisy_disk())[:-20], "cut off"),
        "bzip2-cut-off": (bz2.compress(noisy_disk())[:-20], "cut off"),
        "gzip-damaged": (damaged(gzip.compress(noisy_disk())), "damaged"),
        "xz-damaged": (damaged(lzma.compress(noisy_disk())), "damaged"),
        "bzip2-damaged": (damaged(bz2.compress(noisy_disk())), "damaged"),
        "gzip-and-more": (gzip.compress(mbr()) + b"#!/bin/sh\n", "damaged"),
        "xz-and-more": (lzma.compress(mbr()) + bytes(3), "damaged"),
        "gzip-bomb": (gzip.compress(mbr() + bytes(80 * 1024**2)), "more than"),
        "xz-bomb": (lzma.compress(mbr() + bytes(80 * 1024**2), preset=0), "more than"),
        "zstd-no-zstd": (b"\x28\xb5\x2f\xfd" + noise(100), "zstd"),
    }


def good() -> dict[str, tuple[bytes, str]]:
    """Images that are taken, and the format of each."""
    disk = mbr()
    return {
        "whole.qcow2": (qcow2(), "qcow2"),
        "whole-2.qcow2": (qcow2(version=2), "qcow2"),
        "format-only.qcow2": (qcow2(((0xE2792ACA, b"raw"), (0x6803F857, bytes(48)))), "qcow2"),
        "leaked.qcow2": (leaked(), "qcow2"),
        "disk.raw": (disk, "raw"),
        "cd.iso": (iso(), "raw"),
        "ext4.raw": (at(1080, b"\x53\xef"), "raw"),
        "disk.raw.gz": (gzip.compress(disk), "raw"),
        "disk.raw.xz": (lzma.compress(disk), "raw"),
        "disk.raw.bz2": (bz2.compress(disk), "raw"),
        "whole.qcow2.xz": (lzma.compress(qcow2()), "qcow2"),
        "two-members.gz": (gzip.compress(disk[:1000]) + gzip.compress(disk[1000:]) + bytes(512), "raw"),
        "two-streams.xz": (lzma.compress(disk[:1000]) + bytes(8) + lzma.compress(disk[1000:]), "raw"),
        "two-streams.bz2": (bz2.compress(disk[:1000]) + bz2.compress(disk[1000:]), "raw"),
    }


def special(folder: Path) -> dict[str, str]:
    """Things in a folder that are no files of bearable size: the name of each, and a word of the refusal."""
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()
    (folder / "to-zero").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    (folder / "to-nothing").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(folder, os.O_RDONLY)
        try:
            made.bind(f"/proc/self/fd/{here}/socket")  # a path of bearable length
        finally:
            os.close(here)
    found = dict.fromkeys(("fifo", "folder", "to-zero", "socket"), "neither a file nor a block device")
    found.update(loop="cannot be opened", nothing="cannot be opened")
    with open(folder / "endless", "wb") as file:
        for size in (1 << 62, 1 << 50, (1 << 44) - 4096):
            try:
                file.truncate(size)
                break
            except OSError:
                continue
    found["endless"] = "64 TiB" if os.stat(folder / "endless").st_size > 64 << 40 else "zeros"
    return found


def write(folder: Path, canary: Path) -> dict[str, str]:
    """Make the hostile images in a folder; the word of each."""
    words = {}
    for name, (content, word) in hostile(str(canary)).items():
        (folder / name).write_bytes(content)
        words[name] = word
    return {**words, **special(folder)}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    told = write(place, Path(sys.argv[2]))
    for good_name, (good_content, _form) in good().items():
        (place / good_name).write_bytes(good_content)
    sys.stdout.write(json.dumps(told))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of disk images that name other files, written as their specifications say."""

from __future__ import annotations

import struct
import uuid


def qcow2(base: str = "", data: str = "", version: int = 3) -> bytes:
    """The header of a qcow2 image (or qcow, version 1) over a base, with its data in another file."""
    name = base.encode()
    extension = b""
    if data:
        text = data.encode()
        extension = struct.pack(">II", 0x44415441, len(text)) + text.ljust((len(text) + 7) // 8 * 8, b"\0")
    extension += struct.pack(">II", 0, 0)
    size = 104 if version > 2 else 72
    offset = size + len(extension) if name else 0
    header = struct.pack(">4sIQI", b"QFI\xfb", version, offset, len(name)).ljust(72, b"\0")
    if version > 2:
        header += struct.pack(">QQQII", 4 if data else 0, 0, 0, 4, size)
    return header + extension + name + bytes(64)


def qed(base: str) -> bytes:
    """The header of a QED image over a base."""
    name = base.encode()
    return struct.pack("<4sIIIQQQQQII", b"QED\0", 65536, 4, 1, 1, 0, 0, 65536, 0, 64, len(name)) + name


def vmdk(extent: str = "", parent: str = "", kind: str = "FLAT") -> bytes:
    """A VMDK descriptor with an extent and a parent."""
    lines = ["# Disk DescriptorFile", "version=1", 'createType="monolithicFlat"']
    lines += [f'parentFileNameHint="{parent}"'] if parent else []
    lines += [f'RW 8 {kind} "{extent}" 0'] if extent else []
    return "\n".join([*lines, ""]).encode()


def vmdk_sparse(descriptor: bytes) -> bytes:
    """A sparse extent of VMDK with a descriptor in it."""
    head = struct.pack("<4sIIQQQQ", b"KDMV", 1, 3, 8, 128, 1, 2)
    return head.ljust(512, b"\0") + descriptor.ljust(1024, b"\0")


def vhd(parent: str) -> bytes:
    """The header of a differencing VHD."""
    footer = b"conectix".ljust(60, b"\0") + struct.pack(">I", 4)
    dynamic = b"cxsparse".ljust(64, b"\0") + parent.encode("utf-16-be")
    return footer.ljust(512, b"\0") + dynamic.ljust(1024, b"\0")


def vhdx(parent: str) -> bytes:
    """A differencing VHDX."""
    name = parent.encode("utf-16-le")
    key = "relative_path".encode("utf-16-le")
    locator = bytes(16) + struct.pack("<HH", 0, 1)
    locator += struct.pack("<IIHH", 32, 32 + len(key), len(key), len(name)) + key + name
    item = uuid.UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le
    table = b"metadata" + struct.pack("<HH", 0, 1)
    table = table.ljust(32, b"\0") + struct.pack("<16sIII", item, 8192, len(locator), 0).ljust(32, b"\0")
    region = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
    regions = b"regi" + struct.pack("<III", 0, 1, 0) + struct.pack("<16sQII", region, 256 * 1024, 65536, 1)
    image = b"vhdxfile".ljust(192 * 1024, b"\0") + regions.ljust(64 * 1024, b"\0")
    return image + table.ljust(8192, b"\0") + locator


def saved(path: str) -> bytes:
    """The head of a file that ``virsh save`` writes, of a guest with a disk."""
    xml = f"<domain><devices><disk><source file='{path}'/></disk></devices></domain>".encode() + b"\0"
    return struct.pack("=16sIIIII", b"LibvirtQemudSave", 2, len(xml), 1, 0, 0).ljust(92, b"\0") + xml

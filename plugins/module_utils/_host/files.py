# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file is: the same as before, or another in its place; and what an image is laid over."""

from __future__ import annotations

import ctypes
import os
import re
import stat
import struct

from .._printing import spelled_out

AT_FDCWD = -100
STATX_INO, STATX_BTIME = 0x100, 0x800
SIZE = 256
"""Of ``struct statx`` (linux/stat.h)."""

QCOW2 = struct.Struct(">4sIQI")
"""Magic, version, and where the name of the base is and how long (QEMU's docs/interop/qcow2.txt)."""
LONGEST = 1023
DEPTH = 32
"""How far a chain is followed: a guest can write one that has no end."""


def birth(path: str) -> str | None:
    """The inode and the time of birth of a regular file; None for anything else, or where none is kept.

    The inode alone will not do: file systems give that of a deleted file to the next one. Python tells
    the time of birth on no Linux, so the call is made here. What is written into the file, its size,
    mode, owner and name change neither.
    """
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        statx = ctypes.CDLL(None).statx
    except (OSError, AttributeError):
        return None
    buffer = ctypes.create_string_buffer(SIZE)
    if statx(AT_FDCWD, os.fsencode(path), 0, STATX_INO | STATX_BTIME, buffer) != 0:
        return None
    (mask,) = struct.unpack_from("I", buffer, 0)
    (inode,) = struct.unpack_from("Q", buffer, 32)
    seconds, fraction = struct.unpack_from("qI", buffer, 80)
    return f"{inode} {seconds}.{fraction:09}" if mask & STATX_BTIME else None


def in_place_of_file(path: str) -> str | None:
    """What is at a path that is no regular file, in words; None where one is there, or nothing."""
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode):
        return f"a symbolic link to {spelled_out(os.path.realpath(path))}"
    return "a folder" if stat.S_ISDIR(mode) else "a device, socket or pipe"


def may_exist(path: str, follow: bool = True) -> bool:
    """Whether something is at a path; also where nobody can tell, such as for want of a permission.

    :param follow: whether a symbolic link counts by what it leads to
    """
    try:
        os.stat(path, follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def bases(path: str) -> list[str]:
    """The files that a qcow2 image is laid over, the nearest first; what cannot be read has none.

    libvirt tells that of volumes of its pools, and of a guest's disk only while the guest runs.
    """
    found: list[str] = []
    while len(found) < DEPTH:
        base = backing(path)
        if base is None or base in found:
            break
        found.append(base)
        path = base
    return found


def backing(path: str) -> str | None:
    """The file that the header of a qcow2 image names; None where it names none."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            magic, _version, offset, length = QCOW2.unpack(file.read(QCOW2.size))
            if magic != b"QFI\xfb" or not offset or length > LONGEST:
                return None
            file.seek(offset)
            name = os.fsdecode(file.read(length))
    except (OSError, ValueError, struct.error):
        return None
    if name.startswith("json:"):
        inner = re.search(r'"filename":\s*"([^"]*)"', name)
        name = inner[1] if inner else ""
    name = name.removeprefix("file:")
    return os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else None


def oddity(path: str, what: str) -> str | None:
    """What is at a path that is to be a file (or a device), or a folder, and is none; None where it is, or who knows.

    :param what: ``file`` or ``folder``
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    if what == "folder":
        return None if stat.S_ISDIR(mode) else "a file"
    names = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    return names.get(stat.S_IFMT(mode))

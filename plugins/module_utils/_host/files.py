# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell a file from another one that was put in its place."""

from __future__ import annotations

import ctypes
import os
import stat
import struct

AT_FDCWD = -100
STATX_INO, STATX_BTIME = 0x100, 0x800
SIZE = 256
"""Of ``struct statx`` (linux/stat.h)."""


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

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first bytes of a disk say of its format. A guest may have written them, so they only raise doubts."""

from __future__ import annotations

import os
import typing as t

from ...._host import part_files
from ...._host.image_format import ReadAt, Unfit, recognise
from ...._host.qcow2 import HEADER, MORE, check_qcow2, parse


class FirstBytes(t.NamedTuple):
    """What a file or device is by its first bytes.

    :ivar kind: as that of Content
    :ivar words: as those of Content
    :ivar odd: what a header of qcow2 has that another file is needed for, in words; empty for none
    :ivar size: the bytes of the disk, None where its header does not tell them
    """

    kind: str
    words: str
    odd: str = ""
    size: int | None = None


def first_bytes(path: str) -> FirstBytes | None:
    """What a file or device is by its first bytes; None where nothing is there, or it cannot be read."""
    try:
        descriptor = part_files.open_to_read(path)
    except (Unfit, OSError, ValueError):
        return None
    try:
        size, read = os.lseek(descriptor, 0, os.SEEK_END), part_files.reader(descriptor)
        content = recognise(read, size)
        if content.kind != "qcow2":
            return FirstBytes(content.kind, content.words, size=size)
        return FirstBytes(content.kind, content.words, odd_header(read, size), disk_size(read))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def odd_header(read: ReadAt, size: int) -> str:
    """Why a header of qcow2 is not taken without a word of the user's; empty where it is whole."""
    try:
        check_qcow2(read, size)
    except Unfit as problem:
        return str(problem).partition(";")[0]  # What comes after is the way out for an image that is fetched.
    return ""


def disk_size(read: ReadAt) -> int | None:
    """The bytes of the disk in a qcow2 image, None where its header is broken."""
    try:
        return parse(read(0, HEADER.size + MORE.size)).size
    except Unfit:
        return None


def contradicts(content: FirstBytes, form: str) -> bool:
    """Whether first bytes say another format than a name does. Most raw disks say nothing."""
    if form == "raw":
        return content.kind in ("qcow2", "other")
    if form == "qcow2":
        return content.kind != "qcow2"  # A guest does not start with it.
    return content.kind == "qcow2"

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which file system a path is, and whether other hosts may have that as well."""

from __future__ import annotations

import os

from .._printing import spelled_out
from .block_devices import content, unescaped
from .places import within

LOCAL = frozenset(
    (
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "nilfs2", "reiserfs", "overlay"),
        *("tmpfs", "ramfs", "devtmpfs", "rootfs", "vfat", "exfat", "ntfs", "ntfs3", "iso9660", "udf", "squashfs"),
        "erofs",
    )
)
"""File systems that one host has for itself. Any other may be a server's or a cluster's; nobody knows what FUSE is."""


READ_ONLY = "the folder {} is on a file system that is read-only; make that writable"
"""Why nothing can be made in a folder, nor removed there."""


def read_only(folder: str) -> str | None:
    """Why nothing can be made in a folder, nor removed there; None where nothing is known against it."""
    try:
        is_so = os.statvfs(folder).f_flag & os.ST_RDONLY
    except (OSError, ValueError):
        return None
    return READ_ONLY.format(spelled_out(folder)) if is_so else None


NO_FOLDERS = frozenset(("proc", "sysfs", "debugfs", "devpts", "mqueue", "pstore", "efivarfs"))
"""File systems in which the kernel alone makes folders."""


def unmade(path: str) -> str | None:
    """Why a folder, and those above it, cannot be made; None where it is there, or nothing is known against it."""
    if os.path.lexists(path):
        return None
    above = os.path.dirname(path)
    while True:
        try:
            os.stat(above)
            break
        except FileNotFoundError:
            path, above = above, os.path.dirname(above)
        except (OSError, ValueError):
            return None
    kind = file_system(path)
    if kind in NO_FOLDERS:
        return f"in {spelled_out(above)} only the kernel makes folders (it is on a file system of type {kind})"
    return read_only(above)


def mount_points(proc: str = "/proc") -> set[str]:
    """Where something is mounted, as the kernel calls these places (proc_pid_mountinfo(5)).

    :param proc: where procfs is mounted
    """
    lines = (line.split(" ") for line in (content(os.path.join(proc, "self/mountinfo")) or "").splitlines())
    return {unescaped(words[4]) for words in lines if len(words) > 4}


def shared_file_system(path: str, proc: str = "/proc") -> str | None:
    """The type of the file system at a path, where other hosts may have it as well; None where this one alone has it.

    :param proc: where procfs is mounted
    """
    kind = file_system(path, proc)
    return None if kind in LOCAL else kind


def file_system(path: str, proc: str = "/proc") -> str:
    """The type of the file system at a path, as the kernel calls it (proc_pid_mountinfo(5))."""
    real = os.path.realpath(path)
    try:
        device = os.stat(os.path.dirname(real)).st_dev
    except (OSError, ValueError):
        device = 0
    number = f"{os.major(device)}:{os.minor(device)}"
    best, kind = (False, -1), "one that is not known"
    for line in (content(os.path.join(proc, "self/mountinfo")) or "").splitlines():
        words = line.split(" ")
        if len(words) < 10 or "-" not in words:
            continue
        place = unescaped(words[4])
        if within(real, place) and (words[2] == number, len(place)) >= best:
            best, kind = (words[2] == number, len(place)), words[words.index("-") + 1]
    return kind

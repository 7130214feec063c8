# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks by which QEMU and its tools tell each other that they have an image open, guest or not.

They lock single bytes of it (QEMU's block/file-posix.c): from byte 100 on one for each thing that they do with
it, from byte 200 on one for each that others may not do.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import stat
import struct
import time

LOCK = struct.Struct("hhqqi4x")
"""``struct flock`` of fcntl(2)."""

WRITING = 101
"""The byte that is locked in an image which QEMU may write to."""

FIRST, COUNT = 100, 105
"""All bytes that QEMU locks, from the first to that of the last of its permissions, and those between."""

PATIENCE = 1.0
"""Seconds that an image may be open: qemu-img has it open for a moment to tell what it is."""


def locked(descriptor: int, first: int, count: int) -> bool:
    """Whether another open file has a lock on some of these bytes. Where the file system has no locks, none has."""
    request = LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, first, count, 0)
    try:
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, request)
    except OSError:
        return False
    return bool(LOCK.unpack(answer)[0] != fcntl.F_UNLCK)


def opened_by(path: str, patience: float | None = None) -> str | None:
    """Which programs of QEMU have a file or block device open, in words; None where none has, or nobody can tell.

    :param patience: seconds until it counts; None for PATIENCE
    """
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) and not stat.S_ISBLK(state.st_mode):
            return None
        file = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    try:
        deadline = time.monotonic() + (PATIENCE if patience is None else patience)
        while locked(file, FIRST, COUNT):
            if time.monotonic() >= deadline:
                return f"{', '.join(holders(state)) or 'a process'}, which has it open"
            time.sleep(0.05)
    finally:
        os.close(file)
    return None


def holders(state: os.stat_result) -> list[str]:
    """The processes that have a file open, by program and number, as far as this user may see them."""
    found = []
    for number in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        if int(number) != os.getpid() and has_open(number, state):
            found.append(f"{program(number)} (process {number})")
    return found


def has_open(number: str, state: os.stat_result) -> bool:
    """Whether a process has a file open."""
    folder = f"/proc/{number}/fd"
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(folder):
            with contextlib.suppress(OSError):
                if os.path.samestat(os.stat(f"{folder}/{descriptor}"), state):
                    return True
    return False


def program(number: str) -> str:
    """The name of a process's program (proc_pid_comm(5))."""
    try:
        with open(f"/proc/{number}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip() or "a process"
    except OSError:
        return "a process"


def guest_with(state: os.stat_result) -> str | None:
    """The guest of libvirt whose QEMU has a file open; None where none has, or this user may not see it."""
    for number in filter(str.isdigit, os.listdir("/proc")):
        name = guest_of(number)
        if name is not None and has_open(number, state):
            return name
    return None


def guest_of(number: str) -> str | None:
    """The guest whose QEMU a process is, by its arguments as libvirt writes them: ``-name guest=web01,...``.

    In a value of QEMU's options a comma is written twice.
    """
    try:
        with open(f"/proc/{number}/cmdline", "rb") as file:
            words = file.read().decode(errors="replace").split("\0")
    except OSError:
        return None
    for option, value in itertools.pairwise(words):
        if option == "-name" and value.startswith("guest="):
            return re.split(r",(?:debug-threads|process)=", value[len("guest=") :])[0].replace(",,", ",") or None
    return None

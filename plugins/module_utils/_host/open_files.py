# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes have a file or device open that is to go, whatever they are: a server of disks, a copy, a backup.

QEMU's programs tell by their locks (see image_locks). Of others only the kernel knows, by what each process has open.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
import typing as t

from . import image_locks

AGE = 0.2
"""Seconds that a look at all processes counts for, so that many files that go cost one look."""

Thing = tuple[str, int, int]
"""What tells a file or block device from others, by whatever path it was opened."""


class OpenFiles:
    """What the processes of the host have open, as far as this user may see it.

    :param proc: where procfs is mounted
    """

    def __init__(self, proc: str = "/proc") -> None:
        self.proc = proc
        self.found: dict[Thing, set[int]] = {}
        self.looked = float("-inf")

    def by(self, path: str, now: bool = False, patience: float | None = None) -> str | None:
        """The processes that have a file or block device open, in words; None where none has.

        :param now: whether a look does not count that was made a moment ago
        :param patience: seconds until it counts; None for that of image_locks
        """
        thing = thing_at(path)
        if thing is None:
            return None
        deadline = time.monotonic() + (image_locks.PATIENCE if patience is None else patience)
        if now or time.monotonic() - self.looked >= AGE:
            self.look()
        while thing in self.found:
            if time.monotonic() >= deadline:
                numbers = map(str, sorted(self.found[thing]))
                who = [f"{image_locks.program(number)} (process {number})" for number in numbers]
                return f"{', '.join(who)}, which has it open"
            time.sleep(0.05)
            self.look()
        return None

    def look(self) -> None:
        """Look at all processes but this one."""
        self.found = {}
        for number in filter(str.isdigit, names(self.proc)):
            if int(number) != os.getpid():
                folder = os.path.join(self.proc, number, "fd")
                for thing in {thing_at(os.path.join(folder, name)) for name in names(folder)} - {None}:
                    self.found.setdefault(t.cast(Thing, thing), set()).add(int(number))
        self.looked = time.monotonic()


def names(folder: str) -> list[str]:
    """What is in a folder of procfs; nothing where its process has ended, or is another user's."""
    with contextlib.suppress(OSError):
        return os.listdir(folder)
    return []


def thing_at(path: str) -> Thing | None:
    """The file or block device that a path leads to; None for anything else."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISBLK(state.st_mode):
        return ("block", state.st_rdev, 0)
    return ("file", state.st_dev, state.st_ino) if stat.S_ISREG(state.st_mode) else None


OPEN = OpenFiles()
"""What is open on this host."""


def kept_open(path: str, now: bool = False) -> str | None:
    """Who has a file or block device open that is to go, in words; None where nobody has.

    :param now: whether it is about to go, so that what was known a moment ago does not count
    """
    return image_locks.opened_by(path) or OPEN.by(path, now)

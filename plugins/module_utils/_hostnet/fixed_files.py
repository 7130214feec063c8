# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a change would put another one in the place of, and that nothing can take the place of."""

from __future__ import annotations

import os
import re
import typing as t

from .._errors import VirtfleetError
from .._host.private_file import THAW, frozen
from .agent import files, journal, unit

BEFORE = ("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system")
"""The folders whose units stand before those of their names in /run/systemd/system (systemd.unit(5))."""
MOUNTS = "/proc/self/mountinfo"
"""The mounts that this process sees, one a line, the fifth word of each where it is (proc_pid_mountinfo(5))."""


def refuse(paths: t.Iterable[str]) -> None:
    """Raise VirtfleetError, with nothing changed, where files cannot be replaced, removed or written.

    :param paths: those that the change writes or removes
    """
    there = mounts()
    places = [os.path.realpath(path) for path in paths]
    of_trial = [f"{journal.DISK}/trial.json", journal.BOOT, journal.TMPFILES]
    lines = [line for path in dict.fromkeys([*places, *of_trial]) for line in [problem(path, there)] if line]
    lines += units_in_the_way()
    if lines:
        raise VirtfleetError("\n".join(["nothing was changed, files of the host stand in the way:", *lines]))


def problem(path: str, there: t.Container[str]) -> str:
    """Why a file cannot be written anew, with the way out; empty where it can.

    :param path: the file, which need not be there
    :param there: where something is mounted
    """
    if path in there:
        return f"{path}: something is mounted on it, so no other file can take its place: umount {path}"
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        if os.path.lexists(folder):
            return f"{folder}: it is no folder, and files of the change have their places below it: move it away"
        folder = os.path.dirname(folder)
    for each in (path, folder):
        if is_frozen(each):
            return f"{each}: it is immutable or append-only: {THAW} {each}"
    try:
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{folder}: its filesystem is read-only: mount it writable"
    except OSError:
        return ""
    return ""


def units_in_the_way() -> list[str]:
    """A sentence for each unit that systemd would take instead of those that try a change and take it back."""
    names = [os.path.basename(files.UNIT), f"{unit.THAW}.timer", f"{unit.THAW}.service"]
    found = [f"{folder}/{name}" for name in names for folder in BEFORE if os.path.lexists(f"{folder}/{name}")]
    return [f"{path}: systemd takes it for the unit that takes a change back: rm {path}, {RELOAD}" for path in found]


RELOAD = "systemctl daemon-reload"


def is_frozen(path: str) -> bool:
    """Whether a file or folder has an attribute that keeps everybody from replacing it.

    :param path: the file or folder, which need not be there
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return frozen(handle)
    finally:
        os.close(handle)


def mounts() -> set[str]:
    """Where something is mounted; nothing where none can tell."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            words = [line.split() for line in file]
    except OSError:
        return set()
    return {re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), each[4]) for each in words if len(each) > 4}

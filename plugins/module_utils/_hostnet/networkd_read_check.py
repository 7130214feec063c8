# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether systemd-networkd will read what a change writes for it: now, and when the host boots."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import string
import subprocess
import typing as t

from .._errors import VirtfleetError
from . import fixed_files, networkd
from .agent import network

USER = "systemd-network"
"""As whom networkd runs (systemd-networkd.service)."""
EARLY = ("", "/", "/usr")
"""Where a file system is mounted before networkd starts: systemd has /usr mounted before it begins."""
PLAIN = string.ascii_letters + string.digits + ":_."


def refuse(paths: t.Iterable[str]) -> None:
    """Raise VirtfleetError, with nothing changed, where networkd will not read files that a change writes.

    :param paths: those that are there afterwards
    """
    units = [path for path in paths if path.startswith((f"{networkd.KEPT}/", f"{networkd.TRIAL}/"))]
    found = [unreadable_folder(os.path.dirname(path)) for path in units]
    found += [mounted_late(networkd.KEPT) for path in units if path.startswith(networkd.KEPT)]
    lines = [line for line in dict.fromkeys(found) if line]
    if lines:
        raise VirtfleetError("\n".join(["nothing was changed, systemd-networkd would not read its files:", *lines]))


def unreadable_folder(folder: str) -> str:
    """Which folder networkd may not enter or list, with the way out; empty where there is none."""
    path = os.path.realpath(folder)
    places = [path]
    while path != "/":
        path = os.path.dirname(path)
        places.insert(0, path)
    for place in places:
        try:
            found = os.stat(place)
        except OSError:
            return ""
        wanted = 0o5 if place == places[-1] or place.endswith("/network") else 0o1
        if not may(found, wanted):
            rights = stat.S_IMODE(found.st_mode)
            return f"{place}: it is closed to the user {USER} (mode {rights:04o}): chmod 755 {place}"
    return ""


def may(found: os.stat_result, wanted: int) -> bool:
    """Whether networkd has some rights to a folder."""
    try:
        user = pwd.getpwnam(USER)
        groups = {user.pw_gid, *(group.gr_gid for group in grp.getgrall() if USER in group.gr_mem)}
    except (KeyError, OSError):
        return True
    if found.st_uid == user.pw_uid:
        return (found.st_mode >> 6) & wanted == wanted
    if found.st_gid in groups:
        return (found.st_mode >> 3) & wanted == wanted
    return found.st_mode & wanted == wanted


def mounted_late(folder: str) -> str:
    """What is wrong with a folder that is mounted only after networkd has started; empty where it is there in time."""
    real, there = os.path.realpath(folder), fixed_files.mounts()
    while real not in there and real not in EARLY:
        real = os.path.dirname(real)
    if real in EARLY or is_waited_for(real):
        return ""
    return (
        f"{folder}: it is on a file system of its own, {real}, which networkd does not wait for when the host boots:"
        f" systemctl edit systemd-networkd, and write there [Unit] and RequiresMountsFor={real}"
    )


def is_waited_for(mount: str) -> bool:
    """Whether networkd starts after a file system is mounted; in doubt it does."""
    words = ["systemctl", "show", "--property=After,RequiresMountsFor", "systemd-networkd.service"]
    try:
        _status, output, _errors = network.run(words, 20)
    except (OSError, subprocess.TimeoutExpired):
        return True
    after = output.replace("=", " ").split()
    below = [each for each in after if each.startswith("/") and f"{each}/".startswith(f"{mount}/")]
    return not after or f"{escaped(mount)}.mount" in after or "local-fs.target" in after or bool(below)


def escaped(path: str) -> str:
    """A path as the name of a unit has it (systemd.unit(5), which escapes bytes, and a dot that comes first)."""
    plain = path.strip("/")
    letters = [f"\\x{each:02x}" if chr(each) not in PLAIN else chr(each) for each in os.fsencode(plain)]
    name = "".join("-" if letter == "\\x2f" else letter for letter in letters)
    return f"\\x2e{name[1:]}" if name.startswith(".") else name

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the role host would do anything on this host, told without apt and systemctl.

Each answer is safe on one side: nothing is missing only where the role's tasks would find nothing to do.

- A package counts as there where dpkg's own database says ``install ok installed`` or ``hold ok installed`` of the one
  for the host's own architecture, which is what apt goes by, and where apt has not noted that it came as a dependency:
  the role's task would note that it is wanted. Anything but a plain name, such as one with a version, is for apt to
  tell.
- apt also refuses where there is nothing to install: where it cannot read its own settings, or Ansible's module lacks
  python3-apt. Where that package is missing, or a setting is newer than all that apt has written since it last read
  them, apt has to be asked.
- A unit counts as enabled where a link in /etc/systemd/system has a target want or require it: systemctl is-enabled
  looks for the same.
- A socket unit counts as started where systemd itself, process 1, holds a socket that listens at its path: it opens it
  when the unit starts, and closes it when it stops, whatever the service does meanwhile (systemd.socket(5)). Where a
  daemon has opened its own, or a drop-in changes the path, systemd has to be asked.
- Another unit counts as started where systemd has a note of its invocation in /run/systemd/units, which it writes when
  its process starts and removes when it becomes inactive (unit_unlink_state_files in systemd's src/core/unit.c).
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import typing as t

from .daemons import UNIT_FOLDERS, Daemons
from .packages import STATUS

PLAIN = re.compile(r"[a-z0-9][a-z0-9+.-]+")
"""The name of a package, with neither a version nor an architecture (Debian policy, 5.6.1)."""

THERE = frozenset(("install ok installed", "hold ok installed"))
"""What dpkg says of a package that is whole (dpkg-query(1), Status)."""

FIELDS = ("Package: ", "Status: ", "Architecture: ", "Auto-Installed: ")
"""What is read of a package."""

ARCHITECTURES = "/var/lib/dpkg/arch"
"""Where dpkg keeps the host's architectures, its own first; a host with one alone may lack it (dpkg(1))."""

AUTOMATIC = "/var/lib/apt/extended_states"
"""Where apt notes which packages came as a dependency (apt-mark(8))."""

SETTINGS = ("/etc/apt/*", "/etc/apt/*.d/*")
"""What apt reads before anything else: its sources, options and preferences (apt.conf(5), Dir::Etc)."""

READ = (
    "/var/cache/apt/pkgcache.bin",
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/partial",
    "/var/lib/apt/periodic/update-success-stamp",
)
"""What apt writes once it has read its settings: what it keeps of the lists of packages (apt-get(8), Files)."""

FOR_ANSIBLE = "python3-apt"
"""The package without which Ansible's module apt does nothing but install it, and fails in check mode."""

STARTED = "/run/systemd/units"
"""Where systemd notes the invocation of each unit whose process is active."""

LISTEN = re.compile(r"^ListenStream=(/\S+)$", re.MULTILINE)
"""The path of a socket, in the file of its unit."""

LISTENS = 0x10000
"""Of a socket in /proc/net/unix: it listens (__SO_ACCEPTCON in linux/net.h)."""


def doubtful_packages(
    wanted: t.Iterable[str], status: str = STATUS, automatic: str = AUTOMATIC, architectures: str = ARCHITECTURES
) -> list[str]:
    """Those of the wanted packages of which it is not sure that apt would have nothing to do.

    :param status: the file in which dpkg keeps its packages
    :param automatic: the file in which apt notes what came as a dependency
    :param architectures: the file in which dpkg keeps the host's architectures
    """
    own = own_architecture(architectures)
    there = {
        paragraph["Package"]
        for paragraph in paragraphs(status)
        if paragraph.get("Status") in THERE and (own is None or paragraph.get("Architecture") in (own, "all"))
    }
    dependencies = {
        paragraph["Package"] for paragraph in paragraphs(automatic) if paragraph.get("Auto-Installed") == "1"
    }
    names = dict.fromkeys(wanted)
    return [name for name in names if not PLAIN.fullmatch(name) or name not in there or name in dependencies]


def apt_doubt(status: str = STATUS, settings: t.Iterable[str] = SETTINGS, read: t.Iterable[str] = READ) -> str | None:
    """Why apt may refuse though there is nothing to install, or change something else; None where it does neither.

    :param status: the file in which dpkg keeps its packages
    :param settings: patterns of the files that apt reads first
    :param read: what apt writes after that
    """
    if not any(one.get("Package") == FOR_ANSIBLE and one.get("Status") in THERE for one in paragraphs(status)):
        return f"{FOR_ANSIBLE} is missing"
    known = max((changed for path in read if (changed := when_changed(path)) is not None), default=None)
    if known is None:
        return "apt has not read its sources yet"
    for path in sorted(found for pattern in settings for found in glob.glob(pattern)):
        changed = when_changed(path)
        if not os.path.isdir(path) and (changed is None or changed > known):
            return f"{path} has changed since apt last read it"
    return None


def when_changed(path: str) -> float | None:
    """When a file was last written, or put where it is; None where that cannot be told. Links are followed."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime if os.path.isdir(path) else max(found.st_mtime, found.st_ctime)


def own_architecture(path: str) -> str | None:
    """The host's own architecture; None where it is the only one."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip() or None
    except OSError:
        return None


def paragraphs(path: str) -> t.Iterator[dict[str, str]]:
    """The paragraphs of a file of Debian's, of each the name of its package and its states; none of no file."""
    found: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(FIELDS):
                    name, _colon, value = line.partition(":")
                    found[name] = value.strip()
                elif line == "\n":
                    if "Package" in found:
                        yield found
                    found = {}
    except OSError:
        return
    if "Package" in found:
        yield found


def doubtful_units(daemons: Daemons, folders: t.Sequence[str] = UNIT_FOLDERS, root: str = "/") -> list[str]:
    """Those of libvirt's units of which it is not sure that they are enabled, and those to be started run.

    :param folders: where units are, those of an administrator first
    :param root: where /proc and /run are
    """
    open_here = sockets_of_systemd(root)
    return [
        unit
        for unit in daemons.units
        if not enabled(unit, folders[0]) or (unit in daemons.started and not started(unit, folders, root, open_here))
    ]


def started(unit: str, folders: t.Sequence[str], root: str, open_here: t.Container[str]) -> bool:
    """Whether a unit is known to be active.

    :param open_here: the paths at which systemd listens
    """
    if not unit.endswith(".socket"):
        return runs(unit, root)
    paths = listens(unit, folders)
    return bool(paths) and all(os.path.realpath(path) in open_here or path in open_here for path in paths)


KEEPERS = ("virtlogd", "virtlockd")
"""Daemons that keep something open for each guest: they are never stopped."""


def blocking(daemons: Daemons, folders: t.Sequence[str] = UNIT_FOLDERS, root: str = "/") -> list[str]:
    """Services that run while their socket is stopped, so that systemd refuses to start that (systemd.socket(5)).

    Guests run on while such a service is stopped. Without its socket nobody starts it again once it has ended, as it
    does after two minutes without work.

    :param folders: where units are, those of an administrator first
    :param root: where /proc and /run are
    """
    open_here = sockets_of_systemd(root)
    found = []
    for unit in daemons.started if open_here else ():
        service = f"{unit.removesuffix('.socket')}.service"
        if not unit.endswith(".socket") or service.startswith(KEEPERS) or not runs(service, root):
            continue
        paths = listens(unit, folders)
        if paths and not any(os.path.realpath(path) in open_here or path in open_here for path in paths):
            found.append(service)
    return found


def runs(service: str, root: str) -> bool:
    """Whether a service is active."""
    return os.path.islink(os.path.join(root, STARTED.lstrip("/"), f"invocation:{service}"))


def listens(unit: str, folders: t.Sequence[str]) -> list[str]:
    """The paths at which a socket unit listens; none where that is not known, as a drop-in may change them."""
    if any(os.path.exists(os.path.join(folder, f"{unit}.d")) for folder in (*folders, "/run/systemd/system.control")):
        return []
    for folder in folders:
        with contextlib.suppress(OSError), open(os.path.join(folder, unit), encoding="utf-8", errors="replace") as file:
            return LISTEN.findall(file.read())
    return []


def sockets_of_systemd(root: str) -> set[str]:
    """The paths at which systemd listens; none where that cannot be read, as by another user than root."""
    descriptors = set()
    folder = os.path.join(root, "proc/1/fd")
    try:
        for name in os.listdir(folder):
            try:
                descriptors.add(os.readlink(os.path.join(folder, name)))
            except OSError:
                continue  # It was closed just then.
        with open(os.path.join(root, "proc/net/unix"), encoding="utf-8", errors="replace") as file:
            lines = [line.split(maxsplit=7) for line in file][1:]
    except OSError:
        return set()
    return {
        line[7].rstrip("\n")
        for line in lines
        if len(line) == 8 and int(line[3], 16) & LISTENS and f"socket:[{line[6]}]" in descriptors
    }


def enabled(unit: str, folder: str) -> bool:
    """Whether some target wants or requires a unit, for good."""
    try:
        targets = [name for name in os.listdir(folder) if name.endswith((".wants", ".requires"))]
    except OSError:
        return False
    links = [os.path.join(folder, target, unit) for target in targets]
    return any(os.path.islink(link) and os.path.basename(os.readlink(link)) == unit for link in links)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How block devices are made of each other, as the kernel tells it in /sys.

A device is known by its number, ``MAJOR:MINOR``. See Documentation/ABI/stable/sysfs-block and
sysfs-block-dm of the kernel, and loop(4).
"""

from __future__ import annotations

import os
import typing as t

DELETED = " (deleted)"
"""What the kernel puts behind the name of a file that is gone."""


class BlockDevices:
    """The block devices of a host.

    :param sys: where sysfs is mounted
    :param proc: where procfs is mounted
    """

    def __init__(self, sys: str = "/sys", proc: str = "/proc") -> None:
        self.sys, self.proc = sys, proc

    def home(self, number: str) -> str:
        """The folder of a device in sysfs."""
        return os.path.realpath(os.path.join(self.sys, "dev/block", number))

    def above(self, number: str) -> set[str]:
        """What is made of a device: its partitions and holders, and what is made of these."""

        def parts_and_holders(home: str) -> list[str]:
            parts = [entry for entry in entries(home) if os.path.exists(os.path.join(entry, "partition"))]
            return [*parts, *entries(os.path.join(home, "holders"))]

        return self.closure(number, parts_and_holders)

    def below(self, number: str) -> set[str]:
        """What a device is made of: the disk of a partition, the slaves of a mapped device, and what these are of."""

        def parts(home: str) -> list[str]:
            disk = [os.path.dirname(home)] if os.path.exists(os.path.join(home, "partition")) else []
            return [*disk, *entries(os.path.join(home, "slaves"))]

        return self.closure(number, parts)

    def closure(self, number: str, near: t.Callable[[str], list[str]]) -> set[str]:
        """All numbers that are reached over neighbours, without the first."""
        found: set[str] = set()
        left = [number]
        while left:
            home = self.home(left.pop())
            for neighbour in near(home):
                other = content(os.path.join(neighbour, "dev"))
                if other and other != number and other not in found:
                    found.add(other)
                    left.append(other)
        return found

    def private(self, number: str) -> set[str]:
        """The devices that LVM makes for a volume alone, such as that of the data of one with snapshots.

        Their UUIDs have an ending (libdevmapper's device-mapper UUIDs: LVM-<uuid>-real). A snapshot only
        borrows that of its origin, so it has none.
        """
        found = set()
        for slave in entries(os.path.join(self.home(number), "slaves")):
            name = content(os.path.join(slave, "dm/uuid")) or ""
            if name.endswith("-cow"):
                return set()
            if name.startswith("LVM-") and name.count("-") > 1:
                found.add(content(os.path.join(slave, "dev")) or "")
        return found - {""}

    def backing_file(self, number: str) -> str | None:
        """The file behind a loop device."""
        name = content(os.path.join(self.home(number), "loop/backing_file"))
        return None if name is None else name.removesuffix(DELETED)

    def whole_file(self, number: str) -> str | None:
        """The file behind a loop device that has all of it; None for others."""
        parts = [content(os.path.join(self.home(number), f"loop/{name}")) for name in ("offset", "sizelimit")]
        return self.backing_file(number) if all(part in (None, "0") for part in parts) else None

    def loops(self) -> dict[str, str]:
        """The files behind all loop devices, by the name of the device."""
        found = {}
        for home in entries(os.path.join(self.sys, "block")):
            name = content(os.path.join(home, "loop/backing_file"))
            if name:
                found[os.path.basename(home)] = name.removesuffix(DELETED)
        return found

    def exported(self) -> dict[str, list[str]]:
        """What the processes behind network block devices have open, by the name of the device."""
        found = {}
        for home in entries(os.path.join(self.sys, "block")):
            pid = content(os.path.join(home, "pid"))
            if pid and pid.isdigit() and os.path.basename(home).startswith("nbd"):
                found[os.path.basename(home)] = entries(os.path.join(self.proc, pid, "fd"))
        return found

    def targets(self) -> dict[str, str]:
        """The files and devices that the kernel itself serves to other hosts (LIO, NVMe), by where that is set up."""
        config = os.path.join(self.sys, "kernel/config")
        homes = [
            *((home, "udev_path") for hba in entries(f"{config}/target/core") for home in entries(hba)),
            *(
                (home, "device_path")
                for system in entries(f"{config}/nvmet/subsystems")
                for home in entries(os.path.join(system, "namespaces"))
            ),
        ]
        found = {os.path.relpath(home, config): content(os.path.join(home, name)) for home, name in homes}
        return {home: path for home, path in found.items() if path and path.startswith("/")}

    def scsi(self, address: str) -> str | None:
        """The number of the disk at a SCSI address, HOST:BUS:TARGET:UNIT."""
        for home in entries(os.path.join(self.sys, "bus/scsi/devices", address, "block")):
            return content(os.path.join(home, "dev"))
        return None

    def mounted(self) -> list[tuple[str, str, str]]:
        """Number, source and place of all file systems that are mounted (proc_pid_mountinfo(5))."""
        found = []
        for line in (content(os.path.join(self.proc, "self/mountinfo")) or "").splitlines():
            words = line.split(" ")
            if len(words) > 9 and "-" in words:
                found.append((words[2], unescaped(words[words.index("-") + 2]), unescaped(words[4])))
        return found

    def bound(self) -> list[tuple[str, str]]:
        """What is mounted of the inside of a file system, as containers get single files: its path, and where it is.

        In the mount namespaces of others as well (mount_namespaces(7)). What this one does not see is left out.
        """
        here = self.roots()
        known: set[str] = set()
        found = []
        for process in ("self", *filter(str.isdigit, sorted(map(os.path.basename, entries(self.proc))))):
            try:
                space = os.readlink(os.path.join(self.proc, process, "ns/mnt"))
            except OSError:
                continue  # It has ended, or is another user's.
            if space not in known:
                known.add(space)
                whose = "" if process == "self" else f", for the process {process}"
                for device, root, place in self.roots(process):
                    path = None if root == "/" else seen_at(here, device, root)
                    if path is not None:
                        found.append((path, f"{place}{whose}"))
        return found

    def roots(self, process: str = "self") -> list[tuple[str, str, str]]:
        """Device, folder inside of it, and place of all file systems that are mounted (proc_pid_mountinfo(5)).

        :param process: in whose mount namespace
        """
        lines = (content(os.path.join(self.proc, process, "mountinfo")) or "").splitlines()
        return [
            (words[2], unescaped(words[3]), unescaped(words[4]))
            for words in (line.split(" ") for line in lines)
            if words[4:]
        ]

    def swaps(self) -> list[str]:
        """The files and devices that are swapped to (proc_swaps(5))."""
        lines = (content(os.path.join(self.proc, "swaps")) or "").splitlines()[1:]
        return [unescaped(line.split()[0]) for line in lines if line.strip()]


def seen_at(roots: t.Iterable[tuple[str, str, str]], device: str, inner: str) -> str | None:
    """Where something inside of a file system is to be seen; None where it is not.

    :param roots: what is mounted, as ``BlockDevices.roots`` tells it
    :param inner: its path from the root of the file system
    """
    for number, root, place in roots:
        above = root.rstrip("/")
        if number == device and (inner == root or inner.startswith(f"{above}/")):
            return place.rstrip("/") + inner[len(above) :]
    return None


def unescaped(word: str) -> str:
    """A path without the escapes of procfs, such as ``\\040`` for a space."""
    if "\\" not in word:
        return word  # As nearly all are; and a host with containers has thousands.
    for letter in " \t\n\\":
        word = word.replace(f"\\{ord(letter):03o}", letter)
    return word


def content(path: str) -> str | None:
    """What a file of the kernel says, without the line's end; None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().rstrip("\n")
    except (OSError, ValueError):
        return None


def entries(folder: str) -> list[str]:
    """What is in a folder, by path; nothing where there is none."""
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder))
    except OSError:
        return []

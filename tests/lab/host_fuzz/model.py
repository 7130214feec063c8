# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a round of the storage fuzz knows: files, guests, and who uses what. It asks neither libvirt nor the collection.

The model is told what is made and how, by those who make it; so it needs not read any definition or header.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import shlex
import subprocess
import time
import typing as t

BASE = "/srv/fuzz"

Fingerprint = tuple[int, int, int]


@dataclasses.dataclass(eq=False)
class Pool:
    """A pool of directories.

    :param folder: the folder as it is spelled in its definition
    :param place: the same folder, in its plain spelling
    """

    name: str
    folder: str
    place: str
    ours: bool
    active: bool = True


@dataclasses.dataclass(eq=False)
class File:
    """A file that may hold data.

    :param names: all its names: the first is that under which it was made, the others are hard links
    :param made_for: the guest that the collection made it for, by the name that the guest had then
    :param ours: whether the collection made it
    :param base: what it is laid over
    :param doubtful: why the collection may keep it, where nothing uses it
    :param pool: the name of the pool that it was made in, where the collection made it
    :param spellings: how else it has been called
    :param link: whether it is a symbolic link to its base
    :param disputed: whether it may stay for no reason: a note says that it is half-made, so that its maker is in
        doubt, or libvirt has not seen yet that what was laid over it is gone
    :param opened: whether a qemu-nbd has it open
    :param nameless: whether somebody deleted it by its first name: guests that have it by that one have nothing
    :param relative: whether it names its base relative to its own folder; by a link elsewhere it finds none
    """

    names: list[str]
    ours: bool
    made_for: str | None = None
    base: File | None = None
    doubtful: str = ""
    form: str = "qcow2"
    pool: str = ""
    spellings: set[str] = dataclasses.field(default_factory=set)
    link: bool = False
    relative: bool = False
    disputed: bool = False
    opened: bool = False
    nameless: bool = False

    @property
    def path(self) -> str:
        return self.names[0]

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)

    def chain(self) -> t.Iterator[File]:
        """The file and all that it is laid over."""
        file: File | None = self
        while file is not None:
            yield file
            file = file.base


@dataclasses.dataclass(eq=False)
class Guest:
    """A guest that libvirt knows.

    :param disks: its own disks: what goes with it, where it is the collection's and may go
    :param others: what else it uses: what it boots, drives, snapshots, a saved state, what only runs
    :param first_name: the name that it was made with
    :param stays: why it cannot be removed, or purged, without more ado
    :param is_bare: whether its definition names none of these any more: they are in what runs, or in its saved state
    """

    name: str
    ours: bool
    disks: list[File] = dataclasses.field(default_factory=list)
    others: list[File] = dataclasses.field(default_factory=list)
    first_name: str = ""
    renamed: bool = False
    stays: str = ""
    running: bool = False
    is_bare: bool = False

    def __post_init__(self) -> None:
        self.first_name = self.first_name or self.name

    def uses(self, file: File) -> bool:
        """Whether it needs a file, be it under other files."""
        return any(file in own.chain() for own in (*self.disks, *self.others))


class World:
    """All that is on the host in one round.

    :param number: of the round, to be told in names
    :param draw: the generator of the round
    """

    def __init__(self, number: int, draw: random.Random) -> None:
        self.number = number
        self.draw = draw
        self.root = f"{BASE}/{number}"
        self.pools: list[Pool] = []
        self.files: list[File] = []
        self.guests: list[Guest] = []
        self.loops: list[str] = []
        self.mounts: dict[str, str] = {}
        self.exports: list[subprocess.Popen[bytes]] = []
        self.log: list[str] = []
        self.count = 0

    def sh(self, command: str, check: bool = True) -> str:
        """Run a command by hand, and note it. Raises RuntimeError where it fails, unless that may be."""
        self.log.append(command)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        if done.returncode and check:
            raise RuntimeError(f"{command}: {done.stderr.strip()}")
        if done.returncode:
            self.log.append(f"# failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def fresh(self, prefix: str) -> str:
        """A name that was not there yet in this round."""
        self.count += 1
        return f"{prefix}{self.count}"

    def folder(self, name: str) -> str:
        """A folder of the round, made where it is missing."""
        path = f"{self.root}/{name}"
        os.makedirs(path, exist_ok=True)
        return path

    def pools_of(self, file: File) -> list[Pool]:
        """The pools that a file is in, under one spelling or another."""
        return [pool for pool in self.pools if pool.place == file.folder]

    def keys(self, file: File) -> list[str]:
        """The names of a file as a volume, POOL/VOLUME."""
        return [f"{pool.name}/{file.name}" for pool in self.pools_of(file)]

    def guest(self, name: str) -> Guest | None:
        return next((guest for guest in self.guests if guest.name == name), None)

    def deleted(self, file: File) -> None:
        """Somebody has deleted a file by its first name."""
        if len(file.names) > 1:
            file.names.pop(0)
            file.ours, file.nameless = False, True
            return
        self.forget(file)

    def forget(self, file: File) -> None:
        """A file is no longer there."""
        self.files = [other for other in self.files if other is not file]
        for guest in self.guests:
            guest.disks = [other for other in guest.disks if other is not file]
            guest.others = [other for other in guest.others if other is not file]

    def users(self, file: File) -> list[str]:
        """Who needs a file: guests, a qemu-nbd, and files in the folder of an active pool that are laid over it."""
        over = [other for other in self.over(file) if any(pool.active for pool in self.pools_of(other))]
        guests = [guest.name for guest in self.guests if guest.uses(file)]
        return [*guests, *(other.name for other in over), *(["qemu-nbd"] if file.opened else [])]

    def used(self, file: File) -> bool:
        """Whether anybody may need a file, be it by a file that nobody knows of."""
        return bool(self.users(file) or self.over(file))

    def over(self, file: File) -> list[File]:
        """The files that are laid over a file."""
        return [other for other in self.files if other is not file and not other.link and file in other.chain()]

    def spelled(self, file: File, links: bool = True) -> str:
        """One of the ways to name a file; with ``links`` also by links that are made for it."""
        folder, name = os.path.split(self.draw.choice(file.names))
        ways = [
            f"{folder}/{name}",
            f"/{folder}//{name}"[1:],
            f"{folder}/./{name}",
            f"{folder}/../{os.path.basename(folder)}/{name}",
        ]
        if links and not file.link:
            ways += ["folder link"]
            ways += [] if file.relative else ["file link", "relative link", "hard link", "mount"]
        way = self.draw.choice(ways)
        spelling = way if way.startswith("/") else self.linked(file, folder, name, way)
        file.spellings.add(spelling)
        return spelling

    def plain(self, path: str) -> str:
        """A path through no link and no mount."""
        folder, name = os.path.split(os.path.realpath(path))
        while folder in self.mounts:
            folder = os.path.realpath(self.mounts[folder])
        return f"{folder}/{name}"

    def linked(self, file: File, folder: str, name: str, way: str) -> str:
        """A name of a file by way of a new link."""
        links = self.folder("links")
        link = f"{links}/{self.fresh('l')}"
        if way == "file link":
            self.sh(f"ln -s {folder}/{name} {link}")
        elif way == "relative link":
            self.sh(f"ln -s {os.path.relpath(folder, links)}/{name} {link}")
        elif way == "folder link":
            self.sh(f"ln -s {folder} {link}")
            link = f"{link}/{name}"
        elif way == "hard link":
            self.sh(f"ln {folder}/{name} {link}")
            file.names.append(link)
            file.doubtful = "it has another hard link"
        else:
            self.sh(f"mkdir {link}; mount --bind {folder} {link}")
            self.mounts[link] = folder
            link = f"{link}/{name}"
        return link

    def loop(self, file: File) -> str | None:
        """A loop device over a file; None where the host has none to give."""
        try:
            device = self.sh(f"losetup -f --show {shlex.quote(self.spelled(file))}")
        except RuntimeError:
            return None
        self.loops.append(device)
        file.doubtful = "a loop device is over it"
        return device

    def export(self, file: File) -> None:
        """Have a file open in a qemu-nbd until the round ends, where that can open it."""
        mark = f"/run/{self.fresh('nbd')}"
        command = ["qemu-nbd", "-t", "-r", "-f", "raw", "-k", mark, f"--pid-file={mark}.pid", file.path]
        self.log.append(f"{' '.join(command)} &")
        nothing = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
        self.exports.append(process)
        deadline = time.monotonic() + 30
        while process.poll() is None and not file.opened and time.monotonic() < deadline:
            file.opened = os.path.exists(f"{mark}.pid")  # It is written last.
            time.sleep(0.02)
        for path in (mark, f"{mark}.pid"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def fingerprints(self) -> dict[str, Fingerprint]:
        """What is at each name of each file: equal before and after what must not touch them."""
        found: dict[str, Fingerprint] = {}
        for file in self.files:
            for name in file.names:
                try:
                    state = os.lstat(name)
                except FileNotFoundError:
                    continue
                found[name] = (state.st_ino, state.st_size, state.st_mtime_ns)
        return found

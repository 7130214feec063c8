# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a path is, whatever its spelling: two paths are one thing where they have a sign in common.

A sign is a short text. Those of a path are:

- ``file DEVICE:INODE``: what is there, through symbolic links; hard links and bind mounts share it
- ``name DEVICE:INODE NAME``: the folder that it is in and its name there, also where nothing is there yet
- ``path PATH``: the path without symbolic links, where not even the folder is there
- ``block MAJOR:MINOR``: a block device, whatever its name (LVM, by-id, mapper)
- ``in DEVICE:INODE``, ``in MAJOR:MINOR PATH``: a folder, for what is in it

The kernel resolves symbolic links and ``..``, not this module: ``link/..`` is not where ``link`` is.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import typing as t

from .block_devices import BlockDevices
from .headers import names_in_image

Signs = frozenset[str]

NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)
"""Errors by which a path leads nowhere. Others mean that it cannot be looked at."""

DEPTH = 200
"""How many images are followed from one: libvirt follows as many (src/storage_file/storage_source.c)."""

PROTOCOL = re.compile(r"([^/:]+):")
"""What QEMU takes for the protocol of a name: all before a colon that comes before the first slash."""

LOCAL = ("file", "host_device", "host_cdrom", "fat", "raw", "qcow2")
"""Protocols of QEMU that are of files."""


class BackingChain(t.NamedTuple):
    """What an image is laid over.

    :param paths: every file below it, by a path that leads there
    :param signs: what these are, and images on the network
    :param doubts: why there may be more
    """

    paths: tuple[str, ...]
    signs: Signs
    doubts: tuple[str, ...]


class Places:
    """What paths are, as long as one walk lasts: the answers are kept.

    :param devices: the block devices of the host
    :param look: tells what is at a path, as ``os.stat``
    :ivar doubts: paths that could not be looked at, with the reasons
    """

    def __init__(self, devices: BlockDevices | None = None, look: t.Callable[[str], os.stat_result] = os.stat) -> None:
        self.devices = devices or BlockDevices()
        self.look = look
        self.doubts: dict[str, str] = {}
        self.known: dict[str, Signs] = {}
        self.used: dict[str, Signs] = {}
        self.chains: dict[str, BackingChain] = {}
        self.within: dict[str, Signs] = {}
        self.named = names_in_image
        self.mounts: list[tuple[str, str, str]] | None = None

    def stat(self, path: str) -> os.stat_result | None:
        """What is at a path; None where nothing is. What cannot be looked at is a doubt."""
        try:
            return self.look(path)
        except ValueError:
            return None  # A NUL byte, or a letter that no file name has.
        except OSError as error:
            if error.errno not in NOTHING:
                self.doubts.setdefault(path, error.strerror or str(error))
            return None

    def signs(self, path: str) -> Signs:
        """What a path is."""
        if path not in self.known:
            self.known[path] = frozenset(self.tell(path))
        return self.known[path]

    def tell(self, path: str) -> t.Iterator[str]:
        """The signs of a path."""
        found = self.stat(path)
        if found is not None and stat.S_ISBLK(found.st_mode):
            yield f"block {number(found.st_rdev)}"
        elif found is not None and not stat.S_ISCHR(found.st_mode):
            yield f"file {found.st_dev}:{found.st_ino}"
        yield from self.names(path)
        real = resolved(path)
        if real != path:
            yield from self.names(real)

    def names(self, path: str) -> t.Iterator[str]:
        """The place of a path: its folder and name."""
        path = path.rstrip("/")
        folder, _slash, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return
        holder = self.stat(folder or "/")
        if holder is None:
            yield f"path {resolved(path)}"
        else:
            yield f"name {holder.st_dev}:{holder.st_ino} {name}"

    def goes(self, path: str) -> Signs:
        """What goes with what is deleted at a path: itself, and that it is in its folders."""
        found = set(self.signs(path))
        for sign in tuple(found):
            kind, _space, device = sign.partition(" ")
            if kind == "block":
                found.update(f"block {other}" for other in self.devices.private(device))
        return frozenset(found | self.holders(path))

    def folders(self, path: str) -> t.Iterator[str]:
        """The folders that a path is in, up to the root."""
        folder = os.path.dirname(path.rstrip("/"))
        while True:
            holder = self.stat(folder or "/")
            if holder is not None:
                yield f"in {holder.st_dev}:{holder.st_ino}"
            yield from self.inside(folder or "/")
            above = os.path.dirname(folder)
            if above == folder:
                return  # The root, which POSIX lets be ``//`` as well.
            folder = above

    def inside(self, path: str) -> t.Iterator[str]:
        """Where a folder is inside its file system, for folders that are mounted elsewhere as well."""
        if self.mounts is None:
            self.mounts = self.devices.roots()
        best = max((mount for mount in self.mounts if within(path, mount[2])), key=lambda m: len(m[2]), default=None)
        if best is not None:
            device, root, place = best
            rest = path[len(place.rstrip("/")) :].strip("/")
            yield f"in {device} {root.rstrip('/')}/{rest}".rstrip("/")

    def folder(self, path: str) -> Signs:
        """What a folder is, to whom has all that is in it."""
        found = self.stat(path)
        signs = set(self.signs(path))
        if found is None or stat.S_ISDIR(found.st_mode):
            signs.update(self.inside(resolved(path)))
        if found is not None and stat.S_ISDIR(found.st_mode):
            signs.add(f"in {found.st_dev}:{found.st_ino}")
        return frozenset(signs)

    def holders(self, path: str) -> Signs:
        """All folders that a path is in."""
        found: set[str] = set()
        for place in dict.fromkeys((path, resolved(path))):
            folder = os.path.dirname(place)
            if folder not in self.within:
                self.within[folder] = frozenset(self.folders(place))
            found |= self.within[folder]
        return frozenset(found)

    def uses(self, path: str) -> Signs:
        """What somebody uses who uses a path: itself, what it is made of, and what is made of it."""
        if path not in self.used:
            found = set(self.signs(path))
            for sign in tuple(found):
                kind, _space, device = sign.partition(" ")
                if kind == "block":
                    found |= self.made_of(device)
            self.used[path] = frozenset(found)
        return self.used[path]

    def made_of(self, device: str) -> set[str]:
        """What somebody uses who uses a block device."""
        found = set()
        below = {device, *self.devices.below(device)}
        for other in below | self.devices.above(device):
            found.add(f"block {other}")
        for other in below:
            file = self.devices.backing_file(other)
            if file:
                found |= self.signs(file)
        return found

    # --- images ---

    def chain(self, path: str) -> BackingChain:
        """What the image at a path is laid over, to the end."""
        if path not in self.chains:
            self.chains[path] = self.follow(path)
        return self.chains[path]

    def follow(self, path: str) -> BackingChain:
        """Follow what an image names. Each is looked at once, so a circle has an end."""
        own = self.signs(path)
        found: dict[str, None] = {}
        signs: set[str] = set()
        doubts: list[str] = []
        left = [path]
        while left:
            image = left.pop()
            image_names = self.named(image)
            if image_names.doubt is not None:
                doubts.append(f"{image} {image_names.doubt}")
            for name in image_names.names:
                paths, network, doubt = targets(name, image)
                signs |= network
                if doubt is not None:
                    doubts.append(f"{image} names {doubt}")
                for other in paths:
                    if other not in found and other != path:
                        found[other] = None
                        left.append(other)
            if len(found) > DEPTH:
                doubts.append(f"{path} is laid over too many others")
                break
        for other in found:
            signs |= self.uses(other) - own
        return BackingChain(tuple(found), frozenset(signs), tuple(doubts))

    def away(self, path: str) -> bool:
        """Whether what a path names may be somewhere, but is not here now: not even its folder is."""
        if self.stat(path) is not None:
            return False
        return path.startswith("/dev/") or self.stat(os.path.dirname(path.rstrip("/")) or "/") is None


def targets(name: str, image: str, depth: int = 0) -> tuple[list[str], set[str], str | None]:
    """What a name in an image means: paths, signs of images on the network, and what cannot be told.

    A relative name is so to the folder of the image, by the name that the user of the image uses: that
    may be a symbolic link or what it leads to, so both count.
    """
    if depth > 10:
        return [], set(), "a name inside of a name, again and again"
    if name.startswith("json:"):
        return described(name[5:], image, depth)
    protocol = PROTOCOL.match(name)
    if protocol is None:
        return as_paths(name, image), set(), None
    rest = name[protocol.end() :]
    if protocol[1].lower() in LOCAL:
        if protocol[1].lower() == "fat":
            rest = rest.rpartition(":")[2]  # fat:rw:/folder
        paths = as_paths(rest, image)
        if rest.startswith("//"):
            paths.append("/" + rest[2:].partition("/")[2])
        return paths, set(), None
    signs = {network(protocol[1], rest)}
    socket = re.search(r"(?:unix:|socket=)(/[^:?&]+)", rest)
    return ([socket[1]] if socket else []), signs, None


def as_paths(name: str, image: str) -> list[str]:
    """A name as paths, where it may be relative to the folder of an image."""
    folders = dict.fromkeys((os.path.dirname(image), os.path.dirname(resolved(image))))
    return list(dict.fromkeys(os.path.join(folder, name) for folder in folders)) if name else []


def described(text: str, image: str, depth: int) -> tuple[list[str], set[str], str | None]:
    """What a description of an image in JSON means (QEMU's block options): every text in it may be a path."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return [], set(), "what it is laid over in a way that cannot be understood"
    paths: list[str] = []
    signs: set[str] = set()
    left = [content]
    count = 0
    while left:
        count += 1
        value = left.pop()
        if count > 1000:
            return paths, signs, "too much to follow"
        if isinstance(value, list):
            left += value
        elif isinstance(value, dict):
            left += value.values()
            driver = str(value.get("driver", value.get("file.driver", "")))
            flat = {str(key).removeprefix("file."): inner for key, inner in value.items()}
            if "image" in flat:  # rbd
                signs.add(f"network {flat.get('pool')}/{flat['image']}")
            for key in ("path", "export", "volume", "target"):
                if isinstance(flat.get(key), str) and driver not in ("", "file", "host_device", "raw", "qcow2"):
                    signs.add(network(driver, flat[key]))
        elif isinstance(value, str) and value:
            more, net, doubt = targets(value, image, depth + 1)
            if doubt is not None:
                return paths, signs, doubt
            paths += more
            signs |= net
    return list(dict.fromkeys(paths)), signs, None


def network(protocol: str, name: str) -> str:
    """The sign of an image on the network: its name there, without protocol, server and what is asked of it.

    By how many names a server goes nobody knows, so the image's decides: two of one name count as one.
    """
    name = re.split(r"[?#]", name)[0]
    if name.startswith("//"):
        name = name[2:].partition("/")[2]
    elif protocol == "rbd":
        name = name.partition(":")[0].partition("@")[0]
    elif protocol == "nbd":
        name = name.partition("exportname=")[2] or name
    return f"network {name.strip('/')}"


def number(device: int) -> str:
    """A device number as the kernel writes it."""
    return f"{os.major(device)}:{os.minor(device)}"


def resolved(path: str) -> str:
    """A path without symbolic links, as far as it leads anywhere."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def within(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")

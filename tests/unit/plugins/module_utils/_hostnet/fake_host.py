# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory: a disk that loses at a power cut what was not synced, a /run, and where each step can be the last.

``FakeOs`` stands for the module os, with every call that changes something a step. Before each step the host's
``before_step`` is asked, which may kill the program or let the call fail.
"""

from __future__ import annotations

import errno
import os as real_os
import posixpath
import stat as real_stat
import types
from collections.abc import Callable, Iterator
from typing import Any

VOLATILE = ("/run", "/proc", "/sys", "/dev")
"""What a power cut empties."""


class Inode:
    """A file, a folder or a symbolic link."""

    count = 100

    def __init__(self, kind: str, data: bytes = b"", mode: int = 0o644) -> None:
        Inode.count += 1
        self.kind, self.data, self.mode, self.number = kind, data, mode, Inode.count
        self.time = self.number
        self.synced: bytes | None = None


class Tree:
    """The names of all files, now and as they are on the disk."""

    def __init__(self) -> None:
        self.now: dict[str, Inode] = {"/": Inode("dir")}
        self.durable: dict[str, Inode] = dict(self.now)

    def add(self, path: str, text: str | None = None, target: str | None = None, mode: int = 0o644) -> None:
        """Put something there that has been there for long."""
        parent = posixpath.dirname(path)
        if parent not in self.now:
            self.add(parent)
        kind = "link" if target is not None else "dir" if text is None else "file"
        node = Inode(kind, (target if target is not None else text or "").encode(), mode)
        node.synced = node.data
        self.now[path] = self.durable[path] = node

    def children(self, folder: str) -> list[str]:
        prefix = folder.rstrip("/") + "/"
        start = len(prefix)
        return [path for path in self.now if path.startswith(prefix) and path.find("/", start) < 0]

    def sync_folder(self, folder: str) -> None:
        names = set(self.children(folder))
        for path in [path for path in self.durable if posixpath.dirname(path) == folder and path != "/"]:
            if path not in names:
                del self.durable[path]
        for path in names:
            self.durable[path] = self.now[path]

    def unsynced_folders(self) -> list[str]:
        """The folders on the disk of which not all names are there yet."""
        changed = {path for path in {*self.now, *self.durable} if self.now.get(path) is not self.durable.get(path)}
        return sorted({posixpath.dirname(path) for path in changed if not path.startswith(VOLATILE)})

    def cut(self, written: Callable[[str], bool]) -> None:
        """Lose what is in memory only.

        :param written: whether the disk has got to a folder's names by itself
        """
        for folder in self.unsynced_folders():
            if written(folder):
                self.sync_folder(folder)
        found: dict[str, Inode] = {"/": self.durable["/"]}
        for path in sorted(self.durable):
            if path != "/" and not path.startswith(VOLATILE) and posixpath.dirname(path) in found:
                node = self.durable[path]
                node.data = node.synced if node.synced is not None else b""
                found[path] = node
        for path in VOLATILE:
            found[path] = Inode("dir")
        self.now, self.durable = found, dict(found)


class FakePath(types.SimpleNamespace):
    """os.path of a fake host."""

    join, dirname, basename = (
        staticmethod(posixpath.join),
        staticmethod(posixpath.dirname),
        staticmethod(posixpath.basename),
    )
    samestat = staticmethod(lambda one, other: one.st_ino == other.st_ino)
    abspath = staticmethod(lambda path: path)

    def __init__(self, fake: FakeOs) -> None:
        super().__init__()
        self.fake = fake

    def exists(self, path: str) -> bool:
        node = self.fake.tree.now.get(path)
        return node is not None and (node.kind != "link" or node.data.decode() in self.fake.tree.now)

    def isdir(self, path: str) -> bool:
        node = self.fake.tree.now.get(path)
        return node is not None and node.kind == "dir"

    def isfile(self, path: str) -> bool:
        node = self.fake.tree.now.get(path)
        return node is not None and node.kind == "file"

    def islink(self, path: str) -> bool:
        node = self.fake.tree.now.get(path)
        return node is not None and node.kind == "link"

    def realpath(self, path: str) -> str:
        return path


class FakeOs:
    """The module os, as far as the agent uses it."""

    O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_CLOEXEC = 0, 1, 64, 128, 0
    ST_RDONLY = 1

    def __init__(self, tree: Tree, before_step: Callable[[str, str], None]) -> None:
        self.tree, self.before_step = tree, before_step
        self.path = FakePath(self)
        self.environ: dict[str, str] = {}
        self.open_files: dict[int, tuple[str, Inode, list[int]]] = {}
        self.steps: list[tuple[str, str]] = []

    def step(self, name: str, path: str) -> None:
        self.steps.append((name, path))
        self.before_step(name, path)

    def node(self, path: str) -> Inode:
        if path not in self.tree.now:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return self.tree.now[path]

    def parent(self, path: str) -> None:
        folder = posixpath.dirname(path)
        if folder not in self.tree.now:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)

    def lstat(self, path: str) -> Any:
        node = self.node(path)
        kind = {"file": real_stat.S_IFREG, "dir": real_stat.S_IFDIR, "link": real_stat.S_IFLNK}[node.kind]
        return types.SimpleNamespace(
            st_ino=node.number,
            st_mode=kind | node.mode,
            st_uid=0,
            st_gid=0,
            st_size=len(node.data),
            st_mtime_ns=node.time,
        )

    stat = lstat

    def statvfs(self, path: str) -> Any:
        self.node(path)
        try:
            self.before_step("statvfs", path)
        except OSError:
            return types.SimpleNamespace(f_flag=self.ST_RDONLY)
        return types.SimpleNamespace(f_flag=0)

    def listdir(self, folder: str) -> list[str]:
        self.node(folder)
        return [posixpath.basename(path) for path in self.tree.children(folder)]

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if flags & self.O_CREAT:
            self.parent(path)
            self.step("create", path)
            if path in self.tree.now:
                raise FileExistsError(errno.EEXIST, "File exists", path)
            self.tree.now[path] = Inode("file", mode=mode)
        number = 10
        while number in self.open_files:
            number += 1
        self.open_files[number] = (path, self.node(path), [0])
        return number

    def close(self, number: int) -> None:
        del self.open_files[number]

    def read(self, number: int, size: int) -> bytes:
        _path, node, place = self.open_files[number]
        part = node.data[place[0] : place[0] + size]
        place[0] += len(part)
        return part

    def write(self, number: int, data: bytes) -> int:
        path, node, place = self.open_files[number]
        in_place = place[0] + len(data) <= len(node.data)
        self.step("overwrite" if in_place else "write", path)
        node.data = node.data[: place[0]] + data + node.data[place[0] + len(data) :]
        place[0] += len(data)
        return len(data)

    def fchmod(self, number: int, mode: int) -> None:
        self.open_files[number][1].mode = mode

    def fchown(self, number: int, user: int, group: int) -> None:
        return

    def listxattr(self, path: str, follow_symlinks: bool = True) -> list[str]:
        self.node(path)
        return []

    def fsync(self, number: int) -> None:
        path, node, _place = self.open_files[number]
        self.step("fsync", path)
        if node.kind == "dir":
            self.tree.sync_folder(path)
        else:
            node.synced = node.data

    def rename(self, old: str, new: str) -> None:
        node = self.node(old)
        self.parent(new)
        self.step("rename", new)
        there = self.tree.now.get(new)
        if there is node:
            return
        if there is not None and there.kind == "dir" and self.tree.children(new):
            raise OSError(errno.ENOTEMPTY, "Directory not empty", new)
        for path in [path for path in self.tree.now if path == old or path.startswith(old + "/")]:
            self.tree.now[new + path[len(old) :]] = self.tree.now.pop(path)

    def link(self, old: str, new: str, follow_symlinks: bool = True) -> None:
        node = self.node(old)
        self.parent(new)
        self.step("link", new)
        if new in self.tree.now:
            raise FileExistsError(errno.EEXIST, "File exists", new)
        self.tree.now[new] = node

    def symlink(self, target: str, path: str) -> None:
        self.parent(path)
        self.step("symlink", path)
        if path in self.tree.now:
            raise FileExistsError(errno.EEXIST, "File exists", path)
        self.tree.now[path] = Inode("link", target.encode())

    def readlink(self, path: str) -> str:
        return self.node(path).data.decode()

    def unlink(self, path: str) -> None:
        self.step("unlink", path)
        self.node(path)
        del self.tree.now[path]

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        self.parent(path)
        self.step("mkdir", path)
        if path in self.tree.now:
            raise FileExistsError(errno.EEXIST, "File exists", path)
        self.tree.now[path] = Inode("dir", mode=mode)

    def chmod(self, path: str, mode: int) -> None:
        self.step("chmod", path)
        self.tree.now[path].mode = mode

    def umask(self, mask: int) -> int:
        return mask

    def makedirs(self, path: str, mode: int = 0o777, exist_ok: bool = False) -> None:
        for folder in self.above(path):
            if folder not in self.tree.now:
                self.mkdir(folder, mode)

    def above(self, path: str) -> Iterator[str]:
        parts = path.strip("/").split("/")
        for count in range(len(parts)):
            yield "/" + "/".join(parts[: count + 1])

    def rmdir(self, path: str) -> None:
        self.step("rmdir", path)
        self.node(path)
        if self.tree.children(path):
            raise OSError(errno.ENOTEMPTY, "Directory not empty", path)
        del self.tree.now[path]

    def getpid(self) -> int:
        return real_os.getpid()

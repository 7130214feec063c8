# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent does to files: whole or not at all, and where it matters synced before anything relies on it.

The agent is copied to the host and runs there without the collection: the standard library only, and relative
imports within this folder.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import typing as t

BASE = "/run/virtfleet/links"
"""The state of a trial. It is in memory: a reboot forgets it."""
TRIAL = BASE + "/trial"
LAST = BASE + "/last"
UNIT = "/run/systemd/system/virtfleet-links.service"
WANTS = "/run/systemd/system/multi-user.target.wants"
WANTED = WANTS + "/virtfleet-links.service"
"""Has the unit started again after a soft-reboot, which ends it and leaves /run (systemd-soft-reboot.service(8)). It
is made when the unit ends before its trial."""
PART = ".virtfleet-part"
"""The name of a file that is not complete yet, in the folder where it will have its own."""
OF_THE_TEXT = ("security.ima", "security.evm")
"""Extended attributes that sum up what a file holds: another one's would be wrong."""
ROOM = 65536
"""Bytes that a file takes up in advance which must be written when there may be no room."""


def exists(path: str) -> bool:
    """Whether there is something of that name, be it a symbolic link that leads nowhere."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def read(path: str) -> str:
    """A file's text. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(descriptor, 1 << 20):
            parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts).decode("utf-8", "surrogateescape")


def load(path: str) -> t.Any:
    """A file of JSON, a dictionary; empty where it cannot be read. What it has, whoever wrote it knows: see shapes."""
    try:
        found = json.loads(read(path))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def create(path: str, text: str, mode: int = 0o600, like: str = "") -> None:
    """Write a new file, which is on the disk afterwards; its name is once the folder is synced too.

    What has that name already is left from a run that was broken off, and goes. Raises OSError.

    :param mode: who may read it
    :param like: another file, whose owner, mode and extended attributes it gets: who may read a file is its owner's
        to say
    """
    unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if like:
            found = os.lstat(like)
            mode = found.st_mode & 0o7777
            os.fchown(descriptor, found.st_uid, found.st_gid)
            give_attributes(descriptor, path, attributes(like))
        # Last: where the file has an access control list, the bits of the group are the most that anybody else gets.
        os.fchmod(descriptor, mode)
        put(descriptor, text)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def attributes(path: str) -> dict[str, bytes]:
    """The extended attributes of a file, such as its access control list; none where its filesystem has none.

    Raises OSError.
    """
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return {}
        raise
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in names if name not in OF_THE_TEXT}


def give_attributes(descriptor: int, path: str, wanted: t.Mapping[str, bytes]) -> None:
    """Give an open file extended attributes, and take from it what its folder gave it beside them. Raises OSError.

    :param path: the file's
    :param wanted: the attributes by name
    """
    there = attributes(path)
    name = ""
    try:
        for name in sorted(there.keys() - wanted.keys()):
            if not name.startswith("security."):
                os.removexattr(descriptor, name)
        for name, value in wanted.items():
            if there.get(name) != value:
                os.setxattr(descriptor, name, value)
    except OSError as error:
        what = f"the new file cannot have the extended attribute {name} as the old one has it ({error.strerror})"
        raise OSError(error.errno, f"{what}: see getfacl and getfattr", path) from None


def put(descriptor: int, text: str) -> None:
    """Write all of a text to an open file. Raises OSError."""
    left = text.encode("utf-8", "surrogateescape")
    while left:
        left = left[os.write(descriptor, left) :]


def write(path: str, text: str, mode: int = 0o600) -> None:
    """Write a file whole or not at all, also when the power fails. Raises OSError."""
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, PART)
    try:
        create(temporary, text, mode)
        os.rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            unlink(temporary)
        raise
    sync(folder)


def reserve(path: str) -> None:
    """Make a file that takes up room for what is to be said later. Raises OSError."""
    create(path, " " * ROOM)


def overwrite(path: str, text: str) -> None:
    """Write into the room that a file takes up; what does not fit is left out. Raises OSError."""
    data = text.encode("utf-8", "backslashreplace")[:ROOM]
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        put(descriptor, data.ljust(ROOM).decode("utf-8", "replace"))
    finally:
        os.close(descriptor)


def link_over(source: str, path: str) -> None:
    """Give a file a second name, in place of what has that name. Raises OSError."""
    temporary = os.path.join(os.path.dirname(path), PART)
    unlink(temporary)
    os.link(source, temporary, follow_symlinks=False)
    os.rename(temporary, path)
    unlink(temporary)  # A rename between two names of one file does nothing (rename(2)).


def move_back(source: str, path: str) -> None:
    """Give a file its old name again, where it is not done yet. Needs no room. Raises OSError."""
    if exists(source):
        os.rename(source, path)
        unlink(source)  # A rename between two names of one file does nothing (rename(2)).


def unlink(path: str) -> None:
    """Remove a file, if it is there. Raises OSError.

    Looks first: a filesystem that is read-only says so also of a file that is not there. It may go meanwhile: whoever
    asks for a verdict renames a file.
    """
    if exists(path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def listed(folder: str) -> list[str]:
    """The names in a folder, sorted; none where there is no such folder."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def sync(folder: str) -> None:
    """Have a folder's names on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: str, mode: int = 0o755) -> None:
    """Make a folder with those above it, on the disk, with its mode whatever the process leaves out. Raises OSError."""
    missing = missing_folders(path)
    for folder in missing:
        try:
            os.mkdir(folder, mode)
        except FileExistsError:
            continue
        if os.lstat(folder).st_mode & 0o777 != mode:
            os.chmod(folder, mode)
        sync(os.path.dirname(folder))


def missing_folders(path: str) -> list[str]:
    """The folders that would have to be made for one, from the top."""
    missing: list[str] = []
    while path not in ("", "/") and not exists(path):
        missing.insert(0, path)
        path = os.path.dirname(path)
    return missing


def remove_folder(path: str) -> None:
    """Remove a folder and the files in it. Raises OSError."""
    for name in listed(path):
        inner = os.path.join(path, name)
        if os.path.isdir(inner) and not os.path.islink(inner):
            remove_folder(inner)
        else:
            unlink(inner)
    if exists(path):
        os.rmdir(path)


def same_file(one: str, other: str) -> bool:
    """Whether two files have the same text, rights and extended attributes. Raises OSError."""
    first, second = os.lstat(one), os.lstat(other)
    if (first.st_mode, first.st_uid, first.st_gid) != (second.st_mode, second.st_uid, second.st_gid):
        return False
    return not os.path.islink(one) and read(one) == read(other) and attributes(one) == attributes(other)


def is_same_file(one: str, other: str) -> bool:
    """Whether two names are those of one file."""
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except (FileNotFoundError, NotADirectoryError):
        return False


def problem(error: BaseException) -> str:
    """An error for people: what it is about and what is wrong, nothing of what files hold."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return type(error).__name__

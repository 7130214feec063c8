# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on their way: made under a temporary name or none, and given their own name once they are whole.

A folder may be one that others write to as well. So nothing is opened twice by its name, nothing that
was there is written to, and no name is taken over from another file.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
import tempfile
import typing as t

from .._errors import VirtfleetError
from .files import birth
from .image_format import LARGEST, Unfit
from .image_locks import WRITING, guest_with, locked
from .sandbox import USER

NAME_MAX = 255
"""Bytes in the name of a file."""

RENAME_NOREPLACE = 1

PART = re.compile(r"\.virtfleet-[^/\0]+\.[0-9a-f]{16}\.part")


def part_name(name: str) -> str:
    """A new temporary name for what will be called so, which nobody else gives to a file.

    It is noted before the file is made, so that the next run can take away what a killed one left.
    """
    end = f".{secrets.token_hex(8)}.part"
    part = f".virtfleet-{name}{end}"
    if len(os.fsencode(part)) > NAME_MAX:
        part = f".virtfleet-{hashlib.sha256(os.fsencode(name)).hexdigest()}{end}"
    return part


@contextlib.contextmanager
def opened_folder(path: str) -> t.Iterator[int]:
    """A folder to make files in; its descriptor."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def reserved(folder: int, name: str, where: str) -> t.Iterator[int]:
    """A new temporary file, empty, that only this run has, and that is gone afterwards; its descriptor.

    :param folder: the descriptor of its folder
    :param name: its name
    :param where: its path, for messages

    Raises VirtfleetError where something has that name, which stays as it is.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    except FileExistsError:
        raise taken_error(folder, name, where) from None
    try:
        if not owned(descriptor, folder, name):
            raise busy_error(where)
        try:
            yield descriptor
        finally:
            if owned(descriptor, folder, name):
                os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked_for_us(folder: int, name: str, where: str) -> t.Iterator[int]:
    """A file of a temporary name that a tool has made for this run, as this run's alone; its descriptor.

    :param where: its path, for messages
    """
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not owned(descriptor, folder, name):
            raise busy_error(where)
        yield descriptor
    finally:
        os.close(descriptor)


def busy_error(where: str) -> VirtfleetError:
    """The error of a file that another run makes."""
    return VirtfleetError(f"another run is making it in this moment ({where}); wait for that one")


def taken_error(folder: int, name: str, where: str) -> VirtfleetError:
    """The error of a temporary name that something has: another run's, or anybody's."""
    with contextlib.suppress(OSError):
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode) and not owned(descriptor, folder, name):
                return busy_error(where)
        finally:
            os.close(descriptor)
    return forged(where)


def clear(folder: int, name: str, where: str, identity: str | None = None, only_look: bool = False) -> None:
    """Take away what a run noted as its own that was killed. Raises VirtfleetError where it is not that.

    :param identity: what was noted of the file (see files.birth): it may have another owner by then, or two names
    :param only_look: whether nothing is taken away, as in a plan
    """
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return
    except OSError:
        raise forged(where) from None
    try:
        state = os.fstat(descriptor)
        known = identity is not None and birth(where) == identity
        ours = known or (state.st_nlink == 1 and state.st_uid in (os.geteuid(), USER, maker(folder)))
        if not stat.S_ISREG(state.st_mode) or not ours:
            raise forged(where)
        if not owned(descriptor, folder, name):
            raise busy_error(where)
        if not only_look:
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)


def maker(folder: int) -> int:
    """Who owns what this process makes in a folder: on NFS it may be another than the process itself."""
    descriptor = nameless(f"/proc/self/fd/{folder}")
    try:
        return os.fstat(descriptor).st_uid
    finally:
        os.close(descriptor)


def forged(where: str) -> VirtfleetError:
    """The error of something that only looks as if a run had left it."""
    return VirtfleetError(f"{where} is in the way, and no run of this collection left it so: look at it, and remove it")


def owned(descriptor: int, folder: int, name: str) -> bool:
    """Whether an open file is this run's alone, and still has its temporary name.

    Between opening and locking it another run may have finished: then it is what was made.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), os.stat(name, dir_fd=folder, follow_symlinks=False))
    except (BlockingIOError, FileNotFoundError):
        return False


def nameless(folder: str) -> int:
    """A new file without a name, gone with its last descriptor, also when the run is killed."""
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS):
            raise
    descriptor, path = tempfile.mkstemp(prefix=".virtfleet-", suffix=".part", dir=folder)
    os.unlink(path)
    return descriptor


def settle(descriptor: int, folder: int, part: str, name: str, where: str) -> None:
    """Write a temporary file through to the disk, then give it its name, which nothing else has.

    :param where: its path, for messages

    Raises VirtfleetError where the name is taken, and FileExistsError never.
    """
    os.fsync(descriptor)
    if not owned(descriptor, folder, part):
        raise VirtfleetError(f"somebody took away {where} while it was made; nothing was kept")
    if exists(folder, name):
        raise VirtfleetError(f"{where} is there already, and is left as it is")
    try:
        rename(folder, part, name)
    except FileExistsError:
        raise VirtfleetError(f"{where} is there already, and is left as it is") from None
    if not owned(descriptor, folder, name):
        raise VirtfleetError(f"somebody put another file in the place of {where} while it was made: look at it")
    os.fsync(folder)


def exists(folder: int, name: str) -> bool:
    """Whether a folder has something of that name, if only a link to nothing."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def rename(folder: int, old: str, new: str) -> None:
    """Give a file another name that nothing has. Raises FileExistsError where something has it.

    Not every file system has renameat2(2); there it is a second name, then the first goes.
    """
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        failed = errno.ENOSYS
    else:
        failed = 0
        if call(folder, os.fsencode(old), folder, os.fsencode(new), RENAME_NOREPLACE) != 0:
            failed = ctypes.get_errno()
    if failed in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        os.unlink(old, dir_fd=folder)
    elif failed:
        raise OSError(failed, os.strerror(failed), new)


def open_image(path: str, locks: bool = True) -> tuple[int, int]:
    """Open a file or block device to read an image from it; its descriptor and its bytes.

    :param locks: whether one is refused that a running guest may write to

    Raises Unfit for what is neither, without waiting for it.
    """
    try:
        descriptor = open_to_read(path)
    except (OSError, ValueError) as error:
        raise Unfit(f"cannot be opened: {getattr(error, 'strerror', error)}") from None
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        if size > LARGEST:
            raise Unfit(f"has {size} bytes, more than the {LARGEST} bytes (64 TiB) that are taken")
        if locks:
            refuse_written(descriptor)
        return descriptor, size
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, OSError):
            raise Unfit(f"cannot be read: {error.strerror}") from None
        raise


def open_to_read(path: str) -> int:
    """Open a file or block device. Nothing else is opened: some devices act when that is done to them."""
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        mode = os.fstat(place).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
            raise Unfit("is neither a file nor a block device")
        return os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(place)


def refuse_written(descriptor: int) -> None:
    """Raise Unfit where QEMU has a file open to write to it: a copy would be half old and half new."""
    if locked(descriptor, WRITING, 1):
        guest = guest_with(os.fstat(descriptor))
        who, what = (f"guest {guest}", "it") if guest else ("a running guest", "the guest")
        raise Unfit(f"is in use by {who}, which may write to it; stop {what} first")


def reader(descriptor: int) -> t.Callable[[int, int], bytes]:
    """Reads bytes of an open file at an offset."""

    def read(offset: int, length: int) -> bytes:
        return os.pread(descriptor, length, offset)

    return read

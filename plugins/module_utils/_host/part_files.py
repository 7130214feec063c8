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
from . import listener
from .files import birth
from .image_format import LARGEST, Unfit
from .image_locks import WRITING, guest_with, locked
from .sandbox import USER

CHUNK = 1024**2
GRAIN = 64 * 1024
"""Bytes that become a hole where all of them are zero."""
NAME_MAX = 255
"""Bytes in the name of a file."""

RENAME_NOREPLACE = 1
FICLONE = 0x40049409
"""Of linux/fs.h."""

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
        raise taken(folder, name, where) from None
    try:
        if not owned(descriptor, folder, name):
            raise busy(where)
        try:
            yield descriptor
        finally:
            if owned(descriptor, folder, name):
                os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(folder: int, name: str, where: str) -> t.Iterator[int]:
    """A file of a temporary name that a tool has made for this run, as this run's alone; its descriptor.

    :param where: its path, for messages
    """
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not owned(descriptor, folder, name):
            raise busy(where)
        yield descriptor
    finally:
        os.close(descriptor)


def busy(where: str) -> VirtfleetError:
    """The error of a file that another run makes."""
    return VirtfleetError(f"another run is making it in this moment ({where}); wait for that one")


def taken(folder: int, name: str, where: str) -> VirtfleetError:
    """The error of a temporary name that something has: another run's, or anybody's."""
    with contextlib.suppress(OSError):
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode) and not owned(descriptor, folder, name):
                return busy(where)
        finally:
            os.close(descriptor)
    return forged(where)


def clear(folder: int, name: str, where: str, identity: str | None = None) -> None:
    """Take away what a run noted as its own that was killed. Raises VirtfleetError where it is not that.

    :param identity: what was noted of the file (see files.birth): it may have another owner by then, or two names
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
            raise busy(where)
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


class Room:
    """The space that may be taken in a folder: what is free, but for a reserve that guests may need.

    :ivar free: bytes that may be taken
    """

    SHARE, RESERVE = 50, 1024**3
    """The reserve: a fiftieth of the file system, at most 1 GiB."""

    def __init__(self, descriptor: int) -> None:
        state = os.fstatvfs(descriptor)
        reserve = min(state.f_blocks * state.f_frsize // self.SHARE, self.RESERVE)
        self.free = max(0, state.f_bavail * state.f_frsize - reserve)

    def hold(self, descriptor: int) -> None:
        """Raises OSError (ENOSPC) where an open file has taken more than that."""
        if os.fstat(descriptor).st_blocks * 512 > self.free:
            self.refuse()

    def refuse(self) -> t.NoReturn:
        """Raise the error of a full file system before it is full."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Writer:
    """Writes an image into an open file; zeros become holes.

    :param room: what it may take
    :param longest: the bytes that it may have
    """

    def __init__(self, descriptor: int, room: Room, longest: int = LARGEST) -> None:
        self.descriptor, self.room, self.longest = descriptor, room, longest
        self.waiting = bytearray()
        self.size = self.written = 0

    def __call__(self, chunk: bytes) -> None:
        """Write on. Raises Unfit beyond the longest, OSError where there is no room."""
        self.waiting += chunk
        if self.size + len(self.waiting) > self.longest:
            raise Unfit(f"has more than the {self.longest} bytes that are taken")
        if len(self.waiting) >= CHUNK:
            self.flush(len(self.waiting) // GRAIN * GRAIN)

    def flush(self, count: int) -> None:
        """Write so much of what waits."""
        view = bytes(self.waiting[:count])
        del self.waiting[:count]
        self.written += put_sparse(self.descriptor, view, self.size, self.room, self.written)
        self.size += count

    def finish(self) -> int:
        """Write the rest; how many bytes there are."""
        self.flush(len(self.waiting))
        os.ftruncate(self.descriptor, self.size)
        return self.size


def put_sparse(descriptor: int, chunk: bytes, offset: int, room: Room, written: int) -> int:
    """Write at an offset what is not zero; how many bytes that took.

    :param written: what was taken before. Raises OSError where both are more than there is room for, Gone (see
        listener) where nobody waits for it any more.
    """
    listener.heed()
    taken = 0
    for start in range(0, len(chunk), GRAIN):
        piece = chunk[start : start + GRAIN]
        if piece.count(0) != len(piece):
            taken += len(piece)
            if written + taken > room.free:
                room.refuse()
            put(descriptor, memoryview(piece), offset + start)
    return taken


def put(descriptor: int, piece: memoryview, offset: int) -> None:
    """Write all of it at an offset."""
    while piece:
        count = os.pwrite(descriptor, piece, offset)
        piece, offset = piece[count:], offset + count


def copy(source: int, target: int, size: int, room: Room) -> None:
    """Copy so many bytes of an open file into an empty one, and its holes as holes.

    Raises Unfit where the source changes meanwhile, OSError where there is no room.
    """
    before = os.fstat(source)
    if not cloned(source, target, size):
        written = 0
        for offset, length in extents(source, size):
            chunk = os.pread(source, length, offset)
            if len(chunk) != length:
                raise Unfit("became shorter while it was read")
            written += put_sparse(target, chunk, offset, room, written)
        os.ftruncate(target, size)
    after = os.fstat(source)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unfit("changed while it was read; stop what writes to it")


def cloned(source: int, target: int, size: int) -> bool:
    """Whether the target shares now the blocks of the source, which btrfs and XFS can (ioctl_ficlone(2))."""
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return os.fstat(target).st_size == size


def extents(descriptor: int, size: int) -> t.Iterator[tuple[int, int]]:
    """Where an open file has data, in pieces of bearable length: offset and length."""
    offset = 0
    while offset < size:
        try:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
            end = min(os.lseek(descriptor, start, os.SEEK_HOLE), size)
        except OSError as error:
            if error.errno == errno.ENXIO and stat.S_ISREG(os.fstat(descriptor).st_mode):
                return  # Nothing but a hole is left.
            start, end = offset, size
        for place in range(start, end, CHUNK):
            yield place, min(CHUNK, end - place)
        offset = max(end, offset + 1)

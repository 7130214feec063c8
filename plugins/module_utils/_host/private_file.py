# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that only this collection writes, whole at any time, by one process at a time.

Nothing in its place is trusted: a symbolic link, a folder, a pipe, or what others may write to is
refused by its path. Every error of a call is a VirtfleetError that names the path.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import time
import typing as t

from .._errors import VirtfleetError

LARGEST = 64 * 1024**2
"""Bytes that the file may have; a list of 100,000 volumes has a fourth of it."""
SPARE = 64 * 1024
"""Bytes that must be free beside the file's own size before anything is begun."""
WAIT = 30.0
"""Seconds that another process may hold the lock: a change of the file takes a few milliseconds."""

WAYS = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, the quota is used up",
    errno.EROFS: "its file system is read-only, make it writable",
    errno.EBUSY: "look whether something is mounted on it (findmnt), and unmount that",
    errno.EACCES: "run as a user who may write there",
    errno.EPERM: "run as a user who may write there, and look for the attribute immutable (lsattr)",
}
"""What to do about an error of a call."""

THAW = "look with lsattr, then chattr -ia"
FROZEN = 0x10 | 0x20
"""FS_IMMUTABLE_FL and FS_APPEND_FL (linux/fs.h): what has either of them can be neither replaced nor removed."""


class PrivateFile:
    """One file in a folder of its own.

    :param folder: where it is; made with mode 0700 where it is missing
    :param name: its name there
    :param what: what it is, for messages
    :param holder: this process as others may read it while they wait
    """

    def __init__(self, folder: str, name: str, what: str, holder: str) -> None:
        self.folder, self.name, self.what, self.holder = folder, name, what, holder
        self.path = os.path.join(folder, name)

    def refused(self, problem: object, way: str = "", path: str | None = None) -> VirtfleetError:
        """The error to raise."""
        if isinstance(problem, OSError):
            way = way or WAYS.get(problem.errno or 0, "")
            problem = problem.strerror or str(problem)
        return VirtfleetError(f"{self.what}, {path or self.path}, {problem}{way and f': {way}'}")

    # --- reading ---

    def read(self) -> bytes | None:
        """All of the file; None where there is none. Raises VirtfleetError where it cannot be trusted or read."""
        try:
            with self.opened_folder(make=False) as folder:
                if folder is None:
                    return None
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with open(os.open(self.name, flags, dir_fd=folder), "rb") as file:
                    self.trusted(os.fstat(file.fileno()))
                    return file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self.refused("cannot be read: it is a symbolic link", "put the file itself there") from None
            raise self.refused(f"cannot be read: {error.strerror or error}", WAYS.get(error.errno or 0, "")) from None

    def trusted(self, found: os.stat_result) -> None:
        """Raises VirtfleetError for what is no file that only its owner writes."""
        if not stat.S_ISREG(found.st_mode):
            raise self.refused("cannot be read: it is no regular file", "move away what is there")
        if found.st_uid not in (os.geteuid(), 0):
            raise self.refused(f"cannot be read: it belongs to the user {found.st_uid}", "look who made it")
        if stat.S_IMODE(found.st_mode) & 0o022:
            raise self.refused("cannot be read: others than its owner may write to it", "look at it, then chmod 0600")
        if found.st_size > LARGEST:
            raise self.refused(f"cannot be read: it has {found.st_size} bytes, more than {LARGEST}", "look at it")

    @contextlib.contextmanager
    def opened_folder(self, make: bool) -> t.Iterator[int | None]:
        """The folder, opened and trusted; None where there is none and none is to be made."""
        try:
            if make:
                os.makedirs(self.folder, mode=0o700, exist_ok=True)
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            if make:
                raise
            handle = None
        except (FileExistsError, NotADirectoryError) as error:
            where = self.folder
            if os.path.islink(where):
                raise self.refused("is a symbolic link", "put the folder itself there", where) from None
            if error.filename not in (None, where):
                where = str(error.filename)
            raise self.refused("is no folder", "move away what is there", where) from None
        if handle is None:
            yield None
            return
        try:
            found = os.fstat(handle)
            if found.st_uid not in (os.geteuid(), 0):
                raise self.refused(f"belongs to the user {found.st_uid}", "look who made it", self.folder)
            if stat.S_IMODE(found.st_mode) & 0o002 or (stat.S_IMODE(found.st_mode) & 0o020 and found.st_gid != 0):
                way = "look at what is in it, then chmod 0700"
                raise self.refused("is a folder that others than its owner may write to", way, self.folder)
            yield handle
        finally:
            os.close(handle)

    # --- writing ---

    def check(self) -> None:
        """Raises VirtfleetError where it is known that the file cannot be written. Nothing is changed."""
        with self.opened_folder(make=False) as folder:
            lock = os.path.join(self.folder, ".lock")
            if folder is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.close(self.opened_lock(lock, folder))
                self.replaceable(folder)
        place = self.folder
        while not os.path.lexists(place):
            place = os.path.dirname(place)
        mode = os.W_OK | os.X_OK
        try:
            if not os.path.isdir(place):
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if not os.access(place, mode, effective_ids=os.access in os.supports_effective_ids):
                read_only = os.statvfs(place).f_flag & os.ST_RDONLY
                code = errno.EROFS if read_only else errno.EACCES
                raise OSError(code, os.strerror(code))
            room = os.statvfs(place)
            free = room.f_frsize * (room.f_bfree if os.geteuid() == 0 else room.f_bavail)
            if free < self.size() + SPARE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise self.unwritable(error) from None

    def prepare(self) -> None:
        """Try that the file can be written: folder, lock, room, name. What it holds stays, byte by byte.

        A file that is there is replaced by a copy of itself: whether a name can be given is known only by giving it.
        Raises VirtfleetError with the path and the way out.
        """
        with self.locked() as folder:
            self.replaceable(folder)
            content = self.read()
            self.put(folder, content or b"", keep=content is not None, spare=SPARE)

    def replaceable(self, folder: int) -> None:
        """Raises VirtfleetError where it is known that neither the file nor its new one can be replaced."""
        if frozen(folder):
            raise self.refused("cannot be written: its folder has the attribute immutable or append-only", THAW)
        for name in (self.name, f"{self.name}.new"):
            path = os.path.join(self.folder, name)
            try:
                handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            except OSError:
                continue
            try:
                mode = os.fstat(handle).st_mode
                if mount_of(handle) != mount_of(folder):
                    raise self.refused("cannot be replaced: something is mounted on it", "unmount that", path)
            finally:
                os.close(handle)
            if stat.S_ISDIR(mode):
                raise self.refused("cannot be replaced: it is a folder", "move it away", path)
            if stat.S_ISREG(mode):
                with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder), "rb") as file:
                    if frozen(file.fileno()):
                        problem = "cannot be replaced: it has the attribute immutable or append-only"
                        raise self.refused(problem, THAW, path)

    def size(self) -> int:
        """The bytes that the file has now."""
        try:
            return os.lstat(self.path).st_size
        except OSError:
            return 0

    def unwritable(self, error: OSError) -> VirtfleetError:
        """What an error in writing means."""
        return self.refused(f"cannot be written: {error.strerror or error}", WAYS.get(error.errno or 0, ""))

    def put(self, folder: int, content: bytes, keep: bool = True, spare: int = 0) -> None:
        """Write the file anew under another name, through to the disk, then give it its name.

        :param keep: False for a trial, of which nothing stays
        :param spare: bytes more that have to fit onto the disk

        Raises VirtfleetError, with the old file as it was, where that fails.
        """
        part = f"{self.name}.new"
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)  # Of a run that was killed: we have the lock.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(part, flags, 0o600, dir_fd=folder), "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(content + b"\0" * spare)
                file.flush()
                os.fsync(file.fileno())
                if spare:
                    os.ftruncate(file.fileno(), len(content))
                    os.fsync(file.fileno())
            if keep:
                os.rename(part, self.name, src_dir_fd=folder, dst_dir_fd=folder)
                os.fsync(folder)
            else:
                os.unlink(part, dir_fd=folder)
        except OSError as error:
            raise self.unwritable(error) from None
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part, dir_fd=folder)

    @contextlib.contextmanager
    def locked(self) -> t.Iterator[int]:
        """The folder, while no other process changes the file. Raises VirtfleetError after WAIT seconds."""
        lock = os.path.join(self.folder, ".lock")
        try:
            with contextlib.ExitStack() as stack:
                folder = t.cast(int, stack.enter_context(self.opened_folder(make=True)))
                stack.enter_context(self.file_lock(lock, folder))
                yield folder
        except OSError as error:
            raise self.unwritable(error) from None

    def opened_lock(self, lock: str, folder: int, make: int = 0) -> int:
        """The lock's descriptor. Raises FileNotFoundError where there is none, VirtfleetError for what is no file.

        :param make: os.O_CREAT to make it where it is missing
        """
        flags = make | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(".lock", flags, 0o600, dir_fd=folder)
        except FileNotFoundError:
            raise
        except OSError as error:
            way = WAYS.get(error.errno or 0, "move away what is there")
            raise self.refused(f"cannot be opened: {error.strerror}", way, lock) from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise self.refused("is no regular file", "move away what is there", lock)
        return handle

    @contextlib.contextmanager
    def file_lock(self, lock: str, folder: int) -> t.Iterator[None]:
        """The lock."""
        deadline = time.monotonic() + WAIT
        while True:
            handle = self.opened_lock(lock, folder, os.O_CREAT)
            try:
                if self.taken(handle, folder):
                    yield
                    return
                if time.monotonic() >= deadline:
                    raise self.refused(f"is held by {holder(handle)} for {WAIT:g} s now", "wait for that one", lock)
            finally:
                os.close(handle)
            time.sleep(0.02)

    def taken(self, handle: int, folder: int) -> bool:
        """Whether this process got the lock, which still has its name."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(handle), os.stat(".lock", dir_fd=folder, follow_symlinks=False)):
                return False
        except (BlockingIOError, FileNotFoundError):
            return False
        with contextlib.suppress(OSError):  # A full disk keeps nobody from locking.
            os.ftruncate(handle, 0)
            os.pwrite(handle, self.holder.encode(), 0)
        return True


def holder(handle: int) -> str:
    """Who wrote itself into a lock, as it may be shown."""
    text = os.pread(handle, 100, 0).decode("ascii", "replace")
    words = text.split()
    return f"process {words[1]}" if len(words) > 1 and words[1].isdigit() else "another process"


def frozen(handle: int) -> bool:
    """Whether a file or folder has an attribute that keeps everybody from replacing it; False where none can tell."""
    # FS_IOC_GETFLAGS of ioctl_iflags(2): these count the direction of an ioctl in another way (asm/ioctl.h).
    other = os.uname().machine.startswith(("ppc", "mips", "sparc", "alpha"))
    size = 8 if sys.maxsize > 2**32 else 4
    flags = bytearray(8)
    try:
        fcntl.ioctl(handle, (0x40000000 if other else 0x80000000) | size << 16 | 0x6601, flags)
    except OSError:
        return False
    return bool(int.from_bytes(flags[:4], sys.byteorder) & FROZEN)


def mount_of(handle: int) -> str:
    """The mount that an open file is on (proc_pid_fdinfo(5)); empty where none can tell."""
    try:
        with open(f"/proc/self/fdinfo/{handle}", encoding="ascii") as file:
            return next((line.split()[1] for line in file if line.startswith("mnt_id:")), "")
    except OSError:
        return ""

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the control node fetches for its hosts, each once: in the user's own folder, by their checksums.

Ansible has a process for each host. The first that needs an image fetches it into ``NAME.part``, which it has locked;
the others wait for that, no longer than they would for the image. What is whole and has its checksum gets its name. A
process that is killed leaves a part that nobody has locked: the next one begins it anew. What has no checksum counts
for this run of Ansible only.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import stat
import time
import typing as t

from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import meter
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.download import TIMEOUT, download
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sparse_copy import Room, Writer
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.products import Version
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.new_file import failure_in_words
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source, verify

KEPT = ("virtfleet.kvm", "images")
"""The folder with images in the folder that Ansible has for the user (``ANSIBLE_HOME``)."""

OF_RUN = "virtfleet-images"
"""That in the temporary folder of a run of Ansible, which is gone with it."""

NAME = re.compile(r"[0-9a-f]{64}(?:\.part)?")
"""What is in these folders; other files in them stay."""

MONTH = 30 * 86400.0
"""Seconds after which an image goes that no run has used."""

CHUNK = 1024**2

PAUSE = 0.1
"""Seconds between two looks whether a part is free."""

LOCKED = (errno.EWOULDBLOCK, errno.EAGAIN)


class CachedImage(t.NamedTuple):
    """An image that the control node has.

    :param path: its file
    :param checksum: what a copy of it must have, as ALGORITHM:DIGEST
    """

    path: str
    checksum: str


def kept_in() -> str:
    """The folder for images that are kept. Raises VirtfleetError where there is none, or others can write to it."""
    folder = os.path.expanduser(str(constants.ANSIBLE_HOME))
    with clear(folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    for part in KEPT:
        folder = own_folder(os.path.join(folder, part))
    return folder


def of_run() -> str:
    """The folder for what counts in this run of Ansible only. Raises VirtfleetError as ``kept_in``."""
    return own_folder(os.path.join(constants.DEFAULT_LOCAL_TMP, OF_RUN))


def own_folder(path: str) -> str:
    """A folder that only this user can write to, made if it is not there. Raises VirtfleetError where it is none."""
    with clear(path):
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        state = os.lstat(path)
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise VirtfleetError(f"{path} is no folder that only you can write to: look at it, and remove it")
    return path


@contextlib.contextmanager
def clear(path: str) -> t.Iterator[None]:
    """Raise VirtfleetError where a call fails.

    :param path: what it is about, where the error does not name a file
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise VirtfleetError(failure_in_words(error, path)) from None
        why = "it is no folder" if error.errno == errno.EEXIST else error.strerror or error
        raise VirtfleetError(f"{error.filename or path} cannot be used: {why}") from None


def opened(path: str) -> t.BinaryIO:
    """A file, open to be read. Raises OSError, and VirtfleetError for what is none, such as a pipe without an end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        refuse_other(descriptor, path)
    except VirtfleetError:
        os.close(descriptor)
        raise
    return open(descriptor, "rb")


def refuse_other(descriptor: int, path: str) -> None:
    """Raise VirtfleetError for what is open and no file."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise VirtfleetError(f"{path} is no file: look at it, and remove it")


def once(key: str, find: t.Callable[[], dict[str, object]], seconds: float | None = None) -> dict[str, object]:
    """What is found out once in a run of Ansible, for all hosts. What failed is tried again by who asks later.

    Raises VirtfleetError where it cannot be noted.

    :param key: tells it from other things
    :param seconds: that another process may take to find it out; None for the usual
    """
    path = os.path.join(of_run(), hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest())
    began = time.time()
    with clear(os.path.dirname(path)), taken(path, "finds out the version of an image", seconds) as part:
        found, at = noted(path)
        # Those who waited for this attempt do not make another one.
        if found is not None and ("problem" not in found or at >= began):
            return found
        found = find()
        write(part, json.dumps(found).encode())
        os.rename(f"{path}.part", path)
    return found


def noted(path: str) -> tuple[dict[str, object] | None, float]:
    """What is noted in a file, and when that was; None where nothing is that can be read."""
    try:
        with opened(path) as file:
            found = json.loads(file.read().decode())
            return (found if isinstance(found, dict) else None), os.fstat(file.fileno()).st_mtime
    except (FileNotFoundError, ValueError, RecursionError):
        return None, 0.0


def write(descriptor: int, content: bytes) -> None:
    """Write all of a content, through to the disk. Raises OSError."""
    while content:  # The last piece that a full file system takes may be a short one: the next call fails.
        content = content[os.write(descriptor, content) :]
    os.fsync(descriptor)


def image_of(version: Version, seconds: float | None) -> CachedImage:
    """An image, fetched unless it is there. Raises VirtfleetError where it cannot be had.

    :param seconds: that it may take to come; None for the usual
    """
    folder = of_run() if version.checksum is None else kept_in()
    path = os.path.join(folder, hashlib.sha256(version.content.encode()).hexdigest())
    source = Source(version.place, version.checksum, seconds=seconds)
    began = time.time()
    try:
        with taken(path, f"fetches {source.file}", seconds) as part:
            refuse_failed(path, began)
            if not is_whole(path, source):
                try:
                    fetch(source, part, path)
                except VirtfleetError as error:
                    note_failure(path, str(error))
                    raise
            os.utime(path)
        return CachedImage(path, version.checksum or f"sha256:{digest_of(path)}")
    except OSError as error:
        raise VirtfleetError(failure_in_words(error, folder)) from None


def digest_of(path: str) -> str:
    """The SHA-256 digest of a file."""
    digest = hashlib.sha256()
    with opened(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_whole(path: str, source: Source) -> bool:
    """Whether an image is there, and as it must be. One that was damaged since is removed."""
    try:
        file = opened(path)
    except FileNotFoundError:
        return False
    with file:
        try:
            verify(file.fileno(), os.fstat(file.fileno()).st_size, source)
        except VirtfleetError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            return False
    return True


def fetch(source: Source, part: int, path: str) -> None:
    """Fetch an image into a part that is open, and give it its name. Raises VirtfleetError where it cannot be had."""
    folder = os.path.dirname(path)
    try:
        remove_old(folder)
        writer = Writer(part, Room(part))
        with meter.work(f"fetching {source.file}"):
            download(source.place, writer, source.checksum is not None, source.seconds)
        verify(part, writer.finish(), source)
        os.fsync(part)
        os.rename(f"{path}.part", path)
    except Unfit as error:
        raise VirtfleetError(f"{source.named} {error}") from None
    except OSError as error:
        raise VirtfleetError(failure_in_words(error, folder)) from None


@contextlib.contextmanager
def taken(path: str, work: str, seconds: float | None = None) -> t.Iterator[int]:
    """The part of a file, empty, which this process alone has; its descriptor. Waits for who has it.

    What is left of it in the end is removed. Raises VirtfleetError where one other process has it for too long.

    :param work: what who has it does, such as ``fetches debian-13.qcow2``
    :param seconds: that one other process may have it; None for the usual
    """
    part = f"{path}.part"
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    while True:
        descriptor = os.open(part, flags, 0o600)
        try:
            refuse_other(descriptor, part)
            wait(descriptor, part, work, TIMEOUT if seconds is None else seconds)
            if is_at(descriptor, part):
                break
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # Who had it has finished, and it has its name by now, or is gone.
    try:
        os.ftruncate(descriptor, 0)
        yield descriptor
    finally:
        if is_at(descriptor, part):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
        os.close(descriptor)


def wait(descriptor: int, part: str, work: str, limit: float) -> None:
    """Wait until a part is locked, or is another one by now. Raises VirtfleetError after so many seconds.

    Each of many that wait has it for a moment, to verify the image: so the time of each counts alone.
    """
    began = time.monotonic()
    try:
        while not is_locked(descriptor) and is_at(descriptor, part):
            passed = time.monotonic() - began
            if passed >= limit:
                raise VirtfleetError(
                    f"another process of Ansible {work}, and has not ended within {limit:g} s: if it was stopped, end"
                    f" it or let it go on (it has {part} open); else allow more with image_timeout"
                )
            meter.waits(f"waiting for another process of Ansible, which {work}", passed, limit)
            time.sleep(PAUSE)
    finally:
        meter.over()


def is_locked(descriptor: int) -> bool:
    """Whether this process has an open file for itself, as of now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in LOCKED:
            raise
        return False
    return True


def is_at(descriptor: int, path: str) -> bool:
    """Whether an open file is what has a path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def note_failure(path: str, problem: str) -> None:
    """Tell those who wait for a file that it cannot be had. Where that cannot be noted, they try it themselves."""
    with contextlib.suppress(OSError, VirtfleetError), open(failure_of(path), "w", encoding="utf-8") as file:
        file.write(problem)


def refuse_failed(path: str, began: float) -> None:
    """Raise VirtfleetError where another process has tried in vain to have a file since this one asked for it."""
    with contextlib.suppress(FileNotFoundError), opened(failure_of(path)) as file:
        if os.fstat(file.fileno()).st_mtime >= began:
            raise VirtfleetError(file.read().decode("utf-8", "replace"))


def failure_of(path: str) -> str:
    """Where a failure is noted, for this run of Ansible."""
    return os.path.join(of_run(), f"{os.path.basename(path)}.failed")


def remove_old(folder: str) -> None:
    """Remove images that no run has used for long, and parts that a run left which was killed.

    Other runs may do the same at the same time.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if not NAME.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                if entry.name.endswith(".part"):
                    remove_left(entry.path)
                elif time.time() - entry.stat(follow_symlinks=False).st_mtime > MONTH:
                    os.unlink(entry.path)


def remove_left(part: str) -> None:
    """Remove a part that nobody is at work on."""
    descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if is_locked(descriptor) and is_at(descriptor, part):
            os.unlink(part)
    finally:
        os.close(descriptor)

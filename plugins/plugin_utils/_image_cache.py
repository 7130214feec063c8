# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the control node fetches for its hosts, each once: in the user's own folder, by their checksums.

Ansible has a process for each host. The first that needs an image fetches it into ``NAME.part``, which it has locked;
the others wait for that. What is whole and has its checksum gets its name. A process that is killed leaves a part that
nobody has locked: the next one begins it anew. What has no checksum counts for this run of Ansible only.
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
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.download import download
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sparse_copy import Room, Writer
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.products import Version
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.new_file import told
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


class CachedImage(t.NamedTuple):
    """An image that the control node has.

    :param path: its file
    :param checksum: what a copy of it must have, as ALGORITHM:DIGEST
    """

    path: str
    checksum: str


def kept_in() -> str:
    """The folder for images that are kept. Raises VirtfleetError where others can write to it."""
    folder = os.path.expanduser(str(constants.ANSIBLE_HOME))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for part in KEPT:
        folder = own_folder(os.path.join(folder, part))
    return folder


def of_run() -> str:
    """The folder for what counts in this run of Ansible only."""
    return own_folder(os.path.join(constants.DEFAULT_LOCAL_TMP, OF_RUN))


def own_folder(path: str) -> str:
    """A folder that only this user can write to, made if it is not there. Raises VirtfleetError where it is none."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    state = os.lstat(path)
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise VirtfleetError(f"{path} is no folder that only you can write to: look at it, and remove it")
    return path


def once(key: str, find: t.Callable[[], dict[str, t.Any]]) -> dict[str, t.Any]:
    """What is found out once in a run of Ansible, for all hosts. What failed is tried again by who asks later.

    :param key: tells it from other things
    """
    path = os.path.join(of_run(), hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest())
    began = time.time()
    with taken(path) as part:
        with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
            found: dict[str, t.Any] = json.load(file)
            # Those who waited for this attempt do not make another one.
            if "problem" not in found or os.stat(path).st_mtime >= began:
                return found
        found = find()
        os.write(part, json.dumps(found).encode())
        os.rename(f"{path}.part", path)
    return found


def image_of(version: Version, seconds: float | None) -> CachedImage:
    """An image, fetched unless it is there. Raises VirtfleetError where it cannot be had.

    :param seconds: that it may take to come; None for the usual
    """
    folder = of_run() if version.checksum is None else kept_in()
    path = os.path.join(folder, hashlib.sha256(version.content.encode()).hexdigest())
    source = Source(version.place, version.checksum, seconds=seconds)
    began = time.time()
    try:
        with taken(path) as part:
            refuse_failed(path, began)
            if not is_whole(path, source):
                try:
                    fetch(source, part, path)
                except VirtfleetError as error:
                    note_failure(path, str(error))
                    raise
            os.utime(path)
    except OSError as error:
        raise VirtfleetError(told(error, folder)) from None
    if version.checksum is not None:
        return CachedImage(path, version.checksum)
    return CachedImage(path, f"sha256:{digest_of(path)}")


def digest_of(path: str) -> str:
    """The SHA-256 digest of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def is_whole(path: str, source: Source) -> bool:
    """Whether an image is there, and as it must be. One that was damaged since is removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        verify(descriptor, os.fstat(descriptor).st_size, source)
    except VirtfleetError:
        os.unlink(path)
        return False
    finally:
        os.close(descriptor)
    return True


def fetch(source: Source, part: int, path: str) -> None:
    """Fetch an image into a part that is open, and give it its name. Raises VirtfleetError where it cannot be had."""
    folder = os.path.dirname(path)
    remove_old(folder)
    try:
        writer = Writer(part, Room(part))
        with meter.work(f"fetching {source.file}"):
            download(source.place, writer, source.checksum is not None, source.seconds)
        verify(part, writer.finish(), source)
        os.fsync(part)
        os.rename(f"{path}.part", path)
    except Unfit as error:
        raise VirtfleetError(f"{source.named} {error}") from None
    except OSError as error:
        raise VirtfleetError(told(error, folder)) from None


@contextlib.contextmanager
def taken(path: str) -> t.Iterator[int]:
    """The part of a file, empty, which this process alone has; its descriptor. Waits for who has it.

    What is left of it in the end is removed.
    """
    part = f"{path}.part"
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if is_at(descriptor, part):
            break
        os.close(descriptor)  # Who had it has finished, and it has its name by now, or is gone.
    try:
        os.ftruncate(descriptor, 0)
        yield descriptor
    finally:
        if is_at(descriptor, part):
            os.unlink(part)
        os.close(descriptor)


def is_at(descriptor: int, path: str) -> bool:
    """Whether an open file is what has a path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def note_failure(path: str, problem: str) -> None:
    """Tell those who wait for a file that it cannot be had."""
    with open(failure_of(path), "w", encoding="utf-8") as file:
        file.write(problem)


def refuse_failed(path: str, began: float) -> None:
    """Raise VirtfleetError where another process has tried in vain to have a file since this one asked for it."""
    with contextlib.suppress(FileNotFoundError):
        failure = failure_of(path)
        if os.stat(failure).st_mtime >= began:
            with open(failure, encoding="utf-8") as file:
                raise VirtfleetError(file.read())


def failure_of(path: str) -> str:
    """Where a failure is noted, for this run of Ansible."""
    return os.path.join(of_run(), f"{os.path.basename(path)}.failed")


def remove_old(folder: str) -> None:
    """Remove images that no run has used for long, and parts that a run left which was killed."""
    for entry in os.scandir(folder):
        if not NAME.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
            continue
        if entry.name.endswith(".part"):
            remove_left(entry.path)
        elif time.time() - entry.stat(follow_symlinks=False).st_mtime > MONTH:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(entry.path)


def remove_left(part: str) -> None:
    """Remove a part that nobody is at work on."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_at(descriptor, part):
                os.unlink(part)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN):
                raise
        finally:
            os.close(descriptor)

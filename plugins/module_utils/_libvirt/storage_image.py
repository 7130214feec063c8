# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill a file with an image, so that nothing half-made is ever taken for good.

All is done under a temporary name beside the file: fetched, held against its checksum, converted,
made larger, written through to the disk. Only then it gets its name. What fails takes its temporary
file along; that of a run that was killed is overwritten by the next.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import json
import os
import subprocess
import typing as t

from .._errors import VirtfleetError

CHUNK = 1024**2
TIMEOUT = 60
"""Seconds without a byte after which a download is given up."""


@dataclasses.dataclass(frozen=True)
class Found:
    """What an image is.

    :param format: such as ``qcow2``
    :param size: the size that a guest sees
    """

    format: str
    size: int


def temporary(folder: str, name: str) -> str:
    """The temporary name of what will be called so: the same in each run, so that none is left behind."""
    return os.path.join(folder, f".virtfleet-{name}.part")


@contextlib.contextmanager
def reserved(path: str) -> t.Iterator[int]:
    """A temporary file, empty, that is gone afterwards; its descriptor.

    Raises VirtfleetError where another run has it in its hands.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if not owned(descriptor, path):
            raise VirtfleetError(f"another run is making it in this moment ({path}); wait for that one")
        try:
            os.ftruncate(descriptor, 0)
            yield descriptor
        finally:
            if owned(descriptor, path):
                os.unlink(path)
    finally:
        os.close(descriptor)


def owned(descriptor: int, path: str) -> bool:
    """Whether an open file is this run's alone, and still has its temporary name.

    Between opening and locking it another run may have finished: then it is what was made.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except (BlockingIOError, FileNotFoundError):
        return False


def make(path: str, source: str, checksum: str | None, form: str | None, capacity: int | None) -> Found:
    """Make a file of an image: an URL, or the path of a file or device.

    :param form: the format it gets; None for that of the image
    :param capacity: the size that a guest sees; None for that of the image

    Raises VirtfleetError, with nothing left behind, where that fails.
    """
    folder, name = os.path.split(path)
    part = temporary(folder, name)
    try:
        with contextlib.ExitStack() as stack:
            if not source.startswith("/"):
                fetched = temporary(folder, f"{name}.image")
                fetch(source, checksum, stack.enter_context(reserved(fetched)))
                source = fetched
            elif checksum is not None:
                with open(source, "rb") as file:
                    verify(file, checksum, source)
            image = inspect(source)
            if capacity is not None and capacity < image.size:
                raise VirtfleetError(f"the image is {image.size} bytes large, more than its capacity, {capacity} bytes")
            stack.enter_context(reserved(part))
            form = form or image.format
            tool("convert", "-f", image.format, "-O", form, source, part)
            if capacity is not None and capacity > image.size:
                tool("resize", "-f", form, part, str(capacity))
            settle(part, path)
            return Found(form, max(image.size, capacity or 0))
    except OSError as error:
        raise VirtfleetError(told(error, folder)) from None


def settle(part: str, path: str) -> None:
    """Write a temporary file through to the disk, then give it its name."""
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    if os.path.lexists(path):
        raise VirtfleetError(f"{path} is there already, and is left as it is")
    os.rename(part, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def fetch(url: str, checksum: str | None, descriptor: int) -> None:
    """Download into an open file and hold it against its checksum."""
    from ansible.module_utils.urls import open_url  # takes long to load, and is seldom needed

    digest = None if checksum is None else hashlib.new(checksum.partition(":")[0])
    try:
        with contextlib.closing(open_url(url, timeout=TIMEOUT, http_agent="virtfleet.kvm")) as answer:
            expected = answer.headers.get("Content-Length")
            count = 0
            while chunk := answer.read(CHUNK):
                count += len(chunk)
                if digest is not None:
                    digest.update(chunk)
                write(descriptor, chunk)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise VirtfleetError(f"the image {url} cannot be fetched: {error}") from None
    except Exception as error:  # what urllib and http.client raise is of many kinds
        raise VirtfleetError(f"the image {url} cannot be fetched: {error}") from None
    if expected is not None and count != int(expected):
        raise VirtfleetError(f"the image {url} broke off: {count} of {expected} bytes came")
    compare(digest, checksum, url)


def write(descriptor: int, chunk: bytes) -> None:
    """Write all of it; zeros become a hole."""
    if not chunk.strip(b"\0"):
        os.ftruncate(descriptor, os.lseek(descriptor, len(chunk), os.SEEK_CUR))
        return
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def verify(file: t.BinaryIO, checksum: str, name: str) -> None:
    """Hold a file against its checksum."""
    digest = hashlib.new(checksum.partition(":")[0])
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    compare(digest, checksum, name)


def compare(digest: t.Any, checksum: str | None, name: str) -> None:
    """Raise VirtfleetError where a digest is not the expected one."""
    if digest is not None and checksum is not None and digest.hexdigest() != checksum.partition(":")[2]:
        raise VirtfleetError(
            f"the checksum of the image {name} is {digest.name}:{digest.hexdigest()}, not {checksum}:"
            " it is damaged, or another one; nothing of it was kept"
        )


def inspect(path: str) -> Found:
    """What an image is, as qemu-img sees it. One that leans on other files is refused: it could name any."""
    facts = json.loads(tool("info", "--output=json", path))
    data = (facts.get("format-specific") or {}).get("data") or {}
    if facts.get("backing-filename") or data.get("data-file"):
        other = facts.get("backing-filename") or data.get("data-file")
        raise VirtfleetError(
            f"the image {path} is not whole: it is laid over {other}; make it whole with qemu-img convert"
        )
    return Found(str(facts["format"]), int(facts["virtual-size"]))


def tool(*words: str) -> str:
    """Run qemu-img and return what it prints."""
    try:
        done = subprocess.run(
            ["qemu-img", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        raise VirtfleetError("qemu-img is missing on this host: install qemu-utils") from None
    if done.returncode != 0:
        text = " ".join(done.stderr.split()) or f"status {done.returncode}"
        if "No space left" in text:
            raise OSError(errno.ENOSPC, text)
        raise VirtfleetError(f"qemu-img {words[0]}: {text}")
    return done.stdout


def told(error: OSError, folder: str) -> str:
    """What a failed call means to a user."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return str(error)
    free = "none"
    with contextlib.suppress(OSError):
        state = os.statvfs(folder)
        free = f"{state.f_bavail * state.f_frsize // 1024**2} MiB"
    return f"there is no space left in {folder} ({free} free); nothing half-made was kept: make room, then run again"

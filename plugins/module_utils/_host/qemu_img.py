# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run qemu-img on images that nobody vouches for: in a sandbox, with every format named."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import typing as t

from .._errors import VirtfleetError
from . import meter
from .image_format import Unfit
from .sandbox import Limits, ToolFailed, run, tool_user
from .sparse_copy import Room

LEAKS = 3
"""The status of ``qemu-img check`` for clusters that nobody uses: they take space and do no harm (qemu-img(1))."""

TOO_LARGE = ("File too large", "too large for file format")
"""What qemu-img says of a file or disk beyond what the file system or the format can hold."""

PERCENT = re.compile(rb"\(([0-9]{1,3}\.[0-9]{2})/100%\)")
"""What ``qemu-img -p`` prints now and then (qemu-img(1))."""

SLACK = 64 * 1024**2
"""Bytes that the tables of an image may take beyond a fiftieth of its disk."""


def with_tables(size: int) -> int:
    """The most bytes of an image with a disk of so many bytes."""
    return size + size // 50 + SLACK


def convert(image: tuple[int, str, int], target: tuple[int, str], size: int, capacity: int | None) -> None:
    """Convert an image that nobody else can write to into an open file, and make its disk larger.

    :param image: its descriptor, its format (``raw`` or ``qcow2``), and the bytes of its file
    :param target: the descriptor and the format of the new one
    :param size: the bytes of the disk
    :param capacity: the bytes that the disk gets; None for as many as it has

    Raises Unfit where a tool refuses it, OSError where there is no room, or a file cannot be so large.
    """
    source, kind, count = image
    new, form = target
    given, target_path = (f"/proc/self/fd/{descriptor}" for descriptor in (source, new))
    room = Room(new)
    limits = Limits.for_bytes(count, with_tables(max(size, capacity or 0)))
    with lent(source, new) as tool:
        if kind == "qcow2":
            with meter.work("checking its tables"):
                check(lambda: tool(["check", "-q", "-f", "qcow2", given], limits, None, None))
        try:
            words = ["convert", "-p", "-f", kind, "-O", form, given, target_path]
            with meter.work("converting it", size):
                tool(words, limits, lambda: room.hold(new), lambda output: meter.came(converted(output, size)))
            if capacity is not None and capacity > size:
                tool(["resize", "-q", "-f", form, target_path, str(capacity)], limits, lambda: room.hold(new), None)
        except ToolFailed as error:
            raise Unfit(f"cannot be converted: {error}") from None


def converted(output: bytes, size: int) -> int | None:
    """How many of so many bytes are converted, by what ``qemu-img -p`` printed; None where it did not say."""
    shares = PERCENT.findall(output)
    return int(size * float(shares[-1]) / 100) if shares else None


def create(target: int, path: str, options: t.Sequence[str], base: str | None, size: t.Sequence[str]) -> None:
    """Make an open file an empty qcow2.

    What it is laid over is looked at by qemu-img with the rights of this process, and may be on the network: it was
    checked before, and libvirt does the same.

    :param target: the descriptor of the new one
    :param path: the path that it will have, for messages
    :param options: what ``-o`` gets
    :param base: the path of what it is laid over, or None
    :param size: its disk in the words of qemu-img; empty for that of what it is laid over

    Raises VirtfleetError where qemu-img refuses it, OSError where there is no room, or a file cannot be so large.
    """
    target_path = f"/proc/self/fd/{target}"
    words = [
        *(("-o", ",".join(options)) if options else ()),
        *(("-b", base) if base is not None else ()),
        target_path,
        *size,
    ]
    try:
        qemu_img(["create", "-q", "-f", "qcow2", *words], [target], Limits.for_bytes(0, SLACK), drop=False, apart=False)
    except ToolFailed as error:
        raise VirtfleetError(f"it cannot be made: {str(error).replace(target_path, path)}") from None


def check(call: t.Callable[[], object]) -> None:
    """Hold the tables of a qcow2 image against each other. Raises Unfit where they contradict each other.

    What lies outside of the file would read as zeros otherwise, and what is there twice could grow without end.
    """
    try:
        call()
    except ToolFailed as error:
        if error.status == LEAKS:
            return
        raise Unfit(f"is damaged or cut off: {error}") from None


Tool = t.Callable[[t.Sequence[str], Limits, "t.Callable[[], None] | None", "t.Callable[[bytes], None] | None"], str]


@contextlib.contextmanager
def lent(*files: int) -> t.Iterator[Tool]:
    """Files that belong for a while to the user of the tools, where the host has one; qemu-img run by that user.

    A file system that gives nobody a file, such as NFS to a root it does not trust, leaves them as they are.
    """
    user, before = tool_user(), [os.fstat(descriptor) for descriptor in files]
    try:
        for descriptor in files if user is not None else ():
            os.fchown(descriptor, t.cast(int, user), t.cast(int, user))
    except OSError:
        user = None
    try:
        yield lambda words, limits, watch, take: qemu_img(words, files, limits, watch, user is not None, take=take)
    finally:
        for descriptor, state in zip(files, before, strict=True):
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, state.st_uid, state.st_gid)


def qemu_img(
    words: t.Sequence[str],
    files: t.Sequence[int],
    limits: Limits,
    watch: t.Callable[[], None] | None = None,
    drop: bool = True,
    apart: bool = True,
    take: t.Callable[[bytes], None] | None = None,
) -> str:
    """Run qemu-img. Raises Failed with what it said, OSError where there is no room, or a file cannot be so large.

    :param drop: whether it runs as the user of the tools
    :param apart: whether it is kept from the network and from shared memory
    :param take: gets what it prints
    """
    try:
        return run(["qemu-img", *words], limits, files, look=watch, take=take, drop=drop, apart=apart)
    except ToolFailed as error:
        text = str(error)
        if "is missing" in text:
            raise VirtfleetError("qemu-img is missing on this host: install qemu-utils") from None
        if "No space left" in text:
            raise OSError(errno.ENOSPC, text) from None
        if any(words in text for words in TOO_LARGE):
            raise OSError(errno.EFBIG, text) from None
        raise

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpack an image that is compressed with gzip, xz, bzip2 or zstd, within limits.

Python unpacks the first three; for zstd it is Python from 3.14 on, else the program ``zstd``. Several
streams after each other are one image, as ``cat`` makes them. What comes after the last is refused.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import os
import time
import typing as t
import zlib

from . import meter
from .image_format import Unfit
from .sandbox import Limits, ToolFailed, run

CHUNK = 256 * 1024
MEMORY = 512 * 1024**2
"""Bytes that a decompressor may take; ``xz -9`` wants 65 MiB, ``zstd --ultra -22`` 128 MiB."""
BROKEN = (lzma.LZMAError, zlib.error, OSError, EOFError, ValueError, MemoryError)

NAMES = {"gz": "gzip", "xz": "xz", "bz2": "bzip2", "zst": "zstd"}


class Decompressor(t.Protocol):
    """What unpacks a stream, as the classes of ``bz2``, ``lzma`` and ``compression.zstd`` do."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Gzip:
    """A gzip member in the shape that lzma and bz2 have."""

    def __init__(self) -> None:
        self.inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self.inner.eof

    @property
    def unused_data(self) -> bytes:
        return self.inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Unpack so much at most."""
        out = self.inner.decompress(self.inner.unconsumed_tail + data, max_length)
        self.needs_input = not self.inner.unconsumed_tail and len(out) < max_length
        return out


def zstandard() -> t.Callable[[], Decompressor] | None:
    """Python's own decompressor of zstd; None where it has none."""
    try:
        return t.cast("t.Callable[[], Decompressor]", importlib.import_module("compression.zstd").ZstdDecompressor)
    except ImportError:
        return None


STREAMS: dict[str, t.Callable[[], Decompressor]] = {
    "gz": Gzip,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY),
    "bz2": bz2.BZ2Decompressor,
}

FILLERS = {"gz": 1, "xz": 4, "bz2": 0, "zst": 0}
"""In units of how many zero bytes a format may be filled up at its end; 0 where it may not."""


def unpack(kind: str, source: int, size: int, take: t.Callable[[bytes], None], deadline: float) -> None:
    """Unpack an open file.

    :param kind: the compression, as image_format tells it
    :param size: how many bytes the file has
    :param take: gets what comes out, piece by piece; what it raises goes on
    :param deadline: the monotonic time at which it is given up

    Raises Unfit for a stream that is damaged, cut off or followed by something else.
    """
    make = zstandard() if kind == "zst" else STREAMS[kind]
    if make is None:
        unpack_zstd(source, size, take, deadline)
        return
    data, offset = b"", 0
    while True:
        stream = make()
        while not stream.eof:
            if stream.needs_input and not data:
                data = os.pread(source, CHUNK, offset)
                offset += len(data)
                if not data:
                    raise Unfit(f"is cut off: its {NAMES[kind]} stream has no end")
            take(step(kind, stream, data))
            data = b""
            meter.came(offset)
            if time.monotonic() > deadline:
                raise Unfit("takes too long to unpack")
        data = stream.unused_data
        data, offset = filler(kind, source, data, offset)
        if not data:
            return


def step(kind: str, stream: Decompressor, data: bytes) -> bytes:
    """The next piece. Raises Unfit where the stream is damaged."""
    try:
        return stream.decompress(data, CHUNK)
    except BROKEN as error:
        raise Unfit(f"is damaged: its {NAMES[kind]} stream cannot be unpacked ({error})") from None
    except Exception as error:  # compression.zstd has an error of its own
        raise Unfit(f"is damaged: its {NAMES[kind]} stream cannot be unpacked ({type(error).__name__})") from None


def filler(kind: str, source: int, data: bytes, offset: int) -> tuple[bytes, int]:
    """Skip what a file may be filled up with after a stream; what comes next, and where reading goes on."""
    unit, skipped = FILLERS[kind], 0
    while True:
        if not data:
            data = os.pread(source, CHUNK, offset)
            offset += len(data)
        rest = data.lstrip(b"\0") if unit else data
        skipped += len(data) - len(rest)
        if rest or not data:
            break
        data = b""
    if unit and skipped % unit:
        raise Unfit(f"is damaged: something follows its {NAMES[kind]} stream")
    return rest, offset


def unpack_zstd(source: int, size: int, take: t.Callable[[bytes], None], deadline: float) -> None:
    """Unpack with the program zstd."""
    os.lseek(source, 0, os.SEEK_SET)
    limits = Limits(max(1, int(deadline - time.monotonic())), size)
    try:
        words = ["zstd", "--decompress", "--stdout", f"--memory={MEMORY}"]
        # It reads by this very descriptor, and moves its place.
        run(words, limits, stdin=source, take=take, look=lambda: meter.came(os.lseek(source, 0, os.SEEK_CUR)))
    except ToolFailed as error:
        if "is missing" in str(error):
            raise Unfit("is compressed with zstd: install the package zstd (host_extra_packages: [zstd])") from None
        raise Unfit(f"is damaged: {error}") from None

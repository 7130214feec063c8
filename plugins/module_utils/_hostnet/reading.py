# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read files of a host that anything may stand in for: a FIFO waits for ever, a device has no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from .._errors import VirtfleetError
from .._printing import readable
from .agent.files import problem

LONGEST = 16 << 20
"""Bytes of a file that is only looked at: the state of a guest has some hundred thousand."""
PIECE = 1 << 16
"""Bytes that are read at once."""
DESCRIBED = 1 << 20
"""Bytes of a file that describes the network."""
NULL = "/dev/null"
"""Stands for an empty file: it masks one of that name (systemd.network(5))."""
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Odd(Exception):
    """What has the name is not a file that can be read; its text says what it is."""


def text(path: str | Path, most: int = LONGEST) -> str:
    """A file's text, empty for one that is masked. Never waits, never reads without end.

    :param most: how many bytes it may have

    Raises Odd for what is no file or longer, OSError where it cannot be read.
    """
    found = os.stat(path)
    if stat.S_ISCHR(found.st_mode) and os.path.samestat(found, os.stat(NULL)):
        return ""
    check(found)
    # Should it be another one by now, neither is waited for its other end.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
        check(os.fstat(file.fileno()))
        data = b""
        # Piece by piece: a setting of the kernel cannot be read where 4 MiB or more are asked for at once.
        while len(data) <= most and (piece := file.read(PIECE)):
            data += piece
    if len(data) > most:
        raise Odd(f"has more than {most >> 20} MiB")
    return data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")


def check(found: os.stat_result) -> None:
    """Raise Odd for what is not a file."""
    if not stat.S_ISREG(found.st_mode):
        raise Odd(f"is {next((name for test, name in KINDS if test(found.st_mode)), 'something')}, not a file")


def text_or_nothing(path: str | Path) -> str:
    """A file's text, nothing where there is none to read: for what need not be there."""
    try:
        return text(path)
    except (OSError, ValueError, Odd):
        return ""


def described(path: str | Path, dangling: bool = False) -> str | None:
    """The text of a file that describes the network, None where it is not there any more.

    :param dangling: whether a symbolic link that leads nowhere is no file to whoever reads the folder

    Raises VirtfleetError, naming the file, for what is none or cannot be read: a plan without it would be a guess.
    """
    try:
        return text(path, DESCRIBED)
    except Odd as odd:
        wrong = f"{odd}: move it away"
    except OSError as error:
        if error.errno == errno.ENOENT and (dangling or not os.path.islink(path)):
            return None
        wrong = f"cannot be read: {error.strerror or problem(error)}"
    raise VirtfleetError(f"{readable(str(path))} {wrong}")

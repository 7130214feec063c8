# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a tool on content that nobody vouches for, without what it does not need and within limits.

The tool gets its files as open descriptors, ``/proc/self/fd/N``, so it needs no right to any folder.
What util-linux (setpriv(1), unshare(1), prlimit(1)) can take from it on this host is taken:

- root's rights: it runs as a user that exists nowhere else, without capabilities, and can get none back
- the network, and shared memory
- time, processor time, memory, open files, and how large a file it writes may become

In a container some of that may not be allowed; then it runs with what is left. Without root the user
stays the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import selectors
import shutil
import signal
import subprocess
import time
import typing as t

from .._errors import VirtfleetError
from . import waiting_caller

USER = 65519
"""The user and group that a tool runs as: the last number that systemd gives to services for a while and no
user of a distribution has (https://systemd.io/UIDS-GIDS). It owns nothing but what it is lent."""

MEMORY = 2 * 1024**3
"""Bytes of address space; qemu-img takes some hundred MiB, most of them never used."""

PATIENCE = 300
"""Seconds that a tool has at least."""

RATE = 1024**2
"""Bytes in a second that a tool has to do beyond that."""

GRACE = 5
"""Seconds of processor time after which the kernel kills a tool without a word, beyond those that it is told of."""

KEPT = 64 * 1024
"""Bytes that are kept of what a tool prints."""

LOOK = 0.2
"""Seconds between two looks at what a tool does."""

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
"""What a tool gets of an environment; each thread's own heap would count as address space."""
ENVIRONMENT["MALLOC_ARENA_MAX"] = "2"


class ToolFailed(VirtfleetError):
    """A tool that failed or went beyond a limit; the text is what it said.

    :param status: its exit status; None where it had none
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a tool may take.

    :param seconds: of time, and of processor time
    :param largest: bytes that a file may have which it writes
    """

    seconds: int
    largest: int

    @classmethod
    def for_bytes(cls, count: int, largest: int) -> Limits:
        """The limits for work on so many bytes."""
        return cls(PATIENCE + count // RATE, largest)


@functools.cache
def wrapping(user: int, drop: bool = True, apart: bool = True) -> tuple[tuple[str, ...], int | None]:
    """What to run a tool through on this host, and the user that it then is; None for the same one.

    :param user: the numeric id of who asks
    :param drop: whether the tool is to be another user
    :param apart: whether it is kept from the network and from shared memory
    """
    words: tuple[str, ...] = ("unshare", "--net", "--ipc")
    if user != 0:
        words = ("unshare", "--user", "--map-current-user", "--net", "--ipc")
    if not apart or not works(words):
        words = ()
    always = ("setpriv", "--no-new-privs", "--inh-caps=-all", "--pdeathsig=KILL")
    nobody = (f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all")
    for more in (nobody, ()) if drop and user == 0 else ((),):
        if works((*words, *always, *more)):
            return (*words, *always, *more), USER if more else None
    return words, None


def works(words: tuple[str, ...]) -> bool:
    """Whether a program can be run through others on this host."""
    try:
        done = subprocess.run(
            [*words, "true"], check=False, capture_output=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextlib.contextmanager
def in_memory(content: bytes) -> t.Iterator[int]:
    """A file in memory that has some content: its descriptor."""
    descriptor = os.memfd_create("virtfleet")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)


def tool_user() -> int | None:
    """The user that tools run as; None where it is the one that asks."""
    return wrapping(os.geteuid())[1]


def command(words: t.Sequence[str], limits: Limits, drop: bool, apart: bool = True) -> list[str]:
    """The whole command line of a tool."""
    program = shutil.which("prlimit", path=ENVIRONMENT["PATH"])
    bounds = [
        *("prlimit", f"--as={MEMORY}", f"--cpu={limits.seconds}:{limits.seconds + GRACE}", f"--fsize={limits.largest}"),
        *("--nofile=128", "--core=0", "--stack=2097152"),
    ]
    return [*wrapping(os.geteuid(), drop, apart)[0], *(bounds if program else ()), *words]


def run(
    words: t.Sequence[str],
    limits: Limits,
    files: t.Sequence[int] = (),
    *,
    stdin: int = subprocess.DEVNULL,
    look: t.Callable[[], None] | None = None,
    take: t.Callable[[bytes], None] | None = None,
    drop: bool = True,
    apart: bool = True,
) -> str:
    """Run a tool to its end.

    :param files: descriptors that it gets under the same numbers
    :param stdin: the descriptor that it reads from
    :param look: is called now and then; what it raises ends the tool
    :param take: gets what the tool prints; left out, that is returned, cut to ``KEPT`` bytes
    :param drop: whether it runs as a user of its own, where the host allows that
    :param apart: whether it is kept from the network and from shared memory, where the host allows that

    Raises Failed with what the tool said, and where it is missing or goes beyond a limit.
    """
    if shutil.which(words[0], path=ENVIRONMENT["PATH"]) is None:
        raise ToolFailed(f"{words[0]} is missing on this host")
    process = subprocess.Popen(
        command(words, limits, drop, apart),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=tuple(files),
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
    )
    kept: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
    with process:
        try:
            follow(process, limits, kept, look, take)
        except BaseException:
            end(process)
            raise
    if process.returncode != 0:
        raise ToolFailed(
            f"{words[0]} {failure_in_words(process.returncode, kept['stderr'], limits)}", process.returncode
        )
    return kept["stdout"].decode(errors="replace")


def follow(
    process: subprocess.Popen[bytes],
    limits: Limits,
    kept: dict[str, bytearray],
    look: t.Callable[[], None] | None,
    take: t.Callable[[bytes], None] | None,
) -> None:
    """Read what a tool prints until it ends. Raises Failed where it takes too long, Gone (see waiting_caller)."""
    deadline = time.monotonic() + limits.seconds
    with selectors.DefaultSelector() as selector:
        for name in kept:
            selector.register(getattr(process, name), selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _events in selector.select(LOOK):
                chunk = os.read(key.fd, 1024**2)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.data == "stdout" and take is not None:
                    take(chunk)
                elif len(kept[key.data]) < KEPT:
                    kept[key.data] += chunk[:KEPT]
            waiting_caller.heed()
            if look is not None:
                look()
            if time.monotonic() > deadline:
                raise ToolFailed(f"{process_name(process)} took more than {limits.seconds} s and was ended")
    process.wait(timeout=max(1.0, deadline - time.monotonic()))


def process_name(process: subprocess.Popen[bytes]) -> str:
    """The name of the tool in a command line that begins with what it runs through."""
    words = [str(word) for word in t.cast(t.Sequence[str], process.args)]
    known = {"unshare", "setpriv", "prlimit"}
    return next((word for word in words if word not in known and not word.startswith("--")), words[0])


def end(process: subprocess.Popen[bytes]) -> None:
    """End a tool with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def failure_in_words(status: int, output: bytes | bytearray, limits: Limits) -> str:
    """Why a tool failed, on one line."""
    if status == -signal.SIGXFSZ:
        return f"would write more than the {limits.largest} bytes that are allowed"
    if status == -signal.SIGXCPU:
        return f"took more than {limits.seconds} s of processor time"
    text = " ".join(output.decode(errors="replace").split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    if status < 0:
        text = f"was ended by signal {-status}{': ' if text else ''}{text}"
    return text[:500] or f"status {status}"

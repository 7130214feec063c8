# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control node's end of the program on the host: starts it, hands it orders, and takes its answers in time."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

GRACE = 30.0
"""Seconds that the program has besides those of the agent: before each command, libvirt waits up to 5 s for a sign of
the agent, and longer for others who are at the same guest."""

PIECE = 65536
"""How many bytes are written and read at once."""


class Ended(Exception):
    """The program has ended, or did not answer and was ended.

    :param status: its exit status; None where it did not answer
    :param stderr: what it wrote to standard error
    """

    def __init__(self, status: int | None, stderr: str) -> None:
        super().__init__(stderr)
        self.status, self.stderr = status, stderr


class Pipe:
    """The program on a host. To be closed.

    :param command: what starts it
    :param seconds: how long it may take to start
    """

    def __init__(self, command: t.Sequence[str], seconds: float) -> None:
        program = Path(__file__).with_name("program.py").read_bytes()
        self.came = b""
        self.orders = 0
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 # It is closed with the rest.
        try:
            # A session of its own: nobody is asked for a password on the terminal, and Ctrl-C is Ansible's.
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True
            )
        except OSError as error:
            self.errors.close()
            raise Ended(127, f"{command[0]}: {error.strerror}") from None
        for pipe in (self.process.stdin, self.process.stdout):
            os.set_blocking(pipe.fileno(), False)  # type: ignore[union-attr]
        try:
            self.exchange(f"{len(program)}\n".encode() + program, seconds, lambda answer: "ready" in answer)
        except BaseException:
            self.close()
            raise

    def ask(self, order: t.Mapping[str, object], seconds: float) -> dict[str, object]:
        """What the program answers to an order. Raises Ended.

        :param seconds: how long an agent may be silent; after an order that failed, it is asked once more
        """
        self.orders += 1
        number = self.orders
        words = json.dumps({**order, "id": number}).encode() + b"\n"
        return self.exchange(words, 2 * seconds + GRACE, lambda answer: answer.get("id") == number)

    def exchange(self, words: bytes, seconds: float, ends: t.Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """Write words, and read answers until one ends it. What else is written, as by a login shell, is left out.

        :param seconds: how long the other end may neither take nor give anything
        """
        given, taken = self.process.stdin, self.process.stdout
        if given.closed:  # type: ignore[union-attr]
            raise self.ended()
        left = memoryview(words)
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(taken, selectors.EVENT_READ)  # type: ignore[arg-type]
            selector.register(given, selectors.EVENT_WRITE)  # type: ignore[arg-type]
            while True:
                for key, _events in selector.select(max(0.0, deadline - time.monotonic())):
                    if key.fileobj is given:
                        left = left[self.write(left) :]
                        if not left:
                            selector.unregister(given)
                        deadline = time.monotonic() + seconds
                        continue
                    for answer in self.answers():
                        deadline = time.monotonic() + seconds
                        if ends(answer):
                            return answer
                if time.monotonic() >= deadline:
                    raise self.ended(in_time=False)

    def write(self, words: memoryview) -> int:
        """Write what the pipe takes at once; returns how many bytes these were."""
        try:
            return os.write(self.process.stdin.fileno(), words[:PIECE])  # type: ignore[union-attr]
        except BlockingIOError:
            return 0
        except OSError:
            raise self.ended() from None

    def answers(self) -> t.Iterator[dict[str, object]]:
        """The answers that have come."""
        piece = os.read(self.process.stdout.fileno(), PIECE)  # type: ignore[union-attr]
        if not piece:
            raise self.ended()
        *lines, self.came = (self.came + piece).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError):
                answer = json.loads(line)
                if isinstance(answer, dict):
                    yield answer

    def ended(self, in_time: bool = True) -> Ended:
        """Why there is no answer. The program has ended by then."""
        status = None
        if in_time:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self.process.wait(timeout=5)
        self.close()
        return Ended(status, self.stderr)

    stderr = ""
    """What the program has written to standard error, once it is closed."""

    def close(self) -> None:
        """End the program. On the host it closes what is open in the guest, and ends by itself."""
        if self.errors.closed:
            return
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.errors.seek(0)
        self.stderr = self.errors.read(PIECE).decode(errors="replace")
        self.errors.close()

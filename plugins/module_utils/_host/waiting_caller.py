# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody still waits for the result of this run. Where nobody does, it breaks itself off.

Ctrl-C ends Ansible, and its connection, but no process on the host. The module writes its result to a pipe or socket
that sshd or the local connection reads; once that end is closed, poll(2) tells POLLERR or POLLHUP of it. A file, such
as that of an async task, and ``/dev/null`` tell neither, so what writes there goes on.

sudo(8) and sudo-rs hand that pipe on as it is where there is no terminal. With one (``ssh -tt``, ``use_pty``) its end
is told by SIGHUP, which sudo hands on as well. So that signal counts the same, and so do SIGINT and SIGTERM, by which
somebody may end the module on the host.

A run breaks off only where ``heed`` is called within ``heeded``: never while it takes back what it began.
"""

from __future__ import annotations

import contextlib
import dataclasses
import select
import signal
import threading
import typing as t

from .._errors import VirtfleetError

OUTPUT = 1
"""The file descriptor of standard output."""

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
"""Signals that tell this process to end."""

REASON = "nobody waits for the result of this run any more, so it broke itself off"


class Gone(VirtfleetError):
    """Nobody waits for the result any more."""

    def __init__(self) -> None:
        super().__init__(REASON)


@dataclasses.dataclass
class ListenerState:
    """What is known of this process.

    :ivar signalled: whether a signal told it to end
    :ivar heeding: whether it breaks off
    """

    signalled: bool = False
    heeding: bool = False


state = ListenerState()


def is_gone() -> bool:
    """Whether nobody waits for the result any more. An output that is closed tells nothing."""
    if state.signalled:
        return True
    try:
        poll = select.poll()
        poll.register(OUTPUT, 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _descriptor, event in poll.poll(0))
    except (OSError, ValueError):
        return False


def is_given_up() -> bool:
    """Whether what is being done now is to be broken off. May be asked by any thread."""
    return state.heeding and is_gone()


def heed() -> None:
    """Raises Gone where what is being done now is to be broken off."""
    if is_given_up():
        raise Gone


@contextlib.contextmanager
def heeded(yes: bool = True) -> t.Iterator[None]:
    """What can be broken off, as it takes back by itself what it has begun."""
    before, state.heeding = state.heeding, yes
    try:
        yield
    finally:
        state.heeding = before


@contextlib.contextmanager
def signals() -> t.Iterator[None]:
    """Have the signals that would end this process only tell it to. Those that are ignored, or handled, stay so."""
    kept = {}
    state.signalled = False
    try:
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    kept[number] = signal.signal(number, take_note)
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        state.signalled = False


def take_note(number: int, frame: object) -> None:
    """A signal came."""
    state.signalled = True

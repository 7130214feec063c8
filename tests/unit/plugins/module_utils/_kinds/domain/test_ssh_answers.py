# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers, says something else, ends the connection, says nothing, or is not there. Nothing waits."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import ssh_answers
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.ssh_answers import SshServer

HERE = "127.0.0.1"


@contextlib.contextmanager
def server(monkeypatch: pytest.MonkeyPatch, *said: bytes) -> Iterator[list[int]]:
    """A server on this machine, that says so in pieces, and ends each connection. Yields the number of connections.

    :param said: nothing, for one that keeps connections open without a word
    """
    counted = [0]
    kept = []
    with socket.create_server((HERE, 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _address = listening.accept()
                    counted[0] += 1
                    for piece in said:
                        connection.sendall(piece)
                        time.sleep(0.05)
                    if said:
                        connection.close()
                    else:
                        kept.append(connection)

        monkeypatch.setattr(ssh_answers, "PORT", listening.getsockname()[1])
        threading.Thread(target=serve, daemon=True).start()
        yield counted
        listening.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


def asked(addresses: list[str], seconds: float) -> bool:
    """Whether a server answers within a time. No look at it takes long."""
    guest = SshServer()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            begun = time.monotonic()
            answered = guest.answers(addresses)
            assert time.monotonic() - begun < 0.5
            if answered:
                return True
            time.sleep(0.01)
        return False
    finally:
        guest.close()


@pytest.mark.parametrize(
    "said", [(b"SSH-2.0-OpenSSH_9.2\r\n",), (b"S", b"SH", b"-2.0-x\r\n"), (b"welcome\r\nSS", b"H-2.0-x\r\n")]
)
def test_a_server_answers(monkeypatch: pytest.MonkeyPatch, said: tuple[bytes, ...]) -> None:
    with server(monkeypatch, *said):
        assert asked([HERE], 10)


@pytest.mark.parametrize("said", [b"HTTP/1.0 400 Bad Request\r\n", b"SMTP", b"SS", b"xSSH-2.0\r\n"])
def test_something_else_answers(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """It is asked again and again, for the guest may still boot."""
    with server(monkeypatch, said) as counted:
        assert not asked([HERE], 1.0)
        assert counted[0] > 1


def test_a_server_that_says_nothing_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_answers, "PATIENCE", 0.1)
    with server(monkeypatch) as counted:
        assert not asked([HERE], 1.0)
        assert counted[0] > 2


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a family that this machine may not have, one without a server, one that is none, and the right one."""
    with server(monkeypatch, b"SSH-2.0-x\r\n"):
        assert asked(["2001:db8::1", "127.0.0.2", "no address", HERE], 15)


def test_no_server_and_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((HERE, 0)) as closed:
        monkeypatch.setattr(ssh_answers, "PORT", closed.getsockname()[1])
    assert not asked([HERE], 0.3)
    assert not asked([], 0.1)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an SSH server answers in a guest, as its host sees it. Nothing here waits: many guests are asked by turns."""

from __future__ import annotations

import contextlib
import errno
import re
import select
import socket
import time
import typing as t

PORT = 22

PATIENCE = 5.0
"""Seconds that a connection has to be made, and the server to say what it is."""

BANNER = re.compile(rb"^SSH-", re.MULTILINE)
"""How the line of a server begins in which it says what it is. It may send others before (RFC 4253, section 4.2)."""

MOST = 8192
"""Bytes that a server may send before."""


class SshServer:
    """The SSH server of a guest, which is asked at one of its addresses after the other."""

    def __init__(self) -> None:
        self.connection: socket.socket | None = None
        self.begun = 0.0
        self.turn = 0
        self.heard = b""

    def answers(self, addresses: t.Sequence[str]) -> bool:
        """Whether it has answered by now. Begins a connection where there is none, and returns at once.

        :param addresses: those of the guest, as the host knows them
        """
        if self.connection is None and addresses:
            self.begin(addresses[self.turn % len(addresses)])
            self.turn += 1
        if self.connection is None:
            return False
        try:
            readable, _writable, _odd = select.select([self.connection], [], [], 0)
            received = self.connection.recv(MOST) if readable else None
        except OSError:
            received = b""
        self.heard += received or b""
        if BANNER.search(self.heard):
            self.close()
            return True
        # It has ended the connection, or takes too long: the next look begins another one.
        if received == b"" or len(self.heard) > MOST or time.monotonic() - self.begun > PATIENCE:
            self.close()
        return False

    def begin(self, address: str) -> None:
        """Begin a connection."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.begun, self.heard = time.monotonic(), b""
        with contextlib.suppress(OSError):
            self.connection = socket.socket(family, socket.SOCK_STREAM)
            self.connection.setblocking(False)
            if self.connection.connect_ex((address, PORT)) not in (0, errno.EINPROGRESS):
                self.close()

    def close(self) -> None:
        """End the connection."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None

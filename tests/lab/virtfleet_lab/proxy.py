# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts' way to package mirrors: a small HTTP proxy that keeps the packages it fetched.

Called as `proxy.py NAMESPACE_FILE ADDRESS PORT CACHE_FOLDER [UPSTREAM_PROXY]`. It listens in the lab's switch
namespace and connects from the machine's own, so the two networks need no link between them.
Files named *.deb never change under one URL, so they are kept and given out again.
"""

from __future__ import annotations

import ctypes
import hashlib
import http.client
import os
import select
import shutil
import socket
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_CLONE_NEWNET = 0x40000000
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "upgrade"}
_TIMEOUT = 60
_CHUNK = 1 << 16


class Proxy(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    timeout = 600
    cache = Path()
    upstream = ""
    answered = False

    def do_GET(self) -> None:
        """Fetch what is asked for, or give out the kept copy."""
        self._fetch()

    def do_HEAD(self) -> None:
        """Ask for the headers only."""
        self._fetch()

    def do_CONNECT(self) -> None:
        """Pass bytes both ways; for mirrors that are reached by HTTPS."""
        host, _colon, port = self.path.rpartition(":")
        self.close_connection = True
        try:
            if self.upstream:
                at = urlsplit(self.upstream)
                far = socket.create_connection((at.hostname, at.port or 3128), _TIMEOUT)
                far.sendall(f"CONNECT {self.path} HTTP/1.1\r\nHost: {self.path}\r\n\r\n".encode())
            else:
                far = socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT)
                self.send_response(200)
                self.end_headers()
        except (OSError, ValueError) as error:
            self.send_error(502, str(error))
            return
        with far:
            self._splice(far)

    def _splice(self, far: socket.socket) -> None:
        """Copy bytes between the client and the far side until one of them ends."""
        pairs = {self.connection: far, far: self.connection}
        while True:
            ready, _write, _failed = select.select(list(pairs), [], [], self.timeout)
            if not ready:
                return
            for source in ready:
                data = source.recv(_CHUNK)
                if not data:
                    return
                pairs[source].sendall(data)

    def _fetch(self) -> None:
        """Answer one GET or HEAD."""
        url = urlsplit(self.path)
        if url.scheme != "http" or not url.hostname:
            self.send_error(400, "This proxy takes absolute http:// addresses only")
            return
        kept = None
        if self.command == "GET" and url.path.endswith(".deb") and "Range" not in self.headers:
            kept = self.cache / (hashlib.sha256(self.path.encode()).hexdigest() + ".deb")
            if kept.exists():
                self._give(kept)
                return
        try:
            self._forward(kept)
        except (OSError, http.client.HTTPException) as error:
            self.close_connection = True
            if not self.answered:
                self.send_error(502, str(error).replace("\n", " "))

    def _give(self, kept: Path) -> None:
        """Answer with a file that was fetched before."""
        with open(kept, "rb") as file:
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.debian.binary-package")
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(file, self.wfile, _CHUNK)

    def _forward(self, kept: Path | None) -> None:
        """Ask the mirror and pass its answer on, keeping a copy under `kept` if it is whole."""
        self.answered = False
        url = urlsplit(self.path)
        at = urlsplit(self.upstream) if self.upstream else url
        target = self.path if self.upstream else (url.path or "/") + (url.query and f"?{url.query}")
        far = http.client.HTTPConnection(str(at.hostname), at.port or 80, timeout=_TIMEOUT)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            far.request(self.command, target, headers=headers)
            answer = far.getresponse()
            self.answered = True
            length = answer.getheader("Content-Length")
            self.send_response(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP | {"date", "server"}:
                    self.send_header(name, value)
            bodiless = self.command == "HEAD" or answer.status in (204, 304)
            if length is None and not bodiless:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if not bodiless:
                self._copy(answer, kept if answer.status == 200 else None, length)
        finally:
            far.close()

    def _copy(self, answer: http.client.HTTPResponse, kept: Path | None, length: str | None) -> None:
        """Pass the body on; keep it only when every byte has come."""
        if kept is None or length is None:
            shutil.copyfileobj(answer, self.wfile, _CHUNK)
            return
        with tempfile.NamedTemporaryFile(dir=self.cache, prefix=".part-", delete=False) as copy:
            try:
                # The last piece is passed on once all is kept: who has it whole and asks again finds it.
                last = b""
                while chunk := answer.read(_CHUNK):
                    copy.write(chunk)
                    self.wfile.write(last)
                    last = chunk
                copy.flush()
                if copy.tell() == int(length):
                    os.rename(copy.name, kept)
                self.wfile.write(last)
            finally:
                Path(copy.name).unlink(missing_ok=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet; errors reach the client."""


class Server(ThreadingHTTPServer):
    """A server around a socket that already listens."""

    daemon_threads = True


def listen_in(namespace: str, address: str, port: int) -> Server:
    """Return a server that listens in the network namespace of the given file."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(file: str) -> None:
        descriptor = os.open(file, os.O_RDONLY)
        if libc.setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the network namespace {file}")
        os.close(descriptor)

    home = f"/proc/{os.getpid()}/task/{os.getpid()}/ns/net"
    back = os.open(home, os.O_RDONLY)
    enter(namespace)
    server = Server((address, port), Proxy)
    if libc.setns(back, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot return to the own network namespace")
    os.close(back)
    return server


if __name__ == "__main__":
    Proxy.cache = Path(sys.argv[4])
    Proxy.cache.mkdir(parents=True, exist_ok=True)
    Proxy.upstream = sys.argv[5] if len(sys.argv) > 5 else ""
    listen_in(sys.argv[1], sys.argv[2], int(sys.argv[3])).serve_forever()

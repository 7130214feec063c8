# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of answers that are hostile or broken: hostile_server.py PORT. Each path of ANSWERS is one.

``/good`` and ``/steady`` answer as they should, the latter in some seconds; ``/count`` how often ``/good`` was
asked for.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
import typing as t

try:
    from . import hostile_images
except ImportError:  # as a program of its own
    import hostile_images  # type: ignore[no-redef]

OK = b"HTTP/1.1 200 OK\r\n"
END = b"\r\n"
SLOW = "too slowly|no answer within|took more than|does not answer in time"


def body(content: bytes, *headers: str) -> bytes:
    """A whole answer."""
    lines = "".join(f"{header}\r\n" for header in (f"Content-Length: {len(content)}", *headers))
    return OK + lines.encode("latin-1") + END + content


def headed(*headers: str, content: bytes = b"abcde", status: bytes = OK) -> bytes:
    """An answer with exactly these headers."""
    return status + "".join(f"{header}\r\n" for header in headers).encode("latin-1") + END + content


def redirect(target: str, code: int = 302) -> bytes:
    """A redirect."""
    return headed(f"Location: {target}", "Content-Length: 0", content=b"", status=b"HTTP/1.1 %d Moved\r\n" % code)


def trickle(connection: socket.socket, first: bytes, piece: bytes, pause: float) -> None:
    """Send on and on, in small pieces."""
    connection.sendall(first)
    while True:
        connection.sendall(piece)
        time.sleep(pause)


GOOD = hostile_images.mbr()
STEADY = GOOD + bytes(4 * 2**20 - len(GOOD))
PART = b"HTTP/1.1 206 Partial Content\r\n"

ANSWERS: dict[str, tuple[bytes | t.Callable[[socket.socket], None], str]] = {
    "empty": (body(b""), "is empty"),
    "web-page": (body(b"<html><body>Sign in</body></html>", "Content-Type: text/html"), "a web page"),
    "json": (body(b'{"message": "rate limit"}'), "a JSON document"),
    "length-of-letters": (headed("Content-Length: five"), "Content-Length"),
    "length-negative": (headed("Content-Length: -5"), "Content-Length"),
    "length-plus": (headed("Content-Length: +5"), "Content-Length"),
    "length-underscore": (headed("Content-Length: 0_5"), "Content-Length"),
    "length-empty": (headed("Content-Length: "), "Content-Length"),
    "length-twice": (headed("Content-Length: 5", "Content-Length: 6"), "Content-Length"),
    "length-list": (headed("Content-Length: 5, 5"), "Content-Length"),
    "length-of-digits": (headed(f"Content-Length: {'9' * 5000}"), "Content-Length"),
    "length-too-large": (headed("Content-Length: 9223372036854775807"), "Content-Length"),
    "length-in-hex": (headed("Content-Length: 0x5"), "Content-Length"),
    "breaks-off": (headed("Content-Length: 5000000", content=GOOD[:4096]), "broke off"),
    "transfer-rubbish": (headed("Transfer-Encoding: rubbish"), "Transfer-Encoding"),
    "transfer-twice": (headed("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "Transfer-Encoding"),
    "transfer-gzip": (headed("Transfer-Encoding: gzip, chunked"), "Transfer-Encoding"),
    "transfer-and-length": (headed("Transfer-Encoding: chunked", "Content-Length: 5"), "contradict"),
    "chunk-rubbish": (headed("Transfer-Encoding: chunked", content=b"xyz\r\nabc\r\n0\r\n\r\n"), "broke off"),
    "chunk-negative": (headed("Transfer-Encoding: chunked", content=b"-5\r\nabc\r\n0\r\n\r\n"), "fetched|broke off"),
    "chunk-cut-off": (headed("Transfer-Encoding: chunked", content=b"ffff\r\nabc"), "broke off"),
    "no-header": (b"<html>old</html>\n", "no HTTP"),
    "rubbish": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20, "no HTTP"),
    "half-a-status": (b"HTTP/1.1\r\n\r\n", "no HTTP|broke off|cannot be"),
    "status-of-letters": (b"HTTP/1.1 OK 200\r\n\r\n", "no HTTP"),
    "status-204": (headed(content=b"", status=b"HTTP/1.1 204 No Content\r\n"), "204"),
    "status-206": (headed("Content-Length: 5", "Content-Range: bytes 0-4/100", status=PART), "206"),
    "status-304": (headed(content=b"", status=b"HTTP/1.1 304 Not Modified\r\n"), "304"),
    "status-401": (headed("Content-Length: 0", content=b"", status=b"HTTP/1.1 401 No hunter2\r\n"), "401"),
    "status-404": (headed("Content-Length: 0", content=b"", status=b"HTTP/1.1 404 /x?sig=TOKEN\r\n"), "404"),
    "status-500": (headed("Content-Length: 0", content=b"", status=b"HTTP/1.1 500 Oh\r\n"), "500"),
    "status-999": (headed("Content-Length: 0", content=b"", status=b"HTTP/1.1 999 What\r\n"), "999"),
    "range": (headed("Content-Length: 5", "Content-Range: bytes 0-4/100"), "only a part"),
    "encoded-gzip": (body(b"x", "Content-Encoding: gzip"), "Content-Encoding"),
    "encoded-br": (body(b"x", "Content-Encoding: br"), "Content-Encoding"),
    "header-long": (headed("X: " + "a" * 200000), "no HTTP"),
    "headers-many": (headed(*[f"X-{number}: a" for number in range(1000)]), "no HTTP"),
    "header-nul": (headed("Content-Length: 5", "X: a\0b"), "cannot be read"),
    "header-no-colon": (headed("Content-Length: 5", "this is no header"), "cannot be read"),
    "closes": (b"", "without an answer"),
    "redirect-loop": (redirect("/redirect-loop"), "redirects more than"),
    "redirect-file": (redirect("file:///etc/shadow"), "redirects to what is no http"),
    "redirect-ftp": (redirect("ftp://127.0.0.1/x"), "redirects to what is no http"),
    "redirect-json": (redirect("json:{}"), "redirects to what is no http"),
    "redirect-nowhere": (headed("Content-Length: 0", content=b"", status=b"HTTP/1.1 302 Moved\r\n"), "302"),
    "redirect-space": (redirect("/with space"), "URL has a space"),
    "redirect-secret": (redirect("http://bob:TOKEN@127.0.0.1:1/x?sig=TOKEN"), "cannot be fetched"),
    "redirect-bracket": (
        redirect("http://bob:TOKEN@[::1?sig=TOKEN"),
        "redirects to an URL whose server '.::1' is no name",
    ),
    "redirect-port": (redirect("http://127.0.0.1:99999/"), "port"),
    "silent": (lambda connection: time.sleep(60), SLOW),
    "slow-header": (lambda connection: trickle(connection, OK + b"X: ", b"a", 0.1), SLOW),
    "slow-body": (lambda connection: trickle(connection, headed("Content-Length: 999999"), b"a", 0.1), SLOW),
    "slow-chunks": (
        lambda connection: trickle(connection, headed("Transfer-Encoding: chunked", content=b""), b"1\r\na\r\n", 0.1),
        SLOW,
    ),
    "continues": (lambda connection: trickle(connection, b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01), SLOW),
    "endless": (lambda connection: trickle(connection, headed("X: y", content=b""), b"a" * 65536, 0.05), SLOW),
}
"""What the server sends, or does with the connection, by path; and what the refusal has to match."""


def steady(connection: socket.socket) -> None:
    """Send an image within six seconds."""
    content, count = body(STEADY), 60
    for part in range(count):
        connection.sendall(content[len(content) * part // count : len(content) * (part + 1) // count])
        time.sleep(0.1)


class Server:
    """The server. Each connection has a thread of its own."""

    def __init__(self, port: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked: list[str] = []
        self.requests: list[str] = []

    def start(self) -> None:
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        """Answer one request."""
        with connection:
            try:
                request = b""
                while b"\r\n\r\n" not in request and request[:1] != b"\x16" and (more := connection.recv(65536)):
                    request += more
                text = request.decode("latin-1")
                path = text.partition(" ")[2].partition(" ")[0].partition("?")[0].strip("/")
                self.asked.append(path)
                self.requests.append(text)
                content = self.content(path)
                if callable(content):
                    content(connection)
                else:
                    connection.sendall(content)
            except OSError:
                return

    def content(self, path: str) -> bytes | t.Callable[[socket.socket], None]:
        """What is sent for a path."""
        if path in ANSWERS:
            return ANSWERS[path][0]
        if path == "count":
            return body(str(self.asked.count("good")).encode())
        if path.startswith("steady"):
            return steady
        if path == "moved":
            return redirect("/good", 308)
        if path == "chunked":
            chunks = (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (GOOD[:7], GOOD[7:]))
            return headed("Transfer-Encoding: chunked", content=b"".join(chunks) + b"0\r\n\r\n")
        return body(GOOD) if path == "good" else headed("Content-Length: 0", content=b"", status=b"HTTP/1.1 404 -\r\n")


if __name__ == "__main__":
    Server(int(sys.argv[1])).serve()

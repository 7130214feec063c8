# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch an image over HTTP or HTTPS from a server that nobody vouches for.

Python's urllib does the talking and heeds the proxies of the environment. What it is too patient or
too generous with is done here: time limits that hold whatever comes in whatever pieces, redirects that
stay within HTTP, and headers that say one thing only. No message shows what of an URL may be secret.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http
import http.client
import re
import socket
import ssl
import threading
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

from .._printing import masked_url, printable
from . import meter, waiting_caller
from .image_format import LARGEST, Unfit

SCHEMES = ("http", "https")
CONNECT = 20.0
"""Seconds to connect to one address of a server."""
WINDOW = 60.0
"""Seconds within which an answer has to begin, and over which its speed is measured."""
SLOWEST = 16 * 1024
"""Bytes in a second that have to come on average over each window."""
TIMEOUT = 3600.0
"""Seconds that a download has altogether, where the user says nothing else."""
REDIRECTS = 5
ADDRESSES = 6
"""How many addresses of one server are tried."""
CHUNK = 256 * 1024
LOOK = 0.25
PACKED = {"gzip": (".gz", ".tgz"), "x-gzip": (".gz", ".tgz"), "x-bzip2": (".bz2",), "x-xz": (".xz",)}
"""Encodings that servers name for files which are compressed as they are, with the endings of those."""


class Watch:
    """Ends a download that takes too long, by cutting its connections. To be used as a context.

    :param seconds: that it has altogether
    :ivar reason: why it was ended, or None
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.reason: str | None = None
        self.received = 0
        self.sockets: list[socket.socket] = []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.over.set()
        self.thread.join()
        for connection in self.sockets:
            connection.close()

    def look(self) -> None:
        """Look at the clock until it is over."""
        start = begun = time.monotonic()
        before = 0
        while not self.over.wait(LOOK):
            now = time.monotonic()
            if waiting_caller.is_given_up():
                self.cut(waiting_caller.REASON)
                return
            if now - start > self.seconds:
                self.cut(f"it took more than {self.seconds:g} s; allow more with image_timeout")
                return
            if now - begun > WINDOW:
                came = self.received - before
                if self.received == 0:
                    self.cut(f"no answer within {WINDOW:g} s")
                    return
                if came < SLOWEST * WINDOW:
                    self.cut(f"it comes too slowly: {came} bytes in {WINDOW:g} s")
                    return
                begun, before = now, self.received

    def cut(self, reason: str) -> None:
        """End all connections, now and to come."""
        with self.lock:
            self.reason = reason
            for connection in self.sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def connect(self, address: tuple[str, int], timeout: object = None, source: object = None) -> socket.socket:
        """Connect to a server, in place of socket.create_connection."""
        failed: OSError | None = None
        for family, kind, protocol, _name, place in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)[:ADDRESSES]:
            if self.reason is not None:
                break
            try:
                connection = socket.socket(family, kind, protocol)
            except OSError as error:
                failed = error
                continue
            try:
                connection.settimeout(CONNECT)
                connection.connect(place)
                connection.settimeout(WINDOW)
                self.hold(connection)
                return connection
            except OSError as error:
                connection.close()
                failed = error
        raise failed or OSError("it has no address")

    def hold(self, connection: socket.socket) -> None:
        """Keep a connection in sight. Raises OSError where it comes too late."""
        with self.lock:
            if self.reason is not None:
                raise OSError(self.reason)
            self.sockets.append(connection.dup())


class WatchedHTTPHandler(urllib.request.HTTPHandler):
    """HTTP over connections that are watched."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(functools.partial(watched, http.client.HTTPConnection, self.watch), req)


class Secure(urllib.request.HTTPSHandler):
    """HTTPS over connections that are watched; certificates are checked."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        make = functools.partial(watched, http.client.HTTPSConnection, self.watch)
        return self.do_open(make, req, context=ssl.create_default_context())


class Unfollowed(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to who asks, unread: urllib fails at those that are no URL without saying so."""

    def http_error_302(self, *words: object, **more: object) -> None:
        return None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def watched(kind: t.Any, watch: Watch, host: str, **options: object) -> http.client.HTTPConnection:
    """A connection of urllib's whose socket is watched."""
    connection = kind(host, **options)
    connection._create_connection = watch.connect
    return t.cast(http.client.HTTPConnection, connection)


def download(url: str, take: t.Callable[[bytes], None], checked: bool, seconds: float | None = None) -> None:
    """Fetch what is at an URL.

    :param take: gets what comes, piece by piece
    :param checked: whether a checksum tells afterwards what came
    :param seconds: that it has altogether; None for ``TIMEOUT``

    Raises Unfit for whatever is wrong with the server or its answer. What ``take`` raises goes on.
    """
    watch = Watch(TIMEOUT if seconds is None else seconds)
    asked = [url]
    try:
        with watch, contextlib.closing(answer(url, watch, checked, asked)) as came:
            receive(came, asked[-1], watch, take)
    except Refusal as error:
        raise Unfit(f"cannot be fetched: {scrubbed(watch.reason or str(error), asked)}") from None
    except Untaken as error:
        raise error.cause from None
    except Exception as error:  # what urllib, http.client, ssl and email raise is of many kinds
        raise Unfit(f"cannot be fetched: {scrubbed(watch.reason or reason(error), asked)}") from None


class Refusal(Exception):
    """Something is wrong with an answer; the text says what."""


class Untaken(Exception):
    """What is wrong with where the answer goes.

    :param cause: the error
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


def answer(url: str, watch: Watch, checked: bool, asked: list[str]) -> http.client.HTTPResponse:
    """The answer of a server, at the end of all redirects.

    :param asked: gets the URLs on the way
    """
    opener = urllib.request.build_opener(WatchedHTTPHandler(watch), Secure(watch), Unfollowed())
    for _step in range(REDIRECTS + 1):
        try:
            return opener.open(request(url, asked[0]), timeout=WINDOW)
        except urllib.error.HTTPError as error:
            error.close()
            target = error.headers.get("Location") if error.code in (301, 302, 303, 307, 308) else None
            if target is None:
                raise Refusal(status(error.code)) from None
        after = joined(url, target)
        asked.append(after)
        follow(url, after, checked)
        url = after
    raise Refusal(f"it redirects more than {REDIRECTS} times")


def joined(url: str, target: str) -> str:
    """Where a redirect leads. Raises Refusal for one that is no URL: of it only the server is named."""
    try:
        return urllib.parse.urljoin(url, target)
    except ValueError:
        server = re.split(r"[/?#]", target.partition("//")[2])[0].rpartition("@")[2]
        raise Refusal(f"it redirects to an URL whose server {printable(server)} is no name or address") from None


def follow(url: str, after: str, checked: bool) -> None:
    """Raise Refusal for a redirect that is not followed."""
    scheme = urllib.parse.urlsplit(after).scheme
    if scheme not in SCHEMES:
        raise Refusal("it redirects to what is no http or https")
    if scheme == "http" and url.startswith("https:") and not checked:
        raise Refusal("it redirects from https to http, where anybody can change it; give its checksum")


def request(url: str, first: str) -> urllib.request.Request:
    """The request for an URL. User and password in it are told only to the server that they are for."""
    if not re.fullmatch(r"[!-~]+", url):
        raise Refusal("its URL has a space, a control character or a letter beyond ASCII; write that percent-encoded")
    try:
        parts = urllib.parse.urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise Refusal("its URL has a host or port that is impossible") from None
    if parts.scheme not in SCHEMES or not host:
        raise Refusal("its URL does not start with http:// or https:// and a host")
    place = f"[{host}]" if ":" in host else host
    place += "" if port is None else f":{port}"
    bare = urllib.parse.urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))
    asked = urllib.request.Request(bare, headers={"User-Agent": "virtfleet.kvm", "Accept": "*/*"})
    user, password = parts.username, parts.password
    if user is None and origin(url) == origin(first):
        start = urllib.parse.urlsplit(first)
        user, password = start.username, start.password
    if user is not None:
        words = f"{urllib.parse.unquote(user)}:{urllib.parse.unquote(password or '')}"
        asked.add_unredirected_header("Authorization", "Basic " + base64.b64encode(words.encode()).decode("ascii"))
    return asked


def origin(url: str) -> tuple[str, str | None, int | None]:
    """What tells one server from another (RFC 6454, section 4)."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def receive(came: http.client.HTTPResponse, url: str, watch: Watch, take: t.Callable[[bytes], None]) -> None:
    """Read an answer to its end. Raises Refusal where it is not whole, or its headers are strange."""
    expected = declared(came, url)
    meter.expect(expected)
    while chunk := came.read1(CHUNK):
        watch.received += len(chunk)
        meter.came(watch.received)
        if watch.received > LARGEST:
            raise Refusal(f"it has more than the {LARGEST} bytes (64 TiB) that are taken")
        try:
            take(chunk)
        except Exception as error:
            raise Untaken(error) from None
        if watch.reason is not None:
            break
    if watch.reason is not None:
        raise Refusal(watch.reason)
    if expected is not None and watch.received != expected:
        raise Refusal(f"it broke off: {watch.received} of {expected} bytes came")


def declared(came: http.client.HTTPResponse, url: str) -> int | None:
    """How long an answer says that it is; None where it does not. Raises Refusal for headers that are strange."""
    if came.status != 200:
        raise Refusal(status(came.status))
    headers = came.headers
    if headers.defects:
        raise Refusal("its headers cannot be read")
    if any("\0" in text for header in headers.items() for text in header):
        raise Refusal("its headers cannot be read")
    transfer = [text.strip().lower() for text in headers.get_all("Transfer-Encoding", [])]
    if transfer not in ([], ["chunked"]):
        raise Refusal("its header Transfer-Encoding is not one that is known")
    lengths = {text.strip() for text in headers.get_all("Content-Length", [])}
    if transfer and lengths:
        raise Refusal("its headers Transfer-Encoding and Content-Length contradict each other")
    encoding = (headers.get("Content-Encoding") or "identity").strip().lower()
    path = urllib.parse.urlsplit(url).path.lower()
    if encoding != "identity" and not path.endswith(PACKED.get(encoding, ("\n",))):
        raise Refusal("its header Content-Encoding names an encoding that was not asked for")
    if headers.get("Content-Range") is not None:
        raise Refusal("its header Content-Range says that it is only a part")
    if not lengths:
        return None
    text = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) or int(text) > LARGEST:
        raise Refusal("its header Content-Length is no length that can be")
    return int(text)


def status(code: int) -> str:
    """A status in words."""
    try:
        return f"the server answers {code} {http.HTTPStatus(code).phrase}"
    except ValueError:
        return f"the server answers {code}, which is no status that is known"


def reason(error: Exception) -> str:
    """What is wrong, in words that hold nothing of the request, and of the answer next to nothing."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"the certificate of the server is not valid: {inner.verify_message}"
    if isinstance(inner, ssl.SSLError):
        return f"the server does not speak TLS as it should: {inner.reason or type(inner).__name__}"
    if isinstance(inner, socket.gaierror):
        return f"the name of the server cannot be resolved: {inner.strerror}"
    if isinstance(inner, TimeoutError):
        return "the server does not answer in time"
    if isinstance(inner, http.client.IncompleteRead):
        return "it broke off"
    if isinstance(inner, http.client.RemoteDisconnected):
        return "the server ended the connection without an answer"
    if isinstance(inner, http.client.HTTPException):
        return f"the answer is no HTTP as it should be ({type(inner).__name__})"
    if isinstance(inner, OSError) and inner.strerror:
        return str(inner.strerror)
    if isinstance(inner, OSError) and str(inner).startswith("Tunnel connection failed"):
        return f"the proxy refuses: {str(inner)[:60]}"
    return f"the answer cannot be read ({type(inner).__name__})"


def scrubbed(text: str, urls: t.Iterable[str]) -> str:
    """A text without what may be secret in any of the URLs, in whatever spelling it is there."""
    text = masked_url(text)
    secrets: set[str] = set()
    for url in urls:
        with contextlib.suppress(ValueError):
            parts = urllib.parse.urlsplit(url)
            user = parts.netloc.rpartition("@")[0]
            words = {user, *user.split(":"), parts.query, parts.fragment}
            words.update(value for _name, value in urllib.parse.parse_qsl(parts.query))
            secrets |= words | {urllib.parse.unquote(word) for word in words}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 2:
            text = text.replace(secret, "***")
    return "".join(letter if letter.isprintable() else "?" for letter in text)

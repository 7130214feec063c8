# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the lab that need no host: the package proxy, the guest image, Ubuntu's key."""

from __future__ import annotations

import hashlib
import threading
import typing as t
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from calling import Lab
from virtfleet_lab import ubuntu_key
from virtfleet_lab.proxy import Proxy


class Mirror(BaseHTTPRequestHandler):
    """Gives out a package, half a package, and a list that changes with every call."""

    asked: t.ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = b"x" * 1000 if self.path.endswith(".deb") else str(len(self.asked)).encode()
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:500] if "half" in self.path else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def fetch(tmp_path: Path) -> t.Iterator[t.Callable[[str], bytes]]:
    """Fetch a path from the mirror by way of the proxy."""
    proxy = type("TestProxy", (Proxy,), {"cache": tmp_path})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (Mirror, proxy)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    handler = urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{servers[1].server_port}"})
    opener = urllib.request.build_opener(handler)
    Mirror.asked.clear()
    yield lambda path: opener.open(f"http://127.0.0.1:{servers[0].server_port}/{path}", timeout=10).read()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_package_is_fetched_once(fetch: t.Callable[[str], bytes]) -> None:
    assert fetch("good.deb") == fetch("good.deb") == b"x" * 1000
    assert Mirror.asked == ["/good.deb"]


def test_half_a_package_is_not_kept(fetch: t.Callable[[str], bytes], tmp_path: Path) -> None:
    for _attempt in range(2):
        with pytest.raises(Exception, match="IncompleteRead"):
            fetch("half.deb")
    assert Mirror.asked == ["/half.deb"] * 2
    assert list(tmp_path.iterdir()) == []


def test_lists_and_errors_are_never_kept(fetch: t.Callable[[str], bytes], tmp_path: Path) -> None:
    assert (fetch("Packages"), fetch("Packages")) == (b"1", b"2")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch("missing.deb")
    assert list(tmp_path.iterdir()) == []


def test_the_same_inputs_give_the_same_guest(tmp_path: Path) -> None:
    lab = Lab("nolab")
    images = []
    for _attempt in range(2):
        lab.environment["VIRTFLEET_LAB_CACHE"] = str(tmp_path)
        words = lab.call("guest-image", "--rebuild").stdout.split()
        images.append([hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in words[1::2]])
    assert len(images[0]) == 2
    assert images[0] == images[1]


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2, "big") + body


def test_only_the_known_key_is_taken() -> None:
    other = packet(6, b"other key") + packet(13, b"other name")
    body = b"\x04 our key"
    ours = packet(6, body) + packet(13, b"our name") + b"\xc2\x03sig"
    fingerprint = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).hexdigest().upper()
    assert ubuntu_key.extract(other + ours + other, fingerprint) == ours
    with pytest.raises(ValueError, match="no key"):
        ubuntu_key.extract(other, fingerprint)
    with pytest.raises(ValueError, match="not a file"):
        ubuntu_key.extract(b"<html>", fingerprint)

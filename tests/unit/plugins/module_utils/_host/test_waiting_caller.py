# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody waits for the result: with real pipes, sockets, terminals and signals."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import os
import pty
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import sandbox, waiting_caller
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source

Ends = tuple[int, int]


def pair() -> Ends:
    """A pair of sockets, as sshd may have in place of a pipe."""
    ours, theirs = socket.socketpair()
    return theirs.detach(), ours.detach()


@pytest.mark.parametrize("make", [os.pipe, pair, pty.openpty], ids=["pipe", "socket", "terminal"])
def test_the_end_of_the_one_who_reads(make: Callable[[], Ends], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = make()
    monkeypatch.setattr(waiting_caller, "OUTPUT", writing)
    assert not waiting_caller.is_gone()
    os.write(writing, b"x" * 1000)
    assert not waiting_caller.is_gone()  # Nor where nobody has read yet what was written.
    os.close(reading)
    assert waiting_caller.is_gone()
    os.close(writing)
    assert not waiting_caller.is_gone()  # What is closed tells nothing.


def test_a_pipe_that_is_full_has_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(waiting_caller, "OUTPUT", writing)
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    assert not waiting_caller.is_gone()
    os.close(reading)
    assert waiting_caller.is_gone()
    os.close(writing)


def test_the_other_side_says_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What sshd does at the end of Ansible's input: it reads on."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(waiting_caller, "OUTPUT", ours.fileno())
    theirs.shutdown(socket.SHUT_WR)
    assert not waiting_caller.is_gone()
    theirs.close()
    assert waiting_caller.is_gone()
    ours.close()


@pytest.mark.parametrize("name", ["file", os.devnull, "/dev/full"])
def test_what_has_no_reader_goes_on(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "file" if name == "file" else Path(name)).open("wb") as file:
        monkeypatch.setattr(waiting_caller, "OUTPUT", file.fileno())
        assert not waiting_caller.is_gone()


@pytest.mark.parametrize("number", waiting_caller.ENDING)
def test_a_signal_tells_it(number: signal.Signals) -> None:
    # What starts the tests may have them ignore a signal, as nohup does.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with waiting_caller.signals(), waiting_caller.heeded():
            assert not waiting_caller.is_given_up()
            os.kill(os.getpid(), number)
            assert waiting_caller.is_given_up()
            with pytest.raises(waiting_caller.Gone):
                waiting_caller.heed()
            with waiting_caller.heeded(False):
                waiting_caller.heed()
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert not waiting_caller.is_gone()


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with waiting_caller.signals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert not waiting_caller.is_gone()
    finally:
        signal.signal(signal.SIGHUP, before)


# --- what takes long ---


@pytest.fixture
def leave(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Somebody waits for the result until this is called."""
    reading, writing = os.pipe()
    monkeypatch.setattr(waiting_caller, "OUTPUT", writing)
    with waiting_caller.heeded():
        yield lambda: os.close(reading)
    os.close(writing)


def test_a_tool_is_ended(leave: Callable[[], None]) -> None:
    began = time.monotonic()
    threading.Timer(0.5, leave).start()
    with pytest.raises(waiting_caller.Gone):
        sandbox.run(["sleep", "59.13"], sandbox.Limits(300, 1024**2))
    assert time.monotonic() - began < 30
    found = subprocess.run(["pgrep", "-f", "^sleep 59[.]13"], check=False, capture_output=True)
    assert found.stdout == b""


class Slow(http.server.BaseHTTPRequestHandler):
    """Says at once that it has an image, and never sends all of it."""

    over = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(1024**3))
        self.end_headers()
        self.wfile.write(b"QFI\xfb" * 20000)
        self.wfile.flush()
        self.over.wait(60)

    def log_message(self, *words: object) -> None:
        pass


def test_a_download_is_broken_off(leave: Callable[[], None], tmp_path: Path) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        threading.Timer(1, leave).start()
        began = time.monotonic()
        source = Source(f"http://127.0.0.1:{server.server_port}/slow.img", seconds=50)
        with volume_image.downloads([]), pytest.raises(VirtfleetError, match=waiting_caller.REASON):
            volume_image.make(str(tmp_path / "x.qcow2"), source, "qcow2", None)
        assert time.monotonic() - began < 30
        assert list(tmp_path.iterdir()) == []
    finally:
        Slow.over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("form", ["raw", "raw.gz"])
def test_a_copy_is_broken_off(leave: Callable[[], None], tmp_path: Path, form: str) -> None:
    image, folder = tmp_path / f"image.{form}", tmp_path / "pool"
    folder.mkdir()
    content = b"\0" * 510 + b"\x55\xaa" + os.urandom(4 * 1024**2)
    image.write_bytes(gzip.compress(content, 1) if form.endswith("gz") else content)
    leave()
    with pytest.raises(waiting_caller.Gone):
        volume_image.make(str(folder / "x.raw"), Source(str(image), verbatim=True), "raw", None)
    assert list(folder.iterdir()) == []
    with waiting_caller.heeded(False):
        volume_image.make(str(folder / "x.raw"), Source(str(image), verbatim=True), "raw", None)
    assert [path.name for path in folder.iterdir()] == ["x.raw"]

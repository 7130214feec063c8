# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are fetched, checked and put in place without anything half-made on the way."""

from __future__ import annotations

import errno
import hashlib
import http.server
import json
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import storage_image

BODY = b"\x07" * 3000000 + b"\0" * 2000000
GOOD = "sha256:" + hashlib.sha256(BODY).hexdigest()
BAD = "sha256:" + hashlib.sha256(b"another").hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the body, half of it, or nothing."""

    def do_GET(self) -> None:
        if self.path == "/none":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: len(BODY) // 2] if self.path == "/short" else BODY)

    def log_message(self, *words: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A stand-in for qemu-img, which a machine for unit tests need not have: copies and extends raw files."""
    calls: list[tuple[str, ...]] = []

    def tool(*words: str) -> str:
        calls.append(words)
        if words[0] == "info":
            return json.dumps({"format": "raw", "virtual-size": os.stat(words[-1]).st_size})
        if words[0] == "convert":
            shutil.copyfile(words[-2], words[-1])
        if words[0] == "resize":
            os.truncate(words[-2], int(words[-1]))
        return ""

    monkeypatch.setattr(storage_image, "tool", tool)
    return calls


def test_an_image_from_the_network(web: str, tmp_path: Path, tools: Any) -> None:
    path = tmp_path / "x.raw"
    found = storage_image.make(str(path), f"{web}/image", GOOD, "raw", 6000000)
    assert (found.format, found.size) == ("raw", 6000000)
    assert path.read_bytes() == BODY + bytes(1000000)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.raw"]


@pytest.mark.parametrize(
    ("name", "checksum", "capacity", "word"),
    [
        ("image", BAD, None, "it is damaged, or another one; nothing of it was kept"),
        ("short", None, None, "broke off"),
        ("none", None, None, "404"),
        ("image", GOOD, 4096, "more than its capacity, 4096 bytes"),
    ],
)
def test_what_fails_leaves_nothing(
    web: str, tmp_path: Path, tools: Any, name: str, checksum: str | None, capacity: int | None, word: str
) -> None:
    with pytest.raises(VirtfleetError) as caught:
        storage_image.make(str(tmp_path / "x.raw"), f"{web}/{name}", checksum, "raw", capacity)
    assert word in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_host_is_checked_and_stays(tmp_path: Path, tools: Any) -> None:
    source = tmp_path / "source"
    source.write_bytes(BODY)
    with pytest.raises(VirtfleetError, match="another one"):
        storage_image.make(str(tmp_path / "x"), str(source), BAD, None, None)
    storage_image.make(str(tmp_path / "x"), str(source), GOOD, None, None)
    assert (tmp_path / "x").read_bytes() == source.read_bytes() == BODY


def test_what_is_there_is_never_written_over(tmp_path: Path, tools: Any) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    (tmp_path / "source").write_bytes(b"other")
    with pytest.raises(VirtfleetError, match="is there already"):
        storage_image.make(str(tmp_path / "x"), str(tmp_path / "source"), None, None, None)
    assert (tmp_path / "x").read_text(encoding="utf-8") == "mine"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["source", "x"]


def test_a_full_disk_is_said(tmp_path: Path, tools: Any, monkeypatch: pytest.MonkeyPatch, web: str) -> None:
    def full(descriptor: int, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage_image, "write", full)
    with pytest.raises(VirtfleetError, match=r"no space left in .*: make room, then run again"):
        storage_image.make(str(tmp_path / "x"), f"{web}/image", None, "raw", None)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_used_anew(tmp_path: Path, tools: Any) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"new")
    left = Path(storage_image.temporary(str(tmp_path), "x"))
    left.write_bytes(b"half of something much longer")
    storage_image.make(str(tmp_path / "x"), str(source), None, None, None)
    assert (tmp_path / "x").read_bytes() == b"new"
    assert not left.exists()


def test_two_runs_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    path = storage_image.temporary(str(tmp_path), "x")
    with storage_image.reserved(path):
        with pytest.raises(VirtfleetError, match="another run is making it"), storage_image.reserved(path):
            pass
        assert os.path.exists(path)
    assert not os.path.exists(path)


def test_what_another_run_has_finished_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = storage_image.temporary(str(tmp_path), "x")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        os.rename(path, tmp_path / "x")
        assert not storage_image.owned(descriptor, path)
        Path(path).touch()
        assert not storage_image.owned(descriptor, path)
    finally:
        os.close(descriptor)


def test_an_image_that_leans_on_other_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"format": "qcow2", "virtual-size": 1, "backing-filename": "/etc/shadow"}
    monkeypatch.setattr(storage_image, "tool", lambda *words: json.dumps(told))
    with pytest.raises(VirtfleetError, match="it is laid over /etc/shadow"):
        storage_image.inspect(str(tmp_path / "x"))


def test_zeros_become_a_hole(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as file:
        for chunk in (b"a" * 10, bytes(5000000), b"b" * 10, bytes(5000000)):
            storage_image.write(file.fileno(), chunk)
    assert (tmp_path / "x").stat().st_size == 10000020
    assert (tmp_path / "x").stat().st_blocks * 512 < 1000000
    assert (tmp_path / "x").read_bytes() == b"a" * 10 + bytes(5000000) + b"b" * 10 + bytes(5000000)

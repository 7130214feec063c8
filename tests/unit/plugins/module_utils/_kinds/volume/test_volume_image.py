# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are fetched, checked and put in place without anything half-made on the way."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.server
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import part_files, qemu_img, sparse_copy
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.files import birth
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Content, Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sandbox import Limits, ToolFailed
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source

BODY = b"\x07" * 3000320 + b"\0" * 2000384
GOOD = "sha256:" + hashlib.sha256(BODY).hexdigest()
BAD = "sha256:" + hashlib.sha256(b"another").hexdigest()


LISTS = {
    "/SHA256SUMS": GOOD.partition(":")[2].encode() + b" *image\n",
    "/WRONG": BAD.partition(":")[2].encode() + b" *image\n",
}
"""Lists of checksums that the server has."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the body, half of it, or nothing."""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] == "/none":
            self.send_error(404)
            return
        self.send_response(200)
        listed = LISTS.get(self.path.partition("?")[0])
        if listed is not None:
            self.send_header("Content-Length", str(len(listed)))
            self.end_headers()
            self.wfile.write(listed)
            return
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


def raw(place: object, checksum: str | None = None) -> Source:
    """A source whose bytes are wanted as they are."""
    return Source(str(place), checksum, verbatim=True)


def test_an_image_from_the_network(web: str, tmp_path: Path) -> None:
    path = tmp_path / "x.raw"
    found = volume_image.make(str(path), raw(f"{web}/image", GOOD), "raw", 6000000)
    assert (found.format, found.size) == ("raw", 6000000)
    assert path.read_bytes() == BODY + bytes(6000000 - len(BODY))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.raw"]


def test_what_the_file_is_is_told_before_it_has_its_name(web: str, tmp_path: Path) -> None:
    """So a run that is killed in between knows the volume again."""
    path = tmp_path / "x.raw"
    told: list[tuple[str | None, bool]] = []
    volume_image.make(
        str(path), raw(f"{web}/image"), "raw", None, None, lambda part: told.append((birth(part), path.exists()))
    )
    assert told == [(birth(str(path)), False)]


@pytest.mark.parametrize(
    ("name", "checksum", "capacity", "word"),
    [
        ("image", BAD, None, "it is damaged, or another one; nothing of it was kept"),
        ("short", None, None, "broke off"),
        ("none", None, None, "404"),
        ("image", GOOD, 4096, "more than its capacity, 4KiB"),
    ],
)
def test_what_fails_leaves_nothing(
    web: str, tmp_path: Path, name: str, checksum: str | None, capacity: int | None, word: str
) -> None:
    with pytest.raises(VirtfleetError) as caught:
        volume_image.make(str(tmp_path / "x.raw"), raw(f"{web}/{name}", checksum), "raw", capacity)
    assert word in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_checksum_is_looked_up_in_a_list(web: str, tmp_path: Path) -> None:
    path = tmp_path / "x.raw"
    volume_image.make(str(path), raw(f"{web}/image", f"{web}/SHA256SUMS"), "raw", None)
    assert path.read_bytes() == BODY


@pytest.mark.parametrize(
    ("name", "listed", "word"),
    [
        ("image", "WRONG", "it is damaged, or another one; nothing of it was kept"),
        ("other", "SHA256SUMS", "does not list 'other'; it lists 'image'"),
        ("image", "none", "cannot be fetched: the server answers 404"),
        ("image", "image", "is no list of checksums"),
    ],
)
def test_a_list_that_does_not_fit_leaves_nothing(web: str, tmp_path: Path, name: str, listed: str, word: str) -> None:
    with pytest.raises(VirtfleetError) as caught:
        volume_image.make(str(tmp_path / "x.raw"), raw(f"{web}/{name}", f"{web}/{listed}?TOKEN"), "raw", None)
    assert word in str(caught.value)
    assert "TOKEN" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_host_is_checked_and_stays(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(BODY)
    with pytest.raises(VirtfleetError, match="another one"):
        volume_image.make(str(tmp_path / "x"), raw(source, BAD), None, None)
    volume_image.make(str(tmp_path / "x"), raw(source, GOOD), None, None)
    assert (tmp_path / "x").read_bytes() == source.read_bytes() == BODY


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    (tmp_path / "source").write_bytes(b"other")
    with pytest.raises(VirtfleetError, match="is there already"):
        volume_image.make(str(tmp_path / "x"), raw(tmp_path / "source"), None, None)
    assert (tmp_path / "x").read_text(encoding="utf-8") == "mine"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["source", "x"]


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: str) -> None:
    def full(*words: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sparse_copy, "put", full)
    with pytest.raises(VirtfleetError, match=r"no space left in .*: make room, then run again"):
        volume_image.make(str(tmp_path / "x"), raw(f"{web}/image"), "raw", None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.raw", "x.qcow2"])
def test_a_disk_that_is_too_large_for_a_file_is_said(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source").write_bytes(BODY)

    real = os.ftruncate

    def extend(descriptor: int, size: int) -> None:
        if size == 1 << 62:
            raise OSError(errno.EFBIG, "File too large")
        real(descriptor, size)

    def convert(*words: Any) -> None:
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr(os, "ftruncate", extend)
    monkeypatch.setattr(volume_image, "convert", convert)
    form = name.partition(".")[2]
    with pytest.raises(
        VirtfleetError, match=rf"a disk of {1 << 62} bytes is larger than the file system of {tmp_path}"
    ):
        volume_image.make(str(tmp_path / name), raw(tmp_path / "source"), form, 1 << 62)
    assert [entry.name for entry in tmp_path.iterdir()] == ["source"]


def test_what_qemu_img_says_of_a_disk_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (
        "error while converting raw: Could not resize file: File too large",
        "too large for file format 'qcow2'",
    ):

        def fail(*words: Any, text: str = text, **options: Any) -> str:
            raise ToolFailed(text, 1)

        monkeypatch.setattr(qemu_img, "run", fail)
        with pytest.raises(OSError, match="too large") as caught:
            qemu_img.qemu_img(["convert"], [], Limits(1, 1))
        assert caught.value.errno == errno.EFBIG


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").write_bytes(BODY)
    real = os.open
    for number, words in (
        (errno.EROFS, f"the folder {tmp_path}/pool is on a file system that is read-only"),
        (errno.EACCES, f"{tmp_path}/pool/.virtfleet-x.*part: Permission denied"),
    ):

        def refuse(path: Any, flags: int, *more: Any, number: int = number, **options: Any) -> int:
            if flags & os.O_CREAT:
                raise OSError(number, os.strerror(number), path)
            return real(path, flags, *more, **options)

        (tmp_path / "pool").mkdir(exist_ok=True)
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", refuse)
            with pytest.raises(VirtfleetError, match=words):
                volume_image.make(str(tmp_path / "pool" / "x"), raw(tmp_path / "source"), "raw", None)


def test_what_is_only_called_like_a_part_file_stays(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"new")
    others = [tmp_path / ".virtfleet-x.part", tmp_path / part_files.part_name("x")]
    for other in others:
        other.write_bytes(b"a disk of another guest")
    volume_image.make(str(tmp_path / "x"), raw(source), None, None)
    assert (tmp_path / "x").read_bytes() == b"new".ljust(512, b"\0")  # a disk has whole sectors
    assert [other.read_bytes() for other in others] == [b"a disk of another guest"] * 2
    with pytest.raises(VirtfleetError, match="is in the way"):
        volume_image.make(str(tmp_path / "y"), raw(source), None, None, part=others[1].name)
    assert others[1].read_bytes() == b"a disk of another guest"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    with part_files.opened_folder(str(tmp_path)) as descriptor:
        yield descriptor


def test_two_runs_do_not_share_a_temporary_file(folder: int, tmp_path: Path) -> None:
    name = part_files.part_name("x")
    with part_files.reserved(folder, name, name):
        with pytest.raises(VirtfleetError, match="another run is making it"), part_files.reserved(folder, name, name):
            pass
        assert (tmp_path / name).exists()
    assert not (tmp_path / name).exists()


def test_what_another_run_has_finished_meanwhile_is_left_alone(folder: int, tmp_path: Path) -> None:
    name = part_files.part_name("x")
    descriptor = os.open(tmp_path / name, os.O_RDWR | os.O_CREAT)
    try:
        os.rename(tmp_path / name, tmp_path / "x")
        assert not part_files.owned(descriptor, folder, name)
        (tmp_path / name).touch()
        assert not part_files.owned(descriptor, folder, name)
    finally:
        os.close(descriptor)


def test_zeros_become_a_hole(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as file:
        write = sparse_copy.Writer(file.fileno(), sparse_copy.Room(file.fileno()))
        for chunk in (b"a" * 10, bytes(5000000), b"b" * 10, bytes(5000000)):
            write(chunk)
        assert write.finish() == 10000020
    assert (tmp_path / "x").stat().st_size == 10000020
    assert (tmp_path / "x").stat().st_blocks * 512 < 1000000
    assert (tmp_path / "x").read_bytes() == b"a" * 10 + bytes(5000000) + b"b" * 10 + bytes(5000000)


def test_a_file_of_the_host_may_be_written_to_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is never taken for a copy of our own, and locks are only looked at where that is asked for."""
    asked: list[Any] = []
    opened = part_files.open_image
    monkeypatch.setattr(
        part_files, "open_image", lambda path, locks: asked.append((path, locks)) or opened(path, locks)
    )
    (tmp_path / "x").write_bytes(b"x" * 7)
    for locks in ((), (True,), (False,)):
        with contextlib.ExitStack() as stack:
            found = volume_image.local(raw(tmp_path / "x"), stack, *locks)
            assert (found.size, found.own, os.fstat(found.descriptor).st_size) == (7, False, 7)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(found.descriptor)
    assert asked == [(str(tmp_path / "x"), locks) for locks in (True, True, False)]


@pytest.mark.parametrize(
    ("error", "used", "problem"),
    [
        (None, None, None),
        (Unfit("is in use"), "/x is in use", "/x is in use"),
        (OSError(5, "Input/output error"), None, "/x cannot be read: Input/output error"),
        (VirtfleetError("it is bad"), VirtfleetError, "it is bad"),
    ],
)
def test_what_a_look_at_an_image_says(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, used: Any, problem: str | None
) -> None:
    """What cannot be read is said once, and not as being in use."""
    looked: list[bool] = []

    def local(_source: Source, _stack: Any, locks: bool = True) -> Any:
        looked.append(locks)
        if error is not None:
            raise error

    monkeypatch.setattr(volume_image, "local", local)
    monkeypatch.setattr(volume_image, "kind_of_image", lambda *_args: Content("raw", "a raw disk"))
    monkeypatch.setattr(volume_image, "measured", lambda *_args: ("raw", 0))
    source = Source("/x")
    named = str(source.named)
    wanted = None if problem is None else problem.replace("/x", named)
    assert volume_image.problem(source, None, None) == wanted
    if isinstance(used, type):
        with pytest.raises(used):
            volume_image.in_use(source)
    else:
        assert volume_image.in_use(source) == (None if used is None else used.replace("/x", named))
    assert looked == [False, True]


@pytest.mark.parametrize(
    ("kind", "verbatim", "words", "end"),
    [
        ("raw", False, "a raw disk", None),
        ("qcow2", False, "a qcow2", None),
        ("none", True, "no disk", None),
        ("none", False, "no disk", f"is no disk{volume_image.AS_IT_IS}"),
        ("none", False, "a web page", f"is a web page{volume_image.PAGE}{volume_image.AS_IT_IS}"),
        ("other", False, "a VMDK", f"is a VMDK{volume_image.CONVERT}"),
        ("other", True, "a VMDK", f"is a VMDK{volume_image.CONVERT}"),
    ],
)
def test_what_an_image_counts_as(kind: str, verbatim: bool, words: str, end: str | None) -> None:
    content, source = Content(kind, words), Source("/x", verbatim=verbatim)
    if end is None:
        assert volume_image.taken(content, source) == Content("raw" if kind == "none" else kind, words)
        return
    with pytest.raises(Unfit) as told:
        volume_image.taken(content, source)
    assert str(told.value) == end


@pytest.mark.parametrize(
    ("kind", "known", "form", "capacity", "expected"),
    [
        ("raw", None, None, None, ("raw", 1024)),
        ("raw", None, "qcow2", 1024, ("qcow2", 1024)),
        ("raw", None, None, 1023, "more than its capacity"),
        ("iso", None, None, None, ("raw", 1024)),
        ("iso", None, "iso", None, ("iso", 1024)),
        ("qcow2", None, None, 4096, ("qcow2", 4096)),
        ("qcow2", None, "raw", 4095, "more than its capacity"),
        ("qcow2", None, "iso", None, "is what it is, and the format of the volume is iso"),
        ("raw", None, "iso", None, "is what it is, and the format of the volume is iso"),
        ("raw", "raw", "iso", None, ("iso", 1024)),
        ("raw", "iso", "iso", None, ("iso", 1024)),
        ("qcow2", "qcow2", "iso", None, "is what it is, and the format of the volume is iso"),
    ],
)
def test_the_format_and_size_that_come_of_an_image(
    monkeypatch: pytest.MonkeyPatch, kind: str, known: str | None, form: str | None, capacity: int | None, expected: Any
) -> None:
    """A file of 1000 bytes is a disk of 1024, or a qcow2 of one of 4096."""
    monkeypatch.setattr(volume_image, "check_qcow2", lambda _read, _size: 4096)
    image = volume_image.OpenImage(-1, 1000, True)
    asked = (image, Content(kind, "what it is"), Source("/x", known=known), form, capacity)
    if isinstance(expected, tuple):
        assert volume_image.measured(*asked) == expected
        return
    with pytest.raises(VirtfleetError, match=expected):
        volume_image.measured(*asked)

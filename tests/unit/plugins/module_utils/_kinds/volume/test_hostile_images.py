# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile servers and images: all refused by name, in time, and nothing is left of them."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import download, qemu_img, sandbox, unpack
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sandbox import ToolFailed
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source
from ansible_collections.virtfleet.kvm.tests.unit import hostile_images
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import ANSWERS, GOOD, Server, body

CANARY = b"the content of a file of the host, such as /etc/shadow"
SECRETS = ("PASSWORD", "SIGNATURE", "FRAGMENT", "TOKEN")
BEARABLE = 15.0
"""Seconds within which everything is refused."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    made.start()
    yield made
    made.listener.close()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    canary = folder.parent / "canary"
    canary.write_bytes(CANARY * 1000)
    hostile_images.write(folder, canary)
    return folder


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    folder = tmp_path / "pool"
    folder.mkdir()
    return folder


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of downloads, made short."""
    monkeypatch.setattr(download, "WINDOW", 1.0)
    monkeypatch.setattr(download, "CONNECT", 1.0)


def refusal(pool: Path, source: Source, form: str | None = "qcow2", capacity: int | None = None) -> str:
    """Why an image is refused. That takes no longer than is bearable, and leaves nothing in the pool."""
    start = time.monotonic()
    with pytest.raises(VirtfleetError) as caught:
        volume_image.make(str(pool / "volume"), source, form, capacity)
    assert time.monotonic() - start < BEARABLE
    assert list(pool.iterdir()) == []
    return str(caught.value)


def open_files() -> list[str]:
    """What this process has open, but for sockets: those of the server are among them."""
    links = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(f"/proc/self/fd/{name}"))
    return sorted(link for link in links if not link.startswith("socket:"))


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_hostile_answer(server: Server, pool: Path, hurried: None, answer: str) -> None:
    before = open_files()
    place = server.url.replace("//", "//bob:PASSWORD@") + f"/{answer}?X-Amz-Signature=SIGNATURE#FRAGMENT"
    seconds = 3 if answer == "endless" else None
    text = refusal(pool, Source(place, seconds=seconds))
    assert text.startswith(f"the image {server.url.replace('//', '//***@')}/{answer}?***#*** ")
    assert re.search(ANSWERS[answer][1], text)
    assert not any(secret in text for secret in SECRETS)
    assert text.isprintable()
    assert len(text) < 600
    assert open_files() == before


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("http://127.0.0.1:1/x", "Connection refused"),
        ("http://no-such-host.invalid/x", "cannot be resolved"),
        ("http://:80/x", "and a host"),
        ("http://host:port/x", "host or port"),
        ("http://[::1/x", "host or port"),
        ("http://host/a b", "has a space"),
        ("http://host/\N{SNOWMAN}", "beyond ASCII"),
        ("file://elsewhere/x", "http"),
        ("https://TLS/x", "TLS"),
    ],
)
def test_a_server_that_cannot_be_asked(server: Server, pool: Path, hurried: None, place: str, word: str) -> None:
    place = place.replace("https://TLS", server.url.replace("http:", "https:"))
    assert word in refusal(pool, Source(place))


@pytest.mark.parametrize(("way", "form"), [("path", "qcow2"), ("url", "raw")])
def test_a_hostile_image(images: Path, pool: Path, form: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused for what it is, whatever the volume's format."""
    for name, (content, word) in hostile_images.hostile(str(images.parent / "canary")).items():
        if way == "url":
            monkeypatch.setattr(volume_image, "download", lambda url, take, *_more, content=content: take(content))
        place = str(images / name) if way == "path" else f"http://host/{name}"
        capacity = 16 * 1024**2 if name.endswith("bomb") else None
        text = refusal(pool, Source(place), form, capacity)
        assert text.startswith(f"the image {place} ")
        assert word in text, name
        assert "canary" not in text


FOUND_BY_CHECK = ("qcow2-cut-off", "qcow2-out-of-file", "qcow2-leaked-out-of-file", "qcow2-shared-clusters")


def test_only_what_names_no_file_reaches_a_tool(images: Path, pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], *_more: Any, **_options: Any) -> str:
        asked.append(words)
        raise ToolFailed("is not run here")

    monkeypatch.setattr(qemu_img, "run", run)
    for name in hostile_images.hostile(str(images.parent / "canary")):
        with pytest.raises(VirtfleetError):
            volume_image.make(str(pool / "x"), Source(str(images / name)), "qcow2", 16 * 1024**2)
    assert [words[1:4] for words in asked] == [["check", "-q", "-f"]] * len(FOUND_BY_CHECK)


def test_what_is_no_file(images: Path, pool: Path) -> None:
    special = pool.parent / "special"
    special.mkdir()
    for name, word in {**hostile_images.special(special), "/dev/zero": "neither", "/proc/kcore": "64 TiB"}.items():
        if name.startswith("/") and not os.access(name, os.R_OK):
            continue
        assert word in refusal(pool, Source(os.path.join(special, name))), name


def test_a_file_that_says_nothing_of_its_size_is_not_read(pool: Path) -> None:
    assert re.search("cannot be read|is empty", refusal(pool, Source("/proc/self/maps")))


def test_what_is_no_disk_is_taken_where_raw_is_asked_for(images: Path, pool: Path) -> None:
    for name in ("web-page", "text", "zeros", "noise", "tar", "program", "empty"):
        path = pool / name
        volume_image.make(str(path), Source(str(images / name), verbatim=True), "raw", None)
        content = (images / name).read_bytes()
        assert path.read_bytes() == content.ljust(-(-len(content) // 512) * 512, b"\0")


def test_an_image_that_names_files_is_refused_also_where_raw_is_asked_for(images: Path, pool: Path) -> None:
    for name in ("vmdk-flat", "qcow2-backing", "qcow2-data-file", "qed", "vhdx", "packed-descriptor"):
        assert "the image" in refusal(pool, Source(str(images / name), verbatim=True), "raw")


@pytest.mark.parametrize("form", ["raw", "qcow2"])
def test_a_good_image(tmp_path: Path, pool: Path, form: str) -> None:
    for name, (content, _kind) in hostile_images.good().items():
        source = tmp_path / name
        source.write_bytes(content)
        found = volume_image.make(str(pool / name), Source(str(source)), form, 16 * 1024**2)
        assert (found.format, found.size) == (form, 16 * 1024**2)
        told = ask_qemu_img("info", "-f", form, str(pool / name))
        assert "virtual size: 16 MiB" in told
        assert (pool / name).stat().st_mode & 0o7777 == 0o600
        assert (pool / name).stat().st_uid == os.geteuid()
        if "qcow2" in name:
            assert first_byte(form, pool / name) == b"\x07"


def ask_qemu_img(*words: str) -> str:
    return subprocess.run(["qemu-img", *words], check=True, capture_output=True, text=True).stdout


def first_byte(form: str, path: Path) -> bytes:
    """The first byte of the disk in a file."""
    out = path.with_suffix(".first")
    ask_qemu_img("convert", "-f", form, "-O", "raw", str(path), str(out))
    with out.open("rb") as file:
        first = file.read(1)
    out.unlink()
    return first


def test_zstd(tmp_path: Path, pool: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(GOOD)
    subprocess.run(["zstd", "-q", str(disk)], check=True)
    packed = (tmp_path / "disk.zst").read_bytes()
    for name, content in (("one", packed), ("skipped", b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + packed)):
        (tmp_path / name).write_bytes(content)
        volume_image.make(str(pool / name), Source(str(tmp_path / name)), "raw", None)
        assert (pool / name).read_bytes() == GOOD
        (pool / name).unlink()
    for content in (packed[:-5], packed + b"more", packed[:20] + bytes(8) + packed[28:]):
        (tmp_path / "bad").write_bytes(content)
        assert "zstd" in refusal(pool, Source(str(tmp_path / "bad")), "raw")


def test_a_host_without_zstd(tmp_path: Path, pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sandbox.ENVIRONMENT, "PATH", str(tmp_path))
    monkeypatch.setattr(unpack, "zstandard", lambda: None)
    (tmp_path / "packed").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    assert "install the package zstd (host_extra_packages: [zstd])" in refusal(pool, Source(str(tmp_path / "packed")))


@pytest.mark.parametrize("path", ["good", "moved", "chunked"])
def test_a_good_answer(server: Server, pool: Path, path: str) -> None:
    volume_image.make(str(pool / "x"), Source(f"{server.url}/{path}"), "raw", None)
    assert (pool / "x").read_bytes() == GOOD


def test_a_password_goes_only_to_the_server_that_it_is_for(server: Server, pool: Path) -> None:
    server.requests.clear()
    place = server.url.replace("//", "//bob:PASS%20WORD@")
    volume_image.make(str(pool / "x"), Source(f"{place}/moved"), "raw", None)
    assert [text.count("Authorization: Basic Ym9iOlBBU1MgV09SRA==") for text in server.requests] == [1, 1]
    other = Server()
    other.start()
    before = other.content
    other.content = lambda path: b"HTTP/1.1 302 x\r\nLocation: %s/good\r\n\r\n" % server.url.encode()  # type: ignore[method-assign]
    assert before
    server.requests.clear()
    volume_image.make(str(pool / "y"), Source(other.url.replace("//", "//bob:PASS@") + "/x"), "raw", None)
    other.listener.close()
    assert "Authorization" in other.requests[0]
    assert "Authorization" not in server.requests[0]


def test_a_proxy_is_asked_and_its_password_is_not_told(
    server: Server, pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.requests.clear()
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//bob:TOKEN@"))
    assert "answers 404" in refusal(pool, Source("http://elsewhere.invalid/good"))
    assert server.requests[0].startswith("GET http://elsewhere.invalid/good HTTP/1.1")
    assert "Proxy-Authorization" in server.requests[0]
    for proxy in ("http://bob:TOKEN@127.0.0.1:1", "http://bob:TOKEN@[::1", "bob:TOKEN@host:port"):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("https_proxy", proxy)
        for scheme in ("http", "https"):
            assert "TOKEN" not in refusal(pool, Source(f"{scheme}://elsewhere.invalid/good"))


def test_a_file_that_is_compressed_is_not_encoded(server: Server, pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = body(gzip.compress(GOOD), "Content-Encoding: x-gzip")
    monkeypatch.setattr(server, "content", lambda path: packed)
    volume_image.make(str(pool / "x"), Source(f"{server.url}/disk.raw.gz"), "raw", None)
    assert (pool / "x").read_bytes() == GOOD
    (pool / "x").unlink()
    assert "Content-Encoding" in refusal(pool, Source(f"{server.url}/disk.raw"))


def test_one_url_is_asked_once_in_a_run(server: Server, pool: Path) -> None:
    server.asked.clear()
    good, bad = f"{server.url}/good", f"{server.url}/status-404"
    with volume_image.downloads([good] * 3 + [bad] * 2):
        for name in ("a", "b", "c"):
            volume_image.make(str(pool / name), Source(good), "qcow2", None)
        for _try in range(2):
            with pytest.raises(VirtfleetError, match="404"):
                volume_image.make(str(pool / "d"), Source(bad), "qcow2", None)
        assert not volume_image.current.fetched
    assert server.asked == ["good", "status-404"]
    assert sorted(path.name for path in pool.iterdir()) == ["a", "b", "c"]

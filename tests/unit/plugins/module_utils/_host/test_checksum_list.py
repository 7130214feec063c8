# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of checksums in all their forms, from a server that behaves and from one that does not."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import checksum_list, download
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import ANSWERS, Server, body, headed, redirect

A, B = "a1" * 32, "b2" * 32
A512 = "c3" * 64
NAME = "debian-13.qcow2"

LISTS: dict[str, tuple[str, str]] = {
    "text": (f"{A}  {NAME}\n", f"sha256:{A}"),
    "binary": (f"{B} *other.qcow2\n{A} *{NAME}\n", f"sha256:{A}"),
    "tab": (f"{A}\t{NAME}\n", f"sha256:{A}"),
    "one space": (f"{A} {NAME}\n", f"sha256:{A}"),
    "CRLF": (f"{B}  other\r\n{A}  {NAME}\r\n", f"sha256:{A}"),
    "CR": (f"{B}  other\r{A}  {NAME}\r", f"sha256:{A}"),
    "no end of line": (f"{A}  {NAME}", f"sha256:{A}"),
    "upper case": (f"{A.upper()}  {NAME}\n", f"sha256:{A}"),
    "byte order mark": (f"\ufeff{A}  {NAME}\n", f"sha256:{A}"),
    "BSD": (f"SHA256 ({NAME}) = {A}\nSHA256 (other) = {B}\n", f"sha256:{A}"),
    "BSD without spaces": (f"SHA256({NAME})= {A}\n", f"sha256:{A}"),
    "BSD in upper case": (f"SHA512 ({NAME}) = {A512.upper()}\r\n", f"sha512:{A512}"),
    "OpenSSL 3": (f"SHA2-256({NAME})= {A}\n", f"sha256:{A}"),
    "BSD of other algorithms": (f"SHA3-256 ({NAME}) = {B}\nSHA256 ({NAME}) = {A}\n", f"sha256:{A}"),
    "the same twice": (f"{A}  {NAME}\nSHA256 ({NAME}) = {A}\n", f"sha256:{A}"),
    "several algorithms": (f"{'d' * 32}  {NAME}\n{A}  {NAME}\n{A512}  {NAME}\n", f"sha512:{A512}"),
    "in this folder": (f"{A}  ./{NAME}\n", f"sha256:{A}"),
    "alone": (f"{A}\n", f"sha256:{A}"),
    "comments": (f"# {A}  {NAME} is old\n\n{A}  {NAME}\n", f"sha256:{A}"),
    "signed": (
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{A}  {NAME}\n-----BEGIN PGP SIGNATURE-----\n"
        f"\n{'e' * 64}\n=abcd\n-----END PGP SIGNATURE-----\n",
        f"sha256:{A}",
    ),
    "384": (f"{'9' * 96}  {NAME}\n", f"sha384:{'9' * 96}"),
}

REFUSED: dict[str, tuple[bytes, str]] = {
    "another file": (f"{A}  debian-13.raw\n".encode(), r"does not list 'debian-13.qcow2'; it lists 'debian-13.raw'"),
    "a slip": (f"{A}  debian-12.qcow2\n".encode(), r"did you mean 'debian-12.qcow2'\?"),
    "many files": (f"{A}  x1\n{A}  x2\n{A}  x3\n{A}  x4\n".encode(), r"it lists 'x1', 'x2', 'x3' and 1 more"),
    "a folder": (f"{A}  old/{NAME}\n".encode(), "does not list"),
    "contradiction": (f"{A}  {NAME}\n{B}  {NAME}\n".encode(), "lists 'debian-13.qcow2' twice, with different"),
    "MD5": (f"{'d' * 32}  {NAME}\n".encode(), "has only checksums of MD5 for"),
    "SHA-1 of BSD": (f"SHA1 ({NAME}) = {'d' * 40}\n".encode(), "has only checksums of SHA-1"),
    "BLAKE2": (f"BLAKE2b ({NAME}) = {A512}\n".encode(), "no line has a digest"),
    "odd length": (f"{'d' * 65}  {NAME}\n".encode(), "has only checksums of an unknown algorithm"),
    "empty": (b"", "is empty"),
    "blank": (b"\n \r\n", "is empty"),
    "page": (b"\n<!DOCTYPE html><html>Sign in</html>", "but a web page"),
    "text": (b"rate limit\n", "no line has a digest"),
    "binary": (b"\x7fELF\xff\xfe", "is no text"),
    "zeros": (bytes(1000), "no line has a digest"),
    "two bare digests": (f"{A}\n{B}\n".encode(), "no line has a digest"),
}


class Lists(Server):
    """A server of lists. ``/odd/NAME`` are those of ANSWERS; ``/moved/NAME`` leads to ``/NAME``."""

    def content(self, path: str) -> bytes | Callable[[socket.socket], None]:
        name = path.replace("%20", " ")
        if name.startswith("moved/"):
            return redirect(f"/{path.partition('/')[2]}")
        if name == "huge":
            return headed("X: y", content=b"a" * (checksum_list.LARGEST + 10))
        if name in LISTS:
            return body(LISTS[name][0].encode())
        return super().content(path.removeprefix("odd/"))


@pytest.fixture(scope="module")
def server() -> Iterator[Lists]:
    made = Lists()
    made.start()
    yield made
    made.listener.close()


@pytest.mark.parametrize("name", LISTS)
def test_a_checksum_is_found(server: Lists, name: str) -> None:
    content, expected = LISTS[name]
    assert checksum_list.found_in(content.encode(), NAME) == expected
    url = f"{server.url}/moved/{name.replace(' ', '%20')}"
    assert checksum_list.digest_of(url, f"https://example.com/x/{NAME}?token=1") == expected


@pytest.mark.parametrize("name", REFUSED)
def test_a_list_that_does_not_tell_is_refused(name: str) -> None:
    content, words = REFUSED[name]
    with pytest.raises(Unfit, match=words) as caught:
        checksum_list.found_in(content, NAME)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", [*ANSWERS, "missing", "huge"])
def test_a_server_that_misbehaves_is_refused_in_time(server: Lists, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WINDOW", 0.4)
    monkeypatch.setattr(download, "CONNECT", 0.4)
    monkeypatch.setattr(checksum_list, "SECONDS", 1.0)
    start = time.monotonic()
    with pytest.raises(Unfit) as caught:
        checksum_list.digest_of(f"{server.url}/odd/{name}", NAME)
    assert time.monotonic() - start < 6
    assert re.match("is |has |does not list |cannot be fetched: ", str(caught.value))
    assert "TOKEN" not in str(caught.value)


def test_the_name_is_that_of_the_file() -> None:
    assert checksum_list.path_of("https://example.com/a/b%20c.qcow2?x=/y#z") == "/a/b c.qcow2"
    assert checksum_list.path_of("/srv/images/b c.qcow2") == "/srv/images/b c.qcow2"
    listed = f"\\{A}  a\\\\b\\nc\n".encode()
    assert checksum_list.found_in(listed, "a\\b\nc") == f"sha256:{A}"


def test_a_folder_in_the_list_has_to_be_that_of_the_file() -> None:
    listed = f"{A}  new/{NAME}\n{B} *./old/{NAME}\n".encode()
    assert checksum_list.found_in(listed, f"/images/new/{NAME}") == f"sha256:{A}"
    assert checksum_list.found_in(listed, f"/images/old/{NAME}") == f"sha256:{B}"
    assert checksum_list.found_in(f"{A}  /srv/{NAME}\n".encode(), f"/srv/{NAME}") == f"sha256:{A}"
    for path in (NAME, f"/images/{NAME}", f"/images/renew/{NAME}"):
        with pytest.raises(Unfit, match=r"does not list 'debian-13\.qcow2'"):
            checksum_list.found_in(listed, path)
    with pytest.raises(Unfit, match="twice, with different"):
        checksum_list.found_in(listed + f"{B}  {NAME}\n".encode(), f"/images/new/{NAME}")


def test_a_large_list_takes_no_time() -> None:
    content = "".join(f"{number:064x}  file-{number}\n" for number in range(40000)).encode()
    start = time.monotonic()
    assert checksum_list.found_in(content, "file-39999") == f"sha256:{39999:064x}"
    assert time.monotonic() - start < 2

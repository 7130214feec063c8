# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the checksum of a file in a list of checksums, such as the SHA256SUMS or SHA512SUMS beside an image.

A list has the lines of sha256sum of GNU coreutils (``DIGEST  FILE``, ``DIGEST *FILE``), or of its option ``--tag`` and
of BSD (``SHA256 (FILE) = DIGEST``). Other lines are left out, such as those of an OpenPGP signature around the list.
A file that is one digest and nothing else is the list of one file.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import typing as t
import urllib.parse

from .._errors import VirtfleetError
from .._printing import masked_url, printable
from . import meter, signatures
from .download import download
from .image_format import Unfit
from .signatures import Keyring, SignedBy

LARGEST = 4 * 1024**2
"""Bytes that a list may have."""
SECONDS = 120.0
"""Seconds that a list may take to come."""

ALGORITHMS = {64: "sha256", 96: "sha384", 128: "sha512"}
"""The algorithm of a digest, by the number of its hex digits."""
WEAK = {32: "MD5", 40: "SHA-1", 56: "SHA-224"}
"""Digests that are not taken, by the same."""
TAGS = {"SHA256": 64, "SHA384": 96, "SHA512": 128, "MD5": 32, "SHA1": 40, "SHA224": 56}
"""How BSD calls these algorithms. Others have digests of the same lengths, such as BLAKE2b."""
TAGS.update({"SHA2-256": 64, "SHA2-384": 96, "SHA2-512": 128})  # So does OpenSSL 3 (openssl dgst).

GNU = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9a-fA-F]{32,128})(?: [ *]|\t+|[ ]+)(?P<name>\S.*)")
BSD = re.compile(r"(?P<escaped>\\?)(?P<kind>[A-Za-z0-9/-]+) ?\((?P<name>.+)\) ?= ?(?P<digest>[0-9a-fA-F]{32,128})")
ENDINGS = (".gpg", ".sign", ".asc", ".sig")
"""How the name of a signature ends that is beside a list: of Ubuntu, Debian, and others."""

BARE = re.compile(r"[0-9a-fA-F]{32,128}")
ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
"""How sha256sum writes what would end a line; such a line begins with a backslash."""


def resolved(place: str, checksum: str | None, seconds: float | None = None) -> str | None:
    """The checksum of an image as ALGORITHM:DIGEST, looked up where it is the URL of a list; None where it has none.

    :param place: the URL or path of the image
    :param seconds: that it may take to come, where the user says so

    Raises VirtfleetError where the list cannot be had, or does not tell.
    """
    return verified(place, checksum, seconds, None)[0]


def verified(
    place: str, checksum: str | None, seconds: float | None, keyring: Keyring | None, unsigned: str | None = None
) -> tuple[str | None, SignedBy]:
    """The same, and who has signed the list.

    :param keyring: the keys that the list has to be signed with; None where nobody knows any
    :param unsigned: why that is so

    Raises VirtfleetError where the list cannot be had, does not tell, or is not signed as it should be.
    """
    if checksum is None or "://" not in checksum:
        return checksum, SignedBy()
    keys, verdict = signatures.usable(keyring, unsigned or "no keyring is known for it")
    try:
        with meter.work(f"fetching {meter.file_name(checksum)}"):
            content = fetched(checksum, seconds)
            if keys is not None:
                content, verdict = signed(content, checksum, seconds, keys)
            return found_in(content, path_of(place)), verdict
    except Unfit as error:
        raise VirtfleetError(f"the list of checksums {masked_url(checksum)} {error}") from None


def signed(content: bytes, url: str, seconds: float | None, keyring: Keyring) -> tuple[bytes, SignedBy]:
    """What of a list is signed, and who has signed it, around the list or beside it. Raises Unfit where it is wrong."""
    if signatures.CLEAR in content:
        text, signer = signatures.signed_text(content, keyring)
        return text, SignedBy(signer)
    parts = urllib.parse.urlsplit(url)
    for ending in ENDINGS:
        signature = fetched_or_none(parts._replace(path=parts.path + ending).geturl(), seconds)
        if signature is not None:
            return content, SignedBy(signatures.signer_of_file(content, signature, keyring))
    names = ", ".join(meter.file_name(url) + ending for ending in ENDINGS)
    raise Unfit(f"is not signed: none of {names} can be fetched")


def fetched_or_none(url: str, seconds: float | None) -> bytes | None:
    """A signature; None where it cannot be fetched."""
    with contextlib.suppress(Unfit):
        return fetched(url, seconds)
    return None


def digest_of(url: str, place: str, seconds: float | None = None) -> str:
    """The checksum of an image by the list at an URL, as ALGORITHM:DIGEST.

    :param place: the URL or path of the image; the line of the name of its file counts
    :param seconds: that the image may take to come, where the user says so; the list takes no longer

    Raises Unfit where the list cannot be had, or does not tell.
    """
    return found_in(fetched(url, seconds), path_of(place))


def fetched(url: str, seconds: float | None) -> bytes:
    """A list, or a signature beside it. Raises Unfit where it cannot be had."""
    content = bytearray()

    def take(chunk: bytes) -> None:
        content.extend(chunk)
        if len(content) > LARGEST:
            raise Unfit(f"is no list of checksums: it has more than {LARGEST // 1024**2} MiB")

    download(url, take, False, SECONDS if seconds is None else min(seconds, SECONDS))
    return bytes(content)


def path_of(place: str) -> str:
    """The path in an URL, or a path as it is."""
    return urllib.parse.unquote(urllib.parse.urlsplit(place).path) if "://" in place else place


def found_in(content: bytes, path: str) -> str:
    """The checksum of a file by a list, as ALGORITHM:DIGEST. Raises Unfit where the list does not tell.

    :param path: the path of the file, or its name; what is listed is the end of it, such as ``debian.img`` or
        ``images/debian.img`` for ``/srv/images/debian.img``
    """
    name = path.rpartition("/")[2]
    entries = list(entries_of(text_of(content)))
    if not entries:
        raise Unfit("is no list of checksums: no line has a digest and the name of a file")
    digests = {digest for digest, listed in entries if listed is None or f"/{path}".endswith(f"/{listed.lstrip('/')}")}
    strong = [digest for digest in digests if len(digest) in ALGORITHMS]
    found = {ALGORITHMS[len(digest)]: digest for digest in strong}
    if len(found) < len(strong):
        raise Unfit(f"lists {printable(name)} twice, with different checksums")
    if found:
        algorithm = max(found)
        return f"{algorithm}:{found[algorithm]}"
    if digests:
        weak = ", ".join(sorted({WEAK.get(len(digest), "an unknown algorithm") for digest in digests}))
        raise Unfit(f"has only checksums of {weak} for {printable(name)}; sha256, sha384 or sha512 is needed")
    names = {listed for _digest, listed in entries if listed is not None}
    like = difflib.get_close_matches(name, names, 1, 0.8)
    hint = f"; did you mean {printable(like[0])}?" if like else f"; it lists {first_names(names)}"
    raise Unfit(f"does not list {printable(name)}{hint}")


def first_names(names: t.Collection[str]) -> str:
    """Some of the files that a list has, in words."""
    shown = ", ".join(printable(name) for name in sorted(names)[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def text_of(content: bytes) -> str:
    """A list as text. Raises Unfit for what is none, with what it is."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unfit("is no list of checksums: it is no text") from None
    if not text.strip():
        raise Unfit("is no list of checksums: it is empty")
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<head", "<body")):
        raise Unfit("is no list of checksums, but a web page, perhaps an error or a login: look at it in a browser")
    return text


def entries_of(text: str) -> t.Iterator[tuple[str, str | None]]:
    """The digests of a list in lower case, each with the name of its file; None for a digest that stands alone."""
    lines = [line.strip() for line in re.split("[\r\n]", text) if line.strip()]
    if len(lines) == 1 and BARE.fullmatch(lines[0]):
        yield lines[0].lower(), None
        return
    for line in lines:
        found = BSD.fullmatch(line) or GNU.fullmatch(line)
        kind = None if found is None else found.groupdict().get("kind")
        if found is None or (kind is not None and TAGS.get(kind.upper()) != len(found["digest"])):
            continue
        listed = found["name"]
        if found["escaped"]:
            listed = re.sub(r"\\[\\nr]", lambda match: ESCAPES[match[0]], listed)
        yield found["digest"].lower(), listed.removeprefix("./")

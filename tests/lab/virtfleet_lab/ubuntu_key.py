# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ubuntu's archive key on a machine that has no package with it, as Debian 12 hasn't.

The mirror's own package has the key; it is taken only when its fingerprint is the one written here.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from .machine import LabError, run, say
from .state import cache_folder

_INSTALLED = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
# Ubuntu Archive Automatic Signing Key (2018); signs 18.04 and later.
_FINGERPRINT = "F6ECB3762474EDA9D21B7022871920D1991BC93C"
_PUBLIC_KEY = 6


def keyring(suite: str, mirror: str) -> Path:
    """Return a keyring that apt can check Ubuntu's suites with.

    Raises LabError when the machine has none and the mirror doesn't offer the right key.
    """
    if _INSTALLED.exists():
        return _INSTALLED
    file = cache_folder() / "ubuntu-archive-key.gpg"
    if not file.exists():
        say(f"fetching Ubuntu's archive key from {mirror}")
        try:
            key = extract(_offered(suite, mirror.rstrip("/")), _FINGERPRINT)
        except (OSError, ValueError, EOFError) as error:
            raise LabError(
                f"Ubuntu's archive key can't be had from {mirror} ({error}); put it into {_INSTALLED} yourself."
            ) from None
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(key)
    return file


def _offered(suite: str, mirror: str) -> bytes:
    """Return the keys in the mirror's package ubuntu-keyring; nothing vouches for them yet."""
    listing = gzip.decompress(_fetched(f"{mirror}/dists/{suite}/main/binary-amd64/Packages.gz")).decode()
    found = re.search(r"^Package: ubuntu-keyring\n(?:.+\n)*?Filename: (\S+)$", listing, re.MULTILINE)
    if not found:
        raise ValueError("it has no package ubuntu-keyring")
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "ubuntu-keyring.deb")
        package.write_bytes(_fetched(f"{mirror}/{found.group(1)}"))
        run(["dpkg-deb", "-x", str(package), f"{folder}/tree"])
        return Path(folder, "tree", str(_INSTALLED).lstrip("/")).read_bytes()


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
    return content


def extract(keys: bytes, fingerprint: str) -> bytes:
    """Return the one key with this fingerprint out of a file of OpenPGP keys.

    Raises ValueError when it is not there.
    """
    taken = b""
    taking = False
    for tag, body, packet in _packets(keys):
        if tag == _PUBLIC_KEY:
            # RFC 4880, 12.2; SHA-1 is what a fingerprint of this version is.
            digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body, usedforsecurity=False)
            taking = digest.hexdigest().upper() == fingerprint
        if taking:
            taken += packet
    if not taken:
        raise ValueError(f"it holds no key {fingerprint}")
    return taken


def _packets(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, body and the whole of every OpenPGP packet; ValueError for anything else."""
    at = 0
    while at < len(data):
        first = data[at]
        if first & 0xC0 == 0x80 and first & 3 != 3:  # old format with a length
            size = 1 << (first & 3)
            tag, start = (first >> 2) & 15, at + 1 + size
            length = int.from_bytes(data[at + 1 : start], "big")
        elif first & 0xC0 == 0xC0 and at + 1 < len(data) and data[at + 1] < 192:
            tag, start, length = first & 63, at + 2, data[at + 1]
        elif first & 0xC0 == 0xC0 and at + 2 < len(data) and data[at + 1] < 224:
            tag, start = first & 63, at + 3
            length = ((data[at + 1] - 192) << 8) + data[at + 2] + 192
        else:
            raise ValueError("it is not a file of OpenPGP keys")
        yield tag, data[start : start + length], data[at : start + length]
        at = start + length

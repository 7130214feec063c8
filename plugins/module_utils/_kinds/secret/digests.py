# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a secret has the value that is declared.

libvirt tells the value of a secret to who may read it, unless it is private. Of a private one the manifest has a salted
digest of what was set last, and, where libvirt is on this host, the state of the file that libvirt keeps it in: one
that somebody else has set since is known by that.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
from xml.etree import ElementTree as ET

from ..._storage.manifest import Manifest
from .observe import VALUES, Named
from .values import LONGEST, Concealed

FOLDER = "/etc/libvirt/secrets"
"""Where libvirt keeps the secrets of the system."""

PLAIN, ENCRYPTED = ".base64", ".aes256cbc"
"""How the names of files with a value end; since libvirt 12.1 a value is encrypted where systemd has a key for it
(https://libvirt.org/secretencryption.html)."""

ROUNDS = 100_000
"""How often a value is hashed: who reads the manifest finds no short one out in a moment."""

UNSEEN = "unseen"
"""The state of a value whose file cannot be seen."""


def is_set(uri: str, secret: Named, private: bool, wanted: Concealed) -> bool:
    """Whether a secret has a value, as far as can be known. Raises LibvirtError.

    :param uri: the connection's
    :param private: whether libvirt tells its value to nobody
    """
    if private:
        return is_noted(uri, secret, wanted)
    have = secret.value()
    return have is not None and hmac.compare_digest(hashed(have), hashed(wanted.data))


def hashed(data: bytes) -> bytes:
    """A digest to compare with."""
    return hashlib.sha256(data).digest()


def is_noted(uri: str, secret: Named, wanted: Concealed) -> bool:
    """Whether the manifest says that a secret has a value, and nobody has set another one since."""
    entry = Manifest(uri).entries(VALUES).get(secret.name(), {})
    return entry.get("stamp") == stamp(uri, secret) and was_set(uri, secret, wanted)


def was_set(uri: str, secret: Named, wanted: Concealed) -> bool:
    """Whether the manifest says that a value is the one that this collection set last, be it there still or not."""
    entry = Manifest(uri).entries(VALUES).get(secret.name(), {})
    # The manifest is a file, in which anything may stand.
    kind, _sign, rest = str(entry.get("digest", "")).partition("$")
    salt, _sign, digest = rest.partition("$")
    if kind != "pbkdf2" or not salt or entry.get("uuid") != secret.UUIDString():
        return False
    return hmac.compare_digest(digest.encode(errors="surrogatepass"), salted(wanted.data, salt).encode())


def is_kept(uri: str, secret: Named, wanted: Concealed) -> bool:
    """Whether libvirt keeps a value for a secret, by its own file: that is how one knows of a private one.

    A file that is encrypted tells nothing, and the answer is no.
    """
    if uri != "qemu:///system":
        return False
    try:
        with open(os.path.join(FOLDER, secret.UUIDString() + PLAIN), "rb") as file:
            have = base64.b64decode(file.read(2 * LONGEST))
    except (OSError, ValueError):
        return False
    return hmac.compare_digest(hashed(have), hashed(wanted.data))


def note(uri: str, secret: Named, value: Concealed) -> None:
    """Note the value that a private secret has from now on. Raises VirtfleetError."""
    salt = os.urandom(16).hex()
    digest = f"pbkdf2${salt}${salted(value.data, salt)}"
    Manifest(uri).put(VALUES, secret.name(), uuid=secret.UUIDString(), digest=digest, stamp=stamp(uri, secret))


def salted(data: bytes, salt: str) -> str:
    """A digest that tells nothing of the value."""
    return hashlib.pbkdf2_hmac("sha256", data, salt.encode(errors="surrogatepass"), ROUNDS).hex()


def stamp(uri: str, secret: Named) -> str:
    """The state of the file with a value; a word where there is none that can be seen."""
    if uri != "qemu:///system":
        return UNSEEN
    for ending in PLAIN, ENCRYPTED:
        with contextlib.suppress(OSError):
            found = os.stat(os.path.join(FOLDER, secret.UUIDString() + ending))
            return f"{found.st_ino} {found.st_mtime_ns}"
    return UNSEEN


def has_value(uri: str, secret: Named) -> bool | None:
    """Whether a secret has a value; None where nobody can tell. libvirt does not tell of a private one."""
    root = ET.fromstring(secret.secret.XMLDesc(0))
    if not private(root):
        return secret.has_value()
    if stamp(uri, secret) != UNSEEN:
        return True
    kept = uri == "qemu:///system" and root.get("ephemeral") != "yes"
    seen = kept and os.path.exists(os.path.join(FOLDER, f"{secret.UUIDString()}.xml"))
    return False if seen else None  # What is noted tells nothing: it may have been defined anew since.


def private(root: ET.Element) -> bool:
    """Whether a definition is of a private secret."""
    return root.get("private") == "yes"

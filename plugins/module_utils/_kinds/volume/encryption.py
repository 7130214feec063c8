# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted volumes.

libvirt makes one with the passphrase of a secret. As soon as it looks through the pool anew, it only knows what the
header of the volume tells: that it is encrypted, and in a pool of logical volumes not even that.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._engine.rows.model import Item
from ..._libvirt.objects import Connection
from ..._printing import printable
from ..._storage.manifest import Manifest
from ..._storage.new_volumes import Making
from ..._storage.noted_formats import SAME
from ..._storage.storage_observe import another, runs_with
from ..secret.readiness import missing
from ..secret.references import secrets_of
from ..secret.volume_users import reference
from ..shared.lacking import Site, with_place
from .volume_formats import Formats

CIPHERS = {"aes": (128, 192, 256), "serpent": (128, 192, 256), "twofish": (128, 192, 256), "cast5": (128,)}
"""The ciphers of QEMU, with the lengths of their keys, as libvirt can name them (QCryptoCipherAlgo in crypto.json)."""

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160", "sm3")
KNOWN = {
    "cipher.mode": ("ecb", "cbc", "xts", "ctr"),
    "cipher.hash": HASHES,
    "ivgen.name": ("plain", "plain64", "essiv"),
    "ivgen.hash": HASHES,
}
"""What QEMU has of all else that an encryption names."""


def remembered(volumes: t.Mapping[str, Observed], noted: t.Mapping[str, t.Mapping[str, str]]) -> dict[str, Observed]:
    """Volumes with the secrets that were noted of them, where libvirt has forgotten these."""
    return {key: with_secret(found, noted.get(key, {})) for key, found in volumes.items()}


def with_secret(found: Observed, facts: t.Mapping[str, str]) -> Observed:
    """A volume with the secret that was noted of it."""
    root = found.definition
    node = root.find("target/encryption")
    if not facts.get("secret") or another(facts, root) or (node is not None and next(secrets_of(node), None)):
        return found
    if node is None and root.get("type") != "block":
        return found  # Its header is gone.
    root = paths.clone(root)
    node = paths.ensure(root, ("target", "encryption"))
    node.set("format", node.get("format") or "luks")
    by, secret = reference(str(facts["secret"]))
    ET.SubElement(node, "secret", {"type": "passphrase", by: secret})
    return dataclasses.replace(found, definition=root)


def comparable(want: Item, there: ET.Element) -> Item:
    """What can be compared of the encryption that a volume is declared with: what libvirt tells, or was noted."""
    node = there.find("target/encryption")
    if node is None:
        return want
    known = {child.tag for child in node} | set(node.attrib)
    return {name: value for name, value in want.items() if name in known}


def makings(site: Site, volume: Making) -> t.Iterator[str]:
    """Why an encrypted volume cannot be made, with the option."""
    given = volume.item.get("encryption")
    pool = site.pools.get(volume.pool)
    if not given or pool is None or pool.type == "rbd":
        return
    form, engine = given.get("format"), given.get("engine") or "qemu"
    if form != "luks":
        yield f"encryption.format: only luks is made by libvirt, and not {printable(form)}"
    if engine != "qemu":
        yield f"encryption.engine: {printable(engine)} is only for volumes of Ceph: leave it out"
    if volume.item.get("format") not in (None, *SAME, "qcow2"):
        yield f"encryption: libvirt makes no {printable(volume.item['format'])} that is encrypted: take raw or qcow2"
    yield from unknown(given)
    secret = given.get("secret") or {}
    if bool(secret.get("uuid")) == bool(secret.get("usage")):
        yield "encryption.secret: give either its uuid or its usage, which libvirt needs to make an encrypted volume"
        return
    problem = missing(site, str(secret.get("uuid") or secret["usage"]), "volume")
    if problem is not None:
        yield with_place("encryption.secret", problem)


def unknown(given: Item) -> t.Iterator[str]:
    """What no QEMU has of what an encryption names. Other things than these depend on how it was built."""
    cipher = given.get("cipher") or {}
    name, size = cipher.get("name"), cipher.get("size")
    if name is not None and size not in CIPHERS.get(str(name), ()):
        sizes = "; ".join(f"{known} with {', '.join(map(str, lengths))}" for known, lengths in CIPHERS.items())
        key = "without size" if size is None else f"with a key of {size} bits"
        yield f"encryption.cipher: QEMU has no {printable(name)} {key}: it has {sizes}"
    for option, known in KNOWN.items():
        part, _dot, inner = option.partition(".")
        value = (given.get(part) or {}).get(inner)
        if value is not None and value not in known:
            yield f"encryption.{option}: QEMU has no {printable(value)}: it has {', '.join(known)}"


def growth_problem(connection: Connection, key: str, root: ET.Element) -> str | None:
    """Why an encrypted volume cannot be made larger; None for one that is not encrypted, or runs with a guest.

    :param key: the volume as POOL/VOLUME
    :param root: its XML as libvirt tells it
    """
    if not is_encrypted(connection, key, root):
        return None
    if runs_with(connection, key, root.findtext("target/path") or key) is not None:
        return None
    return (
        "it is encrypted, and libvirt makes such a volume larger only while a guest runs with it: start the guest that"
        " has it, and run again; or make another volume of that size, and copy the data in a guest that has both"
    )


def is_encrypted(connection: Connection, key: str, root: ET.Element) -> bool:
    """Whether a volume is encrypted by libvirt, and not by a guest, which can write such a header into a raw disk."""
    node = root.find("target/encryption")
    facts = Manifest(connection.getURI()).entries("volumes").get(key, {})
    if next(secrets_of(root), None) or (facts.get("secret") and not another(facts, root)):
        return True
    form = root.find("target/format")
    if form is None or form.get("type", "raw") not in SAME:
        return node is not None
    return Formats(connection).encrypted(key, root)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets encrypted volumes need: without theirs, nobody reads their data any more.

libvirt tells the secret of a volume that it has made, and forgets it as soon as it looks through the pool anew. So the
manifest has the secret of each volume that the collection made. Of all others nobody knows it, unless a guest that has
the volume refers to a secret.
"""

from __future__ import annotations

import os
import struct
import typing as t
from xml.etree import ElementTree as ET

from ..._host import part_files
from ..._host.image_format import LUKS, QCOW, Unfit
from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import Connection, Volume
from ..._printing import spelled_out
from ..._storage.forecast import Forecast
from ..._storage.guest_documents import Document
from ..._storage.manifest import Manifest
from ..._storage.storage_observe import another, source_place, volumes_of_pool
from ..._storage.survey_users import files
from ..._storage.users import is_local
from .references import SecretReference, secrets_of

CRYPT_METHOD = 32
"""Where the header of a qcow2 says how it is encrypted (docs/interop/qcow2.txt of QEMU)."""


class Volumes(t.NamedTuple):
    """What volumes say of secrets.

    :param known: volumes in words, with the secret that each needs
    :param unknown: encrypted ones in words, of which nobody knows the secret
    """

    known: list[tuple[str, SecretReference]]
    unknown: list[str]


def encrypted_volumes(connection: Connection, forecast: Forecast, had: t.Container[str]) -> Volumes:
    """The encrypted volumes of a host.

    :param forecast: what earlier tasks of a run in check mode would have changed
    :param had: what guests have as disks: they refer to the secrets that these need
    """
    found = Volumes([], [])
    noted = Manifest(connection.getURI()).entries("volumes")
    gone = forecast.gone("volume")
    paths: set[str] = set()
    active: set[str] = set()
    for pool in connection.listAllStoragePools(0):
        if pool.isActive():
            active.add(pool.name())
            for name, volume in volumes_of_pool(pool):
                key = f"{pool.name()}/{name}"
                root = described(volume)
                paths.add(root.findtext("target/path") or "")
                if key not in gone:
                    add(found, key, root, noted.get(key, {}), had)
    add_unseen(found, noted, gone, active)
    for key, facts in forecast.volumes.items():
        encryption = (facts or {}).get("encryption")
        secret: t.Any = encryption.get("secret") if isinstance(encryption, dict) else None
        for by in ("uuid", "usage") if isinstance(secret, dict) else ():
            if isinstance(secret.get(by), str):
                found.known.append((f"volume {key}", reference(f"{by} {secret[by]}")))
    add_files(connection, found, paths, had)
    return found


def described(volume: Volume) -> ET.Element:
    """The XML of a volume; of one that libvirt cannot describe, its path at most."""
    try:
        return ET.fromstring(volume.XMLDesc(0))
    except (LibvirtError, UnicodeDecodeError):
        return ET.Element("volume")


def add(found: Volumes, key: str, root: ET.Element, facts: t.Mapping[str, str], had: t.Container[str]) -> None:
    """Note what a volume that libvirt lists needs.

    :param facts: what the manifest has of a volume under this name
    """
    needed = list(secrets_of(root))
    if facts.get("secret") and not another(facts, root):
        needed.append(reference(str(facts["secret"])))
    found.known.extend((f"volume {key}", secret) for secret in needed)
    path = root.findtext("target/path") or ""
    if needed or key in had or path in had:
        return
    if root.find("target/encryption") is not None or (root.get("type") == "block" and has_encrypted_header(path)):
        found.unknown.append(f"volume {spelled_out(key)}")


def add_unseen(
    found: Volumes, noted: t.Mapping[str, t.Mapping[str, str]], gone: t.Container[str], active: t.Container[str]
) -> None:
    """Note what volumes need that were made in pools which are not active, or not there.

    :param active: the pools that are active: what they do not list is not there
    """
    for key, facts in sorted(noted.items()):
        if facts.get("secret") and key not in gone and key.partition("/")[0] not in active:
            found.known.append((f"volume {key} (in a pool that is not active)", reference(str(facts["secret"]))))


def add_files(connection: Connection, found: Volumes, paths: t.Container[str], had: t.Container[str]) -> None:
    """Note encrypted files in the folders of pools that libvirt does not list, be the pools active or not."""
    if not is_local(connection.getURI()):
        return
    roots = [ET.fromstring(pool.XMLDesc(0)) for pool in connection.listAllStoragePools(0)]
    for folder in dict.fromkeys(root.findtext("target/path") or "" for root in roots):
        for path in files(folder) if folder.startswith("/") else ():
            if path not in paths and path not in had and has_encrypted_header(path):
                found.unknown.append(f"the file {spelled_out(path)}")


def has_encrypted_header(path: str) -> bool:
    """Whether a file or block device is encrypted, by its first bytes; not where it cannot be read."""
    try:
        descriptor = part_files.open_to_read(path)
    except (Unfit, OSError, ValueError):
        return False
    try:
        head = os.pread(descriptor, CRYPT_METHOD + 4, 0)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    if not head.startswith(QCOW) or len(head) < CRYPT_METHOD + 4:
        return head.startswith(LUKS)
    return bool(struct.unpack_from(">I", head, CRYPT_METHOD)[0])


def disks_of(document: Document) -> t.Iterator[str]:
    """What a guest has as disks, and what these are laid over: paths, and volumes as POOL/VOLUME."""
    for node in document.root.iter():
        if node.tag in ("disk", "backingStore", "mirror"):
            place = source_place(node.find("source"))
            if place is not None:
                yield place


def noted_secret(root: ET.Element) -> dict[str, str]:
    """What is to be noted of a volume's secret, from its definition; nothing for one that has none."""
    return next(({"secret": f"{by} {secret}"} for by, secret in secrets_of(root)), {})


def reference(text: str) -> SecretReference:
    """A reference to a secret as it is noted."""
    by, _space, secret = text.partition(" ")
    return by, secret.lower() if by == "uuid" else secret

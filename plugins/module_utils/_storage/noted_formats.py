# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of volumes as they were noted when they were made, by what their files are."""

from __future__ import annotations

import contextlib
import os
from xml.etree import ElementTree as ET

from .._host.files import birth
from .._host.places import Places, Signs, resolved
from .._libvirt.connection import LibvirtError
from .._libvirt.objects import Connection
from .manifest import Manifest
from .storage_observe import another

SAME = ("raw", "iso")
"""Formats of the same bytes: libvirt calls a raw volume with a CD in it iso."""


class NotedFormats:
    """The formats of volumes as they were noted, by what their files are.

    :param connection: tells where the pools are
    :param places: tells what paths are
    """

    def __init__(self, connection: Connection, places: Places) -> None:
        self.connection, self.places = connection, places
        self.entries = Manifest(connection.getURI()).entries("volumes")
        self.births: dict[str, set[str]] = {}
        self.nameless: dict[str, set[str]] | None = None
        for facts in self.entries.values():
            if facts.get("identity") and facts.get("format") and not facts.get("making"):
                self.births.setdefault(str(facts["identity"]), set()).add(str(facts["format"]))

    def own(self, key: str, volume: ET.Element) -> str | None:
        """What was noted of a volume under this name, unless it is another one by now.

        :param key: the volume as POOL/VOLUME
        :param volume: its XML
        """
        facts = self.entries.get(key, {})
        if not facts.get("format") or facts.get("making") or another(facts, volume):
            return None
        return str(facts["format"])

    def encrypted(self, key: str, volume: ET.Element) -> bool:
        """Whether it was noted that a volume was made as one that the host encrypts.

        :param key: the volume as POOL/VOLUME
        :param volume: its XML
        """
        facts = self.entries.get(key, {})
        return "encryption" in facts and "making" not in facts and not another(facts, volume)

    def of(self, path: str) -> set[str]:
        """The formats that were noted of the file at a path, under any name."""
        if not path.startswith("/"):
            return set()
        found = set(self.births.get(birth(resolved(path)) or "", ()))
        for sign in self.places.signs(path):
            found |= self.signs().get(sign, set())
        return found

    def signs(self) -> dict[str, set[str]]:
        """The formats of volumes of which no identity was noted, by the signs of what is at their place now."""
        if self.nameless is None:
            self.nameless = {}
            for key, facts in self.entries.items():
                if facts.get("format") and not facts.get("identity") and not facts.get("making"):
                    for sign in things(self.places.signs(volume_at(self.connection, key) or "")):
                        self.nameless.setdefault(sign, set()).add(str(facts["format"]))
        return self.nameless


def things(signs: Signs) -> Signs:
    """Of the signs of a path, those that tell what is there, and not where it is."""
    return frozenset(sign for sign in signs if sign.startswith(("file ", "block ")))


def volume_at(connection: Connection, key: str) -> str | None:
    """The path of a volume that is named as POOL/VOLUME, also of a pool that is not active; None for none."""
    name, _slash, volume = key.partition("/")
    with contextlib.suppress(LibvirtError):
        pool = connection.storagePoolLookupByName(name)
        target = ET.fromstring(pool.XMLDesc(0)).findtext("target/path") or ""
        path = os.path.join(target, volume)
        if path.startswith("/") and os.path.lexists(path):
            return path
        return pool.storageVolLookupByName(volume).path()
    return None

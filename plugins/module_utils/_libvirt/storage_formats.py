# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a volume that a guest can write to: what was declared or noted, never what its bytes say.

libvirt tells the format of a volume by its first bytes, each time it looks through a pool. A guest with
a raw disk can write a qcow2 header there that names any file of the host. So what libvirt tells counts
last: first comes what was noted when the volume was made, then what the guests that have it are told.
"""

from __future__ import annotations

import dataclasses
import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.plan import Observed
from .._errors import VirtfleetError
from .._host import part_files
from .._host.image_format import Unfit, recognise
from .._host.qcow2 import check_qcow2
from .._tables.volume import VOLUME
from .connection import LibvirtError, libvirt
from .manifest import Manifest
from .storage_observe import another, listed, source_place

SAME = ("raw", "iso")
"""Formats of the same bytes: libvirt calls a raw volume with a CD in it iso."""

HEADER = ("backingStore", "target/compat", "target/features", "target/clusterSize", "target/encryption")
"""What libvirt tells of a volume out of a header."""


class Formats:
    """The formats of volumes. What guests are told is asked for once, and only where it is needed."""

    def __init__(self, connection: t.Any) -> None:
        self.connection = connection
        self.noted = Manifest(connection.getURI()).entries("volumes")
        self.told: list[tuple[str, str]] | None = None

    def known(self, key: str, volume: ET.Element) -> str | None:
        """What was noted of a volume, or is told to the guests that have it; None where nobody said anything.

        :param key: the volume as POOL/VOLUME
        :param volume: its XML

        Raises VirtfleetError where guests are told different things.
        """
        facts = self.noted.get(key, {})
        if facts.get("format") and not facts.get("making") and not another(facts, volume):
            return str(facts["format"])
        return self.guests(key, volume.findtext("target/path") or "")

    def guests(self, key: str | None, path: str) -> str | None:
        """The format that guests are told of a file or volume, or None."""
        if self.told is None:
            self.told = list(drivers(self.connection))
        found = {form for place, form in self.told if place in (key, path) or same_file(place, path)}
        if len(found) > 1:
            raise VirtfleetError(f"guests use {key or path} in different formats: {', '.join(sorted(found))}")
        return found.pop() if found else None

    def of(self, key: str, volume: ET.Element, declared: str | None = None) -> str:
        """The format of a volume that is to be read.

        :param declared: what the user says

        Raises VirtfleetError where that contradicts what is known, and where nothing but a header tells it
        that names other files.
        """
        known = self.known(key, volume)
        if known is not None and declared is not None and not alike(known, declared):
            raise VirtfleetError(f"the volume {key} is {known}, as it was made, and not {declared}")
        return known or declared or ("raw" if is_device(volume) else seen(key, volume))

    def of_path(self, path: str) -> str | None:
        """The format of a file of the host, where it is a volume or a guest's disk; None for others."""
        real = os.path.realpath(path)
        for place in dict.fromkeys((path, real)):
            try:
                volume = self.connection.storageVolLookupByPath(place)
                pool = volume.storagePoolLookupByVolume()
                return self.known(f"{pool.name()}/{volume.name()}", ET.fromstring(volume.XMLDesc()))
            except LibvirtError:
                continue
        return self.guests(None, real)

    def settle(self, volumes: t.Mapping[str, Observed]) -> dict[str, Observed]:
        """Volumes as they are, and not as a header in them says."""
        return {key: self.settled(key, found) for key, found in volumes.items()}

    def settled(self, key: str, found: Observed) -> Observed:
        """One volume as it is."""
        node = found.definition.find("target/format")
        told = None if node is None or is_device(found.definition) else node.get("type")
        if told in (None, "raw") and self.noted.get(key, {}).get("format") in (None, "raw"):
            return found
        known = self.known(key, found.definition)
        if known is None or known == told or told is None:
            return found
        root = paths.clone(found.definition)
        paths.ensure(root, ("target", "format")).set("type", known)
        if known in SAME:
            as_raw(root)
        return dataclasses.replace(found, definition=root)


def is_device(volume: ET.Element) -> bool:
    """Whether a volume is a block device. It is raw; what libvirt calls its format is the type of a partition."""
    return volume.get("type") == "block" or volume.find("target/format") is None


def all_volumes(connection: t.Any, names: t.Container[str]) -> dict[str, Observed]:
    """All volumes, or those of these names or identities, in pools that are active, as they can be declared."""
    formats = Formats(connection)
    found: dict[str, Observed] = {}
    for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        for name, volume in listed(pool):
            key = f"{pool.name()}/{name}"
            if key in names or name in names:
                try:
                    root = paths.document(volume.XMLDesc())
                except (LibvirtError, UnicodeDecodeError):
                    continue  # It is gone meanwhile, or it names a file whose name is no text.
                seen_as = formats.settled(key, Observed(root, None, "present", {"pool": pool.name()}))
                found[key] = dataclasses.replace(seen_as, definition=VOLUME.declared(seen_as.definition))
    return found


def as_raw(root: ET.Element) -> None:
    """Take from a volume's XML what libvirt read out of its header, and give it the size of its file."""
    for path in HEADER:
        where, _slash, tag = path.rpartition("/")
        parent = root if not where else root.find(where)
        node = None if parent is None else parent.find(tag)
        if parent is not None and node is not None:
            parent.remove(node)
    size = file_size(root.findtext("target/path") or "")
    if size is not None:
        node = paths.ensure(root, ("capacity",))
        node.text = str(size)
        node.set("unit", "bytes")


def file_size(path: str) -> int | None:
    """The bytes of a file; None for what is none."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def alike(one: str, other: str) -> bool:
    """Whether two formats are of the same bytes."""
    return one == other or (one in SAME and other in SAME)


def seen(key: str, volume: ET.Element) -> str:
    """The format of a volume of which nobody said anything, by its magic numbers.

    Raises VirtfleetError for one with a header that names other files: who wrote that, nobody knows.
    """
    node = volume.find("target/format")
    path = volume.findtext("target/path") or ""
    if not path.startswith("/") or not os.path.exists(path):
        return "raw" if node is None else node.get("type", "raw")
    try:
        descriptor = part_files.open_to_read(path)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            content = recognise(part_files.reader(descriptor), size)
            if content.kind == "qcow2":
                check_qcow2(part_files.reader(descriptor), size)
        finally:
            os.close(descriptor)
    except (Unfit, OSError) as error:
        raise VirtfleetError(
            f"nobody noted the format of the volume {key}, and by its bytes it {error};"
            " if that is right, say its format: make a volume with backing {volume: ..., format: ...}"
        ) from None
    if content.kind == "other":
        raise VirtfleetError(
            f"nobody noted the format of the volume {key}, and by its bytes it is {content.words};"
            " copy it into a new volume with qemu-img convert"
        )
    return "qcow2" if content.kind == "qcow2" else "raw"


def drivers(connection: t.Any) -> t.Iterator[tuple[str, str]]:
    """What all guests have as disks, and the formats that they are told; raw where they are told none."""
    for domain in connection.listAllDomains(0):
        try:
            texts = [domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)]
            if domain.isActive():
                texts.append(domain.XMLDesc(0))
        except LibvirtError:
            continue
        for text in texts:
            for disk in ET.fromstring(text).iterfind("devices/disk"):
                place = source_place(disk.find("source"))
                driver = disk.find("driver")
                if place is not None:
                    yield place, "raw" if driver is None else driver.get("type", "raw")


def same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file or device."""
    if not one.startswith("/") or not other.startswith("/"):
        return False
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a volume that a guest can write to: what was declared or noted, never what its bytes say.

libvirt tells the format of a volume by its first bytes, each time it looks through a pool. A guest with
a raw disk can write a qcow2 header there that names any file of the host. So what libvirt tells counts
last: first comes what was noted when the volume was made, then what the guests that have it take it for.
Both hold for the file, by whatever pool, path or hard link it is named. What was noted as raw is raw. So is a
raw disk of any guest, unless it was noted otherwise: then nobody can tell, and the user is asked.

The size of what is raw is that of its file or device. libvirt tells another one where a guest wrote the header of a
LUKS container into it. Only a volume that the host itself encrypts has such a header: no guest can write to that.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._errors import VirtfleetError
from ..._host import part_files
from ..._host.image_format import Unfit, recognise
from ..._host.places import Places, Signs, resolved
from ..._host.qcow2 import check_qcow2
from ..._libvirt.connection import LibvirtError, libvirt
from ..._libvirt.objects import Connection
from ..._printing import printable
from ..._storage.guest_documents import definitions
from ..._storage.noted_formats import SAME, NotedFormats, things, volume_at
from ..._storage.storage_observe import source_place, volumes_of_pool
from ..._storage.users import is_local
from ..domain.disks.disk_bytes import first_bytes
from ..domain.saved_states import saved_definitions
from .table import VOLUME
from .volume_size import as_device, as_raw, has_header

SAY_FORMAT = "if that is right, say its format: make a volume with backing {volume: ..., format: ...}"
"""What to do about a volume whose format nobody noted, and whose header names other files."""


class Formats:
    """The formats of volumes. The formats that guests have are asked for once, and only where that is needed.

    :param gone: names of guests that count as gone
    """

    def __init__(self, connection: Connection, gone: t.Container[str] = ()) -> None:
        self.connection, self.gone = connection, gone
        self.places = Places()
        self.local = is_local(str(connection.getURI()))
        self.noted = NotedFormats(connection, self.places)
        self.guests_by_place: dict[str, set[tuple[str, str]]] | None = None
        self.sealed: dict[str, set[bool]] = {}

    def known(self, key: str, volume: ET.Element, declared: str | None = None) -> str | None:
        """What was noted of a volume, or what the guests that have it take it for; None where nobody said anything.

        :param key: the volume as POOL/VOLUME
        :param volume: its XML
        :param declared: what the user says

        Raises VirtfleetError where guests have it in different formats.
        """
        return self.decided(key, volume.findtext("target/path") or "", self.noted.own(key, volume), declared=declared)

    def decided(
        self,
        key: str | None,
        path: str,
        own: str | None = None,
        but: str | None = None,
        declared: str | None = None,
    ) -> str | None:
        """What is known of a file or volume: what was noted, else what guests have it as.

        :param own: what was noted of it under this name
        :param but: a guest that is not asked
        :param declared: what the user says, which counts where it is in dispute and the bytes say it, too

        Raises VirtfleetError where guests have it in different formats, or as raw against what was noted.
        """
        noted = list(dict.fromkeys([*([] if own is None else [own]), *sorted(self.noted.of(path))]))
        plain = [form for form in noted if form in SAME]
        if plain:
            return plain[0]
        users = self.guests(key, path, but)
        raw = sorted(guest for guest, form in users if form in SAME)
        forms = {form for _guest, form in users}
        if noted and raw:
            return self.in_dispute(path or str(key), noted[0], raw[0], declared)
        if len(forms) > 1:
            raise VirtfleetError(f"guests use {key or path} in different formats: {', '.join(sorted(forms))}")
        return noted[0] if noted else next(iter(forms), None)

    def in_dispute(self, path: str, noted: str, guest: str, declared: str | None) -> str:
        """The format of what was noted as one, and that a guest has as raw: that of the user, if the bytes say it.

        The guest may have written into the header by now, and also the whole header.
        """
        content = first_bytes(path) if declared is not None else None
        if declared is not None and content is not None:
            raw = content.kind not in ("qcow2", "other")
            whole = content.kind == "qcow2" and not content.odd
            if (raw and declared in SAME) or (whole and declared == "qcow2" == noted):
                return declared
        raise VirtfleetError(
            f"{printable(path)} was made as {noted}, and guest {guest} has it as raw: take the disk from {guest}, or"
            f" correct its format, first; or write format: {noted}, which is taken if the first bytes still say so"
        )

    def guests(self, key: str | None, path: str, but: str | None = None) -> set[tuple[str, str]]:
        """The guests that have a file or volume, with the formats that they have it in.

        :param but: a guest that is not asked
        """
        if self.guests_by_place is None:
            self.guests_by_place = {}
            for guest, place, form, sealed in drivers(self.connection, self.gone):
                for sign in (place, *self.signs_of(place)):
                    self.guests_by_place.setdefault(sign, set()).add((guest, form))
                    self.sealed.setdefault(sign, set()).add(sealed)
        return {
            (guest, form)
            for place in self.spellings(key, path)
            for guest, form in self.guests_by_place.get(place, ())
            if guest != but
        }

    def spellings(self, key: str | None, path: str) -> list[str]:
        """What guests may call a file or volume."""
        signs = things(self.places.uses(path)) if path.startswith("/") else frozenset()
        return [place for place in (key, path, *signs) if place]

    def encrypted(self, key: str, volume: ET.Element) -> bool:
        """Whether the host encrypts a raw volume, so that its header is none that a guest has written.

        It was made so, or all guests that have it have it so.
        """
        if volume.find("target/encryption") is None:
            return False
        if self.noted.encrypted(key, volume):
            return True
        path = volume.findtext("target/path") or ""
        self.guests(key, path)
        found = {sealed for place in self.spellings(key, path) for sealed in self.sealed.get(place, ())}
        return found == {True}

    def signs_of(self, place: str) -> Signs:
        """What a guest's disk is, by its path or as POOL/VOLUME."""
        path = place if place.startswith("/") else volume_at(self.connection, place)
        return things(self.places.signs(path)) if path else frozenset()

    def of(self, key: str, volume: ET.Element, declared: str | None = None) -> str:
        """The format of a volume that is to be read.

        :param declared: what the user says

        Raises VirtfleetError where that contradicts what is known, and where nothing but a header tells it
        that names other files.
        """
        known = self.known(key, volume, declared)
        noted = {self.noted.own(key, volume), *self.noted.of(volume.findtext("target/path") or "")}
        agree(f"the volume {key}", known, declared, known in noted)
        return known or declared or ("raw" if is_device(volume) else format_by_bytes(key, volume))

    def of_path(self, path: str, declared: str | None = None) -> str | None:
        """The format of a file of the host, where it is a volume or a guest's disk; None for others.

        :param declared: what the user says

        Raises VirtfleetError where that contradicts what is known.
        """
        known = self.found_at(path, declared)
        agree(printable(path), known, declared, known in self.noted.of(path))
        return known

    def found_at(self, path: str, declared: str | None) -> str | None:
        """What is known of a file of the host, where the user may say something, too."""
        real = resolved(path)
        for place in dict.fromkeys((path, real)):
            try:
                volume = self.connection.storageVolLookupByPath(place)
                pool = volume.storagePoolLookupByVolume()
                return self.known(f"{pool.name()}/{volume.name()}", ET.fromstring(volume.XMLDesc()), declared)
            except LibvirtError:
                continue
        return self.decided(None, real, declared=declared)

    def settle(self, volumes: t.Mapping[str, Observed], sealed: t.Container[str] = ()) -> dict[str, Observed]:
        """Volumes as they are, and not as a header in them says.

        :param sealed: those of which the user says that the host encrypts them
        """
        return {key: self.settled(key, found, key in sealed) for key, found in volumes.items()}

    def settled(self, key: str, found: Observed, sealed: bool = False) -> Observed:
        """One volume as it is.

        :param sealed: whether the user says that the host encrypts it
        """
        node = found.definition.find("target/format")
        reported = None if node is None else node.get("type")
        if reported is None or is_device(found.definition):
            return as_device(found) if self.local else found
        form = self.form(key, found, reported)
        own_header = form not in SAME or not has_header(found.definition)
        if form == reported and (own_header or sealed or self.encrypted(key, found.definition)):
            return found
        return as_format(found, form, self.local)

    def form(self, key: str, found: Observed, reported: str) -> str:
        """The format of a volume that is a file.

        :param reported: what libvirt says
        """
        own = self.noted.own(key, found.definition)
        if own == reported or (reported == "raw" and own is None):
            return reported
        try:
            return self.known(key, found.definition) or reported
        except VirtfleetError:  # Guests have it in different formats, so it may be raw to one of them.
            return "raw"

    def as_declared(self, key: str, found: Observed, declared: str | None, way: str = SAY_FORMAT) -> Observed:
        """A volume as it is, where nobody but the user says its format; libvirt tells it by its bytes.

        :param found: the volume, as it is settled
        :param declared: the format that the user says
        :param way: what the user can do where it is not known

        Raises VirtfleetError where nothing but a header tells it that names other files.
        """
        node = found.definition.find("target/format")
        if node is None or is_device(found.definition) or not is_here(found.definition):
            return found
        reported = node.get("type", "raw")
        known = self.known(key, found.definition, declared)
        if known is None and declared is not None:
            known = declared if declared in SAME else reported
        form = known or format_by_bytes(key, found.definition, way)
        return found if same_format(form, reported) else as_format(found, form, self.local)


def is_here(volume: ET.Element) -> bool:
    """Whether a volume is a file of this host that is there."""
    path = volume.findtext("target/path") or ""
    return path.startswith("/") and os.path.exists(path)


def as_format(found: Observed, form: str, here: bool = True) -> Observed:
    """A volume with another format than libvirt tells.

    :param here: whether its file would be one of the host that this runs on
    """
    root = paths.clone(found.definition)
    paths.ensure(root, ("target", "format")).set("type", form)
    if form in SAME:
        as_raw(root, here)
    return dataclasses.replace(found, definition=root)


def is_device(volume: ET.Element) -> bool:
    """Whether a volume is a block device. It is raw; what libvirt calls its format is the type of a partition."""
    return volume.get("type") == "block" or volume.find("target/format") is None


def all_volumes(connection: Connection, names: t.Container[str]) -> dict[str, Observed]:
    """All volumes, or those of these names or identities, in pools that are active, as they can be declared."""
    formats = Formats(connection)
    found: dict[str, Observed] = {}
    for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        for name, volume in volumes_of_pool(pool):
            key = f"{pool.name()}/{name}"
            if key in names or name in names:
                try:
                    root = paths.document(volume.XMLDesc())
                except (LibvirtError, UnicodeDecodeError):
                    continue  # It is gone meanwhile, or it names a file whose name is no text.
                seen_as = formats.settled(key, Observed(root, None, "present", {"pool": pool.name()}))
                found[key] = dataclasses.replace(seen_as, definition=VOLUME.declared(seen_as.definition))
    return found


def same_format(one: str, other: str) -> bool:
    """Whether two formats are of the same bytes."""
    return one == other or (one in SAME and other in SAME)


def format_by_bytes(key: str, volume: ET.Element, way: str = SAY_FORMAT) -> str:
    """The format of a volume of which nobody said anything, by its magic numbers.

    :param way: what the user can do where that is refused

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
            f"nobody noted the format of the volume {key}, and by its bytes it {error}; {way}"
        ) from None
    if content.kind == "other":
        raise VirtfleetError(
            f"nobody noted the format of the volume {key}, and by its bytes it is {content.words};"
            " copy it into a new volume with qemu-img convert"
        )
    return "qcow2" if content.kind == "qcow2" else "raw"


def drivers(connection: Connection, gone: t.Container[str] = ()) -> t.Iterator[tuple[str, str, str, bool]]:
    """The guests with what they have as disks, and the formats of these by the definitions; raw where there is none.

    Last comes whether the host encrypts the disk.

    :param gone: names of guests that are left out
    """
    saved = saved_definitions(connection)
    for domain in connection.listAllDomains(0):
        name = domain.name()
        if name in gone:
            continue
        try:
            roots = [root for root in definitions(domain) if root is not None]
        except LibvirtError:
            continue
        if name in saved:
            roots.append(saved[name])
        for root in roots:
            for disk in root.iterfind("devices/disk"):
                place = source_place(disk.find("source"))
                driver = disk.find("driver")
                if place is not None:
                    sealed = disk.find("encryption") is not None or disk.find("source/encryption") is not None
                    yield name, place, "raw" if driver is None else driver.get("type", "raw"), sealed


def agree(what: str, known: str | None, declared: str | None, noted: bool) -> None:
    """Raise VirtfleetError where a user says another format than is known.

    :param what: the file or volume in words
    :param noted: whether it is known from when it was made
    """
    if known is not None and declared is not None and not same_format(known, declared):
        why = "as it was made" if noted else "as guests have it"
        raise VirtfleetError(f"{what} is {known}, {why}, and not {declared}")

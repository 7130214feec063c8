# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats of guests' disks on files, volumes and devices that somebody else made, or another guest had.

A disk of a wrong format is lost: a guest that has a qcow2 as raw writes into its header. One that has a raw disk as
qcow2 opens every file of the host that the guest before it wrote into the first bytes. So a disk that is new, or is
put on something else, gets the format that was noted or that guests have (see storage_formats). Where nobody said
anything, the name tells it, and where the first bytes say another one, the user is asked. A disk that stays on what
it is on keeps its format.
"""

from __future__ import annotations

import functools
import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Host, Item, Scope
from ...._errors import Invalid, Unchangeable, VirtfleetError
from ...._libvirt.objects import Connection
from ...._printing import printable
from ...._storage.forecast import Forecast
from ...._storage.noted_formats import SAME
from ...._storage.storage_observe import ObservedPool, source_place
from ...._storage.users import is_local
from ...shared import lacking
from ...shared.derived_values import image_format
from ...volume.storage_rules import MADE_DIRECTORIES
from ...volume.volume_formats import Formats, agree, same_format
from ...volume.volumes_to_come import pools_to_come
from . import shared_disks
from .disk_bytes import contradicts, first_bytes
from .disk_nodes import driver_of, edited, source_is_empty, untold, what, without_old
from .guest_disks import DISKS, Needed, formats_in, key_of, target_of

Resolved = tuple[Item, list[Needed]]

WRITE_FORMAT = "write format: qcow2 if that is right, or format: raw where a guest had it as that"
"""What to do about a volume of whose format nobody knows."""

HERE = ("file", "block", "volume")
"""Types of disks of which this module can tell the format."""


class DiskFormats:
    """The formats of the disks of one call.

    :param connection: None for a host without libvirt
    :ivar warnings: what is to be said of disks that stay as they are, by guest
    :ivar refused: why guests are refused, each for itself, by guest
    """

    def __init__(self, connection: Connection, forecast: Forecast) -> None:
        self.connection, self.forecast = connection, forecast
        uri = "" if connection is None else str(connection.getURI())
        self.local = connection is not None and is_local(uri) and not uri.startswith(lacking.FOREIGN)
        self.warnings: dict[str, list[str]] = {}
        self.refused: dict[str, list[str]] = {}
        self.made_formats: dict[str, str] = {
            key: str(facts["format"]) for key, facts in forecast.volumes.items() if facts and facts.get("format")
        }

    @functools.cached_property
    def pools(self) -> dict[str, ObservedPool]:
        """The pools of the host, as they will be."""
        return pools_to_come(self.connection, self.forecast)

    @functools.cached_property
    def coming(self) -> dict[str, str]:
        """The formats of volumes that are made before these guests or with them, by path and as POOL/VOLUME."""
        paths_too = {path: form for key, form in self.made_formats.items() if (path := self.path_of(key)) is not None}
        return {**self.made_formats, **paths_too}

    @functools.cached_property
    def formats(self) -> Formats:
        """What is known of the host, asked once, and only where it is needed."""
        gone = {name for name, guest in self.forecast.guests.items() if guest.gone}
        return Formats(self.connection, gone)

    def path_of(self, place: str) -> str | None:
        """The path of a place, given as one or as POOL/VOLUME; None where no path is known."""
        if place.startswith("/"):
            return place
        pool, _slash, name = place.partition("/")
        found = self.pools.get(pool)
        return None if found is None or found.target is None else os.path.join(found.target, name)

    # --- one call ---

    def settle(
        self, resolved: t.Sequence[Resolved], have: t.Mapping[str, Observed], host: Host
    ) -> tuple[list[Resolved], list[str]]:
        """Guests with the formats of their disks, and what is wrong with them, a line each.

        A format that is not known is told in ``refused``: a guest may have written that, so it stops no other one.

        :param resolved: the guests with the volumes that their disks need, of which the format is settled
        :param have: the guests that are there
        """
        for _want, needed in resolved:
            for need in needed:
                if need.item.get("format") and not need.kept:
                    self.made_formats[need.key] = str(need.item["format"])
        out: list[Resolved] = []
        lines: list[str] = []
        for want, needed in resolved:
            try:
                formats = {need.index: need.item.get("format") for need in needed if not need.kept}
                out.append((self.guest(want, formats, have, host), needed))
            except Invalid as error:
                out.append((want, needed))
                for problem in (error, *error.others):
                    if isinstance(problem, Unchangeable):
                        self.refuse(want["name"], str(problem))
                    else:
                        lines.append(f"domain {want['name']}: {problem}")
        return out, lines

    def of_volumes(self, resolved: t.Sequence[Resolved], volumes: t.Mapping[str, Observed]) -> dict[str, Observed]:
        """Volumes that are there for new disks, with their formats. What is wrong with them is told in ``refused``.

        :param resolved: the guests with the volumes that their disks need
        :param volumes: those that are there, as it was noted or guests have them
        """
        found = dict(volumes)
        for want, needed in resolved:
            for need in needed:
                if need.key not in volumes or need.kept or self.connection is None:
                    continue
                declared = None if need.loose else need.item.get("format")
                try:
                    if declared in SAME and self.known(need.key, want["name"], declared) is None:
                        self.refuse_header(need.key, declared)
                    found[need.key] = self.formats.as_declared(need.key, volumes[need.key], declared, WRITE_FORMAT)
                except VirtfleetError as error:
                    self.refuse(want["name"], f"disks[{need.index}].format: {error}")
        return found

    def refuse(self, guest: str, problem: str) -> None:
        """Note why a guest is refused; no other one is stopped by it."""
        self.refused.setdefault(guest, []).append(problem)

    def hold_back(self, plans: t.Iterable[Plan]) -> None:
        """Give the plans of guests that are refused their obstacle."""
        for entry in plans:
            problems = self.refused.get(entry.name)
            if problems and entry.obstacle is None:
                entry.obstacle = "; ".join(dict.fromkeys(problems))

    def guest(
        self, want: Item, formats: t.Mapping[int, str | None], have: t.Mapping[str, Observed], host: Host
    ) -> Item:
        """One guest with the formats of its disks. Raises Invalid with all that is wrong.

        :param formats: places in the list of the disks that are made as volumes, with the formats of these
        """
        disks = want.get("disks")
        if want["state"] == "absent" or not disks:
            return want
        there = have.get(want["name"])
        nodes = [] if there is None else DISKS.nodes(there.definition)
        partners = DISKS.partners(disks, [DISKS.keyed(node) for node in nodes], [], DISKS.spots_apart(nodes))
        problems: list[Invalid] = []
        out: list[Item] = []
        by_xml = formats_in(want.get("xml"))
        for index, (disk, partner) in enumerate(zip(disks, partners, strict=True)):
            target = disk.get("target") or (None if partner is None else target_of(nodes[partner]))
            form = by_xml.get(target)
            if form is not None and formats.get(index) is not None and not same_format(str(formats[index]), form):
                problems.append(Invalid("xml", f"says {form} of the disk {target}, which is made as {formats[index]}"))
            if index not in formats:
                disk = disk if form is None or disk.get("format") is not None else {**disk, "format": form}
                scope = Scope("domain", want["name"], host, index, disk, lenient=True)
                try:
                    disk = self.disk(disk, None if partner is None else nodes[partner], scope, there)
                except VirtfleetError as error:
                    option = f"disks[{index}].format"
                    problem = error.problem if isinstance(error, Invalid) else str(error)
                    problems.append(Unchangeable(option, problem))
            out.append(disk)
        if problems:
            problems[0].others = tuple(problems[1:])
            raise problems[0]
        return {**want, "disks": out}

    def disk(self, disk: Item, node: ET.Element | None, scope: Scope, there: Observed | None) -> Item:
        """One disk with its format.

        :param node: the one that is there
        :param there: the guest that is there

        Raises VirtfleetError where its format is not known, or is another one.
        """
        after = edited(ET.Element("disk") if node is None else node, disk, scope)
        if after is None:
            return disk  # What is wrong with it is said where it is planned.
        if node is not None and what(after) == what(node):
            self.stays(disk, node, scope)
            # Whether several guests can write to it depends on the format, which is not to be told by the name.
            known = disk.get("format") is not None or not disk.get("shareable") or untold(node)
            return disk if known else {**disk, "format": driver_of(node)}
        place = source_place(after.find("source"))
        if place is None or after.get("type", "file") not in HERE:
            return self.elsewhere(disk, node, after)
        if disk.get("format") is not None:
            self.declared(place, str(disk["format"]), scope.name, there)
            return disk if node is None else without_old(disk, after)
        form = self.form(disk, place, after.get("type", "file"), node is None)
        if node is None:
            return disk if form == "raw" and "format" in disk else {**disk, "format": form}
        disk = without_old(disk, after)
        return disk if form == "raw" and untold(node) else {**disk, "format": form}

    # --- what is known ---

    def known(self, place: str, but: str | None = None, declared: str | None = None) -> str | None:
        """The format of a file, device or volume that was noted, or that guests have it in.

        :param but: a guest that is not asked
        :param declared: what the user says

        Raises VirtfleetError where guests have it in different formats, or as raw against what was noted.
        """
        path = self.path_of(place)
        coming = self.coming.get(place) or (self.coming.get(path) if path is not None else None)
        if coming is not None:
            return coming
        if self.connection is None:
            return None
        key = key_of(place, self.pools)
        return self.formats.decided(key, path or place, self.noted_without_file(key), but, declared)

    def noted_without_file(self, key: str | None) -> str | None:
        """What was noted of a volume that is no file, such as on a server. That of a file is found by the file."""
        facts = self.formats.noted.entries.get(key or "", {})
        if not facts.get("format") or facts.get("making") or facts.get("identity"):
            return None
        path = self.path_of(key or "")
        return None if path is not None and os.path.lexists(path) else str(facts["format"])

    def agrees(self, place: str, declared: str, guest: str) -> None:
        """Raise VirtfleetError where a user says another format than is known, but for what the guest itself has."""
        known = self.known(place, guest, declared)
        path = self.path_of(place) or place
        noted = self.connection is None or known in self.formats.noted.of(path) or place in self.coming
        agree(printable(place), known, declared, noted)

    def declared(self, place: str, declared: str, guest: str, there: Observed | None) -> None:
        """Raise VirtfleetError where a user says a format of a disk that is new by its name, and it cannot be.

        :param there: the guest that is there, which may have it by another name
        """
        self.agrees(place, declared, guest)
        current = self.own(place, there)
        if current is not None:
            self.fits(place, current, declared)
        elif declared in SAME and self.known(place, guest, declared) is None:
            self.refuse_header(place, declared)

    def refuse_header(self, place: str, declared: str) -> None:
        """Raise VirtfleetError for a disk that is to be raw and has the name and the whole header of a qcow2."""
        path = self.path_of(place)
        content = first_bytes(path) if self.local and path is not None else None
        if content is None or content.kind != "qcow2" or content.odd or image_format({"file": place}) != "qcow2":
            return
        raise VirtfleetError(
            f"{printable(path)} is qcow2, by its name and its first bytes, and not {declared}: the guest would write"
            " into the header; if it is raw all the same, give it another name"
        )

    def own(self, place: str, there: Observed | None) -> str | None:
        """The format in which a guest has a file, device or volume by now, under any name; None where it has not."""
        for root in (there.definition, there.live) if there is not None else ():
            for node in root.findall("devices/disk") if root is not None else ():
                mine = source_place(node.find("source"))
                if mine is not None and self.sign(mine) == self.sign(place):
                    return driver_of(node)
        return None

    def sign(self, place: str) -> str:
        """What a place is, whatever name it has."""
        path = self.path_of(place) or place
        return shared_disks.what(path) if self.local else shared_disks.named_place(path)

    def form(self, disk: Item, place: str, kind: str, new: bool) -> str:
        """The format of a disk whose user names none.

        Raises VirtfleetError where it is not known, and the first bytes say another one than the name.
        """
        known = self.known(place)
        if known is not None:
            return "raw" if known in SAME else known
        is_null = new and "format" in disk  # null: as libvirt takes it
        form = "raw" if is_null or kind == "block" or self.is_device(place) else image_format({"file": place})
        path = self.path_of(place)
        content = first_bytes(path) if self.local and path is not None else None
        if content is None:
            return form
        if contradicts(content, form):
            raise VirtfleetError(
                f"is not known: nobody noted that of {printable(path)}, its name tells {form}, and by its first bytes"
                f" it is {content.words}, which a guest may have written: write format: {form}, or the one that it has"
            )
        if content.odd:
            raise VirtfleetError(
                f"is not known: nobody noted that of {printable(path)}, and its header, which a guest may have written,"
                f" {content.odd}: {WRITE_FORMAT}"
            )
        if form not in (*SAME, "qcow2"):
            raise VirtfleetError(
                f"is not known: nobody noted that of {printable(path)}, its name tells {form}, and such an image can"
                f" name other files, by what a guest may have written: write format: {form} if that is right"
            )
        return form

    def is_device(self, place: str) -> bool:
        """Whether a volume is in a pool whose volumes are no files: those are raw, whatever their name."""
        pool = None if place.startswith("/") else self.pools.get(place.partition("/")[0])
        return pool is not None and pool.type not in (*MADE_DIRECTORIES, "gluster")

    def elsewhere(self, disk: Item, node: ET.Element | None, after: ET.Element) -> Item:
        """A disk on a server, a folder or a controller, or a drive with nothing in it.

        Raises VirtfleetError where it was something of another format than raw, and the user names none.
        """
        if node is None or source_is_empty(after):
            return disk
        old = driver_of(node)
        if disk.get("format") is None and old != "raw":
            raise VirtfleetError(f"is {old} for what the disk was on; write the format of what it is on from now on")
        return without_old(disk, after)

    def stays(self, disk: Item, node: ET.Element, scope: Scope) -> None:
        """Look at a disk that stays on what it is on: raise VirtfleetError for a format that cannot be, or warn."""
        place = source_place(node.find("source"))
        if place is None or node.get("type", "file") not in HERE or self.connection is None:
            return
        current = driver_of(node)
        declared = str(disk.get("format") or current)
        if not same_format(current, declared):
            self.agrees(place, declared, scope.name)
            self.fits(place, current, declared)
            return
        try:
            noted = self.formats.noted.of(self.path_of(place) or place)
        except VirtfleetError:
            return  # The list of what was made cannot be read. Nothing is changed here, so that stops nobody.
        if noted and not any(same_format(form, current) for form in noted):
            form = "raw" if any(form in SAME for form in noted) else min(noted)
            self.warnings.setdefault(scope.name, []).append(
                f"disks[{scope.index}]: {printable(place)} was made as {form}, and the guest has it as {current}:"
                f" write format: {form} to correct that"
            )

    def fits(self, place: str, current: str, wanted: str) -> None:
        """Raise VirtfleetError where a user says another format of a disk than its guest has, and it cannot be.

        The guest would write into a header, or has perhaps written one itself.
        """
        path = self.path_of(place)
        if same_format(current, wanted):
            return
        content = first_bytes(path) if self.local and path is not None else None
        if content is None:
            return
        if current not in SAME and content.kind == ("qcow2" if current == "qcow2" else "other"):
            raise VirtfleetError(
                f"{printable(path)} is {current}, as the guest has it and by its first bytes, and not {wanted}: with"
                " another format the guest would write into the header"
            )
        if current in SAME and (content.odd or content.kind == "other"):
            odd = f"its header {content.odd}" if content.odd else f"by its first bytes it is {content.words}"
            raise VirtfleetError(
                f"{printable(path)} is {current}, as the guest has it, and not {wanted}: {odd}, which the guest may"
                " have written; if it is right, take the disk from the guest in a run of its own first"
            )

    def warn(self, plans: t.Iterable[Plan]) -> None:
        """Put into plans what is to be said of disks."""
        for entry in plans:
            entry.warnings += self.warnings.get(entry.name, [])

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that QEMU does not open for two guests at a time, because one of them writes to it.

See "Image locking" in QEMU's manual (https://www.qemu.org/docs/master/system/images.html#disk-image-file-locking).
Two disks that are for one guest only, whether it runs or not, are found by shared_disks and outside_disks.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ...._engine.plan import Plan
from ...._host.places import Places
from ...._printing import spelled_out
from ...._shell_words import ShellWord
from ...._storage.guest_places import item_places
from ...._storage.new_volumes import Making
from ...._storage.noted_formats import SAME
from ...shared.lacking import Site
from .shared_disks import DisksOfGuest, path_of, place_of, sign_of, starts

LAID = (
    "is a disk of guest {0}, which {1} with it: a disk that is laid over it starts only while {0} is off; stop {0}"
    " first, or make the disk from a copy (clone_from)"
)
BELOW = "is what a disk of guest {0} is laid over, which {1} with it: nobody may write to it meanwhile; stop {0} first"
COPY = (
    "is what a disk of guest {0} is being copied to: nobody may have it open meanwhile; end that first (virsh blockjob"
    " {0:sh} DISK --abort, or --pivot)"
)
ALSO = (
    "is also a disk of guest {0}, which {1} with it, and one of the two writes to it: give shareable: true to {2} (the"
    " disk has to be raw), or stop {0} first"
)


class Access(t.NamedTuple):
    """What a guest that runs has open.

    :param option: where it is declared, such as ``disks[0]``
    :param place: its path, or POOL/VOLUME
    :param sign: what it is
    :param writes: whether the guest writes to it
    :param shares: whether others may write to it meanwhile
    :param laid: whether a disk of the guest is laid over it
    :param drive: whether it is in a CD-ROM or floppy drive
    :param copy: whether a disk of the guest is being copied to it (virsh blockcopy)
    """

    option: str
    place: str
    sign: str
    writes: bool
    shares: bool
    laid: bool = False
    drive: bool = False
    copy: bool = False

    def excludes(self, other: Access) -> bool:
        """Whether two guests cannot have both open. shared_disks finds two disks that are for one guest only."""
        if self.sign != other.sign or (self.is_own_disk and other.is_own_disk):
            return False
        return (self.writes and not other.shares) or (other.writes and not self.shares)

    @property
    def is_own_disk(self) -> bool:
        """Whether it is a disk for one guest only."""
        return self.writes and not self.shares and not self.drive and not self.copy

    def against(self, name: str, runs: str, other: Access) -> str:
        """Why a guest cannot have this open beside what another one has, and what to do.

        :param name: the other guest
        :param runs: ``runs`` or ``starts``
        """
        where = f"{self.option}: {spelled_out(self.place)}"
        if self.copy or other.copy:
            return f"{where} {COPY.format(ShellWord(name))}"
        if self.laid or other.laid:
            return f"{where} {(LAID if self.laid else BELOW).format(name, runs)}"
        lacking = ["this disk"] if other.writes and not self.shares else []
        lacking += [f"that of {name}"] if self.writes and not other.shares else []
        return f"{where} {ALSO.format(name, runs, ' and '.join(lacking))}"


def opened(site: Site, root: ET.Element | None) -> t.Iterator[Access]:
    """What a guest has open that runs as a definition says, and the images below its disks."""
    if root is None:
        return
    for index, disk in enumerate(root.findall("devices/disk")):
        if disk.find("transient") is not None:
            continue
        device = disk.get("device")
        writes = disk.find("readonly") is None and device != "cdrom"
        shares, drive = disk.find("shareable") is not None, device in ("cdrom", "floppy")
        copied_to = disk.find("mirror/source")  # A block copy is written to as the disk is (formatdomain, disk).
        for source in disk.iter("source"):
            laid = source not in (disk.find("source"), copied_to)
            place = place_of(site, source)
            if place:
                writing = (writes or source is copied_to) and not laid
                option, sign, copy = f"disks[{index}]", sign_of(site, place), source is copied_to
                yield Access(option, place, sign, writing, shares and not copy, laid, drive, copy)
        for place in images_below(site, disk):
            yield Access(f"disks[{index}]", place, sign_of(site, place), False, False, laid=True)


def images_below(site: Site, disk: ET.Element) -> t.Iterator[str]:
    """The images that the headers of a disk say it is laid over; none where the definition tells them, as what runs."""
    source, driver = disk.find("source"), disk.find("driver")
    raw = driver is None or driver.get("type", "raw") in SAME
    place = "" if source is None or raw or disk.find("backingStore") is not None else place_of(site, source)
    if site.local and place.startswith("/"):
        yield from site.once("places", Places).chain(place).paths


def laid_over(site: Site, plan: Plan) -> t.Iterator[Access]:
    """The images that new volumes, such as those of a guest's disks, are laid over."""
    for step in plan.steps:
        if isinstance(step.value, Making) and step.value.item.get("backing"):
            option = "backing" if step.value.disk is None else f"disks[{step.value.disk}].backing"
            for place in item_places({"pool": step.value.pool, "backing": step.value.item["backing"]}):
                path = path_of(site, place.value) if place.kind == "volume" else place.value
                yield Access(option, path, sign_of(site, path), False, False, laid=True)


class Running(t.NamedTuple):
    """A guest that has something open once it runs.

    :param name: its name
    :param access: what it has open
    :param runs: ``runs`` or ``starts``
    :param stops: its plan, where it stops in this run
    """

    name: str
    access: Access
    runs: str
    stops: Plan | None = None


def refuse_locked(
    site: Site, guests: t.Sequence[DisksOfGuest], others: t.Iterable[tuple[str, t.Iterable[Access]]]
) -> None:
    """Refuse guests that would start, or get a disk while they run, where QEMU would not open it; each for itself.

    One that stops in the same run is waited for.

    :param guests: those that are declared
    :param others: the other guests that run, each with what it has open
    """
    having: dict[str, list[Running]] = {}
    for name, accesses in others:
        for access in accesses:
            having.setdefault(access.sign, []).append(Running(name, access, "runs"))
    for guest in guests:
        stops = None if guest.refused or "shutdown" not in guest.plan.ahead else guest.plan
        for access in () if guest.have is None else opened(site, guest.have.live):
            having.setdefault(access.sign, []).append(Running(guest.plan.name, access, "runs", stops))
    asked = [guest for guest in guests if guest.changes and guest.root is not None and not guest.refused]
    asked = [guest for guest in asked if starts(guest.plan) or guest.plan.running]
    # Of two that start, the one that has its disks already goes first.
    for guest, mine in sorted(
        ((guest, newly_open(site, guest)) for guest in asked), key=lambda each: opens_anew(site, *each)
    ):
        reasons = refusal(site, guest, mine, having)
        if reasons:
            guest.plan.obstacle = "; ".join(reasons)
            continue
        for access in mine:
            having.setdefault(access.sign, []).append(Running(guest.plan.name, access, "starts"))


def newly_open(site: Site, guest: DisksOfGuest) -> list[Access]:
    """What a guest would newly have open: all of it where it starts, else what it does not have open by now."""
    found = [*opened(site, guest.root), *laid_over(site, guest.plan)]
    if starts(guest.plan):
        found += opened(site, guest.saved)
    if starts(guest.plan) or guest.have is None:
        return list(dict.fromkeys(found))
    now = {access.sign for access in opened(site, guest.have.live)}
    return [access for access in found if access.sign not in now]


def opens_anew(site: Site, guest: DisksOfGuest, wanted: t.Iterable[Access]) -> bool:
    """Whether something that a guest would have open is new to it."""
    old = set() if guest.have is None else {access.sign for access in opened(site, guest.have.definition)}
    return any(access.sign not in old for access in wanted)


def refusal(
    site: Site, guest: DisksOfGuest, mine: t.Iterable[Access], having: t.Mapping[str, t.Sequence[Running]]
) -> list[str]:
    """Why a guest cannot have open what it wants, a sentence each; where another one stops, it waits for that."""
    reasons: list[str] = []
    for access in mine:
        against = [
            other
            for other in having.get(access.sign, ())
            if other.name != guest.plan.name and access.excludes(other.access)
        ]
        guest.plan.stopped += [other.stops for other in against if other.stops is not None]
        for other in [other for other in against if other.stops is None][:1]:
            line = access.against(other.name, other.runs, other.access)
            # A task before this one may have stopped or changed that other guest.
            (guest.plan.warnings if other.name in site.forecast.domains else reasons).append(line)
    return reasons

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that a declared guest writes to and that another guest of the host has, which this call does not declare."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.etree import ElementTree as ET

from ...._host.image_locks import opened_by
from ...._libvirt.connection import LibvirtError, lacks, libvirt, message_of
from ...._libvirt.objects import Connection, Error
from ...._printing import spelled_out
from ...._shell_words import ShellWord
from ...._storage.forecast import Forecast
from ...._storage.guest_documents import definitions
from ...shared.lacking import Site
from ..saved_states import saved_definitions
from .disk_locks import Access, laid_over, opened, refuse_locked
from .shared_disks import SAVED, DisksOfGuest, own_disks, rivals, signs, starts

RUNS = (
    "is a disk of guest {0}, which runs with it: stop {0} or take the disk from it first, give this guest another disk,"
    " or shareable: true to both (the disk has to be raw)"
)
STARTS = "is a disk of guest {0}, which starts with it in this run: give each its own, or start only one of them"
ALSO = (
    "is also a disk of guest {0}, {1}: never run both; take the disk from {0}, remove {0}, or give one of them another"
    " disk"
)
GIVEN = (
    "is what it was saved with, and a disk of guest {0} by now: discard the saved state (virsh managedsave-remove"
    " {1:sh}), or take the disk from {0} first, if nothing was written to it since"
)
WRITTEN = (
    "is a disk of guest {0}: what is laid over it is lost once {0} writes to it; make it from a copy (image of a"
    " guest's disk, or clone_from of a volume)"
)
LOCKED = re.compile(r'Failed to get ("[a-z ]+" )?lock|Is another process using the image')
"""What QEMU says of a file that another program writes to (raw_check_lock_bytes in its block/file-posix.c)."""


@dataclasses.dataclass(frozen=True)
class Outside:
    """A guest of the host.

    :param name: its name
    :param now: the disks that only it may write to, in its definition and as it runs, by what they are
    :param live: those that it has as it runs
    :param of_saved: those that it was saved with
    :param opened: all that it has open as it runs
    """

    name: str
    now: frozenset[str]
    live: frozenset[str]
    of_saved: frozenset[str] = frozenset()
    opened: tuple[Access, ...] = ()


def guests_on_host(site: Site, names: t.Container[str]) -> list[Outside]:
    """The guests of the host with their disks, but for some names, and for one that is gone or would be by now."""
    found = []
    saved = saved_definitions(site.connection)
    for domain in site.connection.listAllDomains(0):
        to_come = site.forecast.guest(domain.name(), domain.UUIDString())
        if domain.name() in names or (to_come is not None and to_come.gone):
            continue
        try:
            defined, running = definitions(domain)
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_DOMAIN"):
                raise
            continue
        kept = signs(site, defined)
        live = set() if running is None else signs(site, running)
        opens = () if running is None else tuple(opened(site, running))
        of_saved = signs(site, saved[domain.name()]) if domain.name() in saved else set()
        found.append(Outside(domain.name(), frozenset(kept | live), frozenset(live), frozenset(of_saved), opens))
    return found


def refuse_outside(site: Site, guests: t.Sequence[DisksOfGuest]) -> None:
    """Refuse guests that would run with a disk with which another one runs; warn where no two of them run.

    The others are asked only where a guest gets a disk or starts.

    :param guests: those that are declared
    """
    asked = [guest for guest in guests if guest.changes and (starts(guest.plan) or guest.plan.running or guest.gets)]
    if not asked:
        return
    others = guests_on_host(site, {guest.plan.name for guest in guests})
    outside, rests = by_disks(others), by_disks(map(goes_on, guests))
    everyone = by_disks([*others, *(as_it_is(guest) for guest in guests if not guest.goes)])
    starting: dict[str, str] = {}
    for guest in asked:
        reasons: list[str] = []
        name = guest.plan.name
        for index, place, sign in guest.new:
            where = f"disks[{index}]: {spelled_out(place)}"
            # shared_disks finds who newly gets the disk of another declared one.
            having = having_it(sign, outside, name) + (having_it(sign, rests, name) if sign in guest.now else [])
            line, other = conflict(guest, where, sign, having)
            # A task before this one may have stopped or changed that other guest.
            (guest.plan.warnings if other is None or other in site.forecast.domains else reasons).extend(line)
            too = next((starting[rival] for rival in rivals(sign) if rival in starting), None)
            if too is not None and sign in guest.now and starts(guest.plan) and not line:
                reasons.append(f"{where} {STARTS.format(too)}")
        reasons += coming_back(site, guest, everyone)
        guest.plan.warnings += laid_on_others(laid_over(site, guest.plan), everyone, guest.plan.name)
        if reasons:
            before = [] if guest.plan.obstacle is None else [guest.plan.obstacle]
            guest.plan.obstacle = "; ".join([*before, *reasons])
        elif starts(guest.plan) and not guest.refused:
            starting.update({sign: guest.plan.name for _index, _place, sign in guest.new})
    refuse_locked(site, guests, [(other.name, other.opened) for other in others])


def as_it_is(guest: DisksOfGuest) -> Outside:
    """A declared guest as it is."""
    return Outside(guest.plan.name, frozenset(guest.now), frozenset(guest.live), frozenset(guest.of_saved))


def goes_on(guest: DisksOfGuest) -> Outside:
    """A declared guest with what it keeps: all of it where nothing is done to it, else what it goes on running with."""
    if not guest.plan.steps:
        return as_it_is(guest)
    kept = frozenset() if guest.root is None or "shutdown" in guest.plan.ahead else {new[2] for new in guest.new}
    live = frozenset(guest.live & kept)
    return Outside(guest.plan.name, live, live)


def by_disks(guests: t.Iterable[Outside]) -> dict[str, list[Outside]]:
    """Guests by the disks that they have, or come back with."""
    having: dict[str, list[Outside]] = {}
    for guest in guests:
        for sign in guest.now | guest.of_saved:
            having.setdefault(sign, []).append(guest)
    return having


def having_it(sign: str, having: t.Mapping[str, t.Sequence[Outside]], name: str) -> list[Outside]:
    """The guests beside which a guest cannot have a disk."""
    return [other for rival in rivals(sign) for other in having.get(rival, ()) if other.name != name]


def conflict(guest: DisksOfGuest, where: str, sign: str, having: t.Sequence[Outside]) -> tuple[list[str], str | None]:
    """What to say of a disk of a guest that others have, and the one for which it is refused; None for a warning.

    :param where: the disk in words
    """
    newly = sign not in guest.now
    would_run = starts(guest.plan) or (guest.plan.running and newly)
    runs = [other.name for other in having if not other.live.isdisjoint(rivals(sign))]
    saved = [other.name for other in having if not other.of_saved.isdisjoint(rivals(sign))]
    if runs and would_run:
        return [f"{where} {RUNS.format(runs[0])}"], runs[0]
    if saved and would_run:
        return [f"{where} {SAVED.format(ShellWord(saved[0]))}"], saved[0]
    if not having or not newly:
        return [], None
    if saved and not runs:
        return [f"{where} {SAVED.format(ShellWord(saved[0]))}; until then do not start this guest"], None
    name, state = (runs[0], "which runs") if runs else (having[0].name, "which is stopped")
    return [f"{where} {ALSO.format(name, state)}"], None


def coming_back(site: Site, guest: DisksOfGuest, everyone: t.Mapping[str, t.Sequence[Outside]]) -> t.Iterator[str]:
    """Why a saved guest cannot come back with disks that it was saved with, a sentence each.

    Its memory knows what was on them then. One that its definition does not have any more may have been written to.

    :param everyone: all guests, declared or not, by their disks
    """
    if guest.saved is None or not starts(guest.plan):
        return
    defined = set() if guest.have is None else signs(site, guest.have.definition)
    declared = {sign for _index, _place, sign in guest.new}
    for _index, place, sign in own_disks(site, guest.saved):
        if sign in defined and sign in declared:
            continue  # That is said of the disk itself.
        for other in having_it(sign, everyone, guest.plan.name):
            if not (other.live if sign in defined else other.now).isdisjoint(rivals(sign)):
                yield f"{spelled_out(place)} {GIVEN.format(other.name, ShellWord(guest.plan.name))}"
                break


def laid_on_others(
    accesses: t.Iterable[Access], everyone: t.Mapping[str, t.Sequence[Outside]], name: str = ""
) -> t.Iterator[str]:
    """A sentence for each image that something new is laid over, and that is the disk of a guest.

    :param everyone: all guests by their disks
    :param name: the guest that it is made for
    """
    for access in accesses:
        for other in having_it(access.sign, everyone, name)[:1]:
            yield f"{access.option}: {spelled_out(access.place)} {WRITTEN.format(other.name)}"


def libvirt_reason(connection: Connection, name: str, error: Error) -> str:
    """What libvirt has against a start or a device of a guest, in words; of a disk that is locked, who has it."""
    text = message_of(error)
    if not LOCKED.search(text):
        return text
    try:
        site = Site(connection, Forecast())
        root = ET.fromstring(connection.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        others = guests_on_host(site, {name})
        for index, place, sign in own_disks(site, root):
            users = [other.name for other in others if not other.live.isdisjoint(rivals(sign))]
            if users:
                return f"disks[{index}]: {spelled_out(place)} {RUNS.format(users[0])}"
            program = opened_by(place) if place.startswith("/") else None
            if program is not None:
                return f"disks[{index}]: {spelled_out(place)} is in use by {program}: end that first"
    except LibvirtError:
        pass
    return f"another program uses one of its disks, so QEMU does not open it: {text}"

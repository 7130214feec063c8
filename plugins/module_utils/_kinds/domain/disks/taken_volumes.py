# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that are there already when a new disk is to be on them: one that somebody else uses is not taken."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Item
from ...._host.files import birth
from ...._host.places import Places
from ...._libvirt.connection import LibvirtError, libvirt
from ...._libvirt.objects import Connection
from ...._printing import spelled_out
from ...._shell_words import ShellWord
from ...._storage.forecast import Forecast
from ...._storage.manifest import Manifest
from ...._storage.removal import listed
from ...._storage.storage_observe import source_place
from ...._storage.survey_users import all_users
from ...._storage.users import StorageUsers, Use
from ...shared.lacking import Site
from .guest_disks import Needed
from .shared_disks import DisksOfGuest, path_of, sign_of, starts

OWN = (
    "{0}: {1} is what {2} of {3} is laid over, which breaks once the guest writes to the image below: merge it first"
    " (virsh blockcommit {4:sh} {5} --active --pivot, while {4} runs), let it go (virsh snapshot-delete {4:sh}"
    " SNAPSHOT), or give the disk something else"
)
"""What is said of a disk that an image of the same guest is laid over."""


def refuse_taken(
    connection: Connection,
    plans: t.Sequence[Plan],
    resolved: t.Sequence[tuple[Item, t.Sequence[Needed]]],
    volumes: t.Mapping[str, Observed],
    forecast: Forecast,
) -> None:
    """Refuse guests with a new disk on a volume that another guest has, or that an image is laid over.

    Who uses what is asked only where there is such a volume. Guests that go in the same run give it up (see
    shared_disks).

    :param resolved: the guests with the volumes that their disks need, in the order of the plans
    :param volumes: those of the volumes that are there
    :param forecast: what earlier tasks of a run in check mode would have changed
    """
    found = [
        (plan, want["disks"][need.index], need)
        for plan, (want, needed) in zip(plans, resolved, strict=True)
        for need in needed
        if not need.kept and need.key in volumes
    ]
    if not found:
        return
    users = all_users(connection, forecast=forecast)
    readers = Readers(connection, users)
    going = {want["name"] for want, _needed in resolved if want["state"] == "absent"}
    for plan, disk, need in found:
        path = volumes[need.key].definition.findtext("target/path")
        who = other_users(users, need.key, path, disk, {plan.name, *going}, readers)
        if who and not disk.get("readonly"):
            problem = (
                f"disks[{need.index}]: the volume {need.key} is there already, and is used by {listed(who)}:"
                " give the disk another volume, or take this one from them first"
            )
            plan.obstacle = problem if plan.obstacle is None else f"{plan.obstacle}; {problem}"


class DiskOverVolume(t.NamedTuple):
    """A disk that a guest will have, and that something may be laid over.

    :param newly: whether the guest gets it; else it starts with it
    :param target: its name in the guest
    """

    plan: Plan
    option: str
    place: str
    newly: bool
    target: str

    def uses(self, users: StorageUsers) -> list[Use]:
        """Who has something that is laid over it. Who has a folder that it is in, has nothing laid over it by that."""
        own = users.thing(self.place)
        itself = frozenset(sign for sign in own if not sign.startswith("in "))
        return [use for use in users.uses_of(itself) if not own & users.signs(use.place)]


def bases(site: Site, guests: t.Iterable[DisksOfGuest]) -> list[DiskOverVolume]:
    """The disks of declared guests that something may be laid over."""
    return [
        DiskOverVolume(guest.plan, f"disks[{index}]", place, sign not in guest.now, guest.target(index))
        for guest in guests
        if guest.changes and not guest.refused and site.local
        for index, place, sign in guest.new
        if (sign not in guest.now or starts(guest.plan)) and place.startswith("/") and os.path.lexists(place)
    ]


def everybody(site: Site) -> StorageUsers:
    """Who uses what on a host, asked once."""
    return site.once("users", lambda: all_users(site.connection, forecast=site.forecast))


def refuse_bases(site: Site, guests: t.Sequence[DisksOfGuest]) -> None:
    """Refuse guests that newly get a disk which an image of their own is laid over, as after a snapshot.

    :param guests: those that are declared
    """
    for asked in [found for found in bases(site, guests) if found.newly]:
        plan = asked.plan
        mine = [use for use in asked.uses(everybody(site)) if use.guest == plan.name]
        if mine:
            use = mine[0]
            names = (spelled_out(asked.place), spelled_out(use.place), use.who, ShellWord(plan.name), asked.target)
            problem = OWN.format(asked.option, *names)
            plan.obstacle = problem if plan.obstacle is None else f"{plan.obstacle}; {problem}"


STALE = (
    "{0}: {1} is laid over {2}, which this guest has now and has written to since, so that the two no longer fit"
    " together: if it was merged (virsh blockcommit), declare {2} in its place"
)
"""What is said of a disk that a guest gets, and that is laid over the one that it has."""


def refuse_stale(site: Site, guests: t.Iterable[DisksOfGuest]) -> None:
    """Refuse guests that get an image laid over a disk of their own which was written to since.

    A snapshot that was merged leaves such an image behind, and a host that was adopted before names it.

    :param guests: those that are declared
    """
    for guest in guests:
        for index, place, sign in guest.new if guest.changes and not guest.refused and site.local else ():
            if sign in guest.now or not place.startswith("/") or not os.path.isfile(place):
                continue
            for base in site.once("places", Places).chain(place).paths:
                if sign_of(site, base) in guest.now and written_since(base, place):
                    problem = STALE.format(f"disks[{index}]", spelled_out(place), spelled_out(base))
                    guest.plan.obstacle = (
                        problem if guest.plan.obstacle is None else f"{guest.plan.obstacle}; {problem}"
                    )
                    break


def written_since(base: str, over: str) -> bool:
    """Whether a file was written to after another one was for the last time; nobody knows of a device."""
    try:
        return os.path.isfile(base) and os.stat(base).st_mtime_ns > os.stat(over).st_mtime_ns
    except OSError:
        return False


def warn_of_bases(site: Site, guests: t.Sequence[DisksOfGuest]) -> None:
    """Warn where a guest newly gets a disk that an image is laid over, which does not bear that anything is written.

    It may be meant: an overlay that nobody needs any more is left behind by many a snapshot. So where a guest starts
    with a disk that it has had before, only the disks of other guests count.

    :param guests: those that are declared
    """
    for asked in bases(site, guests):
        plan = asked.plan
        over = [use.who for use in asked.uses(everybody(site)) if asked.newly or use.guest not in (None, plan.name)]
        if over:
            who = listed(list(dict.fromkeys(over)))
            sentence = f"{asked.option}: {spelled_out(asked.place)} has {who} laid over it"
            plan.warnings.append(
                f"{sentence}, which breaks once this guest writes to it: give it a disk laid over it, too"
            )


BASE_IMAGE = (
    "disks[{0}]: {1} is the base image of the image {2}, and is only read: write image: {2} for a disk that is made of"
    " it, or readonly: true"
)
"""What is said of a guest that could write to a base image."""


def refuse_base_images(site: Site, guests: t.Iterable[DisksOfGuest]) -> None:
    """Refuse guests that newly get a base image itself as a disk that they may write to."""
    changing = [guest for guest in guests if guest.changes and guest.gets and site.local]
    noted = Manifest(site.connection.getURI()).entries("volumes") if changing else {}
    kept = {}
    for key, facts in noted.items():
        path = path_of(site, key) if "base" in facts and "making" not in facts else ""
        if path.startswith("/") and "identity" in facts and birth(path) == facts["identity"]:
            kept[sign_of(site, path)] = facts["base"]
    for guest in changing:
        for index, place, sign in guest.new if kept else ():
            if sign in kept and sign not in guest.now:
                problem = BASE_IMAGE.format(index, spelled_out(place), kept[sign])
                guest.plan.obstacle = problem if guest.plan.obstacle is None else f"{guest.plan.obstacle}; {problem}"


def other_users(
    users: StorageUsers, key: str, path: str | None, disk: Item, guests: t.Container[str], readers: Readers
) -> list[str]:
    """Who else uses a volume, in words.

    :param disk: the new disk; a shareable one may be a disk of other guests, but not what an image is laid over
    :param guests: those that may have the volume itself as a disk
    """
    own = users.goes(key, path)
    found = []
    for use in users.uses(key, path):
        itself = use.guest is not None and bool(own & users.signs(use.place))
        if not (itself and (use.guest in guests or disk.get("shareable") or readers.only_read(use, own))):
            found.append(use.who)
    return list(dict.fromkeys(found))


class Readers:
    """Tells which guests only read a disk.

    :param users: tells what the disks are
    """

    def __init__(self, connection: Connection, users: StorageUsers) -> None:
        self.connection, self.users = connection, users
        self.roots: dict[str, list[ET.Element]] = {}

    def only_read(self, use: Use, own: frozenset[str]) -> bool:
        """Whether a guest has something only as disks that it cannot write to.

        A saved state or a snapshot of it may have the same disk otherwise, and is another use.

        :param own: what it is
        """
        guest = str(use.guest)
        if use.who != f"guest {guest}":
            return False
        if guest not in self.roots:
            self.roots[guest] = self.look(guest)
        disks = [disk for root in self.roots[guest] for disk in root.findall("devices/disk")]
        having = [disk for disk in disks if own & self.signs(disk)]
        return bool(having) and all(disk.find("readonly") is not None for disk in having)

    def look(self, guest: str) -> list[ET.Element]:
        """The definition of a guest, and what runs of it; none where it cannot be told."""
        try:
            domain = self.connection.lookupByName(guest)
            return [ET.fromstring(domain.XMLDesc(flags)) for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE)]
        except LibvirtError:
            return []

    def signs(self, disk: ET.Element) -> frozenset[str]:
        """What a disk is on."""
        place = source_place(disk.find("source"))
        if place is None:
            return frozenset()
        path = place if place.startswith("/") else self.users.path(place)
        return self.users.signs(path or place)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that a declared guest writes to and that another guest of the host has, which this call does not declare."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.etree import ElementTree as ET

from .._host.image_locks import opened_by
from .._printing import spelled_out
from .connection import LibvirtError, lacks, libvirt, said
from .disk_locks import Access, opened, refuse_locked
from .forecast import Forecast
from .lacking import Site
from .shared_disks import Guest, own_disks, rivals, signs, starts

RUNS = (
    "is a disk of guest {0}, which runs with it: stop {0} or take the disk from it first, give this guest another disk,"
    " or shareable: true to both (the disk has to be raw)"
)
ALSO = (
    "is also a disk of guest {0}, {1}: never run both; take the disk from {0}, remove {0}, or give one of them another"
    " disk"
)
LOCKED = re.compile(r'Failed to get ("[a-z ]+" )?lock|Is another process using the image')
"""What QEMU says of a file that another program writes to (raw_check_lock_bytes in its block/file-posix.c)."""


@dataclasses.dataclass(frozen=True)
class Outside:
    """A guest of the host.

    :param name: its name
    :param now: the disks that only it may write to, in its definition and as it runs, by what they are
    :param live: those that it has as it runs
    :param opened: all that it has open as it runs
    """

    name: str
    now: frozenset[str]
    live: frozenset[str]
    opened: tuple[Access, ...] = ()


def look(site: Site, names: t.Container[str]) -> list[Outside]:
    """The guests of the host with their disks, but for some names, and for one that is gone or would be by now."""
    found = []
    for domain in site.connection.listAllDomains(0):
        to_come = site.forecast.guest(domain.name(), domain.UUIDString())
        if domain.name() in names or (to_come is not None and to_come.gone):
            continue
        try:
            kept = signs(site, ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)))
            running = ET.fromstring(domain.XMLDesc(0)) if domain.isActive() else None
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_DOMAIN"):
                raise
            continue
        live = set() if running is None else signs(site, running)
        opens = () if running is None else tuple(opened(site, running))
        found.append(Outside(domain.name(), frozenset(kept | live), frozenset(live), opens))
    return found


def refuse_outside(site: Site, guests: t.Sequence[Guest]) -> None:
    """Refuse guests that would run with a disk with which another one runs; warn where no two of them run.

    The others are asked only where a guest gets a disk or starts.

    :param guests: those that are declared
    """
    asked = [guest for guest in guests if guest.changes and (starts(guest.plan) or guest.plan.running or guest.gets)]
    if not asked:
        return
    others = look(site, {guest.plan.name for guest in guests})
    # A declared one to which nothing is done goes on with what it has; who gets that is told by shared_disks.
    rests = [Outside(one.plan.name, frozenset(one.now), frozenset(one.live)) for one in guests if not one.plan.steps]
    for guest in asked:
        told: list[str] = []
        for index, place, sign in guest.new:
            where = f"disks[{index}]: {spelled_out(place)}"
            others_too = [*others, *(rests if sign in guest.now else ())]
            mine = [other for other in others_too if not other.now.isdisjoint(rivals(sign))]
            runs = [other.name for other in mine if not other.live.isdisjoint(rivals(sign))]
            if runs and (starts(guest.plan) or (guest.plan.running and sign not in guest.now)):
                line = f"{where} {RUNS.format(runs[0])}"
                # A task before this one may have stopped or changed that other guest.
                (guest.plan.warnings if runs[0] in site.forecast.domains else told).append(line)
            elif mine and sign not in guest.now:
                name, state = (runs[0], "which runs") if runs else (mine[0].name, "which is stopped")
                guest.plan.warnings.append(f"{where} {ALSO.format(name, state)}")
        if told:
            before = [] if guest.plan.obstacle is None else [guest.plan.obstacle]
            guest.plan.obstacle = "; ".join([*before, *told])
    refuse_locked(site, guests, [(other.name, other.opened) for other in others])


def why(connection: t.Any, name: str, error: t.Any) -> str:
    """What libvirt has against a start or a device of a guest, in words; of a disk that is locked, who has it."""
    text = said(error)
    if not LOCKED.search(text):
        return text
    try:
        site = Site(connection, Forecast())
        root = ET.fromstring(connection.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        others = look(site, {name})
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

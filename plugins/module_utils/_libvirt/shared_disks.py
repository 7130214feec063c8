# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that two declared guests would write to, whatever the spelling: path or volume, link or mount."""

from __future__ import annotations

import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from .._engine.body import Item
from .._engine.plan import Observed
from .lacking import Site, plain

Owners = dict[str, str]
"""Guests by what their disks are."""


def own_disks(site: Site, root: ET.Element) -> t.Iterator[tuple[int, str, str]]:
    """The disks of a definition that are for one guest only: place in the list, path or volume, and what it is."""
    for index, disk in enumerate(root.findall("devices/disk")):
        source = disk.find("source")
        if source is None or disk.get("device") in ("cdrom", "floppy"):
            continue
        if disk.find("readonly") is not None or disk.find("shareable") is not None:
            continue
        place = source.get("file") or source.get("dev") or ""
        if source.get("volume") is not None:
            pool = site.pools.get(source.get("pool", ""))
            place = f"{source.get('pool')}/{source.get('volume')}"
            if pool is not None and pool.target is not None:
                place = os.path.join(pool.target, source.get("volume", ""))
        if place:
            yield index, place, what(place) if site.local else named(place)


def what(place: str) -> str:
    """What a place is, on this host: the file or device itself, or for what is not there yet its name."""
    if place.startswith("/"):
        try:
            found = os.stat(place)
        except (OSError, ValueError):
            return named(os.path.realpath(place))
        if stat.S_ISBLK(found.st_mode):
            return f"device {found.st_rdev}"
        return f"file {found.st_dev}:{found.st_ino}"
    return named(place)


def named(place: str) -> str:
    """A place by its name."""
    return plain(place) if place.startswith("/") else place


def note(site: Site, wants: t.Iterable[Item], have: t.Mapping[str, Observed], owners: Owners) -> None:
    """Note the disks of declared guests that do not change."""
    for want in wants:
        there = have.get(want["name"])
        if there is not None and want["state"] != "absent":
            for _index, _place, sign in own_disks(site, there.definition):
                owners.setdefault(sign, want["name"])


def taken(site: Site, name: str, root: ET.Element, old: ET.Element | None, owners: Owners) -> list[str]:
    """A sentence for each disk that a guest newly gets, and that another declared guest has.

    :param old: the definition that it has; None for a new guest
    :param owners: gets the disks of this one
    """
    had = set() if old is None else {sign for _index, _place, sign in own_disks(site, old)}
    lines = []
    for index, place, sign in own_disks(site, root):
        other = owners.setdefault(sign, name)
        if other != name and sign not in had:
            lines.append(
                f"disks[{index}]: {place} is also a disk of guest {other}: give each its own,"
                " or shareable: true to both"
            )
    return lines

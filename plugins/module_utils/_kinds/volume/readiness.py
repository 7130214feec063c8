# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is ready for the volumes that are planned (see shared.lacking)."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.close_names import near
from ..._engine.plan import Plan
from ..._engine.step import Step
from ..._flow.kind import Wants
from ..._flow.options import Options
from ..._host.file_systems import file_system
from ..._host.files import may_exist
from ..._libvirt.connection import LibvirtError, lacks
from ..._libvirt.objects import Connection
from ..._printing import printable
from ..._storage.new_volumes import Making
from ..domain.disks import disk_locks, outside_disks
from ..image.bases import STEP as MAKE_BASE
from ..shared.lacking import Site, no_volume, with_place
from ..shared.readiness import certain, refuse
from . import encryption, pool_space, volume_places

BASE_OPTIONS = ("image", "pool", "format", "volume")
"""The options of a base image, of which something may be said."""


def check_volumes(connection: Connection, plans: t.Sequence[Plan], wants: Wants, options: Options) -> None:
    """Refuse volumes that cannot be made, or that are another one that is declared, each for itself."""
    site = Site(connection, options.forecast)
    same: dict[str, list[str]] = {}
    for entry, problem in volume_places.twice(site, plans, wants):
        same.setdefault(entry.name, []).append(problem)
    over = {entry.name: list(disk_locks.laid_over(site, entry)) for entry in plans}
    guests = outside_disks.by_disks(outside_disks.guests_on_host(site, ())) if any(over.values()) else {}
    for entry in plans:
        found = [*makings(site, entry), *growths(site, entry), *deletions(site, entry)]
        if not refuse(entry, [*same.get(entry.name, ()), *found]):
            site.make(entry)
        entry.warnings += outside_disks.laid_on_others(over[entry.name], guests)
    pool_space.warn(site, plans)


def key_of(step: Step) -> str:
    """The volume that a step makes, as POOL/VOLUME; empty for any other step."""
    return step.value.key if isinstance(step.value, Making) else ""


def makings(site: Site, entry: Plan, look: t.Callable[[Site, Making], t.Iterable[str]] | None = None) -> list[str]:
    """Why volumes of a plan cannot be made, a sentence each.

    :param look: why one of them cannot be made
    """
    found: list[str] = []
    lacking: set[str] = set()
    problems_of_image: set[str] = set()
    for step in entry.steps:
        if not isinstance(step.value, Making):
            continue
        volume, base = step.value, step.action == MAKE_BASE
        where = f"{volume.where}." if volume.where else ""
        problems = [as_image(problem) if base else problem for problem in (look or making)(site, volume)]
        # The pool of a disk may be that of its image.
        found += [
            type(one)(f"{where}{one}") for one in problems if base or one.partition(": ")[2] not in problems_of_image
        ]
        problems_of_image |= {one.partition(": ")[2] for one in problems if base}
        if base:
            # What comes next in this plan is made from it. That it is not there is not said of that once more.
            lacking |= {volume.key} - site.new_volumes if certain(problems) else set()
            site.new_volumes = site.new_volumes | {volume.key}
    site.new_volumes = site.new_volumes - lacking
    return found


def as_image(problem: str) -> str:
    """What is said of a base image, which no user declares as a volume, as said of the option ``image``."""
    option, colon, rest = problem.partition(": ")
    return type(problem)(f"image: {rest}" if colon and option in BASE_OPTIONS else f"image: {problem}")


def growths(site: Site, entry: Plan) -> t.Iterator[str]:
    """Why volumes of a plan cannot be made larger, a sentence each. QEMU makes those of a running guest larger."""
    from .image_look import growth_problem

    for step in entry.steps if not entry.running else ():
        problem = growth_problem(site, step.value) if step.action in ("grow", "grow_volume") else None
        if problem is not None:
            yield problem


def deletions(site: Site, entry: Plan) -> t.Iterator[str]:
    """Why volumes of a plan cannot be deleted, a sentence each."""
    for step in entry.steps:
        problem = volume_places.locked(site, step.value.key) if step.action == "delete" else None
        if problem is not None:
            yield f"state: {problem}"


def making(site: Site, volume: Making) -> t.Iterator[str]:
    """Why a volume cannot be made: its pool, or what it is made from, is not there."""
    from .image_look import base_problem, image_problem, name_problem

    lacking = list(without_pool(site, volume))
    if lacking:
        yield from lacking
        return
    problem = volume_places.locked(site, volume.key)
    if problem is not None:
        yield f"pool: {problem}, or take another pool"
        return
    yield from formats(site, volume)
    item = volume.item
    backing = item.get("backing") or {}
    for option, place in (("clone_from", item.get("clone_from")), ("backing", backing.get("volume"))):
        if place is not None:
            problem = site.volume(place if "/" in place else f"{volume.pool}/{place}")
            if problem is not None and option == "clone_from" and volume.guest:
                yield f"image: {problem if '/' in place else unknown_image(site, place, volume.pool, problem)}"
            elif problem is not None:
                yield f"{option}: {problem}"
    image = str(item.get("image") or "").removeprefix("file://")
    for option, path in (("image", image), ("backing.path", str(backing.get("path") or ""))):
        problem = site.file(path) if path.startswith("/") and not os.path.lexists(path) else None
        if problem is not None:
            yield with_place(option, problem)
    yield from encryption.makings(site, volume)
    for problem in (name_problem(site, volume), image_problem(site, volume), base_problem(site, volume)):
        if problem is not None:
            yield problem


def without_pool(site: Site, volume: Making) -> t.Iterator[str]:
    """That the pool of a new volume is not there, or not active."""
    problem = site.pool(volume.pool)
    if problem is not None:
        yield f"pool: {problem}"


def unknown_image(site: Site, name: str, pool: str, problem: str) -> str:
    """What to say of a disk whose image is the name of no image that is declared, and of no volume.

    :param problem: what is said of the volume of that name
    """
    if not site.images or not problem.startswith(no_volume(name, pool)):
        return problem
    like = near(name, site.images)
    if like:
        shown = f"there is no image {printable(name)}, and no volume of that name in the pool {pool}"
        return f"{shown}; did you mean {printable(like[0])}?"
    return f"{printable(name)} is not among the images ({', '.join(site.images)}), and {problem}"


def formats(site: Site, volume: Making) -> t.Iterator[str]:
    """What a new volume's pool does not have: its format, such as a partition's in a folder, or copy-on-write."""
    pool, form = site.pools.get(volume.pool), volume.item.get("format")
    if pool is None:
        return
    takes = site.once("formats of pools", lambda: formats_of(site)).get(pool.type, [])
    # In a folder, libvirt reads "none" as a format that it does not know.
    takes = [one for one in takes if one not in ("none", "unknown")] if "raw" in takes else takes
    if form is not None and takes and form not in takes:
        yield f"format: a pool of type {pool.type} has no volumes of format {form}: it takes {', '.join(takes)}"
    if volume.item.get("nocow") and (form or "raw") == "raw" and site.local and pool.target and may_exist(pool.target):
        kind = file_system(pool.target)
        if kind != "btrfs":
            yield f"nocow: {pool.target} is on {kind}, and libvirt takes it on btrfs only: leave it out"


def formats_of(site: Site) -> dict[str, list[str]]:
    """The formats that libvirt makes volumes in, by the type of the pool (formatstoragecaps.html), if it tells."""
    try:
        capabilities = ET.fromstring(site.connection.getStoragePoolCapabilities(0))
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT"):
            raise
        return {}
    values = "volOptions/enum[@name='targetFormatType']/value"
    return {
        pool.get("type", ""): [value.text or "" for value in pool.findall(values)]
        for pool in capabilities.findall("pool")
    }

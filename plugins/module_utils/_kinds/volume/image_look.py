# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at images that are on the host before anything is made: what the run would refuse is said by check mode, too.

Only first bytes and the header of a qcow2 are read. What has to be fetched, unpacked or compared with a checksum is
only known in the run, which looks at all of it again.
"""

from __future__ import annotations

import os
import stat
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item, ReadOnlyItem
from ..._errors import VirtfleetError
from ..._host import part_files
from ..._host.image_format import Unfit
from ..._host.places import Places
from ..._libvirt.connection import LibvirtError
from ..._printing import spelled_out
from ..._storage.new_volumes import Making
from ..._storage.noted_formats import SAME
from ..._storage.storage_observe import another, replaced
from ..domain.disks.disk_bytes import first_bytes
from ..shared.lacking import Site, with_place
from ..shared.readiness import Doubt
from . import encryption, volume_image
from .storage_rules import MADE_DIRECTORIES
from .volume_fill import image_source, volume_source
from .volume_formats import Formats
from .volume_image import Source
from .volume_size import refuse_shorter


def image_problem(site: Site, volume: Making) -> str | None:
    """Why a volume cannot be made of its image, or of the volume that it is a copy of, with the option.

    None where nothing speaks against it, or it cannot be told yet: only what is on the host now is looked at.
    """
    if not site.local:
        return None
    image, clone = volume.item.get("image"), volume.item.get("clone_from")
    try:
        if image is not None:
            source: object = image_source(formats(site), volume)
        else:
            source = None if clone is None else of_volume(site, volume, str(clone))
    except VirtfleetError as error:
        problem: str | None = str(error).removeprefix("clone_from: ")
    else:
        problem = looked_at(site, volume, source) if isinstance(source, Source) else None
    if problem is None:
        return None
    return with_place("image" if image is not None or volume.guest else "clone_from", problem)


def base_problem(site: Site, volume: Making) -> str | None:
    """Why a volume cannot be laid over its base, with the option: nobody knows in which format that is, or what it is.

    A tool that opens a pipe waits for somebody who writes into it, and that may be for ever.
    """
    backing = volume.item.get("backing") or {}
    place = backing.get("volume")
    key = None if place is None else str(place if "/" in place else f"{volume.pool}/{place}")
    if not site.local or key in site.new_volumes or key in site.forecast.volumes:
        return None
    try:
        if key is None:
            return (
                None if backing.get("path") is None else base_file(site, "backing.path", str(backing["path"]), backing)
            )
        pool, _slash, name = key.partition("/")
        found = site.connection.storagePoolLookupByName(pool).storageVolLookupByName(name)
        root = ET.fromstring(found.XMLDesc())
        form = formats(site).of(key, root, backing.get("format"))
        if "base" in formats(site).noted.entries.get(key, {}):
            refuse_shorter(key, root, form, volume.item.get("capacity"))
        return base_file(site, "backing", str(found.path()), {"format": form})
    except LibvirtError:
        return None  # That it is not there is said of it elsewhere, if it is not still to come.
    except VirtfleetError as error:
        return f"backing: {error}"


def base_file(site: Site, option: str, path: str, backing: Item) -> str | None:
    """Why nothing can be laid over a file of the host, by its format and by what it is laid over itself."""
    form = str(backing.get("format") or "")
    problem = no_file(site, path, form)
    if problem is not None:
        return f"{option}: {problem}"
    found = first_bytes(path)
    if found is not None and form == "qcow2" and found.kind != "qcow2":
        where = "backing.format" if option == "backing.path" else option
        return (
            f"{where}: {spelled_out(path)} is no qcow2: by its first bytes it is {found.words}; write the format that"
            " it has"
        )
    return None


def growth_problem(site: Site, growth: ReadOnlyItem) -> str | None:
    """Why a volume cannot be made larger by a tool, which opens all that it is laid over, with the option."""
    key = f"{growth['pool']}/{growth['name']}"
    try:
        pool = site.connection.storagePoolLookupByName(growth["pool"])
        found = pool.storageVolLookupByName(growth["name"])
        path, root = str(found.path()), ET.fromstring(found.XMLDesc())
        form = formats(site).known(key, root) or ""
    except (LibvirtError, VirtfleetError):
        return None  # That is said of it elsewhere.
    noted = formats(site).noted.entries.get(key, {})
    if noted.get("base") is not None and not another(noted, root):
        return (
            f"{growth.get('change') or 'capacity'}: {key} is the base image of the image {noted['base']}, and is only"
            " read: make the disks larger that are made of it"
        )
    now = replaced(noted, root) if site.local else None
    if now is not None:
        return f"{growth.get('change') or 'capacity'}: {now}, so it is not made larger; do that by hand, or put it back"
    problem = encryption.growth_problem(site.connection, key, root)
    if problem is None and site.local and path.startswith("/"):
        problem = no_file(site, path, form)
    return None if problem is None else f"{growth.get('change') or 'capacity'}: {problem}"


def no_file(site: Site, path: str, form: str) -> str | None:
    """Which of a file of the host and what it is laid over is no file that a tool can open, and why."""
    chain = () if form in SAME else site.once("places", Places).chain(path).paths
    for link in [link for link in (path, *chain) if link.startswith("/") and os.path.exists(link)]:
        try:
            descriptor = part_files.open_to_read(link)
        except (Unfit, OSError) as error:
            reason = str(error) if isinstance(error, Unfit) else f"cannot be read: {error.strerror}"
            below = "" if link == path else f", which {spelled_out(path)} is laid over,"
            return f"{spelled_out(link)}{below} {reason}"
        os.close(descriptor)
    return None


def formats(site: Site) -> Formats:
    """What is known of the formats of the host's volumes, asked once."""
    return site.once("formats", lambda: Formats(site.connection))


def of_volume(site: Site, volume: Making, place: str) -> object:
    """What fills a copy of a volume; None where that is still to come, or libvirt has not seen it yet."""
    key = place if "/" in place else f"{volume.pool}/{place}"
    if key in site.new_volumes or key in site.forecast.volumes:
        return None
    pool, _slash, name = key.partition("/")
    try:
        found = site.connection.storagePoolLookupByName(pool).storageVolLookupByName(name)
        ET.fromstring(found.XMLDesc())
    except LibvirtError:
        return None
    return volume_source(formats(site), volume, found)


def looked_at(site: Site, volume: Making, source: Source) -> str | None:
    """What is wrong with what a volume is made from."""
    pool = site.pools.get(volume.pool)
    if source.fetched or not os.path.lexists(source.place):
        return None
    form = volume.item.get("format") if pool is not None and pool.type in MADE_DIRECTORIES else "raw"
    capacity = volume.item.get("capacity")
    problem = site.once(f"{source} {form} {capacity}", lambda: volume_image.problem(source, form, capacity))
    if problem is not None:
        return str(problem)
    busy = site.once(f"{source} in use", lambda: volume_image.in_use(source))
    # A task before this one may have stopped that guest. One that stops in this call does so too late.
    return busy if busy is None or not site.forecast.domains else Doubt(busy)


NAMED = (
    (stat.S_ISLNK, "a symbolic link that leads to nothing"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISDIR, "a folder"),
)
"""What may have the name of a volume in the folder of a pool, and is none."""


def name_problem(site: Site, volume: Making) -> str | None:
    """What has the name of a new volume in the folder of its pool, where libvirt lists no volume of that name.

    libvirt would make the volume at the other end of a symbolic link, outside of the pool.
    """
    pool = site.pools.get(volume.pool)
    if not site.local or pool is None or pool.target is None or pool.type not in MADE_DIRECTORIES or not pool.active:
        return None
    path = os.path.join(pool.target, volume.name)
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(mode) or (stat.S_ISLNK(mode) and os.path.isfile(path)):
        return None  # libvirt lists it, and it is the volume.
    words = next((words for test, words in NAMED if test(mode)), "a device")
    return f"volume: {spelled_out(path)} is {words}: take that away, or give the volume another name"

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walk once over all that may use storage on a host. Only asked where something is to go."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from .._errors import VirtfleetError
from .._host.block_devices import BlockDevices
from .._host.file_systems import mount_points
from .._host.places import Places, within
from .._libvirt.connection import LibvirtError, lacks, message_of
from .._libvirt.objects import Connection, Domain, StoragePool
from .._printing import spelled_out
from . import guest_documents
from .forecast import Forecast, ToCome
from .guest_documents import Document
from .guest_places import GuestPlace
from .noted_formats import SAME, NotedFormats
from .storage_observe import undescribed, volumes_of_pool
from .users import Pool, StorageUsers, Use, is_local

PRESENT = Forecast()
"""The host as it is."""


def all_users(connection: Connection, places: Places | None = None, forecast: Forecast = PRESENT) -> StorageUsers:
    """All uses of storage that the host and its libvirt know of.

    :param places: tells what paths are; None for this host
    :param forecast: what would have changed by now. Only for plans in check mode: it is no last look
    """
    users = StorageUsers(places)
    users.own = connection.getURI().endswith("/session")
    users.here = is_local(connection.getURI())
    if not users.here:
        users.doubt("it is on another host, whose files cannot be looked at from here")
    over = add_pools(connection, users, forecast.gone("volume"))
    gone = add_guests(connection, users, forecast)
    add_documents(users, guest_documents.saved_documents(connection, users.doubt, gone))
    add_noted(connection, users, [path for _who, path, _base in over])
    for who, path, base in over:
        users.lay_over(who, path, base)
    add_host(users)
    users.unseen()
    return users


def add_documents(users: StorageUsers, documents: t.Iterable[Document]) -> None:
    """Note what these name."""
    for document in documents:
        users.add_document(document.who, document.guest, document.root)


def add_guests(connection: Connection, users: StorageUsers, forecast: Forecast) -> set[str]:
    """Note what guests have, or would have by now. Returns the names of those that would be gone."""
    gone: set[str] = set()
    known: set[str] = set()
    for domain in connection.listAllDomains(0):
        name = domain.name()
        known.add(name)
        coming = forecast.guest(name, domain.UUIDString()) if forecast.domains else None
        if coming is None:
            add_documents(users, guest_documents.of_guest(domain, users.doubt))
            continue
        if domain.isActive():
            add_closing(users, domain)
        if coming.gone:
            gone.add(name)
        else:
            add_coming(users, name, coming, forecast)
    for name, coming in forecast.guests.items():
        if name not in known and not coming.gone:
            add_coming(users, name, coming, forecast)
    return gone


def add_closing(users: StorageUsers, domain: Domain) -> None:
    """Note what a guest has open that runs now, and would let go of by now what it does not have any more."""
    apart = StorageUsers(users.places)
    apart.pools = users.pools
    add_documents(apart, guest_documents.read("", domain.name(), lambda: domain.XMLDesc(0), apart.doubt))
    users.closing.update(apart.found)


def add_coming(users: StorageUsers, guest: str, coming: ToCome, forecast: Forecast) -> None:
    """Note what a guest would have by now. What a pool to come has is laid over nothing that cannot be seen."""
    targets = [str(pool["target"]) for pool in forecast.pools.values() if pool is not None and pool.get("target")]

    def is_soon(place: GuestPlace) -> bool:
        path = users.path(place.value) if place.kind == "volume" else place.value
        if path is None or users.places.stat(path) is not None:
            return False
        return any(within(path, target) for target in targets)

    users.add_places(
        f"guest {guest}",
        guest,
        [place._replace(image=False) if place.image and is_soon(place) else place for place in coming.places],
    )


def add_pools(
    connection: Connection, users: StorageUsers, gone: t.Collection[str] = ()
) -> list[tuple[str, str, str | None]]:
    """Note where volumes are. Returns them, and files that libvirt has not seen, as add_pool does.

    :param gone: volumes that do not count, as POOL/VOLUME
    """
    over: list[tuple[str, str, str | None]] = []
    for pool in connection.listAllStoragePools(0):
        try:
            over += add_pool(users, pool)
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_STORAGE_POOL"):
                users.doubt(f"pool {pool.name()}: it cannot be looked at ({message_of(error)})")
    known = {path for _who, path, _base in over}
    lost = {users.pools[pool].paths.pop(name, "") for pool, name in parted(gone) if pool in users.pools}
    over = [entry for entry in over if entry[1] not in lost]
    if is_local(connection.getURI()):
        for target in dict.fromkeys(pool.target for pool in users.pools.values() if pool.target):
            over += [(f"the file {spelled_out(path)}", path, None) for path in files(target) if path not in known]
    return over


def parted(keys: t.Iterable[str]) -> t.Iterator[tuple[str, str]]:
    """The pools and names of volumes that are given as POOL/VOLUME."""
    for key in keys:
        pool, _slash, name = key.partition("/")
        yield pool, name


def add_pool(users: StorageUsers, pool: StoragePool) -> list[tuple[str, str, str | None]]:
    """Note where a pool's volumes are. Returns each in words, with its path and what libvirt says it is laid over."""
    name = pool.name()
    root = ET.fromstring(pool.XMLDesc(0))
    found = users.pools[name] = Pool(
        root.findtext("target/path"), root.findtext("source/name"), {}, root.get("type", "")
    )
    over = []
    volumes = pool.listAllVolumes() if pool.isActive() else []
    readable = list(volumes_of_pool(pool)) if volumes else []
    if len(readable) < len(volumes) and not (found.target or "").startswith("/"):
        users.doubt(f"pool {name}: it has a volume whose name is no UTF-8")  # In a folder, it is found as a file.
    for volume_name, volume in readable:
        try:
            described = ET.fromstring(volume.XMLDesc())
        except UnicodeDecodeError:
            described = ET.fromstring(undescribed(volume, ""))
        except LibvirtError as error:
            if lacks(error, "VIR_ERR_NO_STORAGE_VOL"):
                continue  # It is gone meanwhile.
            described = ET.fromstring(undescribed(volume, ""))
        path = described.findtext("target/path") or ""
        found.paths[volume_name] = path
        over.append((f"volume {name}/{spelled_out(volume_name)}", path, described.findtext("backingStore/path")))
    return over


def add_noted(connection: Connection, users: StorageUsers, found: t.Iterable[str]) -> None:
    """Note which of these files were made as raw volumes: a guest can write any header into them.

    Where the list of what was made cannot be read, none is known to be.
    """
    with contextlib.suppress(VirtfleetError):
        noted = NotedFormats(connection, users.places)
        for path in found:
            if not noted.of(path).isdisjoint(SAME):
                users.raw |= users.files_at(path)


DEEPEST = 2
"""How far below a pool's folder files are looked at. libvirt lists none of them, but images may lie there as well."""

MOST = 10_000
"""How many files are looked at in the folders below a pool's own."""


def files(folder: str) -> t.Iterator[str]:
    """The files in a pool's folder, and a little below, be the pool active or not.

    Devices are none, wherever they are. What is mounted below is left alone: a server may not answer.
    """
    below: list[tuple[str, int]] = [(folder, 0)]
    mounted: set[str] = set()
    count = 0
    while below and count < MOST:
        place, depth = below.pop(0)
        try:
            with os.scandir(place) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
                        mounted = mounted or mount_points()
                        if os.path.join(os.path.realpath(place), entry.name) not in mounted:
                            below.append((entry.path, depth + 1))
                    elif entry.is_file():
                        count += depth > 0
                        yield entry.path
        except (OSError, ValueError):
            continue


def add_host(users: StorageUsers) -> None:
    """Note what the host itself uses: files behind loop devices, exports, what is mounted and swapped to."""
    places, devices = users.places, users.places.devices
    for name, file in devices.loops().items():
        users.note(places.signs(file), Use(f"the host (loop device {name})", None, file))
        users.add_chain(Use(f"the host (loop device {name})", None, file), file, False)
    for name, handles in devices.exported().items():
        for handle in handles:
            found = places.stat(handle)
            if found is not None and (stat.S_ISREG(found.st_mode) or stat.S_ISBLK(found.st_mode)):
                users.note(places.uses(handle), Use(f"the host (network block device {name})", None, handle))
    for name, path in devices.targets().items():
        users.note(places.uses(path), Use(f"the host (served to other hosts, {name})", None, path))
    for number, source, place in devices.mounted():
        signs = set() if number.startswith("0:") else devices_of(devices, number)
        if source.startswith("/dev/"):
            signs |= {sign for sign in places.uses(source) if sign.startswith("block ")}
        users.note(signs, Use(f"the host (mounted at {place})", None, place))
    for path, place in devices.bound():
        found = places.stat(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            users.note(places.uses(path), Use(f"the host (mounted at {place})", None, path))
    for path in devices.swaps():
        users.note(places.uses(path), Use(f"the host (swap {path})", None, path))


def devices_of(devices: BlockDevices, number: str) -> set[str]:
    """A device that is mounted, and what it is made of."""
    return {f"block {other}" for other in (number, *devices.below(number))}

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
from .._host.places import Places
from .._printing import spelled_out
from .connection import LibvirtError, lacks, libvirt, said
from .storage_formats import SAME, Noted
from .storage_observe import listed, undescribed
from .users import Pool, Use, Users, is_local


def all_users(connection: t.Any, places: Places | None = None) -> Users:
    """All uses of storage that the host and its libvirt know of.

    :param places: tells what paths are; None for this host
    """
    users = Users(places)
    users.own = connection.getURI().endswith("/session")
    if not is_local(connection.getURI()):
        users.doubt("it is on another host, whose files cannot be looked at from here")
    over = add_pools(connection, users)
    for domain in connection.listAllDomains(0):
        add_guest(users, domain)
    add_snapshots(connection, users)
    add_noted(connection, users, [path for _who, path, _base in over])
    for who, path, base in over:
        users.lay_over(who, path, base)
    add_host(users)
    users.unseen()
    return users


def document(users: Users, who: str, guest: str, call: t.Callable[[], str], gone: tuple[str, ...]) -> None:
    """Note what the XML that a call returns names. What cannot be read is a doubt, unless it is gone by now."""
    try:
        root = ET.fromstring(call())
    except LibvirtError as error:
        if not lacks(error, *gone):
            users.doubt(f"{who}: the definition cannot be read ({said(error)})")
    except ET.ParseError as error:
        users.doubt(f"{who}: the definition cannot be read ({error})")
    else:
        users.add_document(who, guest, root)


GONE = ("VIR_ERR_NO_DOMAIN", "VIR_ERR_NO_DOMAIN_SNAPSHOT", "VIR_ERR_NO_DOMAIN_CHECKPOINT")
NO_BACKUP = (
    "VIR_ERR_NO_DOMAIN_BACKUP",
    "VIR_ERR_OPERATION_INVALID",
    "VIR_ERR_NO_SUPPORT",
    "VIR_ERR_OPERATION_UNSUPPORTED",
)


def add_guest(users: Users, domain: t.Any) -> None:
    """Note what a guest has by its definition, by what runs, and by a backup that runs."""
    name = domain.name()
    document(users, f"guest {name}", name, lambda: domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), GONE)
    if domain.isActive():
        document(users, f"guest {name}", name, lambda: domain.XMLDesc(0), GONE)
        document(users, f"guest {name} (backup)", name, domain.backupGetXMLDesc, (*GONE, *NO_BACKUP))


def add_snapshots(connection: t.Any, users: Users) -> None:
    """Note what saved states, snapshots and checkpoints of guests name."""
    for domain in some(connection, "VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE"):
        name = domain.name()
        document(users, f"guest {name} (saved)", name, domain.managedSaveGetXMLDesc, GONE)
    for domain in some(connection, "VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT"):
        name = domain.name()
        for snapshot in domain.listAllSnapshots(0):
            who = f"guest {name} (snapshot {snapshot.getName()})"
            document(users, who, name, snapshot.getXMLDesc, GONE)
    for domain in some(connection, "VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT"):
        name = domain.name()
        for checkpoint in domain.listAllCheckpoints(0):
            who = f"guest {name} (checkpoint {checkpoint.getName()})"
            document(users, who, name, checkpoint.getXMLDesc, GONE)


def some(connection: t.Any, flag: str) -> list[t.Any]:
    """The guests that a filter of libvirt finds."""
    try:
        return t.cast("list[t.Any]", connection.listAllDomains(getattr(libvirt, flag)))
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT", "VIR_ERR_INVALID_ARG"):
            raise
        return []


def add_pools(connection: t.Any, users: Users) -> list[tuple[str, str, str | None]]:
    """Note where volumes are. Returns them, and files that libvirt has not seen, as add_pool does."""
    over: list[tuple[str, str, str | None]] = []
    for pool in connection.listAllStoragePools(0):
        try:
            over += add_pool(users, pool)
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_STORAGE_POOL"):
                users.doubt(f"pool {pool.name()}: it cannot be looked at ({said(error)})")
    known = {path for _who, path, _base in over}
    if is_local(connection.getURI()):
        for target in dict.fromkeys(pool.target for pool in users.pools.values() if pool.target):
            over += [(f"the file {spelled_out(path)}", path, None) for path in files(target) if path not in known]
    return over


def add_pool(users: Users, pool: t.Any) -> list[tuple[str, str, str | None]]:
    """Note where a pool's volumes are. Returns each in words, with its path and what libvirt says it is laid over."""
    name = pool.name()
    root = ET.fromstring(pool.XMLDesc(0))
    found = users.pools[name] = Pool(root.findtext("target/path"), root.findtext("source/name"), {})
    over = []
    volumes = pool.listAllVolumes() if pool.isActive() else []
    readable = list(listed(pool)) if volumes else []
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


def add_noted(connection: t.Any, users: Users, found: t.Iterable[str]) -> None:
    """Note which of these files were made as raw volumes: a guest can write any header into them.

    Where the list of what was made cannot be read, none is known to be.
    """
    with contextlib.suppress(VirtfleetError):
        noted = Noted(connection, users.places)
        for path in found:
            if not noted.of(path).isdisjoint(SAME):
                users.raw |= users.files_at(path)


def files(folder: str) -> t.Iterator[str]:
    """The files in a pool's folder, be the pool active or not. Devices are none, wherever they are."""
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.is_file():
                    yield entry.path
    except (OSError, ValueError):
        return


def add_host(users: Users) -> None:
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
    for number, source, place in devices.mounted():
        signs = set() if number.startswith("0:") else devices_of(devices, number)
        if source.startswith("/dev/"):
            signs |= {sign for sign in places.uses(source) if sign.startswith("block ")}
        users.note(signs, Use(f"the host (mounted at {place})", None, place))
    for path in devices.swaps():
        users.note(places.uses(path), Use(f"the host (swap {path})", None, path))


def devices_of(devices: BlockDevices, number: str) -> set[str]:
    """A device that is mounted, and what it is made of."""
    return {f"block {other}" for other in (number, *devices.below(number))}

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what storage is there: one call for all pools, one for all volumes of a pool."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import time
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.observed import Observed
from .._errors import VirtfleetError
from .._host.files import birth, in_place_of_file
from .._libvirt.connection import lacks, libvirt, message_of
from .._libvirt.objects import Connection, Domain, StoragePool, Volume
from .._printing import spelled_out

PROBLEM = "problem"
"""The element of what cannot be described, which libvirt's own XML of volumes has not."""

BUSY = 30.0
"""Seconds that a pool may be busy with volumes being made, before it can be looked through anew."""


@dataclasses.dataclass(frozen=True)
class ObservedPool:
    """What has to be known of a pool to place a volume in it.

    :param type: such as ``dir``
    :param target: the directory that its volumes are in, or None
    :param active: whether it is: the volumes of one that is not cannot be seen
    """

    type: str
    target: str | None
    active: bool


def volumes(
    connection: Connection, keys: t.Container[str], expected: t.Container[str] | None = None
) -> dict[str, Observed]:
    """The volumes of these identities, POOL/VOLUME, in pools that are active.

    :param expected: where libvirt does not know one of these and its file is there, libvirt looks through the pool
        anew. That changes what others see of the pool, so it is only done for what the caller made or declares.
        Without: all of ``keys``
    """
    wanted: dict[str, set[str]] = {}
    for key in t.cast(t.Iterable[str], keys):
        place, _slash, name = key.partition("/")
        wanted.setdefault(place, set()).add(name)
    found: dict[str, Observed] = {}
    for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        names = wanted.get(pool.name())
        if not names:
            continue
        texts = descriptions(pool, names)
        lacking = {name for name in names - texts.keys() if expected is None or f"{pool.name()}/{name}" in expected}
        if unseen(pool, lacking) and refresh(pool, 0):
            texts = descriptions(pool, names)
        for name, text in texts.items():
            found[f"{pool.name()}/{name}"] = Observed(paths.document(text), None, "present", {})
    return found


LVM = re.compile(r"\w{6}(-\w{4}){5}-\w{6}")
"""The UUID of a logical volume, which libvirt gives as its key."""

FILE = re.compile(r"\d+ \d+\.\d+")
"""The identity of a file: its inode and the time of its birth."""


def identity(volume: ET.Element) -> str | None:
    """What tells a volume from another one that somebody made in its place, from its XML.

    None where nothing does, such as for a partition: its key is but the place where it is.
    """
    key = volume.findtext("key") or ""
    return key if LVM.fullmatch(key) else birth(volume.findtext("target/path") or "")


def another(noted: t.Mapping[str, str], volume: ET.Element) -> bool:
    """Whether a volume is known to be another one than was noted under its name.

    What has no identity where one was noted is another one as well: a symbolic link, a folder. A seed that a killed
    run was exchanging is the new one or the former one.
    """
    if noted.get("identity") is None:
        return False
    found = identity(volume)
    if found is None:
        return is_there(volume)
    return found not in (noted["identity"], noted.get("former"))


def is_there(volume: ET.Element) -> bool:
    """Whether something is at the path of a volume: libvirt also lists what somebody has just deleted."""
    path = volume.findtext("target/path") or ""
    return not path.startswith("/") or os.path.lexists(path)


def replaced(noted: t.Mapping[str, str], volume: ET.Element) -> str | None:
    """What is in place of a volume that was noted as a file and is none any more, in words; None where none is."""
    if not another(noted, volume):
        return None
    path = volume.findtext("target/path") or ""
    what = in_place_of_file(path) if FILE.fullmatch(str(noted["identity"])) else None
    return None if what is None else f"{spelled_out(path)} is {what} now, and no more the file that was made"


def volumes_of_pool(pool: StoragePool) -> t.Iterator[tuple[str, Volume]]:
    """The volumes of an active pool with their names. One whose name is no UTF-8 has none here, and is left out.

    libvirt's binding cannot tell such a name, and nobody can declare it. As a file it still counts as a user of
    others (see survey_users).
    """
    for volume in pool.listAllVolumes():
        try:
            yield volume.name(), volume
        except UnicodeDecodeError:
            continue


def descriptions(pool: StoragePool, names: t.Container[str]) -> dict[str, str]:
    """The XML of a pool's volumes of these names. One that is gone meanwhile is left out.

    Of one that libvirt lists and cannot describe, it is the name, the path, and libvirt's reason (see problem_of).
    """
    texts = {}
    for name, volume in volumes_of_pool(pool):
        if name in names:
            try:
                texts[name] = volume.XMLDesc()
            except UnicodeDecodeError:
                texts[name] = undescribed(volume, "it names a file whose name is no UTF-8")
            except libvirt.libvirtError as error:
                if not lacks(error, "VIR_ERR_NO_STORAGE_VOL"):
                    texts[name] = undescribed(volume, message_of(error))
    return texts


def undescribed(volume: Volume, reason: str) -> str:
    """What can be told of a volume that libvirt cannot describe."""
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = volume.name()
    ET.SubElement(root, PROBLEM).text = reason
    with contextlib.suppress(libvirt.libvirtError, UnicodeDecodeError):
        paths.ensure(root, ("target", "path")).text = volume.path()
    return paths.text(root)


def problem_of(volume: Observed | None) -> str | None:
    """Why nothing can be done about a volume that is there; None where all is well."""
    reason = None if volume is None else volume.definition.findtext(PROBLEM)
    if reason is None:
        return None
    return f"libvirt lists it and cannot describe it ({reason}); look at it, and remove it by hand if nobody needs it"


def stopped_pool(name: str) -> str:
    """Why nothing can be done about a volume whose pool is there and not active."""
    return f"its pool {name} is not active, so it cannot be seen whether it is there; start the pool, then run again"


def no_pool(name: str) -> str:
    """What is to be known of a volume that is noted as made, and whose pool is gone."""
    return (
        f"its pool {name} is not there, so its file may still be; define the pool again and run again,"
        " or remove the file by hand"
    )


def unseen(pool: StoragePool, names: set[str]) -> bool:
    """Whether there are files that libvirt does not know yet: it looks only when it is told to."""
    target = ET.fromstring(pool.XMLDesc(0)).findtext("target/path") if names else None
    return target is not None and any(os.path.lexists(os.path.join(target, name)) for name in names)


def refresh(pool: StoragePool, patience: float = BUSY) -> bool:
    """Let libvirt look through a pool anew; False where it can't, or is too busy for that.

    That changes nothing but what libvirt knows.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            pool.refresh()
        except libvirt.libvirtError as error:
            busy = lacks(error, "VIR_ERR_INTERNAL_ERROR") and "asynchronous jobs" in str(error)
            if not busy or time.monotonic() >= deadline:
                return False
            time.sleep(0.2)
        else:
            return True


def all_pools(connection: Connection) -> dict[str, ObservedPool]:
    """All pools of the host by name."""
    found = {}
    for pool in connection.listAllStoragePools(0):
        root = ET.fromstring(pool.XMLDesc(0))
        found[pool.name()] = ObservedPool(str(root.get("type")), root.findtext("target/path"), bool(pool.isActive()))
    return found


def source_place(source: ET.Element | None) -> str | None:
    """Where a disk's source is: a path, or POOL/VOLUME; None for one on the network or an empty drive."""
    if source is None:
        return None
    if source.get("volume") is not None:
        return f"{source.get('pool')}/{source.get('volume')}"
    return source.get("file") or source.get("dev")


def runs_with(connection: Connection, *places: str) -> tuple[Domain, str] | None:
    """The running guest that has a volume as a disk, and the disk's target; None where none has."""
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        for disk in ET.fromstring(domain.XMLDesc(0)).iterfind("devices/disk"):
            target = disk.find("target")
            if target is not None and source_place(disk.find("source")) in places:
                return domain, str(target.get("dev"))
    return None


def active_pool(connection: Connection, name: str) -> StoragePool:
    """A pool that volumes can be made in."""
    try:
        pool = connection.storagePoolLookupByName(name)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_STORAGE_POOL"):
            raise
        remedy = "declare it with virtfleet.kvm.pools (kvm_pools of the role)"
        raise VirtfleetError(f"there is no pool {name} on this host; {remedy}") from None
    if not pool.isActive():
        raise VirtfleetError(f"the pool {name} is not active; start it with virtfleet.kvm.pools and state: active")
    return pool


def lookup(pool: StoragePool, name: str) -> Volume | None:
    """A volume of a pool, or None."""
    try:
        return pool.storageVolLookupByName(name)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_STORAGE_VOL"):
            raise
        return None

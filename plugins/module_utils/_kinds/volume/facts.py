# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What volumes have now, which no definition tells."""

from __future__ import annotations

import typing as t

from ..._engine import paths
from ..._engine.observed import Observed
from ..._flow.info import FactsByName
from ..._libvirt.connection import LibvirtError, cut, ended, libvirt
from ..._libvirt.objects import Connection, Volume
from ..._storage.storage_observe import volumes_of_pool
from .volume_formats import Formats
from .volume_size import capacity_of


def volume_facts(connection: Connection, names: t.Container[str]) -> FactsByName:
    """Where volumes are and how much they take, by identity."""
    facts: FactsByName = {}
    formats = Formats(connection)
    for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        for name, volume in volumes_of_pool(pool):
            key = f"{pool.name()}/{name}"
            if key in names or name in names:
                capacity, allocation = sizes(connection, volume)
                found = described(formats, key, volume)
                size = None if found is None else capacity_of(found.definition)
                capacity = capacity if size is None else size
                facts[key] = {"path": volume.path(), "capacity": capacity, "allocation": allocation}
    return facts


def described(formats: Formats, key: str, volume: Volume) -> Observed | None:
    """A volume as it is, whatever a guest wrote into it; None where it cannot be described."""
    try:
        return formats.settled(key, Observed(paths.document(volume.XMLDesc()), None, "present", {}))
    except (LibvirtError, UnicodeDecodeError):
        return None


def sizes(connection: Connection, volume: Volume) -> tuple[int | None, int | None]:
    """The capacity and allocation of a volume in bytes; None where libvirt cannot tell, as its file is gone."""
    try:
        _kind, capacity, allocation = volume.info()
    except LibvirtError as error:
        if cut(error) or ended(connection):
            raise
        return None, None
    return int(capacity), int(allocation)

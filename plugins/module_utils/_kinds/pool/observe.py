# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read which storage pools a host has, in a few calls for all of them."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._flow.info import FactsByName
from ..._flow.kind import Definition
from ..._libvirt.connection import lacks, libvirt
from ..._libvirt.objects import Connection, Resource, StoragePool
from ..._storage.manifest import Manifest
from .table import POOL


def pools(connection: Connection, names: t.Container[str]) -> dict[str, Observed]:
    """The pools of these names."""
    autostart = {
        pool.name() for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_AUTOSTART)
    }
    transient = {
        pool.name() for pool in connection.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_TRANSIENT)
    }
    found = {}
    for pool in connection.listAllStoragePools(0):
        name = pool.name()
        if name in names:
            active = pool.isActive()
            found[name] = Observed(
                definition=kept_definition(pool),
                live=POOL.declared(paths.document(pool.XMLDesc(0))) if active else None,
                state="active" if active else "inactive",
                properties={"autostart": name in autostart},
                persistent=name not in transient,
            )
    return found


def kept_definition(pool: StoragePool) -> ET.Element:
    """The definition that libvirt keeps of a pool."""
    return POOL.declared(paths.document(inactive(pool)))


def inactive(pool: StoragePool) -> str:
    """The persistent definition. libvirt's test driver has but one and refuses to be asked so."""
    try:
        return pool.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        return pool.XMLDesc(0)


def pool_facts(connection: Connection, names: t.Container[str]) -> dict[str, dict[str, object]]:
    """How much of active pools is taken, by name."""
    facts: FactsByName = {}
    for pool in connection.listAllStoragePools(0):
        if pool.name() in names:
            active = bool(pool.isActive())
            _state, capacity, allocation, available = pool.info() if active else (None, None, None, None)
            facts[pool.name()] = {
                "active": active,
                "capacity": capacity,
                "allocation": allocation,
                "available": available,
            }
    return facts


def undefine_new(connection: Connection, found: Resource) -> None:
    """Take away the definition of a new pool, and the note that the collection made it."""
    name = found.name()
    found.undefine()
    Manifest(connection.getURI()).drop("pools", name)


DEFINITION = Definition(
    noun="pool",
    lookup="storagePoolLookupByName",
    listing="listAllStoragePools",
    missing="VIR_ERR_NO_STORAGE_POOL",
    rename="define it anew as {name}",
    kept=kept_definition,
    undefine=undefine_new,
)
"""How libvirt keeps pools."""

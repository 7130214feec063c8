# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage pools, as the flow knows them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._flow.kind import Action, Kind, Record
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from .leftovers import leftovers
from .observe import DEFINITION, pools
from .plan import plan_pools
from .table import POOL


def steps() -> dict[str, Action]:
    """The steps of a pool, loaded where there is something to do."""
    from .pool_actions import ACTIONS

    return ACTIONS


def validate(connection: Connection, text: str) -> None:
    """Define a pool on a host in memory."""
    connection.storagePoolDefineXML(text, getattr(libvirt, "VIR_STORAGE_POOL_DEFINE_VALIDATE", 0))


def keeps(connection: Connection, root: ET.Element) -> ET.Element:
    """What libvirt keeps of a pool's definition. Raises LibvirtError for what it does not read.

    :param connection: to a host in memory
    """
    pool = connection.storagePoolDefineXML(paths.text(root))
    kept = ET.fromstring(pool.XMLDesc(libvirt.VIR_STORAGE_XML_INACTIVE))
    pool.undefine()
    return kept


POOLS = Kind(
    table=POOL,
    observe=pools,
    plan=plan_pools,
    steps=steps,
    leftovers=leftovers,
    validate=validate,
    keeps=keeps,
    definition=DEFINITION,
    record=Record("pools", lasting=True),
    noted=frozenset(("define", "undefine")),
)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage pools, as the flow knows them."""

from __future__ import annotations

from ..._flow.kind import Kind, Record
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from .leftovers import leftovers
from .observe import DEFINITION, pools
from .plan import plan_pools
from .pool_actions import ACTIONS
from .table import POOL


def validate(connection: Connection, text: str) -> None:
    """Define a pool on a host in memory."""
    connection.storagePoolDefineXML(text, getattr(libvirt, "VIR_STORAGE_POOL_DEFINE_VALIDATE", 0))


POOLS = Kind(
    table=POOL,
    observe=pools,
    plan=plan_pools,
    actions=ACTIONS,
    leftovers=leftovers,
    validate=validate,
    definition=DEFINITION,
    record=Record("pools", lasting=True),
    noted=frozenset(("define", "undefine")),
)

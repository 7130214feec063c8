# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools that the collection made and nobody declares any more."""

from __future__ import annotations

from ..._flow.purge import Asked, Leftovers
from ..._libvirt.objects import Connection
from ..._libvirt.process import made_by_another
from ..._storage.manifest import Manifest
from ..._storage.survey_users import all_users
from ..._storage.users import StorageUsers
from ..shared import declared_uses
from ..shared.renames import undeclared
from .pool_users import pool_users


def leftovers(connection: Connection, asked: Asked) -> Leftovers:
    """Pools that are noted, under their name and UUID. One stays while guests have disks in it."""
    out = Leftovers()
    noted = Manifest(connection.getURI()).entries("pools")
    found = [
        pool
        for pool in undeclared("pool", connection.listAllStoragePools(0), asked)
        if noted.get(pool.name(), {}).get("uuid") == pool.UUIDString()
        and made_by_another(pool.name(), noted[pool.name()]) is None
        and out.mine("pool", pool.name(), noted[pool.name()].get("owner", ""), asked.owner)
    ]
    users = all_users(connection, forecast=asked.forecast) if found else StorageUsers()
    if found:
        declared_uses.add_uses(connection, users, asked)
    names = {pool.name() for pool in found}
    for pool in found:
        others = declared_uses.users_of(connection, asked, "pools", {pool.name()})
        out.decide(pool.name(), list(dict.fromkeys([*pool_users(users, pool.name(), names), *others])))
    return out

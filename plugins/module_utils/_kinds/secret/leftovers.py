# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that the collection made and nobody declares any more."""

from __future__ import annotations

from ..._flow.purge import Asked, Leftovers
from ..._libvirt.objects import Connection
from ..._libvirt.process import made_by_another
from ..._storage.manifest import Manifest
from ..shared.renames import undeclared
from .observe import MADE, all_named
from .users import SecretUsers, add_declared, all_users


def leftovers(connection: Connection, asked: Asked) -> Leftovers:
    """Secrets that are noted, under their name and UUID. One stays while guests, pools or volumes need it."""
    out = Leftovers()
    noted = Manifest(connection.getURI()).entries(MADE)
    found = [
        secret
        for secret in undeclared("secret", all_named(connection), asked)
        if noted.get(secret.name(), {}).get("uuid") == secret.UUIDString()
        and made_by_another(secret.name(), noted[secret.name()]) is None
        and out.mine("secret", secret.name(), noted[secret.name()].get("owner", ""), asked.owner)
    ]
    users = all_users(connection, asked.forecast) if found else SecretUsers()
    if found:
        add_declared(users, connection, asked)
    for secret in found:
        out.decide(secret.name(), users.of(secret), users.doubts_of(secret))
    return out

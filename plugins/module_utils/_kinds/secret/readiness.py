# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the secrets are there that guests and pools refer to."""

from __future__ import annotations

import typing as t

from ..._engine.rows.model import Host, Scope
from ..._libvirt.connection import LibvirtError, lacks
from ..._libvirt.objects import Connection
from ..shared.derive import derive_uuid

if t.TYPE_CHECKING:
    from ..shared.lacking import Site


def missing(site: Site, value: str) -> str | None:
    """What is wrong with a secret that is needed; None where it is there, or nobody can tell.

    :param value: its UUID in lower case, or its name
    """
    known = site.once("secrets", lambda: known_by(site.connection, site.forecast.gone("secret")))
    if known is None or value in known:
        return None
    coming = {name for name, facts in site.forecast.secrets.items() if facts is not None}
    if value in coming or value in {derive_uuid(Scope("secret", name, Host())) for name in coming}:
        return None
    return site.unsure(  # Messages leave out the names of secrets, which next to auth may be something else.
        "refers to a secret that libvirt does not have on this host: declare it with virtfleet.kvm.secrets (kvm_secrets"
        " of the role), or correct its uuid or usage"
    )


def known_by(connection: Connection, gone: t.Container[str]) -> set[str] | None:
    """The UUIDs and names of a host's secrets; None where libvirt has no list of them, as its test driver.

    :param gone: names of what an earlier task of a run in check mode would have removed
    """
    try:
        found = connection.listAllSecrets(0)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT"):
            raise
        return None
    there = [secret for secret in found if not secret.usageID() or secret.usageID() not in gone]
    return {name for secret in there for name in (secret.UUIDString().lower(), secret.usageID()) if name}

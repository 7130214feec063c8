# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the secrets are there that guests and pools refer to."""

from __future__ import annotations

import typing as t

from ..._engine.rows.model import Host, Scope
from ..._libvirt.connection import LibvirtError, lacks
from ..._libvirt.objects import Connection
from ..shared.derived_values import derive_uuid
from .observe import Named

if t.TYPE_CHECKING:
    from ..shared.lacking import Site

USAGES = ("ceph", "iscsi", "volume", "vtpm")
"""Types of secrets that something refers to."""


class KnownSecret(t.NamedTuple):
    """What is known of a secret of the host.

    :param name: its name; empty for one that has none
    :param usage: what it is for
    :param has_value: whether it has a value; None where nobody can tell
    """

    name: str
    usage: str
    has_value: bool | None


def missing(site: Site, value: str, usage: str | None = None) -> str | None:
    """What is wrong with a secret that is needed; None where it is there, or nobody can tell.

    :param value: its UUID in lower case, or its name
    :param usage: what it has to be for; None for anything
    """
    known = site.once("secrets", lambda: known_by(site.connection, site.forecast.gone("secret")))
    if known is None:
        return None
    coming = {name for name, facts in site.forecast.secrets.items() if facts is not None}
    found = known.get(value, [])
    if value in coming or any(one.name in coming for one in found):
        return None
    fitting = [one for one in found if usage is None or one.usage == usage]
    if any(one.has_value is not False for one in fitting):
        return None
    if fitting:
        return site.unsure(
            "refers to a secret that has no value yet: give it one with virtfleet.kvm.secrets (value or value_base64)",
            "secrets",
        )
    if found:
        return site.unsure(
            f"refers to a secret that is not for this: its usage is {found[0].usage or 'not set'}, and {usage} is"
            " needed; declare another one with virtfleet.kvm.secrets (kvm_secrets of the role)",
            "secrets",
        )
    if value in {derive_uuid(Scope("secret", name, Host())) for name in coming}:
        return None
    return site.unsure(  # Messages leave out the names of secrets, which next to auth may be something else.
        "refers to a secret that libvirt does not have on this host: declare it with virtfleet.kvm.secrets (kvm_secrets"
        " of the role), or correct its uuid or usage",
        "secrets",
    )


def known_by(connection: Connection, gone: t.Container[str]) -> dict[str, list[KnownSecret]] | None:
    """The secrets of a host by UUID and by name; None where libvirt has no list of them, as its test driver.

    :param gone: names of what an earlier task of a run in check mode would have removed
    """
    try:
        listed = connection.listAllSecrets(0)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT"):
            raise
        return None
    uri = str(connection.getURI())
    if not listed:
        return {}
    from . import digests

    found: dict[str, list[KnownSecret]] = {}
    for one in map(Named, listed):
        if not one.name() or one.name() not in gone:
            facts = KnownSecret(one.name(), one.usage(), digests.has_value(uri, one))
            for key in {one.UUIDString().lower(), one.name()} - {""}:
                found.setdefault(key, []).append(facts)
    return found

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that the collection made and nobody declares any more."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._engine import paths
from ..._engine.rows.model import Item
from ..._flow.purge import Asked, Leftovers
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection, Domain
from ..._storage.forecast import Forecast
from ..._storage.stale_notes import left_over
from ..shared.ownership_mark import owner_now, owner_of
from ..shared.renames import undeclared
from ..volume.half_made import made_in_this_moment
from .guest_options import GuestOptions
from .undefine import loses

MOVED = (
    "is declared for another host, and was not moved there: it stays here, with its disks; move it by hand, as"
    " roles/guests/README.md says, or declare it for this host, too, with state: absent"
)
"""Why a guest is no leftover. One that was made anew on the other host has the same UUID and MAC addresses."""


def leftovers(connection: Connection, asked: Asked) -> Leftovers:
    """Guests with the mark. One that was there before it was declared has none."""
    out = Leftovers()
    unfinished = made_in_this_moment(connection, asked.owner)
    known = asked.names | asked.forecast.gone("domain")
    busy = {facts["guest"]: why for _key, facts, why in unfinished if facts.get("guest", "") not in {"", *known}}
    out.staying.update({name: f"is no longer declared, but stays: {why}" for name, why in busy.items()})
    for domain in undeclared("domain", connection.listAllDomains(0), asked):
        if domain.name() in busy:
            continue
        definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        if out.mine("guest", domain.name(), owner_of(definition), asked.owner):
            lost = loses(domain, definition, asked.options.belongings)
            if domain.name() in asked.elsewhere:
                out.staying[domain.name()] = MOVED
            elif lost:
                out.staying[domain.name()] = f"is no longer declared, but stays: {lost}"
            else:
                out.decide(domain.name(), [])
    out.warnings += of_others(connection, asked)
    if asked.options.remove_storage:
        out.warnings += left_over(connection, asked.wants, asked.owner, asked.elsewhere)
    return out


def of_others(connection: Connection, asked: Asked) -> list[str]:
    """A sentence for each label of declared guests that is not this run's: most often, this run's has changed."""
    guests: dict[str, list[str]] = {}
    for domain in connection.listAllDomains(0):
        if domain.name() in asked.names:
            definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            guests.setdefault(owner_of(definition) or asked.owner, []).append(str(domain.name()))
    return [
        f"guests with the label {label}, such as {min(names)}, are declared here, and the label of this run is"
        f" {asked.owner or 'empty'}: a purge does not see what was made with the label {label}, so it stays; set owner"
        f" (kvm_owner of the role) to {label}"
        for label, names in sorted(guests.items())
        if label != asked.owner
    ]


def declared_elsewhere(connection: Connection, wants: t.Sequence[Item], options: GuestOptions) -> list[str]:
    """A sentence for each guest of the owner that is here, and is declared for another host only."""
    names = {str(want.get("name")) for want in wants}
    there = undeclared(
        "domain", connection.listAllDomains(0), Asked(wants, names, dataclasses.replace(options, forecast=Forecast()))
    )
    lines = []
    for domain in there:
        if domain.name() in options.elsewhere:
            definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            lines += [f"guest {domain.name()}: {MOVED}"] if owner_of(definition) == options.owner else []
    return lines


def left_alone(connection: Connection, asked: Asked) -> list[str]:
    """The names of guests of the owner that nobody declares; one that is declared elsewhere gets its own sentence."""
    return [
        str(domain.name())
        for domain in undeclared("domain", connection.listAllDomains(0), asked)
        if domain.name() not in asked.elsewhere and asked.owner == owner_now(domain, definition)
    ]


def definition(domain: Domain) -> str:
    """The definition of a guest."""
    return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at what a host has of the declared items, and plan the way from there."""

from __future__ import annotations

import dataclasses

from .._engine.observed import bare
from .._engine.plan import Plan
from .._engine.progress import FINISH
from .._engine.rows.model import Host, Item
from .._libvirt import host_model
from .._libvirt.objects import Connection
from .._storage.manifest import Manifest, notes
from . import creation_notes
from .kind import Kind
from .options import Options


def survey(connection: Connection, kind: Kind, wants: list[Item], options: Options) -> list[Plan]:
    """Observe and plan. The connection is None for a host without libvirt."""
    table = kind.table
    if connection is None:
        return kind.plan(None, bare(table), wants, owned(host_model.bare_host(), options), options)
    have = kind.observe(connection, {str(table.identity(want)) for want in wants})
    for name in options.forecast.gone(kind.name):
        have.pop(name, None)
    have = creation_notes.marked(connection, kind, have)
    plans = kind.plan(connection, have, wants, owned(host_model.host(connection), options), options)
    creation_notes.plan_finish(kind, plans, have)
    if notes(plans, (*kind.noted, FINISH)):
        Manifest(connection.getURI()).check()
    return plans


def owned(host: Host, options: Options) -> Host:
    """The facts of the host, with the label that what is made gets."""
    return dataclasses.replace(host, owner=options.owner)

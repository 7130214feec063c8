# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of guests, as the flow knows them."""

from __future__ import annotations

from ..._flow.kind import Action, Kind
from ..._flow.purge import Asked, Leftovers
from ..._libvirt.objects import Connection
from .observe import snapshots
from .plan import plan_snapshots
from .table import SNAPSHOT


def steps() -> dict[str, Action]:
    """The steps of a snapshot, loaded where there is something to do."""
    from .snapshot_actions import ACTIONS

    return ACTIONS


def leftovers(connection: Connection, asked: Asked) -> Leftovers:
    """No snapshot is ever left over: one that is not declared may be all that somebody has of a guest."""
    return Leftovers()


def validate(connection: Connection, text: str) -> None:
    """libvirt validates a snapshot as it is taken."""


SNAPSHOTS = Kind(
    table=SNAPSHOT,
    observe=snapshots,
    plan=plan_snapshots,
    steps=steps,
    leftovers=leftovers,
    validate=validate,
    prepares=frozenset(("take", "describe", "revert", "delete")),
    asks_schema=False,
)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, as the flow knows them."""

from __future__ import annotations

from ..._flow.kind import Action, Kind, Record
from ..._libvirt.objects import Connection
from .leftovers import leftovers
from .observe import DEFINITION, MADE, secrets
from .plan import plan_secrets
from .table import SECRET


def steps() -> dict[str, Action]:
    """The steps of a secret, loaded where there is something to do."""
    from .secret_actions import ACTIONS

    return ACTIONS


def validate(connection: Connection, text: str) -> None:
    """libvirt's host in memory has no secrets; the real one validates as it defines."""


SECRETS = Kind(
    table=SECRET,
    observe=secrets,
    plan=plan_secrets,
    steps=steps,
    leftovers=leftovers,
    validate=validate,
    definition=DEFINITION,
    record=Record(MADE, lasting=True),
    noted=frozenset(("define", "undefine", "set_value", "note_value")),
    asks_schema=False,
)

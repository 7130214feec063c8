# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that an earlier task of a run in check mode would have made, and of which a later one declares only a part.

In the run they are there by then. In check mode they are not, and what a part means for them is not known.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..._engine.plan import Plan
from ..._engine.rows.model import Change, Item
from ..._flow.kind import Have
from ..._storage.forecast import Forecast, ToCome
from .clone_originals import OPTION

KNOWN = ("name", "state", "wait_for", "wait_timeout")
"""Options that ask for nothing but a state."""

NOT_YET = (
    "an earlier task of the run makes it: what this task changes in it is only known then, so check mode tells no more"
    " than its state"
)
"""What is said of one of which more is declared."""


def made_before(want: Item, have: Have, forecast: Forecast) -> ToCome | None:
    """What a guest will have that an earlier task makes; None for any other, and for one that is declared as new."""
    foreseen = forecast.guests.get(str(want["name"]))
    if foreseen is None or foreseen.gone or foreseen.uuid is not None:
        return None
    if want["name"] in have or want["state"] == "absent":
        return None
    return foreseen if want.get("memory") is None and want.get(OPTION) is None else None


def planned(want: Item, foreseen: ToCome) -> Plan:
    """The plan of such a guest: its state, and what later tasks have to know of it."""
    plan = Plan("domain", str(want["name"]))
    state = str(want["state"])
    before = "running" if foreseen.runs else "stopped"
    after = before if state == "present" else state
    if after != before:
        plan.changes.append(Change("state", before, after))
    if any(value is not None for option, value in want.items() if option not in KNOWN):
        plan.warnings.append(NOT_YET)
    plan.to_come = dataclasses.asdict(dataclasses.replace(foreseen, runs=after != "stopped"))
    return plan


def with_made(
    wants: t.Sequence[Item],
    have: Have,
    forecast: Forecast,
    plan_others: t.Callable[[t.Sequence[Item]], t.Sequence[Plan]],
) -> list[Plan]:
    """The plans of guests, of which those are left out of planning that an earlier task makes."""
    foreseen = {str(want["name"]): made_before(want, have, forecast) for want in wants}
    others = iter(plan_others([want for want in wants if foreseen[str(want["name"])] is None]))
    plans = []
    for want in wants:
        found = foreseen[str(want["name"])]
        plans.append(next(others) if found is None else planned(want, found))
    return plans

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan what stands beside a definition, the state, and the restart that changes need."""

from __future__ import annotations

import typing as t

from .._errors import Invalid
from . import pending
from .rows.model import Change, Item
from .step import Step, StepPlace
from .table import Table

if t.TYPE_CHECKING:
    from .plan import Plan


def plan_properties(table: Table, plan: Plan, have: t.Mapping[str, object], want: Item) -> None:
    """Plan the values that stand beside the definition."""
    for name, row in table.properties.items():
        if name != "state" and name in want:
            before, after = have.get(name, row.default), want[name]
            after = row.default if after is None else after
            if before != after:
                plan.changes.append(Change(name, before, after))
                plan.steps.add(StepPlace.BESIDE, Step(f"set_{name}", after))


def plan_state(table: Table, plan: Plan, have: str, want: str) -> None:
    """Plan the way from one state to another."""
    actions = table.transitions.get((have, want), ())
    if actions:
        plan.changes.append(Change("state", have, want))
        plan.steps.add(StepPlace.STATE, *table.way(actions))
        if want not in table.active:
            plan.waiting, plan.asked, plan.running = {}, [], False


def plan_restart(table: Table, plan: Plan, state: str, policy: str) -> None:
    """Plan the restart that pending changes need, where the user wants it. Raises Invalid for fail."""
    if policy == "fail":
        waiting = "; ".join(f"{path} ({reason})" for path, reason in plan.waiting.items())
        raise Invalid("", pending.forbidden(table.kind, waiting))
    if policy == "restart" and state in table.active:
        plan.steps.add(StepPlace.RESTART, *table.way(table.restart))
        plan.changes.append(Change("restart", None, ", ".join(plan.pending)))
        plan.waiting, plan.asked = {}, []

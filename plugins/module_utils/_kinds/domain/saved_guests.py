# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that were saved (virDomainManagedSave): a start brings them back as they were, whatever is defined by now."""

from __future__ import annotations

import typing as t

from ..._engine import pending
from ..._engine.observed import Observed
from ..._engine.plan import Plan, edited_live
from ..._engine.rows.model import Change, Host, Item, Scope
from ..._engine.step import StepPlace
from ..._engine.table import Table
from ..._errors import Invalid
from ..._libvirt.objects import Connection
from .disks.shared_disks import starts
from .saved_states import saved_definition

SAVED = "it is saved, and comes back as it was"


def plan_starts(
    connection: Connection,
    table: Table,
    plans: t.Sequence[Plan],
    wants: t.Sequence[Item],
    have: t.Mapping[str, Observed],
    host: Host,
    policy: str,
) -> None:
    """Say of each saved guest that starts what it will lack, and restart it where the user wants that.

    :param wants: the guests with the disks that are given by size as what they are on
    :param policy: ``defer``, ``restart`` or ``fail``, as for a guest that runs
    """
    for plan, want in zip(plans, wants, strict=True):
        there = have.get(plan.name)
        if there is None or plan.problem is not None or not starts(plan):
            continue
        saved = saved_definition(connection, plan.name)
        if saved is None:
            continue
        scope = Scope(table.kind, plan.name, host, item=want, whole=want)
        try:
            *_roots, late = edited_live(table, saved, there.definition, want, scope)
        except Invalid as error:
            plan.warnings.append(f"{SAVED}; what it lacks then cannot be told: {error}")
            continue
        waiting = {change.path: SAVED for change in late}
        if not waiting:
            continue
        if policy == "fail":
            paths = ", ".join(waiting)
            plan.refuse(pending.forbidden(plan.kind, f"{paths} ({SAVED})"))
        elif policy == "restart" and want["state"] == "running":
            plan.steps.add(StepPlace.STATE, *table.way(table.restart))
            plan.changes.append(Change("restart", None, ", ".join(waiting)))
        else:
            plan.waiting.update(waiting)

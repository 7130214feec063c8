# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest, network or pool is its UUID: one that somebody renamed by hand is no leftover beside a new one."""

from __future__ import annotations

import typing as t

from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Host, Item, Scope
from ..._flow.kind import Definition
from ..._flow.purge import Asked
from ..._flow.undo import planned_uuid
from ..._libvirt.objects import Connection, Resource
from ..._printing import label
from ..._shell_words import ShellWord
from .derived_values import derive_uuid


def refuse_renamed(
    connection: Connection,
    kept: Definition,
    plans: t.Iterable[Plan],
    have: t.Mapping[str, Observed],
    gone: t.Container[str] = (),
) -> None:
    """Take the steps from the plan of each new resource whose UUID one of another name has already, and say so.

    libvirt knows each by its UUID and would refuse the second, halfway through the run. A guest does not go under
    the one name, with its disks, while it is declared under the other.

    :param kept: how libvirt keeps the definitions of their kind
    :param gone: names of what an earlier task of a run in check mode would have removed
    """
    plans = list(plans)
    refuse_same(kept, plans, have)
    going = {plan.name: plan for plan in plans if any(step.action == "undefine" for step in plan.steps)}
    new = {planned_uuid(plan): plan for plan in plans if plan.name not in have}
    new.pop(None, None)
    if connection is None or not new:
        return
    for found in getattr(connection, kept.listing)(0):
        plan = new.get(found.UUIDString())
        if plan is not None and found.name() != plan.name and found.name() not in gone:
            plan.refuse(way_out_of_rename(kept, plan, found.name()))
            if kept.stays_renamed and found.name() in going:
                going[found.name()].refuse(
                    f"state: it is the guest {plan.name} under another name, which is declared, so it stays; leave one"
                    " of the two out"
                )


def refuse_same(kept: Definition, plans: t.Iterable[Plan], have: t.Container[str]) -> None:
    """Refuse each new resource whose UUID a new one before it in the list has."""
    owners: dict[str, str] = {}
    for plan in plans:
        uuid = planned_uuid(plan) if plan.name not in have else None
        other = plan.name if uuid is None else owners.setdefault(uuid, plan.name)
        if other != plan.name:
            clash = f"uuid: is that of the {kept.noun} {label(other)} as well, which is declared, too"
            plan.refuse(f"{clash}: give each its own, or leave it out")


def declared_uuids(kind: str, wants: t.Iterable[Item], there: t.Container[str]) -> dict[str, str]:
    """The names of declared resources that are not there, by the UUID that each has or would get."""
    return {
        str(want.get("uuid") or derive_uuid(Scope(kind, want["name"], Host(), item=want))).lower(): want["name"]
        for want in wants
        if want["state"] != "absent" and want["name"] not in there
    }


def way_out_of_rename(kept: Definition, plan: Plan, there: str) -> str:
    """What to do about a resource that was renamed."""
    noun = kept.noun
    way = kept.rename.format(there=ShellWord(there), name=ShellWord(plan.name))
    return (
        f"define: its UUID is that of the {noun} {label(there)}, so it is that {noun} under another name:"
        f" {way}; or declare {label(there)} instead of {plan.name}, or give {plan.name} another uuid"
    )


def undeclared(kind: str, there: t.Sequence[Resource], asked: Asked) -> list[Resource]:
    """Those that nobody declares, by name: libvirt lists them in no order, and each run tells the same.

    One whose UUID is that of a declared one was renamed by hand, and is declared.
    """
    names = {found.name() for found in there}
    renamed = declared_uuids(kind, asked.wants, names)
    known = asked.names | asked.forecast.gone(kind)
    left = [found for found in there if found.name() not in known and found.UUIDString() not in renamed]
    return sorted(left, key=lambda found: str(found.name()))

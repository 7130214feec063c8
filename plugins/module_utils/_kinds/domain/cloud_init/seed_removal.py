# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes of seeds that guests give up: they go, for they hold nothing but what was declared."""

from __future__ import annotations

import dataclasses
import typing as t

from ...._engine.live import RESTART
from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Change, Item
from ...._engine.step import Step, StepPlace
from ...._libvirt.objects import Connection
from ...._storage import storage_observe
from ...._storage.forecast import Forecast
from ...._storage.manifest import Manifest
from ...._storage.removal import because, to_be_removed
from ...._storage.storage_observe import ObservedPool, source_place
from ...._storage.survey_users import all_users
from ...._storage.users import StorageUsers
from ...shared import declared_uses
from ..disks.disk_removal import not_ours
from ..disks.guest_disks import key_of
from .seeds import WHERE, is_ours, seed_of

GIVE_UP = ("detach_device", "shutdown", "stop")
"""Actions after which a running guest has its seed no more."""


def plan_removals(
    connection: Connection,
    plans: t.Sequence[Plan],
    wants: t.Sequence[Item],
    have: t.Mapping[str, Observed],
    pools: t.Mapping[str, ObservedPool],
    forecast: Forecast,
) -> None:
    """Plan that the volumes of seeds go which guests give up by ``cloud_init: null``, once nobody has them any more."""
    giving_up = [
        plan
        for plan, want in zip(plans, wants, strict=True)
        if want["state"] != "absent" and WHERE in want and want[WHERE] is None and plan.problem is None
    ]
    if not giving_up:
        return
    noted = Manifest(connection.getURI()).entries("volumes")
    left = {key: plan for plan in giving_up for key, facts in noted.items() if is_ours(facts, plan.name)}
    had = {key: plan for plan in giving_up for key in had_by(have.get(plan.name), pools) if key not in left}
    volumes = storage_observe.volumes(connection, [*left, *had], expected=left) if left or had else {}
    if not volumes:
        return
    users = all_users(connection, forecast=forecast)
    declared_uses.add_guests(users, plans, wants, have)
    for key, volume in volumes.items():
        plan = left.get(key) or had[key]
        who = holders(plan, key, volume, users)
        if key in left or not who:
            plan_removal(plan, key, volume, noted.get(key), users, runs_with(have.get(plan.name)))


def had_by(have: Observed | None, pools: t.Mapping[str, ObservedPool]) -> list[str]:
    """The volume that a guest has as its seed, also where it was made under another name, or on another host."""
    node = None if have is None else seed_of(have.definition)
    place = None if node is None else source_place(node.find("source"))
    key = None if place is None else key_of(place, pools)
    return [] if key is None else [key]


def holders(plan: Plan, key: str, volume: Observed, users: StorageUsers) -> list[str]:
    """Who else has the seed of a guest, in words; also a snapshot, or a saved state that the guest does not leave."""
    own = {f"guest {plan.name}"}
    if any(step.action == "start" for step in plan.steps):
        own.add(f"guest {plan.name} (saved)")
    uses = users.uses(key, volume.definition.findtext("target/path"))
    return list(dict.fromkeys(use.who for use in uses if use.who not in own))


def runs_with(have: Observed | None) -> bool:
    """Whether a guest runs that has a seed, be it that its definition has none any more."""
    return have is not None and have.live is not None and seed_of(have.live) is not None


def plan_removal(
    plan: Plan, key: str, volume: Observed, facts: t.Mapping[str, str] | None, users: StorageUsers, running: bool
) -> None:
    """Plan that one volume goes. What is not sure to be the one that was made stays, and is said.

    :param running: whether the guest runs and has a seed, which it keeps until it stops
    """
    reason = not_ours(volume, facts)
    if reason is None:
        who = holders(plan, key, volume, users)
        reason = f"it {because(who, users.doubts)}" if who or users.doubts else None
    if reason is not None:
        plan.warn_of_leftover(f"its seed {key} stays: {reason}")
        return
    # One that an earlier run asked for its seed in vain will not give it up now.
    gives_up = any(step.action in GIVE_UP and plan.waiting.keys().isdisjoint(step.reaches) for step in plan.steps)
    if running and not gives_up:
        plan.waiting.setdefault(f"volume {key}", RESTART)
    elif gives_up or not waits(plan):
        step = dataclasses.replace(to_be_removed(key, volume), guest=plan.name)
        path = f"volume {key}"
        plan.changes.append(Change(path, "present", "absent"))
        plan.steps.add(StepPlace.AFTER, Step("delete_seed", step, reaches=(path,)))
        plan.live_only = plan.live_only | {path}


def waits(plan: Plan) -> bool:
    """Whether the running guest keeps a disk until it starts anew."""
    return any(path.startswith("disks[") for path in (*plan.waiting, *plan.asked))

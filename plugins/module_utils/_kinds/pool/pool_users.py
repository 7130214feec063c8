# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests use a pool: by what they have in it, however that is spelled."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._errors import VirtfleetError
from ..._flow.options import Options
from ..._host.open_files import kept_open
from ..._libvirt.objects import Connection, StoragePool
from ..._storage.survey_users import all_users
from ..._storage.users import StorageUsers
from ..shared import declared_uses
from ..volume.storage_rules import TARGETS

GOING = "going"
"""The value of the step that stops a pool which goes."""


def pool_users(users: StorageUsers, name: str, going: t.Collection[str] = ()) -> list[str]:
    """The guests that have something in a pool, be it active or not, in words.

    A guest needs the pool that it names. Of several pools of type dir over one folder it needs no other: the files stay
    there, and libvirt knows them by the pool that is left.

    :param going: pools that go as well
    """
    found = {use: None for key, uses in users.volumes.items() if key.partition("/")[0] == name for use in uses}
    pool = users.pools.get(name)
    if pool is not None and not (pool.kind == "dir" and twins(users, name).difference(going)):
        for volume, path in pool.paths.items():
            found.update(dict.fromkeys(users.uses(f"{name}/{volume}", path)))
        if pool.target is not None and pool.target not in TARGETS.values():
            signs = {sign for sign in users.places.folder(pool.target) if sign.startswith("in ")}
            for path, uses in users.paths.items():
                if signs & users.places.holders(path):
                    found.update(uses)
    return list(dict.fromkeys(use.who for use in found if use.guest is not None))


def twins(users: StorageUsers, name: str) -> set[str]:
    """The other pools over the folder of a pool, by whatever path."""

    def folder(target: str | None) -> set[str]:
        signs = users.places.signs(target) if target is not None and target.startswith("/") else ()
        return {sign for sign in signs if sign.startswith("file ")}

    own = folder(users.pools[name].target)
    return {other for other, pool in users.pools.items() if other != name and own & folder(pool.target)}


def refuse_used(connection: Connection, plans: t.Iterable[Plan], options: Options) -> None:
    """Take the steps from the plan of each pool that is to go and that a guest uses, and say who.

    A pool that only stops, or gets another folder, is the user's to change; that says who will miss it.
    """
    plans = list(plans)
    going = [plan for plan in plans if any(step.action == "undefine" for step in plan.steps)]
    changed = [plan for plan in plans if plan not in going and (stops(plan) or new_folder(plan))]
    if not going and not changed:
        return
    users = all_users(connection, forecast=options.forecast)
    if going:
        declared_uses.add_uses(connection, users, options)
    names = {plan.name for plan in going}
    for plan in changed:
        warn_of_users(plan, users)
    for plan in going:
        who = pool_users(users, plan.name, names)
        who += declared_uses.users_of(connection, options, "pools", {plan.name})
        if who:
            plan.refuse(f"state: {in_use(who)}")
        plan.steps.give("stop", GOING)


def stops(plan: Plan) -> bool:
    """Whether a pool is to be inactive."""
    return any(change.path == "state" and change.after == "inactive" for change in plan.changes)


def new_folder(plan: Plan) -> tuple[str, str] | None:
    """The folder that a pool has, and the one that it gets in place of it, or None."""
    for change in plan.changes:
        if change.path == "target" and change.before is not None:
            return str(change.before), str(change.after)
    return None


def left_behind(users: StorageUsers, name: str, old: str) -> list[str]:
    """The guests with disks in the folder that a pool of type dir leaves, in words: in no pool, they cannot grow.

    Those that name the pool's volumes are told elsewhere.

    :param old: the folder
    """
    if twins(users, name):
        return []
    signs = {sign for sign in users.places.folder(old) if sign.startswith("in ")}
    found = [uses for path, uses in users.paths.items() if signs & users.places.holders(path)]
    return sorted({use.who for uses in found for use in uses if use.guest is not None})


def warn_of_users(plan: Plan, users: StorageUsers) -> None:
    """Say which guests will not find their disks once a pool is inactive, or has another folder."""
    pool, folder = users.pools.get(plan.name), new_folder(plan)
    stay = left_behind(users, plan.name, folder[0]) if folder is not None and pool and pool.kind == "dir" else []
    if folder is not None and stay:
        plan.warnings.append(
            f"target: the disks of {', '.join(stay)} stay in {folder[0]}, which is the folder of no pool then, so that"
            f" a guest whose disk has a size there is refused: declare another pool for {folder[0]} as well, or move"
            " these disks first"
        )
    if pool is None or pool.kind == "dir":  # Its files stay where they are for who names those.
        uses = [use for key, found in users.volumes.items() if key.partition("/")[0] == plan.name for use in found]
        who = {use.who for use in uses if use.guest is not None}
    else:
        who = set(pool_users(users, plan.name))
    if not who:
        return
    text = f"is used by {', '.join(sorted(who))}"
    if stops(plan):
        plan.warnings.append(f"{text}: guests do not start while a pool with their disks is inactive")
    if folder is not None:
        plan.warnings.append(f"{text}: their disks will be looked for in {folder[1]}, so move the files there")


def refuse_taken(connection: Connection, pool: StoragePool) -> None:
    """Raises VirtfleetError where somebody uses a device that a pool is about to be made on.

    libvirt takes a device for blank in which it finds nothing that it knows, such as a guest's raw disk.
    """
    users = all_users(connection)
    for device in ET.fromstring(pool.XMLDesc(0)).iterfind("source/device"):
        path = device.get("path") or ""
        who = [use.who for sign in sorted(users.signs(path)) for use in users.found.get(sign, ())]
        program = kept_open(path, now=True) if path.startswith("/") else None
        who += [] if program is None else [program]
        if who:
            raise VirtfleetError(
                f"start: nothing is made anew on {path}, which is used by {', '.join(dict.fromkeys(who))}"
            )


def last_look(connection: Connection, name: str) -> None:
    """Raises VirtfleetError, right before a pool that goes is stopped, where a guest uses it by now."""
    who = pool_users(all_users(connection), name)
    if who:
        raise VirtfleetError(f"stop: {in_use(who)}")


def in_use(who: t.Iterable[str]) -> str:
    """Why a pool stays."""
    return f"is used by {', '.join(sorted(set(who)))}: take their disks out of it, or keep it"

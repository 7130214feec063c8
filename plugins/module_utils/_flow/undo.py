# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take back what was made for a resource that then failed: what fails leaves nothing behind.

Only what this run made goes: a definition that is new and does not run, and the volumes that were made for a guest.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._engine.plan import Plan
from .._engine.step import Step
from .._errors import VirtfleetError
from .._kinds.domain import undefine as departures
from .._kinds.domain.undefine import Belongings
from .._kinds.pool.pool_actions import lookup
from .._kinds.volume import volume_actions
from .._kinds.volume.storage_plan import Making
from .._storage.manifest import Manifest
from .._storage.removal import Going
from .._storage.storage_observe import identity
from .connection import LibvirtError, lacks, said
from .renames import NOUN, planned_uuid

RUNS = frozenset(("start", "start_paused"))
"""Steps after which a resource is in use, and stays."""
STORES = frozenset(("make_volume", "grow_volume", "fill_seed"))
"""Steps that change volumes, which do not go with the definition of a guest."""
LOOKUP = {"domain": "lookupByName", "network": "networkLookupByName", "pool": "storagePoolLookupByName"}
GONE = ("VIR_ERR_NO_DOMAIN", "VIR_ERR_NO_NETWORK", "VIR_ERR_NO_STORAGE_POOL")


class Another(VirtfleetError):
    """Somebody else's resource has the name of a new one by now, and stays as it is."""

    def __init__(self, plan: Plan, uuid: str) -> None:
        super().__init__(
            f"somebody removed the new {NOUN[plan.kind]} {plan.name} meanwhile and defined another one of that name"
            f" (UUID {uuid}), which stays as it is; run again"
        )


def is_new(plan: Plan) -> bool:
    """Whether a plan makes a definition that was not there."""
    return plan.kind in LOOKUP and any(change.path == "definition" and change.before is None for change in plan.changes)


def defines(plan: Plan) -> bool:
    """Whether the steps of a plan that are done have defined something."""
    return any(step.action == "define" for step in plan.steps[: plan.done])


def made(connection: t.Any, plan: Plan) -> t.Any:
    """What has the name of a new resource after it was defined. None where nothing has.

    Raises Another where it has another UUID than was defined, libvirtError where libvirt cannot tell.
    """
    try:
        found = getattr(connection, LOOKUP[plan.kind])(plan.name)
    except LibvirtError as error:
        if not lacks(error, *GONE):
            raise
        return None
    uuid = planned_uuid(plan)
    if uuid is not None and found.UUIDString() != uuid:
        raise Another(plan, found.UUIDString())
    return found


def undo(connection: t.Any, plan: Plan, options: t.Any) -> str:
    """Take back what the steps of a plan made before one of them failed.

    Returns what could not be taken back, to be read after the reason of the failure; empty where nothing is left.
    Changes nothing where the definition is not new: a resource that was there keeps what it has got.
    """
    if plan.kind == "volume":
        return ""
    parts = [*plan.cut_off, plan]
    done = [(part, step) for part in parts for step in part.steps[: part.done]]
    actions = {step.action for _part, step in done}
    maker = next((part for part in parts if defines(part) and is_new(part)), None)
    if ("define" in actions and maker is None) or actions & RUNS:
        return ""
    left: list[str] = []
    others = ""
    if maker is not None:
        try:
            attempt(left, f"the {plan.kind} stays defined", forget, connection, maker)
        except Another as error:
            others = f"; {error}"
        if not left:
            for part, step in done:
                part.undone += [] if step.action in STORES else [step]
    for part, step in reversed(done) if not left else ():
        if step.action == "make_volume":
            failed = len(left)
            attempt(left, f"the volume {step.value.key} stays", remove, connection, plan.name, step.value, options)
            part.undone += [step] if len(left) == failed else []
    if others and not left:
        plan.changes = []  # What is there is not what this run made.
    return others + "".join(f"; {line}" for line in left)


def attempt(left: list[str], what: str, action: t.Callable[..., None], *values: t.Any) -> None:
    """Do one thing, and note what stays where that fails. Raises Another."""
    try:
        action(*values)
    except Another:
        raise
    except LibvirtError as error:
        left.append(f"{what}: {said(error)}")
    except VirtfleetError as error:
        left.append(f"{what}: {error}")


def remove(connection: t.Any, guest: str, making: Making, options: t.Any) -> None:
    """Delete a volume that was made for a guest. Raises VirtfleetError where it may be another one, or is used."""
    pool = connection.storagePoolLookupByName(making.pool)
    volume = lookup(pool, making.name)
    if volume is None:
        return
    manifest = Manifest(connection.getURI())
    noted = manifest.entries("volumes").get(making.key, {})
    found = ET.fromstring(volume.XMLDesc())
    if manifest.kept and (noted.get("identity") is None or noted["identity"] != identity(found)):
        raise VirtfleetError("nothing tells whether it is the one that was made")
    going = Going(making.key, found.findtext("target/path"), identity(found), guest=guest)
    volume_actions.volume_delete(connection, guest, Step("delete_volume", going), options)


def forget(connection: t.Any, plan: Plan) -> None:
    """Forget the definition of a new resource, and nothing else of it. Raises Another where it is not that one.

    libvirt goes by the UUID of what was looked up, so that it undefines no other one of that name.
    """
    found = made(connection, plan)
    if found is None:
        return
    if found.isActive():
        raise VirtfleetError("it runs" if plan.kind == "domain" else "it is active")
    if plan.kind == "domain":
        departures.undefine(connection, plan.name, Belongings(uuid=found.UUIDString()))
        return
    found.undefine()
    if plan.kind == "pool":
        Manifest(connection.getURI()).drop("pools", plan.name)

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
from .._libvirt.connection import LibvirtError, message_of
from .._libvirt.objects import Connection, Resource
from .._storage.manifest import Manifest
from .kind import Definition, Kind

RUNS = frozenset(("start", "start_paused"))
"""Steps after which a resource is in use, and stays."""


class Another(VirtfleetError):
    """Somebody else's resource has the name of a new one by now, and stays as it is."""

    def __init__(self, noun: str, plan: Plan, uuid: str) -> None:
        super().__init__(
            f"somebody removed the new {noun} {plan.name} meanwhile and defined another one of that name"
            f" (UUID {uuid}), which stays as it is; run again"
        )


def is_new(kind: Kind, plan: Plan) -> bool:
    """Whether a plan makes a definition that was not there."""
    if kind.definition is None:
        return False
    return any(change.path == "definition" and change.before is None for change in plan.changes)


def defines(plan: Plan) -> bool:
    """Whether the steps of a plan that are done have defined something."""
    return any(step.action == "define" for step in plan.steps[: plan.done])


def find_new(connection: Connection, kind: Kind, plan: Plan) -> Resource:
    """What has the name of a new resource after it was defined. None where nothing has.

    Raises Another where it has another UUID than was defined, libvirtError where libvirt cannot tell.
    """
    kept = t.cast(Definition, kind.definition)
    found = kept.find(connection, plan.name)
    if found is None:
        return None
    uuid = planned_uuid(plan)
    if uuid is not None and found.UUIDString() != uuid:
        raise Another(kept.noun, plan, found.UUIDString())
    return found


def undo(connection: Connection, kind: Kind, plan: Plan, options: object) -> str:
    """Take back what the steps of a plan made before one of them failed.

    Returns what could not be taken back, to be read after the reason of the failure; empty where nothing is left.
    Changes nothing where the definition is not new: a resource that was there keeps what it has got.
    """
    if kind.definition is None:
        return ""
    parts = [*plan.cut_off, plan]
    done = [(part, step) for part in parts for step in part.steps[: part.done]]
    actions = {step.action for _part, step in done}
    maker = next((part for part in parts if defines(part) and is_new(kind, part)), None)
    if ("define" in actions and maker is None) or actions & RUNS:
        return ""
    left: list[str] = []
    others = ""
    if maker is not None:
        try:
            attempt(left, f"the {plan.kind} stays defined", forget, connection, kind, maker)
        except Another as error:
            others = f"; {error}"
            attempt(left, "a note of it stays", unnote, connection, kind, plan)
        if not left:
            for part, step in done:
                part.undone += [] if step.action in kind.stores else [step]
    for part, step in reversed(done) if not left else ():
        back = kind.take_back.get(step.action)
        if back is not None:
            failed = len(left)
            attempt(left, back.stays(step.value), back.remove, connection, plan.name, step.value, options)
            part.undone += [step] if len(left) == failed else []
    if others and not left:
        plan.changes = []  # What is there is not what this run made.
    return others + "".join(f"; {line}" for line in left)


def attempt(left: list[str], what: str, action: t.Callable[..., None], *values: object) -> None:
    """Do one thing, and note what stays where that fails. Raises Another."""
    try:
        action(*values)
    except Another:
        raise
    except LibvirtError as error:
        left.append(f"{what}: {message_of(error)}")
    except VirtfleetError as error:
        left.append(f"{what}: {error}")


def forget(connection: Connection, kind: Kind, plan: Plan) -> None:
    """Forget the definition of a new resource, and nothing else of it. Raises Another where it is not that one.

    libvirt goes by the UUID of what was looked up, so that it undefines no other one of that name.
    """
    found = find_new(connection, kind, plan)
    if found is None:
        return
    kept = t.cast(Definition, kind.definition)
    if found.isActive():
        raise VirtfleetError(kept.in_use)
    kept.undefine(connection, found)
    unnote(connection, kind, plan)


def unnote(connection: Connection, kind: Kind, plan: Plan) -> None:
    """Forget that this run began to make a resource."""
    if kind.record is not None:
        Manifest(connection.getURI()).take_back(kind.record.kind, plan.name)


def planned_uuid(plan: Plan) -> str | None:
    """The UUID of a definition that is to be made; None where it has none, and got none yet."""
    define = next((step for step in plan.steps if step.action == "define"), None)
    return plan.uuid if plan.uuid is not None or define is None else uuid_in(define)


def uuid_in(define: Step) -> str | None:
    """The UUID in the definition of a step, in lower case; None where it has none."""
    uuid = ET.fromstring(define.value).findtext("uuid")
    return None if uuid is None else uuid.strip().lower()

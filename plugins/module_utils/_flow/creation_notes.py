# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Note a new resource before it is defined, so that the run after one that was killed knows it, and ends its making.

Between the definition and what a new resource gets beside it, such as autostart, a run can be killed. What it made is
known by the UUID, which is chosen and noted before. The next run gives it what is missing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t
import uuid
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.observed import Observed
from .._engine.plan import Plan
from .._engine.progress import FINISH
from .._engine.step import Step, StepPlace
from .._errors import VirtfleetError
from .._libvirt.connection import LibvirtError
from .._libvirt.objects import Connection
from .._libvirt.process import made_by_another, own_process
from .._storage.manifest import Manifest, notes
from . import undo
from .kind import Action, Definition, Kind, Record
from .options import Options


def marked(connection: Connection, kind: Kind, have: dict[str, Observed]) -> dict[str, Observed]:
    """What is there, where what a killed run has not finished is marked as such."""
    if kind.record is None or not have:
        return have
    manifest = Manifest(connection.getURI())
    try:
        entries = manifest.entries(kind.record.kind) if manifest.kept else {}
    except VirtfleetError:
        return have  # It is said where something is to be noted.
    return {
        name: dataclasses.replace(found, unfinished=True) if is_unfinished(name, found, entries) else found
        for name, found in have.items()
    }


def is_unfinished(name: str, found: Observed, entries: t.Mapping[str, t.Mapping[str, str]]) -> bool:
    """Whether a resource is what a run noted that began to make it, and runs no more."""
    facts = entries.get(name, {})
    there = (found.definition.findtext("uuid") or "").strip().lower()
    return "making" in facts and facts.get("uuid") == there and made_by_another(name, facts) is None


def plan_finish(kind: Kind, plans: t.Iterable[Plan], have: t.Mapping[str, Observed]) -> None:
    """Put the step that ends the making of a resource into the plans of new ones, and of those that are unfinished.

    It comes after all that they are made with, and before they start: a start that fails takes a new one back.
    """
    if kind.record is None:
        return
    for entry in plans:
        found = have.get(entry.name)
        new = undo.is_new(kind, entry) or (found is not None and found.unfinished)
        if new and entry.problem is None:
            place = entry.steps.last_place(belongs)
            entry.steps.add(StepPlace.FORGET if place is None else place, Step(FINISH))


def belongs(step: Step) -> bool:
    """Whether a step is one that a resource is made with, or that takes it away."""
    return step.action in ("define", "undefine") or step.action.startswith("set_")


def prepare(connection: Connection, kind: Kind, plans: t.Sequence[Plan]) -> None:
    """Try, before the first step, that what is made can be noted. Raises VirtfleetError.

    That of storage is tried already (see stale_notes.prepare).
    """
    if notes(plans, (FINISH,)) and not notes(plans, kind.noted):
        Manifest(connection.getURI()).prepare()


def actions(kind: Kind) -> dict[str, Action]:
    """The step that ends the making of a resource."""
    if kind.record is None or kind.definition is None:
        return {}
    return {FINISH: functools.partial(finish, kind.record, kind.definition)}


@contextlib.contextmanager
def noted(connection: Connection, kind: Kind, plan: Plan, step: Step, options: Options) -> t.Iterator[Step]:
    """Note a new resource while it is defined. Gives what is carried out of the step: its definition has a UUID then.

    Where libvirt refuses the definition, nothing stays noted. Raises VirtfleetError where it cannot be noted.
    """
    record, kept = kind.record, kind.definition
    if record is None or kept is None or step.action != "define" or not undo.is_new(kind, plan):
        yield step
        return
    if kept.find(connection, plan.name) is not None:
        yield step  # Somebody defined it meanwhile: it is theirs.
        return
    step = identified(step)
    plan.uuid = undo.uuid_in(step)
    facts = {"owner": options.owner} if options.owner else {}
    manifest = Manifest(connection.getURI())
    manifest.put(record.kind, plan.name, uuid=str(undo.planned_uuid(plan)), making=own_process(), **facts)
    try:
        yield step
    except Exception:
        with contextlib.suppress(LibvirtError, VirtfleetError):  # What cannot be told now, the next run will know.
            if kept.find(connection, plan.name) is None:
                manifest.take_back(record.kind, plan.name)
        raise


def identified(step: Step) -> Step:
    """A step that defines something, with a UUID in its definition."""
    root = ET.fromstring(step.value)
    if root.findtext("uuid"):
        return step
    paths.ensure(root, ("uuid",)).text = str(uuid.uuid4())
    return dataclasses.replace(step, value=paths.text(root))


def finish(record: Record, kept: Definition, connection: Connection, name: str, step: Step, options: object) -> None:
    """Note a resource as made, where the note stays; else forget that it was begun."""
    manifest = Manifest(connection.getURI())
    facts = manifest.entries(record.kind).get(name, {}) if manifest.kept else {}
    if "making" not in facts or made_by_another(name, facts) is not None:
        return
    found = kept.find(connection, name)
    if record.lasting and found is not None and found.UUIDString() == facts.get("uuid"):
        manifest.put(record.kind, name, **{fact: value for fact, value in facts.items() if fact != "making"})
    else:
        manifest.drop(record.kind, name)

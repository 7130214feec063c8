# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the steps of a plan. One resource that fails stops neither the others nor hides.

An action is a generator: where it has to wait for the guest it yields, and the other resources go
on meanwhile; a hundred guests shut down in the time of one.
"""

from __future__ import annotations

import functools
import time
import typing as t

from .._engine.plan import Plan
from .._engine.step import Step
from .._errors import VirtfleetError
from .._host import meter, waiting_caller
from .._libvirt.connection import ConnectionLost, cut, ended, libvirt, message_of
from .._libvirt.objects import Connection
from .._printing import unforeseen
from .._storage.new_volumes import Forestalled
from .._storage.removal import NotRemoved
from .._storage.stale_notes import prepare
from . import creation_notes, failed_steps, undo
from .kind import Around, Kind, Work
from .new_definitions import NotKept, refuse_unkept
from .options import Options

POLL = 0.25
"""Seconds between two looks at guests that are waited for."""


ENDS = frozenset(("shutdown", "stop", "undefine"))
"""Steps after which a plan is carried out to its end."""

DefinedAhead = t.Container[object]


def apply(connection: Connection, kind: Kind, plans: t.Iterable[Plan], options: Options) -> dict[str, str]:
    """Run all steps. Returns what failed, by name: the action and the reason.

    :param kind: what the plans are of
    :param options: what the user says about how

    Raises VirtfleetError, before the first step, where what is made of storage could not be noted.
    """
    failed: dict[str, str] = {}
    plans = [plan for plan in plans if plan.steps]
    prepare(connection, plans, kind.noted)
    creation_notes.prepare(connection, kind, plans)
    for plan in plans:
        plan.begun = True
    with kind.around(connection, plans) as around:
        works = {plan.name: whole(connection, kind, plan, options, around) for plan in plans}
        go_on(works, failed)
    return failed


def go_on(works: dict[str, Work], failed: dict[str, str]) -> None:
    """Run to their end what is to be done, side by side. Puts down what failed, by name."""
    since: float | None = None
    while works:
        for name, work in list(works.items()):
            try:
                next(work)
            except StopIteration:
                del works[name]
            except VirtfleetError as error:
                del works[name]
                failed[name] = str(error)
            except Exception as error:  # One bad item never stops the others.
                del works[name]
                failed[name] = unforeseen(error)
        if works:
            since = time.monotonic() if since is None else since
            meter.waits(f"waiting for {meter.first_few(sorted(works))}", time.monotonic() - since)
            time.sleep(POLL)
    meter.over()


def whole(connection: Connection, kind: Kind, plan: Plan, options: Options, around: Around) -> Work:
    """The steps of one resource. Where one fails, what was made for a new resource is taken back."""
    try:
        yield from run(connection, kind, plan, options, around)
        return
    except ConnectionLost:
        raise  # What is there is looked at anew.
    except VirtfleetError as error:
        failed: Exception = error
    except Exception as error:  # One bad item never stops the others.
        failed = VirtfleetError(unforeseen(error))
    plan.failed = True
    if isinstance(failed, Forestalled):
        plan.unsure = None
    failed_steps.settle(connection, kind, plan)
    left = undo.undo(connection, kind, plan, options)
    if isinstance(failed, undo.Another):
        left = left.removeprefix(f"; {failed}")
    if isinstance(failed, NotKept) and not left:
        left = f"; so the new {kind.name} was taken back"
    raise VirtfleetError(f"{failed}{left}") if left else failed


def run(connection: Connection, kind: Kind, plan: Plan, options: Options, around: Around) -> Work:
    """The steps of one resource, in order; the first that fails is the last, unless it says otherwise.

    Where nobody waits for the result any more, that counts as a failure of the next step (see waiting_caller).
    """
    kept: NotRemoved | None = None
    defined = False
    actions = {**kind.actions, **creation_notes.actions(kind), **around.actions}
    for step in list(plan.steps):
        with waiting_caller.heeded(may_end_before(plan, step, around.defined_ahead)):
            waiting_caller.heed()
        try:
            if step.action not in kind.prepares:
                # Nobody gives up a disk that it runs with: only of one that goes is a disk still in use until then.
                stores = step.action in kind.stores
                yield from handed_over(plan, ("undefine",) if stores else ("define", "undefine"))
            if defined:
                undo.find_new(connection, kind, plan)
            with creation_notes.noted(connection, kind, plan, step, options) as noted:
                action = functools.partial(actions[step.action], connection, plan.name, noted, options)
                yield from carry_out(plan, step, action)
            plan.accepted(step)
        except libvirt.libvirtError as error:
            if cut(error):
                raise ConnectionLost(f"{step.action}: {message_of(error)}") from None
            failed_steps.refused(plan, error)
            if not step.reaches or ended(connection):
                raise VirtfleetError(f"{step.action}: {kind.why(connection, plan.name, error)}") from None
            reason = f"{step.action}: {kind.why(connection, plan.name, error)}"
            yield from failed_steps.refuse_gone(connection, kind, plan, error, reason)
            plan.refused(step, reason)
        except NotRemoved as error:
            plan.changes = [change for change in plan.changes if change.path != error.path]
            if error.last:
                raise
            kept = error
        except VirtfleetError as error:
            if not step.reaches:
                raise
            plan.refused(step, str(error))
        plan.done += 1
        plan.unsure = None
        defined = refuse_unkept(connection, kind, plan, step) or defined
    if kept is not None:
        raise kept


def carry_out(plan: Plan, step: Step, action: t.Callable[[], t.Iterator[None] | None]) -> Work:
    """One step, and what it waits for."""
    plan.unsure = step
    can_end = not belongs_to_what_was_done(plan)
    with waiting_caller.heeded(can_end):
        waits = action()
    if waits is not None:
        yield from heeding(waits, can_end, not is_restart(plan, step))


def heeding(work: t.Iterator[None], working: bool, waiting: bool) -> Work:
    """Wait for what a step waits for, unless nobody waits for the result any more. Raises Gone then.

    :param working: whether it can be broken off in what it does between two pauses, such as to fetch a base image
    :param waiting: whether it can be broken off after a pause
    """
    while True:
        with waiting_caller.heeded(working):
            try:
                next(work)
            except StopIteration:
                return
        yield
        with waiting_caller.heeded(waiting):
            waiting_caller.heed()


def may_end_before(plan: Plan, step: Step, defined_ahead: DefinedAhead) -> bool:
    """Whether a plan can be broken off before a step, so that it is taken back, or the next run goes on with it."""
    is_made = step.action == "define" and step.value in defined_ahead
    return not is_made and not belongs_to_what_was_done(plan)


def belongs_to_what_was_done(plan: Plan) -> bool:
    """Whether the rest of a plan ends what was begun: what was stopped to start anew starts, what goes goes."""
    return any(step.action in ENDS for step in plan.steps[: plan.done])


def is_restart(plan: Plan, step: Step) -> bool:
    """Whether a step stops what a later step of its plan starts again."""
    return step.action in ENDS and any(action in undo.RUNS for action in plan.ahead)


def handed_over(plan: Plan, actions: t.Iterable[str]) -> Work:
    """Wait until others have given up what a guest gets of them, and have stopped that exclude it.

    Raises VirtfleetError where one of them fails, or waits for this one in turn.

    :param actions: the steps of the others that are waited for
    """
    awaited = [(giver, tuple(actions)) for giver in plan.after] + [(giver, ("shutdown",)) for giver in plan.stopped]
    for giver, steps in awaited:
        plan.waits = giver
        while any(action in giver.ahead for action in steps):
            with waiting_caller.heeded(not belongs_to_what_was_done(plan)):
                waiting_caller.heed()
            if giver.failed:
                raise VirtfleetError(f"guest {giver.name} failed, so it may still have a disk of this one; run again")
            if any(other is plan for other in waited_for(giver)):
                raise VirtfleetError(
                    f"it and guest {giver.name} wait for each other's disks: take the disks from one of them in a run"
                    " of its own"
                )
            yield
    plan.waits = None


def waited_for(plan: Plan) -> t.Iterator[Plan]:
    """The plans that a plan waits for, directly or through others, each once."""
    seen: list[int] = []
    other = plan.waits
    while other is not None and id(other) not in seen:
        seen.append(id(other))
        yield other
        other = other.waits

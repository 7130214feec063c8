# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the steps of a plan. One resource that fails stops neither the others nor hides.

An action is a generator: where it has to wait for the guest it yields, and the other resources go
on meanwhile; a hundred guests shut down in the time of one.
"""

from __future__ import annotations

import dataclasses
import functools
import time
import typing as t

from .._engine.plan import Plan
from .._engine.step import Step
from .._errors import VirtfleetError
from .._host import listener
from .._kinds.domain import undefine as departures
from .._kinds.domain.define_batch import Definitions
from .._kinds.domain.disks import outside_disks
from .._kinds.domain.live import actions as reach
from .._kinds.domain.saved_states import is_saved
from .._kinds.domain.undefine import Belongings
from .._kinds.volume import storage_plan, volume_actions, volume_image
from .._printing import unforeseen
from .._storage.removal import Kept
from . import failed_steps, undo
from .connection import Lost, active, cut, ended, lacks, libvirt, said, stop
from .forecast import Forecast

POLL = 0.25
"""Seconds between two looks at guests that are waited for."""
REPEAT = 5.0
"""Seconds until a guest is asked again to shut down: one that still boots misses the first time."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What the user says about how, not what.

    :param shutdown_timeout: seconds that a guest has to shut down
    :param force_shutdown: whether it is switched off hard after that
    :param on_restart_needed: ``defer``, ``fail`` or ``restart`` (see plan)
    :param remove_storage: whether a guest that goes takes along the volumes that were made for it
    :param going: what else goes with a guest's definition
    :param purge: whether what the collection made goes once it is no longer declared
    :param owner: the label of what is made, and of what is purged
    :param elsewhere: the names of guests that are declared for other hosts, and are not purged here
    :param declared_volumes: for guests: the volumes that are declared as such, POOL/VOLUME, which go with no guest
    :param guest_networks: for networks: which of them the declared guests will be on (see handover), or None
    :param forecast: what earlier tasks of a run in check mode would have made
    :param check: whether it is check mode
    """

    shutdown_timeout: float = 120
    force_shutdown: bool = False
    on_restart_needed: str = "defer"
    remove_storage: bool = False
    going: Belongings = dataclasses.field(default_factory=Belongings)
    purge: bool = False
    elsewhere: t.Collection[str] = ()
    declared_volumes: t.Collection[str] = ()
    guest_networks: t.Mapping[str, t.Sequence[str]] | None = None
    owner: str = ""
    forecast: Forecast = dataclasses.field(default_factory=Forecast)
    check: bool = False


PREPARES = frozenset(("forget", "spare", "define"))
"""Steps that make a guest ready, but use none of its disks."""

ENDS = frozenset(("shutdown", "stop", "undefine"))
"""Steps after which a plan is carried out to its end."""

Made = t.Container[t.Any]
Work = t.Generator[None, None, None]
Action = t.Callable[[t.Any, str, Step, Options], t.Any]


def apply(connection: t.Any, plans: t.Iterable[Plan], options: Options) -> dict[str, str]:
    """Run all steps. Returns what failed, by name: the action and the reason.

    Raises VirtfleetError, before the first step, where what is made of storage could not be noted.
    """
    failed: dict[str, str] = {}
    plans = [plan for plan in plans if plan.steps]
    volume_actions.prepare(connection, plans)
    for plan in plans:
        plan.begun = True
    definitions = Definitions()
    definitions.ahead(connection, plans)
    actions = {**ACTIONS, ("domain", "define"): definitions.define}
    works = {plan.name: whole(connection, plan, options, actions, definitions.made) for plan in plans}
    with volume_image.downloads(storage_plan.fetched(plans)):
        go_on(works, failed)
    return failed


def go_on(works: dict[str, Work], failed: dict[str, str]) -> None:
    """Run to their end what is to be done, side by side. Puts down what failed, by name."""
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
            time.sleep(POLL)


def whole(
    connection: t.Any, plan: Plan, options: Options, actions: t.Mapping[tuple[str, str], Action], made: Made = ()
) -> Work:
    """The steps of one resource. Where one fails, what was made for a new resource is taken back.

    :param made: definitions that were made ahead of their turn
    """
    try:
        yield from run(connection, plan, options, actions, made)
        return
    except Lost:
        raise  # What is there is looked at anew.
    except VirtfleetError as error:
        failed: Exception = error
    except Exception as error:  # One bad item never stops the others.
        failed = VirtfleetError(unforeseen(error))
    plan.failed = True
    failed_steps.settle(connection, plan)
    left = undo.undo(connection, plan, options)
    if isinstance(failed, undo.Another):
        left = left.removeprefix(f"; {failed}")
    raise VirtfleetError(f"{failed}{left}") if left else failed


def run(
    connection: t.Any, plan: Plan, options: Options, actions: t.Mapping[tuple[str, str], Action], made: Made = ()
) -> Work:
    """The steps of one resource, in order; the first that fails is the last, unless it says otherwise.

    Where nobody waits for the result any more, that counts as a failure of the next step (see listener).
    """
    kept: Kept | None = None
    defined = False
    for step in plan.steps:
        action = functools.partial(actions[plan.kind, step.action], connection, plan.name, step, options)
        with listener.heeded(may_end_before(plan, step, made)):
            listener.heed()
        try:
            if step.action not in PREPARES:
                # Nobody gives up a disk that it runs with: only of one that goes is a disk still in use until then.
                stores = step.action in undo.STORES
                yield from handed_over(plan, ("undefine",) if stores else ("define", "undefine"))
            if defined:
                undo.made(connection, plan)
            yield from carry_out(plan, step, action)
        except libvirt.libvirtError as error:
            if cut(error):
                raise Lost(f"{step.action}: {said(error)}") from None
            failed_steps.refused(plan, error)
            if not step.reaches or ended(connection):
                raise VirtfleetError(f"{step.action}: {reason(connection, plan, error)}") from None
            plan.refused(step, f"{step.action}: {reason(connection, plan, error)}")
        except Kept as error:
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
        defined = defined or (step.action == "define" and undo.is_new(plan))
    if kept is not None:
        raise kept


def carry_out(plan: Plan, step: Step, action: t.Callable[[], t.Any]) -> Work:
    """One step, and what it waits for."""
    plan.unsure = step
    with listener.heeded(not belongs_to_what_was_done(plan)):
        waits = action()
    if waits is not None:
        yield from heeding(waits, not is_restart(plan, step))


def heeding(work: Work, yes: bool) -> Work:
    """Wait for what a step waits for, unless nobody waits for the result any more. Raises Gone then.

    :param yes: whether it can be broken off
    """
    for _pause in work:
        yield
        with listener.heeded(yes):
            listener.heed()


def may_end_before(plan: Plan, step: Step, made: Made) -> bool:
    """Whether a plan can be broken off before a step, so that it is taken back, or the next run goes on with it."""
    is_made = plan.kind == "domain" and step.action == "define" and step.value in made
    return not is_made and not belongs_to_what_was_done(plan)


def belongs_to_what_was_done(plan: Plan) -> bool:
    """Whether the rest of a plan ends what was begun: what was stopped to start anew starts, what goes goes."""
    return any(step.action in ENDS for step in plan.steps[: plan.done])


def is_restart(plan: Plan, step: Step) -> bool:
    """Whether a step stops what a later step of its plan starts again."""
    return step.action in ENDS and any(action in undo.RUNS for action in plan.ahead)


def reason(connection: t.Any, plan: Plan, error: t.Any) -> str:
    """What libvirt has against a step, in words."""
    return outside_disks.why(connection, plan.name, error) if plan.kind == "domain" else said(error)


def handed_over(plan: Plan, actions: t.Iterable[str]) -> Work:
    """Wait until others have given up what a guest gets of them, and have stopped that exclude it.

    Raises VirtfleetError where one of them fails, or waits for this one in turn.

    :param actions: the steps of the others that are waited for
    """
    awaited = [(giver, tuple(actions)) for giver in plan.after] + [(giver, ("shutdown",)) for giver in plan.stopped]
    for giver, steps in awaited:
        plan.waits = giver
        while any(action in giver.ahead for action in steps):
            with listener.heeded(not belongs_to_what_was_done(plan)):
                listener.heed()
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


def domain_start(connection: t.Any, name: str, step: Step, options: Options) -> None:
    """Start a guest. One that was saved while it was paused comes back paused."""
    domain = connection.lookupByName(name)
    was_saved = is_saved(domain)
    domain.create()
    if was_saved and domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()


def domain_start_paused(connection: t.Any, name: str, step: Step, options: Options) -> None:
    connection.lookupByName(name).createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)


def domain_resume(connection: t.Any, name: str, step: Step, options: Options) -> None:
    connection.lookupByName(name).resume()


def domain_suspend(connection: t.Any, name: str, step: Step, options: Options) -> None:
    connection.lookupByName(name).suspend()


def domain_autostart(connection: t.Any, name: str, step: Step, options: Options) -> None:
    connection.lookupByName(name).setAutostart(step.value)


def domain_shutdown(connection: t.Any, name: str, step: Step, options: Options) -> Work:
    """Ask the guest to shut down and wait, within bounds; switch it off only if told to."""
    domain = connection.lookupByName(name)
    deadline = time.monotonic() + options.shutdown_timeout
    asked: float | None = None
    while active(domain):
        now = time.monotonic()
        if now >= deadline and asked is not None:
            if not options.force_shutdown:
                raise VirtfleetError(
                    f"shutdown: the guest still runs {options.shutdown_timeout:g} s after it was asked to shut down;"
                    " give it longer with shutdown_timeout, or allow force_shutdown (guests_shutdown_timeout and"
                    " guests_force_shutdown of the role)"
                )
            stop(domain, lambda: domain.destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL))
            return
        if asked is None or now - asked >= REPEAT:
            ask(domain)
            asked = now
        yield


def ask(domain: t.Any) -> None:
    """Request a shutdown; that the guest is gone already is what was asked for."""
    try:
        domain.shutdown()
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_OPERATION_INVALID", "VIR_ERR_NO_DOMAIN"):
            raise


def domain_undefine(connection: t.Any, name: str, step: Step, options: Options) -> None:
    departures.undefine(connection, name, step.value or options.going)


def network_define(connection: t.Any, name: str, step: Step, options: Options) -> None:
    """Define, or define anew in place; libvirt validates the document first."""
    connection.networkDefineXMLFlags(step.value, libvirt.VIR_NETWORK_DEFINE_VALIDATE)


def network_start(connection: t.Any, name: str, step: Step, options: Options) -> None:
    connection.networkLookupByName(name).create()


def network_stop(connection: t.Any, name: str, step: Step, options: Options) -> None:
    network = connection.networkLookupByName(name)
    stop(network, network.destroy)


def network_undefine(connection: t.Any, name: str, step: Step, options: Options) -> None:
    try:
        network = connection.networkLookupByName(name)
    except libvirt.libvirtError as error:
        if lacks(error, "VIR_ERR_NO_NETWORK"):
            return  # A transient network goes when it stops.
        raise
    if network.isActive():
        raise VirtfleetError("undefine: somebody started it meanwhile, so it stays; run again")
    network.undefine()


def network_autostart(connection: t.Any, name: str, step: Step, options: Options) -> None:
    connection.networkLookupByName(name).setAutostart(step.value)


ACTIONS: dict[tuple[str, str], Action] = {
    **reach.ACTIONS,
    **volume_actions.ACTIONS,
    ("domain", "set_autostart"): domain_autostart,
    ("domain", "start"): domain_start,
    ("domain", "start_paused"): domain_start_paused,
    ("domain", "resume"): domain_resume,
    ("domain", "suspend"): domain_suspend,
    ("domain", "shutdown"): domain_shutdown,
    ("domain", "undefine"): domain_undefine,
    ("network", "define"): network_define,
    ("network", "set_autostart"): network_autostart,
    ("network", "start"): network_start,
    ("network", "stop"): network_stop,
    ("network", "undefine"): network_undefine,
}

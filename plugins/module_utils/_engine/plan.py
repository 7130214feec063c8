# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: a pure function of what is and what is declared. No libvirt, no Ansible.

Check mode, diff, ``changes`` and apply all print or run this one plan.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from .._errors import Invalid, VirtfleetError, refuse, refuse_input
from .._printing import unforeseen
from . import paths, refused_changes
from .contradiction import refuse_contradiction
from .kept_changes import lasting
from .live import ASKED, IGNORED, option_of, reach
from .observed import Observed
from .plan_state import plan_properties, plan_restart, plan_state
from .progress import is_brought_about, moved
from .rows.model import Change, Host, Item, OptionValue, Scope
from .rows.row_index import complete_rows, edit_rows, show_rows
from .step import Step, StepPlace, Steps
from .table import Table

STARTS = ("start", "start_paused")
"""Actions after which what runs is new, and was asked for nothing before."""


@dataclasses.dataclass
class Plan:
    """What is to be done to one resource, and what that changes.

    :param waiting: paths that the running resource gets only when it starts anew, with the reasons
    :param left: of the warnings, those of what stays behind once it is gone, and why
    :param running: whether something runs that a change can reach or not
    :param live_only: paths of changes that only what runs lacks; the definition has them
    :param kept_only: paths of changes that nothing that runs ever gets
    :param problem: why nothing is done about it, where that is known before
    :param obstacle: what is to become the problem once all of the input is known to be right (see hold_back)
    :param begun: whether something may have been done about it
    :param done: how many of the steps have been carried out
    :param uuid: the UUID with which a new resource was defined; the definition in its step need not have one
    :param unsure: the step that failed, or was cut off, where it may have come about all the same
    :param undone: those of them that were taken back afterwards
    :param asked: paths that the running guest was asked for by an earlier run and has not followed
    :param again: changes of which an earlier run was refused, and which are tried again
    :param failed: whether one of the steps failed
    :param after: plans of resources that have to give something up before this one may use it
    :param stopped: plans of resources that have to stop before this one may start
    :param waits: that of the resource that is waited for at this moment
    :param lacks: of a new resource, the changes that a definition which is kept of it lacks
    :param cut_off: earlier plans of the same run that were broken off as the connection was lost: what they made counts
        as made by this one
    :param to_come: of a resource that an earlier task makes, what later tasks have to know of it, as JSON can hold it
    """

    kind: str
    name: str
    steps: Steps = dataclasses.field(default_factory=Steps)
    changes: list[Change] = dataclasses.field(default_factory=list)
    waiting: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    left: list[str] = dataclasses.field(default_factory=list)
    running: bool = False
    live_only: frozenset[str] = frozenset()
    problem: str | None = None
    obstacle: str | None = None
    begun: bool = False
    done: int = 0
    uuid: str | None = None
    unsure: Step | None = None
    undone: list[Step] = dataclasses.field(default_factory=list)
    kept_only: frozenset[str] = frozenset()
    asked: list[str] = dataclasses.field(default_factory=list)
    again: list[Change] = dataclasses.field(default_factory=list)
    failed: bool = False
    after: list[Plan] = dataclasses.field(default_factory=list)
    stopped: list[Plan] = dataclasses.field(default_factory=list)
    waits: Plan | None = None
    lacks: t.Callable[[ET.Element], list[Change]] | None = None
    cut_off: list[Plan] = dataclasses.field(default_factory=list)
    to_come: dict[str, object] | None = None

    def warn_of_leftover(self, sentence: str) -> None:
        """Warn of what stays behind once the resource is gone."""
        self.warnings.append(sentence)
        self.left.append(sentence)

    def reached(self) -> list[Change]:
        """The changes that the steps carried out so far have brought about, as far as it can be told from them."""
        done = self.carried_out()
        if len(done) == len(self.steps):
            return self.changes if self.steps else []
        return self.brought_by(done)

    def possible(self) -> list[Change]:
        """The changes that came about, and those that the step which failed may have brought about."""
        if self.unsure is None:
            return self.reached()
        return self.brought_by([*self.carried_out(), self.unsure])

    def carried_out(self) -> list[Step]:
        """The steps that were carried out, and not taken back."""
        return [step for step in self.steps[: self.done] if not any(step is other for other in self.undone)]

    def brought_by(self, done: t.Sequence[Step]) -> list[Change]:
        """The changes that some of the steps bring about."""
        found = [change for change in self.changes if change.path != "state" and is_brought_about(change, self, done)]
        return found + moved(self, done)

    @property
    def ahead(self) -> list[str]:
        """The actions of the steps that are not carried out yet."""
        return [step.action for step in self.steps[self.done :]]

    @property
    def pending(self) -> list[str]:
        """The paths that wait for a restart."""
        return list(self.waiting)

    @property
    def behind(self) -> dict[str, str]:
        """The paths that what runs does not have, with the reasons: what waits, and what it was asked for in vain."""
        return {**dict.fromkeys(self.asked, ASKED), **self.waiting}

    def keep(self, changes: list[Change]) -> None:
        """Tell only of some of the changes: what did not come about does not wait for a restart either.

        :param changes: those that came about
        """
        gone = {change.path for change in self.changes} - {change.path for change in changes}
        self.waiting = {path: reason for path, reason in self.waiting.items() if path not in gone}
        self.changes = changes

    def refuse(self, problem: str) -> None:
        """Do nothing about this resource, for a reason; the others are not stopped by it."""
        self.problem = problem
        self.steps, self.changes, self.warnings, self.waiting = Steps(), [], [], {}

    def hold_back(self) -> None:
        """Refuse it where there is an obstacle. Wrong input refuses all of them, and comes before that."""
        if self.obstacle is not None and self.problem is None:
            self.refuse(self.obstacle)

    def refused(self, step: Step, reason: str) -> None:
        """Take note that the hypervisor would not do a step: what it was to bring waits for a restart."""
        self.waiting.update(dict.fromkeys(step.reaches, reason))
        gone = self.live_only.intersection(step.reaches)
        self.changes = [change for change in self.changes if change.path not in gone]

    def accepted(self, step: Step) -> None:
        """Take note that a step came about, which the plan did not expect to."""
        came = [change for change in self.again if change.path in step.reaches]
        self.changes += came
        self.waiting = {path: why for path, why in self.waiting.items() if all(path != one.path for one in came)}

    def settled(self, left: Plan) -> bool:
        """Whether nothing is left to do of this plan but what is known to wait."""
        if not any(step.action in STARTS for step in self.carried_out()):  # One that just started will follow.
            self.waiting.update(dict.fromkeys(left.asked, ASKED))
        carried = {path for step in self.carried_out() for path in step.reaches}
        for step in left.steps:
            if (
                step.reaches
                and left.live_only.union(self.waiting).issuperset(step.reaches)
                and carried.issuperset(step.reaches)
            ):
                self.refused(step, next((self.waiting[path] for path in step.reaches if path in self.waiting), IGNORED))
        return all(step.reaches and self.waiting.keys() >= set(step.reaches) for step in left.steps)


StepsFor: t.TypeAlias = "t.Callable[[Plan, str], t.Iterable[Step]]"
"""The steps for a definition that changes, or is new, from the plan with its changes and the XML. May raise Invalid."""


def define(plan: Plan, text: str) -> t.Iterable[Step]:
    """The step for a definition of what libvirt keeps definitions of."""
    return (Step("define", text),)


def plan(
    table: Table,
    have: t.Mapping[str, Observed],
    wants: t.Iterable[Item],
    host: Host,
    on_restart_needed: str = "defer",
) -> list[Plan]:
    """Plan every declared item.

    :param on_restart_needed: ``defer`` what only a restart brings, ``restart`` what it is for, or
        ``fail``

    Raises VirtfleetError, before anything is touched, where an item asks for what cannot be.
    """
    plans: list[Plan] = []
    lines: list[str] = []
    for want in wants:
        try:
            plans.append(plan_item(table, have.get(want["name"]), want, host, on_restart_needed))
        except Invalid as error:
            lines += [f"{table.kind} {want['name']}: {problem}" for problem in (error, *error.others)]
        except VirtfleetError:
            raise
        except Exception as error:  # One bad item must not hide what is wrong with the others.
            lines.append(f"{table.kind} {want['name']}: {unforeseen(error)}")
    refuse_input(lines)
    return plans


def plan_item(
    table: Table,
    have: Observed | None,
    want: Item,
    host: Host,
    on_restart_needed: str = "defer",
    steps_for: StepsFor = define,
) -> Plan:
    """Plan one item. Raises Invalid for what cannot be."""
    plan = Plan(table.kind, want["name"])
    if want["state"] == "absent":
        if have is not None:
            plan_state(table, plan, have.state, "absent")
        return plan
    scope = Scope(table.kind, want["name"], host, item=want)
    remarks = [] if table.remarks is None else list(table.remarks(want, have is None, host))
    properties: t.Mapping[str, object] = {}
    if have is None:
        want = plan_new(table, plan, want, scope, steps_for)
        state = table.initial
    else:
        plan_edit(table, plan, have, want, dataclasses.replace(scope, whole=want), steps_for)
        state, properties = have.state, have.properties
        want = with_new(table, want, scope) if have.unfinished else want
    plan_properties(table, plan, properties, want)
    plan_state(table, plan, state, want["state"])
    if plan.pending:
        plan_restart(table, plan, state, on_restart_needed)
    if plan.steps:
        plan.warnings += remarks
    return plan


def plan_new(table: Table, plan: Plan, want: Item, scope: Scope, steps_for: StepsFor) -> Item:
    """Plan a definition from nothing. Returns the declared item with what new ones get."""
    problems: list[Invalid] = []
    scope, declared = dataclasses.replace(scope, new=True), want
    if table.base is not None:
        want = table.base(want)
    whole = complete_rows(table.rows, want, scope, problems, "")
    refuse([*problems, *(problem for caution in table.cautions for problem in caution(want))])
    root = ET.fromstring(table.skeleton)
    edit_rows(table.rows, root, whole, scope, "", [])
    paths.arrange(root, (), table.order)
    refuse_contradiction(table, root, declared, scope)
    refuse([] if table.impossible is None else list(table.impossible(root, declared)))
    if table.sign is not None:
        table.sign(root, scope.host.owner)
    shown = show_rows(table.rows, whole)
    definition = {name: value for name, value in shown.items() if name not in table.properties}
    plan.changes.append(Change("definition", None, definition))
    plan.steps.add(StepPlace.DEFINITION, *steps_for(plan, paths.text(root)))
    plan.lacks = functools.partial(lacking, table, declared, scope)
    return whole


def with_new(table: Table, want: Item, scope: Scope) -> Item:
    """An item with what new ones get beside the definition, where it does not say anything of that."""
    whole = dict(want)
    for name, row in table.properties.items():
        if name not in want:
            row.complete(whole, scope, [], "")
    return whole


def lacking(table: Table, want: Item, scope: Scope, kept: ET.Element) -> list[Change]:
    """What a definition lacks of what is declared. Raises Invalid for what can never be changed any more.

    :param kept: the definition that is kept of what has just been defined
    """
    left = Plan(table.kind, want["name"])
    scope = dataclasses.replace(scope, new=False, whole=want, lenient=True)
    plan_edit(table, left, Observed(kept, None, table.initial, {}), want, scope)
    return left.changes


def plan_edit(table: Table, plan: Plan, have: Observed, want: Item, scope: Scope, steps_for: StepsFor = define) -> None:
    """Plan the way from an existing definition to the declared one, and on to what runs."""
    root = paths.clone(have.definition)
    if table.joined is not None:
        table.joined(root)
    changes: list[Change] = []
    if not have.persistent:
        changes.append(Change("persistent", False, True, "define"))
    known, left = list(root), list[str]()
    edit_rows(table.rows, root, want, dataclasses.replace(scope, left=left), "", changes)
    if table.fit is not None:
        table.fit(root, want)
    paths.arrange(root, known, table.order)
    refuse_contradiction(table, root, want, scope)
    refuse([] if table.impossible is None else list(table.impossible(root, want)))
    if changes and table.tidy is not None:
        seen = {change.path for change in changes}
        tidied = [change for change in table.tidy(have.definition, root, want) if change.path not in seen]
        changes += tidied
        left = [path for path in left if path not in {change.path for change in tidied}]
    plan.warnings += list(unmoved(want, left))
    if changes and table.normal is not None:
        changes = lasting(table, have.definition, root, changes, scope)
    touched = {option_of(change.path) for change in changes}
    doubts = [problem for caution in table.cautions for problem in caution(want)]
    refuse([problem for problem in doubts if option_of(problem.where) in touched])
    if changes:
        plan.changes += changes
        plan.steps.add(StepPlace.DEFINITION, *steps_for(plan, paths.text(root)))
    plan.running = have.state in table.active
    if have.live is not None and want["state"] not in table.inactive:
        plan_live(table, plan, have, have.live, want, dataclasses.replace(scope, model=root))


def unmoved(want: Item, left: t.Iterable[str]) -> t.Iterator[str]:
    """A sentence for each null that leaves something as it is.

    :param left: the paths of the options that stay
    """
    found: dict[str, list[str]] = {}
    for path in left:
        value: OptionValue = want
        names = path.split(".")
        for depth, name in enumerate(names):
            value = value.get(name)
            if value is None or value == []:
                found.setdefault(".".join(names[: depth + 1]), []).append(".".join(names[depth + 1 :]))
                break
    for path, inner in found.items():
        what = ", ".join(name for name in inner if name) or "it"
        yield f"{path}: null leaves {what} as it is, for libvirt fills that in by itself; give the value that you want"


def edited_live(
    table: Table, live: ET.Element, kept: ET.Element, want: Item, scope: Scope
) -> tuple[ET.Element, ET.Element, list[Change]]:
    """What runs as it is, and as it is declared, and what of that it lacks.

    :param kept: the definition that libvirt keeps, before it is changed
    """
    root = paths.clone(live)
    late: list[Change] = []
    given_back = [] if table.started is None else table.started(root, kept)
    if table.joined is not None:
        table.joined(root)
    before = paths.clone(root)
    # What is doubtful and new has been refused with the definition.
    edit_rows(table.rows, root, want, dataclasses.replace(scope, lenient=True), "", late)
    fitted = [] if table.fit is None else table.fit(root, want)
    if late and table.normal is not None:
        late = lasting(table, before, root, late, scope)
    late += [change for change in fitted if all(change.path != other.path for other in late)]
    for give_back in given_back:
        give_back()
    return before, root, late


def plan_live(table: Table, plan: Plan, have: Observed, live: ET.Element, want: Item, scope: Scope) -> None:
    """Plan what reaches the running resource now, and what waits for its next start."""
    now, root, late = edited_live(table, live, have.definition, want, scope)
    known = {change.path for change in plan.changes}
    reached = reach(table.strategies, root, now, late, known)
    steps = reached.steps
    plan.steps.add(StepPlace.LIVE, *steps)
    expected = refused_changes.expected(steps, have.refused, known)
    kept_only = {name for name, strategy in table.strategies.items() if strategy.kept_only}
    plan.kept_only = frozenset(change.path for change in plan.changes if change.live in kept_only)
    plan.asked, plan.waiting = reached.asked, {**reached.waiting, **expected}
    plan.again = [change for change in late if change.path in expected]
    live_only = [change for change in late if change.path not in (*known, *plan.waiting, *plan.asked)]
    plan.live_only = frozenset(change.path for change in (*live_only, *plan.again))
    plan.changes += live_only

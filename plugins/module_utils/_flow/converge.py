# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of every declaring module: observe, plan, apply, verify, report. What applies is loaded as it is needed."""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine import report
from .._engine.plan import Plan
from .._engine.refused_changes import to_note
from .._engine.report import Result
from .._engine.rows.model import Change, Item
from .._errors import Refused, VirtfleetError
from .._host import meter, waiting_caller
from .._libvirt.connection import TRIES, Session, cut_off
from .._libvirt.objects import Connection, GuestAddress
from .._libvirt.process import uncollected
from .._printing import label, unforeseen
from .._storage.forecast import Forecast
from .arguments import ASKED, FORECAST, UNFINISHED, Params
from .images_by_control import AskedEntry, FromControl
from .kind import Kind
from .module import DeclaringModule
from .options import Options
from .parameters import Parameters
from .purge import Leftovers, asked, leftovers
from .rehearsal import rehearse
from .schema import validate
from .survey import survey
from .unfinished import unfinished_work


@uncollected()
@waiting_caller.signals()
def declare(module: DeclaringModule, parameters: Parameters) -> None:
    """Make a module's ``config`` true, and end the module with the report."""
    wrong = parameters.wrong(module.params)
    if wrong is not None:
        module.fail_json(msg=wrong)
    kind = parameters.kind
    run = Run(module, kind, parameters.options(module.params))
    stopped: str | None = None
    lines: list[str] = []
    try:
        with meter.reporting(module.progress, module.hushed):
            run.converge()
    except VirtfleetError as error:
        stopped = str(error)
        lines = error.lines if isinstance(error, Refused) else [stopped]
    except Exception as error:  # Nobody reads a traceback; what was done until here is told all the same.
        stopped = f"{kind.name}s {run.doing}: {unforeseen(error)}"
        lines = [stopped]
    if run.asked and stopped is None:
        module.exit_json(changed=False, **{ASKED: run.asked})
    # Outside of the handlers: Ansible adds the traceback of an exception that is being handled.
    if stopped is not None and not run.begun:
        module.fail_json(msg=stopped)
    if stopped is not None:
        run.keep_reached()
    result, warnings = run.module_result(module._diff)
    result.update({"left": [module.hushed(line) for line in result["left"]]} if "left" in result else {})
    for warning in warnings:
        module.warn(warning)
    if not run.failed and stopped is None:
        module.exit_json(**result)
    failed = [f"{kind.name} {label(name)}: {problem}" for name, problem in run.failed.items()]
    head = [f"{len(failed)} of {run.total} {kind.name}s failed:"] if failed else []
    if stopped is not None:
        head = ["the run was broken off; 'changes' has what was done until then:", *lines, *head]
    if waiting_caller.is_gone():
        module.log(module.hushed("\n".join([*head, *failed])))  # Nobody reads the result.
    for line in report.all_the_same(run.plans, check=not run.begun):
        module.warn(line)  # Without --diff, nothing else says it.
    module.fail_json(
        msg="\n".join([*head, *failed]),
        failures=[{kind.name: name, "problem": problem} for name, problem in run.failed.items()],
        **result,
    )


class RunModule(t.Protocol):
    """What a run has to know of the module that it is for."""

    params: Params
    check_mode: bool
    forecast: Forecast
    brought: FromControl
    is_foretelling: bool
    is_planning: bool
    host: str


@dataclasses.dataclass
class Run:
    """One run of a declaring module, and how far it has come.

    :ivar doing: the step that it is in, in words
    :ivar plans: what is planned; later, what was done
    :ivar more: for each plan the ones that were made anew after the connection was lost
    :ivar failed: what failed, by name
    :ivar addresses: those of the guests that were waited for, by name
    :ivar undeclared: the names of what the owner made, nobody declares any more, and nothing purges
    :ivar unfinished: in a plan, whether the run would do something that is no change
    :ivar asked: what the control node is to bring, before anything is done
    :ivar foretold: in check mode, what guests will have once the plans are carried out, for the tasks after it
    """

    module: RunModule
    kind: Kind
    options: Options
    doing: str = "are read from config"
    total: int = 0
    wants: list[Item] = dataclasses.field(default_factory=list)
    plans: list[Plan] = dataclasses.field(default_factory=list)
    more: dict[int, list[Plan]] = dataclasses.field(default_factory=dict)
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)
    foretold: dict[str, dict[str, object]] | None = None
    addresses: dict[str, list[GuestAddress]] = dataclasses.field(default_factory=dict)
    undeclared: list[str] = dataclasses.field(default_factory=list)
    unfinished: bool = False
    asked: list[AskedEntry] = dataclasses.field(default_factory=list)

    def converge(self) -> None:
        """Plan, and unless in check mode carry out and verify.

        Raises VirtfleetError for refused input and a libvirt out of reach. Nothing was changed then
        unless ``begun`` is true.
        """
        self.read()
        with Session(self.module.params["uri"]) as session:
            self.prepare(session)
            self.asked = self.options.brought.wanted(self.plans, self.options.check)
            if self.asked:
                return
            if self.options.check:
                self.foretell(session)
                if session.absent is not None:
                    self.unfinished = self.module.is_planning
                    self.warnings.append(self.warning_of_fresh_host(session.absent))
                elif self.module.is_planning:
                    wait = self.kind.wait
                    waits = None if wait is None or self.failed else lambda wants: wait(session, wants, {}, None)
                    self.addresses, self.unfinished = unfinished_work(self.plans, self.wants, waits)
                return
            if session.absent is not None:
                raise session.absent
            look = self.kind.before
            before = None if look is None else session.read(lambda connection: look(connection, self.wants))
            if any(entry.steps for entry in self.plans):
                self.carry_out(session)
            self.wait(session, before)

    def read(self) -> None:
        """Read what is declared. Raises VirtfleetError for refused input."""
        if self.module.check_mode:
            self.options = dataclasses.replace(self.options, forecast=self.module.forecast, check=True)
        self.options = dataclasses.replace(self.options, brought=self.module.brought)
        self.wants = self.kind.table.parse(self.module.params["config"])

    def prepare(self, session: Session) -> None:
        """Observe and plan. Raises VirtfleetError for what is refused as a whole."""
        self.doing = "are looked up and planned"
        over = Leftovers()
        if self.options.purge:
            over = session.read(self.leftovers)
            # First, for what they hold may be declared anew under another name: a bridge, an address.
            self.wants = [*over.items, *self.wants]
        else:
            over.warnings += session.read(self.moved)
            self.undeclared = session.read(self.left_alone)
        self.wants, over.staying = session.read(lambda connection: self.hold(connection, over))
        plans = self.first_look(session)
        self.doing = "are held against libvirt's schema"
        validate(self.kind, plans, self.wants, str(self.module.params["uri"]))
        rehearse(self.kind, plans, self.wants, str(self.module.params["uri"]))
        for entry in plans:
            entry.hold_back()
        self.plans = plans
        self.failed = {**over.staying, **{entry.name: entry.problem for entry in plans if entry.problem is not None}}
        self.warnings = report.warnings(plans) + over.warnings
        self.total = len(self.wants) + len(over.staying)

    def module_result(self, differences: bool) -> tuple[Result, list[str]]:
        """The result of the module, and its warnings.

        :param differences: whether anyone wants to see ``diff``
        """
        result = report.result(self.plans, differences)
        if self.foretold:
            result[FORECAST] = self.foretold
        if self.unfinished:
            result[UNFINISHED] = True
        if self.kind.wait is not None:
            result["addresses"] = self.addresses
            result["left"] = report.left_behind(self.plans, self.failed)
        if self.kind.left_alone is not None:
            result["undeclared"] = self.undeclared
        return result, [*self.warnings, *result.pop("warnings", [])]

    def warning_of_fresh_host(self, absent: VirtfleetError) -> str:
        """That a plan was made without libvirt; with the host, which Ansible leaves out of warnings."""
        host = f"{label(self.module.host)}: " if self.module.host else ""
        return f"{host}libvirt is not there yet, so it is planned as for a host fresh from installation: {absent}"

    def foretell(self, session: Session) -> None:
        """Keep what later tasks have to know of the plans, where they ask for it."""
        foretell = self.kind.foretell
        if foretell is not None and self.module.is_foretelling and session.absent is None:
            self.foretold = session.read(lambda connection: foretell(connection, self.plans))

    def wait(self, session: Session, before: object = None) -> None:
        """Wait until what was made is of use, where that is asked for (see Kind.before)."""
        if self.kind.wait is not None:
            self.doing = "are waited for"
            self.addresses, late, warnings = self.kind.wait(session, self.wants, self.failed, before)
            self.failed.update(late)
            self.warnings += warnings

    def leftovers(self, connection: Connection) -> Leftovers:
        """What is no longer declared."""
        return leftovers(connection, self.kind, self.wants, self.options)

    def moved(self, connection: Connection) -> list[str]:
        """A sentence for each resource that is here, though it is declared for another host."""
        if connection is None or self.kind.moved is None or not self.options.elsewhere:
            return []
        return self.kind.moved(connection, self.wants, self.options)

    def left_alone(self, connection: Connection) -> list[str]:
        """What a purge would look at; nothing without a label, by which alone one knows whose it is."""
        if connection is None or self.kind.left_alone is None or not self.options.owner:
            return []
        return self.kind.left_alone(connection, asked(self.kind, self.wants, self.options))

    def hold(self, connection: Connection, over: Leftovers) -> tuple[list[Item], dict[str, str]]:
        """The items without those that go in a later call, and what is held back."""
        if self.kind.hold is None:
            return self.wants, over.staying
        return self.kind.hold(connection, over, self.wants, self.options)

    def first_look(self, session: Session) -> list[Plan]:
        """The plans of all items, before anything is changed. Raises VirtfleetError."""
        try:
            return session.read(lambda connection: survey(connection, self.kind, self.wants, self.options))
        except VirtfleetError:
            raise
        except Exception as error:  # Nobody reads a traceback; but which item it is about, everybody wants to know.
            reason = unforeseen(error)
        raise VirtfleetError(f"nothing was changed: {self.culprit(session)}: {reason}")

    def culprit(self, session: Session) -> str:
        """The item whose planning ends in an unforeseen error, found by halves; all of them where it is none alone."""
        suspects = self.wants
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            try:
                session.read(lambda connection: survey(connection, self.kind, half, self.options))  # noqa: B023
            except VirtfleetError:
                break
            except Exception:
                suspects = half
            else:
                suspects = suspects[len(half) :]
        if len(suspects) == 1:
            return f"{self.kind.name} {label(self.kind.table.identity(suspects[0]))}"
        return f"{self.kind.name}s {self.doing}"

    def carry_out(self, session: Session) -> None:
        """Apply and verify. Where a daemon went away in between, what is there is read again, and what
        is left is planned and applied anew."""
        from .apply import apply
        from .failed_steps import settle
        from .outcome import Traces, verify, with_gone

        self.doing = "are made so"
        touched = {index for index, entry in enumerate(self.plans) if entry.steps}
        failed = apply(session.connection, self.kind, self.plans, self.options)
        for _try in range(TRIES):
            if not session.lost() and not any(map(cut_off, failed.values())):
                break
            session.reopen()
            left, refused = self.look(session, list(range(len(self.wants))), self.options)
            for index, entry in left.items():
                settle(session.connection, self.kind, self.carried(index)[-1])
                entry.cut_off = self.cut_off(index, failed)
                self.more.setdefault(index, []).append(entry)
                self.plans[index].waiting.update(entry.waiting)
            failed = {**refused, **apply(session.connection, self.kind, left.values(), self.options)}
            touched.update(index for index, entry in left.items() if entry.steps)
        self.failed.update(failed)
        self.doing = "are looked at again"
        # What was as declared from the start has just been looked at.
        rest, refused = self.look(session, sorted(touched), self.options.for_second_look())
        for name, problem in refused.items():
            self.failed.setdefault(name, problem)
        seen = sorted(rest)
        done = [self.plans[index] for index in seen]
        came = [(self.carried(index), self.plans[index], self.reached(index)) for index in seen]
        traces = session.read(
            lambda connection: [
                Traces.of(carried, with_gone(connection, entry, reached)) for carried, entry, reached in came
            ]
        )
        self.failed = verify(done, [rest[index] for index in seen], self.failed, traces)
        self.note_refused(session, [(entry, rest[index]) for entry, index in zip(done, seen, strict=True)])
        for index in touched - rest.keys():
            self.plans[index].keep(self.reached(index))

    def note_refused(self, session: Session, pairs: t.Sequence[tuple[Plan, Plan]]) -> None:
        """Note what the hypervisor would not do, so that check mode expects it from now on.

        :param pairs: the plans that were carried out, each with what is left to do
        """
        note = self.kind.note_refused
        if note is None:
            return
        for name, reasons in [(done.name, to_note(done, left)) for done, left in pairs]:
            if reasons:
                session.read(lambda connection: note(connection, name, reasons))  # noqa: B023

    def cut_off(self, index: int, failed: t.Mapping[str, str]) -> list[Plan]:
        """The plans of an item that were broken off as the connection was lost, the last one among them."""
        last = self.carried(index)[-1]
        return [*last.cut_off, last] if cut_off(failed.get(last.name, "")) else []

    def look(self, session: Session, indices: list[int], options: Options) -> tuple[dict[int, Plan], dict[str, str]]:
        """What is left to do for some of the declared items, and by name why others cannot be planned.

        Something was done by now: input that is refused is the failure of its item, and of no other.
        """
        from .outcome import NOT_SO

        refused: dict[str, str] = {}
        while True:
            try:
                wants = [self.wants[index] for index in indices]
                plans = session.read(lambda connection: survey(connection, self.kind, wants, options))  # noqa: B023
                for entry in plans:
                    entry.hold_back()
                return dict(zip(indices, plans, strict=True)), refused
            except Refused as error:
                named = self.blamed(error.lines, indices)
                if not named:
                    raise
                for index, problems in named.items():
                    reason = "; ".join(problems)
                    refused[self.plans[index].name] = f"{NOT_SO}: {reason}"
                indices = [index for index in indices if index not in named]

    def blamed(self, lines: list[str], indices: list[int]) -> dict[int, list[str]]:
        """The items that lines of a refusal begin with, and what the lines say."""
        found: dict[int, list[str]] = {}
        for line in lines:
            for index in indices:
                want = self.wants[index]
                names = (self.plans[index].name, want["name"], self.kind.table.identity(want))
                starts = [f"{self.kind.name} {name}:" for name in names]
                start = next((one for one in starts if line.startswith(one)), None)
                if start is not None:
                    found.setdefault(index, []).append(line[len(start) :].strip())
                    break
        return found

    @property
    def begun(self) -> bool:
        """Whether anything may have been changed."""
        again = [entry for more in self.more.values() for entry in more]
        return any(entry.begun for entry in (*self.plans, *again))

    def carried(self, index: int) -> list[Plan]:
        """The plans of an item that were carried out, one after the other."""
        return [self.plans[index], *self.more.get(index, ())]

    def reached(self, index: int) -> list[Change]:
        """The changes of an item that are known to have come about, without having looked."""
        found: dict[str, Change] = {}
        for entry in self.carried(index):
            for change in entry.reached():
                before = found[change.path].before if change.path in found else change.before
                found[change.path] = dataclasses.replace(change, before=before)
        known = {change.path for change in self.plans[index].changes}
        return [change for path, change in found.items() if path in known or path == "state"]

    def keep_reached(self) -> None:
        """Have the plans tell only what was done, as the run was broken off."""
        for index, entry in enumerate(self.plans):
            entry.keep(self.reached(index))

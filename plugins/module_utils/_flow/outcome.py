# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what was planned for a resource against what is left to do now: the result tells what was done, and no more."""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine import report
from .._engine.plan import Plan
from .._engine.rows.model import Change
from .._libvirt.objects import Connection
from .._printing import printable, secret_name
from .._storage import storage_observe


@dataclasses.dataclass(frozen=True)
class Traces:
    """What the steps of a resource have brought about, of one plan or of several.

    :param reached: the changes that the steps which were carried out have brought about
    :param possible: the paths of these, and of those that a step which failed may have brought about
    :param states: the states that these steps lead to
    """

    reached: t.Sequence[Change]
    possible: frozenset[str]
    states: frozenset[str | None]

    @classmethod
    def of(cls, plans: t.Sequence[Plan], reached: t.Sequence[Change]) -> Traces:
        """Those of plans that were carried out one after the other."""
        possible = {change.path for plan in plans for change in plan.possible()}
        steps = [step for plan in plans for step in (*plan.carried_out(), plan.unsure) if step is not None]
        return cls(reached, frozenset(possible), frozenset(step.state for step in steps))


NOT_SO = "was made, but what is there now does not go with it"


def verify(
    plans: t.Sequence[Plan],
    rest: t.Sequence[Plan],
    failed: t.Mapping[str, str],
    traces: t.Sequence[Traces] | None = None,
) -> dict[str, str]:
    """Hold what was planned against what is left to do now.

    Takes from the plans the changes that did not come about, and returns what failed: the failures of apply, and
    every resource that libvirt left otherwise than it was told.

    :param rest: for each plan what is left to do now
    :param failed: the failures of apply by name
    :param traces: for each plan what its steps have brought about, where more belong to it than those of the plan
        itself
    """
    found = dict(failed)
    for index, (done, left) in enumerate(zip(plans, rest, strict=True)):
        trace = Traces.of([done], done.reached()) if traces is None else traces[index]
        if left.problem is not None:
            found.setdefault(done.name, f"{NOT_SO}: {left.problem}")
            done.keep(list(trace.reached))
            continue
        settled = done.settled(left)
        if not settled and done.name not in found:
            found[done.name] = unkept(left.changes)
        missing = {} if settled else {change.path: change for change in left.changes}
        if done.name in failed:
            broken_off(done, left, missing, trace)
        done.keep([now for change in done.changes for now in so_far(change, missing.get(change.path), trace)])
    return found


def broken_off(done: Plan, left: Plan, missing: t.Mapping[str, Change], trace: Traces) -> None:
    """Take from a plan that failed what its steps have not brought about, whoever else has done it since.

    :param missing: the changes that did not come about, by path
    """
    came = {change.path for change in trace.reached}
    state = missing.get("state")
    if "state" in came and state is None:
        came.add("restart")  # It has stopped, and runs again though its start failed.
    if "restart" not in came and any(change.path == "restart" for change in done.changes):
        done.waiting.update(left.waiting)
        # It has stopped, and did not start again.
        done.changes += [] if state is None else [Change("state", state.after, state.before)]
    done.keep(
        [
            change
            for change in done.changes
            if change.path in came or (change.path in trace.possible and not is_unseen(done, change))
        ]
    )
    done.running = left.running


def is_unseen(plan: Plan, change: Change) -> bool:
    """Whether a change does not show once it is looked at again, so that only its step tells of it.

    One that runs does not tell since when, what is left of a guest that is gone is not looked for, and of what is
    new also values are set that are not declared.
    """
    if change.path == "restart" or is_volume_gone(change):
        return True
    is_new = any(other.path == "definition" and other.before is None for other in plan.changes)
    return is_new and any(step.action == f"set_{change.path}" for step in plan.steps)


def is_volume_gone(change: Change) -> bool:
    """Whether a change is that a volume goes with its guest."""
    return change.path.startswith("volume ") and change.after == "absent"


def with_gone(connection: Connection, plan: Plan, reached: t.Sequence[Change]) -> list[Change]:
    """The changes of a plan that came about, with the volumes that are gone though their step failed.

    :param reached: those that the steps have brought about which were carried out
    """
    came = {change.path for change in reached}
    asked = {change.path[len("volume ") :]: change for change in plan.changes if is_volume_gone(change)}
    asked = {key: change for key, change in asked.items() if change.path not in came}
    pools = storage_observe.all_pools(connection) if asked else {}
    asked = {key: change for key, change in asked.items() if key.partition("/")[0] in pools}
    asked = {key: change for key, change in asked.items() if pools[key.partition("/")[0]].active}
    there = storage_observe.volumes(connection, asked) if asked else {}
    return [*reached, *(change for key, change in asked.items() if key not in there)]


def so_far(change: Change, left: Change | None, trace: Traces) -> list[Change]:
    """A change as far as it came about.

    A state that no step leads to is somebody else's doing: then that is told to which the steps have led.

    :param left: what is left of it; None for nothing
    """
    if change.path != "state":
        return [change] if left is None else []
    now = change.after if left is None else left.before
    if now == change.before:
        return []
    if now in trace.states:
        return [dataclasses.replace(change, after=now)]
    return [known for known in trace.reached if known.path == "state"]


def unkept(left: t.Iterable[Change]) -> str:
    """What libvirt did not keep of a definition, in words."""
    return f"libvirt took the definition but did not keep all of it: {', '.join(map(difference, left))}"


def difference(change: Change) -> str:
    """A change that did not come about, in words."""
    hidden = secret_name(report.name_of(change.path))
    before, after = (printable(value, hidden) for value in (change.before, change.after))
    if before == after or (isinstance(change.before, dict) and change.after is None):
        return f"{change.path} is not as declared" if change.after is not None else f"{change.path} is still there"
    return f"{change.path} is {before}, not {after}"

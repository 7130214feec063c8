# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of every declaring module: observe, plan, apply, verify, report."""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine import report
from .._engine.body import Item
from .._engine.plan import Observed, Plan, bare
from .._engine.table import Table
from .._errors import VirtfleetError
from . import observe, storage_observe
from .apply import Options, apply
from .connection import TRIES, Session
from .module import DeclaringModule
from .planners import plan_all
from .process import uncollected
from .purge import Leftovers, leftovers
from .schema import validate

Observe = t.Callable[[t.Any, t.Container[str]], dict[str, Observed]]

OBSERVE: dict[str, Observe] = {
    "domain": observe.domains,
    "network": observe.networks,
    "pool": storage_observe.pools,
    "volume": storage_observe.volumes,
}


@uncollected()
def declare(module: DeclaringModule, table: Table, options: Options | None = None) -> None:
    """Make a module's ``config`` true, and end the module with the report."""
    told = {"invocation": {"module_args": module.told}}
    try:
        result, failed = converge(module, table, options or Options())
    except VirtfleetError as error:
        module.fail_json(msg=str(error), **told)
    for warning in result.pop("warnings"):
        module.warn(warning)
    total = result.pop("total")
    if failed:
        lines = [f"{table.kind} {name}: {problem}" for name, problem in failed.items()]
        module.fail_json(
            msg="\n".join([f"{len(failed)} of {total} {table.kind}s failed:", *lines]),
            failures=[{table.kind: name, "problem": problem} for name, problem in failed.items()],
            **result,
            **told,
        )
    module.exit_json(**result, **told)


def converge(module: DeclaringModule, table: Table, options: Options) -> tuple[dict[str, t.Any], dict[str, str]]:
    """The report, and what failed by name.

    Raises VirtfleetError, with nothing changed, for refused input and a libvirt out of reach.
    """
    wants = table.parse(module.params["config"])
    with Session(module.params["uri"]) as session:
        over = Leftovers()
        if options.purge:
            over = session.read(lambda connection: leftovers(connection, table, wants, options.going))
            # First, for what they hold may be declared anew under another name: a bridge, an address.
            wants = [*over.items, *wants]
        plans = session.read(lambda connection: survey(connection, table, wants, options))
        validate(table, plans, wants)
        told: dict[str, t.Any] = {
            "warnings": report.warnings(plans) + over.warnings,
            "total": len(wants) + len(over.held),
        }
        failed = {**over.held, **{entry.name: entry.problem for entry in plans if entry.problem is not None}}
        if module.check_mode:
            if session.absent is not None:
                told["warnings"].append(f"planned as for a host fresh from installation: {session.absent}")
            return report_with(plans, module._diff, told), failed
        if session.absent is not None:
            raise session.absent
        if any(entry.steps for entry in plans):
            failed.update(carry_out(session, plans, table, wants, options))
        return report_with(plans, module._diff, told), failed


def report_with(plans: list[Plan], differences: bool, told: dict[str, t.Any]) -> dict[str, t.Any]:
    """The report, with what was told before."""
    result = report.result(plans, differences)
    return {**result, **told, "warnings": told["warnings"] + result.get("warnings", [])}


def survey(connection: t.Any, table: Table, wants: list[Item], options: Options) -> list[Plan]:
    """Observe and plan. The connection is None for a host without libvirt."""
    if connection is None:
        return plan_all(None, table, bare(table), wants, observe.bare_host(), options)
    wanted = {str(table.identity(want)) for want in wants}
    have = OBSERVE[table.kind](connection, wanted)
    return plan_all(connection, table, have, wants, observe.host(connection), options)


def carry_out(session: Session, plans: list[Plan], table: Table, wants: list[Item], options: Options) -> dict[str, str]:
    """Apply and verify. Where the daemon went away in between, what is there is read again, and what
    is left is planned and applied anew. Returns what failed by name."""
    touched = {index for index, entry in enumerate(plans) if entry.steps}
    failed = apply(session.connection, plans, options)
    for _try in range(TRIES):
        if not session.lost():
            break
        session.reopen()
        left = session.read(lambda connection: survey(connection, table, wants, options))
        failed = apply(session.connection, left, options)
        for done, more in zip(plans, left, strict=True):
            done.waiting.update(more.waiting)
        touched.update(index for index, entry in enumerate(left) if entry.steps)
    # Storage that stayed for a guest that goes as well is not looked at again.
    later = dataclasses.replace(options, on_restart_needed="defer", remove_storage=False)
    # What was as declared from the start has just been looked at.
    again = [wants[index] for index in sorted(touched)]
    rest = session.read(lambda connection: survey(connection, table, again, later))
    return verify([plans[index] for index in sorted(touched)], rest, failed)


def verify(plans: list[Plan], rest: list[Plan], failed: dict[str, str]) -> dict[str, str]:
    """Hold what was planned against what is left to do now.

    Takes from the plans the changes that did not come about, and returns what failed: the failures
    of apply, and every resource that libvirt left otherwise than it was told.
    """
    failed = dict(failed)
    for done, left in zip(plans, rest, strict=True):
        if done.settled(left):
            continue
        missing = {change.path for change in left.changes}
        if done.name not in failed:
            told = ", ".join(f"{change.path} is {change.before!r}, not {change.after!r}" for change in left.changes)
            failed[done.name] = f"libvirt took the definition but did not keep all of it: {told}"
        done.changes = [change for change in done.changes if change.path not in missing]
    return failed

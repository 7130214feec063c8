# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what is there: the flow of the modules that only read."""

from __future__ import annotations

import typing as t

from .._engine.adopt import adopt
from .._engine.observed import Observed
from .._engine.rows.model import Item
from .._engine.table import Table
from .._errors import Invalid, VirtfleetError
from .._libvirt.connection import Session
from .._libvirt.objects import Connection
from .._libvirt.process import uncollected
from .._printing import label, unforeseen
from .._shell_words import ShellWord
from .arguments import URI, Spec
from .kind import Definition
from .module import Module

FactsByName = dict[str, dict[str, object]]
"""Live facts of resources by name."""

ARGUMENTS: Spec = {
    **URI,
    "names": {"type": "list", "elements": "str"},
    "query": {"type": "str"},
}


class Every:
    """A container of all names."""

    def __contains__(self, name: object) -> bool:
        return True


@uncollected()
def inform(
    module: Module,
    table: Table,
    look: t.Callable[[Connection, t.Container[str]], dict[str, Observed]],
    live: t.Callable[[Connection, t.Container[str]], FactsByName],
    kept: Definition | None = None,
) -> None:
    """End the module with what is there.

    :param look: reads the resources of some names
    :param live: reads what they are doing
    :param kept: how libvirt keeps definitions of this kind; None for volumes
    """
    if module.params["query"] is not None:
        module.fail_json(msg="query is evaluated on the control node, by the action plugin of this module")
    names: t.Container[str] = Every() if module.params["names"] is None else set(module.params["names"])
    problem, resources = None, []
    try:
        with Session(module.params["uri"]) as session:
            if session.absent is not None:
                raise session.absent
            found = session.read(lambda connection: look(connection, names))
            facts = session.read(lambda connection: live(connection, names))
        resources = [
            {**described(table, name, have, kept), **facts.get(name, {})} for name, have in sorted(found.items())
        ]
    except VirtfleetError as error:
        problem = str(error)
    except Exception as error:  # Nobody reads a traceback.
        problem = f"{table.kind}s are read: {unforeseen(error)}"
    if problem is not None:
        module.fail_json(msg=problem)
    module.exit_json(changed=False, **{f"{table.kind}s": resources})


def described(table: Table, name: str, have: Observed, kept: Definition | None = None) -> dict[str, object]:
    """One resource. Raises VirtfleetError, naming it, for a definition that cannot be told."""
    try:
        return entry(table, have, kept)
    except Exception as error:
        raise VirtfleetError(f"{table.kind} {label(name)}: {unforeseen(error)}") from None


def entry(table: Table, have: Observed, kept: Definition | None = None) -> dict[str, object]:
    """One resource: what it is, and the config that declares it as it is."""
    adopted = adopt(table, have.definition)
    observed = {**have.properties, "state": have.state}
    config = {**adopted.config, **observed}
    return {
        "name": adopted.config["name"],
        "uuid": adopted.config.get("uuid"),
        **observed,
        "persistent": have.persistent,
        "config": config,
        "secrets": adopted.secrets,
        "uncovered": adopted.uncovered,
        "refused": refused(table, config, kept),
    }


def refused(table: Table, config: Item, kept: Definition | None) -> list[str]:
    """Why a fleet that declares a resource as it is would be refused, a sentence each.

    What libvirt holds is doubtful only to a check that does not ask the host, such as a path that is not from the root.

    :param kept: how libvirt keeps definitions of its kind; None for volumes
    """
    item, problems = table.parse_item(config)
    return [refusal(config["name"], problem, kept) for problem in problems or table.doubts(item)]


def refusal(name: str, problem: Invalid, kept: Definition | None) -> str:
    """Why a resource cannot be declared as it is. One that has to get another name before says how."""
    if problem.where != "name" or kept is None:
        return str(problem)
    way = kept.rename.format(there=ShellWord(name), name=ShellWord("NEW-NAME"))
    return f"{problem}; give it another name on the host: {way}"

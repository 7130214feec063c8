# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what is there: the flow of the modules that only read."""

from __future__ import annotations

import typing as t

from .._engine.adopt import adopt
from .._engine.plan import Observed
from .._engine.table import Table
from .._errors import VirtfleetError
from .._libvirt.connection import Session
from .._libvirt.process import uncollected
from .._printing import label, unforeseen
from .arguments import URI
from .module import Module

Facts = dict[str, dict[str, t.Any]]
"""Live facts of resources by name."""

ARGUMENTS: dict[str, t.Any] = {
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
    look: t.Callable[[t.Any, t.Container[str]], dict[str, Observed]],
    live: t.Callable[[t.Any, t.Container[str]], Facts],
) -> None:
    """End the module with what is there.

    :param look: reads the resources of some names
    :param live: reads what they are doing
    """
    if module.params["query"] is not None:
        module.fail_json(msg="query is evaluated on the control node, by the action plugin of this module")
    names: t.Container[str] = Every() if module.params["names"] is None else set(module.params["names"])
    problem, told = None, []
    try:
        with Session(module.params["uri"]) as session:
            if session.absent is not None:
                raise session.absent
            found = session.read(lambda connection: look(connection, names))
            facts = session.read(lambda connection: live(connection, names))
        told = [{**described(table, name, have), **facts.get(name, {})} for name, have in sorted(found.items())]
    except VirtfleetError as error:
        problem = str(error)
    except Exception as error:  # Nobody reads a traceback.
        problem = f"{table.kind}s are read: {unforeseen(error)}"
    if problem is not None:
        module.fail_json(msg=problem)
    module.exit_json(changed=False, **{f"{table.kind}s": told})


def described(table: Table, name: str, have: Observed) -> dict[str, t.Any]:
    """One resource. Raises VirtfleetError, naming it, for a definition that cannot be told."""
    try:
        return entry(table, have)
    except Exception as error:
        raise VirtfleetError(f"{table.kind} {label(name)}: {unforeseen(error)}") from None


def entry(table: Table, have: Observed) -> dict[str, t.Any]:
    """One resource: what it is, and the config that declares it as it is."""
    adopted = adopt(table, have.definition)
    beside = {**have.properties, "state": have.state}
    config = {**adopted.config, **beside}
    return {
        "name": adopted.config["name"],
        "uuid": adopted.config.get("uuid"),
        **beside,
        "persistent": have.persistent,
        "config": config,
        "secrets": adopted.secrets,
        "uncovered": adopted.uncovered,
        "refused": refused(table, config),
    }


def refused(table: Table, config: dict[str, t.Any]) -> list[str]:
    """Why a fleet that declares a resource as it is would be refused, a sentence each.

    What libvirt holds is doubtful only to a check that does not ask the host, such as a path that is not from the root.
    """
    item, problems = table.parse_item(config)
    return [str(problem) for problem in problems or table.doubts(item)]

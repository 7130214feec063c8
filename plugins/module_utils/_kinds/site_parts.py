# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site knows of each kind of resource: the folder of the kind says it in a file site_part.py.

This is for the control node, which has all files. On a host, a module has only what it imports by name.
"""

from __future__ import annotations

import functools
import importlib
import os
import typing as t

from .._engine.table import Table

FILE = "site_part"
"""The file of a kind that has its SITE_PART."""

FIRST = (
    "host_found",
    "host_installed",
    "host_after_installing",
    "host_stopped",
    "host_services",
    "host_after_starting",
    "host_refused",
    "links_plan",
    "links_declared",
)
"""Where the roles host and links leave the results of their tasks."""

LAST = ("links_removed",)
"""The same of links that are removed."""


class SitePart(t.NamedTuple):
    """A kind of resource, as the playbook site and the check of the fleet know it.

    :param table: its options
    :param place: where it comes among the kinds, as a number: they are declared in this order, and removed in the other
    :param module: the module that declares it; empty where it has none of its own
    :param variable: the variable of the inventory that declares it; empty where none does
    :param of_fleet: whether the variable is for the whole fleet, and not for one host
    :param purge: the variable of a role that has those removed which the list no longer has; empty where none does
    :param result: where the role leaves the result of its task; empty where no task declares it
    :param removed: where the role leaves the result of the task that removes it; empty where there is none
    :param role: the role whose tasks for it follow from this (tests/tools/site_tasks.py); empty where somebody wrote
        them. Others refer to such a kind: it is declared first, and removed last
    :param text: what the role says of the variable; for a kind with a role only
    """

    table: Table
    place: int
    module: str = ""
    variable: str = ""
    of_fleet: bool = False
    purge: str = ""
    result: str = ""
    removed: str = ""
    role: str = ""
    text: str = ""

    @property
    def kind(self) -> str:
        """Its name, such as ``network``."""
        return self.table.kind


@functools.cache
def site_parts() -> tuple[SitePart, ...]:
    """Those of all kinds, in their order."""
    folder = os.path.dirname(os.path.abspath(__file__))
    names = sorted(name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name, f"{FILE}.py")))
    found: list[SitePart] = [importlib.import_module(f".{name}.{FILE}", __package__).SITE_PART for name in names]
    return tuple(sorted(found, key=lambda part: part.place))


def results() -> tuple[str, ...]:
    """Where the roles leave the results of their tasks, in the order of the site."""
    removed = (part.removed for part in reversed(site_parts()) if part.removed)
    return (*FIRST, *declared_results(), *removed, *LAST)


def declared_results() -> tuple[str, ...]:
    """Where the roles leave the results of the tasks that declare resources of a kind."""
    return tuple(part.result for part in site_parts() if part.result)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a declaration is made of what is known only while the roles run: no look before them can tell what it says.

A template may name the results of the roles' tasks (``host_found.virtualization.kind``), or variables of Ansible that
differ between plays and roles. Before the roles run, these are not there, or are those of an earlier run. Whether a
template can do without them, as with ``default``, does not matter: it says something else then.
"""

from __future__ import annotations

import re
import typing as t

from ._fleet_changes import RESULTS

OF_THE_SITE = ("site_looked", "site_planning", "site_planned_only", "site_asked", "links_leave_used")
"""Variables that the playbook site sets itself."""

OF_ANSIBLE = (
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
    "play_hosts",
    "discovered_interpreter_python",
    # By these, a template reads a variable whose name it makes up.
    "vars",
    "varnames",
)
"""Names in templates whose value differs between the look and a task of a role (Ansible's special variables)."""

LATER = re.compile(
    rf"\b(?:{'|'.join((*RESULTS, *OF_THE_SITE, *OF_ANSIBLE))}"
    r"|ansible_(?:play_\w+|\w*role\w*|collection_name|current_hosts|failed_\w+|delegated_vars))\b"
)
"""A name that is known only while the roles run."""

WORD = re.compile(r"[A-Za-z_]\w*")
"""What may be the name of a variable."""

APART = frozenset(("hostvars", "groups", "group_names", "inventory_hostname", "kvm_guests"))
"""Variables that are not followed: they hold no templates, or what others see to."""


class Later:
    """Looks through what a declaration is made of.

    :param variables: those of the host, as they are written
    :ivar name: the first name found that is known only while the roles run; None where there is none
    """

    def __init__(self, variables: t.Mapping[str, object]) -> None:
        self.variables = variables
        self.name: str | None = None
        self.known: set[str] = set(APART)

    def see(self, raw: object) -> None:
        """Look through a value as it is written, and the variables that its templates name."""
        left, within = [raw], set[int]()
        while left and self.name is None:
            value = left.pop()
            if isinstance(value, str):
                left += self.named(value)
            elif isinstance(value, (dict, list, tuple)) and id(value) not in within:
                within.add(id(value))  # It may hold itself.
                left += [*value, *value.values()] if isinstance(value, dict) else value

    def named(self, text: str) -> list[object]:
        """The values of the variables that a template names, each once."""
        if "{" not in text or text in self.known:
            return []
        found = LATER.search(text)
        if found is not None:
            self.name = found[0]
            return []
        names = {name for name in WORD.findall(text) if name in self.variables} - self.known
        self.known |= {text, *names}
        return [self.variables[name] for name in names]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of the roles would declare for a host, for one look at all of it.

The tasks themselves are read, so a look asks nothing else than they do. The role host has tasks of other modules: of it
only the packages are told, and the module knows what the role does.
"""

from __future__ import annotations

import functools
import os
import re
import typing as t

import ansible.template
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import VARIABLES
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables, VariableValue

from ._fleet_changes import RESULTS
from ._host_guests import remembered
from ._known_later import Later
from ._settings import COLLECTION, OWNER, defaults, specs
from ._templar import watched

PartOptions = dict[str, t.Any]
"""A part of a look: its name, its module, and the options that the module gets, whatever they are."""


class RoleTasks(t.NamedTuple):
    """Tasks of a role, as the playbook site has them.

    :param tag: what selects them
    :param file: that with the tasks
    :param when: the condition on all of them; empty for none
    :param variables: those that the play gives them
    """

    tag: str
    role: str
    file: str
    when: str = ""
    variables: t.Mapping[str, object] = {}


SITE = (
    RoleTasks("links", "links", "plan", variables={"links_leave_used": True}),
    RoleTasks("networks", "networks", "declare"),
    RoleTasks("storage", "storage", "declare", "storage_needed"),
    RoleTasks("guests", "guests", "main"),
    RoleTasks("storage", "storage", "purge", "storage_going"),
    RoleTasks("networks", "networks", "main", "networks_going"),
)
"""What the site does on a host once it is set up. Where the links stay, their other tasks do nothing."""

TAGS = ("host", "links", "networks", "storage", "guests")
"""The tags of the site."""

HOST_RESULT = "host_found"
"""The variable in which the role host has what it found out."""

PREFIX = "virtfleet.kvm."
UNDERSTOOD = frozenset(("name", "when", "register", "check_mode", "diff", "changed_when"))
"""What a task may have besides its module."""

OF_GUESTS = re.compile(r"kvm_guest")
"""How the variables begin that are evaluated guest by guest, with an error for each field."""

OF_EXTRA = "{{ host_extra_packages | select('match', host_packages_of_hwe) | list }}"
"""Packages that a host of the base stack is refused with (roles/host/tasks/main.yml)."""


def is_selected(tag: str, tags: t.Collection[str], only: t.Collection[str], skipped: t.Collection[str]) -> bool:
    """Whether the tasks with a tag run.

    :param tags: the tags of the task that looks, which has those of all parts, and what was put on the whole site
    :param only: those of ``--tags``
    :param skipped: those of ``--skip-tags``
    """
    own = {tag, *tags}.difference(TAGS) | {tag}
    runs = "always" in own or not only or not {"all", "tagged"}.isdisjoint(only) or not own.isdisjoint(only)
    skips = not own.isdisjoint(skipped) or "tagged" in skipped or ("all" in skipped and "always" not in own)
    return runs and not skips


def parts_of(variables: Variables, loader: DataLoader, tags: t.Collection[str]) -> list[PartOptions]:
    """What a look at a host is told: the name, module and options of each part.

    Any exception means that it cannot be told.

    :param variables: those of the host, as they are written
    :param tags: what is selected, of TAGS
    """
    known = {**trusted_defaults(), **variables}
    later = Later(variables)
    with remembered(), watched(later.see):
        refuse_settings(variables, Templar(loader=loader, variables=known), later)
        parts = [host_part(known, loader)] if "host" in tags else []
        for place in SITE:
            if place.tag in tags:
                parts += tasks_of(place, Templar(loader=loader, variables={**known, **place.variables}))
    if later.name is not None:
        raise VirtfleetError(f"the declaration is made of {later.name}, which is known only while the roles run")
    return parts


def results_of(parts: t.Iterable[PartOptions], tags: t.Collection[str]) -> dict[str, object]:
    """The variables that the tasks would leave behind: the results of the parts, and that the others were skipped.

    :param parts: what the look has found of them
    :param tags: what is selected, of TAGS
    """
    names = [name for name in RESULTS if name.partition("_")[0] in tags]
    found = {part["name"]: {"failed": False, **part["result"]} for part in parts}
    return {**{name: {"changed": False, "failed": False, "skipped": True} for name in names}, **found}


def tasks_of(place: RoleTasks, templar: Templar) -> list[PartOptions]:
    """Those tasks of a place that would call a module."""
    if place.when and not holds(place.when, templar):
        return []
    found = []
    for task in tasks(place.role, place.file):
        conditions = task.get("when", [])
        if not all(holds(one, templar) for one in (conditions if isinstance(conditions, list) else [conditions])):
            continue
        module = module_of(task)
        options = templar.template(task[module])
        found.append({"name": task["register"], "module": module.removeprefix(PREFIX), "options": options})
    return found


def host_part(known: Variables, loader: DataLoader) -> PartOptions:
    """The role host: the packages that it would ask for on a host of each stack."""
    private = role_file("host", "vars")
    if any(name in known for name in private):
        raise VirtfleetError("a variable of the role host itself is set")
    known = {**known, **private}
    of_stack = {
        stack: Templar(loader=loader, variables={**known, HOST_RESULT: {"stack": stack}}) for stack in ("base", "hwe")
    }
    packages = {stack: templar.template(trusted("{{ host_packages_wanted }}")) for stack, templar in of_stack.items()}
    if of_stack["base"].template(trusted(OF_EXTRA)):
        del packages["base"]
    require = holds("host_require_hardware", of_stack["base"])
    return {"name": HOST_RESULT, "module": "host", "options": {"packages": packages, "require_hardware": require}}


def refuse_settings(variables: Variables, templar: Templar, later: Later) -> None:
    """Raise where Ansible would refuse a variable of a role, as the role begins.

    :param later: looks through what they are made of; guests are looked through as they are evaluated
    """
    for name in VARIABLES:
        # Roles have defaults for lists that are not there, and so for one that a template cannot find.
        if not OF_GUESTS.match(name) and isinstance(variables.get(name), str):
            templar.template(variables[name])
    rules = {name: rule for name, rule in specs().items() if name in variables}
    for name in (*(name for name in VARIABLES if not OF_GUESTS.match(name)), *rules, OWNER):
        later.see(variables.get(name))
    given = {name: templar.template(variables[name]) for name in rules}
    if ArgumentSpecValidator(rules).validate(given).error_messages:
        raise VirtfleetError("a variable of a role is refused")


def holds(condition: object, templar: Templar) -> bool:
    """Whether a condition of a task holds."""
    if isinstance(condition, bool):
        return condition
    return bool(templar.template(trusted(f"{{{{ ({condition}) | ansible.builtin.bool }}}}")))


def module_of(task: PartOptions) -> str:
    """The key of a task that is its module. Raises VirtfleetError where it is not known what else the task does."""
    modules = [key for key in task if key.startswith(PREFIX)]
    if len(modules) != 1 or set(task) - UNDERSTOOD - set(modules) or "register" not in task:
        raise VirtfleetError("a task of a role is not understood")
    return modules[0]


@functools.cache
def tasks(role: str, file: str) -> list[PartOptions]:
    """The tasks in a file of a role."""
    return t.cast("list[PartOptions]", role_file(role, "tasks", file))


@functools.cache
def trusted_defaults() -> Variables:
    """The defaults of the roles."""
    return t.cast("Variables", trusted(defaults()))


@functools.cache
def role_file(role: str, folder: str, file: str = "main") -> VariableValue:
    """What a file of a role holds, its templates not evaluated."""
    path = os.path.join(COLLECTION, "roles", role, folder, f"{file}.yml")
    with open(path, encoding="utf-8") as opened:
        return trusted(yaml.safe_load(opened))


def load() -> None:
    """Read all that is read of the roles. Workers are forked, so what is read before that is there for all hosts."""
    specs()
    trusted_defaults()
    role_file("host", "vars")
    for place in SITE:
        tasks(place.role, place.file)


def trusted(value: object) -> VariableValue:
    """A value of this collection, whose templates Ansible may evaluate."""
    trust = getattr(ansible.template, "trust_as_template", None)  # since ansible-core 2.19
    if isinstance(value, dict):
        return {name: trusted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [trusted(inner) for inner in value]
    return trust(value) if isinstance(value, str) and trust is not None else value

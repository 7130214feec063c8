# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sources of the inventory that were read before declare.

While sources are read, the inventory holds what inventory files say, and neither ``group_vars`` nor ``host_vars``:
these come from vars plugins, which Ansible asks later (``use_vars_plugins`` of the plugin ansible.builtin.constructed
says so, too). Nor is every group below ``all`` yet. So the inventory is copied, the copy is brought to its end as
Ansible does it, and Ansible's own VariableManager tells the variables, by all its rules.
"""

from __future__ import annotations

import os
import typing as t

from ansible.inventory.data import InventoryData
from ansible.inventory.manager import InventoryManager
from ansible.utils.vars import combine_vars
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible.vars.plugins import get_vars_from_inventory_sources

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import host_problem
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.unique import word
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label

from .._evaluate import evaluate
from .._guest_files import ENDINGS
from .._templar import HostTemplar
from .._yaml_files import loaded

GROUP = "kvm_hosts"
"""The inventory's group of virtualization hosts."""

OPTIONS = (
    *(
        "name",
        "host",
        "state",
        "uuid",
        "title",
        "description",
        "memory",
        "vcpus",
        "autostart",
        "interfaces",
        "metadata",
        "clone_of",
        "vsock",
    ),
)
"""The options of guests that are looked at. What is secret, such as a password of a display, is in none of them."""


class DeclaredFleet(t.NamedTuple):
    """A declaration.

    :param guests: by host, the guests that are declared for it and are not to be absent
    :param networks: by host, its networks
    :param templars: by host, what evaluates its variables
    :param problems: a sentence for each guest or list that cannot be told
    :param is_declared: whether any host has a list of guests, be it an empty one
    """

    guests: dict[str, list[Item]]
    networks: dict[str, list[Item]]
    templars: dict[str, HostTemplar]
    problems: list[str]
    is_declared: bool


def fleet(inventory: object, loader: object, path: str) -> DeclaredFleet:
    """What is declared so far.

    Raises VirtfleetError where no virtualization host is known.

    :param inventory: Ansible's inventory while it is made
    :param path: the file of the plugin, beside which ``group_vars`` may be
    """
    finished = copied(inventory)
    members = finished.groups[GROUP].get_hosts() if GROUP in finished.groups else []
    hosts = [host.name for host in members]
    if not hosts:
        raise VirtfleetError(no_hosts(path))
    variables = hostvars(finished, loader, sources(inventory, path))
    evaluated = evaluate(hosts, variables, ("kvm_guests", "kvm_networks"), OPTIONS)
    guests: dict[str, list[Item]] = {host: [] for host in hosts}
    problems = [line if host is None else f"host {host}: {line}" for host, line in evaluated.problems]
    for guest in all_guests(evaluated.variables, problems):
        if not isinstance(guest.get("name"), str) or not guest["name"]:
            problems.append("a guest without a name is declared; the playbook virtfleet.kvm.check says where")
        elif word(guest, "host") not in guests:
            problem = host_problem(guest, hosts, f"in the inventory's group {GROUP}", finished.groups)
            problems.append(f"guest {label(guest['name'])}: {problem}")
        elif word(guest, "state") != "absent":
            guests[word(guest, "host")].append(guest)
    return DeclaredFleet(
        guests,
        {host: items(evaluated.variables[host].get("kvm_networks")) for host in hosts},
        {host: HostTemplar.of(variables.raw_get(host), variables) for host in hosts},
        list(dict.fromkeys(problems)),
        any("kvm_guests" in found for found in evaluated.variables.values()),
    )


def no_hosts(path: str) -> str:
    """What to say where no virtualization host is known."""
    return (
        f"no host is in the group {GROUP} yet when {os.path.basename(path)} is read, so there is nobody to ask: the"
        f" source with the hosts has to come before it. Name it first (-i hosts.yml -i {os.path.basename(path)}); in a"
        " folder, sources are read in the order of their names, so give this one a name that comes last, such as"
        " zz-guests.kvm.yml"
    )


def all_guests(variables: t.Mapping[str, t.Mapping[str, object]], problems: list[str]) -> list[dict[str, object]]:
    """The guests of all hosts. What is no list of guests is a problem.

    :param variables: the evaluated lists of each host
    """
    found: list[Item] = []
    for host, lists in variables.items():
        guests = lists.get("kvm_guests")
        if guests is not None and not isinstance(guests, (list, tuple)):
            problems.append(
                f"host {host}: kvm_guests is not a list of guests; the playbook virtfleet.kvm.check says more"
            )
        found += items(guests)
    return found


def items(value: object) -> list[Item]:
    """The dictionaries of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, (list, tuple)) else []


def copied(inventory: InventoryData) -> InventoryData:
    """A copy of an inventory while it is made, brought to its end: all groups are below ``all``."""
    copy = InventoryData()
    for name, group in inventory.groups.items():
        copy.add_group(name)
        copy.groups[name].vars = dict(group.vars)
        copy.groups[name].priority = group.priority
    for name, host in inventory.hosts.items():
        copy.add_host(name)
        copy.hosts[name].vars = dict(host.vars)
    for name, group in inventory.groups.items():
        for child in group.child_groups:
            copy.add_child(name, child.name)
        for host in group.hosts:
            copy.groups[name].add_host(copy.hosts[host.name])
    copy.reconcile_inventory()
    return copy


def sources(inventory: object, path: str) -> list[str]:
    """The sources beside which ``group_vars`` and ``host_vars`` count: those read before, and the plugin's own file."""
    read = [source for source in (*getattr(inventory, "processed_sources", ()), path) if source]
    folders: dict[str, str] = {}
    for source in read:
        folders.setdefault(source if "," in source else os.path.dirname(source), source)
    return list(folders.values())


def unreadable(inventory: object, loader: object, path: str) -> str | None:
    """The first file of variables that cannot be read, and why; None where all can. Ansible does not name it."""
    for source in sources(inventory, path):
        for kind in ("group_vars", "host_vars"):
            top = os.path.join(source if os.path.isdir(source) else os.path.dirname(source), kind)
            for folder, folders, names in os.walk(top):
                folders.sort()
                for name in sorted(name for name in names if name.endswith(ENDINGS) and not name.startswith(".")):
                    try:
                        loaded(os.path.join(folder, name), loader)
                    except VirtfleetError as error:
                        return f"{os.path.join(folder, name)}: {error}"
    return None


def hostvars(inventory: InventoryData, loader: object, read: list[str]) -> HostVars:
    """Ansible's ``hostvars`` of an inventory that is at its end.

    :param read: the sources beside which ``group_vars`` count
    """
    manager = InventoryManager(loader=loader, sources=read, parse=False)
    manager._inventory = inventory
    # As InventoryManager.parse_sources ends, for vars plugins that are asked at the start (RUN_VARS_PLUGINS).
    for entity in (*inventory.groups.values(), *inventory.hosts.values()):
        entity.vars = combine_vars(entity.vars, get_vars_from_inventory_sources(loader, read, [entity], "inventory"))
    return HostVars(manager, VariableManager(loader=loader, inventory=manager), loader)

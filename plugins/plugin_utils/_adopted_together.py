# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can only be told of all hosts that are adopted: what their guests have in common, and which lists to join."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item, ReadOnlyItem
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check, unique
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost

from ._evaluate import evaluate

NAMES = ("kvm_guests", "kvm_networks", "kvm_pools")
"""The variables that tell what guests have in common."""

REMEDIES = {
    "name": "rename one of them (virsh domrename)",
    "mac": "shut one of them off, and give it another MAC address (virsh edit)",
    "uuid": "shut one of them off, and define it again with another UUID: libvirt does not change that of a guest",
}
"""What to do, by what guests have in common."""

FoundByHost = t.Mapping[str, t.Mapping[str, object]]
"""By host, what the filter ``undeclared`` returns."""


def adopted_together(found: object, hosts: t.Sequence[str], hostvars: ByHost) -> dict[str, list[str]]:
    """What is to be said of several hosts at once before their files are written.

    :param found: by host, what the filter ``undeclared`` returns
    :param hosts: all virtualization hosts of the inventory
    :param hostvars: Ansible's ``hostvars``
    :returns: ``refused``, a sentence for each value that guests of several hosts have in common: the check of the
        fleet would refuse them. ``said``, a sentence for each list that the user has to join with an adopted one
    """
    if not isinstance(found, dict) or not all(map(is_found, found.values())):
        raise VirtfleetError("adopted_together: give what the filter undeclared returns, by host")
    joins: dict[str, list[str]] = {}
    for host, one in found.items():
        for variable in one.get("joins") or ():
            joins.setdefault(str(variable), []).append(str(host))
    sentences = [how_to_join(variable, having) for variable, having in joins.items()]
    return {"refused": [readable(line) for line in in_common(found, hosts, hostvars)], "said": sentences}


def is_found(value: object) -> bool:
    """Whether a value is what the filter ``undeclared`` returns."""
    lists, joins = (value.get("lists"), value.get("joins") or []) if isinstance(value, dict) else (None, None)
    if not isinstance(joins, (list, tuple)) or not all(isinstance(variable, str) for variable in joins):
        return False
    return isinstance(lists, dict) and all(
        isinstance(items, (list, tuple)) and all(isinstance(item, dict) for item in items) for items in lists.values()
    )


def how_to_join(variable: str, hosts: t.Sequence[str]) -> str:
    """What to do where adopted items have a list of their own."""
    kind = variable.partition("_")[2]
    own, name = f"my_{kind}", f"adopted_{kind}"
    return (
        f"{variable}: written as {name} for {check.some(hosts)}, so that the {variable} of the inventory stays in"
        f' force. To use it, call that list {own}, and write {variable}: "{{{{ {own} + {name} | default([]) }}}}"'
    )


def in_common(found: FoundByHost, hosts: t.Sequence[str], hostvars: ByHost) -> t.Iterator[str]:
    """A sentence for each value that a guest which is to be written has in common with one of another host."""
    variables = evaluate(hosts, hostvars, NAMES).variables
    new = [{**item, "host": host} for host in found for item in items_of(found[host], "guests")]
    named = set(map(unique.named_on, new))
    declared = check.merged([variables[host].get("kvm_guests") for host in hosts])
    old = [check.in_full(guest) for guest in declared if isinstance(guest, dict)]
    known = {(unique.word(guest, "name"), unique.word(guest, "host")) for guest in new}
    old = [one for one in old if (unique.word(one, "name"), unique.word(one, "host")) not in known]
    for host, one in found.items():
        for kind in ("networks", "pools"):
            there = variables.setdefault(host, {}).get(f"kvm_{kind}")
            variables[host][f"kvm_{kind}"] = [*(there if isinstance(there, list) else ()), *items_of(one, kind)]
    for line in unique.problems([*new, *old], list(variables), variables):
        what, middle, rest = line.partition(": is declared more than once: ")
        owners = sorted(rest.partition(";")[0].split(", "))
        if middle and not named.isdisjoint(owners):
            remedy = REMEDIES.get(what.partition(" ")[0], "change one of them (virsh edit)")
            yield (
                f"{what}: these guests have it in common: {', '.join(owners)}; each guest needs its own, and"
                f" virtfleet.kvm.site would refuse the whole fleet: {remedy}, and adopt again. Nothing was written"
            )


def items_of(one: ReadOnlyItem, kind: str) -> list[Item]:
    """What is to be written of one kind for a host.

    :param kind: such as ``guests``
    """
    return [item for prefix in ("kvm", "adopted") for item in one["lists"].get(f"{prefix}_{kind}") or ()]

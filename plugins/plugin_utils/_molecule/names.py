# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that guests of a scenario and their groups can have, so that no play for them ever runs on another host."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, printable

from .shapes import ScenarioGuest

GROUP = "molecule"
"""The group of the guests in the inventory."""

HOST = "molecule-kvm"
"""What a KVM host is called in the inventory of a step, where the inventory of the scenario does not have it."""

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,50}[A-Za-z0-9])?")
"""Names of guests, which become a part of a name of a host (RFC 1123)."""

GROUP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+")
"""What programs take for an address: 2130706433 is 127.0.0.1 (inet_aton(3))."""

OF_ANSIBLE = ("all", "ungrouped", "localhost")
OF_THE_KIT = (GROUP, "molecule_kvm", HOST)


class Names:
    """The names that are taken.

    :param groups: the hosts of each group of the scenario's inventory
    :param of_kit: the guests that the kit has in there, whose names are not taken
    """

    def __init__(self, groups: t.Mapping[str, t.Iterable[str]] | None = None, of_kit: t.Container[str] = ()) -> None:
        members = {group: list(hosts) for group, hosts in (groups or {}).items()}
        self.hosts = {host for hosts in members.values() for host in hosts if host not in of_kit}
        # A group of guests alone is what an earlier create has written.
        self.groups = {
            group for group, hosts in members.items() if not hosts or any(host in self.hosts for host in hosts)
        }

    def check_guest(self, name: str) -> None:
        """Raise VirtfleetError for a name that a guest cannot have, for the role would run elsewhere."""
        lower = name.lower()
        if lower in OF_ANSIBLE or lower in OF_THE_KIT:
            raise VirtfleetError(f"name: means something else {whose(lower)}; give the guest another name")
        if NUMBER.fullmatch(name):
            raise VirtfleetError("name: is a number, which programs take for an address; give the guest another name")
        if name in self.hosts:
            raise VirtfleetError(
                "name: the scenario has a host of this name, in its inventory or as one of molecule's platforms, so"
                " the role would run there; give the guest another name, and write variables of a guest into"
                " host_vars/NAME.yml"
            )
        if name in self.groups:
            raise VirtfleetError("name: the inventory has a group of this name; give the guest another name")

    def groups_of(self, declared: Item) -> list[str]:
        """The groups that a guest is to be in. Raises VirtfleetError for a name that no group can have."""
        groups = declared.get("groups") or []
        if not isinstance(groups, (list, tuple)):
            raise VirtfleetError(f"groups: {printable(groups)} is not a list of names of groups")
        for group in groups:
            if not isinstance(group, str) or not GROUP_NAME.fullmatch(group):
                raise VirtfleetError(f"groups: {printable(group)}: use letters, digits and _ in the name of a group")
            lower = group.lower()
            if group != GROUP and (lower in OF_ANSIBLE or lower in OF_THE_KIT):
                raise VirtfleetError(f"groups: {label(group)}: means something else {whose(lower)}; leave it out")
            if group in self.hosts:
                raise VirtfleetError(f"groups: {label(group)}: is a host of the scenario; write another name")
        return [GROUP, *(group for group in groups if group != GROUP)]


def whose(name: str) -> str:
    """To whom a name means something."""
    return "to Ansible" if name in OF_ANSIBLE else "in the steps of molecule"


def mixed_up(guests: t.Sequence[ScenarioGuest]) -> list[str]:
    """A sentence for each guest whose name a group of guests has, too."""
    groups = {group for guest in guests for group in guest["groups"]}
    return [
        f"guest {guest['name']}: groups: a group of guests has the name of this guest; write another name"
        for guest in guests
        if guest["name"] in groups and guest["name"] != GROUP
    ]

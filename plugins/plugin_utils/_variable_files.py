# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two files with the variables of one group or host, and in both the same list.

Ansible reads all files in ``group_vars/GROUP/``, in the order of the alphabet, and lists are not joined: the last one
counts alone. A file ``group_vars/GROUP.yml`` beside the folder is not read at all (the vars plugin
``ansible.builtin.host_group_vars``). What only another file declares would not be made; with a purge, it would be
removed.
"""

from __future__ import annotations

import os
import typing as t

from ansible.plugins.loader import vars_loader

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import VARIABLES
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet_layers import DEFAULTS, PROFILES

PLUGIN = "ansible.builtin.host_group_vars"
ENDINGS = (".yml", ".yaml", ".json")
LISTS = (*VARIABLES, *DEFAULTS, PROFILES)


class File(t.NamedTuple):
    """A file with variables of one group or host.

    :param path: as the user would call it: from the folder of the inventory, or of the playbook
    :param read: whether Ansible reads it
    :param values: its variables, templates not evaluated
    """

    path: str
    read: bool
    values: t.Mapping[str, t.Any]


def doubled(hosts: t.Sequence[str], hostvars: t.Any) -> list[str]:
    """A sentence for each list that two files of one group or host have, and for each that is in a file not read.

    :param hosts: the virtualization hosts
    :param hostvars: Ansible's ``hostvars``
    """
    inventory, loader = getattr(hostvars, "_inventory", None), getattr(hostvars, "_loader", None)
    if inventory is None or loader is None:
        return []
    wanted = frozenset(hosts)
    groups = [name for name, group in inventory.groups.items() if any(one.name in wanted for one in group.get_hosts())]
    out: list[str] = []
    for folder in folders(inventory, loader):
        for kind, names in (("group_vars", groups), ("host_vars", hosts)):
            if os.path.isdir(os.path.join(folder, kind)):
                out += [line for name in names for line in of_one(files(loader, folder, kind, name))]
    return out


def folders(inventory: t.Any, loader: t.Any) -> list[str]:
    """Where Ansible looks for ``group_vars`` and ``host_vars``: beside each inventory, and beside the playbook."""
    places = [source for source in inventory._sources if source and (os.path.exists(source) or "," not in source)]
    beside = [place if os.path.isdir(place) else os.path.dirname(place) for place in places]
    return list(dict.fromkeys(os.path.realpath(place or ".") for place in [*beside, loader.get_basedir()]))


def files(loader: t.Any, folder: str, kind: str, name: str) -> list[File]:
    """All files with variables of a group or host in one of those folders, in the order in which Ansible reads them."""
    at = os.path.join(folder, kind)
    found = loader.find_vars_files(at, name)
    beside = [os.path.join(at, name + ending) for ending in ENDINGS]
    unread = [path for path in beside if path not in found and os.path.isfile(path)] if found else []
    if len(found) + len(unread) < 2:
        return []
    return [
        File(os.path.relpath(path, folder), path in found, values)
        for path in [*unread, *found]
        for values in [variables(loader, path)]
    ]


def variables(loader: t.Any, path: str) -> t.Mapping[str, t.Any]:
    """The variables in a file; none where it cannot be read. Ansible itself says why."""
    try:
        values = vars_loader.get(PLUGIN).load_found_files(loader, {}, [path])
    except Exception:  # A vault without its password, YAML with mistakes, and more.
        return {}
    return values if isinstance(values, dict) else {}


def of_one(found: t.Sequence[File]) -> list[str]:
    """What is wrong with the files of one group or host."""
    out: list[str] = []
    for variable in LISTS:
        having = [file for file in found if variable in file.values]
        read = [file for file in having if file.read]
        for file in having:
            if not file.read:
                out.append(
                    f"{file.path}: Ansible does not read this file, for there is a folder of the same name (or"
                    f" a file with another ending) beside it, so its {variable} has no effect; move the file into the"
                    " folder"
                )
            elif file is not read[-1]:
                out.append(
                    f"{file.path}: its {variable} has no effect, for {read[-1].path} has a {variable},"
                    " too, and Ansible takes the last one alone; write all of it in one file"
                )
    return out

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two places with the variables of one group or host, and in both the same list.

Ansible reads the inventory, then all files in ``group_vars/GROUP/`` beside it, in the order of the alphabet, then those
beside the playbook. Lists are not joined: the last one counts alone. A file ``group_vars/GROUP.yml`` beside the folder
is not read at all (the vars plugin ``ansible.builtin.host_group_vars``). What only another place declares would not be
made; with a purge, it would be removed.
"""

from __future__ import annotations

import os
import typing as t

from ansible.plugins.loader import vars_loader

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import VARIABLES
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

from ._endless import is_endless

if t.TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

PLUGIN = "ansible.builtin.host_group_vars"
ENDINGS = (".yml", ".yaml", ".json")
LISTS = (*VARIABLES, *DEFAULTS, PROFILES)


class VariablesPlace(t.NamedTuple):
    """A place with variables of one group or host.

    :param name: as the user would call it: a file, from the folder of the inventory or of the playbook
    :param folder: where its ``group_vars`` is; empty for the inventory itself
    :param read: whether Ansible reads it
    :param values: its variables, templates not evaluated
    """

    name: str
    folder: str
    read: bool
    values: Variables


def doubled(hosts: t.Sequence[str], hostvars: object) -> list[str]:
    """A sentence for each list that two places of one group or host have, and for each that is in a file not read.

    :param hosts: the virtualization hosts
    :param hostvars: Ansible's ``hostvars``
    """
    inventory, loader = getattr(hostvars, "_inventory", None), getattr(hostvars, "_loader", None)
    if inventory is None or loader is None:
        return []
    wanted = frozenset(hosts)
    groups = [group for group in inventory.groups.values() if any(one.name in wanted for one in group.get_hosts())]
    entities = [("group_vars", "group", group) for group in groups]
    entities += [("host_vars", "host", inventory.hosts[host]) for host in hosts if host in inventory.hosts]
    where = folders(inventory, loader)
    having = {
        kind: [one for one in where if os.path.isdir(os.path.join(one, kind))] for kind in ("group_vars", "host_vars")
    }
    out: list[str] = []
    for kind, what, entity in entities:
        if having[kind]:
            own = VariablesPlace(f"the inventory itself ({what} {entity.name})", "", True, entity.vars)
            out += of_one([own, *(file for at in having[kind] for file in files(loader, at, kind, entity.name))])
    return out


def folders(inventory: InventoryData, loader: DataLoader) -> list[str]:
    """Where Ansible looks for ``group_vars`` and ``host_vars``: beside each inventory, and beside the playbook."""
    return folders_beside(inventory._sources, loader)


def folders_beside(sources: t.Iterable[str], loader: DataLoader) -> list[str]:
    """The same for the sources of an inventory."""
    places = [source for source in sources if source and (os.path.exists(source) or "," not in source)]
    beside = [place if os.path.isdir(place) else os.path.dirname(place) for place in places]
    return list(dict.fromkeys(os.path.realpath(place or ".") for place in [*beside, loader.get_basedir()]))


def files(loader: DataLoader, folder: str, kind: str, name: str) -> list[VariablesPlace]:
    """All files with variables of a group or host in one of those folders, in the order in which Ansible reads them."""
    at = os.path.join(folder, kind)
    found = loader.find_vars_files(at, name)
    possible = [os.path.join(at, name + ending) for ending in ENDINGS]
    # Also beside an empty folder, in which there is nothing to be found.
    unread = [path for path in possible if path not in found and os.path.isfile(path)]
    return [
        VariablesPlace(os.path.relpath(path, folder), folder, path in found, variables(loader, path))
        for path in [*unread, *found]
    ]


def variables(loader: object, path: str) -> t.Mapping[str, object]:
    """The variables in a file; none where it cannot be read. Ansible itself says why."""
    return variables_of(loader, path) or {}


def variables_of(loader: object, path: str) -> t.Mapping[str, object] | None:
    """The variables in a file; None where it cannot be read."""
    try:
        values = vars_loader.get(PLUGIN).load_found_files(loader, {}, [path])
    except Exception:  # A vault without its password, YAML with mistakes, and more.
        return None
    return values if isinstance(values, dict) else None


def of_one(found: t.Sequence[VariablesPlace]) -> list[str]:
    """What is wrong with the places of one group or host."""
    out: list[str] = []
    for variable in LISTS:
        having = [place for place in found if variable in place.values]
        read = [place for place in having if place.read]
        for place in having:
            if not place.read:
                out.append(
                    f"{place.name}: Ansible does not read this file, for there is a folder of the same name (or"
                    f" a file with another ending) beside it, so its {variable} has no effect; move the file into the"
                    " folder"
                )
            elif place is not read[-1] and is_lost(variable, place, read[-1]):
                out.append(
                    f"{place_in_words(place, read[-1])}: its {variable} has no effect, for"
                    f" {place_in_words(read[-1], place)} has a {variable},"
                    " too, and Ansible takes the last one alone; write all of it in one file"
                )
    return out


def place_in_words(place: VariablesPlace, other: VariablesPlace) -> str:
    """A place in words; of two files in different folders, the whole path."""
    apart = place.folder and other.folder and place.folder != other.folder
    return os.path.join(place.folder, place.name) if apart else place.name


def is_lost(variable: str, place: VariablesPlace, last: VariablesPlace) -> bool:
    """Whether a list has something that the one which counts lacks. Two files of one folder are never meant so."""
    if place.folder and place.folder == last.folder:
        return True
    own, counting = place.values[variable], last.values[variable]
    return bool(own) and own is not counting and (is_endless(own) or is_endless(counting) or own != counting)

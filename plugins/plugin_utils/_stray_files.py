# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of variables that Ansible never reads, as nothing in the inventory has their name: ``host_vars/kvm1.yml``.

What they declare would not be made, without a word. Other inventories may have the name, so this is only a warning, and
only where the name is close to one of this inventory.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import some
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named, spelled_out

from ._unknown_names import ADOPTED, options
from ._variable_files import ENDINGS, folders, variables_of

COPIES = ("~", ".bak", ".old", ".orig", ".rej", ".swp", ".save")
"""How the names of copies end that editors and people leave behind."""

NOUNS = {"host_vars": "host", "group_vars": "group"}
"""What the files in a folder are named after."""


def strays(hostvars: object) -> list[str]:
    """A sentence for each file with variables of this collection that has the name of no host, or of no group.

    :param hostvars: Ansible's ``hostvars``
    """
    inventory, loader = getattr(hostvars, "_inventory", None), getattr(hostvars, "_loader", None)
    if inventory is None or loader is None:
        return []
    known = {"host_vars": [*inventory.hosts, "localhost"], "group_vars": [*inventory.groups]}
    out: list[str] = []
    for folder in folders(inventory, loader):
        for kind in NOUNS:
            for entry, name in entries_of(os.path.join(folder, kind)):
                if name not in known[kind]:
                    out += of_one(loader, os.path.join(folder, kind, entry), kind, name, known)
    return out


def entries_of(folder: str) -> t.Iterator[tuple[str, str]]:
    """The files and folders in one, each with the name of the host or group that Ansible takes it for."""
    try:
        found = sorted(os.listdir(folder))
    except OSError:
        return
    for entry in found:
        if not entry.startswith(".") and not entry.endswith(COPIES):
            ending = next((one for one in ENDINGS if entry.endswith(one)), "")
            yield entry, entry.removesuffix(ending)


def of_one(loader: object, path: str, kind: str, name: str, known: t.Mapping[str, t.Sequence[str]]) -> list[str]:
    """What to say of a file or folder that nothing has the name of; nothing where it has none of our variables.

    Of one that cannot be read, as a vault without its password, it is told only where a name is close.

    :param kind: ``host_vars`` or ``group_vars``
    :param known: the names that there are, by ``kind``
    """
    found, readable = contents(loader, path)
    close = near(name, known[kind]) or near(name.partition(".")[0], known[kind])
    ours = sorted(one for one in found if one.startswith("kvm_") or one in options() or one in ADOPTED)
    if not ours and (readable or not close):
        return []
    noun, other = NOUNS[kind], next(one for one in NOUNS if one != kind)
    if name in known[other]:
        hint = f"{named(name)} is a {NOUNS[other]}: move it into {other}"
    elif close:
        hint = f"did you mean {named(close[0])}?"
    else:
        return []  # Another inventory beside this one may have the name.
    lost = f", and its {some(ours)} {'has' if len(ours) == 1 else 'have'} no effect" if ours else ""
    where = spelled_out(os.path.join(kind, os.path.basename(path)))
    return [f"{where}: the inventory has no {noun} {named(name)}, so Ansible does not read this{lost}; {hint}"]


def contents(loader: object, path: str) -> tuple[set[str], bool]:
    """The names of the variables in a file, or in all files below a folder; and whether all could be read."""
    files = [path]
    if os.path.isdir(path):
        below = [(at, names) for at, _folders, names in os.walk(path)]
        files = [os.path.join(at, name) for at, names in below for name in names if name.endswith(ENDINGS)]
    read = [variables_of(loader, file) for file in files]
    return {str(name) for values in read for name in values or ()}, None not in read

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of variables that Ansible is about to read and cannot: it ends the run, and since 2.19 names no file.

So they are looked for before a play needs the variables of a host: while Ansible evaluates the play itself. What can be
read is kept by Ansible's loader, and not read again.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable, spelled_out

from ._variable_files import ENDINGS, folders_beside, variables_of
from ._yaml_files import loaded

if t.TYPE_CHECKING:
    from ansible.parsing.dataloader import DataLoader

NO_VARIABLES = "holds no variables, but a list or a single value: write each variable as NAME: VALUE"
"""What is said of a file with something else than a dictionary."""


def sentences(variables: t.Mapping[str, object], loader: DataLoader) -> list[str]:
    """A sentence for each file of variables that cannot be read.

    :param variables: those that Ansible has without those of hosts
    """
    sources, groups = variables.get("ansible_inventory_sources"), variables.get("groups")
    if not isinstance(sources, (list, tuple)) or not isinstance(groups, dict):
        return []
    given = [os.fspath(source) for source in sources]
    found = [] if groups.get("kvm_hosts") else [line for path in given for line in of_inventory(loader, path)]
    names = {"group_vars": list(groups), "host_vars": [*(groups.get("all") or ()), "localhost"]}
    for folder in folders_beside(given, loader):
        for kind, entities in names.items():
            at = os.path.join(folder, kind)
            if os.path.isdir(at):
                paths = [path for name in entities for path in files_of(loader, at, str(name))]
                found += [line for path in dict.fromkeys(paths) for line in of_file(loader, path)]
    return found


def files_of(loader: DataLoader, folder: str, name: str) -> list[str]:
    """The files that Ansible reads for a group or host; none where a folder cannot be looked into."""
    try:
        return [os.fsdecode(path) for path in loader.find_vars_files(folder, name)]
    except Exception:  # Ansible itself says why.
        return []


def of_inventory(loader: DataLoader, path: str) -> t.Iterator[str]:
    """What is wrong with a file of YAML that the user named as an inventory; Ansible goes on without it."""
    if path.endswith(ENDINGS) and os.path.isfile(path):
        try:
            loaded(path, loader)
        except VirtfleetError as error:
            yield readable(f"{spelled_out(path)} {error}")


def of_file(loader: DataLoader, path: str) -> t.Iterator[str]:
    """What is wrong with a file; nothing where its variables can be read."""
    if variables_of(loader, path) is not None:
        return
    try:
        held = loaded(path, loader)
    except VirtfleetError as error:
        yield readable(f"{spelled_out(path)} {error}")
        return
    if held is not None and not isinstance(held, dict):
        yield f"{spelled_out(path)} {NO_VARIABLES}"

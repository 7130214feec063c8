# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories as users write them, and Ansible's hostvars of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

HOSTS = ["kvm01", "kvm02"]
GROUPS = {"kvm_hosts": {"hosts": {"kvm01": {}, "kvm02": {}}}}


def write(folder: Path, files: dict[str, Any], groups: Any = None) -> Path:
    """Write an inventory, and return its file.

    :param files: what is in a file, such as ``group_vars/all.yml``; what is no text is written as YAML
    :param groups: the inventory file itself, by default two hosts in the group kvm_hosts
    """
    for name, content in {"hosts.yml": groups or GROUPS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return folder / "hosts.yml"


def hostvars(folder: Path, files: dict[str, Any], groups: Any = None) -> HostVars:
    """Ansible's ``hostvars`` of such an inventory."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(write(folder, files, groups))])
    return HostVars(inventory, VariableManager(loader=loader, inventory=inventory), loader)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's hosts as an Ansible inventory."""

from __future__ import annotations

import json
import shlex

from . import external, hosts
from .machine import LabError
from .state import Host, Lab


def inventory(lab: Lab) -> str:
    """Return the YAML inventory of all running hosts, in group kvm_hosts.

    Raises LabError when a host is running but has no address yet, or none is running.
    """
    lines = ["---", "kvm_hosts:", "  hosts:"]
    running = [host for host in lab.hosts() if hosts.is_running(lab, host)]
    if not running:
        raise LabError(f"No host of lab {lab.name!r} is running; make hosts with `lab up 2`.")
    for host in running:
        lines.append(f"    {host.name}:")
        # Every JSON scalar is a YAML scalar.
        lines += [f"      {key}: {json.dumps(value)}" for key, value in variables(lab, host)]
    return "\n".join(lines) + "\n"


def variables(lab: Lab, host: Host) -> list[tuple[str, str | bool]]:
    """Return the inventory variables of one host."""
    address = external.address(lab, host)
    if address is None:
        raise LabError(f"{host.name} is running but has no address yet; try again.")
    return [
        ("ansible_host", address),
        ("ansible_user", "root"),
        ("ansible_ssh_private_key_file", str(lab.key)),
        ("ansible_ssh_common_args", shlex.join(hosts.ssh_options(lab, host))),
        ("ansible_python_interpreter", "/usr/bin/python3"),
        ("ansible_pipelining", True),
        # Ansible shares open connections by address, and hosts of other labs have the same.
        ("ansible_control_path_dir", str(lab.run / "ssh")),
    ]

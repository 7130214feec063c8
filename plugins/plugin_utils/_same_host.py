# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names in the inventory that are one host: each would purge what is declared for the other.

Only what Ansible's connection by SSH is told is compared. Hosts behind different gateways may have one address, so
all that leads to a host counts.
"""

from __future__ import annotations

import typing as t

from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import some
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

if t.TYPE_CHECKING:
    from ansible.vars.hostvars import HostVars

SSH = ("ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh")
"""Connections that lead to a host by its name or address."""

PORT = 22
"""The port of SSH where none is given."""

ADDRESS = ("ansible_ssh_host", "ansible_host")
"""Variables with the address; the first one that is set counts, else the name in the inventory."""

PORTS = ("ansible_ssh_port", "ansible_port")

WAY = (
    *("ansible_ssh_user", "ansible_user", "ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"),
    *("ansible_ssh_executable", "ansible_paramiko_proxy_command", "ansible_paramiko_port"),
)
"""What else decides which host answers, such as a gateway that goes by the user's name."""


def problems(hosts: t.Sequence[str], raw: t.Mapping[str, t.Mapping[str, object]], hostvars: object) -> list[str]:
    """A sentence for each address that several names have.

    :param raw: the variables of each host, as they are written
    :param hostvars: Ansible's ``hostvars``, which evaluates templates; None where nothing is left to be evaluated
    """
    names: dict[tuple[str, ...], list[str]] = {}
    for host in hosts:
        place = place_of(host, raw[host], hostvars)
        if place is not None:
            names.setdefault(place, []).append(host)
    return [
        f"hosts {some([label(name) for name in having])}: are one host, {shown(place)}: leave one name, and move what"
        " is declared for the others to it"
        for place, having in names.items()
        if len(having) > 1
    ]


def shown(place: tuple[str, ...]) -> str:
    """An address, with the port where it is not the usual one."""
    return label(place[0]) + ("" if place[1] == str(PORT) else f" port {place[1]}")


def place_of(host: str, values: Variables, hostvars: HostVars) -> tuple[str, ...] | None:
    """What leads to a host: address, port, and the rest; None where it is not reached by SSH, or that is not known."""

    def value_of(names: t.Sequence[str], default: str) -> str:
        name = next((name for name in names if values.get(name) not in (None, "")), None)
        if name is None:
            return default
        value = values[name]
        return str(hostvars[host][name] if hostvars is not None and isinstance(value, str) and "{" in value else value)

    try:
        if value_of(("ansible_connection",), str(constants.DEFAULT_TRANSPORT)) not in SSH:
            return None
        port = value_of(PORTS, str(constants.DEFAULT_REMOTE_PORT or PORT))
        address = value_of(ADDRESS, host).lower().rstrip(".")
        return (address, port, *(value_of((name,), "") for name in WAY))
    except Exception:  # A template may name what is known only while the play runs.
        return None

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest is in the inventory: its variables and its groups, and whether it is in it at all."""

from __future__ import annotations

import hashlib
import re
import shlex
import typing as t

import ansible.template

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable
from ansible_collections.virtfleet.kvm.plugins.module_utils._query import select

from .join import JoinedGuest
from .reach import Reach, Ssh, jump, plain_uri


def selected(guests: list[JoinedGuest], query: str | None) -> list[JoinedGuest]:
    """Those guests that a JMESPath expression selects. Raises VirtfleetError where it selects something else.

    :param query: the expression; None for all of them
    """
    if query is None:
        return guests
    found = select(guests, query)
    if not isinstance(found, list) or not all(isinstance(one, (str, dict)) for one in found):
        raise VirtfleetError(
            f"query {printable(query)}: selects {printable(found)}; it has to select guests or their names, as in"
            " [?state == 'running']"
        )
    names = {one for one in found if isinstance(one, str)}
    pairs = {(one.get("host"), one.get("name")) for one in found if isinstance(one, dict)}
    return [guest for guest in guests if guest["name"] in names or (guest["host"], guest["name"]) in pairs]


def ssh_args(guest: JoinedGuest, ssh: Ssh | None, wanted: str) -> str:
    """The arguments of ssh that lead to a guest through its host; empty where it is reached without.

    :param ssh: the way to the host; None where it is the control node
    :param wanted: the option ``proxy_jump``
    """
    if ssh is None or not (wanted == "always" or (wanted == "nat" and guest["behind_host"])):
        return ""
    alias = re.sub(r"[^A-Za-z0-9._-]", "_", f"{guest['name']}.{guest['host']}")  # ssh takes no spaces in it.
    return f"{jump(ssh)} -o HostKeyAlias={alias}"


def variables(guest: JoinedGuest, way: Reach | None = None) -> dict[str, t.Any]:
    """The variables of a guest.

    :param way: the way to its host, where Ansible is to reach the guest by its agent; None for SSH
    """
    found: dict[str, t.Any] = {"kvm_guest": guest}
    if guest["address"] is not None:
        found["ansible_host"] = guest["address"]
    if way is not None:
        found.update(by_agent(guest, way))
    elif guest["ssh_args"]:
        # Ansible tells connections apart by address, port and user, which guests of several hosts may share.
        mark = hashlib.sha256(f"{guest['ssh_args']} {guest['address']}".encode()).hexdigest()[:10]
        found["ansible_ssh_common_args"] = guest["ssh_args"]
        found["ansible_control_path"] = f"%(directory)s/{mark}"
    return {name: unsafe(value) for name, value in found.items()}


def by_agent(guest: JoinedGuest, way: Reach) -> dict[str, str]:
    """The variables by which the connection plugin ``agent`` finds a guest."""
    found = {"ansible_connection": "virtfleet.kvm.agent", "ansible_kvm_guest": guest["name"]}
    found["ansible_kvm_uri"] = plain_uri(way)
    if way.ssh is not None and way.ssh.args:
        found["ansible_kvm_ssh_args"] = shlex.join(way.ssh.args)
    if way.ssh is not None and way.ssh.executable != "ssh":
        found["ansible_kvm_ssh_executable"] = way.ssh.executable
    return found


def groups(guest: JoinedGuest, kinds: t.Sequence[str]) -> list[str]:
    """The names of a guest's groups, as they are before letters are replaced that no name of a group may have.

    :param kinds: what groups are made by: ``host``, ``state``, ``network``, ``tag``
    """
    values = {"host": [guest["host"]], "state": [guest["state"]], "network": guest["networks"], "tag": guest["tags"]}
    return [f"kvm_{kind}_{value}" for kind in kinds for value in values[kind]]


def unsafe(value: object) -> object:
    """A value in which Ansible takes nothing for a template, as others may have written it.

    Since ansible-core 2.19, that goes for all that is not marked. What surely is no template is marked nonetheless, for
    ansible-inventory shows such texts as they are.
    """
    if isinstance(value, dict):
        return {key: unsafe(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unsafe(inner) for inner in value]
    if not isinstance(value, str):
        return value
    is_plain = "{" not in value and "#jinja2" not in value
    if hasattr(ansible.template, "trust_as_template"):
        return ansible.template.trust_as_template(str(value)) if is_plain else value
    from ansible.utils.unsafe_proxy import wrap_var

    return value if is_plain else wrap_var(value)

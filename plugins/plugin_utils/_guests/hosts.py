# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest is in the inventory: its variables and its groups, and whether it is in it at all."""

from __future__ import annotations

import hashlib
import re
import shlex
import typing as t
import urllib.parse

import ansible.template

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable
from ansible_collections.virtfleet.kvm.plugins.module_utils._query import select

from . import vsock
from .join import JoinedGuest
from .reach import Reach, jump, plain_uri


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


def is_over_vsock(guest: JoinedGuest, way: Reach | None) -> bool:
    """Whether a guest can be reached over vsock: it has a number, and its host is the control node, or has SSH.

    :param way: the way to its host; None where there is none
    """
    if way is None or guest["vsock_cid"] is None:
        return False
    return way.ssh is not None or not urllib.parse.urlsplit(way.uri).netloc


def ssh_args(guest: JoinedGuest, way: Reach | None, wanted: str, program: str | None = None) -> str:
    """The arguments of ssh that lead to a guest, through its host or over vsock; empty where it is reached without.

    :param way: the way to the host; None where there is none
    :param wanted: the option ``proxy_jump``
    :param program: the option ``vsock_proxy``, where guests are to be reached over vsock; None where they are not
    """
    if program is not None and way is not None and is_over_vsock(guest, way):
        over = vsock.ssh_args(guest["name"], guest["vsock_cid"], way.ssh, program, way.uri)
        return f"{over} -o CheckHostIP=no -o HostKeyAlias={alias(guest)}"
    if way is None or way.ssh is None or not (wanted == "always" or (wanted == "nat" and guest["behind_host"])):
        return ""
    return f"{jump(way.ssh)} -o HostKeyAlias={alias(guest)}"


def alias(guest: JoinedGuest) -> str:
    """The name by which ssh knows the key of a guest. It takes no spaces in it."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", f"{guest['name']}.{guest['host']}")


def variables(guest: JoinedGuest, way: Reach | None = None, connect: str = "ssh") -> dict[str, object]:
    """The variables of a guest.

    :param way: the way to its host; None where there is none
    :param connect: how Ansible is to reach the guest: ``ssh``, ``vsock``, or ``agent``
    """
    found: dict[str, object] = {"kvm_guest": guest}
    if connect == "vsock" and is_over_vsock(guest, way):
        found["ansible_host"] = alias(guest)  # A name for messages: ssh looks up none where a command connects it.
    elif guest["address"] is not None:
        found["ansible_host"] = guest["address"]
    if connect == "agent" and way is not None:
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

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a virtualization host is reached: by libvirt from here, and by SSH on the way to its guests.

What Ansible would take for a connection to the host is asked of Ansible: its variables, ansible.cfg, the environment.
"""

from __future__ import annotations

import os
import re
import shlex
import typing as t
import urllib.parse

from ansible import constants
from ansible.plugins.loader import connection_loader

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label

from .._templar import HostTemplar

URI = "kvm_inventory_uri"
"""The variable of a host with the URI of its libvirt, as seen from the control node."""

SSH = ("ssh", "smart", "paramiko", "paramiko_ssh", "libssh")
"""Connections of Ansible that go by SSH."""

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:@[A-Za-z0-9_][A-Za-z0-9_.-]*)*|[0-9a-fA-F:.]+")
"""Names of users and hosts that ProxyJump takes as they are (ssh_config(5))."""


TARGET = "'[%h]:%p'"
"""Where ssh leads to, as its own ProxyJump says it."""


class Ssh(t.NamedTuple):
    """An SSH connection to a host.

    :param args: what ssh gets beside what stands here, such as ``-o ProxyJump=bastion``
    :param is_checked: whether its key has to be known
    """

    host: str
    user: str
    port: str
    key: str
    args: tuple[str, ...]
    executable: str
    is_checked: bool


class Reach(t.NamedTuple):
    """The ways to a host.

    :param uri: the URI at which its libvirt is asked
    :param ssh: the SSH connection; None for the control node itself, and for a host that Ansible reaches otherwise
    """

    uri: str
    ssh: Ssh | None


def reach(host: str, templar: HostTemplar) -> Reach:
    """The ways to a host. Raises VirtfleetError, which names the host, where none can be told.

    :param templar: what evaluates its variables
    """

    def value(name: str) -> object:
        try:
            return templar.value(templar.raw[name])
        except Exception as error:  # A template may hold any filter or lookup.
            raise VirtfleetError(f"host {host}: {name}: {templar.why(templar.raw[name], error)}") from None

    known = {name: value(name) for name in names() if name in templar.raw}
    connection = str(known.get("ansible_connection") or constants.DEFAULT_TRANSPORT).rpartition(".")[2]
    ssh = None
    if connection in SSH:
        ssh = ssh_of({**known, "inventory_hostname": host})
    uri = str(known.get(URI) or "")
    if uri:
        return Reach(uri, ssh)
    if connection == "local":
        return Reach("qemu:///system", None)
    if ssh is None:
        raise VirtfleetError(
            f"host {host}: Ansible reaches it by the connection '{label(connection)}', by which libvirt cannot be"
            f" asked; set {URI} to the URI of its libvirt"
        )
    return Reach(uri_of(ssh), ssh)


OPTIONS = (
    *("host", "remote_user", "port", "private_key_file", "host_key_checking"),
    *("ssh_executable", "ssh_args", "ssh_common_args", "ssh_extra_args"),
)
"""The options of Ansible's connection ``ssh`` that count here."""


def names() -> list[str]:
    """The variables that say how a host is reached."""
    connection_loader.get("ssh", class_only=True)  # Ansible knows the options of plugins that it has loaded.
    definitions = constants.config.get_configuration_definitions("connection", "ssh")
    found = [entry["name"] for option in OPTIONS for entry in definitions[option].get("vars", ())]
    return [URI, "ansible_connection", *found]


def ssh_of(known: t.Mapping[str, object]) -> Ssh:
    """What Ansible takes for an SSH connection.

    :param known: variables of the host
    """

    def option(name: str) -> tuple[object, str]:
        return constants.config.get_config_value_and_origin(
            name, plugin_type="connection", plugin_name="ssh", variables=known
        )[:2]

    def text(name: str) -> str:
        value = option(name)[0]
        return "" if value is None else str(value)

    arguments, origin = option("ssh_args")
    lines = ["" if origin == "default" else str(arguments or ""), text("ssh_common_args"), text("ssh_extra_args")]
    return Ssh(
        text("host"),
        text("remote_user"),
        text("port"),
        os.path.expanduser(text("private_key_file")),
        tuple(word for line in lines for word in split_arguments(line)),
        text("ssh_executable") or "ssh",
        bool(option("host_key_checking")[0]),
    )


def split_arguments(line: str) -> list[str]:
    """The words of a line of arguments, as Ansible splits it. Raises VirtfleetError for one that ends in a quote."""
    try:
        return shlex.split(line)
    except ValueError:
        raise VirtfleetError("the arguments for ssh have a quote that does not end") from None


def uri_of(ssh: Ssh, command: str = "") -> str:
    """The URI of libvirt at the other end of an SSH connection (https://libvirt.org/uri.html).

    Nobody is asked for a password, as nobody could answer.

    :param command: a program to run in place of ssh
    """
    host = f"[{urllib.parse.quote(ssh.host, safe=':')}]" if ":" in ssh.host else urllib.parse.quote(ssh.host, safe="")
    user = f"{urllib.parse.quote(ssh.user, safe='')}@" if ssh.user else ""
    port = f":{ssh.port}" if ssh.port else ""
    wanted = {"no_tty": "1", "keyfile": ssh.key, "no_verify": "" if ssh.is_checked else "1", "command": command}
    query = "&".join(f"{name}={urllib.parse.quote(value, safe='/')}" for name, value in wanted.items() if value)
    return f"qemu+ssh://{user}{host}{port}/system?{query}"


def plain_uri(way: Reach) -> str:
    """The URI of a host's libvirt without what only counts for a program that has a terminal."""
    if way.ssh is None or way.uri != uri_of(way.ssh):
        return way.uri
    return re.sub(r"no_tty=1&|[?&]no_tty=1$", "", way.uri)


def jump(ssh: Ssh) -> str:
    """The argument of ssh that leads through a host, as ``ansible_ssh_common_args`` has it.

    ProxyJump knows neither key nor arguments of the host; where it has some, ProxyCommand does the same.
    """
    plain = all(PLAIN.fullmatch(name) for name in (ssh.user or "root", ssh.host))
    if plain and not ssh.key and not ssh.args and ssh.is_checked and os.path.basename(ssh.executable) == "ssh":
        host = f"[{ssh.host}]" if ":" in ssh.host else ssh.host
        return f"-o ProxyJump={ssh.user}{'@' if ssh.user else ''}{host}{f':{ssh.port}' if ssh.port else ''}"
    return f"-o {shlex.quote(f'ProxyCommand={through(ssh)}')}"


def through(ssh: Ssh, command: str | None = None) -> str:
    """The command by which ssh goes through a host, as ProxyCommand of ssh_config(5) has it.

    :param command: what it runs on the host, as its shell and ssh_config(5) read it; None for ssh's own way to the
        address and port of the guest
    """
    words = [ssh.executable, *ssh.args]
    for flag, value in (("-i", ssh.key), ("-l", ssh.user), ("-p", ssh.port)):
        words += [flag, value] if value else []
    words += [] if ssh.is_checked else ["-o", "StrictHostKeyChecking=no"]
    # Here, % begins a token of ssh_config(5), such as the address and port of the guest.
    line = " ".join(shlex.quote(part).replace("%", "%%") for part in words)
    end = shlex.quote(ssh.host).replace("%", "%%")
    last = f"-W {TARGET} -- {end}" if command is None else f"-- {end} {shlex.quote(command)}"
    return f"{line} {last}"

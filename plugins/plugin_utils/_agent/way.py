# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the libvirt of a guest's host: the command that starts our program, there or here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import subprocess
import typing as t
import urllib.parse

from ...module_utils._errors import VirtfleetError
from ...module_utils._printing import masked_uri, printable
from .._guests import ask

BEGIN = (
    "import sys;i=sys.stdin.buffer;"
    "exec(compile(i.read(int(i.readline())),'virtfleet-agent','exec'),{'__name__':'__main__'})"
)
"""Runs the program that comes on standard input: its length in bytes on a line, then the program."""

BY_SSH = ("ssh", "libssh", "libssh2")
"""Transports of libvirt that go by SSH (https://libvirt.org/uri.html)."""

KEPT = ("socket", "mode")
"""Parameters of a URI that also count on the host itself."""

ALIVE = 15
"""Seconds without a word after which ssh asks whether the host is still there."""


class SshCall(t.NamedTuple):
    """How ssh is called.

    :param args: arguments of the user, which come first
    :param executable: the program
    :param timeout: seconds to connect
    :param control: the folder for the sockets of connections that are shared
    """

    args: str
    executable: str
    timeout: int
    control: str


class AgentWay(t.NamedTuple):
    """The way to a host.

    :param command: starts the program that comes on its standard input (BEGIN)
    :param uri: the URI of libvirt as the program opens it
    :param host: what the host is called in messages
    :param close_command: the command that ends a shared connection; empty where there is none
    """

    command: list[str]
    uri: str
    host: str
    close_command: list[str]


def way(uri: str, ssh: SshCall, become: bool, python: str) -> AgentWay:
    """The way to a host. Raises VirtfleetError where there is none.

    :param uri: the URI of its libvirt, as seen from here
    :param become: whether the program runs by sudo
    :param python: a Python on the host that has libvirt's binding
    """
    try:
        parts = urllib.parse.urlsplit(uri)
        host, port = parts.hostname, parts.port
        query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise VirtfleetError(
            f"ansible_kvm_uri: {masked_uri(uri)} is no URI, such as qemu+ssh://root@host/system"
        ) from None
    driver, _plus, transport = parts.scheme.partition("+")
    raised = ["sudo", "-n", "--"] if become else []
    if transport not in BY_SSH:
        return AgentWay([*raised, local_python(), "-c", BEGIN], uri, masked_uri(uri), [])
    if not host:
        raise VirtfleetError(f"ansible_kvm_uri: {masked_uri(uri)} names no host, as qemu+ssh://root@host/system does")
    kept = urllib.parse.urlencode({name: query[name] for name in KEPT if name in query})
    address = f"[{host}]" if ":" in host else host
    place = urllib.parse.unquote(address.strip("[]"))
    user = urllib.parse.unquote(parts.username or "")
    if place.startswith("-") or user.startswith("-"):
        raise VirtfleetError(f"ansible_kvm_uri: {masked_uri(uri)}: a host or user cannot begin with '-'")
    options = ssh_options(ssh, query, user, port)
    call = [query.get("command") or ssh.executable, *options, *shared(ssh, options, place)]
    words = shlex.join([*raised, python, "-c", BEGIN])
    close_command = [*call, "-O", "exit", "--", place] if len(call) > len(options) + 1 else []
    return AgentWay(
        [*call, "-T", "--", place, words],
        f"{driver}://{parts.path or '/system'}{f'?{kept}' if kept else ''}",
        address,
        close_command,
    )


def local_python() -> str:
    """A Python of this machine that has libvirt's binding. Raises VirtfleetError where there is none."""
    found = ask.python()
    if found is None:
        raise VirtfleetError(
            "libvirt's Python binding is missing on the control node: install python3-libvirt or 'pip install"
            " libvirt-python', or set ansible_kvm_uri to a URI with +ssh, which needs none here"
        )
    return found


def ssh_options(ssh: SshCall, query: t.Mapping[str, str], user: str, port: int | None) -> list[str]:
    """The options of ssh, those of the user first, as ssh takes the first value of each."""
    try:
        options = shlex.split(ssh.args)
    except ValueError:
        raise VirtfleetError(f"ansible_kvm_ssh_args: {printable(ssh.args)} has a quote that does not end") from None
    options += ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={ssh.timeout}", "-o", f"ServerAliveInterval={ALIVE}"]
    if query.get("no_verify", "0") not in ("", "0"):
        options += ["-o", "StrictHostKeyChecking=no"]
    if query.get("known_hosts"):
        options += ["-o", f"UserKnownHostsFile={query['known_hosts']}"]
    for flag, value in (("-i", query.get("keyfile")), ("-l", user), ("-p", str(port or ""))):
        options += [flag, value] if value else []
    return options


def shared(ssh: SshCall, options: t.Sequence[str], place: str) -> list[str]:
    """The options by which tasks share a connection to a host; none where the user has some of these."""
    if "control" in " ".join(options).lower():
        return []
    folder = os.path.expanduser(ssh.control)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise VirtfleetError(
            f"the folder {printable(folder)} for SSH connections that are shared cannot be made: {error.strerror}; set"
            " ansible_control_path_dir to another one"
        ) from None
    mark = hashlib.sha256("\0".join((ssh.executable, *options, place)).encode()).hexdigest()[:10]
    return ["-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", f"ControlPath={folder}/{mark}"]


def close_connection(way_there: AgentWay) -> None:
    """End the connection to a host that tasks share. That there is none is no problem."""
    if way_there.close_command:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                way_there.close_command, capture_output=True, stdin=subprocess.DEVNULL, timeout=10, check=False
            )

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as their owner sees them: make, start, wait for, reboot, cut, destroy, log in."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import boot, cgroups, external, guest_image
from .machine import LabError, make_ssh_key, run, say, wait_until
from .services import start_service
from .state import Host, Lab, remove_tree

PROGRAM = str(Path(__file__).resolve().parent.parent / "lab")
_BOOT_LIMIT = 120


def group(lab: Lab, host: Host) -> Path:
    """Return the control group of everything that a host is made of."""
    return cgroups.lab_group(lab.name) / host.name


def is_running(lab: Lab, host: Host) -> bool:
    """Say whether the host is switched on."""
    return cgroups.populated(group(lab, host))


def start(lab: Lab, host: Host) -> None:
    """Switch a host on; nothing happens when it is on."""
    if is_running(lab, host):
        return
    _clear_away(lab, host)
    group(lab, host).mkdir(parents=True)
    lab.host_run(host.name).mkdir(parents=True, exist_ok=True)
    command = [PROGRAM, "--name", lab.name, "_supervise", host.name]
    start_service(lab, group(lab, host), f"machines/{host.name}/console", command)


def wait_for(lab: Lab, host: Host) -> str:
    """Wait until a host has its lease and lets us in by SSH; return its address.

    Raises LabError when the host goes off meanwhile or takes more than two minutes.
    """

    def leased() -> bool:
        if not is_running(lab, host):
            raise LabError(f"{host.name} went off while it booted; its console is in {_console(lab, host)}.")
        return external.address(lab, host) is not None

    advice = f"(its console is in {_console(lab, host)})"
    wait_until(f"{host.name} to get an address by DHCP {advice}", leased, _BOOT_LIMIT, 0.2)
    wait_until(
        f"{host.name} to answer SSH {advice}",
        lambda: leased() and _answers_ssh(lab, host),
        _BOOT_LIMIT,
    )
    return str(external.address(lab, host))


def _answers_ssh(lab: Lab, host: Host) -> bool:
    """Say whether a host runs a command by SSH. A connection into a host that goes down may never end."""
    with contextlib.suppress(LabError):
        return run(ssh(lab, host, ["true"]), check=False, timeout=20).returncode == 0
    return False


def boots(lab: Lab, host: Host) -> int:
    """Return how many times the host has been booted."""
    file = lab.host_run(host.name) / "boots"
    return int(file.read_text()) if file.exists() else 0


def reboot(lab: Lab, host: Host) -> None:
    """Reboot a host from inside and wait until it is back."""
    before = boots(lab, host)
    # The connection may end before the answer comes, or stay open without one: what counts is the next boot.
    with contextlib.suppress(LabError):
        run(ssh(lab, host, ["systemctl", "--no-block", "reboot"]), check=False, timeout=60)
    wait_until(f"{host.name} to go down for its reboot", lambda: boots(lab, host) > before, 120)
    say(f"{host.name} is down, coming up again")
    wait_for(lab, host)


def cut(lab: Lab, host: Host) -> None:
    """Cut a host's power: nobody gets a goodbye; the disk stays as it is."""
    if external.namespace_exists(lab, host.name):
        # First the cable: dying processes must not close their connections in good order.
        for nic in range(1, host.nics + 1):
            external.ip(lab, "switch", "link", "set", external.port_name(host, nic), "down", check=False)
    _clear_away(lab, host)


def destroy(lab: Lab, host: Host) -> None:
    """Cut a host's power and throw its disk and record away."""
    cut(lab, host)
    lab.forget(host.name)
    remove_tree(lab.host_disk(host.name))
    remove_tree(lab.host_run(host.name))


def _clear_away(lab: Lab, host: Host) -> None:
    """End whatever is left of a host and remove its namespace and cables."""
    cgroups.remove(group(lab, host))
    external.unplug_cables(lab, host)
    external.remove_namespace(lab, host.name)


def _console(lab: Lab, host: Host) -> Path:
    return lab.host_run(host.name) / "console.log"


def ssh_options(lab: Lab, host: Host) -> list[str]:
    """Return the SSH options by which a host is reached without touching the machine's network.

    The host is known by its name, not its address: that one may move.
    """
    return [
        "-o", f"ProxyCommand={lab.connector} %h %p",
        "-o", f"UserKnownHostsFile={lab.known_hosts(host.name)}",
        "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", f"HostKeyAlias={host.name}",
        "-o", "StrictHostKeyChecking=yes",
        "-o", "IdentitiesOnly=yes",
    ]  # fmt: skip


def ssh(lab: Lab, host: Host, command: Sequence[str], terminal: bool = False) -> list[str]:
    """Return the command that runs `command` on a host by SSH (none: a login shell).

    Raises LabError when the host has no address.
    """
    address = external.address(lab, host)
    if address is None:
        raise LabError(f"{host.name} has no address; is it running? See `lab list`.")
    options = ["-F", "/dev/null", "-i", str(lab.key), "-o", "ConnectTimeout=10"]
    options += ["-o", "LogLevel=ERROR", *ssh_options(lab, host)]
    return ["ssh", *options, *["-t"] * terminal, f"root@{address}", *command]


def make_key(lab: Lab) -> None:
    """Make the lab's SSH key and the program that carries SSH into the lab's network."""
    if not lab.key.exists():
        make_ssh_key(lab.key, f"lab {lab.name}")
    visitors = cgroups.lab_group(lab.name) / "visitors"
    visitors.mkdir(parents=True, exist_ok=True)
    lab.connector.write_text(
        "#!/bin/sh\n"
        "# Connect stdin and stdout to ADDRESS PORT, seen from the lab's router. As a member of\n"
        "# the lab's group this ends with the lab and keeps none of its namespaces alive.\n"
        f"echo 0 > {visitors}/cgroup.procs || exit 1\n"
        f"exec nsenter --net={lab.namespace_path('switch')} socat - TCP:$1:$2,connect-timeout=10\n"
    )
    lab.connector.chmod(0o755)


def push_guest_image(lab: Lab, host: Host) -> None:
    """Put the newest test guest on a running host, in place of the one it was made with."""
    for file in guest_image.files():
        target = f"/{boot.GUEST_FOLDER}/{file.name}"
        script = f"mkdir -p -m 755 /{boot.GUEST_FOLDER} && cat >{target}.new"
        with open(file, "rb") as content:
            code = subprocess.call(ssh(lab, host, [f"{script} && mv {target}.new {target}"]), stdin=content)
        if code:
            raise LabError(f"The test guest could not be copied to {host.name}.")


def entering(lab: Lab, host: Host, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` inside a host, whatever the state of its network and its SSH.

    Raises LabError when the host is off.
    """
    members = group(lab, host) / "machine/payload/init.scope/cgroup.procs"
    leaders = members.read_text().split() if members.exists() else []
    if not leaders:
        raise LabError(f"{host.name} is off; switch it on with `lab start {host.name}`.")
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    enter = ["nsenter", f"--target={leaders[0]}", "--all", "--root", "--wd", "--"]
    return _as_visitor(lab, [*enter, "env", "-i", path, "HOME=/root", "USER=root", "LANG=C.UTF-8", *command])


def in_place(lab: Lab, place: str, command: Sequence[str]) -> list[str]:
    """Return the command that runs a program of this machine in the network of a place.

    Raises LabError when the place is not there.
    """
    if place not in ("outside", "router", "switch"):
        lab.host(place)
    if not external.namespace_exists(lab, place):
        raise LabError(f"{place} is not up in lab {lab.name!r}; see `lab list`.")
    return _as_visitor(lab, external.inside(lab, place, command))


def _as_visitor(lab: Lab, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` so that it ends with the lab."""
    return cgroups.joined(cgroups.lab_group(lab.name) / "visitors", command)

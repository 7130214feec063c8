# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import boot, external, guest_image, hosts, inventory, lifecycle, prerequisites
from .machine import LabError, be_quiet, say
from .root_recipe import DEBIAN_SUITES, UBUNTU_SUITES
from .roots import TESTING
from .state import Lab, write_whole

Command = Callable[[Lab, argparse.Namespace], int]


def _up(lab: Lab, wanted: argparse.Namespace) -> int:
    lifecycle.up(
        lab,
        wanted.count,
        lifecycle.Wish(
            suites=wanted.suite,
            mirror=wanted.mirror,
            ubuntu_like=wanted.ubuntu_like,
            with_kvm=wanted.with_kvm,
            nics=wanted.nics,
        ),
    )
    return _list(lab, wanted)


def _down(lab: Lab, wanted: argparse.Namespace) -> int:
    lifecycle.down(lab, wanted.purge)
    return 0


def _list(lab: Lab, wanted: argparse.Namespace) -> int:
    row = "{:<8} {:<24} {:<9} {}"
    print(row.format("HOST", "SUITE", "STATE", "ADDRESS"))
    for host in lab.hosts():
        state = "running" if hosts.is_running(lab, host) else "off"
        address = external.address(lab, host) if state == "running" else None
        print(row.format(host.name, host.flavour, state, address or "-"))
    return 0


def _inventory(lab: Lab, wanted: argparse.Namespace) -> int:
    text = inventory.inventory(lab)
    if wanted.output:
        write_whole(Path(wanted.output), text)
    else:
        print(text, end="")
    return 0


def _shell(lab: Lab, wanted: argparse.Namespace) -> int:
    terminal = sys.stdin.isatty()
    words = wanted.command[1:] if wanted.command[:1] == ["--"] else wanted.command
    command = hosts.ssh(lab, lab.host(wanted.host), words, terminal)
    return subprocess.call(command)


def _exec(lab: Lab, wanted: argparse.Namespace) -> int:
    if not wanted.command:
        raise LabError("Say what to run: lab exec PLACE -- COMMAND...")
    return subprocess.call(hosts.in_place(lab, wanted.place, wanted.command))


def _reboot(lab: Lab, wanted: argparse.Namespace) -> int:
    with lab.lock():
        for name in wanted.host:
            say(f"rebooting {name}")
            hosts.reboot(lab, lab.host(name))
    return 0


def _cut(lab: Lab, wanted: argparse.Namespace) -> int:
    with lab.lock():
        for name in wanted.host:
            hosts.cut(lab, lab.host(name))
            say(f"{name} has lost its power")
    return 0


def _start(lab: Lab, wanted: argparse.Namespace) -> int:
    with lab.lock():
        lifecycle.start(lab, [lab.host(name) for name in wanted.host])
    return 0


def _set_cable(state: str, lab: Lab, wanted: argparse.Namespace) -> int:
    for name in wanted.host:
        host = lab.host(name)
        if not hosts.is_running(lab, host):
            raise LabError(f"{name} is off; switch it on with `lab start {name}`.")
        external.set_cable(lab, host, state)
    return 0


def _destroy(lab: Lab, wanted: argparse.Namespace) -> int:
    with lab.lock():
        for host in [lab.host(name) for name in wanted.host]:
            hosts.destroy(lab, host)
            say(f"{host.name} is destroyed")
    return 0


def _guest_image(lab: Lab, wanted: argparse.Namespace) -> int:
    prerequisites.require()
    kernel, initrd = guest_image.build(wanted.rebuild)
    for name in wanted.push or ():
        hosts.push_guest_image(lab, lab.host(name))
        say(f"the test guest is on {name}")
    print(f"kernel {kernel}\ninitrd {initrd}")
    return 0


def _check(lab: Lab, wanted: argparse.Namespace) -> int:
    found = [*prerequisites.problems(), *prerequisites.used_up()]
    for problem in found:
        print(problem)
    missing = prerequisites.missing_packages()
    if missing:
        print(f"Packages that `lab up` will install: {' '.join(missing)}.")
    if not found:
        print("This machine can carry a lab.")
    return 1 if found else 0


def _supervise(lab: Lab, wanted: argparse.Namespace) -> int:
    return boot.supervise(lab, lab.host(wanted.host), hosts.PROGRAM)


def _boot(lab: Lab, wanted: argparse.Namespace) -> int:
    boot.boot(lab, lab.host(wanted.host))
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab",
        description="Make, list, enter, break and destroy real test hosts on this machine. "
        "Hosts have systemd, udev, netplan, sshd and apt of their own, in namespaces; the "
        "machine's own network is never touched. Must run as root.",
        epilog="PLACE is a host, `outside` (the machine beyond the router, 198.19.0.2) or "
        "`router`. Progress goes to stderr, results to stdout.",
    )
    parser.add_argument(
        "--name",
        default=os.environ.get("VIRTFLEET_LAB", "lab"),
        help="the lab's name; several labs can be up at once (env VIRTFLEET_LAB, default: lab)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress lines")
    # The commands that the lab calls itself by (_supervise, _boot) stay out of the help.
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, action: Command, text: str = "") -> argparse.ArgumentParser:
        # An entry without help is not listed.
        added = commands.add_parser(name, help=text, description=text) if text else commands.add_parser(name)
        added.set_defaults(action=action)
        return added

    up = add("up", _up, "make hosts kvm01, kvm02, ... and wait until all answer SSH")
    up.add_argument("count", type=int, metavar="N", help="how many hosts there shall be")
    up.add_argument(
        "--suite",
        action="append",
        choices=(*DEBIAN_SUITES, TESTING, *UBUNTU_SUITES),
        help="suite of the hosts, several take turns (default: bookworm and trixie)",
    )
    up.add_argument("--mirror", help="package mirror; needed for Ubuntu's suites")
    up.add_argument(
        "--ubuntu-like",
        action="store_true",
        help="add what Ubuntu has: cloud-init with its netplan file, systemd-resolved",
    )
    up.add_argument("--with-kvm", action="store_true", help="hosts have libvirt and QEMU already")
    up.add_argument("--nics", type=int, default=None, help="NICs per host (default: 1)")
    down = add("down", _down, "end the lab and remove all that it made")
    down.add_argument("--purge", action="store_true", help="also remove the caches of all labs")
    add("list", _list, "show the hosts")
    output = add("inventory", _inventory, "print the Ansible inventory of the running hosts")
    output.add_argument("--output", metavar="FILE", help="write it to FILE")
    shell = add("shell", _shell, "log in to a host by SSH, or run a command there")
    shell.add_argument("host", metavar="HOST")
    shell.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    execute = add("exec", _exec, "run a program of this machine in the network of a place")
    execute.add_argument("place", metavar="PLACE")
    execute.add_argument("command", nargs="*", metavar="COMMAND")
    for name, action, text in (
        ("reboot", _reboot, "reboot hosts and wait until they are back"),
        ("cut", _cut, "cut the power of hosts; their disks stay as they are"),
        ("start", _start, "switch hosts on that are off, and wait until they answer SSH"),
        ("unplug", partial(_set_cable, "down"), "pull the network cables out of hosts"),
        ("plug", partial(_set_cable, "up"), "plug the network cables in again"),
        ("destroy", _destroy, "throw hosts away, with their disks"),
    ):
        add(name, action, text).add_argument("host", nargs="+", metavar="HOST")
    image = add("guest-image", _guest_image, "build the test guest; print its kernel and initrd")
    image.add_argument("--rebuild", action="store_true", help="with the newest kernel package")
    image.add_argument("--push", action="append", metavar="HOST", help="also put it on a running host, anew")
    add("check", _check, "say what this machine lacks for a lab; exit 1 if anything")
    for name, action in (("_supervise", _supervise), ("_boot", _boot)):
        add(name, action).add_argument("host")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command of the lab; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    wanted = _parser().parse_args(arguments)
    be_quiet(wanted.quiet)
    # systemd-nspawn, dnsmasq and the like; a plain user's PATH lacks them.
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    try:
        lab = Lab(wanted.name)
        if os.geteuid() != 0:
            raise LabError("The lab must run as root: it makes network namespaces and mounts.")
        return int(wanted.action(lab, wanted))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; `lab down` cleans up", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"lab: {error.strerror}: {error.filename or ''}", file=sys.stderr)
        return 1

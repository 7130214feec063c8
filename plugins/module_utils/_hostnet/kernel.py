# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of link that the kernel of this host cannot make."""

from __future__ import annotations

import os
import subprocess
import typing as t

from .._engine.rows.model import Item
from .agent import network

PATIENCE = 10
"""Seconds that a command has which only asks."""
MODULES = {"bridge": "bridge", "bond": "bonding", "vlan": "8021q", "macvlan": "macvlan", "macvtap": "macvtap"}
"""The kernel's module for each type."""
ON_ANOTHER = ("vlan", "macvlan", "macvtap")
"""Types that are built on another device."""
REFUSALS = ("unknown device type", "not supported")
"""What ``ip link add`` says, in lower case, where the kernel does not know a type."""
BASE = "ip link add name base type bridge && "


def unmade(wants: t.Iterable[Item], there: t.Container[str]) -> frozenset[str]:
    """The types of declared links that the kernel cannot make; those left out of which that cannot be told.

    :param there: the devices of the host: what there is already, the kernel can make
    """
    types = {want["type"] for want in wants if want["state"] == "present" and want["name"] not in there}
    return frozenset(kind for kind in types if kind in MODULES and not can_make(kind))


def can_make(kind: str) -> bool:
    """Whether the kernel can make a type of link; in doubt it can.

    A module that is not there may be a part of the kernel: then such a link is made in a network of its own, which is
    gone with the command. That loads nothing, as there is nothing to be loaded.
    """
    module = MODULES[kind]
    if os.path.exists(f"/sys/module/{module}") or status_and_errors(["modprobe", "-n", "-q", module]) == (0, ""):
        return True
    below = "link base " if kind in ON_ANOTHER else ""
    last = " id 2" if kind == "vlan" else ""
    command = f"{BASE if below else ''}ip link add {below}name probe type {kind}{last}"
    status, errors = status_and_errors(["unshare", "--net", "sh", "-c", command])
    if status and below and status_and_errors(["unshare", "--net", "sh", "-c", BASE + "true"])[0]:
        return True
    return not (status and any(words in errors.lower() for words in REFUSALS))


def status_and_errors(command: list[str]) -> tuple[int, str]:
    """The status and the errors of a command; no status of a program's where it cannot be run."""
    try:
        status, _output, errors = network.run(command, PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return -1, ""
    return status, errors

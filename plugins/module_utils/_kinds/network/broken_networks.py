# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that are active to libvirt, and whose bridge or DHCP is gone: libvirt does not look at either again."""

from __future__ import annotations

import ipaddress
import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._errors import VirtfleetError
from ..._flow.kind import Have
from ..._shell_words import ShellWord
from ..shared import lacking
from .cleanup import OF_OTHERS, forward_mode

PIDS = "/run/libvirt/network/{}.pid"
"""Where libvirt notes the process of a network's dnsmasq."""
PROC = "/proc"
UP = 1
"""IFF_UP (netdevice(7))."""


def warn(plans: t.Iterable[Plan], have: Have) -> None:
    """Warn of networks that stay active as they are, and do not work.

    :param plans: what is to be done with each network; those of this kind get a warning
    :param have: the networks that are there
    """
    there: dict[str, set[ipaddress.IPv4Address | ipaddress.IPv6Address]] | None = None
    for entry in plans:
        found = have.get(entry.name)
        live = None if found is None else found.live
        moves = any(step.action in ("stop", "start", "undefine") for step in entry.steps)
        if live is None or moves or forward_mode(live) in OF_OTHERS:
            continue
        node = live.find("bridge")
        bridge = "" if node is None else node.get("name", "")
        if not bridge:
            continue
        there = addresses() if there is None else there
        wrong = [*of_bridge(bridge, live, there), *of_dnsmasq(entry.name)]
        if wrong:
            name = ShellWord(entry.name)
            entry.warnings.append(
                f"it is active to libvirt, but {' and '.join(wrong)}, so its guests have no network, or none that"
                f" works. Start it anew when they may lose what they have: virsh net-destroy {name:sh}, virsh"
                f" net-start {name:sh}; guests that run are connected again when their interface is set up anew, such"
                " as by their restart"
            )


def of_bridge(
    bridge: str, live: ET.Element, there: t.Mapping[str, set[ipaddress.IPv4Address | ipaddress.IPv6Address]]
) -> list[str]:
    """What is wrong with the bridge of an active network.

    :param bridge: its name
    :param live: the definition of what runs
    :param there: the addresses of the host's devices, empty where they are not known
    """
    place = f"{lacking.SYS}/class/net/{bridge}"
    if not os.path.isdir(place):
        return [f"its bridge {bridge} is gone"]
    found = []
    try:
        with open(f"{place}/flags", encoding="ascii") as file:
            found = [] if int(file.read(), 16) & UP else [f"its bridge {bridge} is down"]
    except (OSError, ValueError):
        pass
    wanted = {ipaddress.ip_address(node.get("address", "")) for node in live.findall("ip") if node.get("address")}
    lost = sorted(map(str, wanted - there[bridge])) if bridge in there else []
    return [*found, *([f"{bridge} has not got {', '.join(lost)}"] if lost else [])]


def of_dnsmasq(name: str) -> list[str]:
    """What is wrong with the DHCP and DNS of an active network; nothing where libvirt notes no process for it.

    :param name: the network
    """
    try:
        with open(PIDS.format(name), encoding="ascii") as file:
            number = int(file.read())
    except (OSError, ValueError):
        return []
    try:
        with open(f"{PROC}/{number}/comm", encoding="utf-8", errors="replace") as file:
            runs = file.read().strip() == "dnsmasq"
    except OSError:
        runs = False
    return [] if runs else ["its dnsmasq, which does DHCP and DNS, does not run"]


def addresses() -> dict[str, set[ipaddress.IPv4Address | ipaddress.IPv6Address]]:
    """The addresses of the host's devices by their names; nothing where ``ip`` does not tell."""
    from ..._hostnet import iproute  # Only now: a host without such a network is spared the time to load it.

    try:
        devices = iproute.ip("address", "show")
    except (ValueError, VirtfleetError):
        return {}
    return {
        device["ifname"]: {
            ipaddress.ip_address(each["local"]) for each in device.get("addr_info", ()) if "local" in each
        }
        for device in devices
        if "ifname" in device
    }

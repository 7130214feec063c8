# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a network device of the host can carry MacVTap: one that is a port already cannot.

The kernel gives all frames of a port to one receiver: a bridge, a bond, Open vSwitch. MacVTap needs to be that one
(netdev_is_rx_handler_busy in macvlan_port_create, drivers/net/macvlan.c, which refuses the loopback device as well).
"""

from __future__ import annotations

import os
import typing as t

from ..._storage.forecast import Entries

LOOPBACK = "772"
"""The type of the loopback device (ARPHRD_LOOPBACK, linux/if_arp.h)."""

OPEN_VSWITCH = "ovs-system"
"""The device that ports of Open vSwitch belong to."""


class DeviceOwner(t.NamedTuple):
    """What a network device belongs to.

    :param kind: ``bridge``, ``bond``, ``switch`` (Open vSwitch); ``loopback`` for the loopback device itself
    :param name: its name
    """

    kind: str
    name: str

    def sentence(self, device: str) -> str:
        """What the device is."""
        return {
            "bridge": f"{device} is a port of the bridge {self.name}",
            "bond": f"{device} is part of the bond {self.name}",
            "switch": f"{device} is a port of Open vSwitch",
            "loopback": f"{device} is the loopback device",
        }[self.kind]

    def way_out(self, networks: t.Sequence[str]) -> str:
        """What to use instead of the device.

        :param networks: the networks on the bridge
        """
        by_network = f", or network: {networks[0]}, which is on it" if networks else ""
        return {
            "bridge": f"write bridge: {self.name}{by_network}",
            "bond": f"use {self.name}",
            "switch": "write bridge with the name of its bridge, and virtualport: {type: openvswitch}",
            "loopback": "name a network card, or a bridge",
        }[self.kind]


def owner(device: str, links: Entries, base: str) -> DeviceOwner | None:
    """What a network device belongs to, so that it carries no MacVTap; None where it is free, or nobody can tell.

    :param links: what earlier tasks would have made of the host's links (see Forecast)
    :param base: the folder with the host's network devices, ``/sys/class/net``
    """
    for name, facts in links.items():
        ports = (facts or {}).get("ports")
        if isinstance(ports, list) and device in ports and (facts or {}).get("type") in ("bridge", "bond"):
            return DeviceOwner(str((facts or {})["type"]), name)
    if content(f"{base}/{device}/type") == LOOPBACK:
        return DeviceOwner("loopback", device)
    try:
        master = os.path.basename(os.readlink(f"{base}/{device}/master"))
    except OSError:
        return None
    foreseen = links.get(master, {})
    if foreseen is None or isinstance(foreseen.get("ports"), list):
        return None  # It would be without this port by now.
    if os.path.isdir(f"{base}/{master}/bridge"):
        return DeviceOwner("bridge", master)
    if os.path.isdir(f"{base}/{master}/bonding"):
        return DeviceOwner("bond", master)
    return DeviceOwner("switch", master) if master == OPEN_VSWITCH else None


def content(path: str) -> str:
    """What is in a small file; empty where it cannot be read."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(100).strip()
    except OSError:
        return ""

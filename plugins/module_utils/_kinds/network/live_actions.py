# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that reach a network while it is active."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from xml.etree import ElementTree as ET

from ..._engine.step import Step
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection

SIOCBRADDIF = 0x89A2


def update_section(connection: Connection, name: str, step: Step, options: object) -> None:
    """Change one entry of an active network, without a restart (virNetworkUpdate)."""
    section, command, index, text = step.value
    connection.networkLookupByName(name).update(
        getattr(libvirt, f"VIR_NETWORK_UPDATE_COMMAND_{command.upper()}"),
        getattr(libvirt, f"VIR_NETWORK_SECTION_{section.upper()}"),
        index,
        text,
        libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE,
    )


def reattach(connection: Connection, name: str, step: Step, options: object) -> None:
    """Put the running guests' interfaces back on the bridge of a network that was started anew.

    A network that stops takes its bridge along, and the guests' taps are left on none. The value of the step are other
    networks whose guests come along, for this one takes their place.
    """
    network = connection.networkLookupByName(name)
    bridge = ET.fromstring(network.XMLDesc(0)).find("bridge")
    if bridge is None:
        return
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        for interface in ET.fromstring(domain.XMLDesc(0)).findall("devices/interface[@type='network']"):
            source, target = interface.find("source"), interface.find("target")
            if source is None or target is None or source.get("network") not in (name, *(step.value or ())):
                continue
            enslave(str(target.get("dev")), str(bridge.get("name")))


def enslave(tap: str, bridge: str) -> None:
    """Make a tap a port of a bridge, by the ioctl that brctl uses (linux/sockios.h, SIOCBRADDIF)."""
    if os.path.exists(f"/sys/class/net/{tap}/brport/bridge"):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16si12x", bridge.encode(), socket.if_nametoindex(tap))
        fcntl.ioctl(handle, SIOCBRADDIF, request)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a network a person would not write, as libvirt adds it by itself (see _engine.brief)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine.rows.model import Host

BRIDGED = ("nat", "route", "open")
"""The ways out of networks whose bridge libvirt makes; so it does for those without one."""

ALLOTTED = "52:54:00:"
"""How the MAC addresses begin that libvirt makes at random (virNetworkSetBridgeMacAddr in bridge_driver.c)."""


def fill(root: ET.Element, host: Host) -> None:
    """Write into a definition what libvirt writes where nothing is given (virNetworkDefParseXML in network_conf.c).

    :param root: the definition, changed in place
    :param host: the host, which decides nothing here
    """
    forward = root.find("forward")
    if forward is not None and forward.get("mode", "nat") not in BRIDGED:
        return
    bridge = root.find("bridge")
    if bridge is None:
        bridge = ET.SubElement(root, "bridge")
    for name, value in (("stp", "on"), ("delay", "0")):
        if name not in bridge.attrib:
            bridge.set(name, value)


def without_allotted(root: ET.Element) -> None:
    """Take the MAC address out of a definition that libvirt made at random; one of another maker somebody chose.

    :param root: the definition, changed in place
    """
    for node in root.findall("mac"):
        if node.get("address", "").lower().startswith(ALLOTTED):
            root.remove(node)

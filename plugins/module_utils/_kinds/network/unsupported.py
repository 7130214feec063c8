# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt does not define of a network, by its way out (networkValidate in bridge_driver.c of libvirt).

The rest of what libvirt refuses it says itself, as it reads the definition (see _flow.schema).
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .cleanup import OF_OTHERS, forward_mode

OWN_BRIDGE = (
    ("mac", "mac"),
    ("ips", "ip"),
    ("domain", "domain"),
    ("dns.txts", "dns/txt"),
    ("dns.hosts", "dns/host"),
    ("dns.srvs", "dns/srv"),
)
"""Options, with their elements, that only a bridge of libvirt's own has."""

LINUX_BRIDGE_VLANS = 11_000_000
"""The first libvirt that puts guests on an ordinary bridge into VLANs (its NEWS of 11.0.0)."""

LEAVE = "leave it out, or write null where it is there already"


def unsupported(root: ET.Element | None, version: int) -> t.Iterator[str]:
    """What a network cannot have, a sentence each.

    :param root: the definition to come; None where there is none
    :param version: that of libvirt
    """
    if root is None:
        return
    mode = forward_mode(root)
    if mode in ("nat", "route") and root.find("ip") is None:
        yield f"ips: forward mode {mode} needs an address of the host on the network, such as 192.168.150.1/24"
    if mode in OF_OTHERS:
        for option, path in OWN_BRIDGE:
            if root.find(path) is not None:
                yield (
                    f"{option}: goes with a bridge that libvirt makes, and with forward mode {mode} there is none:"
                    f" {LEAVE}"
                )
    yield from limits(root, mode)
    yield from vlans(root, mode, version)
    yield from devices(root, mode)


def limits(root: ET.Element, mode: str | None) -> t.Iterator[str]:
    """The limits of traffic of a network without a bridge."""
    if mode not in OF_OTHERS or (mode == "bridge" and root.find("bridge[@name]") is not None):
        return
    if root.find("bandwidth") is not None:
        yield f"bandwidth: needs a bridge, and this network has none: {LEAVE}"
    if root.find("portgroup/bandwidth") is not None:
        yield f"portgroups: the bandwidth of a port group needs a bridge, and this network has none: {LEAVE}"


def vlans(root: ET.Element, mode: str | None, version: int) -> t.Iterator[str]:
    """The VLANs of a network whose guests libvirt puts into none."""
    port = root.find("virtualport")
    switch = port is not None and port.get("type") == "openvswitch"
    known = mode in ("hostdev", "passthrough") or (mode == "bridge" and (switch or version >= LINUX_BRIDGE_VLANS))
    for option, path, what in (
        ("vlan", "vlan", "a VLAN"),
        ("portgroups", "portgroup/vlan", "the VLAN of a port group"),
    ):
        if root.find(path) is not None and not known:
            newer = " (from libvirt 11.0 on, any bridge)" if mode == "bridge" else ""
            yield (
                f"{option}: {what} goes with forward mode hostdev or passthrough, or with mode bridge and a bridge of"
                f" Open vSwitch, which virtualport tells{newer}: {LEAVE}"
            )


def devices(root: ET.Element, mode: str | None) -> t.Iterator[str]:
    """The devices of the host that a network gives to its guests."""
    if mode == "hostdev" and root.find("forward/pf") is None and root.find("forward/interface") is not None:
        yield (
            "forward.interfaces: forward mode hostdev does not take devices by name: write forward.addresses with their"
            " PCI addresses, or forward.pf with the card whose virtual functions they are"
        )
    if mode != "hostdev" and root.find("forward/address") is not None:
        yield f"forward.addresses: goes with forward mode hostdev, and not with {mode}: {LEAVE}"

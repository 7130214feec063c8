# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take out what libvirt filled in by itself, and must go when what it belonged to has gone."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.rows.model import Change, Item

OF_OTHERS = frozenset(("bridge", "private", "vepa", "passthrough", "hostdev"))
"""Forward modes with which the network's bridge, if it has one, is not libvirt's own."""


LIBVIRTS = (("bridge", "bridge@name"), ("stp", "bridge@stp"), ("delay", "bridge@delay"), ("mac", "mac@address"))
"""Options that libvirt fills in for its own bridge."""


def tidy(before: ET.Element, after: ET.Element, want: Item) -> list[Change]:
    """A lease goes with its time, and libvirt's own bridge, with what it had, where the bridge is another's.

    The latter is networkValidate in bridge_driver.c.
    """
    for entry in (*after.findall("ip/dhcp/range"), *after.findall("ip/dhcp/host")):
        for lease in entry.findall("lease"):
            if lease.get("expiry") is None:
                entry.remove(lease)
    was, now = (forward_mode(root) for root in (before, after))
    if was in OF_OTHERS or now not in OF_OTHERS:
        return []
    changes = []
    for option, where in LIBVIRTS:
        path = paths.parse(where)
        if want.get(option) is not None:
            continue
        node = paths.find(after, path.steps)
        value = None if node is None else node.get(str(path.attribute))
        if value is not None:
            changes.append(Change(option, value, None))
            paths.remove(after, path)
    return changes


def forward_mode(root: ET.Element) -> str | None:
    """How a network forwards, None for an isolated one (formatnetwork.html, Connectivity)."""
    node = root.find("forward")
    return None if node is None else node.get("mode", "nat")

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Next hops with a number, which the kernel has once: networkd asks for one on the bridge while a port has it. Pure."""

from __future__ import annotations

from .._engine.rows.model import Item
from .._errors import Invalid
from . import networkd
from .facts import Facts


def refuse(item: Item, facts: Facts) -> None:
    """Raise Invalid where a bridge would take over a next hop with a number from the unit of a new port."""
    if item["state"] == "absent" or item["type"] != "bridge" or not facts.networkd:
        return
    if facts.has_netplan and facts.netplan:
        return
    if (item.get("addressing") or "inherit") != "inherit":
        return
    for index, port in enumerate(item.get("ports") or []):
        device = facts.devices.get(port)
        if device is None or device.master == item["name"]:
            continue
        path = networkd.source(device, facts)
        number = networkd.setting(networkd.whole_unit(path, facts), "NextHop", "Id") if path else None
        if number is not None:
            raise Invalid(
                f"ports[{index}]",
                f"{path} gives {port} the next hop {number} ([NextHop], Id), and networkd asks for it on {item['name']}"
                f" while {port} still has it, so that {item['name']} would get no address: write the gateway into"
                " [Route] in its place (Gateway=)",
            )

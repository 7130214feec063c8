# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel has otherwise than declared, though every file is right. Pure."""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Change, Item
from . import networkd
from .agent.shapes import LinkData
from .facts import Facts, HostDevice

if t.TYPE_CHECKING:
    from .links_plan import LinksPlan

LEAST_DELAY = 200
"""The forward delay that a bridge with a spanning tree has at least, in hundredths of a second (BR_MIN_FORWARD_DELAY):
the kernel raises a smaller one."""


def changes(item: Item, facts: Facts, out: LinksPlan) -> list[Change]:
    """What of a link is otherwise than declared in the kernel.

    :param out: the plan, which gets what brings that about and what takes it back
    """
    device = facts.devices.get(item["name"])
    below = [name for name in (*(item.get("ports") or []), item.get("parent")) if name in facts.devices]
    if device is None:
        out.refresh += below
        return [Change("running", False, True)]
    found = []
    have = facts.ports(item["name"])
    missing = [port for port in item.get("ports") or [] if port in facts.devices and port not in have]
    if missing:
        found.append(Change("ports", [port for port in item["ports"] if port in have], item["ports"]))
        out.reconfigure += [port for port in missing if port not in out.reconfigure]
        out.refresh += missing
    if item["type"] in networkd.MAC_KINDS:
        mode = item.get("mode") or "bridge"
        if is_other(item, device):
            # networkd does not change a link that is there: it is made anew.
            found.append(Change("mode", device.settings.get("mode"), mode))
            out.gone.append(item["name"])
            out.again[item["name"]] = mode
    if item["type"] == "bridge":
        found += bridge(item, device, out)
    return found


def is_other(item: Item, device: HostDevice) -> bool:
    """Whether a MacVLAN or MacVTap link has another mode or parent than declared."""
    mode = item.get("mode") or "bridge"
    known = item["type"] in networkd.MAC_KINDS and device.kind in networkd.MAC_KINDS
    return known and (device.settings.get("mode", mode) != mode or device.parent not in ("", item["parent"]))


def bridge(item: Item, device: HostDevice, out: LinksPlan) -> list[Change]:
    """The settings of a bridge that are otherwise: networkd does not change them on a bridge that is there."""
    found = []
    for option, key, old, new in compared(item, device.settings):
        if old != new:
            before = bool(old) if isinstance(item[option], bool) else old // 100
            found.append(Change(option, before, item[option]))
            command = ["ip", "link", "set", "dev", device.name, "type", "bridge", key]
            out.commands.append([*command, str(new)])
            out.undo.append([*command, str(old)])
    return found


def compared(item: Item, settings: LinkData) -> t.Iterator[tuple[str, str, int, int]]:
    """Each setting that is declared and known: the option, the kernel's name of it, its value now and as declared."""
    # 2 is a spanning tree that another program runs (BR_USER_STP).
    stp = bool(int(settings.get("stp_state") or 0))
    if item.get("stp") is not None and "stp_state" in settings:
        yield "stp", "stp_state", int(stp), int(item["stp"])
        stp = item["stp"]
    if item.get("forward_delay") is not None and "forward_delay" in settings:
        delay = item["forward_delay"] * 100
        yield (
            "forward_delay",
            "forward_delay",
            int(settings["forward_delay"]),
            max(delay, LEAST_DELAY) if stp else delay,
        )
    if item.get("vlan_filtering") is not None and "vlan_filtering" in settings:
        yield "vlan_filtering", "vlan_filtering", int(settings["vlan_filtering"]), int(item["vlan_filtering"])

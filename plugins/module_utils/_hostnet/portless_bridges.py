# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges with addresses of the host that would be left without a port, so that nobody reaches them. Pure."""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._errors import Invalid
from .facts import Facts, HostDevice

OF_GUESTS = ("tun", "tap")
"""The kinds of device by which guests are on a bridge: nothing of the network is behind them."""


def takeovers(item: Item, items: t.Sequence[Item], facts: Facts) -> t.Iterator[Invalid]:
    """A port is not taken from a bridge that needs it, as the addresses of the bridge stay there.

    :param items: all that is declared, this one too
    """
    for index, port in enumerate(item.get("ports") or []):
        device = facts.devices.get(port)
        if device is None or not item.get("takeover") or device.master in ("", item["name"]):
            continue
        reason = needed(device, items, facts)
        if reason:
            yield Invalid(f"ports[{index}]", reason)


def needed(port: HostDevice, items: t.Sequence[Item], facts: Facts) -> str:
    """Why a port cannot be taken from its bridge, with the way out; empty where it can.

    Where the bridge goes in the same call, its addresses go with the port.
    """
    bridge = facts.devices.get(port.master)
    if bridge is None or bridge.kind != "bridge":
        return ""
    later = next((item for item in items if item["name"] == bridge.name), None)
    if later is not None and later["state"] == "absent":
        return ""
    above = [device for device in facts.devices.values() if bridge.name in chain(device, facts)]
    addresses = [address for device in above for address in device.addresses]
    taken = {each for item in items if item["name"] != bridge.name for each in item.get("ports") or []}
    ports = facts.ports(bridge.name)
    if later is not None and "ports" in later:
        ports = later["ports"] or []
    left = [name for name in ports if name not in taken and not is_of_guests(name, facts)]
    if not addresses or left:
        return ""
    users = facts.users(bridge.name)
    first = f"; guests run on it: stop {', '.join(users)} first" if users else ""
    what = "this address" if len(addresses) == 1 else "these addresses"
    return (
        f"{port.name} is the only port of the bridge {bridge.name}, which has {', '.join(addresses)}: the host would"
        f" not be reached by {what} any more. Remove {bridge.name} in the same run (state: absent),"
        f" and the addresses move along{first}; or give {bridge.name} another port first"
    )


def empty(item: Item, facts: Facts) -> t.Iterator[Invalid]:
    """The bridge by which the host is reached keeps a port."""
    if not facts.netplan:
        return  # Without netplan a port has its own addresses again.
    bridge = facts.devices.get(item["name"])
    login = facts.devices.get(facts.login_device)
    if bridge is None or login is None or "ports" not in item or bridge.name not in chain(login, facts):
        return
    had = [name for name in facts.ports(bridge.name) if not is_of_guests(name, facts)]
    if had and not [name for name in item["ports"] or [] if not is_of_guests(name, facts)]:
        yield Invalid(
            "ports",
            f"leaves {bridge.name} without a port, and the host is reached by {facts.login} on {login.name}: name the"
            f" port ({', '.join(had)}), or remove the bridge (state: absent), which gives the address back to its port",
        )


def chain(device: HostDevice, facts: Facts) -> list[str]:
    """A device and those that it is built on."""
    found = [device.name]
    while device.parent in facts.devices and device.parent not in found:
        device = facts.devices[device.parent]
        found.append(device.name)
    return found


def is_of_guests(name: str, facts: Facts) -> bool:
    """Whether a port is a guest's."""
    return name in facts.devices and facts.devices[name].kind in OF_GUESTS

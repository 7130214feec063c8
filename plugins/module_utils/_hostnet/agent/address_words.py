# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address as ``ip`` tells of it, in the words that give it to the kernel again (ip-address(8))."""

from __future__ import annotations

from .shapes import AddressData, DeviceData

FOREVER = 0xFFFFFFFF
"""The lifetime of an address that does not end (INFINITY_LIFE_TIME in linux/addrconf.h)."""
FLAGS = ("noprefixroute", "nodad", "mngtmpaddr", "home", "autojoin")
"""What an address may be marked with."""
BY_KERNEL = "kernel_"
"""How the names of the origins begin that the kernel gives (ifaprot_display in iproute2)."""


def options(device: DeviceData, address: str) -> list[str]:
    """What ``ip address replace`` is told of an address that a device had (ip-address(8)): all that it was.

    One that a lease or a router gave must not stay for ever once nobody renews it.
    """
    found: AddressData = {}
    for entry in device.get("addr_info", []):
        if f"{entry.get('local')}/{entry.get('prefixlen')}" == address:
            found = entry
    words = ["peer", f"{found['address']}/{found['prefixlen']}"] if found.get("address") else []
    for name in ("broadcast", "label", "scope", "metric"):
        value = found.get(name)
        if value and (name, value) != ("scope", "global"):
            words += [name, str(value)]
    if found.get("protocol") and not str(found["protocol"]).startswith(BY_KERNEL):
        words += ["proto", str(found["protocol"])]
    words += [name for name in FLAGS if found.get(name)]
    valid = found.get("valid_life_time", FOREVER)
    preferred = 0 if found.get("deprecated") else found.get("preferred_life_time", FOREVER)
    if min(valid, preferred) != FOREVER:
        words += ["valid_lft", lifetime(valid), "preferred_lft", lifetime(min(preferred, valid))]
    return words


def is_of_a_program(device: DeviceData, address: str) -> bool:
    """Whether an address has an origin (IFA_PROTO): the kernel, or a program such as keepalived that looks after it.

    :param device: as ``ip`` tells of it, which iproute2 does with the origin since 6.3
    """
    return any(
        entry.get("protocol") and f"{entry.get('local')}/{entry.get('prefixlen')}" == address
        for entry in device.get("addr_info", [])
    )


def lifetime(seconds: int) -> str:
    """A lifetime as ip-address(8) takes it."""
    return "forever" if seconds == FOREVER else str(seconds)


def unconfirmed(seconds: int, before: dict[str, DeviceData], now: dict[str, DeviceData]) -> str:
    """Why a change is taken back that nobody confirmed, for people: what the host was not reached by may be the reason.

    :param before: the devices, as ``ip`` tells of them, before the change
    :param now: the same while it is in force
    """
    reason = f"nobody confirmed it within {seconds} s"
    old = {entry.get("local") for device in before.values() for entry in device.get("addr_info", [])}
    new = [
        f"{entry['local']}/{entry.get('prefixlen')} on {name}"
        for name, device in now.items()
        for entry in device.get("addr_info", [])
        if entry.get("scope") == "global" and entry.get("local") not in old
    ]
    return f"{reason}; until then the host had {', '.join(new)}, which it had not before" if before and new else reason

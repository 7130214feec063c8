# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose unit of systemd-networkd is whose: the collection's own, the user's, and those of a link."""

from __future__ import annotations

import posixpath
import typing as t

from .._errors import VirtfleetError
from .facts import Facts, HostDevice
from .networkd import ADMIN, KEPT, OF_OTHERS, Units, parse, setting


def existing(facts: Facts) -> Units:
    """The collection's own units that are kept on a host, by name."""
    prefix = KEPT + "/"
    return {
        path[len(prefix) :]: text
        for path, text in facts.units.items()
        if path.startswith(prefix) and "virtfleet-" in posixpath.basename(path)
    }


def made_by(name: str, facts: Facts) -> str | None:
    """The user's own unit that makes a link, or gives its addresses to one that no unit makes; None without such."""
    found = [path for path, text in facts.units.items() if setting(parse(text), "NetDev", "Name") == name]
    found = [path for path in found if path == hiding(path, facts)]
    device = facts.devices.get(name)
    if not found and device is not None:
        unit = parse(facts.units.get(device.network_file, ""))
        found = [device.network_file] if setting(unit, "Match", "Name") == name else []
    ours = ("00-virtfleet-", "50-virtfleet-", "60-virtfleet-", "10-netplan-")
    if any(posixpath.basename(path).startswith(ours) and not path.startswith(f"{ADMIN}/10-") for path in found):
        return None
    return found[0] if found else None


def hiding(path: str, facts: Facts) -> str:
    """A unit, or the one of its name in /etc, which is read instead of one that a program made."""
    admin = f"{ADMIN}/{posixpath.basename(path)}"
    return admin if admin in facts.units else path


def of_link(name: str, units: t.Iterable[str]) -> list[str]:
    """The names of the units that belong to a link."""
    found = []
    for unit in units:
        base = posixpath.basename(unit)
        if (
            base in (f"50-virtfleet-{name}.netdev", f"50-virtfleet-{name}.network")
            or (base == f"virtfleet-{name}.conf" and name not in OF_OTHERS)
            or base in (f"00-virtfleet-{name}.netdev", f"00-virtfleet-{name}.network")
            or unit.startswith(
                (f"10-netplan-{name}.network.d/virtfleet-identity", f"10-netplan-{name}.netdev.d/virtfleet-")
            )
        ):
            found.append(unit)
    return found


def parent_file(device: HostDevice, own_file: str | None) -> str:
    """The name of the unit by which networkd configures a parent.

    :param own_file: its name where netplan makes it

    Raises VirtfleetError where a unit of the distribution's, for many devices, does.
    """
    if own_file is not None:
        return own_file
    if not device.network_file:
        return f"60-virtfleet-{device.name}.network"
    if device.network_file.startswith(("/usr/lib/", "/lib/")):
        raise VirtfleetError(
            f"{device.name} is configured by {device.network_file}, which serves many devices: give it a unit of"
            " its own"
        )
    return posixpath.basename(device.network_file)

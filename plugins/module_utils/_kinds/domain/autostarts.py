# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that start with the host, on networks and pools that do not: libvirt starts none of these for a guest."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._flow.kind import Have, Wants
from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import Connection
from ..._printing import label
from ..._storage.forecast import Entries, Forecast
from ..network.table import NETWORK
from ..shared.readiness import definition


def warn(connection: Connection, plans: t.Sequence[Plan], wants: Wants, have: Have, forecast: Forecast) -> None:
    """Warn of networks and pools that guests need which start with the host, and that do not start with it.

    :param connection: None for a host without libvirt
    """
    known: dict[tuple[str, str], bool] = {}
    for entry, want in zip(plans, wants, strict=True):
        root = definition(entry, have.get(entry.name)) if starts_with_host(entry, want, have) else None
        for kind, name in () if root is None else needed(root):
            if (kind, name) not in known:
                known[kind, name] = lasts(connection, kind, name, forecast)
            if not known[kind, name]:
                entry.warnings.append(
                    f"starts with the host, but its {kind} {label(name)} does not; write autostart: true for the {kind}"
                )


def starts_with_host(entry: Plan, want: Item, have: Have) -> bool:
    """Whether a guest is to start with the host."""
    if want["state"] == "absent":
        return False
    there = have.get(entry.name)
    return bool(want["autostart"] if "autostart" in want else there is not None and there.properties.get("autostart"))


def needed(root: ET.Element) -> list[tuple[str, str]]:
    """The networks and pools that a guest names."""
    networks = [source.get("network") for source in root.findall("devices/interface[@type='network']/source")]
    pools = [source.get("pool") for source in root.findall("devices/disk[@type='volume']/source")]
    found = [*(("network", name) for name in networks), *(("pool", name) for name in pools)]
    return [(kind, name) for kind, name in dict.fromkeys(found) if name]


def lasts(connection: Connection, kind: str, name: str, forecast: Forecast) -> bool:
    """Whether a network or pool starts with the host, as far as is known: what is not there is told of elsewhere."""
    foreseen: Entries = forecast.networks if kind == "network" else forecast.pools
    foreseen_autostart = (foreseen.get(name) or {}).get("autostart")
    if foreseen_autostart is not None:
        return bool(foreseen_autostart)
    if connection is None:
        return not (kind == "network" and name in NETWORK.shipped and foreseen.get(name, {}) is not None)
    look = connection.networkLookupByName if kind == "network" else connection.storagePoolLookupByName
    try:
        return bool(look(name).autostart())
    except LibvirtError:
        return not foreseen.get(name)  # A new one that starts with the host is told to do so.

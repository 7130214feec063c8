# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 that is switched off on a port by sysctl alone: networkd switches it on for what takes over from it. Pure."""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from . import drift, networkd
from .facts import Facts
from .links_plan import LinksPlan
from .netplan import Netplan


def warn_of_ipv6(wants: t.Sequence[Item], net: Netplan, units: networkd.Units, facts: Facts, out: LinksPlan) -> None:
    """Warn of links that have IPv6 where their new ports have none.

    :param net: netplan's documents as they become
    :param units: networkd's units of ours that they become
    """
    changed = {name for name, _changes in out.items}
    for item in wants:
        name = item["name"]
        if item["state"] == "absent" or name not in changed or (item.get("addressing") or "inherit") != "inherit":
            continue
        devices = [facts.devices[port] for port in item.get("ports") or [] if port in facts.devices]
        off = [device.name for device in devices if device.ipv6_off and device.master != name]
        unit, place = units.get(f"00-virtfleet-{name}.network"), net.place(name)
        if unit is not None:
            comes, words = drift.unit_has_ipv6(networkd.parse(unit)), "LinkLocalAddressing=no and IPv6AcceptRA=no"
        else:
            comes = place is not None and net.renderer(place) == "networkd" and drift.has_ipv6(net.merged(place))
            words = "'link-local: []' and 'accept-ra: false' in netplan"
        if off and comes:
            out.warnings.append(
                f"link {name}: IPv6 is switched off on {off[0]} by sysctl alone (net.ipv6.conf.{off[0]}.disable_ipv6),"
                f" and networkd switches it on for {name}, which takes what routers announce: if {name} is to have"
                f" none, write {words} for {off[0]} first"
            )

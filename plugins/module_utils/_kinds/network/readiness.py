# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is ready for the networks that are planned (see shared.lacking)."""

from __future__ import annotations

import typing as t

from ..._engine.plan import Plan
from ..._flow.kind import Have
from ..shared.lacking import Site
from ..shared.readiness import definition, leaves, refuse
from .cleanup import OF_OTHERS, forward_mode


def check_networks(connection: t.Any, plans: t.Sequence[Plan], have: Have, options: t.Any) -> None:
    """Refuse networks on a bridge that another network has, or that is on the host already, each for itself."""
    site = Site(connection, options.forecast)
    if not any(step.action in ("define", "start") for entry in plans for step in entry.steps):
        return
    bridges = site.bridges()
    for entry in plans:
        actions = {step.action for step in entry.steps}
        mine = {bridge: name for bridge, name in bridges.items() if name == entry.name}
        if actions & {"undefine", "stop"}:
            site.gone.update(mine)
        if leaves(entry, have.get(entry.name)):
            bridges = {bridge: name for bridge, name in bridges.items() if name != entry.name}
        root = definition(entry, have.get(entry.name)) if actions & {"define", "start"} else None
        own = None if root is None or forward_mode(root) in OF_OTHERS else root.find("bridge")
        bridge = "" if own is None else own.get("name", "")
        if not bridge:
            continue
        other = bridges.setdefault(bridge, entry.name)
        if other != entry.name:
            told = f"bridge: {bridge} is that of the network {other}: name another, or leave it out"
            refuse(entry, [site.unsure(told)])
        elif "start" in actions and entry.name not in site.networks and site.has_device(bridge):
            told = f"bridge: {bridge} is on this host already, and of no network: name another, or leave it out"
            refuse(entry, [site.unsure(told)])
        if entry.obstacle is not None:
            bridges.update(mine)
            site.gone.difference_update(mine)

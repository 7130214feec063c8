# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is ready for the networks that are planned (see shared.lacking)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._flow.kind import Have
from ..._libvirt.objects import Connection
from ..shared.lacking import Site
from ..shared.readiness import definition, leaves, refuse
from .cleanup import OF_OTHERS, forward_mode
from .network_options import NetworkOptions


def check_networks(connection: Connection, plans: t.Sequence[Plan], have: Have, options: NetworkOptions) -> None:
    """Refuse networks on a bridge that another network has, or that is the host's, each for itself.

    libvirt makes the bridge of such a network. Where the host has a device of that name, it fails to, and in clearing
    up after that it removes the host's device (networkStartNetworkVirtual and networkShutdownNetworkVirtual).

    :param connection: to libvirt
    :param plans: what is to be done with each network; those that are refused get an obstacle
    :param have: the networks that are there
    :param options: the module's, with the forecast
    """
    site = Site(connection, options.forecast)
    if not any(step.action in ("define", "start") for entry in plans for step in entry.steps):
        for entry in plans:
            warn_of_kept(entry, have.get(entry.name), site)
        return
    bridges = site.bridges()
    for entry in plans:
        found = have.get(entry.name)
        actions = {step.action for step in entry.steps}
        mine = {bridge: name for bridge, name in bridges.items() if name == entry.name}
        if actions & {"undefine", "stop"}:
            site.gone.update(mine)
        if leaves(entry, found):
            bridges = {bridge: name for bridge, name in bridges.items() if name != entry.name}
        bridge = own_bridge(definition(entry, found)) if actions & {"define", "start"} else ""
        other = bridges.setdefault(bridge, entry.name) if bridge else entry.name
        if other != entry.name:
            problem = (
                f"bridge: {bridge} is that of the network {other}: name another, or leave it out. To rename {other},"
                " declare it with state: absent as well"
            )
            refuse(entry, [site.unsure(problem, "networks")])
        elif bridge and takes(entry, bridge, found) and is_the_hosts(bridge, found, site):
            problem = f"bridge: {bridge} is on this host already, and of no network: name another{way_out(found)}"
            refuse(entry, [site.unsure(problem, "networks")])
        else:
            warn_of_kept(entry, found, site)
        if entry.obstacle is not None:
            bridges.update(mine)
            site.gone.difference_update(mine)


def own_bridge(root: ET.Element | None) -> str:
    """The bridge that libvirt makes for a network; empty where it has none of its own.

    :param root: its definition
    """
    if root is None or forward_mode(root) in OF_OTHERS:
        return ""
    node = root.find("bridge")
    return "" if node is None else node.get("name", "")


def takes(entry: Plan, bridge: str, found: Observed | None) -> bool:
    """Whether a plan gives a network a bridge, or has libvirt make it; not where that was in its definition before.

    :param entry: the plan
    :param bridge: the bridge
    :param found: the network as it is
    """
    starts = any(step.action == "start" for step in entry.steps)
    return starts or found is None or own_bridge(found.definition) != bridge


def is_the_hosts(bridge: str, found: Observed | None, site: Site) -> bool:
    """Whether a device is on the host, and not the bridge that this very network has made.

    :param bridge: the name of the device
    :param found: the network as it is
    :param site: the host
    """
    return site.has_device(bridge) and bridge != (own_bridge(found.live) if found is not None else "")


def way_out(found: Observed | None) -> str:
    """What can be done besides naming another bridge: libvirt names the bridge of a new network.

    :param found: the network as it is
    """
    return ", or leave it out" if found is None or not own_bridge(found.definition) else ""


def warn_of_kept(entry: Plan, found: Observed | None, site: Site) -> None:
    """Warn of a network that somebody has given a device of the host as its bridge before: its next start fails.

    :param entry: the plan, which leaves that as it is
    :param found: the network as it is
    :param site: the host
    """
    bridge = own_bridge(definition(entry, found))
    going = any(step.action == "undefine" for step in entry.steps)
    if not bridge or found is None or going or not is_the_hosts(bridge, found, site):
        return
    entry.warnings.append(
        f"bridge: {bridge} is a device of this host, and of no network. At its next start this network fails, and"
        f" libvirt removes {bridge} from the host: name another bridge"
    )

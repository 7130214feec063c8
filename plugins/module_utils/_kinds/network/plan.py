# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan networks: look up what the plan needs to know of the host."""

from __future__ import annotations

from ..._engine.plan import Plan, plan
from ..._engine.rows.model import Host
from ..._flow.kind import Have, Wants
from ..._libvirt.objects import Connection
from ..shared.lacking import Site
from ..shared.readiness import definition, refuse
from ..shared.renames import refuse_renamed
from . import broken_networks, handover, network_users, readiness, subnets
from .network_options import NetworkOptions
from .observe import DEFINITION
from .rules import incomplete
from .table import NETWORK
from .unsupported import unsupported


def plan_networks(connection: Connection, have: Have, wants: Wants, host: Host, options: NetworkOptions) -> list[Plan]:
    """Plan networks. The routes are asked only of the host that this runs on."""
    plans = plan(NETWORK, have, wants, host, options.on_restart_needed)
    refuse_renamed(connection, DEFINITION, plans, have, options.forecast.gone("network"))
    for entry in plans:
        if any(step.action == "define" for step in entry.steps):
            root = definition(entry, have.get(entry.name))
            known = [] if connection is None else unsupported(root, connection.getLibVersion())
            refuse(entry, [*incomplete(None if root is None else root.find("forward")), *known])
    handover.reattach(plans, have, wants)
    network_users.warn_of_users(connection, plans, options)
    if connection is None or connection.getURI().startswith("qemu:///"):
        subnets.refuse_routed(plans, have, sure=not (options.forecast.links or options.forecast.networks))
    if connection is not None:
        readiness.check_networks(connection, plans, have, options)
        if Site(connection, options.forecast).local and options.forecast.is_sure:
            broken_networks.warn(plans, have)
    return plans

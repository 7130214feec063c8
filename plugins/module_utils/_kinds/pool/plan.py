# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan pools: look up what the plan needs to know of the host."""

from __future__ import annotations

from ..._engine.plan import Plan
from ..._engine.rows.model import Host
from ..._flow.kind import Have, Wants
from ..._flow.options import Options
from ..._libvirt.objects import Connection
from ..shared.renames import refuse_renamed
from ..volume import storage_plan
from . import readiness
from .observe import DEFINITION
from .pool_users import refuse_used
from .table import POOL


def plan_pools(connection: Connection, have: Have, wants: Wants, host: Host, options: Options) -> list[Plan]:
    """Plan pools. Who uses them is only asked where one is to go."""
    plans = storage_plan.plan_pools(POOL, have, wants, host, options.on_restart_needed)
    refuse_renamed(connection, DEFINITION, plans, have, options.forecast.gone("pool"))
    refuse_used(connection, plans, options)
    if connection is not None:
        readiness.check_pools(connection, plans, have, options)
    return plans

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of the module networks."""

from __future__ import annotations

from ..._flow.arguments import DECLARE, PURGE, RESTART, USES
from ..._flow.parameters import GivenParameters, Parameters
from .kind import NETWORKS
from .network_options import NetworkOptions

TAKEN = ("on_restart_needed", "purge", "owner", "guest_networks", "declared_uses")


def options(given: GivenParameters) -> NetworkOptions:
    """What the user says about how."""
    return NetworkOptions(**{name: given[name] for name in TAKEN})


PARAMETERS = Parameters(NETWORKS, {**DECLARE, **PURGE, **USES, **RESTART, "guest_networks": {"type": "dict"}}, options)

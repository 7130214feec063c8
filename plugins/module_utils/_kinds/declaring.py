# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of all declaring modules. Written by tests/tools/site_tasks.py from each kind's site_part.py."""

from __future__ import annotations

from .._flow.parameters import Parameters


def parameters_of(name: str) -> Parameters | None:
    """The parameters of a declaring module; None where no module of a kind has the name.

    Only what is asked for is loaded: that takes a good part of the time.
    """
    if name == "networks":
        from .network import parameters as networks

        return networks.PARAMETERS
    if name == "secrets":
        from .secret import parameters as secrets

        return secrets.PARAMETERS
    if name == "pools":
        from .pool import parameters as pools

        return pools.PARAMETERS
    if name == "volumes":
        from .volume import parameters as volumes

        return volumes.PARAMETERS
    if name == "domains":
        from .domain import parameters as domains

        return domains.PARAMETERS
    if name == "snapshots":
        from .snapshot import parameters as snapshots

        return snapshots.PARAMETERS
    return None

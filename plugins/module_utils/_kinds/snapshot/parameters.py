# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of the module snapshots."""

from __future__ import annotations

from ..._flow.arguments import DECLARE
from ..._flow.parameters import GivenParameters, Parameters
from .kind import SNAPSHOTS
from .plan import SnapshotOptions


def options(given: GivenParameters) -> SnapshotOptions:
    """Nothing but the list is given."""
    return SnapshotOptions()


PARAMETERS = Parameters(SNAPSHOTS, {**DECLARE}, options)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of resources that a forecast tells of. The control node reads it, too, and nothing else with it."""

from __future__ import annotations

FORETOLD = {"network": "networks", "pool": "pools", "volume": "volumes", "secret": "secrets", "snapshot": "snapshots"}
"""The lists of a forecast that tell what declaring modules would make, by the kind of resource. Each is also the name
of its module."""

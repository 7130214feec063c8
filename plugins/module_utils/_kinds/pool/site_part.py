# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools, as the site knows them."""

from __future__ import annotations

from ..site_parts import SitePart
from .table import POOL

SITE_PART = SitePart(
    POOL,
    30,
    module="pools",
    variable="kvm_pools",
    purge="storage_purge",
    result="storage_declared",
    removed="storage_pools_purged",
)

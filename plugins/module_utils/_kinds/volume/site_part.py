# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes, as the site knows them."""

from __future__ import annotations

from ..site_parts import SitePart
from .table import VOLUME

SITE_PART = SitePart(
    VOLUME,
    50,
    module="volumes",
    variable="kvm_volumes",
    purge="storage_purge",
    result="storage_filled",
    removed="storage_volumes_purged",
)

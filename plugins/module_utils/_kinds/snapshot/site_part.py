# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots, as the site knows them."""

from __future__ import annotations

from ..site_parts import SitePart
from .table import SNAPSHOT

SITE_PART = SitePart(
    SNAPSHOT,
    70,
    module="snapshots",
    result="guests_snapshots",
)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests, as the site knows them."""

from __future__ import annotations

from ..site_parts import SitePart
from .table import DOMAIN

SITE_PART = SitePart(
    DOMAIN,
    60,
    module="domains",
    variable="kvm_guests",
    of_fleet=True,
    result="guests_declared",
)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets, as the site knows them."""

from __future__ import annotations

from ..site_parts import SitePart
from .table import SECRET

SITE_PART = SitePart(
    SECRET,
    20,
    module="secrets",
    variable="kvm_secrets",
    purge="storage_purge",
    result="storage_secrets",
    removed="storage_secrets_purged",
    role="storage",
    text="The secrets of libvirt",
)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of the module volumes."""

from __future__ import annotations

from ..._flow.arguments import DECLARE, IMAGES, PURGE, USES
from ..._flow.parameters import Parameters, options_of
from .kind import VOLUMES

PARAMETERS = Parameters(
    VOLUMES,
    {**DECLARE, **PURGE, **USES, **IMAGES},
    options_of("purge", "owner", "declared_uses", "images", "images_lock", "images_via"),
)

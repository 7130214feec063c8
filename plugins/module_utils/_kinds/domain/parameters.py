# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of the module domains."""

from __future__ import annotations

from ..._flow.arguments import DECLARE, IMAGES, PURGE, RESTART, USES
from ..._flow.parameters import GivenParameters, Parameters
from .guest_options import GuestOptions
from .kind import DOMAINS
from .undefine import Belongings

TAKEN = (
    "shutdown_timeout",
    "force_shutdown",
    "on_restart_needed",
    "remove_storage",
    "purge",
    "owner",
    "elsewhere",
    "declared_uses",
    "images",
    "images_lock",
    "images_via",
)


def options(given: GivenParameters) -> GuestOptions:
    """What the user says about how."""
    belongings = Belongings(**{name: given[f"remove_{name}"] for name in ("nvram", "tpm", "saved_state")})
    return GuestOptions(belongings=belongings, **{name: given[name] for name in TAKEN})


def wrong(given: GivenParameters) -> str | None:
    """Ansible takes nan, inf and -1 for numbers."""
    if 0 <= given["shutdown_timeout"] < float("inf"):
        return None
    problem = "shutdown_timeout (guests_shutdown_timeout of the role) has to be a number of seconds from 0"
    return f"nothing was changed: {problem}"


PARAMETERS = Parameters(
    DOMAINS,
    {
        **DECLARE,
        **PURGE,
        **USES,
        **IMAGES,
        **RESTART,
        "remove_storage": {"type": "bool", "default": False},
        "remove_nvram": {"type": "bool", "default": False},
        "remove_tpm": {"type": "bool", "default": False},
        "remove_saved_state": {"type": "bool", "default": False},
        "elsewhere": {"type": "list", "elements": "str", "default": []},
        "shutdown_timeout": {"type": "float", "default": 120},
        "force_shutdown": {"type": "bool", "default": False},
    },
    options,
    wrong,
)

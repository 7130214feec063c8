# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user says about how networks are made so."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._flow.options import Options


@dataclasses.dataclass(frozen=True)
class NetworkOptions(Options):
    """The options of networks.

    :param guest_networks: which networks the declared guests will be on, by guest (see handover); None where none is to
        go in a later call
    """

    guest_networks: t.Mapping[str, t.Sequence[str]] | None = None

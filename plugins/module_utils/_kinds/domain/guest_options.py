# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user says about how guests are made so."""

from __future__ import annotations

import dataclasses

from ..._flow.options import Options
from .undefine import Belongings


@dataclasses.dataclass(frozen=True)
class GuestOptions(Options):
    """The options of guests.

    :param shutdown_timeout: seconds that a guest has to shut down
    :param force_shutdown: whether it is switched off hard after that
    :param remove_storage: whether a guest that goes takes along the volumes that were made for it
    :param belongings: what else goes with a guest's definition
    """

    shutdown_timeout: float = 120
    force_shutdown: bool = False
    remove_storage: bool = False
    belongings: Belongings = dataclasses.field(default_factory=Belongings)

    def for_second_look(self) -> GuestOptions:
        """The options for looking again. Storage that stayed for a guest that goes as well is not looked at again."""
        return dataclasses.replace(super().for_second_look(), remove_storage=False)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lists a forecast has. The control node reads it, too, and nothing else with it."""

from __future__ import annotations

import re

APART = ("domain", "link")
"""Kinds of which a forecast has more than what is made: what guests would have then, and the devices of a host."""


def list_of(kind: str) -> str | None:
    """The list of a forecast that tells what the declaring module of a kind would make, which has the module's name.

    None where there is no such list.

    :param kind: such as ``network``, as the changes of a result name it
    """
    return f"{kind}s" if re.fullmatch("[a-z_]+", kind) and kind not in APART else None

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no definition tells of a secret: whether it has a value."""

from __future__ import annotations

import typing as t

from ..._flow.info import FactsByName
from ..._libvirt.objects import Connection
from .observe import all_named


def secret_facts(connection: Connection, names: t.Container[str]) -> FactsByName:
    """Whether secrets have a value, by name."""
    return {one.name(): {"has_value": one.has_value()} for one in all_named(connection) if one.name() in names}

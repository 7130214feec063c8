# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of values that only guests have (see _engine.converters)."""

from __future__ import annotations

from ..._engine.converters import Choice, Converter
from ..._engine.rows.model import Host


class Virt(Choice):
    """The domain's type; ``auto`` is the best that the host has."""

    def resolve(self, value: str, host: Host) -> str:
        return host.resolve_virt(value)


class Machine(Converter):
    """A machine type; an alias such as ``q35`` equals the version that the host gives it."""

    def same(self, have: str | None, want: str, host: Host) -> bool:
        known = (want, host.machines.get(want), *host.aliases.get(want, ()))
        return have is not None and have in known


MACHINE = Machine()

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over a fleet's declaration, on the control node."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils import _fleet


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"fleet_problems": _fleet.problems, "guests_on": _fleet.guests_on}

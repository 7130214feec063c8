# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the steps of molecule, on the control node."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._filter_errors import with_filter_errors
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.files import molecule_files


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, t.Callable[..., object]]:
        """The filters by name."""
        return {"molecule_files": with_filter_errors("molecule_files", molecule_files)}

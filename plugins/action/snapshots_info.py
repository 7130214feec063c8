# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of module snapshots_info: it evaluates the query.

Written by tests/tools/site_tasks.py.
"""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._info_action import InfoAction


class ActionModule(InfoAction):
    """See the module's documentation."""

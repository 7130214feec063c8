# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of module snapshots: in check mode it tells what the tasks before make.

Written by tests/tools/site_tasks.py.
"""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._forecast import DeclaringAction


class ActionModule(DeclaringAction):
    """See the module's documentation."""

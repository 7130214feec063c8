# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of all modules that read but images_info (meta/runtime.yml): it selects, as managed hosts have
no library for it."""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._info_action import InfoAction


class ActionModule(InfoAction):
    """See the documentation of the module that a task names."""

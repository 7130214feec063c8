# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of the module links."""

from __future__ import annotations

SPEC: dict[str, dict[str, object]] = {
    "config": {"type": "list", "elements": "dict", "required": True},
    "rollback_after": {"type": "int", "default": 60},
    "bypass_iptables": {"type": "bool", "default": False},
    "leave_used": {"type": "bool", "default": False},
}
"""Those that users give, besides the libvirt that is asked."""

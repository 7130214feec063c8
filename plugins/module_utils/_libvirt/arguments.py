# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters that modules share."""

from __future__ import annotations

import typing as t

URI: dict[str, t.Any] = {"uri": {"type": "str", "default": "qemu:///system"}}
"""Every module asks one libvirt."""

DECLARE: dict[str, t.Any] = {
    **URI,
    "config": {"type": "list", "elements": "dict", "required": True},
}
"""Every declaring module takes a list.

Its items are checked against the table, not by Ansible: Ansible fills in every option that is left
out, and left out is not the same as null; and its work grows with the width of the table, not with
what the user wrote.
"""

PURGE: dict[str, t.Any] = {
    "purge": {"type": "bool", "default": False},
    "owner": {"type": "str", "default": ""},
}
"""Whether what the collection made goes once it is no longer declared, and whose things are meant."""

RESTART: dict[str, t.Any] = {
    "on_restart_needed": {"type": "str", "choices": ["defer", "fail", "restart"], "default": "defer"},
}
"""What becomes of changes that only a restart brings."""

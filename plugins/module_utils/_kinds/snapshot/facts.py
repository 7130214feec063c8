# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no option tells of a snapshot: which one the guest goes on from, and what stands before and after it."""

from __future__ import annotations

import typing as t

from ..._flow.info import FactsByName
from ..._libvirt.objects import Connection
from .observe import named_snapshots


def snapshot_facts(connection: Connection, names: t.Container[str]) -> FactsByName:
    """What snapshots are besides their options, by GUEST/SNAPSHOT."""
    return {
        f"{guest.name}/{snapshot.name}": {
            "current": snapshot.current,
            "parent": snapshot.parent,
            "children": sorted(guest.children(snapshot.name)),
            "created": int(snapshot.created) if snapshot.created.isdigit() else None,
            "guest_state": snapshot.state,
            "files": snapshot.all_files,
        }
        for guest, snapshot in named_snapshots(connection, names)
    }

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New raw volumes that take more from a pool at once than it has free: the plan says so. Sparse ones take nothing."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.converters.sizes import Size
from ..._engine.plan import Plan
from ..._engine.rows.row_index import read_rows
from ..._storage.new_volumes import Making
from ..shared.lacking import Site
from .storage_rules import FILLINGS, MADE_DIRECTORIES
from .table import VOLUME


def warn(site: Site, plans: t.Sequence[Plan]) -> None:
    """Warn of volumes that would not find room, in the order in which they are made.

    It is no refusal: what goes in the same run, or meanwhile, makes room.

    :param site: the host
    :param plans: those of volumes
    """
    left: dict[str, int | None] = {}
    for entry in plans:
        for step in entry.steps if entry.problem is None else ():
            amount = bytes_needed(step.value) if isinstance(step.value, Making) else 0
            if not amount:
                continue
            pool = step.value.pool
            room = left.setdefault(pool, free_bytes(site, pool))
            if room is None:
                continue
            if amount > room:
                entry.warnings.append(
                    f"takes {Size().show(in_mib(amount))} of the pool {pool} at once, of which"
                    f" {Size().show(in_mib(max(room, 0)))} are free, so it may not be made: make room, or write"
                    " allocation: 0, with which it takes space as it is written to"
                )
            left[pool] = room - amount


def bytes_needed(volume: Making) -> int:
    """The bytes that a new volume takes at once; 0 where that is not known."""
    if any(volume.item.get(name) is not None for name in FILLINGS) or "seed" in volume.item:
        return 0
    facts = read_rows(VOLUME.rows, ET.fromstring(volume.xml))
    if facts.get("format") not in (None, "raw"):
        return 0
    amount = facts.get("capacity") if facts.get("allocation") is None else facts["allocation"]
    return amount if isinstance(amount, int) else 0


def free_bytes(site: Site, name: str) -> int | None:
    """The bytes that a pool of files on this host has free; None where nobody knows."""
    pool = site.pools.get(name)
    if not site.local or pool is None or not pool.active or pool.type not in MADE_DIRECTORIES or not pool.target:
        return None
    if name in site.forecast.pools:
        return None
    try:
        state = os.statvfs(pool.target)
    except OSError:
        return None
    return state.f_bfree * state.f_frsize


def in_mib(amount: int) -> int:
    """An amount in whole MiB, as people read it."""
    return amount // 1024**2 * 1024**2

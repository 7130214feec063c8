# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests that have more memory together than their host: each of them starts, and the kernel may end one later.

That is no mistake where they do not use it all, so it is a warning, of a run that starts guests.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.converters.sizes import UNITS, Size
from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from .disks import shared_disks

STARTED = ("running", "paused")
"""The states of a guest that has its memory."""


def warn(
    connection: Connection,
    total: int,
    plans: t.Sequence[Plan],
    wants: t.Sequence[Item],
    roots: t.Mapping[str, ET.Element],
) -> None:
    """Warn of the first guest that starts and for which nothing would be left.

    :param total: the host's memory and swap in bytes; 0 where that is not known
    :param roots: the definitions that guests will have, by name
    """
    starting = [entry for entry in plans if entry.obstacle is None and shared_disks.starts(entry)]
    if not total or not starting:
        return
    # A guest that goes or stops frees what it has. One that is refused stays as it is.
    free = {
        entry.name
        for entry, want in zip(plans, wants, strict=True)
        if entry.obstacle is None and want.get("state") not in (None, "present", *STARTED)
    }
    used = {
        str(domain.name()): int(domain.info()[2]) * 1024
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        if domain.name() not in free
    }
    for entry in starting:
        used[entry.name] = memory_of(roots[entry.name]) if entry.name in roots else 0
        together = sum(used.values())
        if together > total:
            all_of_them, has = (Size().show(amount // 1024**2 * 1024**2) for amount in (together, total))
            entry.warnings.append(
                f"memory: the guests that run on this host have {all_of_them} together with this one, and it has {has}"
                " with its swap: if they use it, the kernel ends one of them"
            )
            return


def memory_of(root: ET.Element) -> int:
    """The memory that a guest starts with, in bytes."""
    node = root.find("currentMemory")
    node = root.find("memory") if node is None else node
    return 0 if node is None else int(node.text or "0") * UNITS.get(node.get("unit", "KiB").lower(), 0)

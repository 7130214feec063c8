# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a guest that do not fit together, whatever the guest has already. Runs on the control node.

The host, or libvirt there, refuses them too, but only once the networks were changed.
"""

from __future__ import annotations

import typing as t

from .._engine.converters import MEMORY
from .._engine.rows.model import Item
from .._errors import Invalid
from .._printing import printable

TOPOLOGY = ("sockets", "dies", "clusters", "cores", "threads")
"""The parts of a topology, whose product is the number of virtual CPUs (virDomainDefValidate)."""


def fitting(guest: Item) -> t.Iterator[Invalid]:
    """What does not fit together. An option that is left out may be anything."""
    vcpus, now = guest.get("vcpus"), guest.get("current_vcpus")
    if vcpus is not None and now is not None and now > vcpus:
        yield Invalid("current_vcpus", f"{now} is more than vcpus, {vcpus}: give at most as many")
    memory, left = guest.get("memory"), guest.get("current_memory")
    if memory is not None and left is not None and left > memory:
        problem = f"{MEMORY.show(left)} is more than memory, {MEMORY.show(memory)}: give at most as much"
        yield Invalid("current_memory", problem)
    topology = (guest.get("cpu") or {}).get("topology") or {}
    parts = [(name, topology[name]) for name in TOPOLOGY if topology.get(name)]
    product = 1
    for _name, number in parts:
        product *= number
    # Parts that are left out may be there, and multiply it.
    if vcpus is not None and parts and (vcpus % product or (len(parts) == len(TOPOLOGY) and vcpus != product)):
        words = " * ".join(f"{name} {number}" for name, number in parts)
        problem = f"{words}{'' if len(parts) == 1 else f' is {product}'}, and vcpus is {vcpus}"
        yield Invalid("cpu.topology", f"{problem}: the product of all parts has to be vcpus")
    yield from targets(guest)


def targets(guest: Item) -> t.Iterator[Invalid]:
    """The disks that have the name in the guest of one before them."""
    seen: dict[str, int] = {}
    for index, disk in enumerate(guest.get("disks") or []):
        target = disk.get("target")
        if target is not None and seen.setdefault(target, index) != index:
            yield Invalid(
                f"disks[{index}].target",
                f"{printable(target)} is that of disks[{seen[target]}] as well: give each its own, or leave it out",
            )

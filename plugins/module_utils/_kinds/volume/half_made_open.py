# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse in the plan what killed runs left and what cannot be taken away, as something has it open."""

from __future__ import annotations

import typing as t

from ..._engine.plan import Plan
from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from ..._libvirt.process import made_by_another
from ..._storage.new_volumes import Making
from .half_made import Half, clear_parts

BY_KEY = ("forget", "settle_seed")
"""Actions that take away what was left of the volume that is their value."""


def refuse_half_made(
    connection: Connection,
    entry: Plan,
    half: Half,
    noted: t.Mapping[str, t.Mapping[str, str]],
    makings: tuple[type, ...] = (Making,),
) -> None:
    """Give a plan an obstacle where a step of it is to take away what is in use.

    :param connection: None for a host without libvirt, where nothing was left
    :param half: what killed runs left of volumes
    :param noted: what is noted of the host's volumes, by POOL/VOLUME
    :param makings: the classes of values of steps that make a volume; they have its ``key``
    """
    for step in entry.steps if connection is not None else ():
        key = key_of(step, makings)
        reason = None if key is None else half.in_use.get(key) or part_in_use(connection, key, noted.get(key, {}))
        if reason is not None:
            where = step.value.where if isinstance(step.value, Making) else ""
            entry.obstacle = f"{where}: {reason}" if where else reason


def key_of(step: Step, makings: tuple[type, ...]) -> str | None:
    """The volume of which a step takes away what was left, POOL/VOLUME; None for other steps."""
    if step.action in BY_KEY:
        return t.cast(str, step.value)
    return str(t.cast(t.Any, step.value).key) if isinstance(step.value, makings) else None


def part_in_use(connection: Connection, key: str, facts: t.Mapping[str, str]) -> str | None:
    """Why a temporary file of a killed run cannot be taken away; None where it can, or there is none."""
    if not facts.get("part") or made_by_another(key, facts) is not None:
        return None
    try:
        pool = connection.storagePoolLookupByName(key.partition("/")[0])
    except libvirt.libvirtError:
        return None  # The pool is still to be made, or is gone; its own plan says so.
    try:
        clear_parts(connection, pool, facts, only_look=True)
    except VirtfleetError as error:
        return str(error)
    return None

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that were made for a guest, and that it gives up while it stays: nobody deletes them by that."""

from __future__ import annotations

import re
import typing as t

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._libvirt.objects import Connection
from ...._printing import spelled_out
from ...._storage.forecast import Forecast
from ...._storage.manifest import Manifest
from ...._storage.removal import listed
from ...._storage.storage_observe import ObservedPool, source_place
from ...._storage.survey_users import all_users
from ...._storage.users import StorageUsers
from ..guest_options import GuestOptions
from .guest_disks import key_of

Pools = t.Callable[[], t.Mapping[str, ObservedPool]]
"""Tells the pools of the host."""

DISK = re.compile(r"disks\[[0-9]+\](\.file)?")
"""The paths of changes by which a guest gives up a file."""


def warn_of_left(connection: Connection, plans: t.Sequence[Plan], pools: Pools, forecast: Forecast) -> None:
    """Say of each volume that was made for a guest, and that nobody has from now on, that it stays.

    :param pools: tells the pools of the host; asked only where a disk is given up
    """
    left = [(plan, place) for plan in plans for place in given_up(plan)]
    if connection is None or not left:
        return
    texts = [step.value for plan in plans for step in plan.steps if isinstance(step.value, str)]
    noted = Manifest(connection.getURI()).entries("volumes")
    users: StorageUsers | None = None
    for plan, place in left:
        key = key_of(place, pools())
        known = key is not None and noted.get(key, {}).get("guest") == plan.name
        known = known and "seed" not in noted[str(key)]  # See seed_removal.
        if not known or any(place in text for text in texts):
            continue
        users = users or all_users(connection, forecast=forecast)
        # What somebody else uses, is no leftover, and would not be deleted.
        if all(use.who == f"guest {plan.name}" for use in users.uses(str(key), place)):
            plan.warn_of_leftover(
                f"its volume {spelled_out(str(key))} stays: where nothing on it is needed, state: absent among the"
                " volumes deletes it"
            )


def warn_of_kept(
    connection: Connection, plans: t.Sequence[Plan], have: t.Mapping[str, Observed], pools: Pools, options: GuestOptions
) -> None:
    """Say of each guest that goes without its storage which volumes stay that were made for it."""
    going = [plan for plan in plans if any(step.action == "undefine" for step in plan.steps) and plan.name in have]
    if connection is None or options.remove_storage or not going:
        return
    noted = Manifest(connection.getURI()).entries("volumes")
    for plan in going:
        sources = have[plan.name].definition.findall("devices/disk/source")
        keys = [key_of(place, pools()) for place in map(source_place, sources) if place]
        volumes = [
            key for key in keys if key and noted.get(key, {}).get("guest") == plan.name and "seed" not in noted[key]
        ]
        if volumes:
            names = listed(list(map(spelled_out, volumes)))
            plan.warn_of_leftover(
                f"{names} {'stays' if len(volumes) == 1 else 'stay'} with the data: remove_storage"
                " (guests_remove_storage of the role) takes a guest's volumes along, and state: absent among the"
                " volumes deletes what is left"
            )


def given_up(plan: Plan) -> t.Iterator[str]:
    """The files that a guest which stays has as disks, and will not have."""
    if any(step.action == "undefine" for step in plan.steps):
        return
    for change in plan.changes:
        found = DISK.fullmatch(change.path)
        before = change.before.get("file") if found and isinstance(change.before, dict) else change.before
        if found and isinstance(before, str) and before.startswith("/"):
            yield before

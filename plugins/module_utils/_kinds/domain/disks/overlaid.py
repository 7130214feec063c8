# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests whose disks others are laid over, such as the original of clones: they do not start any more."""

from __future__ import annotations

import typing as t

from ...._engine.plan import Plan
from ...._engine.rows.model import Item
from ...._flow.kind import Have
from ...._printing import spelled_out
from ...._storage.manifest import Manifest, ManifestEntries
from ...._storage.removal import listed
from ...._storage.users import StorageUsers
from ...shared.lacking import Site
from ...shared.readiness import definition
from .shared_disks import own_disks, starts
from .taken_volumes import everybody

LAID = (
    "{0}: {1} has {2} laid over it, which breaks once this guest writes to it, so it does not {3}: give it another disk"
    " or readonly: true, remove what is laid over it, or make that whole first (qemu-img rebase -b '')"
)
"""What is said of a guest that would write to what others are laid over."""


def refuse_overlaid(site: Site, plans: t.Sequence[Plan], wants: t.Sequence[Item], have: Have) -> None:
    """Refuse guests that start, or are to start with the host, and write to what others are laid over.

    What is left of a guest's own snapshots may be meant, and is only warned about (see taken_volumes.warn_of_bases).
    """
    for plan, want in zip(plans, wants, strict=True):
        root = definition(plan, have.get(plan.name)) if want["state"] != "absent" and is_to_start(plan) else None
        if root is None or plan.obstacle is not None or plan.problem is not None:
            continue
        how = "start" if starts(plan) else "start with the host"
        reasons = []
        disks = root.findall("devices/disk")
        for index, place, _sign in own_disks(site, root):
            if disks[index].find("transient") is not None:
                continue  # What it writes goes elsewhere.
            who = others_laid_over(site, everybody(site), plan.name, place)
            if who:
                reasons.append(LAID.format(f"disks[{index}]", spelled_out(place), listed(who), how))
        if reasons:
            plan.obstacle = "; ".join(reasons)


def is_to_start(plan: Plan) -> bool:
    """Whether a guest starts in this run, or is to start with the host."""
    return starts(plan) or any(step.action == "set_autostart" and step.value for step in plan.steps)


def others_laid_over(site: Site, users: StorageUsers, name: str, place: str) -> list[str]:
    """The other guests, and the volumes made for them, that are laid over a disk of a guest, in words.

    :param name: the guest
    :param place: the path or volume of its disk
    """
    key = users.key_at(place) if place.startswith("/") else place
    own = users.thing(place) if key is None else users.goes(key, place if place.startswith("/") else None)
    itself = frozenset(sign for sign in own if not sign.startswith("in "))
    found = []
    for use in users.uses_of(itself):
        if use.guest == name or own & users.signs(use.place):
            continue
        if use.guest is not None or made_for_others(site, use.who, name):
            found.append(use.who)
    return list(dict.fromkeys(found))


def made_for_others(site: Site, who: str, name: str) -> bool:
    """Whether a volume was made by a run, and not for this guest: nobody knows what others may be left over from."""
    noted: ManifestEntries = site.once("noted", lambda: Manifest(site.connection.getURI()).entries("volumes"))
    facts = noted.get(who.removeprefix("volume "))
    return facts is not None and facts.get("guest") != name

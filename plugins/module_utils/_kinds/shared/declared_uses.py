# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the items that are declared in the same run use: it stays, whether it is defined by then or not."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._libvirt.objects import Connection
from ..._storage.forecast import Forecast
from ..._storage.guest_places import GuestPlace, item_places
from ..._storage.new_volumes import Making
from ..._storage.users import StorageUsers
from ..volume.storage_rules import volume_key

Uses = t.Mapping[str, t.Mapping[str, t.Sequence[str]]]
"""What is used by what is declared for the host, by the user in words (the filter declared_uses)."""


class DeclaredUses(t.Protocol):
    """Who knows what is used by what is declared, and what earlier tasks of a run in check mode would have made."""

    @property
    def declared_uses(self) -> Uses: ...

    @property
    def forecast(self) -> Forecast: ...


PLACES = {"paths": "path", "folders": "folder", "volumes": "volume"}
"""The kinds of storage in Uses, each as a place is called."""

GUEST = "guest "
VOLUME = "volume "
"""Beginnings of users in Uses."""


def in_words(connection: Connection, uses: Uses, forecast: Forecast) -> dict[str, str]:
    """The users as messages call them: those that are not there by now as declared ones.

    :param forecast: what earlier tasks of a run in check mode would have made
    """
    there: set[str] = set()
    if uses:
        there |= {f"{GUEST}{domain.name()}" for domain in connection.listAllDomains(0)}
        there |= {f"pool {pool.name()}" for pool in connection.listAllStoragePools(0)}
        there |= {f"{GUEST}{name}" for name, facts in forecast.guests.items() if not facts.gone}
        there |= {f"pool {name}" for name, facts in forecast.pools.items() if facts is not None}
        there |= {f"{VOLUME}{key}" for key, facts in forecast.volumes.items() if facts is not None}
    return {who: who if who in there else f"the declared {who}" for who in uses}


def guest_of(who: str) -> str | None:
    """The guest that a user is; None where it is none."""
    return who[len(GUEST) :] if who.startswith(GUEST) else None


def add_uses(connection: Connection, users: StorageUsers, asked: DeclaredUses, whole: t.Container[str] = ()) -> None:
    """Note the storage that is used by what is declared for the host, whatever module declares it.

    :param asked: has what is used (declared_uses), and the forecast
    :param whole: volumes that are there, and so need nothing any more that they were filled from
    """
    names = in_words(connection, asked.declared_uses, asked.forecast)
    for who, used in asked.declared_uses.items():
        user = names[who]
        key = who[len(VOLUME) :] if who.startswith(VOLUME) else ""
        if key and key in whole:
            users.add_places(user, None, [GuestPlace("volume", key)])  # What it is laid over, its file tells.
            continue
        if who.startswith(VOLUME):
            pool, _slash, name = who[len(VOLUME) :].partition("/")
            user = who if pool in users.pools and name in users.pools[pool].paths else user
        places = [GuestPlace(place, value) for kind, place in PLACES.items() for value in used.get(kind, ())]
        users.add_places(user, guest_of(who), places)


def users_of(connection: Connection, asked: DeclaredUses, kind: str, names: t.Container[str]) -> list[str]:
    """Who of what is declared for the host uses one of some things, in words.

    :param kind: ``pools``, ``networks``, ``bridges`` or ``secrets``
    """
    uses: Uses = asked.declared_uses
    known = {who: used for who, used in uses.items() if any(name in names for name in used.get(kind, ()))}
    return list(in_words(connection, known, asked.forecast).values())


FILLED = ("clone_from", "image")
"""Options of a volume that tell what it is filled from: once it is there, it does without."""


def add_volumes(users: StorageUsers, wants: t.Iterable[Item], whole: t.Container[str] = ()) -> None:
    """Note the declared volumes, and what they are made from or laid over.

    :param whole: volumes that are there, and so need nothing any more that they were filled from
    """
    for want in wants:
        if want["state"] != "absent":
            key = str(volume_key(want))
            pool, _slash, name = key.partition("/")
            there = pool in users.pools and name in users.pools[pool].paths
            who = f"volume {key}" if there else f"the declared volume {key}"
            needed = {option: value for option, value in want.items() if key not in whole or option not in FILLED}
            users.add_places(who, None, [GuestPlace("volume", key), *item_places(needed)])


def add_guests(users: StorageUsers, plans: t.Sequence[Plan], wants: t.Sequence[Item], have: t.Container[str]) -> None:
    """Note what declared guests name, in their items and in the definitions that they will get.

    :param have: the names of those that are there already
    """
    for plan, want in zip(plans, wants, strict=True):
        if want["state"] == "absent":
            continue
        who = f"guest {plan.name}" if plan.name in have else f"the declared guest {plan.name}"
        users.add_places(who, plan.name, item_places(want))
        for step in plan.steps:
            if isinstance(step.value, Making):
                users.add_places(who, plan.name, [GuestPlace("volume", step.value.key), *item_places(step.value.item)])
            elif step.action == "define" and isinstance(step.value, str):
                users.add_document(who, plan.name, ET.fromstring(step.value))

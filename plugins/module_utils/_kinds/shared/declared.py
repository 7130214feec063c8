# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the items that are declared in the same run use: it stays, whether it is defined by then or not."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._storage.guest_places import Place, item_places
from ..._storage.making import Making
from ..._storage.users import Users
from ..volume.storage_rules import volume_key


def add_volumes(users: Users, wants: t.Iterable[Item]) -> None:
    """Note the declared volumes, and what they are made from or laid over."""
    for want in wants:
        if want["state"] != "absent":
            key = str(volume_key(want))
            pool, _slash, name = key.partition("/")
            there = pool in users.pools and name in users.pools[pool].paths
            who = f"volume {key}" if there else f"the declared volume {key}"
            users.add_places(who, None, [Place("volume", key), *item_places(want)])


def add_keys(users: Users, keys: t.Iterable[str]) -> None:
    """Note volumes that are declared in another call.

    :param keys: their identities, POOL/VOLUME
    """
    for key in keys:
        users.add_places(f"the declared volume {key}", None, [Place("volume", key)])


def add_guests(users: Users, plans: t.Sequence[Plan], wants: t.Sequence[Item], have: t.Container[str]) -> None:
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
                users.add_places(who, plan.name, [Place("volume", step.value.key), *item_places(step.value.item)])
            elif step.action == "define" and isinstance(step.value, str):
                users.add_document(who, plan.name, ET.fromstring(step.value))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all that is declared for one host uses of it, for the modules that remove things. Runs on the control node.

A task that removes volumes sees the guests that libvirt has, and not those that a later task, or another run, defines.
"""

from __future__ import annotations

import string
from xml.etree import ElementTree as ET

from .._engine.rows.model import Item
from .._engine.table import nested
from .._kinds.domain.table import DOMAIN
from .._kinds.pool.table import POOL
from .._kinds.secret.references import secrets_of
from .._kinds.volume.storage_rules import MADE, volume_key
from .._kinds.volume.table import VOLUME
from .._storage.guest_places import TEXTS, item_places
from .check import a_list, guests_on, staying
from .unique import entries, word

FORMATS = ("qcow2", "raw")
"""What a disk may be made as, where the user names no format."""

REFERRING = ("secret", "secrets", "auth")
"""Options that refer to secrets of libvirt."""

PLACES = {"path": "paths", "folder": "folders", "volume": "volumes"}
"""How the kinds of places are called here."""

UsesByGuest = dict[str, list[str]]


def declared_uses(guests: object, host: str, volumes: object = None, pools: object = None) -> dict[str, UsesByGuest]:
    """What is used by what is declared for a host, by the user in words, such as ``guest web01``.

    What is to be absent uses nothing. What is no list of items is refused elsewhere, and uses nothing here.

    :param guests: the guests of the fleet
    :param volumes: the volumes of the host
    :param pools: the pools of the host
    """
    found: dict[str, UsesByGuest] = {}
    for guest in guests_on(a_list("declared_uses", guests or []), host, staying=True):
        if not nested(guest):
            found[f"guest {word(guest, 'name')}"] = of_guest(DOMAIN.written_out(guest))
    for volume in present(volumes):
        found[f"volume {volume_key(volume)}"] = of_volume(VOLUME.written_out(volume))
    for pool in present(pools):
        found[f"pool {word(pool, 'name')}"] = {"secrets": secrets_in(POOL.written_out(pool))}
    return {who: {kind: names for kind, names in uses.items() if names} for who, uses in found.items()}


def present(items: object) -> list[Item]:
    """The items of a list that are to be there."""
    given = staying(items) if isinstance(items, (list, tuple)) else []
    return [item for item in given if isinstance(item, dict) and word(item, "name") and not nested(item)]


def of_guest(guest: Item) -> UsesByGuest:
    """What a guest uses."""
    uses = places_of(guest)
    for index, disk in enumerate(entries(guest, "disks")):
        pool = word(disk, "pool") or "default"
        if any(disk.get(option) is not None for option in MADE) or word(disk, "volume"):
            uses["pools"].append(pool)
        if any(disk.get(option) is not None for option in MADE) and not word(disk, "volume"):
            uses["volumes"] += [f"{pool}/{name}" for name in names_of(word(guest, "name"), disk, index)]
    cards = entries(guest, "interfaces")
    return {
        **{kind: list(dict.fromkeys(names)) for kind, names in uses.items()},
        "networks": [word(card, "network") for card in cards if word(card, "network")],
        "bridges": [word(card, "bridge") for card in cards if word(card, "bridge")],
        "secrets": secrets_in(guest),
    }


def names_of(guest: str, disk: Item, index: int) -> list[str]:
    """The names that the volume of a disk may have which is named after the guest."""
    letter = string.ascii_lowercase[index % 26]
    targets = [word(disk, "target")] if word(disk, "target") else [f"{kind}{letter}" for kind in ("vd", "sd", "hd")]
    forms = [word(disk, "format")] if word(disk, "format") else FORMATS
    return [f"{guest}-{target}.{form}" for target in targets for form in forms]


def of_volume(volume: Item) -> UsesByGuest:
    """What a volume uses, itself among it."""
    uses = places_of(volume)
    key = str(volume_key(volume))
    uses["volumes"] = list(dict.fromkeys([key, *uses["volumes"]]))
    return {**uses, "pools": [key.partition("/")[0]], "secrets": secrets_in(volume)}


def places_of(item: Item) -> UsesByGuest:
    """The storage that an item names."""
    uses: UsesByGuest = {"volumes": [], "paths": [], "folders": [], "pools": []}
    for place in item_places(item):
        if place.kind in PLACES:
            uses[PLACES[place.kind]].append(place.value)
    return {kind: list(dict.fromkeys(names)) for kind, names in uses.items()}


def secrets_in(value: object) -> list[str]:
    """The secrets that an item refers to, wherever: each by its UUID or its name."""
    found: list[str] = []
    left, seen = [value], set[int]()  # By anchors of YAML, one list can stand there a billion times.
    while left:
        part = left.pop()
        if id(part) in seen:
            continue
        if isinstance(part, (dict, list, tuple)):
            seen.add(id(part))
        if isinstance(part, (list, tuple)):
            left += part
        for option, inner in part.items() if isinstance(part, dict) else ():
            if option in TEXTS:
                continue
            if option in REFERRING:
                found += [
                    name
                    for one in (inner if isinstance(inner, (list, tuple)) else [inner])
                    for name in secret_names(one)
                ]
            elif option == "xml" and isinstance(inner, str):
                found += of_fragment(inner)
            left.append(inner)
    return list(dict.fromkeys(found))


def secret_names(reference: object) -> list[str]:
    """The names of a secret in a reference to it, which is a dictionary, or the UUID itself."""
    names = [word(reference, "uuid"), word(reference, "usage")] if isinstance(reference, dict) else [reference]
    return [str(name) for name in names if isinstance(name, str) and name]


def of_fragment(text: str) -> list[str]:
    """The secrets that XML refers to, which is merged into a definition; none where it is no XML."""
    try:
        return [name for _by, name in secrets_of(ET.fromstring(text))]
    except ET.ParseError:
        return []

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name that a user may have meant. A wrong guess is worse than none, so only what is close counts."""

from __future__ import annotations

import difflib
import re
import typing as t

LIKENESS = 0.75
"""How alike two names are, from 0 to 1 (difflib): ``hots`` and ``host`` are, ``hots`` and ``os`` are not."""

BEGINNING = 3
"""How many letters the beginning of a name has to have."""

OTHERWISE: dict[str, tuple[str, ...]] = {
    "backing_file": ("backing",),
    "base_image": ("image", "backing"),
    "capacity": ("size",),
    "clone_from": ("image", "backing"),
    "cpus": ("vcpus",),
    "iso": ("file",),
    "mac_address": ("mac",),
    "networks": ("interfaces",),
    "nics": ("interfaces",),
    "path": ("file",),
    "ram": ("memory",),
    "size": ("capacity",),
    "url": ("image",),
    "volumes": ("disks",),
}
"""Names that other tools, or other resources of this collection, have for an option. Kinds add theirs (register)."""


def register(names: t.Mapping[str, tuple[str, ...]]) -> None:
    """Make names known that other tools have for options.

    :param names: for each name the options that may be meant, also as the way to one, such as ``inside.size``
    """
    OTHERWISE.update(names)


def near(name: t.Any, known: t.Collection[str]) -> list[str]:
    """The names that may be meant by one that is not known, the best first; empty where none is close.

    :param known: the names that there are
    """
    if not isinstance(name, str):
        return []
    plain = name.strip().lower().replace("-", "_")
    ways = (way for way in OTHERWISE.get(plain, ()) if way.partition(".")[0] in known)
    meant = [plain] if plain in known else list(ways)
    if meant:
        return meant
    close = [
        one for one in difflib.get_close_matches(plain, sorted(known), 9, LIKENESS) if numbers(one) == numbers(plain)
    ]
    begun = [one for one in known if len(plain) >= BEGINNING and one.startswith(plain)]
    mixed = [one for one in known if len(one) >= BEGINNING and sorted(one) == sorted(plain)]
    return next((found for found in (close[:1], begun, mixed) if len(found) == 1), [])


def numbers(name: str) -> list[str]:
    """The numbers in a name: ``kvm01`` is no slip of ``kvm02``."""
    return re.findall(r"[0-9]+", name)

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

SLIP = 0.85
"""The same for one to be a slip of the other beyond doubt: ``disk`` is of ``disks``, ``boot`` is none of ``root``."""

BEGINNING = 3
"""How many letters the beginning of a name has to have."""

OTHERWISE: dict[str, tuple[str, ...]] = {
    "backing_file": ("backing",),
    "base_image": ("image", "backing"),
    "capacity": ("size",),
    "clone_from": ("image", "backing"),
    "cpus": ("vcpus",),
    "interfaces": ("ports",),
    "iso": ("file",),
    "mac_address": ("mac",),
    "networks": ("interfaces",),
    "nics": ("interfaces",),
    "path": ("file",),
    "ram": ("memory",),
    "size": ("capacity",),
    "subnet": ("ips[0].address",),
    "url": ("image",),
    "volumes": ("disks",),
}
"""Names that other tools, or other resources of this collection, have for an option. Kinds add theirs (register)."""


def register(names: t.Mapping[str, tuple[str, ...]]) -> None:
    """Make names known that other tools have for options.

    :param names: for each name the options that may be meant, also as the way to one, such as ``inside.size``
    """
    OTHERWISE.update(names)


def surely(name: object, known: t.Collection[str]) -> list[str]:
    """The names that are meant by one that is not known, beyond doubt: written otherwise, of other tools, or a slip."""
    if not isinstance(name, str):
        return []
    plain = name.strip().lower().replace("-", "_")
    ways = (way for way in OTHERWISE.get(plain, ()) if re.split(r"[.\[]", way)[0] in known)
    return [plain] if plain in known else list(ways) or close(plain, known, SLIP)


def near(name: object, known: t.Collection[str]) -> list[str]:
    """The names that may be meant by one that is not known, the best first; empty where none is close.

    :param known: the names that there are
    """
    meant = surely(name, known)
    if meant or not isinstance(name, str):
        return meant
    plain = name.strip().lower().replace("-", "_")
    begun = [one for one in known if len(plain) >= BEGINNING and one.startswith(plain)]
    mixed = [one for one in known if len(one) >= BEGINNING and sorted(one) == sorted(plain)]
    words = words_of(plain)
    worded = [one for one in known if len(words) > 1 and words <= words_of(one)]
    short = [one for one in known if one_letter(plain, one)]
    return next(
        (found for found in (close(plain, known, LIKENESS), begun, mixed, short, worded) if len(found) == 1), []
    )


def one_letter(name: str, other: str) -> bool:
    """Whether two names of three letters differ in one that is not the first: ``lsn`` and ``lan``, not ``wan``."""
    return (
        len(name) == len(other) == BEGINNING
        and f"{name}{other}".isalpha()
        and name[0] == other[0].lower()
        and sum(mine != theirs for mine, theirs in zip(name, other.lower(), strict=True)) == 1
    )


def close(plain: str, known: t.Collection[str], likeness: float) -> list[str]:
    """The name that is most like another one, if one is."""
    found = difflib.get_close_matches(plain, sorted(known), 9, likeness)
    return [one for one in found if numbers(one) == numbers(plain)][:1]


def words_of(name: str) -> set[str]:
    """The words in a name, without what tells one from several."""
    return {word.removesuffix("s") for word in re.split("[_-]", name.lower()) if word}


def numbers(name: str) -> list[str]:
    """The numbers in a name: ``kvm01`` is no slip of ``kvm02``, but ``kvm1`` is one."""
    return [number.lstrip("0") for number in re.findall(r"[0-9]+", name)]

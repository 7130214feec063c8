# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which existing element each item of a declared list stands for."""

from __future__ import annotations

import typing as t

from .model import ReadOnlyItem

Key: t.TypeAlias = "str | tuple[str, ...]"
"""One option, or several that count together. ``target.name`` is an option inside another, and
``-bus`` says that the key counts only where the item leaves that option out."""


def options_of(key: Key) -> tuple[str, ...]:
    """The options whose values make up a key."""
    parts = (key,) if isinstance(key, str) else key
    return tuple(part for part in parts if not part.startswith("-"))


def is_for(want: ReadOnlyItem, key: Key) -> bool:
    """Whether an item can be found by a key."""
    parts = (key,) if isinstance(key, str) else key
    return all(value_of(want, part[1:]) is None for part in parts if part.startswith("-"))


def value_of(item: ReadOnlyItem, key: Key) -> object:
    """The value of a key, or None where the item does not have all of it."""
    if isinstance(key, tuple):
        values = tuple(value_of(item, part) for part in options_of(key))
        return None if None in values else values
    value: object = item
    for name in key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def pair(
    wants: t.Sequence[ReadOnlyItem],
    have: t.Sequence[ReadOnlyItem],
    keys: t.Sequence[Key],
    rekey: bool,
    fixed: t.Container[int] = (),
    alike: t.Sequence[Key] = (),
) -> list[int | None]:
    """Find for each wanted item the index of the existing one that it stands for, or None.

    First by the keys, strongest first: an item that names a key takes the first free one with the
    same value. What is left is paired in order, those first that are alike. An item whose strongest
    key names another value than the one at its place is a new one, unless ``rekey`` says that the
    key itself may change. The existing ones in ``fixed`` are only ever found by a key.
    """
    partners: list[int | None] = [None] * len(wants)
    every = range(len(wants))
    free = list(range(len(have)))
    by_keys(wants, have, keys, every, partners, free)
    free = [spot for spot in free if spot not in fixed]
    rest = [index for index in every if rekey or not keys or value_of(wants[index], keys[0]) is None]
    by_keys(wants, have, alike, rest, partners, free)
    for index in rest:
        if partners[index] is None and free:
            partners[index] = free.pop(0)
    return partners


def by_keys(
    wants: t.Sequence[ReadOnlyItem],
    have: t.Sequence[ReadOnlyItem],
    keys: t.Sequence[Key],
    indices: t.Iterable[int],
    partners: list[int | None],
    free: list[int],
) -> None:
    """Give items the first free element with the same value of a key.

    :param indices: the items that are looked at
    :param partners: gets the elements; an item that has one keeps it
    :param free: the elements that nobody has; those that are given go
    """
    indices = list(indices)
    for key in keys:
        for index in indices:
            want = wants[index]
            named = value_of(want, key) if partners[index] is None and is_for(want, key) else None
            match = None if named is None else next((spot for spot in free if value_of(have[spot], key) == named), None)
            if match is not None:
                partners[index] = match
                free.remove(match)

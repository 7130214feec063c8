# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a cloud-config or network-config by its structure alone. Nothing of a value is shown."""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near, surely
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named, printable

from ._cloud_config_table import DEVICES, ENTRIES, ITEMS, KEYS, NETWORK, REQUIRED, UNCHECKED

WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a dictionary",
    "string": "a text",
}
"""What the types of JSON Schema are called."""

TRUTH = ("true", "false", "yes", "no", "on", "off", "1", "0")
"""Texts that cloud-init takes for true or false (its util.is_true)."""

SCALARS = (int, float, datetime.date)
"""What YAML makes of a text without quotes."""

DataPlace = tuple["str | int", ...]
"""Where something is in a document: names and numbers."""


class Finding(t.NamedTuple):
    """Something that is wrong.

    :param place: where it is
    :param problem: what it is, and what to do
    :param sure: whether it is refused; else it may be right, and is warned of
    :param by_type: whether it is the type of the value that is wrong
    """

    place: DataPlace
    problem: str
    sure: bool = True
    by_type: bool = False


def shown_place(place: DataPlace) -> str:
    """A place in words, such as ``users[0].name``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{named(part)}" if text else named(part)
    return text


def is_of(value: object, kind: str) -> bool:
    """Whether a value is of a type of JSON Schema, or a text that cloud-init takes for one: templates make texts."""
    if kind == "boolean":
        return isinstance(value, bool) or (isinstance(value, str) and value.lower() in TRUTH)
    if kind in ("integer", "number"):
        number = isinstance(value, (int, float) if kind == "number" else int) and not isinstance(value, bool)
        return number or (isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value) is not None)
    types: dict[str, type | tuple[type, ...]] = {
        "array": (list, tuple),
        "null": type(None),
        "object": dict,
        "string": (str, bytes),
    }
    return isinstance(value, types[kind])


def not_of(value: object, kinds: t.Sequence[str]) -> str | None:
    """What is wrong with the type of a value; None where nothing is."""
    if any(is_of(value, kind) for kind in kinds):
        return None
    told = " or ".join(WORDS[kind] for kind in kinds if kind != "null")
    hint = ""
    if {"string", "array", "object"}.intersection(kinds) == {"string"} and isinstance(value, SCALARS):
        hint = ": put it in quotes"
    elif "array" in kinds and isinstance(value, str):
        hint = ": write a list"
    given = "a date" if isinstance(value, datetime.date) else printable(value, hidden=True)
    return f"is {given}, and cloud-init takes {told}{hint}"


def unknown(name: object, known: t.Collection[str]) -> tuple[str, bool]:
    """What to say of the name of an entry that is not known, and whether it is wrong for sure.

    :param known: the names that are
    """
    meant = surely(name, known)
    like = meant or near(name, known)
    hint = f"; did you mean '{like[0]}'?" if like else ""
    return f"cloud-init knows no such entry here{hint}", bool(meant)


def of_config(entries: t.Mapping[str, t.Any], more: t.Collection[str] = ()) -> t.Iterator[Finding]:
    """What is wrong with a cloud-config. What is null is as if it were left out.

    :param more: entries that are known besides those of the table
    """
    known = {*ENTRIES, *more}
    for name, value in entries.items():
        if name not in known and name not in UNCHECKED:
            said, sure = unknown(name, known)
            yield Finding((name,), said, sure)
        elif value is not None and name in ENTRIES:
            yield from of_value(value, ENTRIES[name].split(), name, (name,))


def of_value(value: t.Any, kinds: t.Sequence[str], path: str, place: DataPlace) -> t.Iterator[Finding]:
    """What is wrong with a value.

    :param kinds: the types that it may be of
    :param path: what it is in the table
    """
    wrong = not_of(value, kinds)
    if wrong is not None:
        yield Finding(place, wrong)
    elif isinstance(value, (list, tuple)) and path in ITEMS:
        for index, item in enumerate(value):
            yield from of_value(item, ITEMS[path].split(), f"{path}[]", (*place, index))
    elif isinstance(value, dict) and path in KEYS:
        for name, inner in value.items():
            if name not in KEYS[path]:
                said, sure = unknown(name, KEYS[path])
                yield Finding((*place, name), said, sure)
            elif inner is not None:
                yield from of_value(inner, KEYS[path][name].split(), f"{path}.{name}", (*place, name))
        yield from (Finding((*place, name), "is missing") for name in REQUIRED.get(path, ()) if value.get(name) is None)


def takes(entries: t.Mapping[str, t.Any], place: DataPlace) -> bool:
    """Whether the table says that the value at a place of a cloud-config is of a right type.

    Then an older schema on the control node does not count: the guest's cloud-init may be newer.
    """
    value: t.Any = entries
    path, kinds = "", ""
    for part in place:
        value = value[part]
        kinds = (
            ITEMS.get(path, "") if isinstance(part, int) else (KEYS.get(path, {}) if path else ENTRIES).get(part, "")
        )
        path = f"{path}[]" if isinstance(part, int) else f"{path}.{part}" if path else str(part)
    return any(is_of(value, kind) for kind in kinds.split())


def of_network(entries: t.Mapping[str, t.Any]) -> t.Iterator[Finding]:
    """What is wrong with network-config of version 2."""
    for name, value in entries.items():
        if name not in NETWORK:
            said, sure = unknown(name, NETWORK)
            yield Finding((name,), said, sure)
        elif name in DEVICES and value is not None:
            wrong = not_of(value, ("object",))
            if wrong is not None:
                yield Finding((name,), wrong)
                continue
            for device, options in value.items():
                wrong = None if options is None else not_of(options, ("object",))
                if wrong is not None:
                    yield Finding((name, device), wrong)

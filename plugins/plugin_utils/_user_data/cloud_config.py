# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a cloud-config or network-config by its structure alone. Nothing of a value is shown."""

from __future__ import annotations

import datetime
import functools
import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import (
    LIKENESS,
    SLIP,
    close,
    near,
    surely,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import ReadOnlyItem
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.values import AS_DICTIONARY
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named, printable

from .cloud_config_table import (
    ENTRIES,
    ITEMS,
    KEYS,
    LENIENT,
    LISTS_OF_ONE,
    REQUIRED,
    TEXTS_OF_NUMBERS,
    UNCHECKED,
)
from .network_config_table import DEVICE, DEVICES, NETWORK

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

DEVICE_PATH = re.compile(r"/dev/[A-Za-z0-9_./-]{1,100}")
"""Names that are no secret, though ``named`` does not know them."""

COMMANDS = ("bootcmd", "runcmd")
"""Lists of commands."""

DataPlace = tuple["str | int", ...]
"""Where something is in a document: names and numbers."""


class Finding(t.NamedTuple):
    """Something that is wrong.

    :param place: where it is
    :param problem: what it is, and what to do
    :param sure: whether it is refused; else it may be right, and is warned of
    :param rule: what is wrong, where that matters: the ``type`` of the value, the ``name``, or the choice (``enum``)
    """

    place: DataPlace
    problem: str
    sure: bool = True
    rule: str = ""


def shown_place(place: DataPlace) -> str:
    """A place in words, such as ``users[0].name``. Names with dots, and those that are paths, are quoted."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif isinstance(part, str) and (DEVICE_PATH.fullmatch(part) or ("." in part and named(part) == part)):
            text += f"['{part}']"
        else:
            text += f".{named(part)}" if text else named(part)
    return text


def is_of(value: object, kind: str) -> bool:
    """Whether a value is of a type of JSON Schema, or a text that cloud-init takes for one: templates make texts."""
    if kind == "boolean":
        return (isinstance(value, int) and value in (0, 1)) or (isinstance(value, str) and value.lower() in TRUTH)
    if kind in ("integer", "number"):
        number = isinstance(value, (int, float) if kind == "number" else int) and not isinstance(value, bool)
        form = r"[0-9]{1,18}(?:\.[0-9]{1,18})?" if kind == "number" else "[0-9]{1,18}"
        return number or (isinstance(value, str) and re.fullmatch(form, value) is not None)
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
    kinds_named = " or ".join(
        WORDS[kind] for kind in kinds if kind != "null" and not (kind == "integer" and "number" in kinds)
    )
    hint = ""
    if {"string", "array", "object"}.intersection(kinds) == {"string"} and isinstance(value, SCALARS):
        hint = ": put it in quotes"
    elif "array" in kinds and isinstance(value, str):
        hint = ": write a list"
    given = "a date" if isinstance(value, datetime.date) else printable(value, hidden=True)
    return f"is {given}, and cloud-init takes {kinds_named}{hint}"


def unknown(name: object, known: t.Collection[str]) -> tuple[str, bool]:
    """What to say of the name of an entry that is not known, and whether it is wrong for sure.

    :param known: the names that are
    """
    meant = surely(name, known)
    like = meant or near(name, known)
    hint = f"; did you mean '{like[0]}'?" if like else ""
    return f"cloud-init knows no such entry here{hint}", bool(meant)


def of_config(entries: t.Mapping[str, object], more: t.Collection[str] = ()) -> t.Iterator[Finding]:
    """What is wrong with a cloud-config. What is null is as if it were left out.

    :param more: entries that are known besides those of the table
    """
    known = {*ENTRIES, *more}
    for name, value in entries.items():
        if name not in known and name not in UNCHECKED:
            problem, sure = unknown(name, known)
            yield Finding((name,), problem, sure)
        elif value is not None and name in ENTRIES:
            yield from of_value(value, ENTRIES[name].split(), name, (name,))


def of_value(value: object, kinds: t.Sequence[str], path: str, place: DataPlace) -> t.Iterator[Finding]:
    """What is wrong with a value.

    :param kinds: the types that it may be of
    :param path: what it is in the table
    """
    wrong = not_of(value, kinds)
    if wrong is not None:
        yield Finding(place, wrong + of_command(value, path), not is_taken(value, path))
    elif isinstance(value, (list, tuple)) and path in ITEMS:
        for index, item in enumerate(value):
            yield from of_value(item, ITEMS[path].split(), f"{path}[]", (*place, index))
    elif isinstance(value, dict) and path in KEYS:
        for name, inner in value.items():
            if name not in KEYS[path]:
                problem, sure = unknown(name, KEYS[path])
                yield Finding((*place, name), problem, sure)
            elif inner is not None:
                yield from of_value(inner, KEYS[path][name].split(), f"{path}.{name}", (*place, name))
        yield from (Finding((*place, name), "is missing") for name in REQUIRED.get(path, ()) if value.get(name) is None)


def of_command(value: object, path: str) -> str:
    """What to do about a command, or commands, of a wrong type; empty for anything else."""
    if path in COMMANDS and isinstance(value, str):
        return f", such as {path}: ['COMMAND']"
    is_command = path.partition("[]")[0] in COMMANDS and path != path.partition("[]")[0]
    return f": {AS_DICTIONARY}" if is_command and isinstance(value, dict) else ""


def is_taken(value: object, path: str) -> bool:
    """Whether cloud-init makes of a value what it should be: of a text a list, of a number a text."""
    if path in TEXTS_OF_NUMBERS and isinstance(value, SCALARS):
        return True
    return path in LISTS_OF_ONE and isinstance(value, str) and re.search(r"[\s,]", value) is None


def path_of(place: DataPlace) -> str:
    """What a place is in the table, such as ``users[].name``."""
    text = ""
    for part in place:
        text += "[]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def counted(entries: t.Mapping[str, object], found: Finding) -> Finding | None:
    """What a schema has against a cloud-config, as far as it counts; None where the table knows better.

    The schema on the control node may be older than the guest's cloud-init, and stricter than it.
    """
    path = path_of(found.place)
    if found.rule == "type" and takes(entries, found.place):
        return None
    if found.rule == "name" and found.place[-1] in KEYS.get(path_of(found.place[:-1]), ()):
        return None
    value = value_at(entries, found.place) if found.rule == "type" else entries
    lenient = any(re.fullmatch(re.escape(one).replace(r"\*", ".+"), path) for one in LENIENT)
    return found._replace(sure=False) if lenient or is_taken(value, path) else found


def takes(entries: t.Mapping[str, object], place: DataPlace) -> bool:
    """Whether the table says that the value at a place of a cloud-config is of a right type."""
    value = value_at(entries, place)
    return any(is_of(value, kind) for kind in kinds_at(place))


def value_at(entries: t.Mapping[str, object], place: DataPlace) -> object:
    """The value at a place of a cloud-config."""
    return functools.reduce(lambda value, part: value[part], place, t.cast("t.Any", entries))


def kinds_at(place: DataPlace) -> list[str]:
    """The types that a value may be of at a place, as the table says; none where it does not know the place."""
    *above, last = place
    path = path_of(tuple(above))
    if isinstance(last, int):
        return ITEMS.get(path, "").split()
    return (KEYS.get(path, {}) if above else ENTRIES).get(last, "").split()


def of_network(entries: ReadOnlyItem) -> t.Iterator[Finding]:
    """What is wrong with network-config of version 2."""
    for name, value in entries.items():
        if name not in NETWORK:
            problem, sure = unknown(name, NETWORK)
            yield Finding((name,), problem, sure)
        elif name in DEVICES and value is not None:
            wrong = not_of(value, ("object",))
            if wrong is not None:
                yield Finding((name,), wrong)
                continue
            for device, options in value.items():
                wrong = None if options is None else not_of(options, ("object",))
                if wrong is not None:
                    yield Finding((name, device), wrong)
                elif options is not None:
                    yield from of_device(options, (name, device))


def of_device(options: ReadOnlyItem, place: DataPlace) -> t.Iterator[Finding]:
    """What is wrong with the names of the entries of a device. The names of other tools do not count here."""
    for name in options:
        if name in DEVICE:
            continue
        plain = str(name).strip().lower().replace("_", "-")
        meant = [plain] if plain in DEVICE else close(plain, DEVICE, SLIP)
        like = meant or close(plain, DEVICE, LIKENESS)
        hint = f"; did you mean '{like[0]}'?" if like else ""
        yield Finding((*place, name), f"netplan knows no such entry of a device{hint}", bool(meant))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is likely meant by a list, or a word, in the place of a dictionary of which the names are the user's."""

from __future__ import annotations

import re
import typing as t

from ..converters import Converter, digits
from .suggestions import WORD, can_be_shown, flow

MOST = 3
"""How many entries are written out."""

SIGNS = {"+": "require", "-": "disable"}
"""What other tools write before a name, and the value that it stands for, where there is one."""


def entries(given: object, of_name: Converter, of_value: Converter, names: tuple[str, str | None], hidden: bool) -> str:
    """How to write what stands in the place of a dictionary of names, as the end of a sentence.

    :param given: what the user wrote
    :param of_name: the converter of the names
    :param of_value: that of the values
    :param names: what libvirt calls the name, and the value; None where that is the text of an element
    :param hidden: whether values are never shown
    """
    items = list(given) if isinstance(given, (list, tuple)) else [given]
    pairs = [] if hidden or not items else [pair(item, of_name, of_value, names, i) for i, item in enumerate(items)]
    if not pairs or None in pairs or len(pairs) > MOST:
        return "write it as NAME: VALUE, without '- '" if isinstance(given, (list, tuple)) else "write {NAME: VALUE}"
    found = t.cast("list[tuple[str, str]]", pairs)
    choices = of_value.choices or ()
    which = f", and one of {', '.join(choices)} for VALUE" if choices and any(v == VALUE for _n, v in found) else ""
    return f"write {{{', '.join(f'{name}: {value}' for name, value in found)}}}{which}"


VALUE = "VALUE"
"""In place of a value that nobody knows."""


def pair(
    item: object, of_name: Converter, of_value: Converter, names: tuple[str, str | None], index: int
) -> tuple[str, str] | None:
    """The name and the value that one item of a list stands for; None where that cannot be told.

    :param index: its place in the list
    """
    key, value_key = names
    if isinstance(item, dict) and len(item) == 1 and key not in item:
        ((name, value),) = item.items()
        return shown(name, value, of_name, of_value)
    if isinstance(item, dict):
        others = [value for name, value in item.items() if name != key]
        value = item.get(value_key) if value_key in item else others[0] if len(others) == 1 else None
        return shown(item.get(key), value, of_name, of_value)
    if isinstance(item, str) and item[:1] in SIGNS and SIGNS[item[0]] in (of_value.choices or ()):
        return shown(item[1:], SIGNS[item[0]], of_name, of_value)
    if key != "name":
        return shown(str(index), item, of_name, of_value)
    return shown(item, True if takes(of_value, True) else None, of_name, of_value)


def shown(name: object, value: object, of_name: Converter, of_value: Converter) -> tuple[str, str] | None:
    """A pair as YAML takes it; None for what is no such pair, or may not be shown.

    :param value: None where nobody knows it
    """
    if isinstance(name, int) and not isinstance(name, bool):
        name = digits(name)
    if not isinstance(name, str) or not takes(of_name, name) or not plain(name):
        return None
    if value is None:
        return name, VALUE
    if not takes(of_value, value):
        return None
    if isinstance(value, bool):
        return name, str(value).lower()
    return (name, flow(str(value))) if plain(str(value)) else None


def plain(text: str) -> bool:
    """Whether a text can be repeated as it is."""
    return re.fullmatch(WORD, text) is not None and can_be_shown(text)


def takes(converter: Converter, value: object) -> bool:
    """Whether a converter has nothing against a value."""
    try:
        converter.parse(value)
    except ValueError:
        return False
    return True

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes, for people: netplan's definitions and networkd's units as options."""

from __future__ import annotations

from .._engine.rows.model import Change, Item
from . import networkd, networkd_units
from .netplan import Netplan, NetplanPlace
from .netplan_yaml import is_true, redacted


def view(net: Netplan, place: NetplanPlace | None) -> dict[str, object]:
    """A definition as options: what is the module's by its option's name, the rest by netplan's."""
    if place is None:
        return {}
    names = {"interfaces": "ports", "macaddress": "mac", "link": "parent", "forward-delay": "forward_delay"}
    flat: dict[str, object] = {}
    for key, value in net.merged(place).items():
        inner = value if key == "parameters" and isinstance(value, dict) else {key: value}
        flat.update({names.get(name, name): typed(redacted(each, name)) for name, each in inner.items()})
    return flat


def typed(value: object) -> object:
    """netplan's text for people."""
    if isinstance(value, dict):
        return {str(key): typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    text = str(value)
    if text.lower() in ("true", "false", "yes", "no"):
        return is_true(text)
    return int(text) if text.isdecimal() and len(text) < 10 else None if value is None else text


def compared(before: dict[str, object], after: dict[str, object]) -> list[Change]:
    """The options that differ; all of a new link is one change."""
    if not before:
        return [Change("definition", None, after)]
    return [
        Change(name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def unit_changes(name: str, before: networkd.Units, after: networkd.Units) -> list[Change]:
    """The settings of a link's units that differ."""
    changes = []
    for unit in networkd_units.of_link(name, {**before, **after}):
        old, new = (settings(units.get(unit, "")) for units in (before, after))
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                changes.append(Change(key, old.get(key), new.get(key)))
    return changes


def settings(text: str) -> dict[str, str]:
    """A unit's settings by section and name."""
    found: dict[str, str] = {}
    for section, values in networkd.parse(text):
        for key, value in values:
            path = f"{section}.{key}"
            found[path] = f"{found[path]} {value}" if path in found else value
    return found


def shown(item: Item) -> dict[str, object]:
    """An item for people."""
    return {name: value for name, value in item.items() if name not in ("name", "state", "takeover")}

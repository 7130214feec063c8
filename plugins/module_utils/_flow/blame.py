# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options a definition has something from that libvirt's schema does not take.

The schema itself names an element of the whole document at best, such as ``devices``. So options are taken out of the
definition to come, one after the other: those are to blame without which it is right.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.rows.model import Host, Item, OptionValue, Scope
from .._engine.rows.parts import taken_out
from .._engine.rows.row import Way
from .._engine.rows.row_index import body, join
from .._engine.table import Table

Right = t.Callable[[str], bool]

MOST = 200
"""How often the schema is asked about one definition; each time takes some 25 ms."""


class Blame:
    """Looks for the options of one definition that are to blame.

    :param table: of what the definition is
    :param want: what is declared
    :param text: the definition to come
    :param right: tells whether the schema takes a definition
    :param most: how often it is asked
    """

    def __init__(self, table: Table, want: Item, text: str, right: Right, most: int = MOST) -> None:
        self.table, self.want, self.root, self.right = table, want, ET.fromstring(text), right
        self.left = most

    def found(self) -> list[str]:
        """The options, by their paths; none where it cannot be told."""
        several: list[Way] = [(name,) for name, value in self.want.items() if value is not None and self.counts(name)]
        alone = [path for path in several if self.mended([path]) or self.mended(self.parts(path))]
        alone = alone or [inner for path in several for inner in self.deeper(path)]
        if alone:
            return [self.spelled(inner) for path in alone for inner in self.within(path, [])]
        return [self.spelled(inner) for inner in self.together(several, [])] if self.mended(several) else []

    def counts(self, name: str) -> bool:
        """Whether an option is one that a definition can do without."""
        known = body(self.table.rows)
        row = known.rows[known.names[name]]
        return name not in ("name", "xml") and not row.is_property and not row.required and not row.must

    def within(self, path: Way, others: list[Way]) -> list[Way]:
        """The smallest parts of an option that are to blame.

        :param others: what is taken out besides
        """
        parts = self.parts(path)
        inner = [part for part in parts if self.mended([*others, part])]
        if not inner and len(parts) > 1 and self.mended([*others, *parts]):
            found = self.together(parts, others)
            return [path] if found == parts else found  # Values that depend on each other: the whole is to blame.
        return [smallest for part in inner for smallest in self.within(part, others)] or [*self.nulls(path), path]

    def together(self, parts: list[Way], others: list[Way]) -> list[Way]:
        """The smallest parts to blame where more than one is wrong: of some that mend it together, those it takes.

        :param others: what is taken out besides
        """
        taken = list(parts)
        for part in parts:
            rest = [other for other in taken if other != part]
            taken = rest if self.mended([*others, *rest]) else taken
        return [
            smallest
            for part in taken
            for smallest in self.within(part, [*others, *(other for other in taken if other != part)])
        ]

    def parts(self, path: Way) -> list[Way]:
        """The options inside another one: without all of them it may be as it was before anybody declared it."""
        value = self.at(path)
        if isinstance(value, dict):
            return [(*path, key) for key in value if value[key] is not None]
        if isinstance(value, list) and value and all(isinstance(inner, dict) for inner in value):
            return [(*path, index) for index in range(len(value))]
        return []

    def deeper(self, path: Way) -> list[Way]:
        """The parts that are to blame of an option which the definition cannot do without as a whole."""
        inner = self.parts(path)
        found = [part for part in inner if self.mended([part])]
        return found or [smaller for part in inner for smaller in self.deeper(part)]

    def at(self, path: Way) -> object:
        """The value of an option."""
        value: OptionValue = self.want
        for key in path:
            value = value[key]
        return value

    def nulls(self, path: Way) -> list[Way]:
        """The options beside one that are null: perhaps it is they that are missing."""
        parent = self.at(path[:-1]) if path[1:] else None
        return [(*path[:-1], key) for key, value in parent.items() if value is None] if isinstance(parent, dict) else []

    def mended(self, gone: t.Sequence[Way]) -> bool:
        """Whether the definition is right without some options."""
        if self.left <= 0 or not gone:
            return False
        root = paths.clone(self.root)
        scope = Scope(self.table.kind, str(self.want.get("name")), Host(), item=self.want, lenient=True)
        try:
            steps = [step for path in gone for step in taken_out(self.table.rows, root, self.want, path, scope)]
            for step in steps:
                step()
        except Exception:  # Such a definition is none that could be asked about.
            return False
        self.left -= 1
        return self.right(paths.text(root))

    def spelled(self, path: Way) -> str:
        """The path of an option as messages have it."""
        out = ""
        for key in path:
            out = f"{out}[{key}]" if isinstance(key, int) else join(out, key)
        return out

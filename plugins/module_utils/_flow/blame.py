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
from .._engine.rows import Group, Property, Row, Struct
from .._engine.rows.chain import Chain
from .._engine.rows.model import Host, Scope
from .._engine.rows.row_index import Item, Rows, body, join
from .._engine.rows.variant import Variant
from .._engine.table import Table

Path: t.TypeAlias = "tuple[str | int, ...]"
Right = t.Callable[[str], bool]

MOST = 200
"""How often the schema is asked about one definition; each time takes some 25 ms."""


class Blame:
    """Looks for the options of one definition that are to blame.

    :param table: of what the definition is
    :param want: what is declared
    :param text: the definition to come
    :param right: tells whether the schema takes a definition
    """

    def __init__(self, table: Table, want: Item, text: str, right: Right) -> None:
        self.table, self.want, self.root, self.right = table, want, ET.fromstring(text), right
        self.left = MOST

    def found(self) -> list[str]:
        """The options, by their paths; none where it cannot be told."""
        several: list[Path] = [(name,) for name, value in self.want.items() if value is not None and self.counts(name)]
        alone = [path for path in several if self.mended([path])]
        if alone:
            return [self.spelled(inner) for path in alone for inner in self.within(path, [])]
        if not self.mended(several):
            return []
        for path in tuple(several):
            rest = [other for other in several if other != path]
            several = rest if self.mended(rest) else several
        return [
            self.spelled(inner)
            for path in several
            for inner in self.within(path, [other for other in several if other != path])
        ]

    def counts(self, name: str) -> bool:
        """Whether an option is one that a definition can do without."""
        known = body(self.table.rows)
        row = known.rows[known.names[name]]
        return name not in ("name", "xml") and not isinstance(row, Property) and not getattr(row, "required", False)

    def within(self, path: Path, others: list[Path]) -> list[Path]:
        """The smallest parts of an option that are to blame.

        :param others: what is taken out besides
        """
        value = self.at(path)
        keys: t.Iterable[str | int] = ()
        if isinstance(value, dict):
            keys = [key for key, inner in value.items() if inner is not None]
        elif isinstance(value, list) and all(isinstance(inner, dict) for inner in value):
            keys = range(len(value))
        inner = [(*path, key) for key in keys if self.mended([*others, (*path, key)])]
        return [smallest for part in inner for smallest in self.within(part, others)] or [*self.nulls(path), path]

    def at(self, path: Path) -> t.Any:
        """The value of an option."""
        value: t.Any = self.want
        for key in path:
            value = value[key]
        return value

    def nulls(self, path: Path) -> list[Path]:
        """The options beside one that are null: perhaps it is they that are missing."""
        beside = self.at(path[:-1]) if path[1:] else None
        return [(*path[:-1], key) for key, value in beside.items() if value is None] if isinstance(beside, dict) else []

    def mended(self, gone: t.Sequence[Path]) -> bool:
        """Whether the definition is right without some options."""
        if self.left <= 0 or not gone:
            return False
        root = paths.clone(self.root)
        scope = Scope(self.table.kind, str(self.want.get("name")), Host(), item=self.want, lenient=True)
        try:
            steps = [step for path in gone for step in taking_out(self.table.rows, root, self.want, path, scope)]
            for step in steps:
                step()
        except Exception:  # Such a definition is none that could be asked about.
            return False
        self.left -= 1
        return self.right(paths.text(root))

    def spelled(self, path: Path) -> str:
        """The path of an option as messages have it."""
        out = ""
        for key in path:
            out = f"{out}[{key}]" if isinstance(key, int) else join(out, key)
        return out


def taking_out(
    rows: Rows, element: ET.Element, item: Item, path: Path, scope: Scope
) -> t.Iterator[t.Callable[[], object]]:
    """The steps that take an option out of an element, each to be done after all have been found.

    :param rows: those of the element
    :param item: its options
    :param path: the option
    """
    name, rest = str(path[0]), path[1:]
    for row in rows_of(rows, element, name):
        if isinstance(row, Group) and rest:
            yield from out_of_list(row, element, item[name], rest, scope)
        elif isinstance(row, Struct) and rest:
            steps = paths.parse(row.path).steps
            node = paths.find(element, steps)
            if node is not None:
                yield from taking_out(row.fields, node, item[name], rest, scope)
                if not row.bare:
                    yield lambda steps=steps: paths.prune(element, steps)  # type: ignore[misc]
        elif not rest:
            yield from without(row, element, scope)


def rows_of(rows: Rows, element: ET.Element, name: str) -> t.Iterator[Row]:
    """The rows of an option, of an element as it is."""
    for row in rows:
        if isinstance(row, Variant):
            yield from rows_of(row.current(element), element, name)
        elif name in row.names:
            yield row


def without(row: Row, element: ET.Element, scope: Scope) -> t.Iterator[t.Callable[[], object]]:
    """Take all that a row has written out of an element."""
    if isinstance(row, Group):
        yield from removed(row, element, row.nodes(element)[:1] if isinstance(row, Chain) else row.nodes(element))
    else:
        yield lambda: row.drop(element, scope, "", [])


def out_of_list(
    row: Group, element: ET.Element, items: t.Sequence[Item], path: Path, scope: Scope
) -> t.Iterator[t.Callable[[], object]]:
    """Take an item of a list, or an option of it, out of an element."""
    nodes = row.nodes(element)
    if isinstance(row, Chain):
        partners: list[int | None] = list(range(len(items)))
    else:
        partners = row.partners(list(items), [row.keyed(node) for node in nodes], [])
    index = int(path[0])
    spot = partners[index]
    if spot is None or spot >= len(nodes):
        return
    if path[1:]:
        yield from taking_out(row.fields, nodes[spot], items[index], path[1:], scope)
    else:
        yield from removed(row, element, [nodes[spot]])


def removed(row: Group, element: ET.Element, nodes: t.Iterable[ET.Element]) -> t.Iterator[t.Callable[[], object]]:
    """Take elements of a list out."""
    steps = paths.parse(row.path).steps[:-1]
    parents = {node: parent for parent in element.iter() for node in parent}
    for node in nodes:
        yield lambda node=node: parents[node].remove(node)  # type: ignore[misc]
    yield lambda: paths.prune(element, steps)

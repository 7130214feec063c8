# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a list of plain values (see rows)."""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from .. import paths
from ..converters import Choice, Converter, Doubtful, DoubtfulValue
from .fields import kept, root_of
from .model import Change, Item, Problems, Scope
from .row import Row, Rows
from .row_index import as_list, join, refused_value


@dataclasses.dataclass(frozen=True, eq=False)
class Values(Row):
    """A list of plain values, one element each, in order.

    :param live: how a change reaches what runs (see live); None where only a restart does it
    :param follower: path of a second value that libvirt keeps equal to the first of the list, and
        fills in again from it
    :param filled: libvirt fills in a value of its own where there is none; null leaves what is there
    """

    name: str
    path: str
    type: Converter
    doc: str
    live: str | None = None
    follower: str | None = None
    filled: bool = False

    @property
    def roots(self) -> tuple[str, ...] | None:
        return (root_of(self.path),)

    @property
    def choices(self) -> tuple[str, ...]:
        return self.type.choices or ()

    @property
    def places(self) -> tuple[str, ...]:
        return () if self.outside else (self.path,)

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        if self.follower is not None and not any(self.follower in row.places for row in around if row is not self):
            yield f"follower says {self.follower}, and no row beside it stands there"
        if self.outside != (self.path == ""):
            yield "has a path, but no definition holds it" if self.outside else "has no path"

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        values = as_list(item[self.name], join(where, self.name), problems)
        out[self.name] = []
        for index, value in enumerate(values):
            try:
                out[self.name].append(kept(self.type, self.path, self.type.parse(value)))
            except Doubtful as doubt:
                out[self.name].append(DoubtfulValue(doubt))
            except ValueError as error:
                problems.append(refused_value(self.type.parse, value, error, f"{join(where, self.name)}[{index}]"))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        for index, value in enumerate(item.get(self.name) or []):
            if isinstance(value, DoubtfulValue):
                problems.append(Invalid(f"{join(where, self.name)}[{index}]", value.problem))

    def nodes(self, element: ET.Element) -> list[ET.Element]:
        """The elements of the list."""
        return element.findall("/".join(paths.parse(self.path).steps))

    def values(self, element: ET.Element) -> list[object]:
        """The values that the definition has."""
        return [self.type.decode(node, paths.parse(self.path).attribute) for node in self.nodes(element)]

    def read(self, element: ET.Element, out: Item) -> None:
        values = self.values(element)
        if values:
            out[self.name] = values

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        have, want = self.values(element), item[self.name] or []
        if have == want:
            return
        if self.filled and not want:
            scope.note_left_as_is(join(where, self.name))
            return
        for index, value in enumerate(want):
            if isinstance(value, DoubtfulValue) and value not in have and not scope.lenient:
                raise Invalid(f"{join(where, self.name)}[{index}]", value.problem)
        changes.append(Change(join(where, self.name), self.shown(have), self.shown(want), self.live))
        path = paths.parse(self.path)
        parent = paths.ensure(element, path.steps[:-1])
        for node in self.nodes(element):
            parent.remove(node)
        for value in want:
            self.type.encode(paths.append(parent, path.steps[-1]), path.attribute, value)
        if self.follower is not None and have:
            follower = paths.parse(self.follower)
            led = paths.find(element, follower.steps)
            if led is not None and self.type.decode(led, follower.attribute) == have[0]:
                paths.remove(element, follower)
        paths.prune(element, path.steps[:-1])

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        dataclasses.replace(self, filled=False).edit(element, {self.name: None}, scope, where, changes)

    def shown(self, values: list[object]) -> list[object] | None:
        """The values for people; nothing for none."""
        return [self.type.show(value) for value in values] or None

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            out[self.name] = self.shown(item[self.name] or []) or []

    def document(self) -> dict[str, object]:
        filled = [self.doc, "libvirt fills it in by itself, so V(null) leaves it as it is."]
        options: dict[str, object] = {
            "description": filled if self.filled else self.doc,
            "type": "list",
            "elements": self.type.kind,
        }
        if isinstance(self.type, Choice):
            options["choices"] = list(self.type.choices or ())
        return {self.name: options}

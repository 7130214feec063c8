# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a dictionary of options, all below one element (see rows)."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from .. import paths
from .fields import root_of
from .model import Change, Item, OptionValue, Problems, Scope
from .parts import taken_out, without_places
from .row import Row, Rows, Undo, Way
from .row_index import (
    body,
    complete_rows,
    document_rows,
    edit_rows,
    inner_rows,
    join,
    lacks_rows,
    parse_item,
    read_rows,
    show_rows,
    strip_rows,
)
from .short_forms import of_text, written_out
from .suggestions import way


@dataclasses.dataclass(frozen=True, eq=False)
class Struct(Row):
    """A dictionary of options, all below one element.

    :param bare: the element means something when it is empty, too: an empty dictionary asks for
        it, null takes it away with all that is in it
    :param filled: libvirt fills in all of it by itself; null leaves it as it is
    :param required: libvirt knows no default for it as a whole, so null is refused
    :param short: the option that a text in place of the dictionary stands for (see short_forms)
    :param belongs: the options beside it for whose values the hypervisor fills it in: where one changes, it goes unless
        it is declared
    :param allotted: whether the hypervisor allots it, such as a place on a bus: no person needs to write it
    """

    name: str
    path: str
    fields: tuple[Row, ...]
    doc: str
    bare: bool = False
    filled: bool = False
    required: bool = False
    short: str | None = None
    by_key: bool = False
    allotted: bool = False
    belongs: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.fields

    @property
    def roots(self) -> tuple[str, ...] | None:
        if self.creating:
            return None
        steps = paths.parse(self.path).steps
        if steps:
            return (root_of(self.path),)
        inner = [row.roots for row in self.fields]
        return None if None in inner else tuple(root for roots in inner for root in roots or ())

    @property
    def fresh(self) -> bool:
        return self.creating

    @functools.cached_property
    def creating(self) -> bool:
        return not self.bare and any(row.creating for row in self.fields)

    @property
    def means_something(self) -> bool:
        """Whether an empty dictionary asks for something."""
        return self.bare

    @property
    def places(self) -> tuple[str, ...]:
        return () if self.outside else (self.path,)

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        plain = [row.name for row in inner_rows(self.fields) if not row.rows]
        if self.short is not None and self.short not in plain:
            yield f"short says {self.short}, which is no option in it that takes a text"
        for wrong_together, mistake in (
            (self.bare and self.filled, "bare and filled: null would take it away, and leave it"),
            (self.required and self.filled, "required and filled: null is refused, and so never leaves anything"),
            (bool(self.belongs) and not self.filled, "belongs to another option, but nobody fills it in"),
            (self.allotted and not self.filled, "allotted, but not filled: nobody would fill it in"),
            (self.outside and self.path != "", "has a path, but no definition holds it"),
            (not self.outside and self.path == "", "has no path; the element itself is '.'"),
        ):
            if wrong_together:
                yield mistake

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        value, here = item[self.name], join(where, self.name)
        if value is None and self.required:
            problems.append(Invalid(here, "cannot be null: there is no default for it; give its options"))
        elif isinstance(value, bool) and self.means_something and not way(body(self.fields), value):
            hint = "write {}, or some of its options" if value else "write null, which takes it away, or leave it out"
            problems.append(Invalid(here, f"{str(value).lower()} is not a dictionary of options; {hint}"))
        else:
            parsed = None if value is None else parse_item(self.fields, value, self.short, here, problems)
            out[self.name] = parsed

    def written_out(self, value: object) -> object:
        return written_out(self.fields, of_text(self.fields, value, self.short))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        given = item.get(self.name, {})
        if given is None or (self.name not in item and not self.creating):
            return
        inner = complete_rows(self.fields, given, scope, problems, join(where, self.name))
        if inner:
            item[self.name] = inner

    @functools.cached_property
    def needing(self) -> bool:
        return bool(body(self.fields).needing)

    def lacks(self, item: Item, kind: str, where: str) -> t.Iterator[Invalid]:
        if item.get(self.name) is not None:
            yield from lacks_rows(self.fields, item[self.name], kind, join(where, self.name))

    def read(self, element: ET.Element, out: Item) -> None:
        node = paths.find(element, paths.parse(self.path).steps)
        if node is None and self.bare:
            return
        inner = read_rows(self.fields, ET.Element("none") if node is None else node)
        if inner or self.bare:
            out[self.name] = inner

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        steps = paths.parse(self.path).steps
        if self.filled and item[self.name] is None:
            if paths.find(element, steps) is not None:
                scope.note_left_as_is(join(where, self.name))
            return
        want, here = item[self.name], join(where, self.name)
        there = paths.find(element, steps)
        if self.bare and want is None:
            if there is not None:
                changes.append(Change(here, show_rows(self.fields, read_rows(self.fields, there)), None))
                paths.delete(element, steps)
            return
        if want is None:
            want = {name: None for row in self.fields for name in row.names}
        inner: list[Change] = []
        edit_rows(self.fields, paths.ensure(element, steps), want, scope, here, inner)
        if self.bare and there is None and not inner:
            inner.append(Change(here, None, {}))
        changes += inner
        if not self.bare:
            if item[self.name] is None:
                self.clear(element, steps)
            paths.prune(element, steps)

    def clear(self, element: ET.Element, steps: tuple[str, ...]) -> None:
        """Take away an element of which nothing is left but the kind that its content had, and written-out defaults."""
        node = paths.find(element, steps)
        if node is None or node is element or len(node):
            return
        known = {tag for row in self.fields for tag in row.tags}
        known.update(place for row in self.fields if row.is_default(node) for place in row.places)
        if {f"@{name}" for name in node.attrib} <= known:
            paths.delete(element, steps)

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            value = item[self.name]
            out[self.name] = None if value is None else show_rows(self.fields, value)

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        node = paths.find(element, paths.parse(self.path).steps)
        if node is not None:
            for row in self.fields:
                row.drop(node, scope, join(where, self.name), changes)
            paths.prune(element, paths.parse(self.path).steps)

    def strip(self, element: ET.Element, scope: Scope) -> None:
        node = paths.find(element, paths.parse(self.path).steps)
        if node is not None:
            strip_rows(self.fields, node, scope)

    def without_part(self, element: ET.Element, value: OptionValue, way: Way, scope: Scope) -> t.Iterator[Undo]:
        steps = paths.parse(self.path).steps
        node = paths.find(element, steps)
        if node is not None:
            yield from taken_out(self.fields, node, value, way, scope)
            if not self.bare:
                yield lambda: paths.prune(element, steps)

    def is_chosen(self, item: Item) -> bool:
        return any(row.is_chosen(item[self.name]) for row in body(self.fields).serving(item.get(self.name) or {}))

    def without_places(self, item: Item) -> None:
        if self.allotted:
            item.pop(self.name, None)
        elif isinstance(item.get(self.name), dict):
            without_places(self.fields, item[self.name])

    def document(self) -> Item:
        lines = [self.doc]
        if self.short is not None:
            lines.append(f"You can write the C({self.short}) alone, as a text, in place of the dictionary.")
        if self.filled:
            lines.append("libvirt fills it in by itself, so V(null) leaves it as it is.")
        return {
            self.name: {
                "description": lines if len(lines) > 1 else self.doc,
                "type": "dict",
                "suboptions": document_rows(self.fields),
            }
        }

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that hold rows: a dictionary of options, a list of dictionaries (see rows)."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from ..._printing import label
from .. import paths
from .fields import UNSET, Field, Row, root_of
from .match import Key, options_of, pair
from .model import Change, Scope
from .row_index import (
    Item,
    Problems,
    as_list,
    body,
    complete_rows,
    document_rows,
    edit_rows,
    join,
    parse_rows,
    read_rows,
    show_rows,
)
from .short_forms import of_text, written_out


@dataclasses.dataclass(frozen=True, eq=False)
class Struct(Row):
    """A dictionary of options, all below one element.

    :param bare: the element means something when it is empty, too: an empty dictionary asks for
        it, null takes it away with all that is in it
    :param filled: libvirt fills in all of it by itself; null leaves it as it is
    :param required: libvirt knows no default for it as a whole, so null is refused
    :param short: the option that a text in place of the dictionary stands for (see short)
    """

    name: str
    path: str
    fields: tuple[t.Any, ...]
    doc: str
    bare: bool = False
    filled: bool = False
    required: bool = False
    short: str | None = None
    by_key: bool = False

    @property
    def rows(self) -> tuple[t.Any, ...]:
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

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        value, here = item[self.name], join(where, self.name)
        if value is None and self.required:
            problems.append(Invalid(here, "cannot be null: there is no default for it; give its options"))
        else:
            value = of_text(value, self.short)
            out[self.name] = None if value is None else parse_rows(self.fields, value, here, problems)

    def written_out(self, value: t.Any) -> t.Any:
        return written_out(self.fields, of_text(value, self.short))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        given = item.get(self.name, {})
        if given is None or (self.name not in item and not self.creating):
            return
        inner = complete_rows(self.fields, given, scope, problems, join(where, self.name))
        if inner:
            item[self.name] = inner

    def read(self, element: ET.Element, out: Item) -> None:
        node = paths.find(element, paths.parse(self.path).steps)
        if node is None and self.bare:
            return
        inner = read_rows(self.fields, ET.Element("none") if node is None else node)
        if inner or self.bare:
            out[self.name] = inner

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item or (self.filled and item[self.name] is None):
            return
        steps = paths.parse(self.path).steps
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
        """Take away an element of which nothing is left but the kind that its content had."""
        node = paths.find(element, steps)
        tags = {row.tag for row in self.fields if hasattr(row, "cases")}
        if node is not None and node is not element and not len(node) and {f"@{name}" for name in node.attrib} <= tags:
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

    def document(self) -> dict[str, t.Any]:
        lines = [self.doc]
        if self.short is not None:
            lines.append(f"A text in place of the dictionary is its C({self.short}).")
        if self.filled:
            lines.append("libvirt fills it in by itself, so V(null) leaves it as it is.")
        return {
            self.name: {
                "description": lines if len(lines) > 1 else self.doc,
                "type": "dict",
                "suboptions": document_rows(self.fields),
            }
        }


def never(element: ET.Element, node: ET.Element) -> bool:
    """No element of a list is libvirt's own."""
    return False


@dataclasses.dataclass(frozen=True, eq=False)
class Group(Row):
    """A list of dictionaries, one element each. The list is whole: what it leaves out goes.

    :param keys: options by which an item is recognised as an existing element, strongest first;
        what no key finds is paired by its place in the list (see match)
    :param rekey: whether an item paired by place may have another value of its first key
    :param new: the list that a new resource gets where the user says nothing
    :param own: whether an element, of that parent, is one that libvirt adds by itself: it is no
        part of the list, and stays where the list leaves it out
    :param order: where the order tells, the rank of an element among those that libvirt adds. It
        adds them at the end, by rank; what stands otherwise is told, so that new ones get it so
    :param whole: whether what the list leaves out goes; if not, nothing is paired by its place
    :param live: how an item that comes or goes reaches what runs (see live)
    :param stands: whether an item, by its options, stands for an element that libvirt adds by itself
    :param short: the option that a text in place of an item stands for (see short)
    :param called: the options of which the first that an item has names it in changes, in place of its place: one that
        comes and one that goes may have the same, one in the new list and one in the old
    :param apart: whether an element is one that an item stands for only where a key says so
    """

    name: str
    path: str
    fields: tuple[t.Any, ...]
    doc: str
    keys: tuple[Key, ...] = ()
    rekey: bool = True
    new: t.Any = UNSET
    own: t.Callable[[ET.Element, ET.Element], bool] = never
    order: t.Callable[[ET.Element], int] | None = None
    whole: bool = True
    live: str | None = None
    stands: t.Callable[[t.Mapping[str, t.Any]], bool] | None = None
    short: str | None = None
    called: tuple[str, ...] = ()
    apart: t.Callable[[ET.Element], bool] | None = None

    @property
    def rows(self) -> tuple[t.Any, ...]:
        return self.fields

    @property
    def roots(self) -> tuple[str, ...] | None:
        return (root_of(self.path),) if self.new is UNSET else None

    @property
    def fresh(self) -> bool:
        return self.new is not UNSET

    @property
    def creating(self) -> bool:
        return self.new is not UNSET

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        here = join(where, self.name)
        values = as_list(item[self.name], here, problems, body(self.fields).holds)
        out[self.name] = [
            parse_rows(self.fields, of_text(value, self.short), f"{here}[{index}]", problems)
            for index, value in enumerate(values)
        ]

    def written_out(self, value: t.Any) -> t.Any:
        if not isinstance(value, (list, tuple)):
            return value
        return [written_out(self.fields, of_text(one, self.short)) for one in value]

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        new = self.new(scope) if callable(self.new) else self.new
        values = item.get(self.name, None if new is UNSET else new)
        if values is None:
            return
        done: list[Item] = []
        for index, value in enumerate(values):
            inner = dataclasses.replace(scope, index=index, siblings=(*done, *values[index + 1 :]))
            here = f"{join(where, self.name)}[{index}]"
            done.append(complete_rows(self.fields, value, inner, problems, here))
        item[self.name] = done

    def nodes(self, element: ET.Element) -> list[ET.Element]:
        """The elements of the list, libvirt's own too."""
        return element.findall("/".join(paths.parse(self.path).steps))

    def foreign(self, node: ET.Element) -> bool:
        """Whether an element is none that can be told, as it would be found again by a word that no row knows.

        It stays where the list leaves it out; in a whole list it is told as far as it is known.
        """
        rows = [row for row in self.key_rows if isinstance(row, Field)] if not self.whole else []
        return any(not row.type.knows(row.value(node)) for row in rows)

    def listed(self, element: ET.Element) -> list[ET.Element]:
        """The elements that a config tells."""
        nodes = [node for node in self.nodes(element) if not self.foreign(node)]
        if self.order is None:
            return [node for node in nodes if not self.own(element, node)]
        added: list[ET.Element] = []
        while nodes and self.own(element, nodes[-1]) and (not added or self.order(nodes[-1]) < self.order(added[-1])):
            added.append(nodes.pop())
        return nodes

    def read(self, element: ET.Element, out: Item) -> None:
        values = [read_rows(self.fields, node) for node in self.listed(element)]
        if values or self.new is not UNSET:
            out[self.name] = values

    @functools.cached_property
    def key_rows(self) -> list[t.Any]:
        """The rows of the options that are keys."""
        names = {name.partition(".")[0] for key in self.keys for name in options_of(key)}
        return body(self.fields).serving(dict.fromkeys(names))

    def keyed(self, node: ET.Element) -> Item:
        """The options of an existing element that are keys: all there is to recognise it by."""
        options: Item = {}
        for row in self.key_rows:
            row.read(node, options)
        return options

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        steps = paths.parse(self.path).steps
        wants, nodes = item[self.name] or [], self.nodes(element)
        parent = paths.ensure(element, steps[:-1])
        have = [self.keyed(node) for node in nodes]
        kept = [index for index, node in enumerate(nodes) if not self.whole or self.own(element, node)]
        partners = self.partners(wants, have, kept, self.spots_apart(nodes))
        known = [want if spot is None else {**have[spot], **want} for want, spot in zip(wants, partners, strict=True)]
        for index, (want, partner) in enumerate(zip(wants, partners, strict=True)):
            here = self.told(where, index, want if partner is None else have[partner])
            inner = dataclasses.replace(scope, index=index, siblings=(*known[:index], *known[index + 1 :]))
            if partner is None:
                problems: Problems = []
                whole = complete_rows(self.fields, want, inner, problems, f"{join(where, self.name)}[{index}]")
                if problems:
                    raise problems[0]
                known[index] = whole
                node = paths.append(parent, steps[-1])
                edit_rows(self.fields, node, whole, inner, here, [])
                changes.append(Change(here, None, show_rows(self.fields, whole), self.live, (node,)))
            else:
                within: list[Change] = []
                edit_rows(self.fields, nodes[partner], want, inner, here, within)
                changes += [change.inside(nodes[partner]) for change in within]
        for index, node in enumerate(nodes):
            if index not in partners and index not in kept:
                here = self.told(where, index, have[index])
                gone = show_rows(self.fields, read_rows(self.fields, node))
                changes.append(Change(here, gone, None, self.live, (node,)))
                parent.remove(node)
        paths.prune(element, steps[:-1])

    def told(self, where: str, index: int, item: Item) -> str:
        """The path of an item in changes."""
        known = next((item[name] for name in self.called if item.get(name) is not None), None)
        return f"{join(where, self.name)}[{index if known is None else label(known)}]"

    def spots_apart(self, nodes: t.Sequence[ET.Element]) -> list[int]:
        """The places of elements that an item stands for only where a key says so."""
        return [] if self.apart is None else [index for index, node in enumerate(nodes) if self.apart(node)]

    def partners(
        self, wants: list[Item], have: list[Item], kept: list[int], apart: t.Collection[int] = ()
    ) -> list[int | None]:
        """The existing element of each item, by its place (see match).

        :param kept: those that are libvirt's own
        :param apart: those that only a key finds
        """
        spots: list[int | None] = [None] * len(wants)
        if self.stands is not None:
            free = list(kept)
            for index, want in enumerate(wants):
                if free and self.stands(want):
                    spots[index] = free.pop(0)
        rest = [index for index, spot in enumerate(spots) if spot is None]
        taken = [spot for spot in spots if spot is not None]
        left = [spot for spot in range(len(have)) if spot not in taken]
        fixed = [place for place, spot in enumerate(left) if spot in kept or spot in apart]
        found = pair([wants[index] for index in rest], [have[spot] for spot in left], self.keys, self.rekey, fixed)
        for index, place in zip(rest, found, strict=True):
            spots[index] = None if place is None else left[place]
        return spots

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            out[self.name] = [show_rows(self.fields, value) for value in item[self.name] or []]

    def document(self) -> dict[str, t.Any]:
        short = f"A text in place of an item is its C({self.short})."
        return {
            self.name: {
                "description": self.doc if self.short is None else [self.doc, short],
                "type": "list",
                "elements": "dict",
                "suboptions": document_rows(self.fields),
            }
        }

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a list of dictionaries, an element each (see rows)."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from ..._printing import label
from .. import paths
from .fields import UNSET, root_of
from .match import Key, options_of, pair
from .model import Change, Item, OptionValue, Problems, Scope
from .parts import taken_out, without_places
from .row import Row, Rows, Undo, Way
from .row_index import (
    as_list,
    body,
    complete_rows,
    document_rows,
    edit_rows,
    join,
    lacks_rows,
    parse_item,
    read_rows,
    show_rows,
    strip_rows,
)
from .short_forms import of_text, written_out


def never(element: ET.Element, node: ET.Element) -> bool:
    """No element of a list is libvirt's own."""
    return False


def leads(rows: Rows, way: t.Sequence[str]) -> bool:
    """Whether names of options, each inside the one before it, lead to an option.

    :param rows: those of the outermost option
    :param way: the names
    """
    found = [row for outer in rows for row in outer.each() if way[0] in row.names]
    return bool(found) and (not way[1:] or any(leads(row.rows, way[1:]) for row in found))


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
    :param alike: options that tell which items are paired in order, where the hypervisor keeps the order of those alone
        that are alike in them
    :param chosen: whether a person chose an item, where the hypervisor adds others of the same form by itself
    """

    name: str
    path: str
    fields: tuple[Row, ...]
    doc: str
    keys: tuple[Key, ...] = ()
    rekey: bool = True
    new: object = UNSET
    own: t.Callable[[ET.Element, ET.Element], bool] = never
    order: t.Callable[[ET.Element], int] | None = None
    whole: bool = True
    live: str | None = None
    stands: t.Callable[[t.Mapping[str, object]], bool] | None = None
    short: str | None = None
    called: tuple[str, ...] = ()
    apart: t.Callable[[ET.Element], bool] | None = None
    chosen: t.Callable[[Item], bool] | None = None
    alike: tuple[Key, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
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

    @property
    def places(self) -> tuple[str, ...]:
        return () if self.outside else (self.path,)

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        parts = [
            part.removeprefix("-")
            for key in (*self.keys, *self.alike)
            for part in ((key,) if isinstance(key, str) else key)
        ]
        for what, names in (("keys", parts), ("called", self.called), ("short", (self.short,) if self.short else ())):
            for name in names:
                if not leads(self.fields, name.split(".")):
                    yield f"{what} says {name}, which is no option of an item"
        for wrong_together, mistake in (
            (not self.rekey and not self.keys, "rekey is False, but there are no keys"),
            (not self.whole and not self.keys, "not whole, but there are no keys by which an item is found"),
            (self.whole and self.chosen is not None, "chosen, but whole: every item is one that a person chose"),
            (self.order is not None and self.own is never, "order, but own says that libvirt adds none"),
            (self.stands is not None and self.own is never, "stands, but own says that libvirt adds none"),
            (self.outside and self.path != "", "has a path, but no definition holds it"),
            (not self.outside and self.path == "", "has no path"),
        ):
            if wrong_together:
                yield mistake

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        here = join(where, self.name)
        values = as_list(item[self.name], here, problems, self.fields, self.short is not None)
        out[self.name] = [
            parse_item(self.fields, value, self.short, f"{here}[{index}]", problems)
            for index, value in enumerate(values)
        ]

    def written_out(self, value: object) -> object:
        if not isinstance(value, (list, tuple)):
            return value
        return [written_out(self.fields, of_text(self.fields, one, self.short)) for one in value]

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

    @functools.cached_property
    def needing(self) -> bool:
        return bool(body(self.fields).needing)

    def lacks(self, item: Item, kind: str, where: str) -> t.Iterator[Invalid]:
        values = item.get(self.name)
        for index, value in enumerate(values if isinstance(values, (list, tuple)) else ()):
            yield from lacks_rows(self.fields, value, kind, f"{join(where, self.name)}[{index}]")

    def nodes(self, element: ET.Element) -> list[ET.Element]:
        """The elements of the list, libvirt's own too."""
        return element.findall("/".join(paths.parse(self.path).steps))

    def foreign(self, node: ET.Element) -> bool:
        """Whether an element is none that can be told, as it would be found again by a word that no row knows.

        It stays where the list leaves it out; in a whole list it is told as far as it is known.
        """
        return not self.whole and any(not row.knows(node) for row in self.key_rows)

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
    def key_rows(self) -> list[Row]:
        """The rows of the options that are keys."""
        names = {name.partition(".")[0] for key in (*self.keys, *self.alike) for name in options_of(key)}
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
        models = self.models(wants, scope.model if not where and None in partners else None)
        for index, (want, partner) in enumerate(zip(wants, partners, strict=True)):
            here = self.path_of_item(where, index, want if partner is None else have[partner])
            inner = dataclasses.replace(scope, index=index, siblings=(*known[:index], *known[index + 1 :]))
            if partner is None:
                problems: Problems = []
                whole = complete_rows(self.fields, want, inner, problems, f"{join(where, self.name)}[{index}]")
                if problems:
                    raise problems[0]
                known[index] = whole
                node = paths.append(parent, steps[-1])
                edit_rows(self.fields, node, whole, inner, here, [])
                if models[index] is not None:
                    whole = self.take_over(node, models[index])
                changes.append(Change(here, None, show_rows(self.fields, whole), self.live, (node,)))
            else:
                within: list[Change] = []
                edit_rows(self.fields, nodes[partner], want, inner, here, within)
                changes += [change.inside(nodes[partner]) for change in within]
        for index, node in enumerate(nodes):
            if index not in partners and index not in kept:
                here = self.path_of_item(where, index, have[index])
                gone = show_rows(self.fields, read_rows(self.fields, node))
                changes.append(Change(here, gone, None, self.live, (node,)))
                parent.remove(node)
        paths.prune(element, steps[:-1])

    def models(self, wants: list[Item], model: ET.Element | None) -> list[t.Any]:
        """For each item its element in the definition as it is to be; None where there is none.

        :param model: that definition
        """
        if model is None or not wants:
            return [None] * len(wants)
        nodes = self.nodes(model)
        kept = [index for index, node in enumerate(nodes) if not self.whole or self.own(model, node)]
        spots = self.partners(wants, [self.keyed(node) for node in nodes], kept, self.spots_apart(nodes))
        return [None if spot is None else nodes[spot] for spot in spots]

    def take_over(self, node: ET.Element, model: ET.Element) -> Item:
        """Make a new element what it is in the definition: an item may leave out what that has already.

        Its place is given by the hypervisor, unless it is declared. Returns the options that it has then.
        """
        free = node.find("address") is None
        node.attrib.update(model.attrib)
        node[:] = [paths.clone(child) for child in model if child.tag != "address" or not free]
        return read_rows(self.fields, node)

    def path_of_item(self, where: str, index: int, item: Item) -> str:
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
        items, nodes = [wants[index] for index in rest], [have[spot] for spot in left]
        found = pair(items, nodes, self.keys, self.rekey, fixed, self.alike)
        for index, place in zip(rest, found, strict=True):
            spots[index] = None if place is None else left[place]
        return spots

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            out[self.name] = [show_rows(self.fields, value) for value in item[self.name] or []]

    def strip(self, element: ET.Element, scope: Scope) -> None:
        for node in self.nodes(element):
            if not self.foreign(node):
                strip_rows(self.fields, node, scope)

    def without(self, element: ET.Element, scope: Scope) -> t.Iterator[Undo]:
        yield from self.removed(element, self.nodes(element))

    def without_part(self, element: ET.Element, value: OptionValue, way: Way, scope: Scope) -> t.Iterator[Undo]:
        nodes, index = self.nodes(element), int(way[0])
        spot = self.spots(list(value), nodes)[index]
        if spot is None or spot >= len(nodes):
            return
        if way[1:]:
            yield from taken_out(self.fields, nodes[spot], value[index], way[1:], scope)
        else:
            yield from self.removed(element, [nodes[spot]])

    def spots(self, wants: list[Item], nodes: t.Sequence[ET.Element]) -> list[int | None]:
        """The place of the element of each item of a list that has just been written."""
        return self.partners(wants, [self.keyed(node) for node in nodes], [])

    def removed(self, element: ET.Element, nodes: t.Iterable[ET.Element]) -> t.Iterator[Undo]:
        """The calls that take elements of the list out."""
        steps = paths.parse(self.path).steps[:-1]
        parents = {node: parent for parent in element.iter() for node in parent}
        for node in nodes:
            yield functools.partial(parents[node].remove, node)
        yield lambda: paths.prune(element, steps)

    def without_places(self, item: Item) -> None:
        if not isinstance(item.get(self.name), list):
            return
        kept = [without_places(self.fields, one) for one in item[self.name] if isinstance(one, dict)]
        if not self.whole:
            kept = [one for one in kept if self.has_chosen(one)]
        item[self.name] = kept
        if not kept and not self.whole:
            item.pop(self.name)

    def has_chosen(self, item: Item) -> bool:
        """Whether a person chose an item that the hypervisor also adds by itself where it is needed.

        It is told where it has an option that the hypervisor does not fill in, besides what it is.
        """
        if self.chosen is not None and self.chosen(item):
            return True
        return any(row.is_chosen(item) for row in body(self.fields).serving(item) if row.names != ("type",))

    def document(self) -> Item:
        short = f"You can write the C({self.short}) alone, as a text, in place of an item."
        return {
            self.name: {
                "description": self.doc if self.short is None else [self.doc, short],
                "type": "list",
                "elements": "dict",
                "suboptions": document_rows(self.fields),
            }
        }

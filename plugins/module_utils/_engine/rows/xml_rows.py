# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows whose names or contents are the user's own: named values, and pieces of XML (see rows)."""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from ..._printing import SECRET, named, printable
from ..._xml_outline import HIDDEN, outline, pair
from .. import paths, xml_merge
from ..converters import TEXT, Choice, Converter
from .fields import root_of
from .model import Change, Item, Problems, Scope
from .row import Row, Rows
from .row_index import join, refused_value
from .suggested_names import entries


@dataclasses.dataclass(frozen=True, eq=False)
class Map(Row):
    """A dictionary of which each name is one element, such as ``<feature name='vmx' policy='require'/>``.

    A name that is left out stays as it is; one that is null goes.

    :param path: the elements, of which the last is repeated
    :param value: attribute that holds the value, or None where the text does
    :param key: attribute that holds the name
    :param names_of: the names that there are, or None where any may be
    :param secret: the values are never shown
    :param filled: libvirt fills in names by itself; null leaves what is there
    :param name_type: the converter of the names
    """

    name: str
    path: str
    type: Converter
    doc: str
    value: str | None = None
    key: str = "name"
    names_of: tuple[str, ...] | None = None
    secret: bool = False
    filled: bool = False
    name_type: Converter = TEXT

    @property
    def known_names(self) -> Converter:
        """What takes the names."""
        return self.name_type if self.names_of is None else Choice(*self.names_of)

    @property
    def roots(self) -> tuple[str, ...] | None:
        return (root_of(self.path),)

    @property
    def choices(self) -> tuple[str, ...]:
        return self.type.choices or ()

    @property
    def places(self) -> tuple[str, ...]:
        return (self.path,)

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        if self.names_of is not None and len(set(self.names_of)) < len(self.names_of):
            yield "names_of has a name twice"

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        given, here = item[self.name], join(where, self.name)
        out[self.name] = None if given is None else {}
        if given is not None and not isinstance(given, dict):
            hint = entries(given, self.known_names, self.type, (self.key, self.value), self.secret)
            problems.append(Invalid(here, f"{printable(given, self.secret)} is not a dictionary; {hint}"))
            return
        for name, value in (given or {}).items():
            try:
                key = self.name_type.parse(name)
                if self.names_of is not None and key not in self.names_of:
                    raise ValueError(f"is not one of {', '.join(self.names_of)}")
            except ValueError as error:
                problems.append(Invalid(join(here, named(name)), str(error)))
                continue
            try:
                out[self.name][key] = None if value is None else self.type.parse(value)
            except ValueError as error:
                problems.append(refused_value(self.type.parse, value, error, join(here, named(name))))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        """The names are the user's alone."""

    def nodes(self, element: ET.Element) -> dict[str, ET.Element]:
        """The elements by name; of several with one name the last, as libvirt takes it."""
        found = element.findall("/".join(paths.parse(self.path).steps))
        return {node.get(self.key, ""): node for node in found if node.get(self.key) is not None}

    def decode(self, node: ET.Element) -> object:
        """The value of one element; an empty one where it says nothing."""
        value = self.type.decode(node, self.value)
        return "" if value is None else value

    def read(self, element: ET.Element, out: Item) -> None:
        values = {name: self.decode(node) for name, node in self.nodes(element).items()}
        if values:
            out[self.name] = values

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        nodes, steps, here = self.nodes(element), paths.parse(self.path).steps, join(where, self.name)
        want = dict.fromkeys(nodes) if item[self.name] is None else item[self.name]
        for name, value in want.items():
            node = nodes.get(name)
            have = None if node is None else self.decode(node)
            if have == value or (value is None and self.filled):
                continue
            changes.append(Change(join(here, name), self.shown(have), self.shown(value)))
            if value is None:
                paths.ensure(element, steps[:-1]).remove(t.cast(ET.Element, node))
                continue
            if node is None:
                node = paths.append(paths.ensure(element, steps[:-1]), steps[-1])
                node.set(self.key, name)
            if value == "":
                node.text = None
                node.attrib.pop(self.value or "", None)
            else:
                self.type.encode(node, self.value, value)
        paths.prune(element, steps[:-1])

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        dataclasses.replace(self, filled=False).edit(element, {self.name: None}, scope, where, changes)

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            given = item[self.name]
            out[self.name] = None if given is None else {name: self.shown(value) for name, value in given.items()}

    def shown(self, value: object) -> object:
        """A value for people."""
        if value is None:
            return None
        return SECRET if self.secret else self.type.show(value)

    def document(self) -> Item:
        lines = [self.doc, "A name that is left out stays as it is; V(null) takes a name away."]
        if self.filled:
            lines[1] = (
                "libvirt fills names in by itself, so a name that is V(null) stays as it is, like one that is left out."
            )
        if self.names_of:
            lines.append(f"Names are {', '.join(f'V({name})' for name in self.names_of)}.")
        if self.type.choices:
            lines.append(f"Values are {', '.join(f'V({word})' for word in self.type.choices)}.")
        return {self.name: {"description": lines, "type": "dict"}}


@dataclasses.dataclass(frozen=True, eq=False)
class Documents(Row):
    """A list of elements as XML, each in a namespace of its own: what other programs keep in metadata.

    The list is whole, but for elements of the namespace ``own``.

    :param live: how a change reaches what runs (see live); None where only a restart does it
    """

    name: str
    path: str
    own: str
    doc: str
    live: str | None = None

    @property
    def roots(self) -> tuple[str, ...] | None:
        return (root_of(self.path),)

    @property
    def holds(self) -> bool:
        return True

    @property
    def places(self) -> tuple[str, ...]:
        return (self.path,)

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        given = item[self.name] or []
        here = join(where, self.name)
        if not isinstance(given, (list, tuple)):
            problems.append(Invalid(here, f"{printable(given)} is not a list"))
            return
        out[self.name] = []
        seen: set[str] = set()
        for index, text in enumerate(given):
            try:
                element = xml_merge.element(text)
                space = xml_merge.namespace(element)
                if space in ("", self.own):
                    raise ValueError("must be in an XML namespace of its own")
                if space in seen:
                    raise ValueError(f"libvirt keeps one element of each namespace, and {space} comes twice")
                seen.add(space)
                out[self.name].append(xml_merge.canonical(element))
            except ValueError as error:
                problems.append(Invalid(f"{here}[{index}]", str(error)))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        """The elements are the user's alone."""

    def nodes(self, element: ET.Element) -> list[ET.Element]:
        """The elements that are not the collection's own."""
        return [node for node in element.findall(f"{self.path}/*") if xml_merge.namespace(node) not in ("", self.own)]

    def read(self, element: ET.Element, out: Item) -> None:
        values = [xml_merge.canonical(node) for node in self.nodes(element)]
        if values:
            out[self.name] = values

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        nodes = {xml_merge.essence(node): node for node in self.nodes(element)}
        want = {xml_merge.essence(xml_merge.element(text)): text for text in item[self.name] or []}
        if nodes.keys() == want.keys():
            return
        before = [xml_merge.canonical(node) for node in nodes.values()]
        changes.append(Change(join(where, self.name), before or None, list(want.values()) or None, self.live))
        parent = paths.ensure(element, (self.path,))
        for essence, node in nodes.items():
            if essence not in want:
                parent.remove(node)
        for essence, text in want.items():
            if essence not in nodes:
                parent.append(xml_merge.element(text))
        paths.prune(element, (self.path,))

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            out[self.name] = item[self.name]

    def document(self) -> Item:
        return {self.name: {"description": self.doc, "type": "list", "elements": "str"}}


@dataclasses.dataclass(frozen=True, eq=False)
class Fragment(Row):
    """A piece of XML that is merged into the whole definition, after all other rows (see fragment).

    :param root: the tag of a definition
    :param settle: brings what the user wrote into the form in which libvirt keeps it: else it is not found again
    :param grammar: what tells elements of a definition apart
    """

    outside = True

    name: str
    root: str
    doc: str
    settle: t.Callable[[ET.Element], None] | None = None
    grammar: xml_merge.Grammar = xml_merge.PLAIN

    @property
    def roots(self) -> tuple[str, ...] | None:
        return ()

    def piece(self, text: str) -> ET.Element:
        """What the user wrote, as an element. Raises ValueError."""
        piece = xml_merge.parse(text, self.root)
        if self.settle is not None:
            self.settle(piece)
        return piece

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        if around[-1] is not self:
            yield "must be the last row: it is merged into what all others have written"

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        value = item[self.name]
        try:
            if value is not None:
                self.piece(value)
            out[self.name] = value
        except ValueError as error:
            problems.append(Invalid(join(where, self.name), str(error)))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        """The fragment is the user's alone."""

    def read(self, element: ET.Element, out: Item) -> None:
        """What other rows do not cover is found by comparison (see xml_merge.rest)."""

    def strip(self, element: ET.Element, scope: Scope) -> None:
        """It covers nothing by itself."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if item.get(self.name) is None:
            return
        for path, before, after in self.grammar.merge(element, self.piece(item[self.name])):
            changes.append(Change(f"{join(where, self.name)}: {path}", *pair(before, after)))

    def show(self, item: Item, out: Item) -> None:
        """Only the names in it: it may hold a secret anywhere."""
        if self.name in item:
            text = item[self.name]
            tree = () if text is None else xml_merge.parse(text, self.root)
            out[self.name] = None if text is None else "".join(map(outline, tree)) or HIDDEN

    def document(self) -> Item:
        return {self.name: {"description": self.doc, "type": "str"}}

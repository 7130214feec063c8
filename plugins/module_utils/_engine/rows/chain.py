# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The row of a chain: a list of dictionaries of which each stands inside the one before it (see rows)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .group import Group
from .model import Change, Item, Problems, Scope
from .row import Undo
from .row_index import complete_rows, edit_rows, join, read_rows, show_rows, strip_rows


class Chain(Group):
    """A list of dictionaries of which each stands inside the one before it, such as backing images.

    The path is the tag of each. An empty dictionary at the end is an empty element, which says
    that the chain ends there.
    """

    def nodes(self, element: ET.Element) -> list[ET.Element]:
        found: list[ET.Element] = []
        node = element.find(self.path)
        while node is not None:
            found.append(node)
            node = node.find(self.path)
        return found

    def read(self, element: ET.Element, out: Item) -> None:
        nodes = self.nodes(element)
        if nodes:
            out[self.name] = [self.layer(node) for node in nodes]

    def layer(self, node: ET.Element) -> Item:
        """The options of one layer, the innermost's none where it is but the end."""
        return read_rows(self.fields, node) if len(node) or node.attrib else {}

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        wants, nodes = item[self.name] or [], self.nodes(element)
        parent = element
        for index, want in enumerate(wants):
            here = f"{join(where, self.name)}[{index}]"
            node = parent.find(self.path)
            if node is not None and (want or not self.layer(node)):
                edit_rows(self.fields, node, want, scope, here, changes)
            else:
                if node is not None:
                    parent.remove(node)
                problems: Problems = []
                whole = complete_rows(self.fields, want, scope, problems, here) if want else {}
                if problems:
                    raise problems[0]
                node = ET.SubElement(parent, self.path)
                edit_rows(self.fields, node, whole, scope, here, [])
                changes.append(Change(here, None, show_rows(self.fields, whole)))
            parent = node
        rest = parent.find(self.path)
        if rest is not None:
            spot = nodes.index(rest)
            gone = [show_rows(self.fields, self.layer(node)) for node in nodes[spot:]]
            changes.append(Change(f"{join(where, self.name)}[{len(wants)}]", gone, None))
            parent.remove(rest)

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        if item.get(self.name):
            here = join(where, self.name)
            item[self.name] = [
                complete_rows(self.fields, value, scope, problems, f"{here}[{index}]") if value else value
                for index, value in enumerate(item[self.name])
            ]

    def strip(self, element: ET.Element, scope: Scope) -> None:
        for node in self.nodes(element):
            if len(node) or node.attrib:
                strip_rows(self.fields, node, scope)

    def without(self, element: ET.Element, scope: Scope) -> t.Iterator[Undo]:
        yield from self.removed(element, self.nodes(element)[:1])

    def spots(self, wants: list[Item], nodes: t.Sequence[ET.Element]) -> list[int | None]:
        return list(range(len(wants)))

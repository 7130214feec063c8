# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take over what exists: the config that declares a resource as it is, and what no option covers."""

from __future__ import annotations

import copy
import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from .._printing import MASK, SECRET, displayed, masked
from . import xml_merge
from .rows.model import Host, Item, OptionValue, Scope
from .rows.row_index import join, read_rows, show_rows, strip_rows
from .table import Table


@dataclasses.dataclass
class Adopted:
    """A resource as its module takes it.

    :param config: the options, with what no row covers in ``xml`` where that is exact
    :param secrets: paths of options whose values are left out
    :param uncovered: what neither options nor ``xml`` can tell, by path in the XML
    """

    config: Item
    secrets: list[str] = dataclasses.field(default_factory=list)
    uncovered: list[str] = dataclasses.field(default_factory=list)


def adopt(table: Table, definition: ET.Element, secrets: bool = False) -> Adopted:
    """What the declaring module takes back with no change.

    :param secrets: whether secrets are in it; their paths are listed in any case
    """
    item = read_rows(table.rows, definition)
    found: list[str] = []
    config = without_secrets(show_rows(table.rows, item), item, "", found, secrets)
    out = Adopted(config, found)
    left = uncovered(table, definition)
    row = table.fragment
    if left is not None and row is not None and exact(row.grammar, definition, left):
        rest = "".join(xml_merge.canonical(child) for child in left)
        if masked(rest) != rest:
            out.secrets.append(row.name)
        if masked(rest) == rest or secrets:
            config[row.name] = rest
    elif left is not None:
        out.uncovered = sorted(set(leaves(left, "")))
    return out


def without_secrets(shown: object, item: OptionValue, where: str, found: list[str], keep: bool) -> OptionValue:
    """The shown options without those that are hidden, whose paths go to a list; or with their values."""
    if isinstance(shown, dict):
        out = {}
        for name, value in shown.items():
            here = join(where, name)
            if value is SECRET or hides(value, item[name], name):
                found.append(here)
                if keep:
                    out[name] = item[name]
            else:
                out[name] = without_secrets(value, item[name], here, found, keep)
        return out
    if isinstance(shown, list):
        return [
            without_secrets(value, item[index], f"{where}[{index}]", found, keep) for index, value in enumerate(shown)
        ]
    return shown


def hides(shown: object, value: object, name: str) -> bool:
    """Whether a plain value, or a list of plain values, holds a secret that its text tells of, such as a URL's."""
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value)):
        return False
    if isinstance(shown, str) and shown != value and MASK in shown:
        return True
    return isinstance(value, (str, list)) and bool(displayed(shown, name) != shown)


def uncovered(table: Table, definition: ET.Element) -> ET.Element | None:
    """What of a definition no row covers, with the elements that it stands in; None where all is covered.

    Of the elements that come several times, those around it keep what tells them from others.
    """
    rest = copy.deepcopy(definition)
    originals = {id(node): original for node, original in zip(rest.iter(), definition.iter(), strict=True)}
    keep = list(rest.iter())  # Their identities must not be given to new elements.
    scope = Scope(table.kind, "", Host())
    strip_rows(table.rows, rest, scope)
    if table.unsign is not None:
        table.unsign(rest)
    tidy(rest)
    del keep
    if not len(rest) and not rest.attrib and not (rest.text or "").strip():
        return None
    identify(table.grammar, rest, originals)
    return rest


def tidy(element: ET.Element) -> bool:
    """Remove what is empty below an element. Returns whether the element itself is."""
    for child in list(element):
        if tidy(child):
            element.remove(child)
    element.tail = None
    return not len(element) and not element.attrib and not (element.text or "").strip()


def identify(grammar: xml_merge.Grammar, element: ET.Element, originals: t.Mapping[int, ET.Element]) -> None:
    """Give elements that come several times back what tells them from others."""
    for child in element:
        identify(grammar, child, originals)
        original = originals.get(id(child))
        if original is not None and grammar.several(element, child.tag):
            xml_merge.identify(child, grammar.identity(original) or ())


def exact(grammar: xml_merge.Grammar, definition: ET.Element, left: ET.Element) -> bool:
    """Whether a fragment finds all it says in the definition that it was taken from, and each in one place only."""
    if grammar.merge(copy.deepcopy(definition), copy.deepcopy(left)):
        return False
    return all(is_unambiguous(grammar, parent, child, definition) for parent in left.iter() for child in parent)


def is_unambiguous(grammar: xml_merge.Grammar, parent: ET.Element, child: ET.Element, definition: ET.Element) -> bool:
    """Whether an element of a fragment can stand for one element only."""
    if not grammar.several(parent, child.tag):
        return True
    wanted = grammar.identity(child)
    others = [node for node in definition.iter(child.tag) if wanted is not None and xml_merge.is_same(node, wanted)]
    return len(others) == 1


def leaves(element: ET.Element, where: str) -> t.Iterator[str]:
    """The paths of all attributes, texts and empty elements below an element."""
    for name in element.attrib:
        yield f"{where}@{name}"
    if (element.text or "").strip() or (where and not len(element) and not element.attrib):
        yield where
    for child in element:
        yield from leaves(child, f"{where}/{child.tag}" if where else child.tag)

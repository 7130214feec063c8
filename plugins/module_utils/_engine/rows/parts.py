# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes parts out of options and definitions, for all the rows of one body."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .model import Item, Scope
from .row import Rows, Undo, Way
from .row_index import body


def taken_out(rows: Rows, element: ET.Element, item: Item, way: Way, scope: Scope) -> t.Iterator[Undo]:
    """The calls that take an option out of an element, each to be made after all have been found.

    :param rows: those of the element
    :param element: what they stand in
    :param item: its options
    :param way: the option
    :param scope: what it belongs to
    """
    name, rest = str(way[0]), way[1:]
    for row in (one for outer in rows for one in outer.of(element) if name in one.names):
        yield from row.without_part(element, item[name], rest, scope) if rest else row.without(element, scope)


def without_places(rows: Rows, item: Item) -> Item:
    """Options without what the hypervisor allots by itself, such as places on buses. They are changed in place.

    :param rows: those of the options
    :param item: the options
    """
    for row in body(rows).serving(item):
        row.without_places(item)
    return item

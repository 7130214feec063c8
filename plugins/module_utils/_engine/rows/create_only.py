# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of how something is made, which no definition holds."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .fields import Field
from .group import Group
from .model import Change, Item, Problems, Scope
from .row import Row
from .struct import Struct
from .values import Values


class Apart(Row):
    """A row that no definition holds, and that finds nothing in one."""

    outside = True

    @property
    def roots(self) -> tuple[str, ...] | None:
        return ()

    def read(self, element: ET.Element, out: Item) -> None:
        """The definition does not hold it."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        """The definition does not hold it."""

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        """The definition does not hold it."""

    def strip(self, element: ET.Element, scope: Scope) -> None:
        """The definition does not hold it."""


class Aside(Apart, Field):
    """An option that says how a resource is made, such as the image that fills a volume.

    Nothing can be compared with it once the resource is there.
    """


class Unshown(Aside):
    """An option that says what a run does, and nothing of the resource."""

    def show(self, item: Item, out: Item) -> None:
        """It is nothing that the resource has."""


class AsideValues(Apart, Values):
    """A list of plain values that no definition holds."""

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        super().parse(item, out, where, problems)
        unless_given(self.name, item, out)


class AsideStruct(Apart, Struct):
    """A dictionary of options that no definition holds."""


class AsideGroup(Apart, Group):
    """A list of dictionaries that no definition holds."""

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        super().parse(item, out, where, problems)
        unless_given(self.name, item, out)


def unless_given(name: str, item: Item, out: Item) -> None:
    """Leave a list that is null as it is: an empty one may be another thing."""
    if name in item and item[name] is None:
        out[name] = None

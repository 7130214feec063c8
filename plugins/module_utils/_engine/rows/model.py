# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row may have to know beyond its own value: the host, and the thing that it belongs to."""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid

OptionValue = t.Any
"""The value of an option, or one within it: anything that YAML has."""

Item = dict[str, OptionValue]
"""Options by name."""

ReadOnlyItem = t.Mapping[str, OptionValue]
"""The same where nobody changes it."""

Problems = list[Invalid]
"""What is wrong with options, one entry each."""


@dataclasses.dataclass(frozen=True)
class Host:
    """Facts of the host that decide what a definition means there.

    :param virt: the best domain type that the host truly has: ``kvm``, ``qemu``, ...
    :param virt_reason: why it is not ``kvm``; empty where it is
    :param arch: architecture of new guests
    :param machines: machine types by alias, such as ``q35`` to ``pc-q35-9.2``, for guests of its architecture
    :param aliases: the same for those of other architectures, of which one name may stand for several
    :param owner: the label that new guests and networks get
    """

    virt: str = "qemu"
    virt_reason: str = ""
    arch: str = "x86_64"
    machines: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    aliases: t.Mapping[str, t.Collection[str]] = dataclasses.field(default_factory=dict)
    owner: str = ""

    def resolve_virt(self, virt: str) -> str:
        """``auto`` as the type that it stands for here."""
        return self.virt if virt == "auto" else virt


@dataclasses.dataclass(frozen=True)
class Scope:
    """Where a row stands while a resource is planned.

    :param kind: what is planned, such as ``domain``
    :param name: its name
    :param host: the host it is on
    :param index: place in the list, where the row belongs to a list's item
    :param item: the item with what is known of it so far
    :param whole: the options of the whole resource with what is known of them so far
    :param siblings: the other items of the list, as far as they are known
    :param new: whether the resource is made from nothing
    :param lenient: whether doubtful values may be written
    :param left: gets the paths of options that null leaves as they are; None where nobody asks
    :param model: for what runs, the definition as it is to be: what comes to the one is as it is in the other
    """

    kind: str
    name: str
    host: Host
    index: int = 0
    item: ReadOnlyItem = dataclasses.field(default_factory=dict)
    siblings: tuple[ReadOnlyItem, ...] = ()
    new: bool = False
    lenient: bool = False
    whole: ReadOnlyItem | None = None
    left: list[str] | None = None
    model: ET.Element | None = None

    def note_left_as_is(self, where: str) -> None:
        """Take note of an option that null leaves as it is. In items of lists, null is often but an empty place."""
        if self.left is not None and "[" not in where:
            self.left.append(where)

    def at(self, item: t.Mapping[str, object]) -> Scope:
        """The same place with another item."""
        whole = item if self.whole is None else self.whole
        place = (self.index, item, self.siblings, self.new, self.lenient, whole, self.left, self.model)
        return Scope(self.kind, self.name, self.host, *place)


@dataclasses.dataclass(frozen=True)
class Change:
    """One field's way from what is to what is declared.

    :param path: the field, such as ``interfaces[0].mac``
    :param before: the value that is there, for people; None for nothing
    :param after: the value to come; None for nothing
    :param live: the strategy by which it can reach what runs; None where there is none
    :param elements: the items of lists that it is in, outermost first, as they are once patched
    """

    path: str
    before: OptionValue
    after: OptionValue
    live: str | None = dataclasses.field(default=None, compare=False)
    elements: tuple[ET.Element, ...] = dataclasses.field(default=(), compare=False, repr=False)

    def inside(self, element: ET.Element) -> Change:
        """The same change, as one inside an item of a list."""
        return dataclasses.replace(self, elements=(element, *self.elements))

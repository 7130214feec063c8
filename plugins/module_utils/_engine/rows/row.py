# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a row is: the calls that the engine makes, which every row answers."""

from __future__ import annotations

import abc
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from .model import Change, Item, Problems, Scope

Undo = t.Callable[[], object]
"""A call that takes one thing out of a definition."""

Way = tuple[t.Union[str, int], ...]  # noqa: UP007 - sanity tests import it with older Pythons
"""The way to an option inside another one: names of options, and places in lists."""


Rows: t.TypeAlias = "t.Sequence[Row]"
"""The rows of one body of options."""


class Row(abc.ABC):
    """The base of all rows. The engine asks a row for nothing that is not here.

    :cvar outside: whether no definition holds it
    :cvar is_property: whether it is observed and set by a call of its own
    :ivar name: the option; empty where there are several
    :ivar doc: one line of documentation
    """

    outside: t.ClassVar[bool] = False
    is_property: t.ClassVar[bool] = False

    name: str
    doc: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the options that it serves."""
        return (self.name,)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows inside this one."""
        return ()

    @property
    def roots(self) -> tuple[str, ...] | None:
        """What of which at least one stands in an element where reading finds anything (see root_of).

        None where it finds something in any element.
        """
        return None

    @property
    def fresh(self) -> bool:
        """Whether a new element needs it looked at, where the user says nothing."""
        return False

    @property
    def creating(self) -> bool:
        """Whether a new element gets something by it, where the user says nothing."""
        return False

    @property
    def required(self) -> bool:
        """Whether a new element cannot do without it."""
        return False

    @property
    def needing(self) -> bool:
        """Whether a new element needs something of it that the user has to write, or something inside it does."""
        return False

    def lacks(self, item: Item, kind: str, where: str) -> t.Iterator[Invalid]:
        """What a new element needs, and the user's options do not say.

        :param item: the options as the user wrote them, without short forms, and with nothing wrong in them
        :param kind: what kind of resource they are of
        :param where: their path
        """
        yield from ()

    @property
    def must(self) -> bool:
        """Whether a new element has its default written out."""
        return False

    @property
    def filled(self) -> bool:
        """Whether the hypervisor fills in a value of its own where none is given."""
        return False

    @property
    def belongs(self) -> tuple[str, ...]:
        """The options beside it with whose former values its own goes, where nobody declares it."""
        return ()

    @property
    def secret(self) -> bool:
        """Whether its value is never shown."""
        return False

    @property
    def live(self) -> str | None:
        """The strategy by which a change reaches what runs; None where only a restart does it."""
        return None

    @property
    def follower(self) -> str | None:
        """The path of a second value that goes when this one changes; None where there is none."""
        return None

    @property
    def choices(self) -> tuple[str, ...]:
        """The words of which its value is one; empty where it may be another."""
        return ()

    def takes(self, text: str) -> bool:
        """Whether a text is likely its value: it takes that one, and not any text."""
        return text in self.choices

    @property
    def tags(self) -> tuple[str, ...]:
        """The paths of what only says of which kind an element is."""
        return ()

    @abc.abstractmethod
    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        """Bring the user's value into normal form.

        :param item: the options as the user wrote them
        :param out: gets the value in normal form
        :param where: the path of the options
        :param problems: gets what is wrong
        """

    @abc.abstractmethod
    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        """Add what a new element gets where the user says nothing.

        :param item: the options so far, which are changed in place
        :param scope: what they belong to
        :param problems: gets what is missing or may not be new
        :param where: the path of the options
        """

    @abc.abstractmethod
    def read(self, element: ET.Element, out: Item) -> None:
        """Read the value that a definition amounts to.

        :param element: what the row stands in
        :param out: gets the value where it is no default
        """

    @abc.abstractmethod
    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        """Patch a definition towards the options. Raises Invalid for what cannot be.

        :param element: what the row stands in, changed in place
        :param item: the options in normal form
        :param scope: what they belong to
        :param where: the path of the options
        :param changes: gets every difference
        """

    @abc.abstractmethod
    def show(self, item: Item, out: Item) -> None:
        """Bring the value into the form for people, secrets hidden.

        :param item: the options in normal form
        :param out: gets the value to show
        """

    @abc.abstractmethod
    def document(self) -> Item:
        """The options as DOCUMENTATION describes them, by name."""

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        """Take its values out of an element that has become of another kind, where they mean nothing.

        :param element: what the row stands in, changed in place
        :param scope: what it belongs to
        :param where: the path of the options
        :param changes: gets every difference
        """
        self.edit(element, dict.fromkeys(self.names), scope, where, changes)

    def strip(self, element: ET.Element, scope: Scope) -> None:
        """Take out of an element what this row covers, whatever it is.

        :param element: what the row stands in, changed in place
        :param scope: what it belongs to
        """
        self.drop(element, scope, "", [])

    def without(self, element: ET.Element, scope: Scope) -> t.Iterator[Undo]:
        """The calls that take all that it has written out of an element.

        :param element: what the row stands in
        :param scope: what it belongs to
        """
        yield lambda: self.drop(element, scope, "", [])

    def without_part(self, element: ET.Element, value: object, way: Way, scope: Scope) -> t.Iterator[Undo]:
        """The calls that take a part of its value out of an element; none where a value has no parts.

        :param element: what the row stands in
        :param value: its value in normal form
        :param way: the part
        :param scope: what it belongs to
        """
        yield from ()

    def written_out(self, value: object) -> object:
        """A value of the user's with every short form in it written out (see short_forms)."""
        return value

    def without_places(self, item: Item) -> None:  # noqa: B027 - most rows have nothing of that kind
        """Take out of the options what the hypervisor allots by itself, such as places on buses.

        :param item: the options, changed in place
        """

    def is_chosen(self, item: Item) -> bool:
        """Whether its value is one that a person wrote, and none that the hypervisor fills in by itself.

        :param item: the options, in which it has a value
        """
        return not self.filled

    def is_default(self, element: ET.Element) -> bool:
        """Whether an element says what it would mean without the value, too."""
        return False

    def knows(self, element: ET.Element) -> bool:
        """Whether the value that an element has could be declared, too."""
        return True

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        """What is wrong with how the row itself is declared (see table_checks.problems).

        :param around: the rows of the body that it is in
        """
        yield from ()

    def bodies(self) -> t.Iterator[Rows]:
        """The rows that are inside this one, those together that one element can have."""
        if self.rows:
            yield self.rows

    @property
    def holds(self) -> bool:
        """Whether the element at its place holds those of a list, and is none of them."""
        return False

    @property
    def places(self) -> tuple[str, ...]:
        """The paths that it reads and writes, as they are declared."""
        return ()

    def each(self) -> t.Iterator[Row]:
        """The row itself, or, where it comes in kinds, those of all kinds."""
        yield self

    def of(self, element: ET.Element) -> t.Iterator[Row]:
        """The row itself, or, where it comes in kinds, those of the kind that an element is of."""
        yield self

    def serving(self, name: str) -> Row:
        """The row of one option: of several with one name the first."""
        return self

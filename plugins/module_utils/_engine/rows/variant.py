# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row for what comes in several kinds, such as a disk in a file, on a device or in a pool."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from ..._printing import readable
from .. import paths
from .fields import UNSET, Field, root_of
from .model import Change, Item, Problems, Scope
from .row import Row, Rows
from .row_index import body, document_rows, inner_rows, join, lacks_rows, strip_rows

MOST_KINDS = 3
"""How many kinds are named with which an option could be combined."""


@dataclasses.dataclass(frozen=True, eq=False)
class Variant(Row):
    """Options of which the user gives one kind. The kind is a tag in the XML.

    A kind is chosen by its first option, or by an option for the tag itself, such as ``type``.

    :param tag: path of the tag, such as ``@type``
    :param cases: rows by tag. The same row may serve several cases; rows of several cases that
        have one name have one meaning, and stand at different places in the XML.
    :param optional: whether a new element can do without any of them
    :param type: the option for the tag, or None where the first option of a case chooses it
    :param choosers: with ``type``, the tags that their first option chooses as well
    """

    tag: str
    cases: t.Mapping[str, tuple[Row, ...]]
    optional: bool = False
    type: Field | None = None
    choosers: tuple[str, ...] = ()

    name = ""
    doc = ""

    @functools.cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows, each once."""
        own = () if self.type is None else (self.type,)
        return (*own, *dict.fromkeys(row for rows in self.cases.values() for row in rows))

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for row in self.rows for name in row.names))

    @functools.cached_property
    def selectors(self) -> dict[str, str]:
        """The tag that each choosing option stands for."""
        tags = self.choosers if self.type is not None else self.cases
        return {self.cases[tag][0].name: tag for tag in tags}

    @functools.cached_property
    def roots(self) -> tuple[str, ...] | None:
        roots = [root_of(self.tag)]
        for row in self.rows:
            if row.roots is None:
                if row is self.type:
                    return None
                continue  # It finds something only where the tag makes it count.
            roots += row.roots
        default = self.type.default if self.type is not None else None
        if any(row.roots is None for row in self.cases.get(default or "", ())):
            return None
        return tuple(dict.fromkeys(roots))

    @property
    def must(self) -> bool:
        """Whether a new element has the tag of the default written out."""
        return self.type is not None and self.type.must

    @functools.cached_property
    def fresh(self) -> bool:
        """A new element needs one kind or another, or gets one where the user says nothing."""
        return not self.optional or self.creating

    @property
    def creating(self) -> bool:
        """Whether a new element gets a kind where the user says nothing."""
        return self.type is not None and self.type.new is not UNSET

    @property
    def tags(self) -> tuple[str, ...]:
        return (self.tag,)

    def each(self) -> t.Iterator[Row]:
        yield from inner_rows(self.rows)

    def of(self, element: ET.Element) -> t.Iterator[Row]:
        for row in self.current(element):
            yield from row.of(element)

    def serving(self, name: str) -> Row:
        return self.firsts[None][name].serving(name)

    @property
    def places(self) -> tuple[str, ...]:
        return (self.tag, *(place for row in self.rows for place in row.places))

    def bodies(self) -> t.Iterator[Rows]:
        own = () if self.type is None else (self.type,)
        yield from ((*own, *rows) for rows in self.cases.values())

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        if paths.parse(self.tag).attribute is None:
            yield f"its tag {self.tag} is no attribute"
        strange = [tag for tag in self.choosers if tag not in self.cases]
        if strange:
            yield f"choosers says {', '.join(strange)}, which is no case"
        choosing = self.cases if self.type is None else {tag: self.cases[tag] for tag in self.choosers if not strange}
        empty = [tag for tag, rows in choosing.items() if not rows]
        if empty:
            yield f"the case {', '.join(empty)} has no option that could choose it"
        firsts = [rows[0].name for rows in choosing.values() if rows]
        if len(set(firsts)) < len(firsts):
            yield "two cases are chosen by one option"
        if self.type is not None and self.type.choices and {*self.type.choices} != {*self.cases}:
            yield f"its cases are {', '.join(self.cases)}, and its type can be {', '.join(self.type.choices)}"

    def chosen(self, item: Item) -> str | None:
        """The tag of the case that the options choose, or None."""
        if self.type is not None and item.get(self.type.name) is not None:
            return t.cast(str, item[self.type.name])
        return next((tag for name, tag in self.selectors.items() if item.get(name) is not None), None)

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.type is not None:
            self.type.parse(item, out, where, problems)
            if item.get(self.type.name) is not None and self.type.name not in out:
                return
        given = [name for name in self.selectors if item.get(name) is not None]
        tag = self.chosen(out if self.type is not None and self.type.name in out else item)
        for row in self.rows_of_options(item, tag):
            if row is not self.type:
                row.parse(item, out, where, problems)
        if len(given) > 1:
            problems.append(Invalid(where, f"give only one of {', '.join(given)}"))
        elif tag is not None:
            chooser = given[0] if given and self.selectors[given[0]] == tag else None
            self.strangers(out, tag, chooser, where, problems)

    @functools.cached_property
    def firsts(self) -> dict[str | None, dict[str, Row]]:
        """For each kind, and None for no kind that is known, the row of each option."""
        found: dict[str | None, dict[str, Row]] = {}
        for tag, rows in ((None, ()), *self.cases.items()):
            found[tag] = {}
            for row in (*rows, *self.rows):
                for name in row.names:
                    found[tag].setdefault(name, row)
        return found

    def rows_of_options(self, item: Item, tag: str | None) -> list[Row]:
        """The rows of the options in the item; of several with one name that of the kind, else the first."""
        first = self.firsts.get(tag) or self.firsts[None]
        return list(dict.fromkeys(first[name] for name in item if name in first))

    def strangers(
        self, item: Item, tag: str, chooser: str | None, where: str, problems: Problems, hint: str = ""
    ) -> None:
        """Report the options that mean nothing for a kind.

        :param hint: what is said of the kind, with {0} for what to write
        """
        known = {name for row in self.cases.get(tag, ()) for name in row.names}
        if self.type is not None:
            known.add(self.type.name)
        what = str(chooser) if chooser is not None or self.type is None else f"{self.type.name}: {tag}"
        for name in item:
            if name not in known and name in self.names and item[name] not in (None, [], {}):
                kinds = [kind for kind, rows in self.cases.items() if any(name in row.names for row in rows)]
                way = hint.format(self.way(kinds)) if hint else self.home(kinds)
                problems.append(Invalid(join(where, name), f"cannot be combined with '{readable(what)}'{way}"))

    def way(self, kinds: t.Sequence[str]) -> str:
        """How to ask for one of some kinds."""
        return "" if self.type is None else f"write {self.type.name}: {' or '.join(kinds)}"

    def home(self, kinds: t.Sequence[str]) -> str:
        """Where an option belongs that is given beside another kind; nothing where that is a long list."""
        if self.type is None or not 0 < len(kinds) <= MOST_KINDS:
            return ""
        ways = [name for name, kind in self.selectors.items() if kind in kinds]
        others = [kind for kind in kinds if kind not in self.selectors.values()]
        ways += [f"{self.type.name}: {' or '.join(others)}"] if others else []
        return f", but with {' or '.join(ways)}"

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        tag = self.chosen(item)
        if self.type is not None and tag is None:
            self.type.complete(item, scope, problems, where)
            tag = item.get(self.type.name) or self.type.default
            if tag is not None:
                self.strangers(item, tag, None, where, problems, ", which a new one is: {0}")
        if tag is not None:
            for row in self.cases.get(tag, ()):
                row.complete(item, scope, problems, where)
        elif not self.optional:
            problems.append(Invalid(where, self.unclear(item)))

    @functools.cached_property
    def needing(self) -> bool:
        return not self.optional or any(body(rows).needing for rows in self.cases.values())

    def lacks(self, item: Item, kind: str, where: str) -> t.Iterator[Invalid]:
        tag = self.chosen(item) or (self.type.default if self.type is not None else None)
        if tag is not None:
            yield from lacks_rows(self.cases.get(tag, ()), item, kind, where)
        elif not self.optional and not self.creating:
            yield Invalid(where, self.unclear(item))

    def unclear(self, item: Item) -> str:
        """What to say of a new element of which nothing tells the kind.

        :param item: its options
        """
        choices = ", ".join(self.names if self.type is None and not self.selectors else self.selectors)
        choices = choices or t.cast(Field, self.type).name
        given = [name for name in item if name in self.names and item[name] not in (None, [], {})]
        but = f"; {' and '.join(given)} alone does not say what it is" if given and self.selectors else ""
        several = "one of " if "," in choices else ""
        return f"give {several}{choices}{but}"

    def tagged(self, element: ET.Element) -> str | None:
        """The tag that the definition has, or amounts to."""
        path = paths.parse(self.tag)
        node = paths.find(element, path.steps)
        tag = None if node is None or path.attribute is None else node.get(path.attribute)
        return self.type.default if tag is None and self.type is not None else tag

    def current(self, element: ET.Element) -> tuple[Row, ...]:
        """The rows of the case that the definition is of; none where no row knows it."""
        return self.cases.get(self.tagged(element) or "", ())

    def read(self, element: ET.Element, out: Item) -> None:
        tag = self.tagged(element)
        rows = self.cases.get(tag or "", ())
        for row in rows:
            row.read(element, out)
        if self.type is None or not self.type.type.knows(tag):
            return
        is_selected = any(self.selectors[name] == tag and out.get(name) is not None for name in self.selectors)
        if not is_selected and (tag != self.type.default or self.type.new is not UNSET):
            path = paths.parse(self.tag)
            node = paths.find(element, path.steps)
            # Where it is only meant, null keeps a new one from getting another.
            out[self.type.name] = tag if node is not None and node.get(path.attribute or "") is not None else None

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        had, tag = self.tagged(element), self.chosen(item)
        given = None if self.type is None else item.get(self.type.name)
        if tag is None and self.type is not None and self.type.name in item and not self.type.filled:
            tag = self.type.default
        named = self.type is not None and self.type.name in item
        if tag is None and named and had is not None:
            scope.note_left_as_is(join(where, self.type.name))  # type: ignore[union-attr]
        current = self.cases.get(had or "", ())
        rows = current if tag is None else self.cases.get(tag, ())
        if tag is not None and tag != had:
            for row in current:
                if row not in rows:
                    row.drop(element, scope, where, changes)
            item = self.switched(item, [row for row in rows if row not in current], scope, where)
            path = paths.parse(self.tag)
            paths.ensure(element, path.steps).set(t.cast(str, path.attribute), tag)
            if self.type is not None and named:
                changes.append(Change(join(where, self.type.name), had, given))
        elif tag is None:
            problems: Problems = []
            self.strangers(item, had or "none", None, where, problems)
            if problems:
                raise problems[0]
        for row in body(rows).serving(item):
            row.edit(element, item, scope, where, changes)
        if tag is not None or self.type is None or not self.type.filled:
            self.write_out(element, tag)

    def write_out(self, element: ET.Element, tag: str | None) -> None:
        """Write the tag where it is only meant: next to what else says the kind, libvirt wants to read it."""
        path = paths.parse(self.tag)
        node = paths.find(element, path.steps)
        tag = self.type.default if tag is None and self.type is not None else tag
        if tag is not None and node is not None and node.get(t.cast(str, path.attribute)) is None:
            node.set(t.cast(str, path.attribute), tag)

    def switched(self, item: Item, rows: t.Iterable[Row], scope: Scope, where: str) -> Item:
        """The options with what an element gets that becomes of another kind, as a new one does."""
        problems: Problems = []
        whole = dict(item)
        inner = scope.at(whole)
        for row in rows:
            row.complete(whole, inner, problems, where)
        if problems:
            raise problems[0]
        return whole

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        """Take its values out of an element that has become of another kind, where they mean nothing."""
        for row in self.current(element):
            row.drop(element, scope, where, changes)
        if self.tagged(element) is not None:
            paths.remove(element, paths.parse(self.tag))

    def strip(self, element: ET.Element, scope: Scope) -> None:
        strip_rows(self.current(element), element, scope)
        path = paths.parse(self.tag)
        node = paths.find(element, path.steps)
        if node is not None and node.get(path.attribute or "") in self.cases:
            node.attrib.pop(path.attribute or "", None)

    def show(self, item: Item, out: Item) -> None:
        tag = self.chosen(item)
        for row in self.rows_of_options(item, self.type.default if tag is None and self.type is not None else tag):
            row.show(item, out)

    def document(self) -> Item:
        return document_rows(self.rows)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a row, for all the rows of one body of options: a resource, or a part of one.

The work of each grows with what the user wrote, or with what stands in the XML, and not with the
number of rows: a body looks its rows up by the names of options and by where they stand.
"""

from __future__ import annotations

import contextlib
import functools
import re
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from ..._printing import printable, secret_name, unshown
from .model import Change, Item, Problems, Scope
from .row import Row, Rows
from .suggestions import NoOptions, advise_prefixed_names, of_kind, pairs, there_are, way
from .unknown_options import settle, stranger


class Body:
    """The rows of one body of options, ready to be looked up.

    :param rows: in the order in which they are applied
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = tuple(rows)
        self.names: dict[str, int] = {}
        self.roots: dict[str, list[int]] = {}
        self.always: list[int] = []
        self.fresh: list[int] = []
        self.musts: list[int] = []
        for position, row in enumerate(self.rows):
            self.names.update(dict.fromkeys(row.names, position))
            if row.fresh:
                self.fresh.append(position)
            if row.must:
                self.musts.append(position)
            if row.roots is None:
                self.always.append(position)
            else:
                for root in row.roots:
                    self.roots.setdefault(root, []).append(position)
        self.always += self.roots.get(".", [])
        self.secret = any(row.secret for row in inner_rows(self.rows))
        self.belonging: dict[str, list[Row]] = {}
        for row in inner_rows(self.rows):
            for name in row.belongs:
                self.belonging.setdefault(name, []).append(row)

    @functools.cached_property
    def holds(self) -> bool:
        """Whether a secret may be among the options, or in what they hold."""
        return self.secret or any(body(row.rows).holds for row in inner_rows(self.rows) if row.rows)

    @functools.cached_property
    def each(self) -> list[Row]:
        """Its rows with those of their variants."""
        return list(inner_rows(self.rows))

    @functools.cached_property
    def inside(self) -> dict[str, list[str]]:
        """The options of what is right inside the options, each with the words for where: lists, if it is in any."""
        lists: dict[str, list[str]] = {}
        others: dict[str, list[str]] = {}
        for row in inner_rows(self.rows):
            if row.rows:
                is_list = row.document()[row.name].get("type") == "list"
                found, way = (lists, f"an item of '{row.name}'") if is_list else (others, f"'{row.name}'")
                for name in body(row.rows).names:
                    if way not in found.setdefault(name, []):
                        found[name].append(way)
        return {**others, **lists}

    @functools.cached_property
    def needing(self) -> list[Row]:
        """The rows of what a new element needs from the user."""
        return [row for row in self.rows if row.needing]

    def serving(self, item: t.Mapping[str, object]) -> list[Row]:
        """The rows of the options in the item, in order."""
        names = self.names
        return [self.rows[position] for position in sorted({names[name] for name in item if name in names})]

    def completing(self, item: t.Mapping[str, object]) -> list[Row]:
        """The rows of the options in the item, and those that add something to a new element, in order."""
        names = self.names
        positions = {names[name] for name in item if name in names}.union(self.fresh, self.musts)
        return [self.rows[position] for position in sorted(positions)]

    def standing(self, element: ET.Element) -> list[Row]:
        """The rows that may find something in the element, in order."""
        positions = set(self.always)
        for attribute in element.attrib:
            positions.update(self.roots.get(f"@{attribute}", ()))
        for child in element:
            positions.update(self.roots.get(child.tag, ()))
        return [self.rows[position] for position in sorted(positions)]


def inner_rows(rows: Rows) -> t.Iterator[Row]:
    """The rows with those of their variants."""
    for row in rows:
        yield from row.each()


BODIES: dict[int, Body] = {}
"""Bodies by the identity of their rows, which each body keeps alive."""


def body(rows: Rows) -> Body:
    """The body of rows: made once for each tuple, anew for a list, which may change."""
    if not isinstance(rows, tuple):
        return Body(rows)
    found = BODIES.get(id(rows))
    if found is None:
        found = BODIES[id(rows)] = Body(rows)
    return found


def join(where: str, name: str) -> str:
    """The path of an option inside its surroundings."""
    return f"{where}.{name}" if where else name


def parse_rows(rows: Rows, value: object, where: str, problems: Problems) -> Item:
    """The user's options in normal form. What is wrong, unknown options too, goes to problems."""
    out: Item = {}
    known = body(rows)
    if not isinstance(value, dict):
        hidden = known.holds or secret_place(where)
        shown = printable(value, hidden)
        hint = hint_for_name(value) if not where else "" if secret_place(where) else way(known, value)
        advice = f"; write {hint}" if hint else list_for_options(value, where)
        advice = advice or (there_are(known) if where else "")
        problems.append(NoOptions(where, value, hidden, f"{shown} is not a dictionary of options{advice}"))
        return out
    start = len(problems)
    for name in value:
        if name not in known.names:
            problems.append(stranger(known, name, where, known.secret or secret_place(where), known.holds))
    if known.secret:
        # What stands beside a secret may be one at the wrong place.
        with unshown():
            parse_each(known, value, out, where, problems)
    else:
        parse_each(known, value, out, where, problems)
    if len(problems) > start:
        settle(known, value, where, problems, start)
        of_kind(known, value, where, problems, start)
        advise_prefixed_names(known, value, where, problems, start)
    return out


def parse_item(rows: Rows, value: object, short: str | None, where: str, problems: Problems) -> Item:
    """The user's options in normal form, where a text may stand for the value of one of them.

    :param short: the option whose value a text is; None where there is no short form (see short_forms)
    """
    if short is None or not isinstance(value, str):
        return parse_rows(rows, value, where, problems)
    hint = "" if secret_place(where) else pairs(body(rows), value)
    if hint:
        problems.append(
            Invalid(
                where, f"{printable(value)} names an option, and a text alone is the value of '{short}'; write {hint}"
            )
        )
        return {}
    return parse_rows(rows, {short: value}, where, problems)


def hint_for_name(value: object) -> str:
    """How to write a name that was given in place of a whole item. It may be a secret at the wrong place."""
    return "'- name: NAME', and its options below" if isinstance(value, str) else ""


def list_for_options(value: object, where: str) -> str:
    """What to write where a list was given in place of options; nothing for what is no list.

    :param where: the path of the options, empty for those of a whole item
    """
    if not isinstance(value, (list, tuple)):
        return ""
    if where and not where.endswith("]"):
        return "; write its options without '- '"
    return '; a list in a list comes of [a, b]: join them as "{{ a + b }}"'


def parse_each(known: Body, value: Item, out: Item, where: str, problems: Problems) -> None:
    """The options that rows know in normal form."""
    for row in known.serving(value):
        row.parse(value, out, where, problems)


def refused_value(parse: t.Callable[[object], object], value: object, error: Exception, where: str) -> Invalid:
    """The problem of a value that a converter refused. Nothing of it is shown where secrets belong."""
    if secret_place(where):
        with unshown():
            try:
                parse(value)
            except ValueError as again:
                error = again
    return Invalid(where, f"{error}{alone(parse, value, where)}")


def alone(parse: t.Callable[[object], object], value: object, where: str) -> str:
    """How to write a value that stands in a dictionary of its own, as ``target: {dev: vda}`` does in libvirt's XML."""
    if not isinstance(value, dict) or len(value) != 1 or where.endswith("]") or secret_place(where):
        return ""
    inner = next(iter(value.values()))
    with contextlib.suppress(ValueError):
        parse(inner)
        if isinstance(inner, (str, int)) and re.fullmatch(r"'[\w./:-]+'|[0-9]+", printable(inner)):
            return f"; write {where.rpartition('.')[2]}: {inner}"
    return ""


def secret_place(where: str) -> bool:
    """Whether the path of an option has to do with secrets, such as ``source.auth.secret.uuid``."""
    return any(secret_name(part) or part in ("auth", "encryption", "key") for part in re.split(r"[.\[\]]", where))


def complete_rows(rows: Rows, item: Item, scope: Scope, problems: Problems, where: str) -> Item:
    """The options of a new element: the user's, and what it gets where the user says nothing."""
    out = dict(item)
    inner = scope.at(out)
    for row in body(rows).completing(item):
        row.complete(out, inner, problems, where)
    return out


def lacks_rows(rows: Rows, item: object, kind: str, where: str) -> t.Iterator[Invalid]:
    """What a new element needs, and the user's options do not say (see Row.lacks)."""
    if isinstance(item, dict):
        for row in body(rows).needing:
            yield from row.lacks(item, kind, where)


def read_rows(rows: Rows, element: ET.Element) -> Item:
    """The options that an element amounts to; defaults are left out."""
    out: Item = {}
    for row in body(rows).standing(element):
        row.read(element, out)
    return out


def edit_rows(rows: Rows, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
    """Patch an element towards the options. Every difference goes to changes.

    What the hypervisor had filled in for the former value of an option goes with that, and is no change of its own.
    """
    known, start = body(rows), len(changes)
    for row in known.serving(item):
        row.edit(element, item, scope, where, changes)
    if known.belonging:
        changed = {change.path for change in changes[start:]}
        gone = [row for name, rows in known.belonging.items() if join(where, name) in changed for row in rows]
        for row in gone:
            if all(item.get(name) is None for name in row.names):
                row.drop(element, scope, where, [])


def strip_rows(rows: Rows, element: ET.Element, scope: Scope) -> None:
    """Take out of an element what rows cover."""
    for row in body(rows).standing(element):
        row.strip(element, scope)


def show_rows(rows: Rows, item: Item) -> Item:
    """The options for people."""
    out: Item = {}
    for row in body(rows).serving(item):
        row.show(item, out)
    return out


def document_rows(rows: Rows) -> dict[str, object]:
    """The options as DOCUMENTATION describes them."""
    out: dict[str, object] = {}
    for row in rows:
        for name, options in row.document().items():
            out.setdefault(name, options)
    return out


LISTED = "write '- ' before each of its items"
"""How to write a list."""


def as_list(value: object, where: str, problems: Problems, rows: Rows = (), short: bool = False) -> list[object]:
    """A list as it is, None as an empty one; anything else is a problem.

    :param rows: those of an item, where items are dictionaries; they may hold a secret
    :param short: whether a text may stand for an item
    """
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return list(value)
    hidden = secret_place(where) or body(rows).holds
    hint = "" if short or (hidden and secret_place(where)) else way(body(rows), value) if rows else ""
    if hint:
        advice = f"write [{hint}]"
    elif isinstance(value, str) and value.strip().lower() in ("none", "no", "off"):
        advice = "for none, write []"
    elif rows and not short and isinstance(value, str):
        advice = "write a dictionary of options for each of its items, with '- ' before the first"
    else:
        advice = LISTED
    problems.append(Invalid(where, f"{printable(value, hidden)} is not a list; {advice}"))
    return []

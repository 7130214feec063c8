# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/xml-options.md, which leads from an element of libvirt's XML to the option for it.

It follows from the field tables. Run this after a change to one of them; a test fails while the page differs.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from tables import PARTS, ROOT, Table, addresses, as_markdown, rows, variant

PATH = ROOT / "docs" / "xml-options.md"

HEAD = """\
# From libvirt's XML to the option

You know how libvirt writes something, and look for the option: find the element below, in alphabetical order.
The devices of a guest stand among the other elements of a `<domain>`. `…` is the value of the option, and `NAME` is a
name of your own. An option that ends with `[]` is a list: each element is one of its items.

What no option covers goes into the option `xml`. For a whole definition, such as that of `virsh dumpxml`, there are
filters: `virtfleet.kvm.domain_from_xml`, `virtfleet.kvm.network_from_xml`, `virtfleet.kvm.pool_from_xml` and
`virtfleet.kvm.volume_from_xml`. What an option takes is in the documentation of the module, as in
`ansible-doc virtfleet.kvm.domains`, and in an editor that has the [schema](editors.md).

This page is generated from the tables of fields, by `tests/tools/xml_options.py`.
"""

TABLES = tuple((part.table, part.module) for part in PARTS.values() if part.module)

LEAST = 3
"""Options that a dictionary has at least to be described once only."""


@dataclasses.dataclass(frozen=True)
class Line:
    """One place in the XML.

    :param steps: the elements that lead there, with their conditions, from below the root on
    :param attributes: the attributes that hold the value, by what stands in them; None for the text
    :param option: the option by its path
    """

    steps: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] | None
    option: str
    said: str

    @property
    def place(self) -> str:
        """The element or attribute, as paths in the tables are written."""
        last = "@" + "@".join(name for name, _value in self.attributes) if self.attributes else ""
        return "/".join(self.steps) + last

    def heading(self, root: str) -> str:
        """The element that the line is listed with."""
        steps = self.steps[1:] if self.steps[:1] == ("devices",) else self.steps
        return tag(steps[0]) if steps else root

    def xml(self, root: str) -> str:
        """The place as XML, from the element in the heading on."""
        steps = list(self.steps[1:] if self.steps[:1] == ("devices",) and len(self.steps) > 1 else self.steps) or [root]
        opened = [opening(step) for step in steps]
        if self.attributes is None:
            return "".join(opened) + f"…</{tag(steps[-1])}>"
        attributes = "".join(f' {name}="{value}"' for name, value in self.attributes)
        return "".join(opened[:-1]) + opened[-1][:-1] + attributes + ">"


def tag(step: str) -> str:
    """The element of a step, without its condition."""
    return step.partition("[")[0]


def opening(step: str) -> str:
    """The start of an element; a condition is an attribute of it."""
    condition = re.fullmatch(r"([^\[]+)\[([^=]+)=([^\]]*)\]", step)
    return f"<{step}>" if condition is None else f'<{condition[1]} {condition[2]}="{condition[3]}">'


def split(path: str) -> tuple[tuple[str, ...], str | None]:
    """The elements of a path, and the attribute, as they are written in the tables."""
    elements, at, attribute = path.partition("@")
    return tuple(step for step in elements.split("/") if step and step != "."), attribute if at else None


class Walk:
    """Goes through a table and finds the place of every option."""

    def __init__(self, short: bool = True) -> None:
        self.short = short
        self.seen: dict[str, str] = {}

    def lines(self, body: rows.Rows, steps: tuple[str, ...], option: str) -> Iterator[Line]:
        """The places of rows.

        :param steps: the elements that they stand in
        :param option: what their names are put behind
        """
        for row in body:
            if isinstance(row, variant.Variant):
                yield from self.kinds(row, steps, option)
            elif not row.outside:
                yield from self.places(row, steps, f"{option}{row.name}")

    def kinds(self, row: variant.Variant, steps: tuple[str, ...], option: str) -> Iterator[Line]:
        """The places of all kinds. A kind that is chosen by an option of its own leads to that."""
        inner, attribute = split(row.tag)
        for name, chosen in row.selectors.items():
            said = f"Chosen by `{name}`."
            yield Line((*steps, *inner), ((str(attribute), chosen),), f"{option}{name}", said)
        yield from self.lines(row.rows, steps, option)

    def places(self, row: Any, steps: tuple[str, ...], option: str) -> Iterator[Line]:
        """The places of one row, and of those in it."""
        said = first_sentence(row.document()[row.name])
        for path in (row.path, *(place for place in row.places if isinstance(row, rows.Field) and place != row.path)):
            yield from self.place(row, split(path), steps, option, said)

    def place(
        self, row: Any, path: tuple[tuple[str, ...], str | None], steps: tuple[str, ...], option: str, said: str
    ) -> Iterator[Line]:
        """One place of a row, and those of what is in it."""
        inner, attribute = path
        here = (*steps, *inner)
        if isinstance(row, rows.Map):
            value = () if row.value is None else ((row.value, "…"),)
            yield Line(here, ((row.key, "NAME"), *value), f"{option}.NAME", said)
        elif isinstance(row, rows.Documents):
            yield Line(here, (), f"{option}[]", said)
        elif isinstance(row, (rows.Struct, rows.Group)):
            yield from self.holder(row, here, f"{option}[]" if isinstance(row, rows.Group) else option, said)
        else:
            name = f"{option}[]" if isinstance(row, rows.Values) else option
            yield Line(here, attributes(row, attribute), name, said)

    def holder(self, row: Any, here: tuple[str, ...], option: str, said: str) -> Iterator[Line]:
        """The place of a dictionary, and of what is in it where that is not told already."""
        content = json.dumps(rows.Struct("x", "", row.fields, "").document()["x"]["suboptions"], sort_keys=True)
        told = self.seen.setdefault(content, option)
        again = self.short and told != option and len(json.loads(content)) >= LEAST
        if again:
            said = f"{said} It has the options of `{told}`."
        if here or again:
            yield Line(here, (), option, said)
        if not again:
            yield from self.lines(row.fields, here, f"{option}.")


def attributes(row: Any, attribute: str | None) -> tuple[tuple[str, str], ...] | None:
    """Where the value of a row stands."""
    if isinstance(row.type, addresses.Interface):
        return (("address", "…"), ("prefix", "…"))
    if row.type.presence:
        return ()
    return None if attribute is None else ((attribute, "…"),)


def first_sentence(option: dict[str, Any]) -> str:
    """The first sentence of an option's description, in Markdown."""
    said = option["description"]
    return as_markdown(re.split(r"(?<=[.!?])\s+(?=[A-Z])", said if isinstance(said, str) else said[0], maxsplit=1)[0])


def lines(table: Table, short: bool = True) -> list[Line]:
    """All places of a table, in the order of the page.

    :param short: whether what several devices have is told with the first one only
    """
    found = dict.fromkeys(Walk(short).lines(table.rows, (), ""))
    return sorted(
        found, key=lambda line: (line.heading(table.kind).lower(), line.place.replace("@", " ").lower(), line.option)
    )


def section(table: Table, module: str) -> str:
    """The places of one kind of resource."""
    parts = [f"\n## {table.kind}\n\nThe options of `virtfleet.kvm.{module}`.\n"]
    for heading, group in itertools.groupby(lines(table), lambda line: line.heading(table.kind)):
        parts.append(f"\n### `<{heading}>`\n\n| XML | option | what it is |\n|---|---|---|\n")
        parts += [f"| `{line.xml(table.kind)}` | `{line.option}` | {line.said} |\n" for line in group]
    return "".join(parts)


def text() -> str:
    """The page."""
    return HEAD + "".join(section(table, module) for table, module in TABLES)


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")

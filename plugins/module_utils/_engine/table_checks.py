# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a table itself. A test asks it of every table, so that no slip gets to a user."""

from __future__ import annotations

import typing as t

from . import paths
from .rows.row import Row, Rows
from .rows.row_index import inner_rows, join
from .table import Table


def problems(table: Table) -> list[str]:
    """Every mistake of a table, a sentence each; none where it is right.

    :param table: the table
    """
    return [*of_table(table), *of_rows(table, table.rows, "")]


def of_table(table: Table) -> t.Iterator[str]:
    """The mistakes of what a table says beside its rows.

    :param table: the table
    """
    names = {name for row in table.rows for name in row.names}
    states = next((row.choices for name, row in table.properties.items() if name == "state"), ())
    states_named = {table.state, table.initial, *table.active, *(state for pair in table.transitions for state in pair)}
    for state in sorted(states_named - {*states}) if table.has("state") else ():
        yield f"the state {state} is none that its option takes"
    for name in sorted(names.intersection(table.elsewhere)):
        yield f"{name} is an option, and elsewhere says that it is none"
    used = {row.live for row in every(table.rows)}
    for name in sorted(table.strategies.keys() - used):
        yield f"no row uses the strategy {name}"
    for path in table.reported:
        yield from of_path(path)


def every(rows: Rows) -> t.Iterator[Row]:
    """All rows of a body, and all inside them.

    :param rows: the body
    """
    for row in inner_rows(rows):
        yield row
        yield from every(row.rows)


def of_rows(table: Table, rows: Rows, where: str) -> t.Iterator[str]:
    """The mistakes of the rows of one body, and of those inside them.

    :param table: the table that they are in
    :param rows: the body
    :param where: the path of the options, as in messages
    """
    names = [name for row in rows for name in row.names]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{join(where, name)}: is the name of two rows"
    for row in rows:
        here = join(where, row.name) if row.name else where or "the item"
        if row.live is not None and row.live not in table.strategies:
            yield f"{here}: live is {row.live}, and the table has no such strategy"
        for place in row.places:
            yield from (f"{here}: {mistake}" for mistake in of_path(place))
        yield from (f"{here}: {mistake}" for mistake in row.mistakes(rows))
        for body in row.bodies():
            yield from of_rows(table, body, here if row.name else where)


def of_path(path: str) -> t.Iterator[str]:
    """The mistake of a path in the XML.

    :param path: the path
    """
    try:
        paths.parse(path)
    except KeyError as error:
        yield f"the path {path} has a prefix that no namespace has: {error.args[0]}"

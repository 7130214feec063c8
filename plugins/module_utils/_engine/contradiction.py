# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse an item whose ``xml`` and options are at odds: what is left would depend on who comes last."""

from __future__ import annotations

import dataclasses
from xml.etree import ElementTree as ET

from .._errors import Invalid
from . import paths
from .rows.model import Change, Item, Scope
from .rows.row_index import edit_rows
from .rows.xml_rows import Fragment
from .table import Table


def refuse_contradiction(table: Table, root: ET.Element, want: Item, scope: Scope) -> None:
    """Raises Invalid where a second run would take away what ``xml`` has added, and add it anew.

    That is so for what a list leaves out, which is whole, and for an option that is null. Where both give a value,
    that of ``xml`` counts, but for one that another value follows: libvirt would bring that one back in each run.

    :param root: the definition that the item makes, ``xml`` merged into it
    :param want: the item as it is declared
    """
    row = table.fragment
    if row is None or want.get(row.name) is None:
        return
    again, changes = paths.clone(root), list[Change]()
    options = {name: value for name, value in want.items() if name != row.name}
    edit_rows(table.rows, again, options, dataclasses.replace(scope, lenient=True), "", changes)
    refuse_followed(table, row, want, changes)
    gone = [change.path for change in changes if change.after is None and change.before is not None]
    edits = row.grammar.merge(again, row.piece(want[row.name])) if gone else []
    added = [path for path, before, _after in edits if before is None]
    if added:
        options_of = ", ".join(dict.fromkeys(path.rpartition("[")[0] or path for path in gone))
        raise Invalid(
            row.name,
            f"adds {', '.join(dict.fromkeys(added))}, which {options_of} takes away: declare it in {options_of}, or"
            f" leave {options_of} out of the item",
        )


def refuse_followed(table: Table, row: Fragment, want: Item, changes: list[Change]) -> None:
    """Raise Invalid where ``xml`` and an option give two values to what another value follows.

    :param row: that of ``xml``
    :param want: the item as it is declared
    :param changes: what the options change about the definition with ``xml`` in it
    """
    led = {one.name for one in table.rows if one.follower is not None}
    for change in changes:
        if change.path in led and want.get(change.path) is not None:
            raise Invalid(
                row.name,
                f"gives {change.path} another value than the option {change.path}, which says {change.after}:"
                f" leave it out of {row.name}, and write the value that counts in {change.path}",
            )

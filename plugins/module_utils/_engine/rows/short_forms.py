# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Short forms: a text in place of a dictionary of options, where it can only be the value of one of them.

``forward: nat`` is short for ``forward: {mode: nat}``. The row of the dictionary names the option.
"""

from __future__ import annotations

from .model import Item, OptionValue
from .row import Rows
from .row_index import body
from .suggestions import pairs


def of_text(rows: Rows, value: object, short: str | None) -> object:
    """The options that a text stands for; all else as it is, also a text that names options, which is refused later.

    :param short: the option whose value it is; None where there is no short form
    """
    if short is None or not isinstance(value, str) or pairs(body(rows), value):
        return value
    return {short: value}


def written_out(rows: Rows, item: object) -> OptionValue:
    """The user's options with every short form in them written out. What no row knows stays as it is."""
    if not isinstance(item, dict):
        return item
    known = body(rows)
    out: Item = {}
    for name, value in item.items():
        position = known.names.get(name) if isinstance(name, str) else None
        row = None if position is None else known.rows[position]
        out[name] = value if row is None else row.serving(name).written_out(value)
    return out

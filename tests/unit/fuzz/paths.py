# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths of all options of a table, and of those that are secret or near to secrets."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import converters
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field, Group, Struct
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.variant import Variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table

Path = tuple[t.Any, ...]
"""The rows from a table to one of its values, outermost first, without variants."""

GUARDED = ("secret", "secrets", "auth", "encryption", "cookies", "passwd")
"""Options with whose names secrets come to mind."""


def branches(rows: t.Sequence[t.Any]) -> t.Iterator[tuple[t.Any, dict[str, t.Any] | None]]:
    """The rows, those of variants with what chooses their kind."""
    for row in rows:
        if isinstance(row, Variant):
            for tag, inner in row.cases.items():
                chooser = {row.type.name: tag} if row.type is not None else None
                for one, nearer in branches(inner):
                    yield one, nearer or chooser
        else:
            yield row, None


def walk(rows: t.Sequence[t.Any], above: Path = (), depth: int = 0) -> t.Iterator[Path]:
    """The paths of all rows: each step a row, and what chooses the kind that the next one is of."""
    for row, chooser in branches(rows):
        way = above if chooser is None or not above else (*above[:-1], (above[-1][0], chooser))
        yield (*way, (row, None))
        inner = row.rows
        if inner and depth < 6:
            yield from walk(inner, (*way, (row, None)), depth + 1)


SECRET: dict[str, list[Path]] = {}
GUARD: dict[str, list[Path]] = {}


def secret_paths(table: Table) -> list[Path]:
    """The paths of all options that are never shown."""
    if table.kind not in SECRET:
        SECRET[table.kind] = [path for path in walk(table.rows) if path[-1][0].secret]
    return SECRET[table.kind]


def guarded_paths(table: Table) -> list[Path]:
    """The paths of all options in or at one whose name has to do with secrets, but for free text.

    What is right there, such as the name of a user or a cipher, is shown.
    """
    if table.kind not in GUARD:
        GUARD[table.kind] = [
            path
            for path in walk(table.rows)
            if any(row.name in GUARDED for row, _chooser in path)
            and isinstance(path[-1][0], (Field, Struct, Group))
            and getattr(path[-1][0], "type", None).__class__ is not converters.Converter
        ]
    return GUARD[table.kind]

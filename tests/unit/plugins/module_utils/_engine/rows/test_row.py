# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row is a contract: every row answers all calls of the engine, and the engine asks for nothing else."""

from __future__ import annotations

import ast
import pathlib
import types
from collections.abc import Iterator

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import rows as kinds
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Row
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.tests.unit.support import ALL_TABLES, ROOT

PRIVATE = ROOT / "plugins" / "module_utils"
CLASSES = {name for name in kinds.__all__ if isinstance(getattr(kinds, name), type)}
"""The names of all classes of rows."""

LOOK_UPS = {"_engine/table.py": {"Property", "Fragment"}}
"""Where the kind of a row may be asked for, and which: a table hands out these by their type."""


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.kind)
def test_every_row_of_a_table_is_a_row(table: Table) -> None:
    def look(rows: tuple[object, ...]) -> None:
        for row in rows:
            assert isinstance(row, Row), row
            look(row.rows)

    look(table.rows)


def test_a_row_that_lacks_a_call_cannot_be_made() -> None:
    half = types.new_class("Half", (Row,), exec_body=lambda body: body.update(read=lambda self, element, out: None))
    with pytest.raises(TypeError, match="complete"):
        half()


def asked(tree: ast.AST) -> Iterator[str]:
    """What a file asks of rows without the contract: their kinds, and attributes that they may not have."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) < 2:
            continue
        first, second = node.args[:2]
        if node.func.id == "isinstance":
            yield from (name.id for name in ast.walk(second) if isinstance(name, ast.Name) and name.id in CLASSES)
        elif node.func.id in ("getattr", "hasattr") and isinstance(first, ast.Name) and first.id in ("row", "field"):
            yield ast.unparse(node)


@pytest.mark.parametrize("file", sorted(PRIVATE.rglob("*.py")), ids=lambda file: file.relative_to(PRIVATE).as_posix())
def test_rows_are_asked_by_the_contract_alone(file: pathlib.Path) -> None:
    place = file.relative_to(PRIVATE).as_posix()
    assert set(asked(ast.parse(file.read_text(encoding="utf-8")))) == LOOK_UPS.get(place, set())

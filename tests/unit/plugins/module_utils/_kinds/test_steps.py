# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step that a kind plans has a function that carries it out: without one, only the run would fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.kind import Kind
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.declaring import parameters_of
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import site_parts
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

FOLDER = ROOT / "plugins/module_utils/_kinds"
LOADED = {part.kind: parameters_of(part.module) for part in site_parts() if part.module}
KINDS = {name: loaded.kind for name, loaded in LOADED.items() if loaded is not None}


def steps(path: Path) -> Iterator[str]:
    """The names of the steps that a file makes, where they stand in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Step" and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant):
                yield str(name.value)


def test_every_kind_is_here() -> None:
    assert set(KINDS) == {path.parent.name for path in FOLDER.glob("*/kind.py")}


def test_every_step_that_a_file_makes_can_be_carried_out() -> None:
    """By some kind: guests have steps for volumes, and networks those of a strategy for guests."""
    known = {name for kind in KINDS.values() for name in kind.actions}
    made = {(path, name) for path in FOLDER.rglob("*.py") for name in steps(path)}
    assert len(made) > 20
    assert sorted(f"{path.relative_to(FOLDER)}: {name}" for path, name in made if name not in known) == []


@pytest.mark.parametrize("folder", KINDS)
def test_every_step_that_a_table_asks_for_can_be_carried_out(folder: str) -> None:
    kind: Kind = KINDS[folder]
    asked = {f"set_{row.name}" for row in kind.table.rows if isinstance(row, Property) and row.name != "state"}
    asked |= {step.action for way in kind.table.transitions.values() for step in kind.table.way(way)}
    assert asked - set(kind.actions) == set()

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which room of module_utils may import from which, as docs/architecture.md says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "plugins" / "module_utils"

ROOMS: dict[str, set[str]] = {
    "_engine": set(),
    "_host": set(),
    "_libvirt": {"_engine", "_host"},
    "_storage": {"_engine", "_host", "_libvirt"},
    "_flow": {"_engine", "_host", "_libvirt", "_storage"},
    "_hostnet": {"_engine", "_host"},
    "_kinds": {"_engine", "_host", "_libvirt", "_storage", "_flow", "_hostnet"},
    "_fleet": {"_engine", "_kinds", "_hostnet", "_storage"},
}
"""For each room the other rooms that it may know."""


def imported(path: Path) -> set[str]:
    """The rooms that a file imports from, besides its own."""
    package = path.relative_to(ROOT).parent.parts
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
            names = [base[0]] if base[0] else [alias.name for alias in node.names]
            rooms.update(name for name in names if name in ROOMS)
    return rooms - {package[0]}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_those_below_it(room: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports from {other}"
        for path in (ROOT / room).rglob("*.py")
        for other in imported(path) - ROOMS[room]
    }
    assert wrong == set()


def test_every_room_is_known() -> None:
    assert {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)


DOCUMENTED = ("doc_fragments", "modules", "inventory", "connection")
"""Where files are long by their documentation."""

TABLES = ("table.py", "fields")
"""What a table is, as long as it may be: the file of a kind, and the folder of a kind with many options."""


def test_a_file_is_short_enough_to_be_one_thing() -> None:
    long = {
        str(path.relative_to(ROOT.parent)): length
        for path in ROOT.parent.rglob("*.py")
        if not {"doc_fragments", "modules", "inventory", "connection", *TABLES}
        & set(path.relative_to(ROOT.parent).parts)
        if (length := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


ANSIBLES = {"ActionModule", "Connection", "FilterModule", "LookupModule", "ModuleDocFragment"}
"""Classes that Ansible wants by these names."""


def named(path: Path) -> list[str]:
    """The classes and type aliases of a file."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        found += [target.id for target in targets if isinstance(target, ast.Name)]
    return [name for name in found if name[0].isupper() and not name.isupper()]


def test_one_name_is_one_thing() -> None:
    names = [name for path in ROOT.parent.rglob("*.py") for name in named(path)]
    assert len(names) > 400
    assert {name for name in names if names.count(name) > 1} <= ANSIBLES


MOST_ANY = 48
"""How often ``Any`` stands in plugins. A checker lets one do anything with it, so each of them hides mistakes.

If there are fewer by now, write that number here. For one more, write ``object`` where only the type of a value is
asked, or what a dictionary has (TypedDict), or one of the names below."""

ANYTHING = {
    "AgentAnswer",
    "Json",
    "JsonSchema",
    "KindOptions",
    "NormalValue",
    "OptionValue",
    "PieceValue",
    "Resource",
    "StepValue",
    "VariableValue",
}
"""Names for ``Any``, each of which says in its file what it is for. Another one would only hide it from the count."""


def is_any(node: ast.AST | None) -> bool:
    """Whether a node is ``Any`` of typing."""
    return (isinstance(node, ast.Name) and node.id == "Any") or (isinstance(node, ast.Attribute) and node.attr == "Any")


def test_any_is_only_where_a_value_really_is_anything() -> None:
    counts = {
        str(path.relative_to(ROOT.parent)): sum(map(is_any, ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
        for path in ROOT.parent.rglob("*.py")
    }
    assert sum(counts.values()) <= MOST_ANY, {name: count for name, count in counts.items() if count}


def test_any_has_no_other_names() -> None:
    names = set()
    for path in ROOT.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names |= {alias.asname for alias in node.names if alias.name == "Any" and alias.asname}
            elif isinstance(node, ast.Assign) and is_any(node.value):
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
            elif isinstance(node, ast.AnnAssign) and is_any(node.value) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
    assert names == ANYTHING

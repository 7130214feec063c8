# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests a mutant has to stand, and in which order.

The tests that execute its line, as coverage measured them, those first that say most about the file: the tests that
import it or mirror its name, then those of the folder that mirrors its own, then one of each other file by turns, the
quickest of a file first. Tests that nobody has measured yet count if their file imports the mutant's, and so do tests
that execute the file in a process of its own.
"""

from __future__ import annotations

import ast
import difflib
import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath

import coverage

PACKAGE = "ansible_collections.virtfleet.kvm."
# What a test takes that is too quick to have been noted, in seconds.
QUICK = 0.005


class Imports:
    """Which files of a checkout import which."""

    def __init__(self, root: Path) -> None:
        self.root = root
        files = [*(root / "plugins").rglob("*.py"), *(root / "tests/unit").rglob("*.py"), *(root / "tests/docs").rglob("*.py")]
        self.by: dict[str, set[str]] = defaultdict(set)
        for file in files:
            name = str(file.relative_to(root))
            for module in self._modules(file):
                self.by[module].add(name)

    def _modules(self, file: Path) -> set[str]:
        """Names of the files that a file imports, relative to the checkout."""
        found = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {self._file(alias.name, file, 0) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(self._file(node.module or "", file, node.level))
                for alias in node.names:
                    found.add(self._file(f"{node.module or ''}.{alias.name}".lstrip("."), file, node.level))
        return {str(path.relative_to(self.root)) for path in found if path}

    def _file(self, module: str, file: Path, level: int) -> Path | None:
        if level:
            folder = file.parents[level - 1]
        elif module.startswith(PACKAGE):
            folder, module = self.root, module.removeprefix(PACKAGE)
        else:
            return None
        path = folder.joinpath(*module.split(".")) if module else folder
        return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)

    @cache  # noqa: B019 (one object a run)
    def distances(self, name: str) -> dict[str, int]:
        """How many imports lie between each file and the named one: 1 for a file that imports it."""
        found = {name: 0}
        asked = [name]
        for each in asked:
            for other in sorted(self.by.get(each, ())):
                if other not in found:
                    found[other] = found[each] + 1
                    asked.append(other)
        return found


class Measured:
    """What coverage and pytest measured: the tests of each line, and how long each takes.

    :param folder: has ``.coverage``, ``durations.json`` and, in ``plugins``, the files as they were then.
    """

    def __init__(self, folder: Path) -> None:
        self.plugins = folder / "plugins"
        self.durations: dict[str, float] = json.loads((folder / "durations.json").read_text(encoding="utf-8"))
        self.data = coverage.CoverageData(basename=str(folder / ".coverage"))
        self.data.read()
        self.names = {path.rpartition("/virtfleet/kvm/")[2]: path for path in self.data.measured_files()}

    @cache  # noqa: B019
    def _file(self, name: str) -> dict[int, list[str]]:
        return self.data.contexts_by_lineno(self.names[name]) if name in self.names else {}

    def tests(self, name: str, line: int, text: str) -> tuple[set[str], bool]:
        """The tests that execute a line of a file, and whether it is also executed outside of tests, as at an import.

        :param text: the file as it is now; lines that have moved since are found again.
        """
        then = self.plugins.parent / name
        lines = self._file(name)
        if then.is_file() and then.read_text(encoding="utf-8") != text:
            line = _line_then(then.read_text(encoding="utf-8").splitlines(), text.splitlines(), line)
        said = lines.get(line, [])
        return {each.rpartition("|")[0] for each in said if each}, "" in said


def _line_then(then: list[str], now: list[str], line: int) -> int:
    """The number that a line had in an earlier text; that of the line before, if it is new."""
    before = 1
    for block in difflib.SequenceMatcher(a=then, b=now, autojunk=False).get_matching_blocks():
        if block.b <= line - 1 < block.b + block.size:
            return block.a + line - block.b
        if block.b + block.size <= line - 1:
            before = block.a + block.size
    return before


def file_of(test: str) -> str:
    return test.partition("::")[0]


def is_close(file: str, name: str, distance: int) -> int:
    """How much a file of tests says about a file of the collection: 0 for its own tests, 2 for those of others."""
    path = PurePosixPath(name)
    stem = PurePosixPath(file).stem
    if distance == 1 or (stem == f"test_{path.stem}" and f"/{path.parent}/" in file):
        return 0
    return 1 if str(PurePosixPath(file).parent).startswith(f"tests/unit/{path.parent}") else 2


def in_order(tests: Iterable[str], durations: dict[str, float], closeness: dict[str, int]) -> list[str]:
    """Tests in the order in which they are likely to notice a mutant, for the time that they take.

    :param closeness: for each file of tests, how far it is from the mutant; smaller comes first.
    """
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in sorted(tests, key=lambda test: (durations.get(test, QUICK), test)):
        by_file[file_of(test)].append(test)
    ranked = [
        (closeness.get(file, 99), rank if closeness.get(file, 99) else 0, durations.get(test, QUICK), test)
        for file, found in by_file.items()
        for rank, test in enumerate(found)
    ]
    return [test for *_rank, test in sorted(ranked)]


def chosen(
    name: str, line: int, text: str, measured: Measured, imports: Imports, there: set[str]
) -> tuple[list[str], bool]:
    """The tests of a mutant in order, and whether its line is executed at the import of its file.

    :param there: all tests that there are now.
    """
    executing, at_import = measured.tests(name, line, text)
    distances = imports.distances(name)
    close = {file_of(test): is_close(file_of(test), name, distances.get(file_of(test), 99)) for test in there}
    wanted = executing & there
    if at_import:
        wanted |= {test for test in there if file_of(test) in distances}
        close = {file: near if near < 2 else 2 + distances.get(file, 99) for file, near in close.items()}
    known = set(measured.durations)
    wanted |= {test for test in there if close[file_of(test)] == 0 and (test not in known or not executing)}
    return in_order(wanted, measured.durations, close), at_import

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests a mutant has to stand, and in which order.

The tests that call its function, as was measured, those first that say most about the file: the tests that import it or
mirror its name, then those of the folder that mirrors its own, then one of each other file by turns, the quickest of a
file first. A line outside of functions runs at the import of its file, so all tests count that import it.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

PACKAGE = "ansible_collections.virtfleet.kvm."
# What a test takes that is too quick to have been noted, in seconds.
QUICK = 0.005


class Imports:
    """Which files of a checkout import which."""

    def __init__(self, root: Path) -> None:
        self.root = root
        files = [
            *(root / "plugins").rglob("*.py"),
            *(root / "tests/unit").rglob("*.py"),
            *(root / "tests/docs").rglob("*.py"),
        ]
        self.by: dict[str, set[str]] = defaultdict(set)
        self.known: dict[str, dict[str, int]] = {}
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

    def distances(self, name: str) -> dict[str, int]:
        """How many imports lie between each file and the named one: 1 for a file that imports it."""
        if name in self.known:
            return self.known[name]
        found = {name: 0}
        asked = deque([name])
        while asked:
            each = asked.popleft()
            for other in sorted(self.by.get(each, ())):
                if other not in found:
                    found[other] = found[each] + 1
                    asked.append(other)
        self.known[name] = found
        return found


class Measured:
    """What was measured of tests: which functions of the collection each calls, and how long it takes.

    :param path: a file with a line in JSON for each test, the newest last
    """

    def __init__(self, path: Path) -> None:
        self.durations: dict[str, float] = {}
        self.digests: dict[str, str] = {}
        calls: dict[str, list[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            said = json.loads(line)
            self.durations[said["test"]], self.digests[said["test"]] = said["took"], said["digest"]
            calls[said["test"]] = said["calls"]
        self.callers: dict[str, set[str]] = defaultdict(set)
        for test, functions in calls.items():
            for function in functions:
                self.callers[function].add(test)

    def seconds(self, test: str) -> float:
        return self.durations.get(test, QUICK)


def function_at(text: str, line: int) -> str | None:
    """The name of the outermost function that a line of a module is in; None where it runs at the import."""
    at: deque[tuple[ast.AST, str]] = deque([(ast.parse(text), "")])
    while at:
        node, outer = at.popleft()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                # A default or a decorator belongs to what is around it.
                if child.body[0].lineno <= line <= (child.end_lineno or line):
                    return f"{outer}{child.name}"
            else:
                at.append((child, f"{outer}{child.name}." if isinstance(child, ast.ClassDef) else outer))
    return None


def file_of(test: str) -> str:
    return test.partition("::")[0]


def is_close(file: str, name: str, distance: int) -> int:
    """How much a file of tests says about a file of the collection: 0 for its own tests, 2 for those of others."""
    path = PurePosixPath(name)
    # What only modules can show is tested in their folder, in a file of the same name.
    if distance == 1 or PurePosixPath(file).stem == f"test_{path.stem}":
        return 0
    return 1 if str(PurePosixPath(file).parent).startswith(f"tests/unit/{path.parent}") else 2


def in_order(tests: Iterable[str], measured: Measured, closeness: dict[str, int]) -> list[str]:
    """Tests in the order in which they are likely to notice a mutant, for the time that they take.

    :param closeness: for each file of tests, how far it is from the mutant; smaller comes first.
    """
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in sorted(tests, key=lambda test: (measured.seconds(test), test)):
        by_file[file_of(test)].append(test)
    ranked = [
        (closeness.get(file, 99), rank if closeness.get(file, 99) else 0, measured.seconds(test), test)
        for file, found in by_file.items()
        for rank, test in enumerate(found)
    ]
    return [test for *_rank, test in sorted(ranked)]


def chosen(name: str, line: int, text: str, measured: Measured, imports: Imports, there: Iterable[str]) -> list[str]:
    """The tests of a mutant in order.

    :param name: its file
    :param text: of the file without it
    :param there: all tests that there are now
    """
    function = function_at(text, line)
    distances = imports.distances(name)
    close = {file: is_close(file, name, distances.get(file, 99)) for file in map(file_of, there)}
    if function is None:
        # What runs at the import: all who import it may notice.
        wanted = {test for test in there if file_of(test) in distances}
        close = {file: near if near < 2 else 2 + distances.get(file, 99) for file, near in close.items()}
    else:
        callers = measured.callers.get(f"{name}:{function}", set())
        # Tests that start it as a program do not call it, so its own tests count where nobody does.
        wanted = {test for test in there if test in callers or (close[file_of(test)] == 0 and not callers)}
    # Of tests that nobody has measured, those of its folder may call it.
    unknown = {test for test in there if test not in measured.durations and file_of(test) in distances}
    wanted |= {test for test in unknown if close[file_of(test)] < 2}
    return in_order(wanted, measured, close)

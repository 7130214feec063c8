# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the unit tests of what changed against main, one path on each line: changed_tests.py CHECKOUT.

What changed is what differs from the last commit shared with main (``origin/main`` where there is one), committed or
not, new files included. A changed test is one of them. A changed Python file has the tests that import it, and the one
that has its name in the folder that mirrors its own; where there is neither, it has the tests of the files that import
it. Other files have no unit tests that take seconds; they are named on standard error.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path, PurePosixPath

UNIT = "tests/unit"


def git(checkout: Path, *words: str) -> str | None:
    """What git prints, or None where it fails."""
    command = ["git", "-c", f"safe.directory={checkout}", "-C", str(checkout), *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return None if done.returncode else done.stdout


def changed_files(checkout: Path) -> list[str]:
    """Names of the files that differ from main, relative to the checkout; files that are gone are left out."""
    for main in ("origin/main", "main"):
        base = git(checkout, "merge-base", "HEAD", main)
        if base:
            break
    else:
        sys.exit(f"git finds no branch main in {checkout}: there is nothing to compare with")
    differing = git(checkout, "diff", "--name-only", "-z", base.strip()) or ""
    untracked = git(checkout, "ls-files", "-z", "--others", "--exclude-standard") or ""
    names = set(differing.split("\0")) | set(untracked.split("\0"))
    return sorted(name for name in names if name and (checkout / name).is_file())


def imported(path: Path) -> set[str]:
    """The last words of all modules that a Python file imports, and the names that it takes from them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.rpartition(".")[2] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
            names.add((node.module or "").rpartition(".")[2])
    return names


def tests_of(name: str, tests: dict[str, set[str]], sources: dict[str, set[str]]) -> set[str]:
    """The tests of a changed file.

    :param name: the file's name, relative to the checkout.
    :param tests: for each file of unit tests what it imports.
    :param sources: for each file of the collection's Python what it imports.
    """
    if name in tests:
        return {name}
    asked: set[str] = set()
    asking = {name}
    while asking:
        found = {test for each in asking for test in own_tests(each, tests)}
        if found:
            return found
        asked |= asking
        stems = {PurePosixPath(each).stem for each in asking if each.endswith(".py")}
        asking = {source for source, names in sources.items() if stems & names} - asked
    return set()


def own_tests(name: str, tests: dict[str, set[str]]) -> set[str]:
    """The tests that import a file, and the one in the folder that mirrors its own."""
    path = PurePosixPath(name)
    if path.suffix != ".py":
        return set()
    mirror = f"{UNIT}/{path.parent}/test_{path.stem.lstrip('_')}.py"
    return {test for test, names in tests.items() if path.stem in names or test == mirror}


def imports_below(checkout: Path, folder: str, pattern: str) -> dict[str, set[str]]:
    """For each file below a folder of a checkout what it imports."""
    return {str(path.relative_to(checkout)): imported(path) for path in (checkout / folder).rglob(pattern)}


def main(checkout: Path) -> None:
    """Print what the module's own text says."""
    tests = imports_below(checkout, UNIT, "test_*.py")
    sources = imports_below(checkout, "plugins", "*.py")
    found: set[str] = set()
    for name in changed_files(checkout):
        of_it = tests_of(name, tests, sources)
        found |= of_it
        if not of_it:
            print(f"no unit test of {name}: run its part of ./runtests", file=sys.stderr)
    print("\n".join(sorted(found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

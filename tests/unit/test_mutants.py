# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``./runtests mutants`` decides: which tests a mutant has to stand, and how it gets into what is imported."""

from __future__ import annotations

import importlib.util
import json
import types
from collections import defaultdict
from pathlib import Path
from typing import Any

import choose
import judge
import loops
import mutants
import pytest

SOURCE = '''\
LIMIT = 3


def outer(value, least=1):
    """Text."""
    def inner(other):
        return other > LIMIT
    return [each for each in value if inner(each) and each > least]


class Kind:
    size = 4

    def grow(self, by):
        return self.size + by
'''


@pytest.mark.parametrize(
    ("line", "name"),
    [(1, None), (4, None), (5, "outer"), (7, "outer"), (8, "outer"), (12, None), (14, None), (15, "Kind.grow")],
)
def test_the_function_of_a_line(line: int, name: str | None) -> None:
    assert choose.function_at(SOURCE, line) == name


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    kvm = "ansible_collections.virtfleet.kvm"
    for name, text in {
        "plugins/module_utils/_core/__init__.py": "",
        "plugins/module_utils/_core/row.py": SOURCE,
        "plugins/module_utils/_core/table.py": "from .row import outer\n",
        "plugins/modules/pools.py": f"from {kvm}.plugins.module_utils._core import table\n",
        "tests/unit/plugins/module_utils/_core/test_row.py": f"import {kvm}.plugins.module_utils._core.row\n",
        "tests/unit/plugins/module_utils/_core/test_other.py": "",
        "tests/unit/plugins/modules/test_pools.py": f"from {kvm}.plugins.modules import pools\n",
        "tests/unit/test_far.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def measured(checkout: Path, **tests: tuple[float, str]) -> choose.Measured:
    path = checkout / "measured.jsonl"
    lines = [{"test": OF[name], "took": took, "digest": "", "calls": [calls]} for name, (took, calls) in tests.items()]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return choose.Measured(path)


OF = {
    "own": "tests/unit/plugins/module_utils/_core/test_row.py::test_a",
    "own_slow": "tests/unit/plugins/module_utils/_core/test_row.py::test_b",
    "beside": "tests/unit/plugins/module_utils/_core/test_other.py::test_a",
    "module": "tests/unit/plugins/modules/test_pools.py::test_a",
    "module_slow": "tests/unit/plugins/modules/test_pools.py::test_b",
    "far": "tests/unit/test_far.py::test_a",
}
ROW = "plugins/module_utils/_core/row.py"


def names(checkout: Path, line: int, found: choose.Measured) -> list[str]:
    tests = choose.chosen(ROW, line, SOURCE, found, choose.Imports(checkout), OF.values())
    return [next(name for name, test in OF.items() if test == each) for each in tests]


def test_who_imports_a_file_is_known_over_others(checkout: Path) -> None:
    assert choose.Imports(checkout).distances(ROW) == {
        ROW: 0,
        "plugins/module_utils/_core/table.py": 1,
        "plugins/modules/pools.py": 2,
        OF["own"].partition("::")[0]: 1,
        OF["module"].partition("::")[0]: 3,
    }


def test_who_calls_the_function_is_tried_and_its_own_tests_come_first(checkout: Path) -> None:
    calls = f"{ROW}:outer"
    found = measured(
        checkout,
        far=(0.001, calls),
        module_slow=(2.0, calls),
        module=(0.001, calls),
        beside=(0.5, calls),
        own_slow=(1.0, calls),
        own=(0.1, f"{ROW}:Kind.grow"),
    )
    assert names(checkout, 7, found) == ["own_slow", "beside", "module", "far", "module_slow"]
    assert names(checkout, 15, found) == ["own"]


def test_what_nobody_calls_has_its_own_tests_and_what_runs_at_the_import_all_who_import_it(checkout: Path) -> None:
    found = measured(checkout, **dict.fromkeys(OF, (0.1, "")))
    assert names(checkout, 7, found) == ["own", "own_slow"]
    assert names(checkout, 1, found) == ["own", "own_slow", "module", "module_slow"]


def test_its_own_tests_are_those_of_its_name_and_those_that_import_it() -> None:
    name = "plugins/module_utils/_core/row.py"
    for file, distance, close in (
        ("tests/unit/plugins/module_utils/_core/test_row.py", 3, 0),
        ("tests/unit/plugins/modules/test_row.py", 3, 0),
        ("tests/unit/plugins/modules/test_rows.py", 1, 0),
        ("tests/unit/plugins/module_utils/_core/test_table.py", 2, 1),
        ("tests/unit/plugins/modules/test_rows.py", 2, 2),
    ):
        assert choose.is_close(file, name, distance) == close


def test_tests_that_nobody_has_measured_count_where_they_are_its_own(checkout: Path) -> None:
    assert names(checkout, 7, measured(checkout, far=(0.1, f"{ROW}:outer"))) == ["own", "own_slow", "far"]


# --- the functions of a mutant ---


@pytest.fixture
def live(tmp_path: Path) -> Any:
    (tmp_path / "module.py").write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("module", tmp_path / "module.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def patches(live: types.ModuleType, changed: str) -> Any:
    of_it = judge.Judge.__new__(judge.Judge)
    of_it.by_name = defaultdict(list)
    for each in (live.outer, live.Kind.grow):
        of_it.by_name[each.__code__.co_filename, each.__code__.co_qualname].append(each)
    return of_it.patches(str(live.__file__), SOURCE, changed)


@pytest.mark.parametrize(
    ("old", "new", "function"),
    [("other > LIMIT", "other < LIMIT", "outer"), ("and each", "or each", "outer"), ("+ by", "- by", "Kind.grow")],
)
def test_a_mutant_of_a_function_gets_into_what_is_imported(live: Any, old: str, new: str, function: str) -> None:
    ((found, code),) = patches(live, SOURCE.replace(old, new))
    assert found.__qualname__ == function
    before = (live.outer([5, 0, 2]), live.Kind().grow(2))
    found.__code__ = code
    assert (live.outer([5, 0, 2]), live.Kind().grow(2)) != before


@pytest.mark.parametrize(("old", "new"), [("LIMIT = 3", "LIMIT = 4"), ("least=1", "least=2"), ("size = 4", "size = 5")])
def test_a_mutant_of_what_runs_at_the_import_does_not(live: Any, old: str, new: str) -> None:
    assert patches(live, SOURCE.replace(old, new)) is None


def test_a_recorder_notes_each_call_of_a_test_once_and_leaves_all_as_it_was(live: Any, tmp_path: Path) -> None:
    code = live.outer.__code__
    own = tmp_path / "plugins"
    own.mkdir()
    functions = [live.outer, live.Kind.grow]
    for each in functions:
        each.__code__ = each.__code__.replace(co_filename=str(own / "module.py"))

    class Hook:
        def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> None:
            item.test()

    def item(name: str, test: Any) -> Any:
        config = types.SimpleNamespace(hook=Hook())
        return types.SimpleNamespace(nodeid=f"t.py::{name}", config=config, test=test)

    said: list[Any] = []
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        recorder = loops.Recorder(functions, str(tmp_path), {"t.py": "1"}, out)
        recorder.run(
            [
                item("a", lambda: said.extend([live.outer([1, 5]), live.outer([7], least=9), live.Kind().grow(by=2)])),
                item("b", lambda: said.append(live.outer([1, 5]))),
                item("c", lambda: None),
            ]
        )
    assert said == [[5], [], 6, [5]]
    lines = [json.loads(line) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines()]
    outer, grow = "plugins/module.py:outer", "plugins/module.py:Kind.grow"
    assert [(line["test"], line["calls"]) for line in lines] == [
        ("t.py::a", [grow, outer]),
        ("t.py::b", [outer]),
        ("t.py::c", []),
    ]
    assert code.co_code == recorder.codes[0].co_code


@pytest.mark.parametrize(
    ("words", "number", "paths"),
    [
        ([], 300, mutants.FOLDERS),
        (["--number", "50", "plugins/a.py", "plugins/b"], 50, ["plugins/a.py", "plugins/b"]),
        (["plugins/a.py", "--number", "50", "--seed", "1"], 50, ["plugins/a.py"]),
        (["--change", "f", "old", "new"], 300, mutants.FOLDERS),
    ],
)
def test_the_paths_stand_before_or_behind_the_options(
    monkeypatch: pytest.MonkeyPatch, words: list[str], number: int, paths: list[str]
) -> None:
    monkeypatch.setattr(mutants.sys, "argv", ["mutants.py", "/checkout", "/work", *words])
    options = mutants.arguments()
    assert (options.number, options.paths, options.work) == (number, paths, Path("/work"))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new kind of resource is a folder: all lists of kinds follow from it, and nobody adds it to one."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import site_tasks
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import SitePart, results, site_parts
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._fleet_changes import RESULTS
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

PACKAGE = "ansible_collections.virtfleet.kvm.plugins"
WRITERS = ("site_tasks", "doc_fragments", "inventory_schema", "xml_options")
"""The programs that write files from the folders of the kinds. The schema has what the first writes for the roles."""

TOY = {
    "__init__.py": "",
    "table.py": """
        from ..._engine.converters import NAME, TEXT, Choice
        from ..._engine.rows import Field, Property
        from ..._engine.table import Table

        TOY = Table(
            kind="toy",
            skeleton="<toy/>",
            state="present",
            initial="present",
            active=frozenset(),
            transitions={("present", "absent"): ("undefine",)},
            rows=(
                Field("name", "name", NAME, "Name of the toy.", fixed=True),
                Property("state", "", Choice("present", "absent"), "State that the toy shall be in."),
                Field("color", "paint@color", TEXT, "Color of the toy."),
            ),
        )
    """,
    "kind.py": """
        from ..._flow.kind import Kind
        from .table import TOY

        TOYS = Kind(
            table=TOY,
            observe=lambda connection, wanted: {},
            plan=lambda connection, have, wants, host, options: [],
            steps=dict,
            leftovers=lambda connection, asked: None,
            validate=lambda connection, text: None,
        )
    """,
    "parameters.py": """
        from ..._flow.arguments import DECLARE, PURGE
        from ..._flow.parameters import Parameters, options_of
        from .kind import TOYS

        PARAMETERS = Parameters(TOYS, {**DECLARE, **PURGE}, options_of("purge", "owner"))
    """,
    "site_part.py": """
        from ..site_parts import SitePart
        from .table import TOY

        SITE_PART = SitePart(
            TOY,
            25,
            module="toys",
            variable="kvm_toys",
            purge="storage_purge",
            result="storage_toys",
            removed="storage_toys_purged",
            role="storage",
            text="The toys",
        )
    """,
}
"""The folder of a kind."""

ASK = f"""
import json
from {PACKAGE}.module_utils._fleet import check
from {PACKAGE}.module_utils._kinds import site_look
from {PACKAGE}.module_utils._role_words import for_role
from {PACKAGE}.module_utils._storage.forecast import Forecast
from {PACKAGE}.plugin_utils import _fleet_changes, _forecast, _site_look, _unknown_names, _variable_files

wrong = [{{"name": "bear", "color": "red", "size": 1}}, {{"name": "bear"}}]
change = {{"resource": "toy bear", "path": "definition", "before": None, "after": {{"name": "bear"}}}}
made = _forecast.learn({{}}, [change])
told = Forecast.of(made)
print(json.dumps({{
    "variables": list(check.VARIABLES),
    "purges": check.PURGES,
    "problems": check.problems(["a"], {{"a": {{"kvm_toys": wrong}}}}),
    "results": list(_fleet_changes.RESULTS),
    "looked": site_look.parameters_of("toys").kind.name,
    "foretold": [sorted(told.made("toy")), sorted(told.gone("toy")), told.is_sure],
    "words": for_role("start it with virtfleet.kvm.toys and state: active"),
    "meant": _unknown_names.OF_ROLES["toys_purge"],
    "tasks": [task["name"] for file in ("declare", "purge") for task in _site_look.tasks("storage", file)],
    "in files": list(_variable_files.LISTS),
}}))
"""


@pytest.fixture(scope="module")
def with_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the collection that has one more kind, and whose generated files are written anew."""
    root = tmp_path_factory.mktemp("toy") / "ansible_collections" / "virtfleet" / "kvm"
    for part in ("plugins", "tests/tools", "roles", "playbooks", "schemas", "meta"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "docs").mkdir()
    shutil.copy(ROOT / "galaxy.yml", root)
    folder = root / "plugins/module_utils/_kinds/toy"
    folder.mkdir()
    for name, text in TOY.items():
        head = "from __future__ import annotations\n" if text else ""
        (folder / name).write_text(head + textwrap.dedent(text))
    for name in WRITERS:
        asked(root, str(root / f"tests/tools/{name}.py"))
    return root


def asked(root: Path, *words: str) -> str:
    """What a Python says that has a copy of the collection in place of this one."""
    path = [str(root.parents[2]), *(place for place in sys.path if not (Path(place) / "ansible_collections").is_dir())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, cwd=root, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(with_toy: Path) -> dict[str, Any]:
    """What the copy knows of the new kind."""
    known: dict[str, Any] = json.loads(asked(with_toy, "-c", ASK))
    return known


def test_the_check_of_the_fleet_knows_a_new_kind(told: dict[str, Any]) -> None:
    assert "kvm_toys" in told["variables"]
    assert "kvm_toys" in told["in files"]
    assert told["purges"]["kvm_toys"] == "storage_purge"
    assert any("toy bear: size" in line for line in told["problems"])
    assert any("toy bear: is declared more than once" in line for line in told["problems"])
    assert told["meant"] == "storage_purge"


def test_its_results_are_told_and_foretold(told: dict[str, Any]) -> None:
    names = told["results"]
    assert names.index("storage_secrets") < names.index("storage_toys") < names.index("storage_declared")
    assert names.index("storage_pools_purged") < names.index("storage_toys_purged")
    assert names.index("storage_toys_purged") < names.index("storage_secrets_purged")
    assert told["foretold"] == [["bear"], [], False]
    assert told["words"] == "start it with state: active in kvm_toys"


def test_a_look_at_a_host_has_its_part(told: dict[str, Any]) -> None:
    assert told["looked"] == "toy"
    assert {"Declare the toys", "Remove the toys that are absent or no longer declared"} <= set(told["tasks"])


def test_its_files_are_written(with_toy: Path) -> None:
    schema = json.loads((with_toy / "schemas/inventory.json").read_text())
    assert "color" in schema["definitions"]["toy"]["properties"]
    assert "kvm_toys" in schema["definitions"]["variables"]["properties"]
    assert '`<paint color="…">` | `color`' in (with_toy / "docs/xml-options.md").read_text()
    assert "Color of the toy." in (with_toy / "plugins/doc_fragments/toy.py").read_text()
    for file in ("looked", "planned"):
        (*_other, task) = yaml.safe_load((with_toy / f"playbooks/tasks/{file}.yml").read_text())
        assert {"storage_toys", "storage_toys_purged"} <= set(task["ansible.builtin.set_fact"])
    specs = yaml.safe_load((with_toy / "roles/storage/meta/argument_specs.yml").read_text())["argument_specs"]
    assert specs["main"]["options"]["kvm_toys"]["type"] == "list"


@pytest.mark.parametrize(("variable", "state"), [("storage_needed", "present"), ("storage_going", "absent")])
def test_the_role_runs_for_it(with_toy: Path, variable: str, state: str) -> None:
    defaults = yaml.safe_load((with_toy / "roles/storage/defaults/main.yml").read_text())

    def runs(items: list[Any]) -> Any:
        variables = {"inventory_hostname": "a", "storage_purge": False, "kvm_toys": items}
        return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(defaults[variable]))

    assert (runs([]), runs([{"name": "bear", "state": state}])) == (False, True)


def test_nothing_else_has_to_change(with_toy: Path) -> None:
    """Besides the modules and their names in meta/runtime.yml: all that differs has been written from the folder."""
    generated = {
        *("docs/xml-options.md", "schemas/inventory.json", "plugins/doc_fragments/toy.py"),
        *("plugins/action/toys.py", "plugins/action/toys_info.py"),
        *(str(path.relative_to(site_tasks.ROOT)) for path, _text in site_tasks.written()),
    }
    generated -= {str(path.relative_to(site_tasks.ROOT)) for path, _text in site_tasks.actions()}
    here = {str(path.relative_to(with_toy)) for path in with_toy.rglob("*") if path.is_file()}
    same = {name for name in here if (ROOT / name).is_file()}
    same = {name for name in same if (ROOT / name).read_bytes() == (with_toy / name).read_bytes()}
    changed = here - same
    assert {name for name in changed if not name.startswith("plugins/module_utils/_kinds/toy/")} == generated


def test_what_is_written_from_the_kinds_is_true() -> None:
    """Where this fails: .venv/bin/python tests/tools/site_tasks.py writes the files."""
    stale = [str(path) for path, text in site_tasks.written() if path.read_text(encoding="utf-8") != text]
    assert stale == []


def test_each_kind_has_its_part() -> None:
    folder = ROOT / "plugins/module_utils/_kinds"
    tables = {path.parent.name for path in folder.glob("*/table.py")}
    assert {part.kind for part in site_parts()} == tables
    assert {part.module for part in site_parts()} - {""} == {
        f"{path.parent.name}s" for path in folder.glob("*/parameters.py")
    }


def test_each_place_is_one_kinds() -> None:
    assert len({part.place for part in site_parts()}) == len(site_parts())


def test_each_result_is_that_of_one_task() -> None:
    assert len(set(results())) == len(results())
    assert results() == RESULTS


def named(path: Path, parts: tuple[SitePart, ...]) -> set[str]:
    """The kinds that a file names as a list of kinds would: by variables, results, or the names of modules."""
    words = {
        word: part.kind for part in parts for word in (part.variable, part.module, part.result, part.removed) if word
    }
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words:
            found.add(words[node.value])
    return found


LISTING = {
    "plugin_utils/_left_out.py": "what the playbook adopt writes",
    "module_utils/_fleet/uses.py": "what guests, volumes and pools may refer to",
    "module_utils/_kinds/declaring.py": "written by tests/tools/site_tasks.py",
    "module_utils/_storage/forecast.py": "other kinds ask for these by name",
    "module_utils/_storage/manifest.py": "what the first versions noted",
}
"""Files that name four kinds and more, and why that is no list which a new kind has to be added to."""


def test_no_other_file_lists_the_kinds() -> None:
    parts = tuple(part for part in site_parts() if part.kind in ("network", "pool", "secret", "snapshot", "volume"))
    plugins = ROOT / "plugins"
    own = [plugins / "module_utils/_kinds" / part.kind for part in parts]
    found = {
        str(path.relative_to(plugins))
        for path in plugins.rglob("*.py")
        if not {"modules", "doc_fragments"} & set(path.relative_to(plugins).parts[:1])
        and not any(folder in path.parents for folder in own)
        and len(named(path, parts)) >= 4
    }
    assert found <= set(LISTING)

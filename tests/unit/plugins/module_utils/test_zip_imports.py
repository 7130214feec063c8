# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file of a module is compiled once, and has the name that Python itself gives it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
import zipimport
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _zip_imports

FILES = {"one.py": "FILE = __file__", "two/__init__.py": "FILE = __file__", "two/three.py": "FILE = __file__"}

COUNTING = """
import sys, zipimport
compiled = []
compile_source = zipimport._compile_source
zipimport._compile_source = lambda path, source: compiled.append(path) or compile_source(path, source)
sys.path.insert(0, sys.argv[1])
import one
exec(open(sys.argv[2]).read())
import two.three
print(compiled.count(two.three.FILE), two.three.FILE, two.three.__file__)
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "payload.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, text in FILES.items():
            made.writestr(name, text)
    return path


def test_a_file_is_compiled_once(archive: Path) -> None:
    words = [sys.executable, "-c", COUNTING, str(archive), _zip_imports.__file__]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", *[str(archive / "two/three.py")] * 2]


@pytest.mark.parametrize(("name", "folder"), [("one", ""), ("two", ""), ("two.three", "two/")])
def test_the_name_is_that_of_python(archive: Path, name: str, folder: str) -> None:
    path = str(archive / folder) if folder else str(archive)
    ours, pythons = _zip_imports.CompilingOnce(path), zipimport.zipimporter(path)
    assert ours.get_filename(name) == pythons.get_filename(name)


def test_a_module_that_is_not_there(archive: Path) -> None:
    with pytest.raises(ImportError):
        _zip_imports.CompilingOnce(str(archive)).get_filename("four")


def test_every_module_begins_with_it() -> None:
    modules = Path(_zip_imports.__file__).parent.parent / "modules"
    for path in sorted(modules.glob("*.py")):
        imports = [line for line in path.read_text("utf-8").splitlines() if line.startswith(("from ..", "import "))]
        assert imports[0].startswith("from ..module_utils import _zip_imports"), path

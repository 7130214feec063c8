# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests ./runtests quick takes for what changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

PROGRAM = ROOT / "tests/tools/changed_tests.py"

ENGINE = "plugins/module_utils/engine.py"
SIZES = "plugins/module_utils/sizes.py"
MODULE = "plugins/modules/domains.py"
TEST_OF_ENGINE = "tests/unit/plugins/module_utils/test_engine.py"
TEST_OF_MODULE = "tests/unit/plugins/modules/test_domains.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository whose engine imports sizes, and with one test of the engine and one of the module."""
    for name, text in {
        SIZES: "",
        ENGINE: "from . import sizes\n",
        MODULE: "",
        TEST_OF_ENGINE: "from ansible_collections.a.b.plugins.module_utils.engine import plan\n",
        TEST_OF_MODULE: "",
        "README.md": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "all")
    return tmp_path


def git(checkout: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=checkout, check=True, capture_output=True)


def asked(checkout: Path) -> tuple[list[str], str]:
    """The tests, and what is said besides."""
    done = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), str(checkout)], check=True, capture_output=True, text=True
    )
    return done.stdout.split(), done.stderr


def test_where_nothing_changed_there_is_no_test(checkout: Path) -> None:
    assert asked(checkout) == ([], "")


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        (ENGINE, [TEST_OF_ENGINE]),  # it imports the file
        (SIZES, [TEST_OF_ENGINE]),  # it imports a file that imports the file
        (MODULE, [TEST_OF_MODULE]),  # it has its name, in the folder that mirrors its own
        (TEST_OF_MODULE, [TEST_OF_MODULE]),
    ],
)
def test_a_changed_file_has_its_tests(checkout: Path, changed: str, tests: list[str]) -> None:
    (checkout / changed).write_text((checkout / changed).read_text() + "x = 1\n")
    assert asked(checkout) == (tests, "")


def test_what_is_committed_on_a_branch_has_changed_too(checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "-c", "branch")
    (checkout / MODULE).write_text("x = 1\n")
    git(checkout, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-am", "changed")
    assert asked(checkout) == ([TEST_OF_MODULE], "")


def test_a_file_without_unit_tests_is_named(checkout: Path) -> None:
    (checkout / "README.md").write_text("changed")
    assert asked(checkout) == ([], "no unit test of README.md: run its part of ./runtests\n")

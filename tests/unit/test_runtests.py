# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of runtests that decide something."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT


def shell(script: str) -> str:
    """What a script prints that has the functions of runtests."""
    done = subprocess.run(
        ["bash", "-euc", f'source "$1"; PY=$2; {script}', "bash", str(ROOT / "tests/tools/parts.sh"), sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11"])
def test_ansible_test_is_told_the_python_of_a_host(version: str) -> None:
    assert shell(f"known_python {version}") == version


@pytest.mark.parametrize("version", ["3.99", "4.0"])
def test_of_a_python_that_ansible_test_does_not_know_it_is_told_the_newest_that_it_knows(version: str) -> None:
    known = shell("$PY -c 'from ansible_test._internal.constants import *; print(*SUPPORTED_PYTHON_VERSIONS)'").split()
    newest = sorted(known, key=lambda each: [int(part) for part in each.split(".")])[-1]
    assert shell(f"known_python {version}") == newest


@pytest.mark.parametrize("part", ["part_lab", "part_integration"])
def test_the_parts_with_hosts_of_two_suites_take_the_suite_that_is_wanted(part: str) -> None:
    # What the part calls says what it was called with.
    fakes = """
        uses_labs() { :; }; ansible_test_ready() { :; }; run_pytest() { echo "pytest $VIRTFLEET_SUITE"; }
        lab() { echo "$@" >&2; [ "$2" != list ] || echo; }; KEEP=yes COLLECTIONS= VIRTFLEET_SUITE=forky
        export VIRTFLEET_SUITE
    """
    said = shell(f"{fakes} {{ {part}; }} 2>&1")
    assert "up 2 --suite bookworm --suite forky" in said


def test_what_failed_is_kept_for_the_summary_unless_it_passes_when_it_is_run_again(tmp_path: Path) -> None:
    fakes = f"""
        RUN={tmp_path} STAGE={tmp_path} CACHE={tmp_path} PYTEST_ARGS=()
        failed() {{ printf '%s\\n' "FAILED tests/$1/test_a.py::test_b - E" '= 1 passed, 1 failed in 2.00s ='; }}
        python() {{ failed "$3"; return 1; }}
        run_pytest unit >/dev/null || :; run_pytest lab >/dev/null || :; forgive; cat "$RUN/failures"; totals
    """
    assert shell(fakes).splitlines() == ["FAILED tests/unit/test_a.py::test_b - E", "2 1"]


def test_every_lab_that_a_test_brings_up_is_taken_down() -> None:
    """Also where the run that brought it up was killed."""
    brought_up: set[str] = set()
    for path in (ROOT / "tests/lab").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        brought_up |= set(re.findall(r'\b(?:Fleet|Links|Fleet\.two|hosts_with_storage)\("([a-z]+)"', text))
    named = set(shell('echo "${LABS[@]}"').split())
    assert len(brought_up) > 15
    assert brought_up <= named


@pytest.mark.parametrize("part", ["part_unit", "part_runs", "part_docs", "part_lab"])
@pytest.mark.parametrize(("choice", "long"), [("(-m 'not long')", "without"), ("()", "with")])
def test_tests_that_take_long_run_where_their_part_is_named(part: str, choice: str, long: str) -> None:
    fakes = """
        uses_labs() { :; }; need_packages() { :; }; run_pytest() { printf '<%s>' "$@"; }
        KEEP= COLLECTIONS= STAGE=$(dirname "$1")
    """
    said = shell(f"{fakes} CHOICE={choice}; {part}")
    assert ("<-m><not long>" in said) == (long == "without")
    assert "<--numprocesses>" in said


def test_runtests_alone_leaves_out_what_takes_long() -> None:
    script = (ROOT / "runtests").read_text(encoding="utf-8")
    where_none_is_named = script.split("if [ ${#PARTS[@]} = 0 ]; then")[1].split("\nfi\n")[0]
    assert "CHOICE=(-m 'not long')" in where_none_is_named


def test_each_test_without_a_host_is_in_one_part() -> None:
    fakes = 'need_packages() { :; }; run_pytest() { shift 5; printf "%s\\n" "$@"; }; COLLECTIONS='
    parts = {part: shell(f"{fakes}; {part}").splitlines() for part in ("part_unit", "part_runs", "part_docs")}
    assert parts["part_unit"] == [*(f"--ignore={folder}" for folder in parts["part_runs"]), "tests/unit"]
    assert parts["part_docs"] == ["tests/docs", "tests/packaging"]
    assert [
        folder for part in ("part_runs", "part_docs") for folder in parts[part] if not (ROOT / folder).exists()
    ] == []


@pytest.mark.parametrize(("status", "counted"), [(0, "1 0"), (1, "0 1")])
def test_mutants_get_their_own_options_and_fail_as_their_program_does(
    tmp_path: Path, status: int, counted: str
) -> None:
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$@"\nexit {status}\n')
    program.chmod(0o755)
    fakes = f"""
        need_root() {{ :; }}; need_packages() {{ :; }}; mutants_ready() {{ :; }}
        ROOT=/checkout CACHE=/cache RUN={tmp_path} PY={program} PYTEST_ARGS=(--number 5)
        part_mutants || :; totals
    """
    assert shell(fakes).splitlines() == [
        "/checkout/tests/mutants/mutants.py /checkout /cache/mutants --number 5",
        counted,
    ]


SANITY = r"""
    ansible_test_ready() { :; }
    ansible-test() {
        case "$*" in
            *"--test import") echo 'Running sanity test "import" on Python 3.11'; return "$IMPORT" ;;
            *"--skip-test import") for n in $(seq "$OTHERS"); do echo "Running sanity test \"$n\""; done ;;
        esac
        [ "$REST" = 0 ] || echo "FATAL: The 2 sanity test(s) listed below (out of $OTHERS) failed."
        return "$REST"
    }
"""


@pytest.mark.parametrize(
    ("imported", "rest", "others", "status", "counted"),
    [(0, 0, 30, 0, "31 0"), (0, 1, 30, 1, "29 2"), (1, 0, 30, 1, "31 0"), (0, 0, 3, 1, "4 0")],
    ids=["all pass", "two fail", "import fails", "hardly any ran"],
)
def test_sanity_is_what_both_runs_say(
    tmp_path: Path, imported: int, rest: int, others: int, status: int, counted: str
) -> None:
    there = f"RUN={tmp_path} CACHE={tmp_path} STAGE={tmp_path} ROOT={tmp_path / 'checkout'}"
    (tmp_path / "checkout/tests/tools").mkdir(parents=True)
    program = "import pathlib, sys; pathlib.Path(sys.argv[2]).mkdir(parents=True)\n"
    (tmp_path / "checkout/tests/tools/stage.py").write_text(program)
    numbers = f"IMPORT={imported} REST={rest} OTHERS={others}"
    said = shell(f"{there} {numbers}; {SANITY} code=0; set +e; part_sanity >/dev/null; echo $?; totals")
    assert said.splitlines() == [str(status), counted]


@pytest.mark.parametrize(
    ("choice", "asked"), [("()", ["all"]), ("(-m 'not long')", ["3.9", "3.13"])], ids=["named", "all"]
)
def test_where_no_part_is_named_two_pythons_are_enough_for_imports(
    tmp_path: Path, choice: str, asked: list[str]
) -> None:
    folder = tmp_path / "pythons"
    folder.mkdir()
    for version in ("3.9", "3.10", "3.13"):
        (folder / f"python{version}").touch()
    fakes = 'sanity_on() { [ "${5-}" = --python ] && echo "$6" || echo all; }'
    said = shell(f"RUN={tmp_path} CACHE={tmp_path} CHOICE={choice}; {fakes}; import_on copy")
    assert said.split() == asked

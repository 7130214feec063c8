# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of docs/faults.md has tests, and they are there."""

from __future__ import annotations

import re

import pytest

from .blocks import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/faults.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [0-9]+ ", line)
]
NUMBERS = [int(row[0]) for row in ROWS]
LAST = 49


def test_no_fault_is_missing() -> None:
    """Each number once; a new fault gets the next one, in whatever section it stands."""
    assert sorted(NUMBERS) == [*range(1, 19), *range(20, max(LAST, *NUMBERS) + 1)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_tests_of_a_fault_are_there(row: list[str]) -> None:
    named = re.findall(r"`(tests/[^`]+)`", row[-1])
    assert named
    for test in named:
        path, _colons, function = test.partition("::")
        assert (ROOT / path).exists(), path
        if function:
            assert f"\ndef {function}(" in (ROOT / path).read_text(encoding="utf-8"), test

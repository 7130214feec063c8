# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wrong name of an option may mean: something close, or nothing."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import OTHERWISE, near
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import body, inner_rows, parse_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import LISTS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

OPTIONS = list(body(DOMAIN.rows).names)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("memroy", ["memory"]),
        ("Memory", ["memory"]),
        ("auto-start", ["autostart"]),
        ("mem", []),  # memory, memory_backing and others begin so.
        ("interface", ["interfaces"]),
        ("hots", []),  # It is like 'os', by half of its letters.
        ("wibble", []),
        (7, []),
        ("nics", ["interfaces"]),
        ("ram", ["memory"]),
    ],
)
def test_what_is_close(name: object, meant: list[str]) -> None:
    assert near(name, OPTIONS) == meant


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("lsn", ["lan", "dmz"], ["lan"]),
        ("mtx", ["mac", "mtu"], ["mtu"]),
        ("wan", ["lan"], []),  # Both are names that people have.
        ("lbn", ["lan", "lin"], []),
        ("vm1", ["vm2"], []),
        ("v12", ["v13"], []),
        ("lxy", ["lan"], []),
    ],
)
def test_names_of_three_letters(name: str, known: list[str], meant: list[str]) -> None:
    assert near(name, known) == meant


def test_a_letter_that_is_lost_doubled_or_swapped_is_found_again() -> None:
    for option in OPTIONS:
        if len(option) < 4:
            continue
        for at in range(1, len(option) - 1):
            slips = (option[:at] + option[at + 1 :], option[:at] + option[at] + option[at:])
            swapped = option[:at] + option[at + 1] + option[at] + option[at + 2 :]
            for slip in (*slips, swapped):
                if slip not in OPTIONS and slip not in OTHERWISE:
                    assert near(slip, OPTIONS), f"{slip} of {option}"


def test_other_words_lead_to_an_option_somewhere() -> None:
    tables = (DOMAIN, *LISTS.values())
    known = {name for table in tables for name in all_names(table.rows)}
    assert {name.rpartition(".")[2] for names in OTHERWISE.values() for name in names} <= known


def all_names(rows: tuple[object, ...]) -> set[str]:
    found = set(body(rows).names)
    for row in inner_rows(rows):
        if row.rows:
            found |= all_names(row.rows)
    return found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("clone_from", "did you mean 'image' or 'backing'?"),
        ("capacity", "did you mean 'size'?"),
        ("path", "did you mean 'file'?"),
    ],
)
def test_other_words_for_a_disk(name: str, said: str) -> None:
    problems: list[Invalid] = []
    parse_rows(DOMAIN.rows, {"name": "a", "disks": [{name: "x"}]}, "", problems)
    assert str(problems[0]) == f"disks[0].{name}: no such option; {said}"

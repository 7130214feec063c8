# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which element each item of a list stands for: by key, strongest first, then by place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.match import pair

A, B = {"mac": "A", "net": "x"}, {"mac": "B", "net": "y"}


@pytest.mark.parametrize(
    ("wants", "have", "partners"),
    [
        ([], [], []),
        ([{}], [], [None]),
        ([], [A], []),
        # by the strongest key, wherever it stands
        ([{"mac": "B"}, {"mac": "A"}], [A, B], [1, 0]),
        ([{"mac": "B"}], [A, B], [1]),
        # by the next key
        ([{"net": "y"}, {"net": "x"}], [A, B], [1, 0]),
        # the strongest key wins over the weaker one of an earlier item
        ([{"net": "y"}, {"mac": "B", "net": "x"}], [A, B], [0, 1]),
        # by place
        ([{}, {}], [A, B], [0, 1]),
        ([{"net": "new"}, {"mac": "A"}], [A, B], [1, 0]),
        ([{}, {}, {}], [A, B], [0, 1, None]),
        # two alike take one each
        ([{"net": "x"}, {"net": "x"}], [A, {"mac": "C", "net": "x"}], [0, 1]),
        # null names no key
        ([{"mac": None}], [A], [0]),
    ],
)
def test_pair(wants: list[Any], have: list[Any], partners: list[int | None]) -> None:
    assert pair(wants, have, ("mac", "net"), rekey=True) == partners


def test_rekey_says_whether_the_key_itself_may_change() -> None:
    assert pair([{"mac": "Z"}], [A], ("mac",), rekey=True) == [0]
    assert pair([{"mac": "Z"}], [A], ("mac",), rekey=False) == [None]
    assert pair([{"net": "z"}], [A], ("mac", "net"), rekey=False) == [0]


def test_without_keys_the_place_decides() -> None:
    assert pair([{"x": 1}, {"x": 2}], [{"x": 2}], (), rekey=False) == [0, None]


ITEMS = st.lists(
    st.fixed_dictionaries({}, optional={"mac": st.sampled_from("ABC"), "net": st.sampled_from("xy")}), max_size=5
)


@given(ITEMS, ITEMS, st.booleans())
def test_no_element_serves_two_items(wants: list[Any], have: list[Any], rekey: bool) -> None:
    partners = pair(wants, have, ("mac", "net"), rekey)
    taken = [partner for partner in partners if partner is not None]
    assert len(partners) == len(wants)
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(range(len(have)))


@given(ITEMS)
def test_a_list_pairs_with_itself(items: list[Any]) -> None:
    partners = pair(items, items, ("mac", "net"), rekey=True)
    assert [items[partner] for partner in partners if partner is not None] == items


@pytest.mark.parametrize(
    ("wants", "partners"),
    [
        # those that are alike are paired in order
        ([{}, {"kind": "b"}, {}], [0, 2, 1]),
        ([{}, {"kind": "a"}, {"kind": "b"}], [1, 0, 2]),
        # what is fixed is found by a key alone, and one that names another key is new
        ([{"kind": "c"}], [0]),
        ([{"name": "9", "kind": "b"}], [None]),
        ([{"name": "4", "kind": "b"}], [3]),
    ],
)
def test_what_is_alike_is_paired_before_the_rest(wants: list[Any], partners: list[int | None]) -> None:
    have = [{"name": str(number + 1), "kind": kind} for number, kind in enumerate("aabc")]
    assert pair(wants, have, ("name",), False, [3], ("kind",)) == partners

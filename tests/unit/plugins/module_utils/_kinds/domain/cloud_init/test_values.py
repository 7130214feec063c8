# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What data cloud-init takes, and what it cannot."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import values

ANY = values.Data("dict", "list", "str")
NO_TEXT = "has a character in it that no text can hold"
TOO_LARGE = "has a number in it that is too large; write it in quotes"
NO_NUMBER = "has a number in it that is none; write it in quotes"
OTHER = "has a date in it, or another value that is no text and no number; write it in quotes"
NO_NAME = "has an entry in it whose name is no text of at most 1000 characters"


class Text(str):
    """A text of Ansible."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ({}, {}),
        ([], []),
        ("a", "a"),
        ((1, "a"), [1, "a"]),
        ([None, True, False, 0, 1.5, "a", (1,), [2]], [None, True, False, 0, 1.5, "a", [1], [2]]),
        ({"a": {"b": [{"c": None}]}}, {"a": {"b": [{"c": None}]}}),
        ({"k" * 1000: 1}, {"k" * 1000: 1}),
        ([2**64 - 1, -(2**64 - 1)], [2**64 - 1, -(2**64 - 1)]),
        ([Text("a")], ["a"]),
        ({Text("a"): Text("b")}, {"a": "b"}),
        ("\u00e4\U0001f600\n", "\u00e4\U0001f600\n"),
        (["\ud7ff\ue000\x01"], ["\ud7ff\ue000\x01"]),
    ],
)
def test_what_json_holds_is_taken_with_plain_types(value: Any, taken: Any) -> None:
    found = ANY.parse(value)
    assert found == taken
    assert repr(found) == repr(taken)  # True is no 1, and a text no subclass of one.


def test_texts_of_ansible_become_plain_ones() -> None:
    found: Any = ANY.parse([Text("a"), {Text("b"): 1}])
    assert [type(found[0]), *map(type, found[1])] == [str, str]
    assert ANY.parse(Text("a")).__class__ is str


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([2**64], TOO_LARGE),
        ([-(2**64)], TOO_LARGE),
        ([2**64 + 1], TOO_LARGE),
        ({"a": [2**200]}, TOO_LARGE),
        ([float("inf")], NO_NUMBER),
        ([float("-inf")], NO_NUMBER),
        ([float("nan")], NO_NUMBER),
        ("\0", NO_TEXT),
        (["\ud800"], NO_TEXT),
        (["a\udfff"], NO_TEXT),
        ({"a\0": 1}, NO_TEXT),
        ({1: "a"}, NO_NAME),
        ({None: "a"}, NO_NAME),
        ({"k" * 1001: 1}, NO_NAME),
        ([datetime.date(2026, 1, 1)], OTHER),
        ([b"a"], OTHER),
        ([{1}], OTHER),
    ],
)
def test_what_no_json_holds_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        ANY.parse(value)


@pytest.mark.parametrize(
    ("kinds", "value", "problem"),
    [
        (("dict",), {}, None),
        (("list",), [], None),
        (("list",), (), None),
        (("str",), "", None),
        (("dict", "list"), [], None),
        (("dict",), [], "a dictionary"),
        (("dict",), "a", "a dictionary"),
        (("dict",), None, "a dictionary"),
        (("list",), {}, "a list"),
        (("str",), 1, "a text"),
        (("str",), (), "a text"),
        (("dict", "list"), "a", "a dictionary or a list"),
        (("str", "bool"), 1, "a text or false"),
    ],
)
def test_what_data_is_as_a_whole(kinds: tuple[str, ...], value: Any, problem: str | None) -> None:
    data = values.Data(*kinds)
    if problem is None:
        assert data.parse(value) in (value, list(value))
    else:
        with pytest.raises(ValueError, match=f" is not {problem}$"):
            data.parse(value)

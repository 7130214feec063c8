# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to write what other tools have in another form: the place in the item, and what is left as it is."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.other_forms import value_at, with_ways
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid

ITEM = {"a": [{"b": "x"}, "y"], "c": 1}


@pytest.mark.parametrize(
    ("where", "value"),
    [("c", 1), ("a[1]", "y"), ("a[0].b", "x"), ("a[7]", None), ("c.d", None), ("c[0]", None), ("", ITEM)],
)
def test_the_value_at_a_path(where: str, value: object) -> None:
    assert value_at(ITEM, where) == value


def test_only_what_a_form_knows_is_said_otherwise() -> None:
    problems = [
        Invalid("a[1]", "before"),
        Invalid("a[0].b", "'x' is wrong; try"),
        Invalid("c", "1 is wrong; in place of c, write d"),
        Invalid("z", "is wrong"),
    ]
    forms = {
        "a": lambda value, item, listed: "never",
        "a.b": lambda value, item, listed: f"write {value}{value}, {listed}",
        "c": lambda value, item, listed: "write e",
    }
    with_ways(forms, ITEM, problems, 1)
    assert [problem.problem for problem in problems] == [
        "before",
        "'x' is wrong; write xx, False",
        "1 is wrong; in place of c, write d",
        "is wrong",
    ]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How changes reach what runs, whatever the strategies of a table are."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import live
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step

ROOT = ET.Element("box")


def told(changes: list[Change], _root: ET.Element, stuck: bool, _now: ET.Element) -> live.StepsOrReason:
    """A strategy whose step says what it was asked, and that does nothing beside a change that waits."""
    return "waits with the other" if stuck else [Step("tell", [change.path for change in changes])]


STRATEGIES = {
    "first": live.Strategy(told),
    "second": live.Strategy(told),
    "inner": live.Strategy(told, innermost=True),
    "asked": live.Strategy(told, asks=True),
}


def reached(*changes: Change, fresh: tuple[str, ...] = ()) -> live.LiveReach:
    return live.reach(STRATEGIES, ROOT, ROOT, changes, fresh)


def test_changes_of_one_device_and_strategy_come_in_one_step() -> None:
    lid = ET.Element("lid")
    changes = [Change("lid.a", 1, 2, "second", (lid,)), Change("lid.b", 1, 2, "first", (lid,))]
    found = reached(*changes, Change("lid.c", 1, 2, "second", (lid,)), Change("other", 1, 2, "first"))
    assert [(step.value, step.reaches) for step in found.steps] == [
        (["lid.b"], ("lid.b",)),
        (["lid.a", "lid.c"], ("lid.a", "lid.c")),
        (["other"], ("other",)),
    ]
    assert found.waiting == {}


def test_a_change_without_a_strategy_waits_and_the_others_of_its_device_are_told() -> None:
    lid = ET.Element("lid")
    found = reached(Change("lid.a", 1, 2, None, (lid,)), Change("lid.b", 1, 2, "first", (lid,)))
    assert found.waiting == {"lid.a": live.RESTART, "lid.b": "waits with the other"}
    assert found.steps == []


def test_an_entry_of_an_inner_list_is_brought_alone_unless_what_it_is_in_waits() -> None:
    lid, one, two = ET.Element("lid"), ET.Element("one"), ET.Element("two")
    changes = [Change("lid.ones[0].a", 1, 2, "inner", (lid, one)), Change("lid.ones[1].a", 1, 2, "inner", (lid, two))]
    assert [step.value for step in reached(*changes).steps] == [["lid.ones[0].a"], ["lid.ones[1].a"]]
    stuck = reached(*changes, Change("lid.b", 1, 2, None, (lid,)))
    assert stuck.steps == []
    assert stuck.waiting["lid.ones[0].a"] == live.TOGETHER


def test_what_was_asked_for_before_is_not_asked_for_again() -> None:
    change = Change("size", 1, 2, "asked")
    assert (reached(change).asked, reached(change).steps) == (["size"], [])
    assert [step.value for step in reached(change, fresh=("size",)).steps] == [["size"]]


def test_a_strategy_that_no_table_has_is_no_step_that_gets_lost() -> None:
    with pytest.raises(KeyError, match="hotplgu"):
        reached(Change("size", 1, 2, "hotplgu"))


def test_an_entry_waits_with_another_entry_of_the_same_device() -> None:
    """What waits inside an entry of a list has the whole device wait, also where it stands in another entry."""
    lid, one, two = ET.Element("lid"), ET.Element("one"), ET.Element("two")
    waits = Change("lid.ones[0].a", 1, 2, None, (lid, one))
    entry = Change("lid.ones[1].a", 1, 2, "inner", (lid, two))
    found = reached(waits, entry)
    assert (found.steps, found.waiting) == ([], {waits.path: live.RESTART, entry.path: live.TOGETHER})
    other = Change("hat.ones[0].a", 1, 2, "inner", (ET.Element("hat"), two))
    assert [step.value for step in reached(waits, other).steps] == [[other.path]]

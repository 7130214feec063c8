# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of an option that there is not: what may be meant, where it belongs, and no secret."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import unknown_options
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.unknown_options import Stranger
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid


@dataclasses.dataclass
class Places:
    """The options of a body, and those inside it."""

    names: dict[str, int]
    inside: dict[str, list[str]] = dataclasses.field(default_factory=dict)


FEW = Places({"memory": 0, "vcpus": 1, "boot_order": 2, "disk_bus": 3}, {"source_file": ["disks"], "name": ["disks"]})
MANY = Places({f"thing{letter}{number}": 0 for letter in "abcdefg" for number in "123"})


@pytest.mark.parametrize(
    ("name", "said", "sure", "hinted"),
    [
        ("Memory", "did you mean 'memory'?", True, True),
        ("memori", "did you mean 'memory'?", False, True),
        ("source_file", "it belongs into disks", False, True),
        # That an option is called a name says nothing of where it belongs.
        ("name", "it can be: boot_order, disk_bus, memory, vcpus", False, False),
        ("zzz", "it can be: boot_order, disk_bus, memory, vcpus", False, False),
    ],
)
def test_what_may_be_meant_is_said(name: str, said: str, sure: bool, hinted: bool) -> None:
    found = unknown_options.stranger(FEW, name, "guests[0]", False, False)
    assert str(found) == f"guests[0].{name}: no such option; {said}"
    assert (bool(found.sure), found.hinted, found.many) == (sure, hinted, 0)
    assert unknown_options.stranger(FEW, name, "", False, False).where == name


@pytest.mark.parametrize(
    ("count", "listed"), [(unknown_options.MANY, True), (unknown_options.MANY + 1, False)], ids=["as many", "one more"]
)
def test_of_many_options_the_manual_tells(count: int, listed: bool) -> None:
    known = Places(dict.fromkeys(list(MANY.names)[:count], 0))
    found = unknown_options.stranger(known, "zzz", "x", False, False)
    assert ("it can be: " in str(found)) is listed
    assert found.many == (0 if listed else count)
    problems: Any = [Invalid("a", "other"), found, Invalid("b", "other")]
    unknown_options.with_manual(problems, "see the manual")
    assert str(problems[1]).endswith("see the manual") is not listed
    assert [str(problems[0]), str(problems[2])] == ["a: other", "b: other"]
    # Where it is said what is meant, nobody has to look that up.
    assert unknown_options.stranger(MANY, "thingA1", "x", False, False).many == 0


@pytest.mark.parametrize(
    ("name", "direct", "at", "holds", "shown"),
    [
        ("zzz", False, "", False, True),
        ("zzz", False, "x", True, True),
        ("zzz", True, "x", False, False),
        # What looks like no word may be a secret where one belongs near.
        ("hunter2", False, "x", True, False),
        ("hunter2", False, "", True, True),
        ("hunter2", False, "x", False, True),
        ("correcthorsebatterystaple", False, "x", True, False),
        (7, False, "x", True, False),
        # What is like an option, is made of their words, or says itself that it is one, tells nobody anything.
        ("memori", True, "x", True, True),
        ("boot_bus", True, "x", True, True),
        ("boot_xylophone", True, "x", True, False),
        ("source_file", True, "x", True, True),
        ("password", True, "x", True, True),
    ],
)
def test_a_name_that_may_be_a_secret_is_not_shown(name: Any, direct: bool, at: str, holds: bool, shown: bool) -> None:
    found = str(unknown_options.stranger(FEW, name, at, direct, holds))
    assert ("(not shown)" not in found) is shown
    assert (str(name) in found) is shown


@pytest.mark.parametrize(
    ("name", "made"),
    [("memory", True), ("bus_order", True), ("order_boot_disk", True), ("boot_time", False), ("", False), ("_", False)],
)
def test_a_name_is_made_of_the_words_of_others(name: str, made: bool) -> None:
    assert unknown_options.is_made_of(name, FEW.names) is made
    assert unknown_options.is_made_of(name, []) is False


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c", "d"], "a or b or c or d"),
        (["a", "b", "c", "d", "e"], "a, b, c or others"),
    ],
)
def test_only_some_places_are_named(ways: list[str], said: str) -> None:
    assert unknown_options.listed(ways) == said


def settled(name: object, at: str = "guests[0].disks[1]", item: Any = None, **kept: Any) -> str:
    """What is said of an option among others', once the options around have been asked."""
    found = Stranger(at, name, True, "as before")
    for key, value in kept.items():
        setattr(found, key, value)
    before: Any = Stranger("guests[0].disks[1]", "memory", True, "as before")
    problems: Any = [before, Invalid("x", "as before"), found]
    unknown_options.settle(FEW, item or {}, "guests[0]", problems, 1)
    assert problems[:2] == [before, problems[1]]
    assert str(problems[1]) == "x: as before"
    if problems[2] is not found:
        assert (problems[2].at, problems[2].sure, problems[2].hinted) == (at, True, True)
    return str(problems[2]).partition("; ")[2]


def test_an_option_of_the_options_around_belongs_beside_what_it_stands_in() -> None:
    beside = "it belongs beside 'disks', not in it: indent it less"
    assert settled("memory") == beside
    assert settled("memory", at="guests[0].disks") == beside
    assert settled("memory", item={"disks": [{"memory": 1}]}) == beside
    assert settled("memory", item={"disks": {"memory": 1, "size": 2}}) == beside
    nothing_left = f"{beside}, and remove 'disks:', in which nothing is left"
    assert settled("memory", item={"disks": {"memory": 1, "vcpus": 2}}) == nothing_left


def test_an_option_of_what_stands_beside_belongs_into_that() -> None:
    assert settled("source_file") == "it belongs into disks"
    assert settled("source_file", hinted=True) == "as before"


@pytest.mark.parametrize(
    ("name", "more"),
    [("memory", {"sure": True}), ("memory", {"at": "guests[0]"}), ("name", {}), ("zzz", {}), (7, {})],
)
def test_what_is_known_better_or_by_nobody_stays_as_it_was_said(name: object, more: dict[str, Any]) -> None:
    assert settled(name, **more) == "as before"


def test_an_option_that_may_belong_to_too_many_places_is_told_no_place() -> None:
    known = Places({}, {"bus": ["a", "b", "c", "d"], "unit": ["a", "b", "c", "d", "e"]})
    problems: Any = [Stranger("x.y", name, True, "as before") for name in ("unit", "bus")]
    unknown_options.settle(known, {}, "x", problems, 0)
    assert [str(each).partition("; ")[2] for each in problems] == ["as before", "it belongs into a or b or c or d"]

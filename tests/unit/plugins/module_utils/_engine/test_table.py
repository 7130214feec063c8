# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table takes a list of items: all that is wrong is said at once, and by name."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import NAME, TEXT, Choice, Integer
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field, Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table, nested
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid, VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK

TABLE = Table(
    kind="thing",
    skeleton="<thing/>",
    state="present",
    initial="present",
    active=frozenset(),
    transitions={},
    rows=(
        Field("name", "name", NAME, "Name."),
        Property("state", "", Choice("present", "absent"), "State."),
        Field("least", "least", Integer(), "Least."),
        Field("most", "most", Integer(), "Most."),
        Field("mode", "mode", TEXT, "Mode."),
    ),
    rules=(
        lambda item: iter(
            [Invalid("least", "is more than most")] if item.get("least", 0) > item.get("most", 9) else []
        ),
    ),
)


def refused(config: Any) -> list[str]:
    """The lines of the refusal, without its heading."""
    with pytest.raises(VirtfleetError) as caught:
        TABLE.parse(config)
    heading, *lines = str(caught.value).splitlines()
    assert heading == "nothing was changed, the input is refused:"
    return lines


def test_items_come_in_normal_form_with_their_state() -> None:
    assert TABLE.parse(
        [{"name": "a", "least": "3"}, {"name": "b", "state": "absent"}, {"name": "c", "state": None}]
    ) == [
        {"name": "a", "least": 3, "state": "present"},
        {"name": "b", "state": "absent"},
        {"name": "c", "state": "present"},
    ]


def test_left_out_and_null_stay_apart() -> None:
    assert TABLE.parse([{"name": "a"}, {"name": "b", "mode": None}]) == [
        {"name": "a", "state": "present"},
        {"name": "b", "mode": None, "state": "present"},
    ]


def test_the_users_data_stays_as_it_is() -> None:
    config = [{"name": "a", "least": "3"}]
    TABLE.parse(config)
    assert config == [{"name": "a", "least": "3"}]


def test_every_problem_of_every_item_is_said_at_once() -> None:
    assert refused(
        [
            {"name": "a", "least": "x", "mdoe": "y"},
            {"name": "good"},
            {"least": 1},
            {"name": "b", "least": 5, "most": 4},
            {"name": "../b"},
            "banana",
        ]
    ) == [
        "thing a: mdoe: no such option; did you mean 'mode'?",
        "thing a: least: 'x' is not a whole number",
        "config[2]: is the option 'least' alone; write it below the name, without '- '",
        "thing b: least: is more than most",
        "config[4]: name: '../b' is not a safe name: it may not start with '-' or '.', have space at its"
        " ends, or hold '/' or control characters",
        "config[5]: 'banana' is not a dictionary of options; write '- name: NAME', and its options below",
    ]


def test_an_option_like_no_other_gets_the_list_of_all() -> None:
    assert refused([{"name": "a", "xyzzy": 1}]) == [
        "thing a: xyzzy: no such option; it can be: least, mode, most, name, state"
    ]


def test_an_option_that_is_no_string_is_refused_too() -> None:
    assert refused([{"name": "a", 7: 1}])[0].startswith("thing a: 7: no such option")


def test_the_same_name_twice() -> None:
    assert refused([{"name": "a"}, {"name": "b"}, {"name": "a"}]) == ["thing a: name: is declared more than once"]


@pytest.mark.parametrize("name", [None, "", [], {}, True])
def test_names_that_are_none(name: Any) -> None:
    assert refused([{"name": name}])[0].startswith("config[0]: name: ")


@pytest.mark.parametrize("config", ["banana", None, {"name": "a"}, 7])
def test_a_config_has_to_be_a_list(config: Any) -> None:
    with pytest.raises(VirtfleetError, match="is not a list of things"):
        TABLE.parse(config)


def test_an_empty_config_is_fine() -> None:
    assert TABLE.parse([]) == []


def test_doubtful_values_are_said_along_with_what_is_wrong() -> None:
    ips = [{"address": "10.1.2.1/24", "dhcp": {"ranges": [{"start": "10.9.9.9", "end": "10.1.2.5"}]}}]
    with pytest.raises(VirtfleetError) as refused:
        NETWORK.parse([{"name": "bad", "mtu": 1}, {"name": "bad", "ips": ips}])
    assert "network bad: ips[0].dhcp.ranges[0]: 10.9.9.9 is not in 10.1.2.0/24" in str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"web01": {"mode": "a"}}, "write '- name: web01', and its options below, no deeper"),
        ({"web01": None, "mode": "a"}, "write '- name: web01', and its options below, no deeper"),
        ({"a b": {"mode": "a"}}, "write '- name: NAME', and its options below, no deeper"),
        ({7: {"mode": "a"}}, "write '- name: NAME', and its options below, no deeper"),
        ({"mode": "a"}, "is the option 'mode' alone; write it below the name, without '- '"),
    ],
)
def test_an_item_that_is_written_in_another_way_is_told_how(item: dict[Any, Any], said: str) -> None:
    assert said in "\n".join(refused([item]))


@pytest.mark.parametrize(
    "item",
    [
        {"name": "a", "web01": {"mode": "a"}},
        {"web01": {"mode": "a"}, "web02": {"mode": "a"}},
        {"web01": "text"},
        # What is like an option is meant for one.
        {"modes": {"x": 1}},
    ],
)
def test_an_item_with_a_wrong_option_is_not_taken_for_one_that_has_its_name_as_a_key(item: dict[str, Any]) -> None:
    assert "its options below, no deeper" not in "\n".join(refused([item]))


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: (inner, inner)])
@pytest.mark.parametrize(("depth", "deeper"), [(1, False), (64, False), (65, True), (300, True)])
def test_options_are_nested_as_deep_as_any_is(make: Any, depth: int, deeper: bool) -> None:
    """What is there more than once is looked at once, or it would take for ever."""
    value: Any = "end"
    for _level in range(depth):
        value = make(value)
    assert nested(value) is deeper

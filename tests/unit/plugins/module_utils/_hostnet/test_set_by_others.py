# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have told the kernel is read from ``ip``, in the words that tell it so again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    address_words,
    route_words,
    set_by_others,
)

RULES = """\
0:	from all lookup local
500:	not from all fwmark 0xca6c lookup 51820
501:	from 10.0.0.0/8 lookup 60 proto static
502:	from all lookup 61 proto kernel
503:	from all iif eno1 [detached] lookup 62
1000:	from all lookup [l3mdev-table]
0:	from all lookup 63
32766:	from all lookup main
32767:	from all lookup default
32768:
odd line
x1:	from all lookup 64
"""


def test_the_rules_that_the_kernel_did_not_make() -> None:
    """ip-rule(8). Of one whose device is not there, ip says so in brackets."""
    assert [" ".join(words) for words in set_by_others.rules(RULES, "-6")] == [
        "-6 rule add pref 500 not from all fwmark 0xca6c lookup 51820",
        "-6 rule add pref 501 from 10.0.0.0/8 lookup 60 proto static",
        "-6 rule add pref 503 from all iif eno1 lookup 62",
        "-6 rule add pref 0 from all lookup 63",
    ]


def test_neighbours_that_are_set_for_good_or_answered_for() -> None:
    told: list[Any] = [
        {"dst": "192.0.2.1", "lladdr": "02::1", "dev": "eno1"},
        {"dst": "192.0.2.2", "dev": "eno1", "proxy": None},
        {"dst": "192.0.2.3", "proxy": None},
        {"dst": "192.0.2.4", "dev": "eno1"},
        {"dst": "192.0.2.5", "lladdr": "02::5"},
        {"lladdr": "02::6", "dev": "eno1"},
        {"dst": 7, "lladdr": "02::7", "dev": "eno1"},
        "odd",
    ]
    assert [" ".join(words) for words in set_by_others.neighbours(json.dumps(told))] == [
        "neighbour replace 192.0.2.1 lladdr 02::1 nud permanent dev eno1",
        "neighbour replace proxy 192.0.2.2 dev eno1",
    ]
    for text in ("", "not json", "[]"):
        assert set_by_others.neighbours(text) == []


def test_next_hops_come_before_the_groups_that_are_made_of_them() -> None:
    """ip-nexthop(8). The weight of a member that none is told of is 1."""
    told: list[Any] = [
        {"id": 20, "group": [{"id": 1}, {"id": 2, "weight": 5}], "protocol": "static"},
        {"id": 1, "gateway": "192.0.2.1", "dev": "eno1"},
        {"id": 2, "blackhole": None, "protocol": "bird"},
        {"id": 3, "gateway": "192.0.2.3", "dev": "eno1", "protocol": "kernel"},
        {"gateway": "192.0.2.4", "dev": "eno1"},
    ]
    assert [" ".join(words) for words in set_by_others.next_hops(json.dumps(told))] == [
        "nexthop replace id 1 via 192.0.2.1 dev eno1",
        "nexthop replace id 2 blackhole proto bird",
        "nexthop replace id 20 group 1,1/2,5 proto static",
    ]


def test_routes_come_after_those_by_which_their_gateways_are_reached() -> None:
    known: list[Any] = [
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eno1"},
        {"dst": "192.0.2.0/24", "dev": "eno1", "protocol": "static"},
        {"dst": "198.51.100.0/24", "dev": "eno1", "protocol": "kernel"},
        {"dst": "203.0.113.0/24", "gateway": "192.0.2.9", "dev": "eno1", "protocol": "dhcp"},
        {"dst": "10.0.0.0/8", "type": "blackhole"},
        {"dst": "10.0.0.255", "type": "broadcast", "dev": "eno1"},
        {"dst": "10.1.0.0/16", "dev": "eno1", "encap": "mpls"},
        {"dev": "eno1"},
    ]
    assert [" ".join(words) for words in set_by_others.routes(known, "0.0.0.0/0")] == [
        "-4 route replace 192.0.2.0/24 dev eno1 proto static",
        "-4 route replace blackhole 10.0.0.0/8",
        "-4 route replace 0.0.0.0/0 via 192.0.2.1 dev eno1",
    ]


@pytest.mark.parametrize(
    ("entry", "words", "found"),
    [
        (
            {"nhid": 9, "gateway": "192.0.2.1", "dev": "eno1"},
            "-4 route replace 10.0.0.0/8 via 192.0.2.1 dev eno1 proto bird",
            "-4 route replace 10.0.0.0/8 proto bird nhid 9",
        ),
        (
            {"nhid": 9, "nexthops": []},
            "-4 route replace 10.0.0.0/8 metric 7 nexthop via 192.0.2.1 dev eno1 weight 1",
            "-4 route replace 10.0.0.0/8 metric 7 nhid 9",
        ),
        ({"nhid": 9}, "-4 route replace 10.0.0.0/8", "-4 route replace 10.0.0.0/8 nhid 9"),
    ],
)
def test_a_route_by_a_next_hop_names_the_id_alone(entry: Any, words: str, found: str) -> None:
    assert " ".join(set_by_others.by_id(entry, words.split())) == found


@pytest.mark.parametrize(("many", "kept"), [(set_by_others.MANY, True), (set_by_others.MANY + 1, False)])
def test_so_many_routes_of_programs_are_left_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int, kept: bool
) -> None:
    start = ["-4", "route", "replace"]
    own = [[*start, "10.0.0.0/8", "dev", "a"], [*start, "10.1.0.0/16", "dev", "a", "proto", "static"]]
    theirs = [[*start, f"172.16.{n // 250}.{n % 250}", "dev", "a", "proto", "bird"] for n in range(many)]
    rule = ["-4", "rule", "add", "pref", "5", "from", "all", "lookup", "7"]
    found = set_by_others.KernelState([*own, *theirs, rule], [*own, *theirs, [*start, "10.9.0.0/16", "dev", "b"]], [])
    monkeypatch.setattr(set_by_others, "look", lambda: found)
    monkeypatch.setattr(set_by_others.network, "run", lambda command, seconds: (0, "[]", ""))
    monkeypatch.setattr(set_by_others.settings, "note", lambda *told: None)
    for rules_of_files in (True, False):
        set_by_others.save(str(tmp_path), {"static": [["x"]], "rules_of_files": rules_of_files})
        noted = json.loads((tmp_path / set_by_others.NOTED).read_text())
        assert noted["words"] == [*own, *(theirs if kept else []), rule]
        # What leads to the same place stands in an order.
        assert noted["beside"] == [*own, *(theirs if kept else [])]
        assert noted["static"] == [["x"], *([] if rules_of_files else [rule])]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("nexthop replace id 9 via 192.0.2.1 dev a", ("nexthop", "id", "9")),
        ("neighbour replace 192.0.2.1 lladdr 02::1 nud permanent dev a", ("neighbour", "192.0.2.1", "a", "False")),
        ("neighbour replace proxy fe80::1 dev a", ("neighbour", "fe80::1", "a", "True")),
        ("-4 rule add pref 5 from all", ("-4", "rule", "add", "pref", "5", "from", "all")),
        ("-4 route replace 10.0.0.0/8 dev a", ("-4", "10.0.0.0/8", "", "", "", "")),
        (
            "-6 route append blackhole fd00::/8 from ::1 tos 4 metric 7 table 8",
            ("-6", "fd00::/8", "::1", "4", "7", "8"),
        ),
        (
            "-4 route replace 10.0.0.0/8 metric 7 nexthop via 192.0.2.1 dev a weight 1",
            ("-4", "10.0.0.0/8", "", "", "7", ""),
        ),
    ],
)
def test_what_is_one_place_in_the_kernel(words: str, place: tuple[str, ...]) -> None:
    assert route_words.destination(words.split()) == place


def test_the_time_that_a_route_lasts_does_not_make_it_another() -> None:
    words = "-6 route replace fd00::/8 dev a expires 1790 mtu 1400"
    assert " ".join(route_words.without_lifetime(words.split())) == words.replace(" expires 1790", "")
    assert route_words.without_lifetime(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "origin"), [("a proto bird b", "bird"), ("a b", ""), ("a proto", ""), ("proto kernel", "kernel")]
)
def test_the_origin_of_a_route_is_told_behind_a_word(words: str, origin: str) -> None:
    assert route_words.origin(words.split()) == origin


@pytest.mark.parametrize(
    ("printed", "locked"),
    [
        ("10.0.0.0/8 dev a mtu lock 1400 advmss 900\n10.1.0.0/16 dev a\n", [["mtu"], []]),
        ("blackhole 10.0.0.0/8 mtu lock 1400\n10.1.0.0/16 dev a\n", [["mtu"], []]),
        ("10.0.0.0/8 mtu lock 1\n\tnexthop via x mtu lock 3\n\n10.1.0.0/16 rtt lock 7\n", [["mtu"], ["rtt"]]),
        # A line that is not of the route says nothing of it; nor do lines of which there are too few or too many.
        ("10.9.0.0/16 dev a mtu lock 1400\n10.1.0.0/16 dev a\n", [None, []]),
        ("10.0.0.0/8 dev a mtu lock 1400\n", [None, None]),
    ],
)  # fmt: skip
def test_numbers_that_are_locked_are_noted_of_their_routes(printed: str, locked: list[Any]) -> None:
    entries: list[Any] = [{"dst": "10.0.0.0/8", "metrics": [{"mtu": 1400}]}, {"dst": "10.1.0.0/16"}]
    route_words.lock(entries, lambda: printed)
    assert [entry.get("locked") for entry in entries] == locked
    without: list[Any] = [{"dst": "10.0.0.0/8"}]
    route_words.lock(without, lambda: pytest.fail("nothing can be locked"))


FOREVER = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, ""),
        ({"scope": "global"}, ""),
        ({"scope": "link", "label": "a:1", "broadcast": "192.0.2.255", "metric": 7},
         "broadcast 192.0.2.255 label a:1 scope link metric 7"),
        ({"address": "192.0.2.9"}, "peer 192.0.2.9/24"),
        ({"protocol": "bird"}, "proto bird"),
        ({"protocol": "kernel_ll"}, ""),
        ({"noprefixroute": True}, "noprefixroute"),
        ({"noprefixroute": False}, ""),
        ({"valid_life_time": FOREVER, "preferred_life_time": FOREVER}, ""),
        ({"valid_life_time": 90, "preferred_life_time": 30}, "valid_lft 90 preferred_lft 30"),
        ({"valid_life_time": 90, "preferred_life_time": FOREVER}, "valid_lft 90 preferred_lft 90"),
        ({"deprecated": True}, "valid_lft forever preferred_lft 0"),
        ({"valid_life_time": FOREVER, "preferred_life_time": 30}, "valid_lft forever preferred_lft 30"),
    ],
)  # fmt: skip
def test_an_address_is_given_as_all_that_it_was(entry: dict[str, Any], words: str) -> None:
    others = [{"local": "192.0.2.1", "prefixlen": 25, "label": "x"}, {"local": "192.0.2.2", "prefixlen": 24}]
    device: Any = {"addr_info": [{"local": "192.0.2.1", "prefixlen": 24, **entry}, *others]}
    assert " ".join(address_words.options(device, "192.0.2.1/24")) == words
    assert address_words.is_of_a_program(device, "192.0.2.1/24") is ("protocol" in entry)
    assert address_words.is_of_a_program(device, "192.0.2.2/24") is False


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"a": ["192.0.2.1"]}, {"b": ["192.0.2.1"]}, ""),
        ({"a": ["192.0.2.1"]}, {"a": ["192.0.2.1", "192.0.2.2"], "b": ["192.0.2.3"]},
         "; until then the host had 192.0.2.2/24 on a, 192.0.2.3/24 on b, which it had not before"),
        ({}, {"a": ["192.0.2.1"]}, ""),
        ({"a": ["192.0.2.1"]}, {}, ""),
    ],
)  # fmt: skip
def test_the_address_by_which_nobody_came_is_one_that_is_new(before: Any, now: Any, said: str) -> None:
    def devices(held: dict[str, list[str]]) -> Any:
        near = {"local": "169.254.1.1", "prefixlen": 16, "scope": "link"}
        entries = {name: [{"local": each, "prefixlen": 24, "scope": "global"} for each in held[name]] for name in held}
        return {name: {"addr_info": [*found, near]} for name, found in entries.items()}

    found = address_words.unconfirmed(30, devices(before), devices(now))
    assert found == f"nobody confirmed it within 30 s{said}"

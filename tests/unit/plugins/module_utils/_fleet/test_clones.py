# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones in a fleet: on the host of their original, and with none of the defaults that would be in its place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.incomplete import lacking
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import Layer, merged
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._evaluate import evaluate
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests.declared import OPTIONS

HOSTS = ["kvm01", "kvm02"]


def guest(name: str, host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, **options}


def told(*guests: dict[str, Any]) -> list[str]:
    return problems(HOSTS, {host: {"kvm_guests": [one for one in guests if one["host"] == host]} for host in HOSTS})


GOLD = guest("gold", memory="1GiB", state="stopped")


@pytest.mark.parametrize("original", ["gold", "of-nobody"])
def test_an_original_may_be_declared_or_not(original: str) -> None:
    clone = guest("web", clone_of=original, clone_mode="overlay")
    assert told(GOLD, clone) == []
    assert lacking(HOSTS, {"kvm01": {"kvm_guests": [GOLD, clone]}, "kvm02": {}}) == []


@pytest.mark.parametrize(
    ("clone", "why"),
    [
        (
            guest("web", "kvm02", clone_of="gold"),
            "clone_of: 'gold' is a guest of host kvm01: only a guest of the same host can be cloned",
        ),
        (guest("web", clone_of="web"), "clone_of: is the guest itself: name another one"),
        (guest("web", clone_mode="copy"), "clone_mode: goes with clone_of"),
        (guest("web", clone_of="gold", clone_mode="link"), "clone_mode: 'link' is not one of copy, overlay"),
    ],
)
def test_what_is_wrong_is_said_before_any_host_is_asked(clone: dict[str, Any], why: str) -> None:
    (line,) = told(GOLD, clone)
    assert line.startswith(f"guest web: {why}")


def test_a_ring_has_no_first_one() -> None:
    for names in ("vw", "uvw"):
        ring = [guest(name, clone_of=names[place - 1]) for place, name in enumerate(names)]
        (line,) = told(GOLD, guest("x", clone_of="v"), *ring)
        assert line == (
            f"the guests {', '.join(names)} begin as each other, so none can be the first: take clone_of from one of"
            " them"
        )
    assert told(GOLD, guest("v", clone_of="gold"), guest("w", clone_of="v")) == []
    assert told(guest("v", clone_of="w"), guest("w", clone_of="v", state="absent")) == []


def test_an_original_may_go_once_its_clone_is_there() -> None:
    """Nobody can tell here whether it is: so it is a warning, and the host refuses a clone that is new."""
    guests = [{**GOLD, "state": "absent"}, guest("web", clone_of="gold")]
    assert told(*guests) == []
    (line,) = doubts(["kvm01"], {"kvm01": {"kvm_guests": guests}})
    assert line == (
        "guest web: clone_of: 'gold' is to be absent: where this guest is not there yet, it is refused; keep the"
        " original until then"
    )
    assert doubts(["kvm01"], {"kvm01": {"kvm_guests": [guests[0], {**guests[1], "state": "absent"}]}}) == []


def test_one_that_goes_is_no_clone() -> None:
    assert told(GOLD, guest("web", "kvm02", clone_of="gold", state="absent")) == []


def test_a_clone_gets_of_the_defaults_what_says_nothing_of_its_definition() -> None:
    options = {
        "memory": "1GiB",
        "image": "noble",
        "disks": [{"size": "20GiB"}],
        "interfaces": ["lan"],
        "state": "running",
        "cloud_init": {"timezone": "UTC"},
        "snapshots": [{"name": "fresh"}],
    }
    defaults = Layer("kvm_guest_defaults", options)
    kept = {name: options[name] for name in ("state", "cloud_init", "snapshots")}
    assert merged({"name": "web", "clone_of": "gold"}, [defaults]) == {"name": "web", "clone_of": "gold", **kept}
    profile = Layer("profile web", {"clone_of": "gold", "memory": "2GiB"})
    assert merged({"name": "web"}, [defaults, profile]) == {
        "name": "web",
        "clone_of": "gold",
        "memory": "2GiB",
        **kept,
    }
    assert merged({"name": "web", "clone_of": None}, [defaults])["memory"] == "1GiB"


def test_not_all_guests_are_clones() -> None:
    assert Layer("kvm_guest_defaults", {"clone_of": "gold"}).lines() == [
        "kvm_guest_defaults: clone_of: a guest or its profile says what it begins as; it cannot stand here"
    ]
    assert Layer("profile web", {"clone_of": "gold"}).lines() == []


def test_the_inventory_knows_that_a_clone_has_not_the_interfaces_of_the_defaults() -> None:
    variables = {"kvm_guests": [guest("web", clone_of="gold")], "kvm_guest_defaults": {"interfaces": ["lan"]}}
    found = evaluate(["kvm01"], {"kvm01": variables}, ("kvm_guests",), OPTIONS).variables["kvm01"]["kvm_guests"]
    assert [dict(one) for one in found] == [guest("web", clone_of="gold")]


@pytest.mark.parametrize(
    ("original", "why"),
    [
        ({"state": "running"}, "guest gold is to run: declare it as stopped until this one is made"),
        ({"state": "paused"}, "guest gold is to run: declare it as stopped until this one is made"),
        ({"clone_of": "first"}, "guest gold is itself a clone: make that one first, in a run of its own"),
        ({"state": "stopped"}, ""),
        ({"state": "present"}, ""),
        ({}, ""),
        ({"host": "kvm02", "state": "running"}, ""),
        ({"name": "other", "state": "running"}, ""),
    ],
)
def test_a_clone_that_is_refused_as_long_as_it_is_not_there(original: dict[str, Any], why: str) -> None:
    guests = [{**guest("gold", memory="1GiB"), **original}, guest("web", clone_of="gold", state="running")]
    line = f"guest web: clone_of: {why}"
    assert lacking(HOSTS, {"kvm01": {"kvm_guests": guests}, "kvm02": {}}) == ([line] if why else [])
    gone = [guests[0], {**guests[1], "state": "absent"}]
    assert lacking(HOSTS, {"kvm01": {"kvm_guests": gone}, "kvm02": {}}) == []

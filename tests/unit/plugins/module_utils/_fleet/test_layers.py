# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers of options, merged: pure, and nothing of a layer is changed by it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import OWN, Layer, LayeredGuest, merged
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import short_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

LOW = {"memory": "1GiB", "cpu": {"topology": {"cores": 1, "threads": 1}}, "title": "low"}
HIGH = {"cpu": {"topology": {"cores": 2}}, "title": "high"}


def test_a_later_layer_goes_before_an_earlier_one_and_the_guest_before_all() -> None:
    guest = {"name": "a", "cpu": {"topology": {"sockets": 1}}}
    low, high = Layer("low", copy.deepcopy(LOW)), Layer("high", copy.deepcopy(HIGH))
    before = copy.deepcopy(guest)
    for _time in range(2):
        assert merged(guest, [low, high]) == {
            "name": "a",
            "cpu": {"topology": {"sockets": 1, "cores": 2, "threads": 1}},
            "title": "high",
            "memory": "1GiB",
        }
    assert (guest, low.options, high.options) == (before, LOW, HIGH)


def test_two_guests_are_told_apart_by_their_first_option() -> None:
    assert next(iter(merged({"name": "a"}, [Layer("low", LOW)]))) == "name"


@pytest.mark.parametrize("empty", [None, [], {}, "", 0, False])
def test_what_is_given_is_given_whatever_it_is(empty: Any) -> None:
    assert merged({"name": "a", "title": empty}, [Layer("low", LOW)])["title"] == empty


def test_the_place_of_each_option_is_known() -> None:
    guest = merged({"name": "a", "cpu": {"mode": "maximum"}}, [Layer("low", LOW), Layer("high", HIGH)], "a.yml")
    assert isinstance(guest, LayeredGuest)
    assert json.loads(json.dumps(guest))["title"] == "high"
    said = {where: guest.says(Invalid(where, "is odd")) for where in ("title", "cpu.topology.cores", "cpu.mode", "")}
    assert said == {
        "title": "title: is odd (from high)",
        "cpu.topology.cores": "cpu.topology.cores: is odd (from high)",
        "cpu.mode": "cpu.mode: is odd (in a.yml)",
        "": "is odd (in a.yml)",
    }
    assert guest.says(Invalid("cpu.topology.threads", "is odd")) == "cpu.topology.threads: is odd (from low)"
    assert guest.says(Invalid("cpu.mode", "is odd"), placed=True) == "cpu.mode: is odd"


def test_a_place_inside_a_list_is_that_of_the_list() -> None:
    guest = merged({"name": "a"}, [Layer("low", {"disks": [{"size": "1GiB"}]})])
    assert isinstance(guest, LayeredGuest)
    assert guest.says(Invalid("disks[0].size", "is odd")) == "disks[0].size: is odd (from low)"


def test_what_was_said_of_the_layer_is_not_said_of_the_guest() -> None:
    layer = Layer("low", {"memory": "banana"})
    guest = merged({"name": "a"}, [layer])
    assert isinstance(guest, LayeredGuest)
    _item, problems = DOMAIN.parse_item(guest)
    assert [guest.says(problem) for problem in problems] == [None]
    assert layer.lines() == [f"low: {problem}" for problem in problems]


@pytest.mark.parametrize("name", OWN)
def test_what_belongs_to_one_guest_is_no_option_of_a_layer(name: str) -> None:
    layer = Layer("low", {name: "x", "vcpus": 2})
    assert [problem.where for problem in layer.problems] == [name]
    assert merged({"name": "a"}, [layer]) == {"name": "a", "vcpus": 2}


@pytest.mark.parametrize("name", ["profile", "defaults"])
def test_the_module_says_whose_option_it_is(name: str) -> None:
    _item, problems = DOMAIN.parse_item({"name": "a", name: "x"})
    (problem,) = problems
    assert str(problem).startswith(f"{name}: is an option of kvm_guests; the lookup virtfleet.kvm.host_guests gives")


URL = {"image": "https://example.com/a.img", "checksum": f"sha256:{'0' * 64}", "image_timeout": 60}
LONG = {"disks": [{"size": "20GiB", **URL}, {"size": "1TiB"}]}


@pytest.mark.parametrize(
    ("guest", "layers", "disks"),
    [
        ({}, [{"image": "noble"}], [{"image": "noble"}]),
        ({"disks": [{"size": "40GiB"}]}, [{"image": "noble"}], [{"size": "40GiB", "image": "noble"}]),
        # The guest's own disks win where they say what they are on; its own image wins over that of the defaults.
        ({"disks": [{"image": "trixie"}]}, [{"image": "noble"}], [{"image": "trixie"}]),
        ({"disks": [{"file": "/x"}]}, [{"image": "noble"}], [{"file": "/x"}]),
        ({"disks": []}, [{"image": "noble"}], []),
        ({"image": "trixie"}, [LONG], [{"size": "20GiB", "image": "trixie"}, {"size": "1TiB"}]),
        ({"image": "trixie"}, [{"image": "noble", "disks": [{"size": "1GiB"}]}], [{"size": "1GiB", "image": "trixie"}]),
        ({"image": None}, [{"image": "noble"}], None),
        ({"image": None}, [LONG], LONG["disks"]),
        ({}, [{"image": "noble"}, {"disks": [{"size": "2GiB"}]}], [{"size": "2GiB", "image": "noble"}]),
        ({}, [{"disks": [{"size": "2GiB", "backing": "b"}]}, {"image": "noble"}], [{"size": "2GiB", "image": "noble"}]),
        ({}, [{"image": "noble"}, {"disks": [{"size": "2GiB", "image": "x"}]}], [{"size": "2GiB", "image": "x"}]),
    ],
)
def test_the_image_and_the_disks_of_layers(guest: Any, layers: Any, disks: Any) -> None:
    parts = [Layer(str(number), copy.deepcopy(layer)) for number, layer in enumerate(layers)]
    found = merged({"name": "a", **guest}, parts)
    assert [part.options for part in parts] == layers
    item, problems = DOMAIN.parse_item(found)
    wanted, _none = DOMAIN.parse_item({"name": "a", **({} if disks is None else {"disks": disks})})
    assert (short_image.for_new_only([item], ()), problems) == ([wanted], [])


def test_an_image_that_does_not_go_with_the_disks_of_its_own_layer_is_said_once() -> None:
    layer = Layer("low", {"image": "noble", "disks": [{"file": "/x"}]})
    (line,) = layer.lines()
    assert line.startswith("low: image: is for the first disk, and disks[0].file says what that is on")
    guest = merged({"name": "a"}, [layer])
    assert isinstance(guest, LayeredGuest)
    _item, problems = DOMAIN.parse_item(guest)
    assert [guest.says(problem) for problem in problems] == [None]


def test_an_image_that_does_not_go_with_the_disks_of_the_defaults_says_where_these_are_from() -> None:
    guest = merged({"name": "web", "image": "noble"}, [Layer("low", {"disks": [{"file": "/srv/x.raw"}]})])
    assert isinstance(guest, LayeredGuest)
    _item, problems = DOMAIN.parse_item(guest)
    (told,) = [guest.says(problem) for problem in problems]
    assert str(told).startswith("image: is for the first disk, and disks[0].file says what that is on")
    assert str(told).endswith("(disks from low)")

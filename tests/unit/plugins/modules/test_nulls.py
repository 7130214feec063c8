# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""null for each option that a network or guest can have: it lasts, or it is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.samples import DOMAINS, NETWORKS

Run = Any
Path = tuple[Any, ...]


REFUSED = (
    *("the input is refused", ": define: ", ": libvirt's schema does not", ": libvirt refuses this"),
    *("needs an address of the host", "goes with a bridge", "goes with forward mode"),
)
"""Words of this collection, and of libvirt's, that refuse something."""


def options(value: Any, where: Path = ()) -> Iterator[Path]:
    """The places of all options in a declared item, the item's own first."""
    names = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for name in names:
        if where or name not in ("name", "uuid", "state"):
            yield (*where, name)
            yield from options(value[name], (*where, name))


def without(item: dict[str, Any], path: Path) -> dict[str, Any]:
    """What declares null at one place of an item, and beside it only the rest of what that place is in."""
    inner = top = copy.deepcopy(item)
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = None
    return {"name": item["name"], "state": item["state"], path[0]: top[path[0]]}


def problem(run: Run, want: dict[str, Any]) -> str | None:
    """What is wrong with declaring it twice; None where it lasts, or is refused by this collection or by libvirt."""
    try:
        run(want)
    except AssertionError as error:
        said = str(error)
        refused = any(words in said for words in REFUSED)
        return None if refused else said
    again = run(want)
    return str(again["changes"]) if again["changed"] else None


def problems(run: Run, forget: Any, sample: dict[str, Any]) -> list[str]:
    """All options of a sample that null does not hold for, with what is wrong."""
    found = []
    for path in options(sample):
        forget(sample["name"])
        run(sample)
        told = problem(run, without(sample, path))
        if told is not None:
            found.append(f"{path}: {told}")
    return found


@pytest.mark.parametrize("sample", NETWORKS, ids=lambda sample: sample["name"])
def test_null_lasts_in_a_network(connection: Any, run_networks: Run, sample: dict[str, Any]) -> None:
    stopped = {**sample, "state": "inactive"}
    try:
        run_networks(stopped)
    except AssertionError:
        pytest.skip("this machine's libvirt is older than what the sample uses")

    def forget(name: str) -> None:
        connection.networkLookupByName(name).undefine()

    assert problems(run_networks, forget, stopped) == []


@pytest.mark.parametrize("sample", DOMAINS, ids=lambda sample: sample["name"])
def test_null_lasts_in_a_guest(connection: Any, run_domains: Run, sample: dict[str, Any]) -> None:
    stopped = {**sample, "state": "stopped"}
    run_domains(stopped)

    def forget(name: str) -> None:
        connection.lookupByName(name).undefine()

    assert problems(run_domains, forget, stopped) == []


WAYS_OUT = {
    "one, and null for it": ({"dev": "eth0"}, {"dev": None}, []),
    "two, and null for the first": ({"interfaces": ["eth0", "eth1"]}, {"dev": None}, []),
    "two, and null for all": ({"interfaces": ["eth0", "eth1"]}, {"interfaces": None}, []),
    "two, and null for both options": ({"interfaces": ["eth0", "eth1"]}, {"dev": None, "interfaces": None}, []),
    "two, and one of them": ({"interfaces": ["eth0", "eth1"]}, {"dev": None, "interfaces": ["eth1"]}, ["eth1"]),
}


@pytest.mark.parametrize("case", WAYS_OUT)
def test_devices_that_traffic_leaves_by(connection: Any, run_networks: Run, case: str) -> None:
    first, then, left = WAYS_OUT[case]
    network = {"name": "out", "state": "inactive"}
    run_networks({**network, "forward": {"mode": "private", **first}})
    assert run_networks({**network, "forward": then})["changed"]
    assert not run_networks({**network, "forward": then})["changed"]
    kept = ET.fromstring(connection.networkLookupByName("out").XMLDesc())
    assert [node.get("dev") for node in kept.findall("forward/interface")] == left


@pytest.mark.parametrize("devices", [[], None, ["eth1", "eth0"]])
def test_two_answers_for_the_first_device_are_refused(connection: Any, run_networks: Run, devices: Any) -> None:
    forward = {"mode": "bridge", "dev": "eth0", "interfaces": devices}
    said = run_networks({"name": "out", "bridge": "br0", "forward": forward}, fails=True)["msg"]
    assert "network out: forward.dev: is the first of forward.interfaces to libvirt" in said

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No guest, and no group of guests, has a name by which a play for them would run on another host."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.names import Names
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.scenario import Checkout, Scenario

KEY = "ssh-ed25519 AAAA molecule"

GROUPS = {"all": ["kvm01", "web", "db"], "ungrouped": [], "kvm_hosts": ["kvm01"], "front": ["web", "db"], "lan": []}
"""As Ansible has them in a step after create."""

TAKEN = Names(GROUPS, ["web", "db"])
PLACE = Checkout("/home/kim/.ansible/tmp/molecule.x.default", "/home/kim/role", "default", "1" * 32)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("localhost", "means something else to Ansible"),
        ("LocalHost", "means something else to Ansible"),
        ("all", "means something else to Ansible"),
        ("ungrouped", "means something else to Ansible"),
        ("molecule", "means something else in the steps of molecule"),
        ("molecule-kvm", "means something else in the steps of molecule"),
        ("2130706433", "is a number, which programs take for an address"),
        ("0x7f000001", "is a number, which programs take for an address"),
        ("kvm01", "the scenario has a host of this name"),
        ("lan", "the inventory has a group of this name"),
        ("kvm_hosts", "the inventory has a group of this name"),
    ],
)
def test_names_that_guests_cannot_have(name: str, words: str) -> None:
    with pytest.raises(VirtfleetError, match=words):
        TAKEN.check_guest(name)


@pytest.mark.parametrize("name", ["web", "db", "front", "kvm02", "7a", "all2"])
def test_names_that_guests_can_have(name: str) -> None:
    """Those of the guests that the kit has made are among them, and those of the groups of these alone."""
    TAKEN.check_guest(name)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("all", "all: means something else to Ansible; leave it out"),
        ("ungrouped", "ungrouped: means something else to Ansible"),
        ("localhost", "localhost: means something else to Ansible"),
        ("molecule_kvm", "molecule_kvm: means something else in the steps of molecule"),
        ("kvm01", "kvm01: is a host of the scenario"),
    ],
)
def test_groups_that_guests_cannot_be_in(group: str, words: str) -> None:
    with pytest.raises(VirtfleetError, match=words):
        TAKEN.groups_of({"groups": ["front", group]})


def test_groups_that_guests_can_be_in() -> None:
    assert TAKEN.groups_of({"groups": ["front", "lan", "molecule", "new"]}) == ["molecule", "front", "lan", "new"]


def test_a_scenario_says_all_of_it() -> None:
    web = {"image": "debian-13"}
    guests = [{**web, "name": "kvm01"}, {**web, "name": "app", "groups": ["api"]}, {**web, "name": "api"}]
    with pytest.raises(VirtfleetError) as error:
        Scenario(PLACE, {"kvm_guests": guests}, KEY, TAKEN).for_playbooks()
    said = str(error.value).splitlines()
    assert [line.split(":")[:2] for line in said] == [["guest kvm01", " name"], ["guest api", " groups"]]
    assert "a group of guests has the name of this guest" in said[1]
    for guest in ({**web, "name": "localhost"}, {**web, "name": "app", "groups": ["all"]}):
        with pytest.raises(VirtfleetError, match="means something else"):
            Scenario(PLACE, {"kvm_guests": [guest]}, KEY).for_playbooks()

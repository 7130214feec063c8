# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of which the inventory plugin cannot tell all, and those that are put together of several places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    WEB01,
    declared,
    facts,
    guest,
    host,
    hosts_of,
    members,
    parsed,
)


def test_a_guest_is_known_though_others_of_its_options_cannot_be_told(
    tmp_path: Path, one: dict[str, Any], told: list[str]
) -> None:
    """A vault whose password is missing, or a file that is not there, is no matter of the inventory."""
    guest = {
        **WEB01,
        "disks": [{"file": "{{ nope }}"}],
        "graphics": [{"type": "vnc", "passwd": "{{ lookup('file', 'x') }}"}],
    }
    assert "web01" in parsed(tmp_path, one, declared(guest)).hosts
    assert told == []


@pytest.mark.parametrize(
    ("guest", "said"),
    [
        ({"name": "a", "host": "{{ nope }}"}, "'nope' is undefined"),
        ({"name": "{{ nope }}", "host": "kvm01"}, "'nope' is undefined"),
        (
            {"name": "a", "host": "kvm09"},
            "guest a: host: 'kvm09' is not in the inventory's group kvm_hosts; there are: kvm01",
        ),
        ({"host": "kvm01"}, "a guest without a name is declared"),
    ],
)
def test_guests_that_cannot_be_told(
    tmp_path: Path, one: dict[str, Any], told: list[str], guest: dict[str, Any], said: str
) -> None:
    inventory = parsed(tmp_path, one, declared(WEB01, guest))
    assert members(inventory, "kvm_guests") == ["web01"]
    assert len(told) == 1
    assert said in told[0]
    with pytest.raises(AnsibleError, match=said):
        parsed(tmp_path, one, declared(WEB01, guest), strict=True)


@pytest.mark.parametrize("guests", ["web01", {"web01": {}}, 3])
def test_guests_that_are_no_list(tmp_path: Path, one: dict[str, Any], told: list[str], guests: Any) -> None:
    inventory = parsed(tmp_path, one, {"group_vars/all.yml": {"kvm_guests": guests}})
    assert members(inventory, "kvm_guests") == []
    assert "host kvm01: kvm_guests is not a list of guests" in told[0]


def test_no_guests_declared_at_all(tmp_path: Path, one: dict[str, Any], told: list[str]) -> None:
    assert members(parsed(tmp_path, one, {}), "kvm_guests") == []
    assert "no host of the group kvm_hosts has the variable kvm_guests" in told[0]
    del told[:]
    assert members(parsed(tmp_path / "empty", one, declared()), "kvm_guests") == []
    assert told == []


def test_what_a_host_says_is_no_template(tmp_path: Path) -> None:
    inner = "<title>{{ lookup('pipe', 'echo broken') }}</title>"
    uri = host(tmp_path / "k.xml", guest("a", inner=inner))
    settings = {"compose": {"out": "kvm_guest.title"}}
    inventory = parsed(tmp_path, hosts_of({"kvm01": uri}), declared({"name": "a", "host": "kvm01"}), **settings)
    assert inventory.hosts["a"].vars["out"] == "{{ lookup('pipe', 'echo broken') }}"


def test_guests_by_profiles_and_files(tmp_path: Path, told: list[str]) -> None:
    """A guest is what the roles take it for; what the inventory does not need of the layers is not evaluated."""
    files = {
        "group_vars/all.yml": {
            "kvm_guests_dir": "guests",
            "kvm_guests": [{"name": "web01", "host": "kvm01", "profile": "web"}],
            "kvm_guest_defaults": {"memory": "2GiB", "xml": "{{ nope }}"},
            "kvm_guest_profiles": {"web": {"interfaces": ["lan"], "title": "a web server", "graphics": "{{ nope }}"}},
        },
        "guests/db01.yml": {"name": "db01", "host": "kvm01", "interfaces": [{"network": "lan", "ip": "192.0.2.21/24"}]},
    }
    inventory = parsed(tmp_path, hosts_of({"kvm01": ""}), files, ask=False)
    assert told == []
    assert members(inventory, "kvm_network_lan") == ["db01", "web01"]
    assert (facts(inventory, "web01")["memory"], facts(inventory, "web01")["title"]) == (2 * 1024**3, "a web server")
    assert inventory.hosts["db01"].vars["ansible_host"] == "192.0.2.21"


def test_a_file_of_variables_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    """Ansible blames the file of the plugin, and names no other."""
    files = {"group_vars/all/guests.yml": "kvm_guests:\n  - name: a\n    memory:\n  kernel: x\n"}
    with pytest.raises(AnsibleError, match=r"group_vars/all/guests\.yml: is no YAML: line 4, column 3"):
        parsed(tmp_path, hosts_of({"kvm01": ""}), files)


def test_a_guest_that_two_lists_have_is_no_matter_of_names(tmp_path: Path, told: list[str]) -> None:
    twice = [{"name": "a", "host": "kvm01"}, {"name": "a", "host": "kvm01", "title": "adopted"}]
    assert members(
        parsed(tmp_path, hosts_of({"kvm01": ""}), {"group_vars/all.yml": {"kvm_guests": twice}}, ask=False),
        "kvm_guests",
    ) == ["a"]
    assert ["guest a of host kvm01: is declared more than once" in line for line in told] == [True]

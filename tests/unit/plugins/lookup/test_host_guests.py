# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup that gives a host its guests, as Ansible finds and runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_problems
from ansible_collections.virtfleet.kvm.plugins.lookup import host_guests
from ansible_collections.virtfleet.kvm.tests.unit.inventories import hostvars

LISTED = trust_as_template("{{ lookup('virtfleet.kvm.host_guests', listed=true) }}")
LOOKUP = trust_as_template("{{ lookup('virtfleet.kvm.host_guests') }}")
ELSEWHERE = trust_as_template("{{ lookup('virtfleet.kvm.host_guests', elsewhere=true) }}")


def guests(folder: Path, host: str, variables: dict[str, Any], template: str = LOOKUP) -> Any:
    """What a task on a host gets."""
    every = hostvars(folder, {"group_vars/all.yml": variables, "host_vars/kvm01.yml": {"mine": "first"}})
    return Templar(loader=DataLoader(), variables={**every.raw_get(host), "hostvars": every}).template(template)


def test_the_guests_of_the_host_and_their_host(tmp_path: Path) -> None:
    fleet = [
        {"name": "a", "host": "kvm01", "title": "{{ mine }}"},
        {"name": "b", "host": "{{ inventory_hostname }}"},
        {"name": "c", "host": "kvm02", "title": "{{ nope }}"},
    ]
    assert guests(tmp_path, "kvm01", {"kvm_guests": fleet}) == [
        {"name": "a", "host": "kvm01", "title": "first"},
        {"name": "b", "host": "kvm01"},
    ]
    assert guests(tmp_path, "kvm02", {"kvm_guests": fleet[:2]}) == [{"name": "b", "host": "kvm02"}]


@pytest.mark.parametrize("written", ["", "{{ [] + fleet }}", "{{ fleet | rejectattr('title', 'defined') | list }}"])
def test_the_names_of_the_guests_of_other_hosts(tmp_path: Path, written: str) -> None:
    fleet = [
        {"name": "a", "host": "kvm01", "title": "{{ mine }}"},
        {"name": "b", "host": "kvm02", "state": "running"},
        {"name": "c", "host": "kvm02", "state": "absent"},
        {"name": "d{{ 1 }}", "host": "kvm02"},
        {"name": "e"},
    ]
    (tmp_path / "guests").mkdir()
    (tmp_path / "guests/f.yml").write_text("{name: f, host: kvm02}")
    (tmp_path / "guests/g.yml").write_text("{name: g, host: kvm01}")
    variables = {"kvm_guests_dir": "guests", "fleet": fleet, "kvm_guests": written or fleet}
    for _again in range(2):  # By the index of the files, the second time.
        found = guests(tmp_path, "kvm01", variables, ELSEWHERE)
        assert [name for name in found if name != "d1"] == ["b", "f"]


@pytest.mark.parametrize(
    ("written", "listed"),
    [
        ({}, False),
        ({"kvm_guests": None}, False),
        ({"kvm_guests": "{{ none }}"}, False),
        ({"kvm_guests": []}, True),
        ({"kvm_guests": "{{ fleet + [] }}"}, True),
        ({"kvm_guests": "{{ fleet | list }}"}, True),
    ],
)
def test_guests_in_files_are_no_list(tmp_path: Path, written: dict[str, Any], listed: bool) -> None:
    (tmp_path / "guests").mkdir()
    (tmp_path / "guests/f.yml").write_text("{name: f, host: kvm01}")
    variables = {"kvm_guests_dir": "guests", "fleet": [], **written}
    assert guests(tmp_path, "kvm01", variables, LISTED) is listed
    # The check says it before, where a purge would be asked for.
    for purge in (False, True, "yes", "{{ purging }}"):
        every = hostvars(tmp_path, {"group_vars/all.yml": {**variables, "guests_purge": purge, "purging": True}})
        lines = fleet_problems(["kvm01", "kvm02"], every)
        said = [line for line in lines if line.startswith("hosts kvm01, kvm02: kvm_guests is left out, or null, and")]
        assert len(said) == int(bool(purge) and not listed)


@pytest.mark.parametrize(("variables", "found"), [({}, None), ({"kvm_guests": []}, []), ({"kvm_guests": None}, None)])
def test_no_list_is_not_an_empty_one(tmp_path: Path, variables: dict[str, Any], found: Any) -> None:
    assert guests(tmp_path, "kvm01", variables) == found


def test_what_cannot_be_evaluated_is_named(tmp_path: Path) -> None:
    fleet = [{"name": "a", "host": "kvm02", "title": "{{ mine }}", "memory": "{{ nope }}"}]
    with pytest.raises(AnsibleError) as caught:
        guests(tmp_path, "kvm02", {"kvm_guests": fleet})
    assert "guest a: title: 'mine' is undefined" in str(caught.value)
    assert "guest a: memory: 'nope' is undefined" in str(caught.value)


def test_it_takes_no_terms(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match="takes no terms"):
        Templar(loader=DataLoader(), variables={}).template(
            trust_as_template("{{ lookup('virtfleet.kvm.host_guests', 'web') }}")
        )


def test_its_documentation_can_be_read() -> None:
    assert yaml.safe_load(host_guests.DOCUMENTATION)["name"] == "host_guests"
    assert "virtfleet.kvm.host_guests" in host_guests.EXAMPLES
    assert yaml.safe_load(host_guests.RETURN)


@pytest.mark.parametrize(
    ("guest", "problem"),
    [
        ({"name": "solo"}, "guest solo: host: is missing; name the host that it runs on"),
        ({"name": "solo", "host": None}, "guest solo: host: is missing; name the host that it runs on"),
        ({"name": "solo", "host": "kvm1"}, "guest solo: host: 'kvm1' is not in the inventory"),
        (
            {"name": "solo", "host": "kvm_hosts"},
            "guest solo: host: 'kvm_hosts' is a group; name the one host that it runs on",
        ),
        ({"name": "solo", "hosts": "kvm01"}, "guest solo: hosts: no such option; did you mean 'host'?"),
    ],
)
@pytest.mark.parametrize("joined", [True, False])
def test_a_guest_that_no_host_takes_is_refused(
    tmp_path: Path, guest: dict[str, Any], problem: str, joined: bool
) -> None:
    """A role without the playbooks and their check would leave it out, and a purge take it for one that is to go."""
    fleet = [{"name": "a", "host": "kvm01"}, guest]
    variables = {"more": fleet, "kvm_guests": "{{ more + [] }}"} if joined else {"kvm_guests": fleet}
    for host in ("kvm01", "kvm02"):
        with pytest.raises(AnsibleError) as caught:
            guests(tmp_path, host, variables)
        assert problem in str(caught.value)

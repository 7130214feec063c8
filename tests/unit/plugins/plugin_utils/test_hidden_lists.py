# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list that another one of its name hides: said before anything that it declares is removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import PURGES
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _hidden_lists
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

GROUPS = {
    "kvm_hosts": {"children": {"rack1": {"hosts": {"kvm01": {}, "kvm02": {}}}}},
}


def guest(name: str, host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", **options}


def problems(folder: Path, files: dict[str, Any], groups: Any = None) -> list[str]:
    return fleet.fleet_problems(HOSTS, hostvars(folder, files, groups))


ALL = {"kvm_guests": [guest("a"), guest("b"), guest("c", "kvm02")]}
OWN = {"kvm_guests": [guest("b"), guest("new")]}


@pytest.mark.parametrize("group", ["all", "kvm_hosts", "rack1"])
def test_a_guest_of_a_groups_list_that_the_hosts_own_list_hides(tmp_path: Path, group: str) -> None:
    (line,) = problems(tmp_path, {f"group_vars/{group}.yml": ALL, "host_vars/kvm01/virtfleet.yml": OWN}, GROUPS)
    assert line.startswith(
        f"guest a of host kvm01: is declared in the variables of group {group}, but host kvm01 has a list"
    )


def test_a_list_of_a_group_in_the_inventory_file(tmp_path: Path) -> None:
    groups = {"kvm_hosts": {"hosts": {"kvm01": {"kvm_guests": []}, "kvm02": {}}, "vars": ALL}}
    found = problems(tmp_path, {}, groups)
    assert [line.partition(":")[0] for line in found] == ["guest a of host kvm01", "guest b of host kvm01"]


def test_a_group_that_hides_another(tmp_path: Path) -> None:
    found = problems(
        tmp_path, {"group_vars/all.yml": ALL, "group_vars/rack1.yml": {"kvm_guests": [guest("c", "kvm02")]}}, GROUPS
    )
    assert [line.partition(":")[0] for line in found] == ["guest a of host kvm01", "guest b of host kvm01"]
    assert all("variables of group all" in line for line in found)


def test_all_hosts_hide_it_as_after_adopting_all(tmp_path: Path) -> None:
    """No host sees the group's list any more, so only the inventory can tell."""
    own = {f"host_vars/{host}.yml": {"kvm_guests": [guest(f"old-{host}", host)]} for host in HOSTS}
    found = problems(tmp_path, {"group_vars/kvm_hosts.yml": ALL, **own})
    assert [line.partition(":")[0] for line in found] == [
        "guest a of host kvm01",
        "guest b of host kvm01",
        "guest c of host kvm02",
    ]


def test_a_guest_in_the_list_of_another_host(tmp_path: Path) -> None:
    own = {"kvm_guests": [guest("c", "kvm02"), guest("lost", "kvm01")]}
    (line,) = problems(tmp_path, {"host_vars/kvm01.yml": {"kvm_guests": [guest("b")]}, "host_vars/kvm02.yml": own})
    assert line.startswith("guest lost of host kvm01: is declared in the variables of host kvm02")


@pytest.mark.parametrize(
    "files",
    [
        {"group_vars/all.yml": ALL},
        {"group_vars/all.yml": ALL, "group_vars/kvm_hosts.yml": ALL},
        {"group_vars/all.yml": ALL, "host_vars/kvm01.yml": {"kvm_guests": "{{ hostvars['kvm02'].kvm_guests }}"}},
        {"group_vars/all.yml": {"kvm_guests": [guest("c", "kvm02")]}, "host_vars/kvm01.yml": OWN},
        {f"host_vars/{host}.yml": {"kvm_guests": [guest(f"of-{host}", host)]} for host in HOSTS},
        {f"host_vars/{host}.yml": {"kvm_guests": [guest("{{ inventory_hostname }}", "{{ inventory_hostname }}")]}
         for host in HOSTS},
        {"group_vars/all.yml": {"kvm_guests": [guest("a", state="absent")]}, "host_vars/kvm01.yml": OWN},
        {"group_vars/all.yml": ALL, "host_vars/kvm01.yml": {"kvm_guests": [*OWN["kvm_guests"], guest("a")]}},
        {
            "group_vars/all.yml": {"web": [guest("a")], "kvm_guests": "{{ web }}"},
            "host_vars/kvm01.yml": {"kvm_guests": "{{ web + [{'name': 'z', 'host': 'kvm01', 'memory': '1GiB'}] }}"},
        },
    ],
)  # fmt: skip
def test_lists_that_hide_nothing_of_a_host(tmp_path: Path, files: dict[str, Any]) -> None:
    assert [line for line in problems(tmp_path, files) if "hides" in line] == []


@pytest.mark.parametrize("same", [True, False])
def test_a_guest_that_a_hidden_list_describes_otherwise_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    """Who edits the hidden one wonders why nothing happens."""
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    own = {"kvm_guests": [guest("a"), guest("b") if same else guest("b", title="adopted"), guest("new")]}
    assert problems(tmp_path, {"group_vars/all.yml": ALL, "host_vars/kvm01.yml": own}) == []
    said = (
        "host kvm01: kvm_guests of the variables of group all is hidden by a list of the same name, and what it says of"
    )
    assert warned == ([] if same else [f"{said} b has no effect; keep each guest in one list"])


def test_a_list_put_together_in_a_group_is_evaluated_for_the_host(tmp_path: Path) -> None:
    files = {
        "group_vars/all.yml": {
            "web": [guest("web-{{ inventory_hostname }}", "{{ inventory_hostname }}")],
            "kvm_guests": "{{ web }}",
        },
        "host_vars/kvm01.yml": OWN,
    }
    (line,) = problems(tmp_path, files)
    assert line.startswith("guest web-kvm01 of host kvm01: ")


@pytest.mark.parametrize("purge", [True, "{{ 1 == 1 }}", False])
@pytest.mark.parametrize(("variable", "switch"), PURGES.items())
def test_what_purging_would_remove_of_a_hidden_list_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, switch: str, purge: Any
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    files = {
        "group_vars/kvm_hosts.yml": {variable: [{"name": "one"}, {"name": "two"}], switch: purge},
        "host_vars/kvm01.yml": {variable: [{"name": "one"}]},
    }
    assert problems(tmp_path, files) == []
    said = f"host kvm01: {variable} of the variables of group kvm_hosts is hidden by a list of the same name"
    assert [line.startswith(said) and line.endswith("made of it: two") for line in warned] == [True] * bool(purge)


@pytest.mark.parametrize(
    ("own", "missing"),
    [
        ({"vcpus": 2}, "memory, title"),
        ({"memory": "2GiB"}, "title"),
        ({"memory": "2GiB", "title": "b", "vcpus": 2}, ""),  # It says all of it anew.
        ("{{ fleet_defaults | combine({'vcpus': 2}) }}", ""),
    ],
)
def test_defaults_that_others_of_the_same_name_hide_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: Any, missing: str
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    defaults = {"memory": "1GiB", "title": "a"}
    files = {
        "group_vars/all.yml": {
            "fleet_defaults": defaults,
            "kvm_guest_defaults": defaults,
            "kvm_guests": [{"name": "a", "host": "kvm01"}],
        },
        "host_vars/kvm02.yml": {"kvm_guest_defaults": own},
    }
    assert problems(tmp_path, files) == []
    assert warned == (
        [
            "host kvm02: another kvm_guest_defaults replaces that of the variables of group all, so its"
            f" {missing} {'are' if ',' in missing else 'is'} lost. Write what is to be added as"
            " kvm_guest_defaults_group or kvm_guest_defaults_host"
        ]
        if missing
        else []
    )


def test_a_list_that_all_hosts_share_is_not_walked_through_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check of a fleet would grow with the square of its hosts (docs/large-fleets.md)."""
    walks: list[object] = []
    monkeypatch.setattr(_hidden_lists, "is_endless", lambda value, most=0: walks.append(value) or False)
    assert problems(tmp_path, {"group_vars/all.yml": {"kvm_guests": [guest("a"), guest("b", "kvm02")]}}) == []
    assert walks == []

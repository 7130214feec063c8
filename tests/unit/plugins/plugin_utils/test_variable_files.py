# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two files of one group with the same list: with a purge, what only the first has would be removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import VARIABLES
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _variable_files
from ansible_collections.virtfleet.kvm.tests.unit.inventories import GROUPS, HOSTS, hostvars

A = {"kvm_guests": [{"name": "a", "host": "kvm01", "memory": "1GiB"}]}
B = {"kvm_guests": [{"name": "b", "host": "kvm01", "memory": "1GiB"}]}


def problems(folder: Path, files: dict[str, Any], groups: Any = None) -> list[str]:
    return fleet.fleet_problems(HOSTS, hostvars(folder, files, groups))


@pytest.mark.parametrize("folder", ["group_vars/all", "group_vars/kvm_hosts", "host_vars/kvm01"])
def test_two_files_of_one_folder(tmp_path: Path, folder: str) -> None:
    (line,) = problems(tmp_path, {f"{folder}/a.yml": A, f"{folder}/b.yml": B})
    assert line == (
        f"{folder}/a.yml: its kvm_guests has no effect, for {folder}/b.yml has a kvm_guests, too, and Ansible takes the"
        " last one alone; write all of it in one file"
    )


def test_three_files_and_a_folder_in_it(tmp_path: Path) -> None:
    found = problems(
        tmp_path, {"group_vars/all/a.yml": A, "group_vars/all/b.yml": B, "group_vars/all/racks/one.yml": A}
    )
    assert [line.partition(":")[0] for line in found] == ["group_vars/all/a.yml", "group_vars/all/b.yml"]


@pytest.mark.parametrize("inside", [B, {"other": 1}])
def test_a_file_beside_the_folder(tmp_path: Path, inside: dict[str, Any]) -> None:
    (line,) = problems(tmp_path, {"group_vars/all.yml": A, "group_vars/all/b.yml": inside})
    assert line.startswith("group_vars/all.yml: Ansible does not read this file")


@pytest.mark.parametrize("file", ["group_vars/all.yml", "group_vars/kvm_hosts.yaml", "host_vars/kvm01.json"])
def test_a_file_beside_an_empty_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / file.rpartition(".")[0]).mkdir(parents=True)
    (line,) = problems(tmp_path, {file: A})
    assert line.startswith(f"{file}: Ansible does not read this file")


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_list(tmp_path: Path, variable: str) -> None:
    files = {"group_vars/all/a.yml": {variable: [1]}, "group_vars/all/b.yml": {variable: [2]}}
    assert any("a.yml: its " + variable in line for line in _variable_files.doubled(HOSTS, hostvars(tmp_path, files)))


def test_files_that_share_nothing_and_files_of_other_hosts(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "group_vars/all/a.yml": A,
        "group_vars/all/b.yml": {"kvm_networks": []},
        "group_vars/strange/a.yml": A,
        "group_vars/strange/b.yml": B,
        "host_vars/elsewhere/a.yml": A,
        "host_vars/elsewhere/b.yml": B,
        "host_vars/kvm01.yml": {"kvm_networks": []},
    }
    assert _variable_files.doubled(HOSTS, hostvars(tmp_path, files)) == []


@pytest.mark.parametrize("group", ["all", "kvm_hosts"])
def test_the_inventory_itself_and_a_file(tmp_path: Path, group: str) -> None:
    groups = {group: {**({} if group == "all" else GROUPS["kvm_hosts"]), "vars": A}}
    found = problems(tmp_path, {f"group_vars/{group}.yml": B}, {**GROUPS, **groups})
    assert found == [
        f"the inventory itself (group {group}): its kvm_guests has no effect, for group_vars/{group}.yml has a"
        " kvm_guests, too, and Ansible takes the last one alone; write all of it in one file"
    ]


def test_a_host_of_the_inventory_and_its_file(tmp_path: Path) -> None:
    groups = {"kvm_hosts": {"hosts": {"kvm01": A, "kvm02": {}}}}
    (line,) = problems(tmp_path, {"host_vars/kvm01.yml": B}, groups)
    assert line.startswith("the inventory itself (host kvm01): its kvm_guests has no effect")


def test_beside_the_inventory_and_beside_the_playbook(tmp_path: Path) -> None:
    plays = tmp_path / "plays"
    (plays / "group_vars").mkdir(parents=True)
    (plays / "group_vars/all.yml").write_text(yaml.safe_dump(B))
    seen = hostvars(tmp_path, {"group_vars/all.yml": A})
    seen._loader.set_basedir(str(plays))
    (line,) = _variable_files.doubled(HOSTS, seen)
    counting = f"{plays}/group_vars/all.yml"
    assert line.startswith(f"{tmp_path}/group_vars/all.yml: its kvm_guests has no effect, for {counting} has")


@pytest.mark.parametrize("earlier", [{"kvm_guests": []}, B])
def test_a_list_that_loses_nothing(tmp_path: Path, earlier: dict[str, Any]) -> None:
    groups = {**GROUPS, "all": {"vars": earlier}}
    assert problems(tmp_path, {"group_vars/all.yml": B}, groups) == []

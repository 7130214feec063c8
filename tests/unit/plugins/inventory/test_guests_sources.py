# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of the inventory plugin among other sources, and the variables that belong to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    MAC,
    WEB01,
    declared,
    facts,
    guest,
    host,
    members,
    network,
    parsed,
)
from ansible_collections.virtfleet.kvm.tests.unit.inventories import write


def read(*sources: Path) -> InventoryManager:
    """The inventory of some sources, as a command line names them with -i."""
    return InventoryManager(loader=DataLoader(), sources=[str(source) for source in sources])


def all_said(told: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """What Ansible says of sources that failed: as a warning, since ansible-core 2.19 in a way of its own."""
    return " ".join(" ".join([*told, capfd.readouterr().err]).split())


def test_sources_one_by_one(
    tmp_path: Path, one: dict[str, Any], told: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where group_vars are beside the hosts only."""
    hosts = write(tmp_path / "a", declared(WEB01), one)
    plugin = write(tmp_path / "b", {"guests.kvm.yml": {"plugin": "virtfleet.kvm.guests"}}).with_name("guests.kvm.yml")
    assert members(read(hosts, plugin)._inventory, "kvm_guests") == ["web01"]
    assert capfd.readouterr().err == ""
    assert "web01" not in read(plugin, hosts).hosts
    said = all_said(told, capfd)
    assert "no host is in the group kvm_hosts yet when guests.kvm.yml is read" in said
    assert "-i hosts.yml -i guests.kvm.yml" in said


def test_group_vars_beside_the_plugin(tmp_path: Path, one: dict[str, Any]) -> None:
    hosts = write(tmp_path / "a", {}, one)
    write(tmp_path / "b", {**declared(WEB01), "guests.kvm.yml": {"plugin": "virtfleet.kvm.guests"}})
    assert "web01" in read(hosts, tmp_path / "b/guests.kvm.yml").hosts


@pytest.mark.parametrize(("name", "found"), [("zz-guests.kvm.yml", True), ("guests.kvm.yml", False)])
def test_a_folder_is_read_by_names(
    tmp_path: Path, one: dict[str, Any], told: list[str], capfd: pytest.CaptureFixture[str], name: str, found: bool
) -> None:
    folder = write(tmp_path / "inventory", {**declared(WEB01), name: {"plugin": "virtfleet.kvm.guests"}}, one).parent
    assert ("web01" in read(folder).hosts) is found
    assert ("such as zz-guests.kvm.yml" in all_said(told, capfd)) is not found


def test_variables_of_groups_and_hosts_by_ansibles_own_rules(tmp_path: Path) -> None:
    """Templates, group_vars of a parent group, host_vars over group_vars, and vars in the file."""
    uri = host(tmp_path / "k.xml", network("default"), guest("web01", MAC))
    groups = {"site": {"children": {"kvm_hosts": {"hosts": {"kvm01": {}}}}}}
    files = {
        "group_vars/site.yml": {"kvm_guests": [{"name": "{{ prefix }}01", "host": "{{ inventory_hostname }}"}]},
        "group_vars/all.yml": {"prefix": "db", "kvm_inventory_uri": "{{ where }}", "where": "test:///no/such.xml"},
        "host_vars/kvm01.yml": {"prefix": "web", "where": uri},
    }
    assert members(parsed(tmp_path, groups, files), "kvm_state_running") == ["web01"]


def test_variables_of_the_inventory_for_a_guest_stay(tmp_path: Path, one: dict[str, Any]) -> None:
    groups = {**one, "web": {"hosts": {"web01": {"ansible_host": "198.51.100.7"}}}}
    inventory = parsed(tmp_path, groups, declared(WEB01))
    assert inventory.hosts["web01"].vars["ansible_host"] == "198.51.100.7"
    assert members(inventory, "web") == ["web01"]
    assert facts(inventory, "web01")["state"] == "running"

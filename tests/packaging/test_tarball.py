# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection holds what a user needs and nothing else, and works from any folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import SOURCE, Installed

# Exactly these; CHANGELOG.rst is written by the first release.
TOP_LEVEL = {
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "roles",
    "schemas",
}
FROM_A_RELEASE = {"CHANGELOG.rst"}

MODULES = sorted(path.stem for path in (SOURCE / "plugins/modules").glob("*.py"))
ROLES = sorted(path.name for path in (SOURCE / "roles").glob("[!.]*"))
INVENTORIES = sorted(path.stem for path in (SOURCE / "plugins/inventory").glob("*.py"))
PLAYBOOKS = sorted(path.stem for path in (SOURCE / "playbooks").glob("*.yml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_top_level_of_the_tarball(names: list[str]) -> None:
    found = {name.split("/")[0] for name in names}
    assert found - FROM_A_RELEASE == TOP_LEVEL


def test_no_byte_code_and_no_litter_in_the_tarball(names: list[str]) -> None:
    assert [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".orig", ".rej", "~"))] == []


def test_no_dependency_on_another_collection(installed: Installed) -> None:
    manifest = json.loads((installed.root / "MANIFEST.json").read_text())
    assert manifest["collection_info"]["dependencies"] == {}


def test_ansible_doc_shows_every_module(installed: Installed) -> None:
    full = [f"virtfleet.kvm.{name}" for name in MODULES]
    shown = json.loads(installed.run("ansible-doc", "--json", "-t", "module", *full))
    assert sorted(shown) == full
    undocumented = [name for name, doc in shown.items() if not (doc.get("examples") and doc.get("return"))]
    assert undocumented == []


def test_ansible_doc_shows_every_inventory_plugin(installed: Installed) -> None:
    full = [f"virtfleet.kvm.{name}" for name in INVENTORIES]
    assert full
    shown = json.loads(installed.run("ansible-doc", "--json", "-t", "inventory", *full))
    assert sorted(name for name, doc in shown.items() if doc.get("examples")) == full


def test_guests_are_hosts(installed: Installed) -> None:
    """The inventory plugin, with the process that it starts, works where the collection is installed."""
    folder = installed.elsewhere / "guests"
    folder.mkdir()
    host = {"kvm_inventory_uri": "test:///default", "kvm_guests": [{"name": "test", "host": "kvm01"}]}
    (folder / "hosts.yml").write_text(json.dumps({"kvm_hosts": {"hosts": {"kvm01": host}}}))
    (folder / "zz-guests.kvm.yml").write_text("plugin: virtfleet.kvm.guests\n")
    shown = json.loads(installed.run("ansible-inventory", "-i", str(folder), "--list"))
    assert shown["kvm_state_running"]["hosts"] == ["test"]


def test_a_guest_is_reached_by_way_of_its_host(installed: Installed) -> None:
    """The connection plugin starts its program where the collection is installed. No guest here has an agent."""
    shown = json.loads(installed.run("ansible-doc", "--json", "-t", "connection", "virtfleet.kvm.agent"))
    assert shown["virtfleet.kvm.agent"]["examples"]
    host = {"ansible_connection": "virtfleet.kvm.agent", "ansible_kvm_uri": "test:///default"}
    task = {"ansible.builtin.raw": "true", "ignore_unreachable": True}
    folder = installed.elsewhere / "agent"
    folder.mkdir()
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"test": host}}}))
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    said = installed.run("ansible-playbook", "-i", str(folder / "hosts.yml"), str(folder / "play.yml"))
    assert "guest test: it has no channel for an agent" in " ".join(said.split())


def test_ansible_doc_shows_every_role(installed: Installed) -> None:
    full = [f"virtfleet.kvm.{name}" for name in ROLES]
    shown = json.loads(installed.run("ansible-doc", "--json", "-t", "role", *full))
    assert sorted(name for name, doc in shown.items() if doc["entry_points"]) == full


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_playbook_loads_from_another_folder(installed: Installed, playbook: str) -> None:
    inventory = installed.elsewhere / "inventory.yml"
    inventory.write_text("kvm_hosts: {hosts: {kvm01: {ansible_host: 198.18.0.1}}}\n")
    full = f"virtfleet.kvm.{playbook}"
    installed.run("ansible-playbook", "-i", str(inventory), full, "--syntax-check")
    tasks = installed.run("ansible-playbook", "-i", str(inventory), full, "--list-tasks")
    assert "TAGS:" in tasks


def test_the_site_playbook_exists() -> None:
    assert "site" in PLAYBOOKS


def test_action_group_holds_every_module() -> None:
    group = load(SOURCE / "meta/runtime.yml")["action_groups"]["kvm"]
    assert sorted(group) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_module_has_an_integration_target(module: str) -> None:
    # Not by the module's name alone: where the collection has such a role, ansible-test runs that one.
    assert (SOURCE / "tests/integration/targets" / f"module_{module}" / "tasks/main.yml").is_file()


@pytest.mark.parametrize("role", ROLES)
def test_role_is_described(role: str) -> None:
    folder = SOURCE / "roles" / role
    assert (folder / "README.md").is_file()
    assert load(folder / "meta/argument_specs.yml")["argument_specs"]["main"]["short_description"]

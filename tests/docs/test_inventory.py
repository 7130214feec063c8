# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/inventory.md says of Ansible's programs, with these."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import guest, host, network

from .ansible_runs import documentation, run, write
from .blocks import ROOT

PAGE = (ROOT / "docs/inventory.md").read_text(encoding="utf-8")
LOCAL = {"hosts": "localhost", "gather_facts": False, "connection": "local"}
TOLD = {"ansible.builtin.debug": {"msg": "guests: {{ groups['kvm_state_running'] | default([]) | sort | join(' ') }}"}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An inventory with a host, on which the guest ``there`` runs, and no guest that is declared."""
    uri = host(tmp_path / "kvm01.xml", network("default"), guest("there"))
    write(tmp_path, "inventory/hosts.yml", {"kvm_hosts": {"hosts": {"kvm01": {"kvm_inventory_uri": uri}}}})
    write(tmp_path, "inventory/zz-guests.kvm.yml", {"plugin": "virtfleet.kvm.guests"})
    return tmp_path


def declared(*names: str) -> dict[str, Any]:
    return {"kvm_guests": [{"name": name, "host": "kvm01"} for name in names]}


def test_extra_variables_count(project: Path) -> None:
    shown = run(project, "ansible-inventory", "-i", "inventory", "-e", json.dumps(declared("there")), "--graph")
    assert "@kvm_state_running:" in shown


def test_variables_beside_a_playbook_do_not_count(project: Path) -> None:
    write(project, "plays/group_vars/all.yml", declared("there"))
    write(project, "plays/play.yml", [{**LOCAL, "tasks": [TOLD]}])
    assert '"guests: "' in run(project, "ansible-playbook", "-i", "inventory", "plays/play.yml")


def test_guests_that_a_play_has_just_made(project: Path) -> None:
    """Before the refresh they are not known, after it they are, though the cache is full."""
    write(project, "inventory/group_vars/all.yml", declared("there", "new"))
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(project / "cache")}
    write(project, "inventory/zz-guests.kvm.yml", {"plugin": "virtfleet.kvm.guests", **cache})
    host(project / "later.xml", network("default"), guest("there"), guest("new"))
    make = {
        "ansible.builtin.copy": {"src": str(project / "later.xml"), "dest": str(project / "kvm01.xml"), "mode": "0644"}
    }
    refresh = {"ansible.builtin.meta": "refresh_inventory"}
    write(project, "play.yml", [{**LOCAL, "tasks": [make, TOLD, refresh]}, {**LOCAL, "tasks": [TOLD]}])
    said = run(project, "ansible-playbook", "-i", "inventory", "play.yml")
    assert re.findall(r'"(guests: [^"]*)"', said) == ["guests: there", "guests: new there"]


def test_defaults_on_the_page() -> None:
    options = documentation("inventory")["virtfleet.kvm.guests"]["doc"]["options"]
    assert f"(`forks`, {options['forks']['default']})" in PAGE
    assert f"at most `timeout` seconds ({options['timeout']['default']:g})" in " ".join(PAGE.split())
    for row, source in zip(
        re.findall(r"^   \| `(\w+)` \|", PAGE, re.M), options["address_sources"]["default"], strict=True
    ):
        assert row == source

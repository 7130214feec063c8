# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of variables that have the name of no host and of no group: Ansible says nothing, so the check does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.tests.unit.inventories import GROUPS, HOSTS, hostvars

NETWORKS = {"kvm_networks": [{"name": "lan"}]}
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n33363965326261303034\n"


def told(folder: Path, files: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the check warns of; it refuses nothing."""
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    groups = {**GROUPS, "web": {"hosts": {"www": {}}}}
    assert fleet.fleet_problems(HOSTS, hostvars(folder, files, groups)) == []
    return warned


LOST = "so Ansible does not read this, and its kvm_networks has no effect;"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("host_vars/kvm1.yml", f"the inventory has no host kvm1, {LOST} did you mean kvm01?"),
        ("host_vars/KVM01.yml", f"the inventory has no host KVM01, {LOST} did you mean kvm01?"),
        ("host_vars/kvm01.txt", f"the inventory has no host kvm01.txt, {LOST} did you mean kvm01?"),
        ("host_vars/web.yml", f"the inventory has no host web, {LOST} web is a group: move it into group_vars"),
        ("group_vars/kvm_host.yml", f"the inventory has no group kvm_host, {LOST} did you mean kvm_hosts?"),
        ("group_vars/kvm01.json", f"the inventory has no group kvm01, {LOST} kvm01 is a host: move it into host_vars"),
    ],
)
def test_a_file_of_no_host_or_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, line: str) -> None:
    assert told(tmp_path, {file: NETWORKS}, monkeypatch) == [f"{file}: {line}"]


def test_a_folder_of_no_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"host_vars/kvm1/a.yml": NETWORKS, "host_vars/kvm1/b/c.yml": {"guests_purge": True}}
    (line,) = told(tmp_path, files, monkeypatch)
    assert line.startswith("host_vars/kvm1: the inventory has no host kvm1")
    assert "its guests_purge, kvm_networks have no effect" in line


def test_what_cannot_be_read_is_told_where_a_name_is_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = told(tmp_path, {"host_vars/kvm1.yml": VAULT, "host_vars/faraway.yml": VAULT}, monkeypatch)
    assert line == (
        "host_vars/kvm1.yml: the inventory has no host kvm1, so Ansible does not read this; did you mean kvm01?"
    )


def test_files_that_are_right_or_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "host_vars/www.yml": NETWORKS,
        "host_vars/of_another_inventory.yml": NETWORKS,
        "host_vars/localhost.yml": NETWORKS,
        "host_vars/kvm02/main.yml": NETWORKS,
        "host_vars/kvm01.yml.bak": NETWORKS,
        "host_vars/kvm01.yml~": NETWORKS,
        "host_vars/.kvm1.yml.swp": NETWORKS,
        "host_vars/README.md": "# kvm_networks: in here",
        "host_vars/web01.yml": {"http_port": 80},
        "group_vars/web/a.yml": NETWORKS,
        "group_vars/ungrouped.yml": {},
        "group_vars/webs.yml": {"http_port": 80},
    }
    assert told(tmp_path, files, monkeypatch) == []

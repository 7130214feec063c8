# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugins of all declaring modules do the same, and those of all that read: for modules of all kinds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible

ROOT = Path(__file__).parents[4]
GROUP = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
OWN = ("links", "site_look", "host_info", "images_info")
"""Modules with a plugin that somebody wrote, or with none."""

MODULES = [name for name in GROUP["action_groups"]["kvm"] if name not in OWN]
DECLARING = [name for name in MODULES if not name.endswith("_info")]
READING = [name for name in MODULES if name.endswith("_info")]
NAMES = pytest.mark.parametrize("prefix", ["virtfleet.kvm.", ""])
"""The full name of a module, and the one that is enough with ``collections``."""


def results(folder: Path, tasks: list[dict[str, Any]], **keywords: Any) -> list[dict[str, Any]]:
    """What tasks return, whether they fail or not."""
    head = {"hosts": "a", "gather_facts": False, "connection": "local", "collections": ["virtfleet.kvm"], **keywords}
    told = [{**task, "ignore_errors": True, "register": f"task{place}"} for place, task in enumerate(tasks)]
    names = " ".join(f"{{{{ task{place} | to_json }}}}|||" for place in range(len(tasks)))
    kept = {"ansible.builtin.copy": {"content": names, "dest": str(folder / "told")}, "check_mode": False}
    play = {**head, "vars": {"ansible_python_interpreter": sys.executable}, "tasks": [*told, kept]}
    (folder / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    done = ansible(folder, "ansible-playbook", "-i", "a,", str(folder / "play.yml"))
    assert done.code == 0, done.output + done.errors
    return [json.loads(text) for text in (folder / "told").read_text().split("|||")[:-1]]


def test_every_module_has_one_of_its_name() -> None:
    """Ansible's main process loads only those: what is loaded with them has to count there (_progress.py)."""
    there = {path.stem for path in (ROOT / "plugins" / "action").glob("*.py")}
    assert sorted([*there, "host_info"]) == sorted(GROUP["action_groups"]["kvm"])
    assert "plugin_routing" not in GROUP


@NAMES
def test_declaring_modules_take_no_parameter_of_their_plugin(tmp_path: Path, prefix: str) -> None:
    found = results(tmp_path, [{f"{prefix}{name}": {"config": [], "_role": True}} for name in DECLARING])
    assert [result["msg"] for result in found] == ["_role is no parameter of this module"] * len(DECLARING)


@NAMES
def test_reading_modules_evaluate_the_query_on_the_control_node(tmp_path: Path, prefix: str) -> None:
    query = {"query": "[].name", "uri": "test:///default"}
    found = results(tmp_path, [{f"{prefix}{name}": query} for name in READING])
    lists = {name: result.get(name.removesuffix("_info")) for name, result in zip(READING, found, strict=True)}
    there = {name: result for name, result in zip(READING, found, strict=True) if not result["failed"]}
    assert {"domains_info", "networks_info", "pools_info"} <= set(there)
    for name, result in there.items():
        assert result["found"] == [item["name"] for item in lists[name]], name


def test_each_module_has_its_own_defaults(tmp_path: Path) -> None:
    defaults = {
        "virtfleet.kvm.domains": {"purge": "of domains"},
        "virtfleet.kvm.pools": {"owner": 7, "purge": "of pools"},
        "virtfleet.kvm.domains_info": {"query": "[of_domains"},
        "group/virtfleet.kvm.kvm": {"uri": "test:///default"},
    }
    tasks: list[dict[str, Any]] = [
        {"virtfleet.kvm.networks": {"config": []}},
        {"virtfleet.kvm.pools": {"config": []}},
        {"virtfleet.kvm.pools_info": {}},
        {"virtfleet.kvm.domains_info": {}},
    ]
    networks, pools, pools_info, domains_info = results(tmp_path, tasks, module_defaults=defaults)
    assert not networks["failed"]
    assert pools["failed"]
    assert "of pools" in pools["msg"]
    assert [pool["name"] for pool in pools_info["pools"]] == ["default-pool"]
    assert "Invalid jmespath expression" in domains_info["msg"]


def test_what_a_task_in_check_mode_would_make_is_known_to_the_next(tmp_path: Path) -> None:
    uri = "test:///default"
    network = {"name": "lan", "bridge": "virbr-lan", "ips": [{"address": "192.0.2.1/24"}]}
    guest = {"name": "web", "memory": "64MiB", "state": "running", "interfaces": [{"network": "lan"}]}
    tasks: list[dict[str, Any]] = [
        {"virtfleet.kvm.networks": {"config": [{**network, "state": "active"}], "uri": uri}, "check_mode": True},
        {"virtfleet.kvm.domains": {"config": [guest], "uri": uri}, "check_mode": True},
        {"networks": {"config": [{**network, "state": "absent"}], "uri": uri}, "check_mode": True},
        {"domains": {"config": [guest], "uri": uri}, "check_mode": True},
    ]
    made, known, _gone, unknown = results(tmp_path, tasks)
    assert (made["changed"], made["failed"], known["failed"]) == (True, False, False)
    assert "lan" in unknown["msg"]

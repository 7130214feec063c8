# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look is asked is what the tasks of the roles would be given."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _site_look
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._fleet_changes import RESULTS
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

ALL = _site_look.TAGS


def included(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The roles that tasks import, also in blocks."""
    found = []
    for task in tasks:
        if "ansible.builtin.import_role" in task:
            found.append(task)
        if task.get("ansible.builtin.import_tasks") == "tasks/make.yml":
            found += included(yaml.safe_load((ROOT / "playbooks/tasks/make.yml").read_text(encoding="utf-8")))
        found += included(task.get("block", []))
    return found


def test_the_places_are_those_of_the_site() -> None:
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    places = []
    for play in plays:
        for task in included(play.get("tasks", [])):
            role = task["ansible.builtin.import_role"]
            when = task.get("when", "")
            name = role["name"].removeprefix("virtfleet.kvm.")
            places.append((name, role.get("tasks_from", "main"), "" if "site_looked" in when else when))
    # The role host has a part of its own, and these do nothing where no link changes or is left for later.
    rest = [
        place
        for place in places
        if place not in (("host", "main", ""), ("links", "change", ""), ("links", "remove", ""))
    ]
    assert rest == [(place.role, place.file, place.when) for place in _site_look.SITE]
    assert len(places) == len(rest) + 3


@pytest.mark.parametrize("place", _site_look.SITE, ids=lambda place: f"{place.role}-{place.file}")
def test_each_task_is_understood_and_leaves_a_result(place: Any) -> None:
    tasks = _site_look.tasks(place.role, place.file)
    assert tasks
    for task in tasks:
        assert _site_look.module_of(task).startswith("virtfleet.kvm.")
        assert task["register"] in RESULTS


def test_each_result_is_kept_for_a_host_on_which_nothing_is_to_be_done() -> None:
    (task,) = yaml.safe_load((ROOT / "playbooks/tasks/looked.yml").read_text(encoding="utf-8"))
    assert task["ansible.builtin.set_fact"] == {
        name: f"{{{{ site_looked.results.{name} | default(omit) }}}}" for name in RESULTS
    }
    assert set(_site_look.results_of([], ALL)) == set(RESULTS)
    assert all(re.match(rf"({'|'.join(ALL)})_", name) for name in RESULTS)


def test_the_tasks_of_the_role_host_are_those_that_the_module_knows() -> None:
    """Whoever adds a task to the role has to say in _kinds/site_look.py when it has nothing to do."""
    tasks = yaml.safe_load((ROOT / "roles/host/tasks/main.yml").read_text(encoding="utf-8"))
    assert [task["name"] for task in tasks] == [
        "Ask what the host has",
        "Check that no other hypervisor is installed",
        "Check that the packages fit the host",
        "Look for missing packages",
        "Check that Ansible may set up the host",
        "Install libvirt and QEMU",
        "Ask which services there are now",
        "Stop services that keep their socket from starting",
        "Enable libvirt's services",
        "Ask whether libvirt answers now",
        "Keep the newest answer",
        "Check that libvirt answers",
        "Check that the host can run guests with KVM",
    ]


@pytest.mark.parametrize(
    ("tag", "own", "only", "skipped", "runs"),
    [
        ("guests", ALL, ["all"], [], True),
        ("guests", ALL, [], [], True),
        ("guests", ALL, ["guests"], [], True),
        ("links", ALL, ["guests"], [], False),
        ("links", ALL, ["guests", "links"], ["links"], False),
        ("host", ALL, ["all"], ["host"], False),
        ("guests", ALL, ["tagged"], [], True),
        ("guests", ALL, ["untagged"], [], False),
        ("guests", ALL, ["all"], ["tagged"], False),
        ("guests", ALL, ["all"], ["all"], False),
        # What is put on the whole site selects all parts.
        ("guests", [*ALL, "mine"], ["mine"], [], True),
        ("host", [*ALL, "mine"], ["mine", "guests"], [], True),
        ("host", [*ALL, "mine"], ["guests"], [], False),
        ("guests", [*ALL, "mine"], ["all"], ["mine"], False),
        ("guests", [*ALL, "always"], ["links"], [], True),
    ],
)
def test_is_selected(tag: str, own: list[str], only: list[str], skipped: list[str], runs: bool) -> None:
    assert _site_look.is_selected(tag, own, only, skipped) is runs


def parts(tags: tuple[str, ...] = ALL, **variables: Any) -> dict[str, dict[str, Any]]:
    """The parts by their names."""
    known = {"inventory_hostname": "kvm01", "groups": {"all": ["kvm01", "kvm02"]}, "kvm_owner": "us", **variables}
    return {part["name"]: part for part in _site_look.parts_of(known, DataLoader(), tags)}


def test_where_nothing_is_declared() -> None:
    found = parts()
    assert list(found) == ["host_found", "networks_declared", "guests_declared"]
    assert found["networks_declared"]["options"]["config"] == [
        {"name": "default", "autostart": True, "state": "active"}
    ]
    assert found["guests_declared"]["options"]["config"] == []
    assert found["guests_declared"]["options"]["shutdown_timeout"] == 120


def test_all_parts_are_those_of_the_tasks() -> None:
    gone = {"name": "gone", "state": "absent"}
    found = parts(
        kvm_links=[{"name": "br0", "type": "bridge"}],
        kvm_networks=[{"name": "lan"}, gone],
        kvm_pools=[{"name": "fast"}, gone],
        kvm_volumes=[{"name": "data", "size": "1GiB"}],
        kvm_secrets=[{"name": "key"}],
        kvm_guests=[{"name": "web01", "host": "kvm01"}, {"name": "db", "host": "kvm02", "memory": "{{ nope }}"}],
        storage_purge=True,
    )
    assert {name: part["module"] for name, part in found.items()} == {
        "host_found": "host",
        "links_plan": "links",
        "networks_declared": "networks",
        "storage_secrets": "secrets",
        "storage_declared": "pools",
        "storage_filled": "volumes",
        "guests_declared": "domains",
        "storage_volumes_purged": "volumes",
        "storage_pools_purged": "pools",
        "storage_secrets_purged": "secrets",
        "networks_purged": "networks",
    }
    assert found["links_plan"]["options"]["leave_used"] is True
    assert [guest["name"] for guest in found["guests_declared"]["options"]["config"]] == ["web01"]
    assert found["guests_declared"]["options"]["elsewhere"] == ["db"]
    assert [pool["name"] for pool in found["storage_declared"]["options"]["config"]] == ["fast"]
    assert found["storage_pools_purged"]["options"]["purge"] is True


@pytest.mark.parametrize("tag", ALL)
def test_only_what_is_selected_is_looked_at(tag: str) -> None:
    found = parts((tag,), kvm_links=[{"name": "br0", "type": "bridge"}], kvm_pools=[{"name": "fast"}])
    assert found
    assert {name.partition("_")[0] for name in found} == {tag}


def test_packages_of_each_stack() -> None:
    packages = parts(("host",), host_extra_packages=["nfs-common"])["host_found"]["options"]["packages"]
    assert {"qemu-utils", "python3-libvirt", "nfs-common"} < set(packages["base"])
    assert {"qemu-utils-hwe", "python3-libvirt", "nfs-common"} < set(packages["hwe"])


def test_packages_that_exclude_the_stack_of_the_host_are_refused_by_the_role() -> None:
    packages = parts(("host",), host_extra_packages=["qemu-system-hwe"])["host_found"]["options"]["packages"]
    assert list(packages) == ["hwe"]


@pytest.mark.parametrize(
    "variables",
    [
        {"guests_purge": "yes please"},
        {"guests_on_restart_needed": "never"},
        {"host_packages": ["mine"]},
        {"kvm_guests": [{"name": "a", "host": "kvm01", "memory": "{{ nope }}"}]},
        {"kvm_networks": "{{ nope }}"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_what_is_in_doubt_is_not_told(variables: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"refused|itself is set|undefined|nope"):
        parts(**_site_look.trusted(variables))

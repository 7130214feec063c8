# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as ansible-playbook runs them: what would end with success and nothing done is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible
from ansible_collections.virtfleet.kvm.tests.unit.inventories import write
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
GROUPS = {
    "kvm_hosts": {"hosts": {"kvm01": LOCAL}},
    "others": {"hosts": {"web": LOCAL}},
}
GUESTS = [{"name": "web01", "host": "kvm01", "memory": "1GiB", "state": "running"}]


def play(folder: Path, playbook: str, *options: str, groups: Any = None, **variables: Any) -> tuple[int, str]:
    """Run a playbook of the collection, or a file, on an inventory; its exit code, and what it printed."""
    write(folder, {"group_vars/all.yml": variables}, groups or GROUPS)
    if not (folder / "tasks").exists():
        (folder / "tasks").symlink_to(ROOT / "playbooks/tasks")  # For a file with plays of the collection.
    done = ansible(folder, "ansible-playbook", "-i", "hosts.yml", playbook, *options)
    return done.code, done.output + done.errors


CASES: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "no group kvm_hosts": (
        ["virtfleet.kvm.site"],
        {"groups": {"kvm_host": {"hosts": {"kvm01": LOCAL}}}},
        "the inventory has no host in the group kvm_hosts",
    ),
    "no group, adopt": (["virtfleet.kvm.adopt", "--tags", "x"], {"groups": {"all": {}}}, "group kvm_hosts"),
    "a misspelt tag": (["virtfleet.kvm.site", "--tags", "guest"], {}, "--tags guest: this playbook has no such tag"),
    "an undefined variable": (
        ["virtfleet.kvm.check"],
        {"kvm_guests": [{**GUESTS[0], "memory": "{{ nope }}"}]},
        "guest web01: memory: 'nope' is undefined",
    ),
    "a wrong value of a role's variable": (
        ["virtfleet.kvm.site"],
        {"guests_purge": "yes please"},
        "host kvm01: guests_purge: a string is not possible here; write true or false",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_and_no_host_is_asked(tmp_path: Path, case: str) -> None:
    words, variables, said = CASES[case]
    code, output = play(tmp_path, words[0], *words[1:], **variables)
    assert code != 0, output
    assert said in output
    assert "Traceback" not in output
    assert output.count("\nTASK [") == 1


def test_the_check_ends_with_what_it_found(tmp_path: Path) -> None:
    gone = {"name": "old", "host": "kvm01", "state": "absent"}
    code, output = play(tmp_path, "virtfleet.kvm.check", kvm_guests=[*GUESTS, gone])
    assert code == 0, output
    assert "The declaration is in order: 1 host, 1 guest" in output
    assert "skipping" not in output


def test_a_playbook_of_the_users_goes_on_with_its_other_plays(tmp_path: Path) -> None:
    """Its other plays have tags, hosts and limits of their own."""
    plays = [
        {"import_playbook": "virtfleet.kvm.site"},
        {"hosts": "web", "gather_facts": False, "tags": "web", "tasks": [{"debug": {"msg": "the web play"}}]},
    ]
    (tmp_path / "own.yml").write_text(yaml.safe_dump(plays))
    code, output = play(tmp_path, "own.yml", "--tags", "web", "--limit", "web", kvm_guests=GUESTS)
    assert code == 0, output
    assert "the web play" in output


def test_the_site_has_tags_and_the_check_always(tmp_path: Path) -> None:
    code, output = play(tmp_path, "virtfleet.kvm.site", "--tags", "guests", "--list-tasks", kvm_guests=GUESTS)
    assert code == 0, output
    # What ends a play early belongs to no part, and so has to run with all of them.
    tasks = [line.split("TAGS: ") for line in output.splitlines() if "TAGS: " in line and "play #" not in line]
    assert [
        name.strip() for name, _tags in tasks if "Validating arguments" not in name and "End the play" not in name
    ] == [
        "Check the inventory",
        "Look whether anything is to be done",
        "Keep the results of a host on which nothing is to be done",
        "Note which hosts are planned",
        "Plan what the site does on the hosts",
        "Print the plan",
        "Note which hosts the plan did not reach",
        "Keep whether the plan of a host is empty",
        "Forget the results of a plan that is not empty",
        "virtfleet.kvm.guests : Declare the guests",
        "virtfleet.kvm.guests : Take and delete the snapshots of the guests",
        "Print the summary",
    ]


@pytest.mark.parametrize("part", ["guests", "networks", "storage"])
@pytest.mark.parametrize("broken", [False, True])
def test_each_part_alone_ends_with_the_summary(tmp_path: Path, part: str, broken: bool) -> None:
    """Also where no host is left, with which Ansible ends a run."""
    python = {"ansible_python_interpreter": "/no/such/python"} if broken else {}
    groups = {"kvm_hosts": {"hosts": {"kvm01": {**LOCAL, **python}}}}
    lists = {"kvm_guests": GUESTS, "kvm_networks": [{"name": "lan"}], "kvm_pools": [{"name": "p", "target": "/srv/p"}]}
    code, output = play(tmp_path, f"virtfleet.kvm.{part}", "--check", groups=groups, **lists)
    assert (code != 0) is broken
    assert output.count("the run would do this:") == 1
    assert ("1 host: 1 failed" in output) is broken
    if "planned as for a host fresh" in output:  # Where this machine has no libvirt.
        assert "kvm01: libvirt is not there yet" in output

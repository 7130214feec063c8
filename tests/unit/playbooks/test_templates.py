# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates in the guests of a fleet: the check and the roles evaluate a guest on its own host, and on no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

HOST = "<node><network><name>default</name></network></node>"
PLAY = "Make the hosts what they are declared to be"
GROUPS = {
    "kvm_hosts": {
        "hosts": {
            "kvm01": {
                **LOCAL,
                "rack": "r1",
                "only_first": "first",
                "mine": [{"name": "own", "host": "kvm01", "memory": "64MiB"}],
            },
            "kvm02": {**LOCAL, "rack": "r2", "only_second": "second"},
        }
    },
    "north": {"hosts": {"kvm01": {}}},
}


def guest(name: str, host: str, description: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "description": description, "memory": "64MiB", "interfaces": [], **options}


def made(folder: Path, *options: str, **variables: Any) -> dict[str, dict[str, Any]]:
    """The descriptions of the guests that a run makes, by name, by host. Each host is a new libvirt test driver."""
    (folder / "host.xml").write_text(HOST)
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    (part,) = [one for one in plays if one["name"] == PLAY]
    part["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/host.xml"}}
    keep = {
        "content": "{{ guests_declared.diff | to_json }}",
        "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.got",
    }
    part["tasks"].append({"name": "Keep the result", "ansible.builtin.copy": keep, "tags": "always"})
    (folder / "part.yml").write_text(yaml.safe_dump([{"import_playbook": "virtfleet.kvm.check"}, part]))
    code, output = play(folder, "part.yml", "--diff", *options, groups=GROUPS, **variables)
    assert code == 0, output
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.got")):
        guests = found.setdefault(path.stem, {})
        for change in json.loads(path.read_text(encoding="utf-8")):
            lines = dict(line.split(": ", 1) for line in change["after"].splitlines())
            guests[lines["definition.name"]] = lines.get("definition.description")
    return found


def test_each_guest_is_what_its_own_host_makes_of_it(tmp_path: Path) -> None:
    web = [
        guest("a", "kvm01", "{{ inventory_hostname }}"),
        guest("b", "kvm01", "{{ only_first }}", interfaces=[{"network": "{{ only_first and 'default' }}"}]),
        guest("c", "kvm02", "{{ hostvars.kvm01.rack }} {{ rack }} {{ only_second }}"),
        guest("d", "kvm02", "{{ group_names | join(' ') }}"),
        guest("e-{{ inventory_hostname }}", "{{ inventory_hostname }}", "{{ rack }}"),
        guest(
            "{{ only_first }}-f",
            "{{ placed.f }}",
            "{{ 'northern' if 'north' in group_names }}",
            state="{{ state_of_first }}",
        ),
    ]
    assert made(
        tmp_path,
        web=web,
        placed={"f": "kvm01"},
        state_of_first="{{ 'present' if only_first else '' }}",
        by_name=guest("g", "kvm01", "{{ only_first }}"),
        kvm_guests="{{ web + mine | default([]) + named }}",
        named=["{{ by_name }}"],
    ) == {
        "kvm01": {
            "a": "kvm01", "b": "first", "e-kvm01": "r1", "first-f": "northern", "g": "first", "own": None,
        },
        "kvm02": {"c": "r1 r2 second", "d": "kvm_hosts", "e-kvm02": "r2"},
    }  # fmt: skip


def test_a_limit_changes_nothing_about_a_guest(tmp_path: Path) -> None:
    guests = [guest("a", "kvm01", "{{ only_first }}"), guest("b", "kvm02", "{{ hostvars.kvm01.only_first }}")]
    assert made(tmp_path, "--limit", "kvm02", kvm_guests=guests) == {"kvm02": {"b": "first"}}


def test_what_is_omitted_is_left_out(tmp_path: Path) -> None:
    guests = [guest("a", "kvm01", "{{ nope | default(omit) }}", title="{{ nope | default('t') }}")]
    assert made(tmp_path, "--limit", "kvm01", kvm_guests=guests) == {"kvm01": {"a": None}}


@pytest.mark.parametrize("role", ["guests", "networks", "storage"])
def test_no_role_has_ansible_evaluate_the_guests_of_all_hosts(role: str) -> None:
    """Each variable that is an option of a role is evaluated as a whole when its arguments are checked."""
    specs = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    assert all("kvm_guests" not in spec["options"] for spec in specs["argument_specs"].values())

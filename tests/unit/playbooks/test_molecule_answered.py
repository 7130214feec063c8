# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible goes on with the next play when a host cannot be reached: the steps of molecule note nothing then."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

TASKS = ROOT / "playbooks/tasks/molecule"
PLAYS = {
    one["name"]: one
    for file in ("parts/molecule.yml", "molecule_destroy.yml")
    for one in yaml.safe_load((ROOT / "playbooks" / file).read_text(encoding="utf-8"))
}
FOUND = {"name": "found", "tasks": yaml.safe_load((TASKS / "found.yml").read_text(encoding="utf-8"))}
AWAY = {"unreachable": True}


def asks(task: dict[str, Any]) -> bool:
    """Whether a task fails where the KVM host has not answered."""
    return str(task.get("ansible.builtin.import_tasks", "")).endswith("answered.yml")


def goes_on(folder: Path, play: dict[str, Any], facts: dict[str, Any], does: str) -> tuple[bool, str]:
    """Whether a play goes on where the KVM host has these facts, and what it says."""
    (check,) = (task for task in play["tasks"] if asks(task))
    task = {"ansible.builtin.import_tasks": str(TASKS / "answered.yml"), "vars": check["vars"]}
    kvm = {"name": "kvm", "wanted": "root@kvm01"}
    variables = {"does": does, "kit": {"kvm": kvm}, "kit_resets": "snapshot", "molecule_place": {"kvm": kvm}}
    plays = [
        {"hosts": "kvm", "tasks": [{"ansible.builtin.set_fact": facts}] if facts else []},
        {"hosts": "localhost", "vars": variables, "tasks": [task]},
    ]
    whole = [{**each, "gather_facts": False, "connection": "local"} for each in plays]
    (folder / "play.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    done = ansible(folder, "ansible-playbook", "-i", "kvm,", "play.yml")
    return done.code == 0, " ".join((done.output + done.errors).split())


NOTE, WRITE, FINISH, REMOVE = (
    PLAYS[name]
    for name in (
        "Note where the guests are",
        "Write down how the guests are reached",
        "Finish",
        "Remove the files of the scenario",
    )
)


@pytest.mark.parametrize(
    ("play", "facts", "answered"),
    [
        (NOTE, {}, False),
        (NOTE, {"molecule_removed": True}, True),
        (WRITE, {}, False),
        (WRITE, {"molecule_made": AWAY}, False),
        (WRITE, {"molecule_made": {"addresses": {}}}, True),
        (FINISH, {}, False),
        (FINISH, {"molecule_kept": AWAY}, False),
        (FINISH, {"molecule_kept": {"changed": True}}, True),
        (FINISH, {"molecule_kept": {"skipped": True}}, True),
        (FOUND, {"molecule_there": AWAY}, False),
        (FOUND, {"molecule_there": {"undeclared": []}}, True),
        (REMOVE, {}, False),
        (REMOVE, {"molecule_removed": True}, True),
    ],
    ids=lambda value: value.get("name") if isinstance(value, dict) else None,
)
def test_a_step_goes_on_only_where_the_host_has_answered(
    tmp_path: Path, play: dict[str, Any], facts: dict[str, Any], answered: bool
) -> None:
    found, said = goes_on(tmp_path, play, facts, "make")
    assert found is answered, said
    assert ("the KVM host root@kvm01 does not answer, see above, so " in said) is not answered


@pytest.mark.parametrize("play", [NOTE, FINISH], ids=lambda play: play["name"])
@pytest.mark.parametrize("does", ["revert", "nothing"])
def test_where_nothing_is_made_nothing_is_asked(tmp_path: Path, play: dict[str, Any], does: str) -> None:
    found, said = goes_on(tmp_path, play, {}, does)
    assert found, said


def test_it_is_asked_before_anything_is_noted() -> None:
    """Each play on this machine that writes or removes a file after one on the KVM host."""
    writing = ("ansible.builtin.copy", "ansible.builtin.file")
    for play in (NOTE, FINISH, REMOVE, FOUND):
        names = ["asks" if asks(task) else "writes" if set(writing) & set(task) else "" for task in play["tasks"]]
        assert "writes" in names
        assert names.index("asks") < names.index("writes")
    last = yaml.safe_load((TASKS / "remove.yml").read_text(encoding="utf-8"))[-1]
    assert re.fullmatch("Note that all .*", last["name"])
    assert last["ansible.builtin.set_fact"] == {"molecule_removed": True}

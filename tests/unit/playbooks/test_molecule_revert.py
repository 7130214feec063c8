# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of molecule that put guests back do no more than that takes, and use no connection of before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

PLAYS = yaml.safe_load((ROOT / "playbooks/parts/molecule.yml").read_text(encoding="utf-8"))


def play(name: str) -> dict[str, Any]:
    (found,) = (one for one in PLAYS if one["name"] == name)
    return dict(found)


def tasks_of(name: str) -> list[dict[str, Any]]:
    """The tasks of a file of the kit."""
    return list(yaml.safe_load((ROOT / f"playbooks/tasks/molecule/{name}.yml").read_text(encoding="utf-8")))


def tried(folder: Path, plays: list[dict[str, Any]], does: str) -> str:
    """What a run prints in which ``molecule_does`` is set, and the only host is the guest web."""
    hosts = {"web": {}, "gone": {}}
    kit = {"guests": [{"name": "web"}]}
    first = {"ansible.builtin.set_fact": {"molecule_does": does, "molecule_kit": kit}}
    inventory = {"all": {"hosts": {"localhost": {}}, "children": {"molecule": {"hosts": hosts}}}}
    whole = [{"hosts": "localhost", "gather_facts": False, "tasks": [first]}, *plays]
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (folder / "play.yml").write_text(
        yaml.safe_dump([{**one, "connection": "local"} for one in whole]), encoding="utf-8"
    )
    done = ansible(folder, "ansible-playbook", "-vv", "-i", "hosts.yml", "play.yml")
    assert done.code == 0, done.output + done.errors
    return done.output


@pytest.mark.parametrize(("does", "closed"), [("revert", True), ("make", False), ("nothing", False)])
def test_only_guests_that_are_put_back_lose_their_connections(tmp_path: Path, does: str, closed: bool) -> None:
    one = play("Close the connections to the guests")
    one["tasks"] = [*one["tasks"], {"name": "Show that it went on", "ansible.builtin.debug": {"msg": "closed"}}]
    said = tried(tmp_path, [one], does)
    assert ("ok: [web]" in said) is closed
    assert "ok: [gone]" not in said


def test_connections_are_closed_before_guests_are_put_back() -> None:
    """Afterwards, they would hang. There would be time to use one, if the step was broken off in between."""
    names = [one["name"] for one in PLAYS]
    assert names.index("Close the connections to the guests") < names.index("Make the guests, or put them back")
    last = play("Close the connections to the guests")["tasks"][-1]
    assert last["ansible.builtin.meta"] == "reset_connection"
    # Ansible takes no notice of it there.
    assert "when" not in last


@pytest.mark.parametrize(("does", "written"), [("revert", False), ("make", True), ("nothing", False)])
def test_only_guests_that_were_made_are_written_down(tmp_path: Path, does: str, written: bool) -> None:
    """The inventory has the others, and each file that is written takes as long as Python takes to start, twice."""
    one = play("Write down how the guests are reached")
    assert one["tasks"][-1]["ansible.builtin.import_tasks"].endswith("/write.yml")
    own = [task for task in one["tasks"] if "ansible.builtin.import_tasks" not in task]
    one["tasks"] = [*own, {"name": "Write", "ansible.builtin.debug": {"msg": "written"}}]
    assert ('"msg": "written"' in tried(tmp_path, [one], does)) is written


def test_nobody_waits_for_guests_that_have_booted() -> None:
    waiting = [task for task in tasks_of("wait") if "ansible.builtin.wait_for" in task]
    assert [task["when"] for task in waiting] == ["does == 'make'"]
    raw = [task for task in tasks_of("wait") if "ansible.builtin.raw" in task]
    assert [task["vars"]["ansible_ssh_retries"] for task in raw] == [10, 10]


def test_what_is_not_there_is_not_removed() -> None:
    (task,) = (one for one in tasks_of("begin") if one["name"] == "Note that the guests are used from now on")
    assert "molecule_place.fresh is exists" in task["when"]


STEPS = ("create", "prepare", "cleanup")


def decided(folder: Path, files: dict[str, bool], **more: Any) -> dict[str, str]:
    """What each step decides to do, or why it fails.

    :param files: which of the files ``fresh`` and ``removing`` are there
    :param more: other parts of what was noted, and variables of the scenario
    """
    for name, there in files.items():
        (folder / name).unlink(missing_ok=True)
        if there:
            (folder / name).touch()
    place = {
        "made": more.pop("made", ["web-1"]),
        "worker": more.pop("worker", False),
        **{name: str(folder / name) for name in ("fresh", "removing")},
    }
    tasks = [task for task in tasks_of("begin") if task["name"].startswith(("Check that", "Decide"))]
    show = {"ansible.builtin.debug": {"msg": "{{ molecule_step }}: {{ molecule_does }}."}}
    refused = {"ansible.builtin.debug": {"msg": "{{ molecule_step }}: {{ ansible_failed_result.msg }}."}}
    whole = [
        {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"molecule_place": place, "molecule_step": step, **more},
            "tasks": [{"block": [*tasks, show], "rescue": [refused]}],
        }
        for step in STEPS
    ]
    (folder / "play.yml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    done = ansible(folder, "ansible-playbook", "-i", "localhost,", "play.yml")
    assert done.code == 0, done.output + done.errors
    found = re.findall(r'"msg": "(create|prepare|cleanup): ([^"]*)\."', done.output)
    return dict(found)


def test_what_each_step_does(tmp_path: Path) -> None:
    none = {"fresh": False, "removing": False}
    assert decided(tmp_path, none) == {"create": "make", "prepare": "revert", "cleanup": "revert"}
    assert decided(tmp_path, none, molecule_reset="recreate") == dict.fromkeys(STEPS, "make")
    assert decided(tmp_path, none, worker=True) == {"create": "make", "prepare": "nothing", "cleanup": "nothing"}
    assert decided(tmp_path, {**none, "fresh": True}) == {"create": "make", "prepare": "nothing", "cleanup": "revert"}
    without = decided(tmp_path, none, made=[])
    assert (without["create"], without["cleanup"]) == ("make", "nothing")
    assert "has no guests: create has not made any" in without["prepare"]


def test_guests_that_a_destroy_has_begun_to_remove_are_not_put_back(tmp_path: Path) -> None:
    """molecule runs cleanup before destroy, and would never get to it."""
    for reset in ("snapshot", "recreate"):
        found = decided(tmp_path, {"fresh": False, "removing": True}, molecule_reset=reset)
        assert (found["create"], found["cleanup"]) == ("make", "nothing")
        assert "were being removed by a destroy that was broken off. Run molecule destroy" in found["prepare"]


@pytest.mark.parametrize(
    ("step", "there", "back"),
    [
        ("prepare", None, ["web", "db"]),
        ("cleanup", ["web-1", "db-1", "other"], ["web", "db"]),
        ("cleanup", ["db-1"], ["db"]),
        ("cleanup", [], []),
    ],
)
def test_only_prepare_insists_on_each_guest(
    tmp_path: Path, step: str, there: list[str] | None, back: list[str]
) -> None:
    """A guest that somebody has removed must not keep destroy, before which cleanup runs, from the others."""
    look, put = tasks_of("revert")
    assert look["when"] == "molecule_step == 'cleanup'"
    assert look["virtfleet.kvm.domains"] == {"uri": "{{ kit.uri }}", "config": [], "owner": "{{ kit.mark }}"}
    guests = [{"domain": f"{name}-1", "snapshot": {"name": "clean", "domain": name}} for name in ("web", "db")]
    shown = {"vars": put["vars"], "ansible.builtin.debug": {"msg": put["virtfleet.kvm.snapshots"]["config"]}}
    found = {"skipped": True} if there is None else {"undeclared": there}
    variables = {"molecule_step": step, "kit": {"guests": guests}, "molecule_there": found}
    whole = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables, "tasks": [shown]}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([whole]), encoding="utf-8")
    done = ansible(tmp_path, "ansible-playbook", "-i", "localhost,", "play.yml")
    assert done.code == 0, done.output + done.errors
    assert re.findall(r'"domain": "([a-z]+)"', done.output) == back

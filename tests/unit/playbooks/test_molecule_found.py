# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step destroy of molecule removes nothing, and forgets nothing, where the guests that were made are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

TASKS = ROOT / "playbooks/tasks/molecule/found.yml"
DESTROY = ROOT / "playbooks/molecule_destroy.yml"


def destroy(folder: Path, made: list[str], there: list[str] | None, answers: bool = True) -> tuple[int, str]:
    """Run the check of destroy for guests that are in the files, and some that the host has.

    :param there: None for a host without libvirt
    :param answers: whether the host can be reached
    """
    own = folder / "kvm"
    own.mkdir(exist_ok=True)
    place: dict[str, Any] = {
        "inventory": "/e/inventory/molecule_guests.yml",
        "made": [{"domain": name} for name in made],
        "removing": str(own / "guests_are_being_removed"),
        "own": str(own),
        "mark": "molecule/role/1",
        "kvm": {"name": "molecule-kvm", "wanted": "root@kvm01"},
        "uri": "qemu:///session",
    }
    found: dict[str, Any] = {"unreachable": True} if not answers else {} if there is None else {"undeclared": there}
    plays = [
        {"hosts": "molecule-kvm", "tasks": [{"ansible.builtin.set_fact": {"molecule_there": found}}]},
        {"hosts": "localhost", "vars": {"molecule_place": place}, "tasks": [{"import_tasks": str(TASKS)}]},
    ]
    for one in plays:
        one.update(gather_facts=False, connection="local")
    (folder / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    done = ansible(folder, "ansible-playbook", "-i", "molecule-kvm,", str(folder / "play.yml"))
    return done.code, done.output + done.errors


def noted(folder: Path) -> bool:
    return (folder / "kvm/guests_are_being_removed").exists()


@pytest.mark.parametrize("there", [[], ["mine"], None], ids=["empty", "others", "no libvirt"])
def test_guests_that_are_somewhere_else(tmp_path: Path, there: list[str] | None) -> None:
    code, said = destroy(tmp_path, ["web-1", "db-1"], there)
    assert code != 0, said
    words = " ".join(said.split())
    assert "none of the guests in /e/inventory/molecule_guests.yml (web-1, db-1) is on root@kvm01" in words
    assert "with the label molecule/role/1" in words
    assert "Look for them with 'virsh -c qemu:///session list --all'" in words
    assert not noted(tmp_path)


@pytest.mark.parametrize("made", [["web-1"], []], ids=["made", "broken off before any was made"])
def test_a_host_that_does_not_answer(tmp_path: Path, made: list[str]) -> None:
    """Ansible goes on with the next play: the files, by which the guests are found again, must stay."""
    code, said = destroy(tmp_path, made, None, answers=False)
    assert code != 0, said
    assert "the KVM host root@kvm01 does not answer, see above, so nothing was removed" in " ".join(said.split())
    assert not noted(tmp_path)


def test_guests_that_are_there(tmp_path: Path) -> None:
    """One that somebody has removed does not keep the others; nor does a destroy that was broken off."""
    code, said = destroy(tmp_path, ["web-1", "db-1"], ["db-1"])
    assert code == 0, said
    assert noted(tmp_path)
    code, said = destroy(tmp_path, ["web-1", "db-1"], [])
    assert code == 0, said


def test_a_create_that_was_broken_off_has_named_none(tmp_path: Path) -> None:
    code, said = destroy(tmp_path, [], ["web-1"])
    assert code == 0, said
    assert not noted(tmp_path)


def test_destroy_looks_before_it_removes() -> None:
    plays = yaml.safe_load(DESTROY.read_text(encoding="utf-8"))
    tasks = [task for play in plays for task in play["tasks"]]
    order = [task.get("register") or task.get("ansible.builtin.import_tasks", "").rpartition("/")[2] for task in tasks]
    there, found, removed = (order.index(one) for one in ("molecule_there", "found.yml", "remove.yml"))
    assert there < found < removed
    assert not tasks[there]["virtfleet.kvm.domains"].get("purge")
    assert all(play["any_errors_fatal"] for play in plays[:-1])

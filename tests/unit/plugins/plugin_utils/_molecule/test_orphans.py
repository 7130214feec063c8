# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step that was broken off has left running is found and ended, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import orphans as molecule_orphans
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.orphans import (
    ending,
    is_worker,
    orphans,
    process_of,
)

FOLDER = "/home/kim/.ansible/tmp/molecule.x.default"
PLAYBOOK = f"/usr/bin/python3 /usr/bin/ansible-playbook --inventory {FOLDER}/inventory /home/kim/role/create.yml"


def write(proc: Path, pid: int, parent: int, command: str, folder: str = FOLDER, **more: t.Any) -> None:
    """A process as proc(5) shows it."""
    path = proc / str(pid)
    path.mkdir()
    filler = "0 " * 15
    (path / "stat").write_text(f"{pid} (a) b (c) S {parent} {pid} {pid} {filler}7{pid} 0", encoding="utf-8")
    (path / "status").write_text(f"Name:\ta\nUid:\t{more.get('user', os.getuid())}\t0\t0\t0\n", encoding="utf-8")
    (path / "cmdline").write_text(command.replace(" ", "\0") + "\0", encoding="utf-8")
    (path / "environ").write_text(f"HOME=/root\0MOLECULE_EPHEMERAL_DIRECTORY={folder}\0", encoding="utf-8")
    space(path, more.get("space", "1"))


def space(path: Path, number: str) -> None:
    (path / "ns").mkdir(parents=True)
    (path / "ns/pid").symlink_to(f"pid:[{number}]")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    space(tmp_path / "self", "1")
    write(tmp_path, 1, 0, "/sbin/init", "")
    return tmp_path


def test_a_worker_and_its_ssh(proc: Path) -> None:
    write(proc, 10, 1, PLAYBOOK)
    write(proc, 11, 10, "ssh kvm01")
    write(proc, 12, 1, "ssh: master of connections")
    write(proc, 13, 1, PLAYBOOK.replace(FOLDER, f"{FOLDER}2"), f"{FOLDER}2")
    # This run, with another worker of it.
    write(proc, 20, 1, "molecule destroy")
    write(proc, 21, 20, PLAYBOOK)
    write(proc, 22, 21, PLAYBOOK)
    write(proc, 23, 21, PLAYBOOK)
    write(proc, 24, 23, "ssh kvm01")
    assert orphans(FOLDER, proc, 22) == ["10:710", "11:711"]
    assert orphans(FOLDER, proc, 21) == ["10:710", "11:711"]
    assert orphans(f"{FOLDER}2", proc, 22) == ["13:713"]


@pytest.mark.parametrize(
    "command",
    [
        PLAYBOOK,
        PLAYBOOK.replace("python3 ", "python3.13 -sP "),
        PLAYBOOK.replace("--inventory ", "--inventory="),
        PLAYBOOK.partition(" ")[2],
    ],
)
def test_the_words_of_a_step(proc: Path, command: str) -> None:
    write(proc, 10, 1, command)
    assert orphans(FOLDER, proc, 0) == ["10:710"]


@pytest.mark.parametrize(
    "command",
    [
        "vi ansible.cfg",
        "tail -f ansible-playbook.log",
        f"tail -f ansible-playbook --inventory {FOLDER}/inventory",
        "bash -c ansible-playbook",
        # What somebody runs in a terminal in which the variable is exported.
        "/usr/bin/python3 /usr/bin/ansible-playbook site.yml",
        "/usr/bin/python3 /usr/bin/ansible-playbook --inventory hosts.yml site.yml",
        f"/usr/bin/python3 /usr/bin/ansible-playbook -i hosts.yml {FOLDER}/inventory",
        f"{PLAYBOOK.replace(FOLDER, FOLDER + '2')}",
    ],
)
def test_what_is_no_step_of_the_scenario(proc: Path, command: str) -> None:
    write(proc, 10, 1, command)
    write(proc, 11, 10, "ssh kvm01")
    assert orphans(FOLDER, proc, 0) == []


@pytest.mark.parametrize("whose", [{"user": os.getuid() + 1}, {"space": "2"}], ids=["user", "container"])
def test_what_is_of_somebody_else(proc: Path, whose: dict[str, t.Any]) -> None:
    write(proc, 10, 1, PLAYBOOK, **whose)
    write(proc, 11, 1, PLAYBOOK)
    write(proc, 12, 11, "ssh kvm01", **whose)
    assert orphans(FOLDER, proc, 0) == ["11:711"]


def test_of_the_children_only_ssh_goes(proc: Path) -> None:
    write(proc, 10, 1, PLAYBOOK)
    write(proc, 11, 10, "/usr/bin/ssh kvm01")
    write(proc, 12, 10, "tail -f ssh")
    write(proc, 13, 11, "ssh below")
    assert orphans(FOLDER, proc, 0) == ["10:710", "11:711"]


def test_a_process_that_has_just_ended(proc: Path) -> None:
    (proc / "10").mkdir()
    assert orphans(FOLDER, proc, 0) == []


def test_a_system_without_proc(tmp_path: Path) -> None:
    assert orphans(FOLDER, tmp_path / "proc", 1) == []


def test_no_command_ends_nothing() -> None:
    assert ending([]) == []


@pytest.fixture
def step(tmp_path: Path) -> t.Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real process with the words and the environment of a step."""
    folder = str(tmp_path / "scenario")
    program = tmp_path / "ansible-playbook"
    program.write_text("import time\nprint(flush=True)\ntime.sleep(60)\n", encoding="utf-8")
    command = [sys.executable, str(program), "--inventory", f"{folder}/inventory", "create.yml"]
    environment = {**os.environ, "MOLECULE_EPHEMERAL_DIRECTORY": folder}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as begun:
        try:
            assert begun.stdout
            begun.stdout.readline()
            yield folder, begun
        finally:
            begun.kill()


@pytest.mark.parametrize("with_handles", [True, False])
def test_a_real_one(
    step: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, with_handles: bool
) -> None:
    """It is ended if it is the same one still, and not if another has got its number."""
    folder, begun = step
    # Seen from elsewhere: what this process has started is its own.
    (told,) = orphans(folder, me=0)
    assert told.partition(":")[0] == str(begun.pid)
    assert orphans(folder) == []
    if not with_handles:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    molecule_orphans.end(f"{begun.pid}:1")
    assert begun.poll() is None
    molecule_orphans.end(told)
    assert begun.wait(30) == -9
    molecule_orphans.end(told)
    assert orphans(folder, me=0) == []


def test_the_command_that_ends_it(step: tuple[str, subprocess.Popen[bytes]]) -> None:
    folder, begun = step
    subprocess.run(ending([f"{begun.pid}:1"]), check=True)
    assert begun.poll() is None
    subprocess.run(ending(orphans(folder, me=0)), check=True)
    assert begun.wait(30) == -9
    assert process_of(Path(f"/proc/{begun.pid}")) is None


@pytest.mark.parametrize(
    ("command", "several"),
    [
        ("/usr/bin/python3 /usr/bin/molecule test --all --workers 2", True),
        ("/usr/bin/molecule -v test --workers=cpus", True),
        ("python3 -m molecule test --all --workers 2", True),
        ("/usr/bin/molecule test --workers 1", False),
        ("/usr/bin/molecule test --all", False),
        ("make test --workers 2", False),
    ],
)
def test_scenarios_at_the_same_time(proc: Path, command: str, several: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if molecule is to be verbose, which its workers are then, too."""
    monkeypatch.delenv("MOLECULE_QUIET_ANSIBLE", raising=False)
    write(proc, 20, 1, command)
    write(proc, 21, 20, "python3 -c spawn")
    write(proc, 22, 21, PLAYBOOK)
    assert is_worker(proc, 22) is several
    monkeypatch.setenv("MOLECULE_QUIET_ANSIBLE", "1")
    assert is_worker(proc, 22)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step that was broken off has left running is found, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule_orphans import orphans

FOLDER = "/home/kim/.ansible/tmp/molecule.x.default"
PLAYBOOK = "/usr/bin/python3 /usr/bin/ansible-playbook create.yml"


def write(proc: Path, pid: int, parent: int, command: str, folder: str = FOLDER) -> None:
    """A process as proc(5) shows it."""
    path = proc / str(pid)
    path.mkdir()
    (path / "stat").write_text(f"{pid} (a) b (c) S {parent} {pid} {pid} 0", encoding="utf-8")
    (path / "cmdline").write_text(command.replace(" ", "\0"), encoding="utf-8")
    (path / "environ").write_text(f"HOME=/root\0MOLECULE_EPHEMERAL_DIRECTORY={folder}\0", encoding="utf-8")


def test_a_worker_and_its_ssh(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    write(tmp_path, 1, 0, "/sbin/init", "")
    write(tmp_path, 10, 1, PLAYBOOK)
    write(tmp_path, 11, 10, "ssh kvm01")
    write(tmp_path, 12, 1, "ssh: master of connections")
    write(tmp_path, 13, 1, PLAYBOOK, f"{FOLDER}2")
    write(tmp_path, 14, 1, "vi ansible.cfg")
    # This run, with another worker of it.
    write(tmp_path, 20, 1, "molecule destroy")
    write(tmp_path, 21, 20, PLAYBOOK)
    write(tmp_path, 22, 21, PLAYBOOK)
    write(tmp_path, 23, 21, PLAYBOOK)
    write(tmp_path, 24, 23, "ssh kvm01")
    assert orphans(FOLDER, tmp_path, 22) == [10, 11]
    assert orphans(FOLDER, tmp_path, 21) == [10, 11]
    assert orphans(f"{FOLDER}2", tmp_path, 22) == [13]


def test_a_process_that_has_just_ended(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    assert orphans(FOLDER, tmp_path, 1) == []


def test_a_real_one() -> None:
    """It is told by its name and its environment."""
    folder = f"/nowhere/{os.getpid()}"
    program = "import time, sys; print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", program, "ansible-playbook"]
    environment = {**os.environ, "MOLECULE_EPHEMERAL_DIRECTORY": folder}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as begun:
        try:
            assert begun.stdout
            begun.stdout.readline()
            # Seen from elsewhere: what this process has started is its own.
            assert orphans(folder, me=0) == [begun.pid]
            assert orphans(folder) == []
        finally:
            begun.kill()
    assert orphans(folder, me=0) == []

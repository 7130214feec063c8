# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of Ansible that an interrupted step of a scenario has left: they would make guests behind its back.

Since ansible-core 2.19, each task runs in a session of its own. So neither Ctrl-C nor the end of molecule always
reaches it.
"""

from __future__ import annotations

import os
import typing as t
from pathlib import Path


class Process(t.NamedTuple):
    """A process, by what /proc tells of it."""

    pid: int
    parent: int
    command: str


def orphans(folder: str, proc: Path = Path("/proc"), me: int | None = None) -> list[int]:
    """The processes of Ansible that work on the scenario of a folder, and the ssh that they have started.

    Without those of this very run.

    :param folder: molecule's ephemeral directory
    :param me: this process
    """
    found = {process.pid: process for process in map(process_of, numbers(proc)) if process is not None}
    mine = os.getpid() if me is None else me
    run = {top(mine, found)}
    wanted = f"MOLECULE_EPHEMERAL_DIRECTORY={folder}".encode(errors="surrogateescape")
    ansible = [
        process.pid
        for process in found.values()
        if "ansible-playbook" in process.command
        and not run & set(line(process.pid, found))
        and wanted in environment(proc / str(process.pid))
    ]
    below = [process.pid for process in found.values() if process.parent in ansible]
    return sorted({*ansible, *below})


def numbers(proc: Path) -> list[Path]:
    """The folders of all processes."""
    return [path for path in proc.iterdir() if path.name.isdigit()]


def process_of(path: Path) -> Process | None:
    """A process; None where it has ended."""
    try:
        status = (path / "stat").read_text(encoding="utf-8", errors="replace")
        command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    # proc(5): the name is in brackets, and may have any character.
    return Process(int(path.name), int(status.rpartition(")")[2].split()[1]), command)


def environment(path: Path) -> list[bytes]:
    """The variables of a process; none of one of another user."""
    try:
        return (path / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def line(pid: int, found: t.Mapping[int, Process]) -> list[int]:
    """A process and what it descends from, the nearest first."""
    ancestors = []
    while pid in found and pid not in ancestors:
        ancestors.append(pid)
        pid = found[pid].parent
    return ancestors


def top(pid: int, found: t.Mapping[int, Process]) -> int:
    """The first process of the run of Ansible that a process belongs to."""
    of_run = [one for one in line(pid, found) if "ansible-playbook" in found[one].command]
    return of_run[-1] if of_run else pid

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of Ansible that an interrupted step of a scenario has left: they would make guests behind its back.

Since ansible-core 2.19, each task runs in a session of its own. So neither Ctrl-C nor the end of molecule always
reaches it. Run as a program, this file ends such processes.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
import typing as t
from pathlib import Path

PROC = Path("/proc")


class Process(t.NamedTuple):
    """A process, by what /proc tells of it.

    :param began: when it began, by which it is told from a later one of the same number
    """

    pid: int
    parent: int
    began: str
    words: list[str]


def orphans(folder: str, proc: Path = PROC, me: int | None = None) -> list[str]:
    """The steps of molecule that work on the scenario of a folder, and the ssh that they have started.

    Each is told as its number and when it began, ``PID:TICKS``. Without those of this very run, of other users, and
    of other containers.

    :param folder: molecule's ephemeral directory
    :param me: this process
    """
    found = {process.pid: process for process in map(process_of, numbers(proc)) if process is not None}
    mine = os.getpid() if me is None else me
    run = {top(mine, found)}
    space = namespace(proc / "self")
    wanted = f"MOLECULE_EPHEMERAL_DIRECTORY={folder}".encode(errors="surrogateescape")

    def ends(process: Process) -> bool:
        path = proc / str(process.pid)
        return not run & set(line(process.pid, found)) and user(path) == os.getuid() and namespace(path) == space

    steps = [
        process
        for process in found.values()
        if is_step(process.words, folder) and ends(process) and wanted in environment(proc / str(process.pid))
    ]
    parents = {process.pid for process in steps}
    below = [
        process
        for process in found.values()
        if process.parent in parents and is_ssh(process.words) and ends(process) and process not in steps
    ]
    return [f"{process.pid}:{process.began}" for process in sorted([*steps, *below])]


def is_worker(proc: Path = PROC, me: int | None = None) -> bool:
    """Whether molecule runs scenarios at the same time (``--workers``), of which this is one, on the same guests.

    It tells its workers to be quiet, but not if it is to be verbose. So its own command is looked at, too.

    :param me: this process
    """
    if os.environ.get("MOLECULE_QUIET_ANSIBLE") == "1":
        return True
    found = {process.pid: process for process in map(process_of, numbers(proc)) if process is not None}
    return any(has_workers(found[pid].words) for pid in line(os.getpid() if me is None else me, found))


def has_workers(words: t.Sequence[str]) -> bool:
    """Whether a command is molecule with several workers."""
    if "molecule" not in [os.path.basename(word) for word in words[:4]]:
        return False
    given = [later for word, later in itertools.pairwise(words) if word == "--workers"]
    given += [word.partition("=")[2] for word in words if word.startswith("--workers=")]
    return any(workers.strip() != "1" for workers in given)


def is_playbook(words: t.Sequence[str]) -> bool:
    """Whether a command is ansible-playbook, which Python runs."""
    name = os.path.basename(words[0]) if words else ""
    if re.fullmatch(r"python[0-9.]*", name):
        name = os.path.basename(next((word for word in words[1:] if not word.startswith("-")), ""))
    return name == "ansible-playbook"


def is_step(words: t.Sequence[str], folder: str) -> bool:
    """Whether a command is a step of molecule: ansible-playbook with the inventory that molecule hands to each."""
    inventory = os.path.join(folder, "inventory")
    given = "\0".join([*words, ""])
    return is_playbook(words) and any(f"\0--inventory{sign}{inventory}\0" in given for sign in "=\0")


def is_ssh(words: t.Sequence[str]) -> bool:
    """Whether a command is ssh. The master of shared connections is none: it has a title in place of its words."""
    return bool(words) and os.path.basename(words[0]) == "ssh"


def numbers(proc: Path) -> list[Path]:
    """The folders of all processes; none where the system has no such folders."""
    return [path for path in proc.iterdir() if path.name.isdigit()] if proc.is_dir() else []


def process_of(path: Path) -> Process | None:
    """A process; None where it has ended."""
    try:
        status = (path / "stat").read_text(encoding="utf-8", errors="replace")
        command = (path / "cmdline").read_bytes().decode(errors="surrogateescape")
    except OSError:
        return None
    # proc(5): the name is in brackets, and may have any character.
    fields = status.rpartition(")")[2].split()
    return Process(int(path.name), int(fields[1]), fields[19], command.rstrip("\0").split("\0"))


def user(path: Path) -> int | None:
    """The real user of a process; None where it has ended."""
    try:
        found = re.search(r"^Uid:\s+([0-9]+)", (path / "status").read_text(errors="replace"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None


def namespace(path: Path) -> str:
    """The namespace of numbers of processes that one is in, another for each container; empty if nobody may know."""
    try:
        return os.readlink(path / "ns/pid")
    except OSError:
        return ""


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
    of_run = [one for one in line(pid, found) if is_playbook(found[one].words)]
    return of_run[-1] if of_run else pid


def ending(left: t.Sequence[str]) -> list[str]:
    """The command that ends processes, if they are still the same; empty for none."""
    return [sys.executable, "-I", __file__, *left] if left else []


def end(process: str) -> None:
    """End a process, unless it has ended and another has its number."""
    pid, began = process.split(":")
    try:
        # From here on, the handle is of this process alone, whatever gets its number.
        handle = os.pidfd_open(int(pid)) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        return
    except OSError:
        handle = None
    try:
        found = process_of(PROC / pid)
        if found is None or found.began != began:
            return
        if handle is None:
            os.kill(int(pid), signal.SIGKILL)
        else:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        if handle is not None:
            os.close(handle)


if __name__ == "__main__":
    for one in sys.argv[1:]:
        end(one)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups: every process of a lab lives in the lab's own group, and is found by it.

A group is left by nothing that runs inside a host (the host sees its own group as the root),
so ending "what the lab started" needs no names and no guesses: it is one write to cgroup.kill.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from .machine import LabError

# Joins a group and becomes the command. A command whose group is gone must not run at all.
_JOIN = 'echo 0 > "$0" && exec "$@"'


def hierarchy() -> Path:
    """Return where the machine's cgroup2 hierarchy is mounted; raise LabError if nowhere."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _dash, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            return Path(before.split()[4])
    raise LabError(
        "No cgroup2 hierarchy is mounted; mount one with "
        "`mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified`."
    )


def lab_group(lab: str) -> Path:
    """Return the folder of the lab's own group (which need not exist)."""
    return hierarchy() / f"virtfleet-{lab}"


def joined(group: Path, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` as a member of `group`."""
    return ["sh", "-c", _JOIN, str(group / "cgroup.procs"), *command]


def join(group: Path) -> None:
    """Move this process, and so all its later children, into the group."""
    group.mkdir(parents=True, exist_ok=True)
    (group / "cgroup.procs").write_text(str(os.getpid()))


def populated(group: Path) -> bool:
    """Say whether any process lives in the group or below it."""
    try:
        return "populated 1" in (group / "cgroup.events").read_text()
    except OSError:
        return False


def remove(group: Path, timeout: float = 30) -> None:
    """End every process of the group and below, then remove it; do nothing if it is not there.

    Raises LabError when a process is still there after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while group.exists():
        try:
            (group / "cgroup.kill").write_text("1")
        except OSError:
            pass  # removed meanwhile, or a kernel without cgroup.kill: then the pids one by one
        for folder, _folders, _files in os.walk(group, topdown=False):
            _kill_members(Path(folder))
            try:
                os.rmdir(folder)
            except OSError:
                pass  # still has members or was removed meanwhile; the next round sees
        if group.exists():
            if time.monotonic() > deadline:
                raise LabError(f"Processes in {group} do not end; see its cgroup.procs files.")
            time.sleep(0.05)


def _kill_members(group: Path) -> None:
    """Send SIGKILL to the members of one group, itself excepted."""
    try:
        members = (group / "cgroup.procs").read_text().split()
    except OSError:
        return
    for member in members:
        # 0 is a process of another pid namespace above us: not ours to see or to end.
        if member != "0" and int(member) != os.getpid():
            try:
                os.kill(int(member), 9)
            except ProcessLookupError:
                pass

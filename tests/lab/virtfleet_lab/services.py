# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running programs of a lab: started detached, in the lab's group, output to a file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import cgroups
from .state import Lab


def start_service(lab: Lab, group: Path, name: str, command: Sequence[str]) -> None:
    """Start `command` as a member of `group`; its output goes to NAME.log in the lab's folder.

    It outlives this process and its terminal, and ends with the group.
    """
    with open(lab.run / f"{name}.log", "ab") as log:
        process = subprocess.Popen(
            cgroups.joined(group, command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    member = group / "cgroup.procs"
    while process.poll() is None and str(process.pid) not in member.read_text().split():
        time.sleep(0.005)  # until then "is it running?" would be answered wrongly

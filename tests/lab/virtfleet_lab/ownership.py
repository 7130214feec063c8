# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of the tests a lab belongs to: labs are the machine's, and two checkouts may be tested at the same time.

`runtests` says which run it is (env VIRTFLEET_LAB_RUN: its process, and when that began, as in /proc/PID/stat). A lab
that was brought up in a run is left alone by other runs as long as that one goes on. Who calls `lab` by hand may do
with any lab what he likes.
"""

from __future__ import annotations

import os
from pathlib import Path

from .machine import LabError
from .state import Lab, write_whole

VARIABLE = "VIRTFLEET_LAB_RUN"


def refuse_others(lab: Lab) -> None:
    """Raise LabError where this is a run of the tests, and the lab belongs to another one that goes on."""
    run, owner = os.environ.get(VARIABLE), owner_of(lab)
    if run and owner and owner != run and goes_on(owner):
        process = owner.partition(" ")[0]
        raise LabError(f"Lab {lab.name!r} belongs to another run of the tests, process {process}: wait for its end.")


def take(lab: Lab) -> None:
    """Note to which run of the tests the lab belongs; nothing where it was called by hand."""
    run = os.environ.get(VARIABLE)
    if run:
        write_whole(file_of(lab), run)


def owner_of(lab: Lab) -> str:
    """The run that brought the lab up; empty where nobody noted it."""
    try:
        return file_of(lab).read_text(encoding="utf-8")
    except OSError:
        return ""


def file_of(lab: Lab) -> Path:
    """Where that is noted."""
    return lab.run / "owner"


def goes_on(owner: str) -> bool:
    """Whether a run's process is still there, and no other one of the same number (proc(5), starttime)."""
    process, _space, began = owner.partition(" ")
    try:
        fields = Path(f"/proc/{int(process)}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (OSError, ValueError):
        return False
    return fields[19] == began

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long molecule takes to put a guest back to its snapshot, and to make it anew: one guest, emulated, cloud-init."""

from __future__ import annotations

import tempfile
import time
import typing as t
from pathlib import Path

from molecule_project import Project
from virtfleet_lab import cloud_guest
from virtfleet_lab.state import Lab

HOST = "kvm01"
WEB = {"name": "web", "image": "debian-13", "memory": "512MiB"}


def measure(lab: str, rounds: int, add: t.Callable[[str, int, dict[str, float]], None]) -> None:
    """Measure both by turns, on a host of a lab. Raises ValueError where a step fails."""
    cloud_guest.push(Lab(lab), Lab(lab).host(HOST))
    with tempfile.TemporaryDirectory(prefix="virtfleet-bench.") as folder:
        project = Project(Path(folder) / "web", Path(folder) / "home", lab)
        project.declare([WEB])
        try:
            for _round in range(rounds):
                project.set()
                # What is made anew has no snapshot.
                done(project, "destroy")
                done(project, "create")
                add("reset", 1, {"seconds": done(project, "prepare", "--force")})
                project.set(molecule_reset="recreate")
                add("recreate", 1, {"seconds": done(project, "prepare", "--force")})
        finally:
            project.run("destroy")


def done(project: Project, *words: str) -> float:
    """The seconds that a command of molecule takes, from its start to its end."""
    started = time.monotonic()
    code, said = project.run(*words)
    if code:
        raise ValueError(f"molecule {' '.join(words)}: {said[-4000:]}")
    return time.monotonic() - started

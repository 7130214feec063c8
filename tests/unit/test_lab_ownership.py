# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of a run of the tests is left alone by others as long as that run goes on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from virtfleet_lab import ownership
from virtfleet_lab.machine import LabError
from virtfleet_lab.state import Lab

BASH = """VIRTFLEET_LAB_RUN="$$ $(cut -d ' ' -f 22 /proc/$$/stat)"; printf '%s\\n' "$VIRTFLEET_LAB_RUN"; read -r _"""
"""What runtests says of itself, and then waits."""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab("owned")
    made.run = tmp_path
    return made


def test_a_lab_of_a_run_that_goes_on_is_left_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    ownership.refuse_others(lab)
    with subprocess.Popen(["bash", "-c", BASH], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        run = other.stdout.readline().strip()
        monkeypatch.setenv(ownership.VARIABLE, run)
        ownership.take(lab)
        ownership.refuse_others(lab)
        monkeypatch.setenv(ownership.VARIABLE, f"{os.getpid()} 1")
        with pytest.raises(LabError, match=f"belongs to another run of the tests, process {other.pid}"):
            ownership.refuse_others(lab)
        # By hand, anything goes.
        monkeypatch.delenv(ownership.VARIABLE)
        ownership.refuse_others(lab)
        other.communicate("\n")
    monkeypatch.setenv(ownership.VARIABLE, f"{os.getpid()} 1")
    ownership.refuse_others(lab)


@pytest.mark.parametrize("owner", ["", "x y", "1", "SELF 1", "999999999 5"])
def test_who_is_gone_owns_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch, owner: str) -> None:
    (lab.run / "owner").write_text(owner.replace("SELF", str(os.getpid())))
    monkeypatch.setenv(ownership.VARIABLE, "1 1")
    ownership.refuse_others(lab)

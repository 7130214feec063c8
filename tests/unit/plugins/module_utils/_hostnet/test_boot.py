# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot does with a trial, or a change that was kept, which a power cut or a soft-reboot broke off."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import boot, files, journal, network


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((0, "active\n", ""), True),
        ((3, "activating\n", ""), True),
        ((0, "deactivating\n", ""), True),
        ((0, "reloading\n", ""), True),
        ((3, "inactive\n", ""), False),
        ((3, "failed\n", ""), False),
        ((4, "", "cannot connect"), False),
        (OSError("no systemctl"), False),
        (subprocess.TimeoutExpired("systemctl", 10), False),
    ],
)
def test_the_unit_is_at_work_where_systemd_has_started_it(
    monkeypatch: pytest.MonkeyPatch, answer: Any, expected: bool
) -> None:
    def run(command: list[str], seconds: float) -> Any:
        assert command == ["systemctl", "is-active", "virtfleet-links.service"]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(network, "run", run)
    assert boot.is_at_work() is expected


class Booted:
    """What is done at a boot, and what is said of it.

    :param ended: what is left of a trial that is brought to its end
    """

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, state: str, is_open: bool, at_work: bool, ended: Any, kept: Any
    ) -> None:
        self.done: list[str] = []
        trial, last = folder / "trial", folder / "last"
        if is_open:
            trial.mkdir()
        (folder / "keep").write_text(json.dumps(kept))
        patch.setattr(files, "TRIAL", str(trial))
        patch.setattr(files, "LAST", str(last))
        patch.setattr(boot, "is_at_work", lambda: at_work)
        patch.setattr(journal, "undo", lambda: self.done.append("undo"))
        patch.setattr(journal, "path_of", lambda name: str(folder / name))
        patch.setattr(network.TrialNetwork, "call", lambda _self, command, *_more: self.done.append(" ".join(command)))

        def finish(generate: Any) -> Any:
            self.done.append("finish")
            generate()
            return ended

        patch.setattr(journal, "finish", finish)
        boot.boot(state)
        outcome = last / "outcome.json"
        self.said = json.loads(outcome.read_text()) if outcome.exists() else None
        self.mode = os.stat(last).st_mode & 0o777 if last.exists() else None


WHY = "the host was started anew"


@pytest.mark.parametrize(
    ("state", "is_open", "at_work", "ended", "kept", "done", "said"),
    [
        ("trying", True, True, None, {}, [], None),
        ("rolling-back", True, True, None, {}, [], None),
        ("rolling-back", True, False, None, {}, ["undo"], None),
        ("trying", True, False, ("t", "rolled-back", ""), {"netplan": True}, ["finish"], None),
        ("", False, False, ("", "", ""), {}, ["finish"], None),
        ("", False, True, ("", "", ""), {}, ["finish"], None),
        ("rolling-back", False, False, ("", "", ""), {}, ["finish"], None),
        (
            "",
            False,
            False,
            ("t", "confirmed", ""),
            {"netplan": True},
            ["finish", "netplan generate"],
            {"id": "t", "outcome": "confirmed", "reason": WHY, "restored": True, "log": []},
        ),
        (
            "",
            False,
            False,
            ("t", "rolled-back", "a file is lost"),
            {"netplan": False},
            ["finish"],
            {"id": "t", "outcome": "rolled-back", "reason": WHY, "restored": False, "log": ["a file is lost"]},
        ),
    ],
)
def test_a_boot_ends_what_was_broken_off(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    is_open: bool,
    at_work: bool,
    ended: Any,
    kept: Any,
    done: list[str],
    said: Any,
) -> None:
    found = Booted(tmp_path, monkeypatch, state, is_open, at_work, ended, kept)
    assert (found.done, found.said) == (done, said)
    assert found.mode == (None if said is None else 0o700)

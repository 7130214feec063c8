# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent on the host: one verdict, files whole or not at all, and everything back."""

from __future__ import annotations

import json
import pathlib
import subprocess
import threading
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import agent


class Host:
    """A trial in a folder, on a host whose commands do nothing but be written down."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root, self.trial = root, root / "trial"
        self.kept, self.tried, self.mask = root / "etc/kept.yaml", root / "run/kept.yaml", root / "run/gone.network"
        self.commands: list[list[str]] = []
        self.failing: str = ""
        self.kept.parent.mkdir()
        self.kept.write_text("old")

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        bad = bool(self.failing) and self.failing in " ".join(command)
        return subprocess.CompletedProcess(command, int(bad), "[]", "it broke" if bad else "")

    def begin(self, name: str = "one", **more: Any) -> None:
        self.trial.mkdir()
        state: dict[str, Any] = {
            "id": name,
            "trial": {str(self.tried): "new", str(self.mask): None},
            "keep": [{"path": str(self.kept), "text": "new", "mode": 0o600}],
            "netplan": True,
            "network_manager": False,
            "masters": {},
            "addresses": {},
            "ports": {},
            "generate": [["netplan", "generate"]],
            "apply": [["networkctl", "reload"]],
        }
        state.update({key: [] for key in ("commands", "undo", "new", "gone", "again", "reconfigure")})
        (self.trial / "state.json").write_text(json.dumps({**state, **more}))
        agent.arm(str(self.trial), name)

    def outcome(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "last/outcome.json").read_text()))


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)
    monkeypatch.setattr(agent, "LAST", str(tmp_path / "last"))
    monkeypatch.setattr(agent, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(agent.subprocess, "run", made.run)
    monkeypatch.setattr(agent.time, "sleep", lambda seconds: None)
    return made


def test_a_file_that_is_a_link_to_another_stays_one(tmp_path: pathlib.Path) -> None:
    (tmp_path / "real").mkdir()
    real, link, mask = tmp_path / "real/a.yaml", tmp_path / "a.yaml", tmp_path / "b.network"
    real.write_text("old")
    link.symlink_to("real/a.yaml")
    mask.symlink_to("/dev/null")
    agent.write(str(link), "new")
    agent.write(str(mask), "new")
    assert (real.read_text(), link.is_symlink()) == ("new", True)
    assert (mask.read_text(), mask.is_symlink()) == ("new", False)
    assert pathlib.Path("/dev/null").is_char_device()


def test_a_trial_is_tried_and_kept(host: Host) -> None:
    host.begin()
    agent.apply(str(host.trial))
    assert host.tried.read_text() == "new"
    assert host.tried.stat().st_mode & 0o777 == 0o644
    assert host.mask.readlink() == pathlib.Path("/dev/null")
    assert host.kept.read_text() == "old"
    assert agent.confirm(str(host.trial), "one")
    assert host.kept.read_text() == "new"
    assert host.kept.stat().st_mode & 0o777 == 0o600
    assert not host.tried.exists()
    assert not host.mask.is_symlink()
    assert host.outcome()["outcome"] == "confirmed"
    assert ["systemctl", "stop", "virtfleet-links-rollback.timer"] in host.commands


def test_a_trial_is_taken_back(host: Host) -> None:
    host.begin()
    agent.apply(str(host.trial))
    assert agent.rollback(str(host.trial), "one", "because")
    assert host.kept.read_text() == "old"
    assert not host.tried.exists()
    assert not host.mask.is_symlink()
    assert (host.outcome()["outcome"], host.outcome()["reason"]) == ("rolled-back", "because")
    assert not agent.confirm(str(host.trial), "one")


def test_what_fails_at_once_is_taken_back_at_once(host: Host) -> None:
    host.begin()
    host.failing = "networkctl reload"
    agent.apply(str(host.trial))
    assert "networkctl reload: it broke" in host.outcome()["reason"]
    assert not host.tried.exists()
    # networkd may have died, and is there again a moment later.
    assert host.commands.count(["networkctl", "reload"]) >= 3


def test_what_is_decided_is_not_tried(host: Host) -> None:
    host.begin()
    agent.decide(str(host.trial), "one", "rolled-back")
    agent.apply(str(host.trial))
    assert not host.tried.exists()


def test_a_confirmation_that_was_cut_short_is_brought_to_its_end_by_the_timer(host: Host) -> None:
    host.begin()
    agent.apply(str(host.trial))
    assert agent.decide(str(host.trial), "one", "confirmed")
    assert not agent.rollback(str(host.trial), "one", "timer")
    assert host.kept.read_text() == "new"
    assert host.outcome()["outcome"] == "confirmed"


def test_a_timer_of_an_earlier_trial_decides_nothing(host: Host) -> None:
    host.begin("two")
    assert not agent.rollback(str(host.trial), "one", "late")
    assert agent.confirm(str(host.trial), "two")
    assert host.kept.read_text() == "new"


def race(host: Host, name: str) -> dict[str, bool]:
    """Both verdicts at once: which of them was told that it counts."""
    start = threading.Barrier(2)
    said: dict[str, bool] = {}

    def confirm() -> None:
        start.wait()
        said["confirmed"] = agent.confirm(str(host.trial), name)

    def rollback() -> None:
        start.wait()
        said["rolled-back"] = agent.rollback(str(host.trial), name, "timer")

    threads = [threading.Thread(target=confirm), threading.Thread(target=rollback)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_two_verdicts_at_once_one_counts(host: Host) -> None:
    host.tried.parent.mkdir()
    for turn in range(200):
        host.kept.write_text("old")
        host.tried.write_text("new")
        host.begin(f"race{turn}")
        said = race(host, f"race{turn}")
        assert sorted(said.values()) == [False, True]
        winner = next(verdict for verdict, won in said.items() if won)
        assert host.outcome()["outcome"] == winner
        assert host.kept.read_text() == ("new" if winner == "confirmed" else "old")
        assert not host.tried.exists()


def test_units_that_come_out_the_same_are_the_same_files(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    units = host.root / "units"
    units.mkdir()
    for name in ("10-netplan-eno1.network", "10-netplan-eno2.network"):
        (units / name).write_text("old")
    before = {path.name: path.stat().st_ino for path in units.iterdir()}

    def netplan(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        for name, text in (("10-netplan-eno1.network", "old"), ("10-netplan-eno2.network", "new")):
            (units / name).unlink()
            (units / name).write_text(text)
        return subprocess.CompletedProcess(command, 0, "", "")

    host.trial.mkdir()
    monkeypatch.setattr(agent.subprocess, "run", netplan)
    assert agent.generate(str(host.trial), [["netplan", "generate"]], [])
    after = {path.name: path.stat().st_ino for path in units.iterdir()}
    assert after["10-netplan-eno1.network"] == before["10-netplan-eno1.network"]
    assert (units / "10-netplan-eno2.network").read_text() == "new"
    assert list(host.trial.iterdir()) == []

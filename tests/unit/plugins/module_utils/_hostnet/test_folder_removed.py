# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody removes /run/virtfleet while a change is tried, or freezes the unit that tries it."""

from __future__ import annotations

import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import transaction
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    files,
    guard,
    journal,
    network,
    trial_backup,
    unit,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.machine import NEW, OLD, Machine
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.test_protocol_model import check_next

SERVICE = "virtfleet-links.service"


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return make_host(tmp_path, monkeypatch)


def machine_of(monkeypatch: pytest.MonkeyPatch, **faults: Any) -> Machine:
    machine = Machine(monkeypatch, **faults)
    machine.begin()
    machine.live()
    return machine


@pytest.mark.parametrize("confirm", [True, False])
def test_the_folder_is_removed_at_every_step(monkeypatch: pytest.MonkeyPatch, confirm: bool) -> None:
    """Wholly the old network or wholly the new one, no unit that is started for ever, and the next change works."""
    found = set()
    for number in range(1, machine_of(monkeypatch, confirm=confirm).count + 1):
        machine = machine_of(monkeypatch, confirm=confirm, lost=number)
        outcome, kept = machine.outcome(), machine.kept()
        assert kept in (OLD, NEW)
        assert machine.network["10-netplan-eno1.network"] == ("eno1: new" if kept == NEW else "eno1: old"), number
        assert machine.effective() == machine.network
        assert machine.leftovers() == [], number
        found.add(outcome.get("outcome", ""))
        if outcome:
            assert kept == (NEW if outcome["outcome"] == "confirmed" else OLD)
        check_next(machine)
    assert "rolled-back" in found
    assert ("confirmed" in found) == confirm


@pytest.mark.parametrize("what", ["all", "state", "name"])
def test_a_trial_that_waits_is_taken_back_at_once(host: Host, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Long before the deadline, by the program that runs, from what it has in memory, with the disk's copy gone too."""

    def remove(seconds: float) -> None:
        if guard.state_of(str(host.trial)) == "applied":
            if what == "all":
                shutil.rmtree(host.trial)
                shutil.rmtree(trial_backup.place())
            elif what == "state":
                (host.trial / "state.json").unlink()
                (host.trial / "at.applied").unlink()
            else:
                (host.trial / "at.applied").unlink()

    monkeypatch.setattr(guard.time, "sleep", remove)
    host.begin()
    host.work()
    said = host.outcome()
    assert (said["outcome"], said["reason"]) == ("rolled-back", trial_backup.REASON)
    assert host.kept.read_text() == "old"
    assert not host.tried.exists()
    assert host.files() == ["etc/kept.yaml", "last/outcome.json"]


def test_the_unit_begins_wherever_a_copy_of_it_is_left(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd runs it, in a folder that stays."""
    base, disk = tmp_path / "run", tmp_path / "var"
    monkeypatch.setattr(files, "BASE", str(base))
    monkeypatch.setattr(journal, "DISK", str(disk))
    text = unit.texts(sys.executable)[files.UNIT]
    assert "\nWorkingDirectory=/\n" in text
    for folder in (base, disk):
        assert f"\nConditionPathExists=|{folder}/agent/guard.py\n" in text
        (folder / "agent").mkdir(parents=True)
        (folder / "agent/__init__.py").write_text("")
        (folder / "agent/guard.py").write_text(f"def main(words): print({folder.name!r}, words)")
    words = shlex.split(re.findall("^ExecStart=(.*)$", text, re.M)[0].removeprefix("+"))
    for left in ("run", "var"):
        assert subprocess.run(words, cwd="/", check=True, capture_output=True, text=True).stdout == f"{left} []\n"
        shutil.rmtree(tmp_path / left)


class Systemd:
    """A systemd whose unit does what it is told when it is started, and is in some state until then."""

    def __init__(self, active: str, restarts: int) -> None:
        self.active, self.restarts, self.calls = active, restarts, list[str]()

    def run(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        self.calls.append(" ".join(command[1:3]))
        if command[1] == "stop":
            self.active = "inactive"
        if command[1] == "start":
            shutil.rmtree(trial_backup.place())
        if command[1] == "show":
            return 0, f"NRestarts={self.restarts}\nDropInPaths=\n", ""
        return 0, self.active, ""


@pytest.mark.parametrize(("active", "restarts"), [("inactive", 0), ("activating", 9000), ("active", 0)])
@pytest.mark.parametrize("boot", ["now", "before"])
def test_the_next_run_has_it_ended(
    host: Host, monkeypatch: pytest.MonkeyPatch, active: str, restarts: int, boot: str
) -> None:
    systemd = Systemd(active, restarts)
    units = host.root / "units"
    for name, place in {"BASE": "base", "UNIT": "units/unit", "WANTS": "wants", "WANTED": "wants/unit"}.items():
        monkeypatch.setattr(files, name, str(host.root / place))
    monkeypatch.setattr(transaction, "ENDING", 0.2)
    monkeypatch.setattr(transaction, "boot_id", lambda: "now")
    monkeypatch.setattr(network, "run", systemd.run)
    pathlib.Path(trial_backup.place()).mkdir(parents=True)
    (pathlib.Path(trial_backup.place()) / "state.json").write_text(f'{{"id": "one-{boot}"}}')
    if boot == "now":
        with pytest.raises(VirtfleetError, match="another run ends a change"), transaction.alone(check=True):
            pass
        assert transaction.outcome("one-now") is None
    if active == "active":
        with pytest.raises(VirtfleetError, match="still works on an earlier change"), transaction.alone():
            pass
        return
    with transaction.alone():
        assert not pathlib.Path(trial_backup.place()).exists()
        assert not units.exists() or not list(units.iterdir())
    assert (f"start {SERVICE}" in systemd.calls) == (boot == "now")
    assert (f"stop {SERVICE}" in systemd.calls) == (restarts > 0)


@pytest.mark.parametrize("last", [True, False])
def test_what_became_of_it_is_not_made_up(host: Host, monkeypatch: pytest.MonkeyPatch, last: bool) -> None:
    monkeypatch.setattr(transaction, "boot_id", lambda: "now")
    if last:
        (host.root / "last").mkdir()
        (host.root / "last/outcome.json").write_text('{"id": "two-now"}')
    found = transaction.outcome("one-now")
    assert found is not None
    assert found["outcome"] == "unknown"
    assert ("the host has ended another one since" in found["reason"]) == last
    assert ("its note of that in /run/virtfleet was removed" in found["reason"]) != last


@pytest.mark.parametrize(("state", "killed"), [("frozen", True), ("freezing", True), ("running", False), ("", False)])
def test_a_frozen_unit_is_thawed_and_killed_and_nothing_else(tmp_path: pathlib.Path, state: str, killed: bool) -> None:
    """As systemd runs it: the watchdog of a frozen unit does not fire. What becomes of the trial the unit decides."""
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\n[ "$1" != show ] || echo FreezerState={state}\n')
    program.chmod(0o755)
    text = unit.texts("python3")[f"/run/systemd/system/{unit.THAW}.service"].replace("\\\n", " ")
    words = shlex.split(re.findall("^ExecStart=(.*)$", text, re.M)[0].removeprefix("+"))
    subprocess.run(words, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    calls = (tmp_path / "calls").read_text().splitlines()[1:]
    assert calls == ([f"thaw {SERVICE}", f"kill -s KILL {SERVICE}"] if killed else [])


def test_the_units_come_and_go_together(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "UNIT", str(tmp_path / "virtfleet-links.service"))
    monkeypatch.setattr(files, "WANTS", str(tmp_path / "wants"))
    monkeypatch.setattr(files, "WANTED", str(tmp_path / "wants/virtfleet-links.service"))
    for path, text in unit.texts("python3").items():
        pathlib.Path(path).write_text(text)
    assert f"\nWants={unit.THAW}.timer\n" in (tmp_path / "virtfleet-links.service").read_text()
    assert "\nStopWhenUnneeded=yes\n" in (tmp_path / f"{unit.THAW}.timer").read_text()
    assert len(list(tmp_path.iterdir())) == 3
    unit.remove()
    assert list(tmp_path.iterdir()) == []

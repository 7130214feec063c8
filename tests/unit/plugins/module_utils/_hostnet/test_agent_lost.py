# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent where what it needs is gone: it says so, and never that all is back."""

from __future__ import annotations

import functools
import pathlib
import re
import shlex
import subprocess

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    files,
    guard,
    journal,
    network,
    unit,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return make_host(tmp_path, monkeypatch)


@pytest.mark.parametrize("how", ["nothing", "hangs", "fails", "no JSON"])
def test_a_host_that_does_not_tell_its_devices_is_left_alone(
    host: Host, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A rollback goes by what was there before."""

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command[0] == "ip":
            if how == "hangs":
                raise subprocess.TimeoutExpired(command, seconds)
            return {"nothing": (0, "", ""), "fails": (1, '[{"ifname": "lo"}]', "no")}.get(how, (0, "?", ""))
        return host.run(command, seconds)

    monkeypatch.setattr(network, "run", run)
    host.begin()
    host.work()
    assert (host.outcome()["outcome"], host.outcome()["restored"]) == ("refused", True)
    assert "ip does not tell which devices the host has" in host.outcome()["reason"]
    assert not host.commands
    assert host.files() == ["etc/kept.yaml", "last/outcome.json"]


def test_ports_of_which_nothing_is_told_are_not_said_to_be_there(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(network, "clock", lambda: now[0])
    monkeypatch.setattr(network.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + 1))
    told = network.TrialNetwork({"ports": {"eno1": "br0", "eno9": "br0"}})
    host.devices = []
    assert not told.wait_for_ports()
    host.devices = [{"ifname": "eno1", "master": "br0"}]
    assert told.wait_for_ports()


@pytest.mark.parametrize(
    ("unit", "added", "done"),
    [("Bridge=br0", "", True), ("Address=10.60.0.2/24", "", False), ("LLDP=yes", "Bridge = br0", True)],
)
def test_a_port_is_forced_into_its_bridge_only_where_its_unit_says_so(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, unit: str, added: str, done: bool
) -> None:
    """After the next boot it would be none otherwise."""
    now = [0.0]
    monkeypatch.setattr(network, "clock", lambda: now[0])
    monkeypatch.setattr(network.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + 1))
    monkeypatch.setattr(network, "LINKS", str(tmp_path))
    (tmp_path / "10-eno1.network").write_text(f"[Match]\nName=eno1\n[Network]\n{unit}\n")
    (tmp_path / "more.conf").write_text(f"[Network]\n{added}\n")
    state = f"ADMIN_STATE=configured\nNETWORK_FILE={tmp_path}/10-eno1.network\n"
    (tmp_path / "2").write_text(state + (f'NETWORK_FILE_DROPINS="{tmp_path}/more.conf"\n' if added else ""))
    told = network.TrialNetwork({"ports": {"eno1": "br0"}})
    host.devices = [{"ifname": "eno1", "ifindex": 2}]
    assert not told.wait_for_ports()
    assert any("master" in command for command in host.commands) == done
    said = "eno1 did not become a port of br0"
    assert told.log[-1] == (said if done else f"{said}: networkd configures it by {tmp_path}/10-eno1.network")


@pytest.mark.parametrize(
    ("told", "done", "waits"),
    [
        ("NETWORK_FILE=/run/systemd/network/10-netplan-br0.network\n", True, False),
        ("NETWORK_FILE=/etc/systemd/network/05-all.network\n", False, True),
        # It has not taken one yet, or is not there any more.
        ("NETWORK_FILE=\n", True, True),
        ("", True, True),
        (None, True, True),
    ],
)
def test_a_link_that_another_unit_configures_is_not_confirmed(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, told: str | None, done: bool, waits: bool
) -> None:
    now = [0.0]
    monkeypatch.setattr(network, "clock", lambda: now[0])
    monkeypatch.setattr(network.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + 1))
    monkeypatch.setattr(network, "LINKS", str(tmp_path))
    if told is not None:
        (tmp_path / "5").write_text(f"ADMIN_STATE=configuring\n{told}")
    host.devices = [{"ifname": "br0", "ifindex": 5}]
    trial = network.TrialNetwork({"units": {"br0": "10-netplan-br0.network"}})
    assert trial.wait_for_units() == done
    assert (now[0] > 0) == waits
    said = "networkd configures br0 by /etc/systemd/network/05-all.network, and not by its own unit"
    assert any(said in line for line in trial.log) == (not done)


@pytest.mark.parametrize("gone", ["old", "new", "journal"])
def test_a_kept_file_that_is_gone_is_not_said_to_be_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """Somebody removes what stands beside the files while the second of two is put in its place."""
    other = host.root / "etc/other.yaml"
    other.write_text("old")
    keep = [{"path": str(path), "text": "new", "mode": 0o600} for path in (host.kept, other)]
    host.begin(keep=keep)
    worker = guard.Guard(str(host.trial))
    worker.prepare()
    (host.trial / "at.armed").rename(host.trial / "at.confirming")
    rename = journal.os.rename

    def breaking(old: str, new: str) -> None:
        rename(old, new)
        if new == str(host.kept) and old.endswith(".new"):
            monkeypatch.setattr(journal.os, "rename", rename)
            for path in host.kept.parent.glob(".virtfleet-*"):
                if path.suffix == f".{gone}" or (gone == "old" and path.name.endswith("1.new")):
                    path.unlink()
            if gone == "journal":
                (host.root / "var/keep.json").write_text("{")
            raise OSError(5, "Input/output error", new)

    monkeypatch.setattr(journal.os, "rename", breaking)
    worker.run()
    said = host.outcome()
    whole = (host.kept.read_text(), other.read_text()) == ("old", "old")
    assert said["outcome"] == "rolled-back"
    assert said["restored"] == whole == (gone == "new")
    # It is said once, with the file's name; the next run is not held up for ever.
    assert bool(said["log"]) == (gone != "new")
    assert journal.finish() == ("", "", "")


@pytest.mark.parametrize("gone", ["new", "old"])
def test_a_boot_that_finds_a_part_gone_says_so(host: Host, gone: str) -> None:
    """The power failed while the change was kept, and what stood beside its place is gone."""
    other = host.root / "etc/other.yaml"
    other.write_text("old")
    host.begin(keep=[{"path": str(path), "text": "new", "mode": 0o600} for path in (host.kept, other)])
    guard.Guard(str(host.trial)).prepare()
    (host.root / "var/trial.json").rename(host.root / "var/keep.json")
    first = next(host.kept.parent.glob(".virtfleet-*0.new"))
    first.rename(host.kept)
    for path in host.kept.parent.glob(".virtfleet-*"):
        if path.name.endswith((f"0.{gone}", "1.new")):
            path.unlink()
    files.remove_folder(files.TRIAL)
    guard.main(["boot"])
    said = host.outcome()
    assert (said["outcome"], said["restored"]) == ("rolled-back", gone == "new")
    assert (host.kept.read_text(), other.read_text()) == ("old" if gone == "new" else "new", "old")
    assert any(str(host.kept) in line for line in said["log"]) == (gone == "old")
    assert host.files() == ["etc/kept.yaml", "etc/other.yaml", "last/outcome.json"]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_unit_that_ends_before_its_trial_is_wanted_at_the_next_start(tmp_path: pathlib.Path, is_open: bool) -> None:
    """As systemd runs it after the unit, also at a soft-reboot."""
    lines = re.findall("^ExecStopPost=(.*)$", unit.texts("python3")[files.UNIT], re.M)
    assert len(lines) == 1
    places = [("/run/systemd", str(tmp_path)), (files.BASE, str(tmp_path))]
    words = [
        functools.reduce(lambda text, place: text.replace(*place), places, word)
        for word in shlex.split(lines[0].removeprefix("+"))
    ]
    if is_open:
        (tmp_path / "trial").mkdir()
    for _turn in range(2):
        subprocess.run(words, cwd=tmp_path, check=True)
    wanted = tmp_path / files.WANTED.removeprefix("/run/systemd/")
    assert wanted.is_symlink() == is_open
    assert not is_open or str(wanted.readlink()) == files.UNIT.replace("/run/systemd", str(tmp_path))


@pytest.mark.parametrize(("killed", "turns", "status"), [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 3, 1), (-1, 1, 0)])
def test_a_boot_unit_that_is_killed_begins_anew(tmp_path: pathlib.Path, killed: int, turns: int, status: int) -> None:
    """As systemd runs it. The last thing that it does is to remove itself; -1: it is killed right after that."""
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent/guard.py").write_text("")
    program = tmp_path / "python3"
    program.write_text(
        f"""#!/bin/sh
echo "$*" >> turns
[ $(wc -l < turns) -gt {killed} ] || kill -KILL $$
rm agent/guard.py
[ {killed} -ge 0 ] || kill -KILL $$
"""
    )
    program.chmod(0o755)
    text = journal.BOOT_UNIT.format(disk=tmp_path, python=program, turns=journal.TURNS)
    lines = re.findall("^ExecStart=(.*)$", text.replace("\\\n", " "), re.M)
    assert len(lines) == 1
    done = subprocess.run(shlex.split(lines[0].removeprefix("+")), cwd=tmp_path, check=False)
    assert done.returncode == status
    assert (tmp_path / "turns").read_text().splitlines() == ["-B -m agent.guard boot"] * turns


def test_what_an_administrator_takes_from_all_services_is_not_taken_from_ours() -> None:
    """Such as ProtectSystem=strict in service.d, which comes after what a unit says (systemd.service(5), "+")."""
    for text in (unit.SERVICE, unit.THAW_SERVICE, journal.BOOT_UNIT):
        lines = re.findall("^Exec[A-Za-z]+=(.*)$", text, re.M)
        assert lines
        assert all(line.startswith("+") for line in lines)

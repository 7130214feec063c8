# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent on real files: one verdict, files whole or not at all, and everything back."""

from __future__ import annotations

import json
import pathlib
import subprocess
import threading
import time

import fuzzing
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    files,
    guard,
    journal,
    network,
    restore_others,
    runtime,
    set_by_others,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return make_host(tmp_path, monkeypatch)


def test_a_file_that_is_a_link_to_another_stays_one(host: Host) -> None:
    real, link = host.root / "etc/real.yaml", host.root / "etc/link.yaml"
    real.write_text("old")
    link.symlink_to("real.yaml")
    host.begin(keep=[{"path": str(link), "text": "new", "mode": 0o600}])
    host.work()
    assert (real.read_text(), link.is_symlink()) == ("new", True)


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o644, None])
def test_a_file_keeps_its_rights(host: Host, mode: int | None) -> None:
    """A new one has those of the plan."""
    host.kept.unlink() if mode is None else host.kept.chmod(mode)
    host.begin()
    host.work()
    assert host.kept.read_text() == "new"
    assert host.kept.stat().st_mode & 0o7777 == (0o600 if mode is None else mode)


def test_a_mask_is_replaced_by_a_file(host: Host) -> None:
    mask = host.root / "etc/b.network"
    mask.symlink_to("/dev/null")
    host.begin(keep=[{"path": str(mask), "text": "new", "mode": 0o644}])
    host.work()
    assert (mask.read_text(), mask.is_symlink()) == ("new", False)
    assert pathlib.Path("/dev/null").is_char_device()


@pytest.mark.parametrize("before", [None, "link", "file"])
def test_what_adds_to_a_network_is_hidden_by_an_empty_file(tmp_path: pathlib.Path, before: str | None) -> None:
    """networkd of systemd 262 gives a network up where a file that adds to it is a link to /dev/null."""
    folder = tmp_path / "run/systemd/network"
    added = folder / "10-netplan-eno1.network.d/virtfleet-shim0.conf"
    unit = folder / "50-virtfleet-shim0.network"
    if before is not None:
        added.parent.mkdir(parents=True)
        added.symlink_to("/dev/null") if before == "link" else added.write_text("text")
    tried: dict[str, str | None] = {str(added): None, str(unit): None}
    runtime.put(tried)
    assert not added.is_symlink()
    assert added.is_file()
    assert added.read_bytes() == b""
    assert added.stat().st_mode & 0o777 == 0o644
    assert str(unit.readlink()) == "/dev/null"
    assert pathlib.Path("/dev/null").is_char_device()
    runtime.drop(tried)
    assert list(folder.iterdir()) == []


def test_a_trial_is_tried_and_kept(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.begin()
    seen: list[tuple[str, int, str, str]] = []

    def sleep(seconds: float) -> None:
        if guard.state_of(str(host.trial)) == "applied":
            mode = host.tried.stat().st_mode & 0o777
            seen.append((host.tried.read_text(), mode, str(host.mask.readlink()), host.kept.read_text()))
        host.sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", sleep)
    host.work()
    assert seen[0] == ("new", 0o644, "/dev/null", "old")
    assert host.kept.read_text() == "new"
    assert host.outcome()["outcome"] == "confirmed"
    assert host.files() == ["etc/kept.yaml", "last/outcome.json", "var/kept.json"]


def test_a_trial_is_taken_back(host: Host) -> None:
    host.asking = "give-up"
    host.begin()
    host.work()
    assert host.kept.read_text() == "old"
    assert (host.outcome()["outcome"], host.outcome()["reason"]) == ("rolled-back", "because")
    assert host.files() == ["etc/kept.yaml", "last/outcome.json"]


@pytest.mark.parametrize(
    ("gone", "restored"), [(("0",), True), (("0.again",), True), (("0", "0.again"), False), ((), False)]
)
def test_what_was_saved_and_is_gone_is_not_said_to_be_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, gone: tuple[str, ...], restored: bool
) -> None:
    """Each file has two saved names; without both netplan has to make it anew. No name: the list itself is gone."""
    unit = host.root / "units/10-netplan-eno1.network"
    unit.parent.mkdir()
    unit.write_text("old unit")
    host.asking = "give-up"
    host.begin()
    generated: list[str] = []

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command == ["netplan", "generate"]:
            generated.append(guard.state_of(str(host.trial)))
            unit.unlink(missing_ok=True)
            unit.write_text("new unit" if host.tried.exists() else "old unit")
        return host.run(command, seconds)

    def sleep(seconds: float) -> None:
        if guard.state_of(str(host.trial)) == "applied" and (host.trial / "ask.none").exists():
            for name in gone:
                (host.trial / "saved" / name).unlink()
            if not gone:
                (host.trial / "saved.json").unlink()
        host.sleep(seconds)

    monkeypatch.setattr(network, "run", run)
    monkeypatch.setattr(guard.time, "sleep", sleep)
    host.work()
    said = host.outcome()
    assert (said["outcome"], said["restored"]) == ("rolled-back", restored)
    assert generated == (["applying"] if restored else ["applying", "rolling-back"])
    assert any("what was saved of it is gone" in line for line in said["log"]) == (not restored)
    assert unit.read_text() == "old unit"
    assert not host.tried.exists()


def test_where_run_cannot_be_changed_the_kernel_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be decided; the host has its address all the same, and later it is decided."""
    monkeypatch.setattr(network.TrialNetwork, "wait_for_links", lambda self, names, seconds: False)  # br0 never comes.
    host.asking = "give-up"
    before = [{"ifname": "eno1", "mtu": 1500, "addr_info": [{"local": "192.0.2.10", "prefixlen": 24}]}]
    host.devices = before
    host.begin(addresses={"eno1": ["192.0.2.10/24"]}, new=["br0"])
    rename = files.os.rename

    def read_only(old: str, new: str) -> None:
        if new.endswith("at.rolling-back"):
            host.devices = [{"ifname": "eno1", "mtu": 1500, "addr_info": []}]
            raise OSError(30, "Read-only file system", new)
        rename(old, new)

    monkeypatch.setattr(files.os, "rename", read_only)
    with pytest.raises(OSError, match="Read-only"):
        host.work()
    assert ["ip", "address", "replace", "192.0.2.10/24", "dev", "eno1"] in host.commands
    host.devices = before
    monkeypatch.setattr(files.os, "rename", rename)
    host.work()
    assert host.outcome()["outcome"] == "rolled-back"
    assert not host.tried.exists()


@pytest.mark.parametrize("passes", [True, False])
def test_a_disk_that_cannot_be_written_for_a_while_is_tried_again(
    host: Host, monkeypatch: pytest.MonkeyPatch, passes: bool
) -> None:
    """Else a file of the change stays until the next run; what does not pass is said, and left to that."""
    host.asking = "give-up"
    host.begin()
    undo, tries = journal.undo, list[int]()

    def read_only() -> None:
        tries.append(1)
        if not passes or len(tries) < 4:
            raise OSError(30, "Read-only file system", "/etc/netplan")
        undo()

    monkeypatch.setattr(guard.journal, "undo", read_only)
    monkeypatch.setattr(guard, "PATIENCE", 5.0 if passes else 0.05)
    host.work()
    found = host.outcome()
    assert (found["outcome"], found["restored"]) == ("rolled-back", passes)
    assert len([line for line in found["log"] if "Read-only" in line]) == 1
    assert pathlib.Path(journal.path_of("trial")).exists() is not passes


def test_what_fails_at_once_is_taken_back_at_once(host: Host) -> None:
    host.begin()
    host.failing = "networkctl reload"
    host.work()
    assert "networkctl reload: it broke" in host.outcome()["reason"]
    assert not host.tried.exists()
    # networkd may have died, and is there again a moment later.
    assert host.commands.count(["networkctl", "reload"]) >= 3


@pytest.mark.parametrize("state", ["rolling-back", "confirming"])
def test_what_is_decided_is_not_tried(host: Host, state: str) -> None:
    host.begin()
    guard.Guard(str(host.trial)).prepare()
    (host.trial / "at.armed").rename(host.trial / f"at.{state}")
    host.work()
    assert ["netplan", "generate"] not in host.commands
    assert not host.tried.exists()
    assert host.kept.read_text() == ("new" if state == "confirming" else "old")


def test_a_change_is_not_kept_over_what_somebody_wrote_meanwhile(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.begin()

    def sleep(seconds: float) -> None:
        if guard.state_of(str(host.trial)) == "applied":
            host.kept.write_text("by hand")
        host.sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", sleep)
    host.work()
    assert host.kept.read_text() == "by hand"
    assert host.outcome()["outcome"] == "rolled-back"
    assert f"{host.kept} was changed by somebody else" in host.outcome()["reason"]


def test_what_cannot_be_prepared_is_refused(host: Host) -> None:
    host.begin(keep=[{"path": str(host.root / "etc/kept.yaml/inside"), "text": "new", "mode": 0o600}])
    host.work()
    assert host.outcome()["outcome"] == "refused"
    assert "etc/kept.yaml/inside" in host.outcome()["reason"] or "Not a directory" in host.outcome()["reason"]
    assert not host.commands
    assert host.files() == ["etc/kept.yaml", "last/outcome.json"]


def test_secrets_are_in_no_log(host: Host) -> None:
    host.failing = "netplan generate"
    host.begin(secrets=["it"])
    host.work()
    assert host.outcome()["reason"] == "netplan generate: *** broke"


def test_a_command_that_hangs_is_killed_with_what_it_started() -> None:
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        network.run(["sh", "-c", "sleep 60 & kill -STOP $$; sleep 60"], 0.3)
    assert time.monotonic() - started < 10


def test_what_cannot_be_killed_is_not_waited_for() -> None:
    """It has a session of its own, and keeps the pipe open, as a process that the kernel does not let go of does."""
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        network.run(["sh", "-c", "setsid sleep 30 & sleep 30"], 0.3)
    assert time.monotonic() - started < 15


def race(host: Host, name: str, seconds: float, late: float) -> None:
    """A confirmation, so much late, and the deadline at once, of a trial that is in force."""
    host.begin(name)
    worker = guard.Guard(str(host.trial))
    worker.prepare()
    worker.start()
    worker.state["deadline"] = network.clock() + seconds
    thread = threading.Thread(target=worker.run)
    thread.start()
    threading.Event().wait(late)
    try:
        guard.ask(str(host.trial), "confirm")
    except OSError:
        pass  # It is over.
    thread.join()


@pytest.mark.fuzz
def test_of_two_verdicts_at_once_one_counts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    pause = threading.Event()
    monkeypatch.setattr(guard.time, "sleep", lambda seconds: pause.wait(0.0005) and None)
    monkeypatch.setattr(files.os, "fsync", lambda descriptor: None)
    host.tried.parent.mkdir()
    seen = set()
    for turn in range(200 if fuzzing.is_thorough() else 60):
        host.kept.write_text("old")
        race(host, f"race{turn}", 0.0003 * (turn % 10) - 0.001, 0.0003 * (turn % 7))
        said = host.outcome()
        assert said["id"] == f"race{turn}"
        seen.add(said["outcome"])
        assert host.kept.read_text() == ("new" if said["outcome"] == "confirmed" else "old")
        assert not host.tried.exists()
    assert seen == {"confirmed", "rolled-back"}


def test_units_that_come_out_the_same_are_the_same_files(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    units = host.root / "units"
    units.mkdir()
    for name in ("10-netplan-eno1.network", "10-netplan-eno2.network"):
        (units / name).write_text("old")
    before = {path.name: path.stat().st_ino for path in units.iterdir()}
    during: dict[str, tuple[int, str]] = {}

    def netplan(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command[0] == "netplan":
            for name, text in (("10-netplan-eno1.network", "old"), ("10-netplan-eno2.network", "new")):
                (units / name).unlink()
                (units / name).write_text(text)
        elif command[0] == "networkctl" and not during:
            during.update({path.name: (path.stat().st_ino, path.read_text()) for path in units.iterdir()})
        return 0, json.dumps(host.devices), ""

    monkeypatch.setattr(network, "run", netplan)
    host.asking = "give-up"
    host.begin()
    host.work()
    assert during["10-netplan-eno1.network"] == (before["10-netplan-eno1.network"], "old")
    assert during["10-netplan-eno2.network"][1] == "new"
    # And a rollback brings back the very files.
    assert {path.name: path.stat().st_ino for path in units.iterdir()} == before


def test_paths_are_written_as_tmpfiles_reads_them() -> None:
    assert journal.quoted('/etc/a b*%"') == '"/etc/a b\\\\*%%\\""'


@pytest.mark.parametrize(("their", "restored"), [("theirs", False), ("", False), ("new", True), ("old", True)], ids=str)
def test_what_others_have_netplan_make_during_a_trial_is_not_said_to_be_in_force(
    host: Host, monkeypatch: pytest.MonkeyPatch, their: str, restored: bool
) -> None:
    """They edit netplan's files and apply them; the units of before come back, and that is told."""
    unit = host.root / "units/10-netplan-eno2.network"
    unit.parent.mkdir()
    unit.write_text("old")
    host.asking = "give-up"
    run, sleep = host.run, host.sleep

    def generate(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command == ["netplan", "generate"]:
            unit.unlink()
            unit.write_text("new")
        return run(command, seconds)

    def edited(seconds: float) -> None:
        if guard.state_of(str(host.trial)) == "applied" and (host.trial / "ask.none").exists():
            unit.unlink()
            if their:
                unit.write_text(their)
        sleep(seconds)

    monkeypatch.setattr(network, "run", generate)
    monkeypatch.setattr(guard.time, "sleep", edited)
    host.begin()
    host.work()
    assert unit.read_text() == "old"
    said = host.outcome()
    assert (said["outcome"], said["restored"]) == ("rolled-back", restored)
    assert any(f"{unit}: somebody else had netplan make it anew" in line for line in said["log"]) != restored


def test_what_the_kernel_has_lost_is_told_with_the_confirmation(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, ...]] = []

    class Lost:
        def __init__(self, folder: str, look: object, without: list[str] | None = None) -> None:
            made.append((*(without or ["all"]),))

        def run(self, end: float | None = None) -> list[str]:
            return ["ip rule add pref 500"]

    monkeypatch.setattr(restore_others, "GiveBack", Lost)
    lo = ["-4", "route", "replace", "local", "127.0.0.1", "dev", "lo", "proto", "kernel"]
    monkeypatch.setattr(set_by_others, "look", lambda: set_by_others.KernelState([], [lo], []))
    host.begin(configured=["eno1"], ports={"eno1": "br0"})
    host.devices = [{"ifname": "lo"}, {"ifname": "eno1", "master": "br0"}]
    host.work()
    assert host.outcome()["outcome"] == "confirmed"
    assert host.outcome()["lost"] == ["ip rule add pref 500"]
    # Once, for the devices that the plan has not told of: what is confirmed changes nothing.
    assert made == [("eno1",)]
    host.asking = "give-up"
    host.kept.write_text("old")
    host.begin("two")
    host.work()
    said = host.outcome()
    assert (said["outcome"], said["restored"], said["lost"]) == ("rolled-back", False, [])
    assert "not back: ip rule add pref 500" in said["log"]
    assert made[1:] == [("all",), ("all",)]


def test_a_file_that_goes_before_it_is_removed_is_gone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controller asks at the very moment at which the trial is over."""
    path = tmp_path / "ask.none"
    path.write_text("")

    def renamed(name: str) -> bool:
        path.rename(tmp_path / "ask.confirm")
        return True

    monkeypatch.setattr(files, "exists", renamed)
    files.unlink(str(path))
    assert [each.name for each in tmp_path.iterdir()] == ["ask.confirm"]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trial from each of its states to its end: what is asked for, how long is waited, and what is left of it."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    expected,
    files,
    guard,
    journal,
    network,
    restore_others,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return make_host(tmp_path, monkeypatch)


def test_the_state_of_a_trial_is_the_name_of_a_file(tmp_path: pathlib.Path) -> None:
    assert guard.state_of(str(tmp_path)) == ""
    assert guard.state_of(str(tmp_path / "nowhere")) == ""
    for name in ("ask.none", "at.applied", "state.json"):
        (tmp_path / name).touch()
    assert guard.state_of(str(tmp_path)) == "applied"


def test_a_verdict_is_asked_for_once_with_its_reason(host: Host) -> None:
    host.begin()
    folder = str(host.trial)
    assert host.trial.stat().st_mode & 0o777 == 0o700
    assert not guard.Guard(folder).asked("confirm")
    guard.ask(folder, "give-up", "because")
    asked = guard.Guard(folder)
    assert (asked.asked("confirm"), asked.asked("give-up"), asked.reason()) == (False, True, "because")
    with pytest.raises(OSError, match=r"ask\.none"):
        guard.ask(folder, "confirm")
    assert asked.asked("give-up")


@pytest.mark.parametrize(("lost", "told"), [(3, 3), (50, 50), (51, 50)])
def test_of_what_is_not_back_only_so_much_is_told_as_has_room(host: Host, lost: int, told: int) -> None:
    """Of the log the end is told."""
    host.begin()
    ending = guard.Guard(str(host.trial))
    ending.network.log = [f"{number} {'x' * 500}" for number in range(1000)]
    ending.end("rolled-back", "because", False, [f"ip {n}" for n in range(lost)], [f"a {n}" for n in range(lost)])
    found = host.outcome()
    assert (found["id"], found["outcome"], found["reason"], found["restored"]) == (
        "one",
        "rolled-back",
        "because",
        False,
    )
    assert found["lost"] == [f"ip {n}" for n in range(told)]
    assert found["missing"] == [f"a {n}" for n in range(told)]
    assert found["log"] == ending.network.log[-len(found["log"]) :]
    assert 50 < len(found["log"]) < 1000
    # The state, which can hold passwords, is not left.
    assert [path.name for path in (host.root / "last").iterdir()] == ["outcome.json"]
    assert not host.trial.exists()


@pytest.mark.parametrize(
    ("folder", "deadline", "asked", "outcome", "reason"),
    [
        ("armed", 60, "give-up", "refused", "the controller went away"),
        ("armed", -1, "", "refused", "the time was up before it began"),
        ("applied", 60, "give-up", "rolled-back", "the controller went away"),
        ("applied", 60, "give-up without a reason", "rolled-back", "it was given up"),
        ("applied", -1, "", "rolled-back", "nobody confirmed it within 30 s"),
        ("applied", 60, "confirm", "confirmed", ""),
        # A confirmation that came in time counts, however late it is seen.
        ("applied", -1, "confirm", "confirmed", ""),
        ("applying", 60, "", "rolled-back", "the program that put it into force was killed"),
        ("rolling-back", 60, "", "rolled-back", ""),
        ("confirming", 60, "", "confirmed", ""),
    ],
)
def test_a_trial_goes_on_from_each_of_its_states(
    host: Host, folder: str, deadline: float, asked: str, outcome: str, reason: str
) -> None:
    host.asking = ""
    host.begin(deadline=network.clock() + deadline)
    work = guard.Guard(str(host.trial))
    assert work.prepare() == "armed"
    if folder != "armed":
        work.move("armed", folder)
    if asked:
        said = "" if "without" in asked else "the controller went away" if asked == "give-up" else ""
        guard.ask(str(host.trial), asked.split()[0], said)
    host.work()
    found = host.outcome()
    assert (found["outcome"], found["reason"]) == (outcome, reason)
    assert found["restored"] is True
    assert host.kept.read_text() == ("new" if outcome == "confirmed" else "old")


@pytest.mark.parametrize("state", ["armed", "applied"])
def test_a_trial_of_which_the_disk_knows_nothing_any_more_is_not_gone_on_with(host: Host, state: str) -> None:
    """A soft-reboot leaves /run as it is."""
    host.begin()
    work = guard.Guard(str(host.trial))
    work.prepare()
    if state != "armed":
        work.move("armed", state)
    files.unlink(journal.path_of("trial"))
    host.work()
    assert host.outcome()["outcome"] == ("refused" if state == "armed" else "rolled-back")
    assert host.outcome()["reason"] == "what was prepared on the disk is gone, as after a new start of the host"


@pytest.mark.parametrize("state", ["applied", "confirming", "applying"])
def test_what_others_have_set_by_then_is_noted_when_a_trial_in_force_is_given_up(
    host: Host, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(restore_others, "note", lambda folder, name, devices, lost=(): noted.append(name))
    host.begin()
    work = guard.Guard(str(host.trial))
    work.prepare()
    work.move("armed", state)
    assert work.give_up(state, "because") == "rolling-back"
    assert noted == ([restore_others.ENDED] if state != "applying" else [])
    assert (guard.state_of(str(host.trial)), work.reason()) == ("rolling-back", "because")


@pytest.mark.parametrize("broken", ["", "files", "network", "others", "disk"])
def test_all_is_back_only_where_each_part_of_it_is(host: Host, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fails(*_words: object) -> Any:
        raise OSError(5, "Input/output error", broken)

    host.begin()
    work = guard.Guard(str(host.trial))
    work.prepare()
    work.move("armed", "rolling-back")
    monkeypatch.setattr(expected, "after_rollback", lambda network: [])
    monkeypatch.setattr(restore_others, "after_rollback", lambda folder, network: [])
    monkeypatch.setattr(guard, "PATIENCE", -1.0)
    if broken == "files":
        monkeypatch.setattr(guard.Guard, "restore_files", fails)
    elif broken == "network":
        monkeypatch.setattr(guard.rollback.WayBack, "take_back", lambda back, restore: restore(False) and False)
    elif broken == "others":
        monkeypatch.setattr(restore_others, "after_rollback", lambda folder, network: ["ip route x"])
    elif broken == "disk":
        monkeypatch.setattr(journal, "undo", fails)
    work.roll_back()
    found = host.outcome()
    assert found["restored"] is (not broken)
    assert ("not back: ip route x" in found["log"]) is (broken == "others")


@pytest.mark.parametrize("times", [0, 1, 99])
def test_files_that_cannot_be_put_back_for_a_while_are_tried_again(
    host: Host, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    now, tries = [0.0], list[float]()
    host.begin()
    work = guard.Guard(str(host.trial))
    work.prepare()

    def undo() -> None:
        tries.append(now[0])
        if len(tries) <= times:
            raise OSError(30, "Read-only file system", "/etc")

    monkeypatch.setattr(journal, "undo", undo)
    monkeypatch.setattr(network, "clock", lambda: now[0])
    monkeypatch.setattr(guard.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    assert work.put_back() is (times < 99)
    assert len(tries) == (times + 1 if times < 99 else 17)
    # Where nothing is left that could be put back, it is not tried again.
    files.unlink(journal.path_of("trial"))
    tries.clear()
    assert work.put_back() is (times == 0)
    assert len(tries) == 1


def test_the_devices_that_changed_are_those_that_the_plan_has_told_of(host: Host) -> None:
    host.begin(ports={"a": "br0"}, gone=["b"], new=["c"])
    assert guard.Guard(str(host.trial)).changed() == ["a", "b", "c"]
    path = host.trial / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "configured": ["d"]}))
    assert guard.Guard(str(host.trial)).changed() == ["d", "b", "c"]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of links: one call where nothing changes, else a new connection that decides."""

from __future__ import annotations

import contextlib
import time
from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError

from ansible_collections.virtfleet.kvm.plugins.action import links
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST

TRIAL = {"id": "one", "seconds": 30, "addresses": ["192.0.2.10"], "probes": ["name server"]}
BEGUN = {"changed": True, "changes": ["all"], "diff": [], "forecast": [], "trial": TRIAL}
WAIT = {"changed": False, "outcome": None, "probes": []}
APPLIED = {**WAIT, "applied": True}
GOOD = {
    "changed": False,
    "outcome": "confirmed",
    "probes": [{"probe": "name server", "ok": True, "said": "it answers"}],
}
BAD = {"changed": False, "outcome": None, "probes": [{"probe": "name server", "ok": False, "said": "no answer"}]}
BACK = {"changed": False, "outcome": "rolled-back", "probes": [], "reason": "name server: no answer", "restored": True}
LOST = AnsibleConnectionFailure("no route to host")


class Connection:
    """A connection of ssh's kind, as far as its options go."""

    transport = "ssh"

    def __init__(self) -> None:
        self.options: dict[str, Any] = {
            "ssh_args": "-o ControlPersist=60s",
            "timeout": 10,
            "reconnection_retries": 3,
            "host": "192.0.2.10",
        }
        self.before = dict(self.options)
        self._shell = MagicMock(tmpdir="/tmp/x")
        self.resets = 0

    def get_option(self, name: str) -> Any:
        return self.options[name]

    def set_option(self, name: str, value: Any) -> None:
        self.options[name] = value

    def reset(self) -> None:
        self.resets += 1


class Play:
    """A task, and what the module answers call by call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.answers, self.calls = list(answers), list[tuple[dict[str, Any], dict[str, Any]]]()
        self.connection = Connection()
        task = MagicMock(args={"config": []}, async_val=0, check_mode=False, delegate_to=None)
        self.action = links.ActionModule(task, self.connection, MagicMock(), MagicMock(), MagicMock(), MagicMock())
        monkeypatch.setattr(self.action, "_execute_module", self.execute)
        monkeypatch.setattr(links, "PAUSE", 0)
        monkeypatch.setattr(links, "MOVED", dict(links.MOVED))

    def execute(self, module_name: str, module_args: dict[str, Any], task_vars: Any) -> Any:
        self.calls.append((module_args, dict(self.connection.options)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def run(self) -> dict[str, Any]:
        return self.action.run(None, {"inventory_hostname": "kvm01"})


def test_nothing_to_do_is_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, {"changed": False, "changes": []})
    assert play.run() == {"changed": False, "changes": []}
    assert len(play.calls) == 1
    assert play.connection.resets == 0


def test_a_refusal_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, {"failed": True, "msg": "no"})
    assert play.run() == {"failed": True, "msg": "no"}
    assert len(play.calls) == 1


def test_a_connection_that_breaks_at_the_beginning_says_what_becomes_of_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play = Play(monkeypatch, LOST)
    with pytest.raises(AnsibleConnectionFailure, match="no route to host; had the host begun a change by then"):
        play.run()


@pytest.mark.parametrize("answer", [{"changed": False, "changes": []}, LOST])
def test_a_host_that_goes_while_the_change_is_made_ready_is_noticed(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    """ssh does not notice it by itself, and a connection that other tasks have opened cannot be told to."""
    play = Play(monkeypatch, answer)
    with contextlib.suppress(AnsibleConnectionFailure):
        play.run()
    ((_arguments, options),) = play.calls
    for word in ("ControlMaster=no", "ControlPath=none", "ServerAliveInterval=", "ServerAliveCountMax="):
        assert word in options["ssh_args"]
    assert options["ssh_args"].endswith(play.connection.before["ssh_args"])
    assert (options["timeout"], options["reconnection_retries"]) == (10, 3)
    assert play.connection.options == play.connection.before


def test_check_mode_needs_no_connection_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, {"changed": False, "changes": []})
    play.action._task.check_mode = True
    play.run()
    assert play.calls[0][1] == play.connection.before


@pytest.mark.parametrize("check", [True, False])
def test_check_mode_knows_what_guests_and_networks_would_have(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    known = {"domains": {"s01": {"gone": True}}, "networks": {"lan": None}}
    monkeypatch.setattr(links._forecast, "foreseen", lambda host, uri, play: {**known, "links": {"br0": None}})
    play = Play(monkeypatch, {"changed": False, "changes": []})
    play.action._task.check_mode = check
    play.run()
    assert play.calls[0][0] == {"config": [], **({FORECAST: known} if check else {})}


def test_it_is_confirmed_over_a_connection_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, BEGUN, LOST, WAIT, APPLIED, GOOD)
    result = play.run()
    assert (result["changed"], result["outcome"], result["address"]) == (True, "confirmed", "192.0.2.10")
    assert [probe["probe"] for probe in result["probes"]] == ["name server", "controller"]
    assert "trial" not in result
    assert "add_host" not in result
    assert play.connection.resets == 1
    # What is heard over a connection that may be older than the trial confirms nothing.
    assert [arguments["settle"] for arguments, _options in play.calls[1:]] == ["one", "one", "one", "one applied"]
    for _arguments, options in play.calls[1:]:
        assert options["ssh_args"].startswith("-o ControlMaster=no -o ControlPath=none ")
        assert options["reconnection_retries"] == 0
    # Later tasks have the connection as it was.
    assert play.connection.options == play.connection.before


def test_a_local_connection_is_no_proof_that_the_host_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "transport", "local")
    result = Play(monkeypatch, BEGUN, APPLIED, GOOD).run()
    assert result["outcome"] == "confirmed"
    assert [probe["probe"] for probe in result["probes"]] == ["name server"]
    assert any("nobody has reached the host from elsewhere" in warning for warning in result["warnings"])


def test_a_connection_of_another_kind_is_left_between_the_two_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin without ssh's options keeps its connection open: that of the first question may be older."""
    play = Play(monkeypatch, BEGUN, APPLIED, GOOD)
    del play.connection.options["ssh_args"]
    resets: list[int] = []
    execute = play.execute

    def counted(**words: Any) -> Any:
        resets.append(play.connection.resets)
        return execute(**words)

    monkeypatch.setattr(play.action, "_execute_module", counted)
    assert play.run()["outcome"] == "confirmed"
    assert [arguments["settle"] for arguments, _options in play.calls[1:]] == ["one", "one applied"]
    assert resets[0] < resets[1] < resets[2]


class Sessions:
    """A host whose network a trial replaces while a session that is older waits, by time of the fake clock.

    :ivar opened: when each session was opened, for those that asked to confirm
    """

    def __init__(self, applied: int) -> None:
        self.applied, self.now = applied, 0
        self.opened: list[int] = []

    def answer(self, question: str, takes: int) -> dict[str, Any]:
        """What the host says over a session that is opened now and whose question arrives later."""
        opened, self.now = self.now, self.now + takes
        if self.now < self.applied:
            return dict(WAIT)
        if not question.endswith(" applied"):
            return dict(APPLIED)
        self.opened.append(opened)
        return dict(GOOD)


def test_a_change_that_was_taken_back_says_so_and_what_to_correct(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Play(monkeypatch, BEGUN, BAD, BACK).run()["msg"].splitlines()
    assert said[:2] == ["the change was not kept: name server: no answer", links.BEFORE]
    assert [line for line in said[2:] if line.startswith("correct nameservers in kvm_links")]
    said = Play(monkeypatch, BEGUN, BAD, {**BACK, "restored": False, "log": ["eno1 is gone"]}).run()["msg"].splitlines()
    assert links.BEFORE not in said


@pytest.mark.parametrize("takes", [(1,), (9, 1), (1, 9, 1), (3, 4, 5), (30, 1), (4, 1, 30)])
def test_a_slow_session_that_is_older_than_the_trial_confirms_nothing(
    monkeypatch: pytest.MonkeyPatch, takes: tuple[int, ...]
) -> None:
    play, sessions = Play(monkeypatch, BEGUN), Sessions(applied=7)
    slow = list(takes)

    def execute(module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        if "settle" not in module_args:
            return dict(BEGUN)
        return sessions.answer(module_args["settle"], slow.pop(0) if len(slow) > 1 else slow[0])

    monkeypatch.setattr(play.action, "_execute_module", execute)
    assert play.run()["outcome"] == "confirmed"
    assert [opened for opened in sessions.opened if opened < sessions.applied] == []
    assert len(sessions.opened) == 1


def test_a_host_that_does_not_know_how_it_ended_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"changed": False, "outcome": "unknown", "probes": [], "reason": "not known", "restored": False}
    result = Play(monkeypatch, BEGUN, answer).run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert result["msg"] == "not known"


def test_a_rollback_is_a_failure_that_says_what_was_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    result = Play(monkeypatch, BEGUN, BAD, LOST, BACK).run()
    assert result["failed"]
    assert not result["changed"]
    assert (result["outcome"], result["changes"], result["tried"]) == ("rolled-back", [], ["all"])
    assert "name server: no answer" in result["msg"]
    assert result["probes"] == BAD["probes"]


def test_a_host_that_has_moved_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = {**BEGUN, "trial": {**TRIAL, "addresses": ["192.0.2.10", "192.0.2.20"]}}
    play = Play(monkeypatch, moved, LOST, GOOD)
    result = play.run()
    assert result["address"] == "192.0.2.20"
    assert result["add_host"] == {"host_name": "kvm01", "host_vars": {"ansible_host": "192.0.2.20"}, "groups": []}
    assert [options["host"] for _arguments, options in play.calls] == ["192.0.2.10", "192.0.2.10", "192.0.2.20"]
    assert play.connection.options == {**play.connection.before, "host": "192.0.2.20"}


def test_the_next_item_of_a_loop_goes_where_the_host_is_by_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible sets the connection's address anew for each item, and carries out add_host after the last one."""
    moved = {**BEGUN, "trial": {**TRIAL, "addresses": ["192.0.2.10", "192.0.2.20"]}}
    Play(monkeypatch, moved, LOST, GOOD).run()
    again = Play(monkeypatch, {**BEGUN, "trial": {**TRIAL, "addresses": ["192.0.2.20", "192.0.2.40"]}}, LOST, GOOD)
    assert again.run()["address"] == "192.0.2.40"
    assert again.calls[0][1]["host"] == "192.0.2.20"
    hosts = []
    for name, address in (("kvm01", "192.0.2.10"), ("kvm02", "192.0.2.10"), ("kvm01", "192.0.2.30")):
        play = Play(monkeypatch, {"changed": False, "changes": []})
        play.connection.options["host"] = address
        play.action.run(None, {"inventory_hostname": name})
        hosts.append(play.calls[0][1]["host"])
    assert hosts == ["192.0.2.40", "192.0.2.10", "192.0.2.30"]


@pytest.mark.parametrize(("to", "followed"), [("kvm02", "kvm02"), ("192.0.2.10", None)])
def test_a_host_that_a_task_was_delegated_to_is_followed_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, to: str, followed: str | None
) -> None:
    """The host that delegates the task stays where it is; one that no inventory has does not come into it."""
    moved = {**BEGUN, "trial": {**TRIAL, "addresses": ["192.0.2.10", "192.0.2.20"]}}
    play = Play(monkeypatch, moved, LOST, GOOD)
    play.action._task.delegate_to = to
    result = play.action.run(None, {"inventory_hostname": "other", "groups": {"all": ["other", "kvm02"]}})
    assert result.get("add_host", {}).get("host_name") == followed
    assert "the host has moved from 192.0.2.10 to 192.0.2.20" in result["warnings"][-1]


def test_a_host_that_stays_away_is_a_failure_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "GRACE", 0.2)
    play = Play(monkeypatch, {**BEGUN, "trial": {**TRIAL, "seconds": 0}}, LOST)
    result = play.run()
    assert result["failed"]
    assert result["outcome"] == "unknown"
    # Whether the host is otherwise than before is not known, and nothing else is claimed.
    assert result["changed"]
    assert result["msg"].startswith("it is not known how the change ended: the host has not been reached again")
    assert play.connection.options == play.connection.before


def test_a_host_that_answers_and_does_not_decide_is_not_said_to_be_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "GRACE", 0.2)
    result = Play(monkeypatch, {**BEGUN, "trial": {**TRIAL, "seconds": 0}}, WAIT).run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert "the host has answered since, but its unit virtfleet-links.service had not" in result["msg"]
    assert "has not been reached again" not in result["msg"]


def test_a_confirmation_whose_answer_is_lost_is_said_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "GRACE", 0.2)
    asked = {**WAIT, "asked": True}
    result = Play(monkeypatch, {**BEGUN, "trial": {**TRIAL, "seconds": 0}}, asked, LOST).run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
    assert "the host was asked to keep it" in result["msg"]


def test_a_rollback_that_left_something_counts_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {**BACK, "restored": False, "log": ["eno1 is gone"]}
    result = Play(monkeypatch, BEGUN, BAD, answer).run()
    assert (result["failed"], result["changed"]) == (True, True)
    assert "not all is as it was: eno1 is gone" in result["msg"]


def test_an_attempt_that_hangs_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleConnectionFailure, match="no answer within"), links.limited(0.05):
        time.sleep(5)


@pytest.mark.parametrize("name", ["settle", FORECAST])
def test_what_is_the_plugins_own_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    play = Play(monkeypatch, BEGUN)
    play.action._task.args = {"config": [], name: "x"}
    with pytest.raises(AnsibleActionFail, match=name):
        play.run()


def test_async_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, BEGUN)
    play.action._task.async_val = 30
    with pytest.raises(AnsibleActionFail, match="async"):
        play.run()


@pytest.mark.parametrize("error", [KeyError("hunter2"), TypeError("'hunter2'"), RecursionError(), MemoryError()])
@pytest.mark.parametrize("check", [False, True])
def test_an_unforeseen_error_at_the_beginning_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, error: Exception, check: bool
) -> None:
    play = Play(monkeypatch, error)
    play.action._task.check_mode = check
    result = play.run()
    assert result["failed"]
    assert result["changed"] is not check
    assert ("it is not known whether a change was begun" in result["msg"]) is not check
    assert f"{type(error).__name__}" in result["msg"]
    assert "hunter2" not in str(result)


def test_an_error_of_ansibles_at_the_beginning_is_ansibles(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleError, match="no such interpreter"):
        Play(monkeypatch, AnsibleError("no such interpreter")).run()


@pytest.mark.parametrize(
    "error", [KeyError("hunter2"), ValueError("'hunter2'"), AnsibleError("https://u:hunter2@host is away")]
)
def test_an_unforeseen_error_after_the_beginning_tells_that_a_trial_is_open(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    for answers, known in (((BEGUN, error), "has not been reached again"), ((BEGUN, APPLIED, error), "asked to keep")):
        play = Play(monkeypatch, *answers)
        result = play.run()
        assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")
        assert (result["tried"], result["changes"]) == (["all"], [])
        assert known in result["msg"]
        assert "hunter2" not in str(result)
        assert play.connection.options == play.connection.before


@pytest.mark.parametrize("trial", [{"id": "one"}, {}, "one", 7])
def test_a_trial_that_cannot_be_read_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch, trial: Any) -> None:
    result = Play(monkeypatch, {"changed": True, "trial": trial}).run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, True, "unknown")


@pytest.mark.parametrize(
    ("answers", "changed", "outcome"),
    [
        ((BEGUN, APPLIED, GOOD), True, "confirmed"),
        ((BEGUN, BACK), False, "rolled-back"),
        ((BEGUN, {**BACK, "restored": False}), True, "rolled-back"),
    ],
)
def test_an_error_once_the_end_is_known_hides_it_not(
    monkeypatch: pytest.MonkeyPatch, answers: Any, changed: bool, outcome: str
) -> None:
    def broken(self: Any, address: str | None) -> None:
        raise KeyError("host")

    monkeypatch.setattr(links.Renewed, "restore", broken)
    result = Play(monkeypatch, *answers).run()
    assert (result["failed"], result["changed"], result["outcome"]) == (True, changed, outcome)
    assert result["changes"] == (["all"] if outcome == "confirmed" else [])
    assert "KeyError" in result["msg"]


def test_what_the_host_has_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = {**BEGUN, "warnings": ["one"]}
    lost = {**GOOD, "lost": ["ip -4 rule add pref 500 from all lookup 7"]}
    result = Play(monkeypatch, begun, APPLIED, lost).run()
    assert result["warnings"] == [
        "one",
        "the host has lost what somebody had set by hand: ip -4 rule add pref 500 from all lookup 7",
    ]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents are asked beside the looks at guests: one that hangs holds up nobody but its own guest."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import agent_answers
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import wait_for as ready
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.agent_answers import AT_ONCE, AgentAnswers
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_status import CloudStatus

DONE = CloudStatus(done=True)


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What an agent waits for that hangs; at the end of the test it comes."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def agents(monkeypatch: pytest.MonkeyPatch, never: threading.Event) -> dict[str, list[float]]:
    """When the agent of which guest was asked. Those whose name begins with ``hung`` answer after 0.3 s, nothing."""
    asked: dict[str, list[float]] = {}

    def status(domain: Any, answer: float) -> CloudStatus:
        asked.setdefault(domain.name, []).append(time.monotonic())
        if domain.name.startswith("hung"):
            never.wait(answer)
            return CloudStatus(silent=True)
        return DONE

    monkeypatch.setattr(agent_answers, "status", status)
    monkeypatch.setattr(agent_answers, "ANSWER", 0.3)
    monkeypatch.setattr(agent_answers, "FIRST", 0.1)
    monkeypatch.setattr(agent_answers, "QUICK", 0.1)
    monkeypatch.setattr(agent_answers, "PAUSE", 1.0)
    return asked


def guest(name: str) -> Any:
    made = mock.Mock()
    made.name = name
    made.interfaceAddresses.return_value = {}
    return made


def ask(asks: AgentAnswers, name: str, domain: Any, cloud: bool) -> agent_answers.Question:
    """What is known after a round in which only this guest's agent is asked."""
    question = asks.ask(name, domain, cloud, ())
    asks.settle()
    return question


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_answers_is_heard_in_the_same_round() -> None:
    asks = AgentAnswers()
    assert ask(asks, "good", guest("good"), True).cloud == DONE


def test_many_that_hang_do_not_hold_up_a_round(agents: Any) -> None:
    asks = AgentAnswers()
    start = time.monotonic()
    for _round in range(3):
        for number in range(20):
            asks.ask(f"hung{number}", guest(f"hung{number}"), True, ())
        good = ask(asks, "good", guest("good"), True)
    assert time.monotonic() - start < 2
    until(lambda: good.cloud == DONE)
    assert asks.workers <= AT_ONCE


def test_one_that_hangs_is_left_alone_for_longer_and_longer(agents: Any) -> None:
    asks = AgentAnswers()
    question = ask(asks, "hung", guest("hung"), True)
    until(lambda: question.silent)
    assert question.pause == 1.0
    until(lambda: ask(asks, "hung", guest("hung"), True) is question and question.pause == 2.0)
    first, second = agents["hung"]
    assert second - first > 1
    assert question.cloud is None


def test_without_cloud_init_it_is_the_time_that_tells(agents: Any) -> None:
    """libvirt tells no addresses, and not why."""
    slow, quick = guest("slow"), guest("quick")
    slow.interfaceAddresses.side_effect = lambda source: time.sleep(0.35) or {}
    asks = AgentAnswers()
    until(lambda: ask(asks, "slow", slow, False).silent)
    assert not ask(asks, "quick", quick, False).silent
    assert agents == {}


def test_one_that_comes_back_counts_again(agents: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = AgentAnswers()
    question = ask(asks, "hung", guest("hung"), True)
    until(lambda: question.silent)
    question.later = 0.0
    monkeypatch.setattr(agent_answers, "status", lambda domain, answer: DONE)
    until(lambda: ask(asks, "hung", guest("hung"), True).cloud == DONE)
    assert not question.silent


def test_a_question_that_goes_wrong_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [RuntimeError("odd"), DONE]

    def status(domain: Any, answer: float) -> CloudStatus:
        told = answers.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    monkeypatch.setattr(agent_answers, "status", status)
    asks = AgentAnswers()
    until(lambda: ask(asks, "odd", guest("odd"), True).cloud == DONE)


def test_the_workers_end(agents: Any) -> None:
    before = threading.active_count()
    asks = AgentAnswers()
    for number in range(9):
        asks.ask(f"good{number}", guest(f"good{number}"), True, ())
    asks.settle()
    assert threading.active_count() > before
    asks.close()
    until(lambda: threading.active_count() <= before)


def waited(monkeypatch: pytest.MonkeyPatch, seconds: int, names: list[str], uri: str = "") -> Any:
    """What is known of guests after the whole wait, and how long it took."""
    xml = f"<domain><devices><channel><target name='{ready.AGENT}' state='connected'/></channel></devices></domain>"

    def by_name(name: str) -> Any:
        made = guest(name)
        made.isActive.return_value = 1
        made.XMLDesc.return_value = xml
        return made

    connection = mock.Mock(lookupByName=by_name)
    session = mock.Mock(read=lambda call: call(connection), uri=uri)
    monkeypatch.setattr(ready, "POLL", 0.05)
    monkeypatch.setattr(agent_answers, "connect", lambda uri: contextlib.nullcontext(connection))
    wants = [{"name": name, "state": "running", "wait_for": "cloud_init", "wait_timeout": seconds} for name in names]
    start = time.monotonic()
    found, problems, _warnings = ready.wait(session, wants)
    return found, problems, time.monotonic() - start


def test_the_wait_for_one_does_not_grow_with_those_that_hang(monkeypatch: pytest.MonkeyPatch, agents: Any) -> None:
    """The whole wait: the guest that is ready is known within seconds, and the others are told of by their own time."""
    found, problems, took = waited(monkeypatch, 3, [*(f"hung{number}" for number in range(12)), "good"])
    assert 3 <= took < 6
    assert list(found) == ["good"]
    assert len(problems) == 12
    assert "wait_for: after 3 s its agent is connected and does not answer; look at its console" in problems["hung0"]


@pytest.mark.parametrize("uri", ["", "qemu:///system"])
def test_a_guest_behind_sixty_that_hang_has_its_turn(monkeypatch: pytest.MonkeyPatch, agents: Any, uri: str) -> None:
    """A second here is a tenth: each hangs for a second in its first turn, and twelve are asked at once, or four."""
    names = [*(f"hung{number:02}" for number in range(60)), "good"]
    start = time.monotonic()
    found, problems, _took = waited(monkeypatch, 3, names, uri)
    assert list(found) == ["good"]
    assert agents["good"][0] - start < (2.5 if uri else 4)
    assert len(problems) == 60
    assert all("its agent is connected and does not answer" in told for told in problems.values())


def test_one_that_had_no_turn_is_not_said_to_answer() -> None:
    for what in ("cloud_init", "address"):
        seen = ready.GuestLook([], True, question=agent_answers.Question()).settled()
        assert "its agent was not asked yet, as those of others hang" in seen.lacks(what, 20)
        seen = ready.GuestLook([], True, question=agent_answers.Question(begun=True)).settled()
        assert "its agent is connected and does not answer" in seen.lacks(what, 20)


def test_the_seconds_that_are_told_have_passed(monkeypatch: pytest.MonkeyPatch, agents: Any) -> None:
    """One that is waited for beyond its time, as its agent had no turn."""
    monkeypatch.setattr(ready, "NEARLY", 0.5)
    monkeypatch.setattr(ready, "FIRST_ANSWER", 1.0)
    monkeypatch.setattr(agent_answers, "ANSWER", 60)
    _found, problems, took = waited(monkeypatch, 1, ["hung"])
    assert took >= 2
    told = re.search(r"after (\d+) s its agent is connected and does not answer", problems["hung"])
    assert told is not None
    assert 2 <= int(told[1]) <= took + 1


def test_those_that_answer_come_before_those_that_do_not() -> None:
    turns = [agent_answers.Question(begun=begun, silent=silent).turn for begun, silent in ((0, 0), (1, 0), (1, 1))]
    assert turns == [0, 1, 2]


def test_where_all_have_their_turn_there_is_no_further_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = mock.Mock()
    monkeypatch.setattr(agent_answers, "connect", opened)
    asks = AgentAnswers("qemu:///system")
    asks.settle()
    assert ask(asks, "good", guest("good"), True).cloud == DONE
    assert asks.workers == 1
    assert not opened.called


def test_without_a_further_connection_the_first_workers_do_it(monkeypatch: pytest.MonkeyPatch, agents: Any) -> None:
    def refused(uri: str) -> Any:
        raise VirtfleetError("no")

    monkeypatch.setattr(agent_answers, "connect", refused)
    asks = AgentAnswers("qemu:///system")
    for number in range(20):
        asks.ask(f"hung{number}", guest(f"hung{number}"), True, ())
    good = ask(asks, "good", guest("good"), True)
    until(lambda: good.cloud == DONE)
    until(lambda: asks.uri == "")

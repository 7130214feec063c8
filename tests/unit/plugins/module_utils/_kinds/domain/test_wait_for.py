# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is waited for, when a guest is of use, and what is said of one that is not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import wait_for
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.agent_answers import Question
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_status import CloudStatus
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.wait_for import GuestLook

ADDRESS: Any = {"address": "192.168.122.7", "source": "lease"}
OTHER: Any = {"address": "192.168.122.8", "source": "arp"}


@pytest.mark.parametrize(
    ("waits", "ready", "failed", "words"),
    [
        (["ssh"], 0, 0, "0 of 1 guests answer by SSH; waiting for a"),
        (["ssh", "ssh"], 3, 0, "3 of 5 guests answer by SSH; waiting for a, b"),
        (["ssh", "address"], 1, 2, "1 of 5 guests are ready, 2 failed; waiting for a, b"),
        (["cloud_init"], 0, 1, "0 of 2 guests have been set up by cloud-init, 1 failed; waiting for a"),
    ],
)
def test_what_is_waited_for_is_told(waits: list[str], ready: int, failed: int, words: str) -> None:
    left = {name: {"wait_for": wait} for name, wait in zip("ab", waits, strict=False)}
    assert wait_for.awaited(left, ready, ["x"] * failed) == words


@pytest.mark.parametrize(
    ("want", "waits"),
    [
        ({"state": "running", "wait_for": "ssh"}, True),
        ({"state": "present", "wait_for": "ssh"}, True),
        ({"state": "stopped", "wait_for": "ssh"}, False),
        ({"state": "running", "wait_for": None}, False),
        ({"state": "running"}, False),
    ],
)
def test_who_is_waited_for(want: dict[str, Any], waits: bool) -> None:
    assert bool(wait_for.waited_for([{"name": "a", **want}], set())) is waits
    assert wait_for.waited_for([{"name": "a", **want}], {"a"}) == []


@pytest.mark.parametrize(
    ("silent", "begun", "heard", "hangs"),
    [
        (False, False, False, False),
        (False, True, False, True),
        (False, True, True, False),
        (True, True, True, True),
    ],
)
def test_an_agent_that_has_not_answered_hangs(silent: bool, begun: bool, heard: bool, hangs: bool) -> None:
    question = Question(silent=silent, begun=begun, heard=heard)
    assert question.hangs is hangs
    seen = GuestLook(agent=True, question=question)
    assert (seen.settled().silent, seen.settled().unasked) == (hangs, not begun)
    assert seen.is_awaited is not heard


def test_where_nobody_is_asked_nothing_is_awaited() -> None:
    seen = GuestLook([ADDRESS])
    assert not seen.is_awaited
    assert seen.settled() is seen


def test_the_first_source_that_knows_an_address_counts() -> None:
    of_agent = Question(addresses=[OTHER])
    assert GuestLook([ADDRESS], question=of_agent, others=[OTHER]).settled().addresses == [ADDRESS]
    assert GuestLook(question=of_agent, others=[ADDRESS]).settled().addresses == [{**OTHER, "source": "agent"}]
    assert GuestLook(question=Question(), others=[OTHER]).settled().addresses == [OTHER]


@pytest.mark.parametrize(
    ("seen", "of_use"),
    [
        (GuestLook(), set()),
        (GuestLook([ADDRESS]), {"address"}),
        (GuestLook(agent=False), set()),
        (GuestLook(agent=True), {"agent"}),
        (GuestLook(ssh=True), {"ssh"}),
        (GuestLook(cloud=CloudStatus(done=True)), {"cloud_init"}),
        (GuestLook(cloud=CloudStatus(done=False)), set()),
        (GuestLook(cloud=CloudStatus(done=True, errors=("failed",))), set()),
    ],
)
def test_a_guest_is_of_use_when_what_was_asked_is_there(seen: GuestLook, of_use: set[str]) -> None:
    assert {what for what in wait_for.ENDS if seen.fulfils(what)} == of_use


CONNECTED = GuestLook(agent=True)
NOT_DONE = "cloud-init is not done"


@pytest.mark.parametrize(
    ("what", "seen", "words"),
    [
        ("agent", GuestLook(), "it has no channel for an agent"),
        ("agent", GuestLook(agent=False), "its agent is not connected"),
        ("agent", GuestLook(agent=True, silent=True), "its agent is connected and does not answer"),
        ("agent", GuestLook(agent=True, silent=True, unasked=True), "its agent was not asked yet, as those of others"),
        ("cloud_init", GuestLook(agent=False), "its agent is not connected"),
        ("cloud_init", GuestLook(agent=True, silent=True), "its agent is connected and does not answer"),
        ("cloud_init", GuestLook(agent=True, unasked=True), "its agent was not asked yet"),
        ("cloud_init", CONNECTED, NOT_DONE),
        ("ssh", GuestLook([ADDRESS, OTHER]), "no SSH server answers the host at 192.168.122.7 or 192.168.122.8"),
        ("ssh", GuestLook(), "it has no address: no lease, none by ARP, and it has no channel for an agent"),
        ("address", CONNECTED, "it has no address: no lease, none by ARP, and its agent answers"),
    ],
)
def test_what_a_guest_lacks(what: str, seen: GuestLook, words: str) -> None:
    assert seen.lacks(what, 12.0).startswith(f"wait_for: after 12 s {words}")
    assert wait_for.LONGER in seen.lacks(what, 12.0)


def test_why_a_guest_is_not_waited_for_any_more() -> None:
    def told(what: str, seen: GuestLook, late: bool = False) -> str | None:
        return wait_for.problem(seen, what, 12.0, late)

    assert "does not run any more" in str(told("address", GuestLook(runs=False)))
    for what in ("agent", "cloud_init"):
        assert "no channel for an agent: declare channels" in str(told(what, GuestLook()))
        assert told(what, GuestLook(agent=False)) is None
    assert told("address", GuestLook()) is None
    broken = GuestLook(agent=True, cloud=CloudStatus(disabled=True))
    assert "wait_for: cloud-init is disabled" in str(told("cloud_init", broken))
    assert told("agent", broken) is None
    assert told("cloud_init", CONNECTED) is None
    assert NOT_DONE in str(told("cloud_init", CONNECTED, late=True))
    assert "no lease" in str(told("address", GuestLook(), late=True))

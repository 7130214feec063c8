# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests are waited for, side by side and within their time, until they have an address or their agent answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import wait_for as ready
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.agent_answers import (
    ANSWER,
    FIRST,
    AgentAnswers,
    Question,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_status import CloudStatus
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.old_leases import OldLeases
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.wait_for import GuestLook
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

SEEN = {"interface": "vnet0", "mac": "52:54:00:00:00:01", "address": "192.0.2.7", "prefix": 24, "source": "lease"}
Seeing = Callable[[str], GuestLook]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "POLL", 0.01)


AGENT = {"channels": [{"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}]}
"""What a guest has whose agent is waited for."""


def guest(name: str, **more: Any) -> dict[str, Any]:
    interfaces = [{"network": "default", "mac": "52:54:00:00:00:01"}]
    return {"name": name, "memory": "64MiB", "interfaces": interfaces, "state": "running", **more}


@pytest.fixture
def sees(monkeypatch: pytest.MonkeyPatch) -> Callable[[Seeing], None]:
    """Have guests be seen so."""
    return lambda see: monkeypatch.setattr(ready, "look", lambda connection, name, *more: see(name))


def after(seconds: float, look: GuestLook) -> Callable[[], GuestLook]:
    """A guest that is so after a time."""
    start = time.monotonic()
    return lambda: look if time.monotonic() - start >= seconds else GuestLook([], False)


def test_the_addresses_are_told(connection: Any, run_domains: Any) -> None:
    """The test driver gives guests on a network addresses."""
    done = run_domains(guest("web01", wait_for="address"))
    (address,) = done["addresses"]["web01"]
    assert (address["mac"], address["source"]) == ("52:54:00:00:00:01", "lease")
    assert address["address"].startswith("192.168.122.")
    again = run_domains(guest("web01", wait_for="address", wait_timeout=5))
    assert (again["changed"], again["addresses"]) == (False, done["addresses"])
    assert run_domains(guest("web01"))["addresses"] == {}


def test_the_definition_tells_nothing_of_it(connection: Any, run_domains: Any) -> None:
    done = run_domains(guest("web01", wait_for="address", wait_timeout=9))
    assert not [change for change in done["changes"] if "wait" in str(change)]


def test_check_mode_waits_for_nothing(connection: Any, run_domains: Any, sees: Any) -> None:
    sees(lambda name: pytest.fail("it was looked at"))
    said = run_domains(guest("web01", wait_for="address"), check=True)
    assert (said["changed"], said["addresses"]) == (True, {})


def test_guests_are_waited_for_side_by_side(connection: Any, run_domains: Any, sees: Any) -> None:
    looks = {name: after(0.4, GuestLook([SEEN], False)) for name in ("a", "b", "c")}
    sees(lambda name: looks[name]())
    start = time.monotonic()
    done = run_domains(*(guest(name, wait_for="address", interfaces=[]) for name in looks))
    assert sorted(done["addresses"]) == ["a", "b", "c"]
    assert time.monotonic() - start < 1.1


def test_one_that_comes_too_late_fails_alone(connection: Any, run_domains: Any, sees: Any) -> None:
    sees(lambda name: GuestLook([SEEN], None) if name == "good" else GuestLook([], False))
    done = run_domains(
        guest("good", wait_for="address", interfaces=[]),
        guest("late", wait_for="address", wait_timeout=1, interfaces=[]),
        fails=True,
    )
    assert done["failures"] == [
        {
            "domain": "late",
            "problem": "wait_for: after 1 s it has no address: no lease, none by ARP, and its agent is not connected;"
            " look at its console, or give it longer with wait_timeout",
        }
    ]
    assert list(done["addresses"]) == ["good"]
    assert connection.lookupByName("late").isActive()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (GuestLook(runs=False), "wait_for: it does not run any more"),
        (GuestLook([SEEN], None), "wait_for: it has no channel for an agent: declare channels"),
        (GuestLook([SEEN], False), "wait_for: after 1 s its agent is not connected"),
    ],
)
def test_what_an_agent_can_lack(connection: Any, run_domains: Any, sees: Any, seen: GuestLook, said: str) -> None:
    sees(lambda name: seen)
    done = run_domains(guest("web01", wait_for="agent", wait_timeout=1, **AGENT), fails=True)
    assert f"domain web01: {said}" in done["msg"]


def test_a_guest_without_a_channel_for_its_agent_is_refused(connection: Any, run_domains: Any) -> None:
    done = run_domains(guest("web01", wait_for="agent"), fails=True)
    assert "domain web01: wait_for: agent needs its channel, and the guest has no channel for it" in done["msg"]
    assert "web01" not in connection.listDefinedDomains()


def test_an_agent_that_is_there(connection: Any, run_domains: Any, sees: Any) -> None:
    sees(lambda name: GuestLook([], True))
    assert run_domains(guest("web01", wait_for="agent", **AGENT))["addresses"] == {"web01": []}


@pytest.mark.parametrize("answers", [True, False])
def test_an_ssh_server(
    connection: Any, run_domains: Any, sees: Any, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    sees(lambda name: GuestLook([SEEN], None))
    asked = []
    monkeypatch.setattr(ready.SshServer, "answers", lambda self, at: asked.append(at) or answers)
    done = run_domains(guest("web01", wait_for="ssh", wait_timeout=1), fails=not answers)
    assert asked[0] == ["192.0.2.7"]
    if answers:
        assert done["addresses"] == {"web01": [SEEN]}
    else:
        assert "domain web01: wait_for: after 1 s no SSH server answers the host at 192.0.2.7; look at" in done["msg"]


def test_no_ssh_server_without_an_address(connection: Any, run_domains: Any, sees: Any) -> None:
    sees(lambda name: GuestLook([], None))
    done = run_domains(guest("web01", wait_for="ssh", wait_timeout=1), fails=True)
    assert "wait_for: after 1 s it has no address" in done["msg"]


@pytest.mark.parametrize("state", ["stopped", "absent", "present"])
def test_one_that_is_not_to_run_is_not_waited_for(connection: Any, run_domains: Any, state: str) -> None:
    start = time.monotonic()
    assert run_domains(guest("web01", wait_for="agent", wait_timeout=30, state=state))["addresses"] == {}
    assert time.monotonic() - start < 20


def test_one_that_failed_is_not_waited_for(
    connection: Any, run_domains: Any, sees: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise VirtfleetError("it does not start")

    sees(lambda name: pytest.fail("it was looked at"))
    monkeypatch.setitem(KINDS["domain"].actions, "start", broken)
    assert "wait_for" not in run_domains(guest("web01", wait_for="address"), fails=True)["msg"]


def domain(state: str | None, told: dict[str, Any]) -> Any:
    """A guest as libvirt tells it."""

    def addresses(source: int) -> dict[str, Any]:
        found = told.get(("lease", "agent", "arp")[source], [])
        return {"eth0": {"hwaddr": "52:54:00:00:00:01", "addrs": [{"addr": one, "prefix": 24} for one in found]}}

    channel = f"<channel><target type='virtio' name='{ready.AGENT}' state='{state}'/></channel>" if state else ""
    made = mock.Mock()
    made.isActive.return_value = 1
    made.XMLDesc.return_value = (
        "<domain><devices><interface><mac address='52:54:00:00:00:01'/></interface>" + channel + "</devices></domain>"
    )
    made.interfaceAddresses.side_effect = addresses
    return made


@pytest.mark.parametrize(
    ("state", "told", "found"),
    [
        (None, {"lease": ["192.0.2.1"], "arp": ["192.0.2.2"]}, [("lease", "192.0.2.1")]),
        ("disconnected", {"agent": ["192.0.2.3"], "arp": ["192.0.2.2"]}, [("arp", "192.0.2.2")]),
        (
            "connected",
            {"agent": ["fe80::1", "192.0.2.3", "fd00::3"], "arp": []},
            [("agent", "192.0.2.3"), ("agent", "fd00::3")],
        ),
        ("connected", {"agent": ["127.0.0.1", "169.254.1.1", "fe80::1", "none"]}, []),
    ],
)
def test_the_sources_of_addresses(state: str | None, told: dict[str, Any], found: list[tuple[str, str]]) -> None:
    guest = domain(state, told)
    agents = AgentAnswers()
    seen = ready.look(mock.Mock(lookupByName=lambda name: guest), "web01", False, agents)
    agents.settle()
    seen = seen.settled()
    assert [(one["source"], one["address"]) for one in seen.addresses] == found
    assert seen.agent == {None: None, "connected": True, "disconnected": False}[state]
    asked = [mock.call(FIRST, 0), mock.call(ANSWER, 0)] if state == "connected" else []
    assert guest.agentSetResponseTimeout.call_args_list == asked


def test_an_agent_is_asked_only_where_that_tells_something() -> None:
    guest = domain("connected", {"lease": ["192.0.2.1"], "agent": ["192.0.2.3"]})
    connection = mock.Mock(lookupByName=lambda name: guest)
    assert ready.look(connection, "web01", False, AgentAnswers()).question is None
    assert ready.look(connection, "web01", True, AgentAnswers()).question is not None


@pytest.mark.parametrize(("grace", "heard"), [(30.0, True), (0.2, False)])
def test_the_first_answer_of_an_agent_is_waited_for(
    connection: Any, run_domains: Any, sees: Any, monkeypatch: pytest.MonkeyPatch, grace: float, heard: bool
) -> None:
    """Also where its time is over already, as in a plan, which only looks; but not for ever."""
    monkeypatch.setattr(ready, "FIRST_ANSWER", grace)
    question, start = Question(), time.monotonic()

    def see(name: str) -> GuestLook:
        if heard and time.monotonic() - start > 1.5:
            question.heard, question.cloud = True, DONE
        return GuestLook([SEEN], True, question=question)

    sees(see)
    done = run_domains(guest("web01", wait_for="cloud_init", wait_timeout=1, **AGENT), fails=not heard)
    assert ("its agent was not asked yet" in done.get("msg", "")) is not heard


DONE = CloudStatus(done=True)


def test_cloud_init_that_is_done(connection: Any, run_domains: Any, sees: Any) -> None:
    looks = [GuestLook([], False), GuestLook([SEEN], True, cloud=CloudStatus()), GuestLook([SEEN], True, cloud=DONE)]
    sees(lambda name: looks.pop(0) if len(looks) > 1 else looks[0])
    done = run_domains(guest("web01", wait_for="cloud_init", **AGENT))
    assert done["addresses"] == {"web01": [SEEN]}
    assert done["warnings"] == []


def test_cloud_init_with_errors_that_it_went_on_in_spite_of(connection: Any, run_domains: Any, sees: Any) -> None:
    """Exit code 2: the guest is of use, and what went wrong is said."""
    told = CloudStatus(done=True, recoverable=("Module x failed", "b", "c", "d"))
    sees(lambda name: GuestLook([SEEN], True, cloud=told))
    done = run_domains(guest("web01", wait_for="cloud_init", **AGENT))
    (warning,) = done["warnings"]
    assert warning.startswith("web01: cloud-init has ended with errors that it went on in spite of (exit code 2): ")
    assert "'Module x failed', 'b', 'c' and 1 more; look at /var/log/cloud-init.log in it" in warning


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        (CloudStatus(done=True, errors=("boom",)), "cloud-init has failed (exit code 1): 'boom'; look at /var/log"),
        (CloudStatus(disabled=True), "cloud-init is disabled in it, so it does nothing"),
        (CloudStatus(refused="guest-exec has been disabled"), "its agent does not tell how far cloud-init is: guest-"),
        (CloudStatus(), "after 1 s cloud-init is not done; look at its console"),
        ("silent", "after 1 s its agent is connected and does not answer; look at its console"),
        (None, "after 1 s its agent is not connected"),
    ],
)
def test_what_cloud_init_can_come_to(
    connection: Any, run_domains: Any, sees: Any, cloud: CloudStatus | str | None, said: str
) -> None:
    told = cloud if isinstance(cloud, CloudStatus) else None
    sees(lambda name: GuestLook([SEEN], cloud is not None, cloud=told, silent=cloud == "silent"))
    done = run_domains(guest("web01", wait_for="cloud_init", wait_timeout=1, **AGENT), fails=True)
    assert f"domain web01: wait_for: {said}" in done["msg"]


def test_cloud_init_needs_a_channel_for_the_agent(connection: Any, run_domains: Any) -> None:
    done = run_domains(guest("web01", wait_for="cloud_init"), fails=True)
    assert "wait_for: cloud_init is asked about by the agent, and the guest has no channel for it" in done["msg"]


def test_leases_are_noted_before_a_guest_is_made(
    connection: Any, run_domains: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guest that an earlier run made counts as it is; a new one waits for a lease of its own."""
    given: list[OldLeases] = []

    def look(connection: Any, name: str, cloud: bool, agents: AgentAnswers, old: OldLeases) -> GuestLook:
        given.append(old)
        return GuestLook([SEEN])

    lease = {"mac": "52:54:00:00:00:01", "ipaddr": "192.168.122.9", "expirytime": 100}
    monkeypatch.setattr(ready, "look", look)
    monkeypatch.setattr(libvirt.virNetwork, "DHCPLeases", lambda network: [lease])
    for _time in range(2):
        run_domains(guest("web01", wait_for="address"))
    old = OldLeases(frozenset({"web01"}), frozenset({("52:54:00:00:00:01", "192.168.122.9", 100)}))
    assert given == [old, OldLeases()]

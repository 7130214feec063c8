# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must have while a trial is in force, and again after a rollback: what counts as there, and how long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import expected, network

ADDRESS = {"local": "192.0.2.10", "prefixlen": 24}
ENTRY: dict[str, Any] = {
    "devices": ["br0", "eno1"],
    "addresses": ["192.0.2.10/24"],
    "late": [],
    "routes": [],
    "leased": False,
    "carrier": True,
}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, which a pause moves on."""
    now = [0.0]
    monkeypatch.setattr(expected, "clock", lambda: now[0])
    monkeypatch.setattr(expected.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def wait(monkeypatch: pytest.MonkeyPatch, time: list[float], entry: dict[str, Any], there: Any, end: float) -> str:
    """What is missing at the end; ``there`` tells by the time whether the address is there."""
    state: Any = {"expected": [entry] if entry else []}
    host = network.TrialNetwork(state)
    monkeypatch.setattr(host, "devices", lambda: {"br0": {"addr_info": [ADDRESS] if there(time[0]) else []}})
    return expected.wait(host, end)


@pytest.mark.parametrize(
    ("more", "there", "missing", "took"),
    [
        # networkd drops some only a moment after it has read its files.
        ({}, lambda now: True, "", 2),
        ({}, lambda now: now > 3, "", 5),
        ({}, lambda now: now < 1 or now > 8, "", 10),
        ({}, lambda now: False, "br0 does not have 192.0.2.10/24", 30),
        # An address that is back too late before the end is not waited for any longer.
        ({}, lambda now: now > 29, "", 30),
        # What comes with no cable, or from a router, is waited for a little longer, and not for ever.
        ({"carrier": False}, lambda now: False, "", 5),
        ({"carrier": False}, lambda now: now > 1, "", 2),
        ({"late": ["2001:db8::1/64"]}, lambda now: True, "", 5),
    ],
)
def test_what_must_be_there_is_waited_for_until_it_stays(
    monkeypatch: pytest.MonkeyPatch, time: list[float], more: dict[str, Any], there: Any, missing: str, took: float
) -> None:
    assert wait(monkeypatch, time, {**ENTRY, **more}, there, 30) == missing
    assert took - 0.3 <= time[0] <= took + 0.7


def test_where_nothing_must_be_there_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch, time: list[float]) -> None:
    assert wait(monkeypatch, time, {}, lambda now: False, 30) == ""
    assert time == [0.0]


@pytest.mark.parametrize(
    ("devices", "needed"),
    [
        ({"br0": {"addr_info": [ADDRESS]}, "eno1": {}}, []),
        # Whichever of them has it.
        ({"br0": {}, "eno1": {"addr_info": [ADDRESS]}}, []),
        ({"eno1": {"addr_info": [ADDRESS]}}, []),
        ({"br0": {}, "eno1": {"addr_info": [{**ADDRESS, "prefixlen": 16}]}}, ["eno1 does not have 192.0.2.10/24"]),
        ({"br0": {}, "eno1": {}}, ["br0 does not have 192.0.2.10/24"]),
        ({"eno1": {}}, ["eno1 does not have 192.0.2.10/24"]),
        ({"lo": {}}, ["br0 does not have 192.0.2.10/24"]),
        ({}, []),
    ],
)
def test_one_of_several_devices_must_have_it_all(devices: Any, needed: list[str]) -> None:
    assert expected.look([ENTRY], devices) == (needed, [])
    no_cable: Any = [{**ENTRY, "carrier": False}]
    assert expected.look(no_cable, devices) == ([], needed)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("has", [True, False])
def test_a_route_is_missed_where_its_device_has_its_addresses(
    monkeypatch: pytest.MonkeyPatch, known: bool, has: bool
) -> None:
    there = {("192.0.2.1", "br0"), ("192.0.2.3", "far0")} if known else None
    monkeypatch.setattr(expected, "default_routes", lambda: there)
    routes = [["0.0.0.0/0", f"192.0.2.{number}"] for number in (1, 2, 3)]
    entry: Any = {**ENTRY, "routes": routes}
    found = expected.look([entry, ENTRY], {"br0": {"addr_info": [ADDRESS] if has else []}})
    lost = "br0 does not have the route to 0.0.0.0/0 by 192.0.2.2, 0.0.0.0/0 by 192.0.2.3"
    assert found.wanted == ([lost] if known and has else [])


@pytest.mark.parametrize(
    ("wanted", "has", "said"),
    [
        (None, {"192.0.2.10/24"}, ""),
        (None, {"169.254.3.4/16", "2001:db8::1/64"}, "has no address of IPv4"),
        (None, set(), "has no address of IPv4"),
        (["192.0.2.10/24"], {"192.0.2.10/24"}, ""),
        (["192.0.2.10/24", "a", "b"], {"192.0.2.10/24"}, "does not have a, b"),
        ([], set(), ""),
    ],
)
@pytest.mark.parametrize("leased", [True, False])
def test_what_a_device_lacks_is_one_sentence(wanted: Any, has: set[str], said: str, leased: bool) -> None:
    entry: Any = {**ENTRY, "addresses": wanted, "leased": leased}
    hint = ": look whether its DHCP server answers" if leased else ""
    assert expected.lacking(entry, has) == ([said + hint] if said else [])


def test_another_address_of_a_routers_subnet_will_do() -> None:
    assert expected.in_subnet("2001:db8::1/64", ["192.0.2.1/24", "2001:db8::99/64"]) is True
    assert expected.in_subnet("2001:db8::1/64", ["2001:db8:0:1::1/64", "2001:db8::1/48"]) is False
    assert expected.in_subnet("2001:db8::1/64", []) is False


@pytest.mark.parametrize(
    ("told", "local", "found"),
    [
        (
            [
                {"dst": "default", "gateway": "192.0.2.1", "dev": "eno1"},
                {"dst": "default", "dev": "tun0"},
                {"dst": "default", "nexthops": [{"gateway": "198.51.100.1", "dev": "eno2"}, {"dev": "eno3"}]},
            ],
            "",
            {("192.0.2.1", "eno1"), ("", "tun0"), ("198.51.100.1", "eno2"), ("", "eno3")},
        ),
        # A host without such a route is told from one of which ip tells nothing: every host has local ones.
        (None, '[{"dst": "127.0.0.1"}]', set()),
        (None, "", None),
    ],
)
def test_the_default_routes_are_known_where_ip_answers(
    monkeypatch: pytest.MonkeyPatch, told: Any, local: str, found: Any
) -> None:
    def asked(*words: str) -> str:
        assert words[:3] == ("-json", "-4", "route")
        return local if "local" in words else json.dumps(told) if told else "\n"

    monkeypatch.setattr(expected.set_by_others, "ip_output", asked)
    assert expected.default_routes() == found


def test_name_servers_are_missed_of_a_device_that_networkd_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "3").write_text("ADMIN_STATE=configured\nDNS=192.0.2.1 192.0.2.2\nNTP=192.0.2.9\n")
    (tmp_path / "4").write_text("DNS=\nNTP=192.0.2.1\n")
    monkeypatch.setattr(expected, "LINKS", str(tmp_path))
    servers = {
        "gone": ["192.0.2.8"],
        "away": ["192.0.2.8"],
        "a": ["192.0.2.1", "192.0.2.9", "fe80::1"],
        "b": ["192.0.2.1", "2001:db8::1"],
    }
    devices: Any = {"a": {"ifindex": 3}, "b": {"ifindex": 4}, "away": {"ifindex": 5}}
    assert expected.without_servers(servers, devices) == [
        "the name server 192.0.2.9 of a",
        "the name server 192.0.2.1 of b",
    ]


DEFAULT = ["-4", "route", "replace", "0.0.0.0/0", "via", "192.0.2.1", "dev", "a"]


@pytest.mark.parametrize(
    ("routes", "there", "called", "lost"),
    [
        ([DEFAULT], {("192.0.2.1", "a")}, False, []),
        ([DEFAULT], set(), True, ["the route to 0.0.0.0/0 by 192.0.2.1 on a"]),
        ([DEFAULT], {("192.0.2.1", "b")}, True, ["the route to 0.0.0.0/0 by 192.0.2.1 on a"]),
        ([DEFAULT[:-2]], {("192.0.2.1", "")}, False, []),
        # Where ip does not answer, nothing is known to be lost.
        ([DEFAULT], None, False, []),
        ([[*DEFAULT, "table", "7"]], set(), False, []),
        ([["-4", "route", "replace", "10.0.0.0/8", "via", "192.0.2.1"]], set(), False, []),
        ([["-4", "route", "replace", "0.0.0.0/0", "dev", "a"]], set(), False, []),
    ],
)
def test_a_default_route_of_before_is_given_again_if_it_does_not_come_by_itself(
    monkeypatch: pytest.MonkeyPatch,
    time: list[float],
    routes: list[list[str]],
    there: Any,
    called: bool,
    lost: list[str],
) -> None:
    calls: list[tuple[float, list[str]]] = []
    monkeypatch.setattr(expected, "default_routes", lambda: there)
    monkeypatch.setattr(expected, "RESOLVED", "/nowhere")
    host = network.TrialNetwork({"routes": routes, "dns": {"a": ["192.0.2.1"]}})
    monkeypatch.setattr(host, "devices", dict)
    monkeypatch.setattr(host, "call", lambda command, seconds: calls.append((time[0], command)))
    assert expected.after_rollback(host) == lost
    assert bool(calls) is called
    # By itself it comes with a lease, which takes a moment.
    assert all(2 < when <= 5.2 and command == ["ip", *DEFAULT] for when, command in calls)
    assert (5 < time[0] < 6) if lost else time[0] == 0

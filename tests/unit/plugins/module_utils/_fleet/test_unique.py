# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests may have alike: with one that goes, or where the two never meet."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._fleet.test_check import HOSTS, fleet, guest

UUID = "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"
MAC = "52:54:00:aa:00:01"
TAKEN: list[dict[str, Any]] = [
    {"uuid": UUID},
    {"interfaces": [{"network": "default", "mac": MAC}]},
    {"interfaces": [{"network": "default", "ips": [{"address": "192.0.2.7", "prefix": 24}]}]},
    {"disks": [{"file": "/srv/x"}]},
    {"vsock": {"cid": {"address": 5}}},
    {"disks": [{"protocol": "rbd", "source": {"name": "rbd/web", "hosts": [{"name": "mon1", "port": 6789}]}}]},
]


@pytest.mark.parametrize("options", TAKEN)
@pytest.mark.parametrize("gone", [[], [0], [1], [0, 1]], ids=str)
def test_a_guest_that_goes_has_nothing_that_another_needs(options: dict[str, Any], gone: list[int]) -> None:
    guests = [guest(name, **copy.deepcopy(options)) for name in ("old", "new")]
    for place in gone:
        guests[place]["state"] = "absent"
    assert len(problems(HOSTS, fleet(*guests))) == (0 if gone else 1)


@pytest.mark.parametrize(
    ("states", "hosts", "said"),
    [
        (["absent", "running"], ["kvm01", "kvm02"], ""),
        (["absent", "absent"], ["kvm01", "kvm02"], ""),
        (["running", "absent"], ["kvm01", "kvm01"], "web on kvm01, web on kvm01"),
        (["absent", "absent"], ["kvm01", "kvm01"], "web on kvm01, web on kvm01"),
        (["absent", "running", "stopped"], ["kvm01", "kvm02", "kvm01"], "web on kvm01, web on kvm02, web on kvm01"),
        (["absent", "running", "running"], ["kvm01", "kvm02", "kvm03"], "web on kvm02, web on kvm03"),
    ],
)
def test_a_guest_that_has_moved_is_absent_where_it_was(states: list[str], hosts: list[str], said: str) -> None:
    known = [*HOSTS, "kvm03"]
    guests = [
        guest("web", host, state=state, vcpus=n + 1) for n, (host, state) in enumerate(zip(hosts, states, strict=True))
    ]
    lines = problems(known, {host: {"kvm_guests": guests} for host in known})
    assert lines == ([f"name web: is declared more than once: {said}; each guest needs its own"] if said else [])


def carded(*cards: dict[str, Any], hosts: tuple[str, str] = ("kvm01", "kvm02")) -> list[dict[str, Any]]:
    return [guest(name, host, interfaces=[card]) for name, host, card in zip("ab", hosts, cards, strict=True)]


SAME = {"mac": MAC, "ips": [{"address": "10.0.2.15", "prefix": 24}]}


@pytest.mark.parametrize("hosts", [("kvm01", "kvm02"), ("kvm01", "kvm01")])
def test_a_user_network_is_the_guests_own(hosts: tuple[str, str]) -> None:
    card = {"type": "user", **SAME}
    assert problems(HOSTS, fleet(*carded(card, card, hosts=hosts))) == []
    assert problems(HOSTS, fleet(*carded(card, {"bridge": "br0", **SAME}, hosts=hosts))) == []
    (line,) = problems(HOSTS, fleet(guest("a", interfaces=[card, copy.deepcopy(card)])))
    assert line.startswith(f"mac {MAC} in the user network of a on kvm01: is declared more than once")


@pytest.mark.parametrize(
    ("network", "address", "apart"),
    [
        ({}, "10.0.0.5", True),
        ({"forward": {}}, "10.0.0.5", True),
        ({"forward": {"mode": "nat"}}, "10.0.0.5", True),
        ({"forward": {"mode": "nat"}}, "2001:db8::5", False),
        ({}, "2001:db8::5", True),
        ({"forward": {"mode": "route"}}, "10.0.0.5", False),
        ({"forward": {"mode": "open"}}, "10.0.0.5", False),
        ({"forward": {"mode": "bridge"}, "bridge": "br0"}, "10.0.0.5", False),
    ],
)
def test_an_address_in_a_network_that_stays_on_its_host(network: dict[str, Any], address: str, apart: bool) -> None:
    """Only what is declared is known; and on one host it is one network."""
    card = {"network": "lan", "ips": [{"address": address, "prefix": 24}]}
    networks = [{"name": "lan", **network}]
    assert problems(HOSTS, fleet(*carded(card, card), networks=networks)) == (
        []
        if apart
        else [f"address {address}: is declared more than once: a on kvm01, b on kvm02; each guest needs its own"]
    )
    (line,) = problems(HOSTS, fleet(*carded(card, card, hosts=("kvm01", "kvm01")), networks=networks))
    assert line.startswith(f"address {address}")
    both = [*networks, {"name": "other", **network, "bridge": "br1"}]
    lines = problems(HOSTS, fleet(*carded(card, {**card, "network": "other"}, hosts=("kvm01", "kvm01")), networks=both))
    assert bool(lines) != apart


def test_an_address_of_a_bridge_that_stays_on_its_host() -> None:
    link = {"name": "br1", "type": "bridge", "ports": [], "addressing": "static", "addresses": ["192.0.2.7/24"]}
    assert problems(HOSTS, {host: {"kvm_links": [link]} for host in HOSTS}) == []
    both = [link, {**link, "name": "br2"}]
    (line,) = problems(HOSTS, {"kvm01": {"kvm_links": both}, "kvm02": {}})
    assert "link br1 of kvm01, link br2 of kvm01" in line


BELOW = {"file": "/srv/x", "transient": {"share_backing": "yes"}}


@pytest.mark.parametrize(
    ("disks", "free"),
    [
        ([BELOW, BELOW], True),
        ([BELOW, BELOW, BELOW], True),
        ([BELOW, {"file": "/srv/x"}], False),
        ([BELOW, {"file": "/srv/x", "transient": {}}], False),
        ([BELOW, {"file": "/srv/x", "transient": {"share_backing": False}}, BELOW], False),
    ],
)
def test_an_image_that_guests_share_below_their_disks(disks: list[dict[str, Any]], free: bool) -> None:
    lines = problems(HOSTS, fleet(*(guest(f"g{index}", disks=[disk]) for index, disk in enumerate(disks))))
    assert [line.partition(":")[0] for line in lines] == ([] if free else ["disk /srv/x of kvm01"])


@pytest.mark.parametrize(
    ("other", "twice"),
    [
        (guest("b", vsock={"cid": {"address": "5"}}), True),
        (guest("b", vsock={"cid": {"address": 6}}), False),
        (guest("b", vsock={"cid": {"address": 5, "auto": True}}), False),
        (guest("b", "kvm02", vsock={"cid": {"address": 5}}), False),
    ],
)
def test_a_context_id_is_of_one_guest_of_a_host(other: dict[str, Any], twice: bool) -> None:
    found = problems(HOSTS, fleet(guest("a", vsock={"cid": {"address": 5, "auto": False}}), other))
    line = "vsock.cid 5 of kvm01: is declared more than once: a on kvm01, b on kvm01; each guest needs its own"
    assert found == ([line] if twice else [])


def test_a_context_id_of_the_host_itself_is_refused() -> None:
    (line,) = problems(HOSTS, fleet(guest("a", vsock={"cid": {"address": 2}})))
    assert line == "guest a: vsock.cid.address: 2 is less than 3"


def test_of_a_guest_without_a_host_only_that_is_said() -> None:
    """Hosts that have defaults of their own have a copy of it each."""
    lost = [{key: value for key, value in guest("web", vcpus=n).items() if key != "host"} for n in (1, 2)]
    lists = {host: {"kvm_guests": [one]} for host, one in zip(HOSTS, lost, strict=False)}
    assert [line for line in problems(HOSTS, lists) if "more than once" in line] == []

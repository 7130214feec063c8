# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each probe asks what it says: the next hop of the best route, a name server, over a socket of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import iproute, probes
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, Route

ANY = "0.0.0.0/0"


@pytest.fixture
def neighbours(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What ``ip neigh`` tells, by address; nothing knocks, and no time passes."""
    known: dict[str, dict[str, Any]] = {}
    now = iter(range(10**6))
    monkeypatch.setattr(probes, "knock", lambda *_words: None)
    monkeypatch.setattr(network, "run", lambda command, seconds: (0, "", ""))
    monkeypatch.setattr(probes.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(probes.time, "monotonic", lambda: next(now) / 4)
    monkeypatch.setattr(iproute, "ip", lambda *words: [known[words[4]]] if words[4] in known else [])
    return known


def host(*routes: Route, **devices: HostDevice) -> Facts:
    return Facts(routes=routes, devices=devices)


def test_the_next_hop_of_the_best_route_counts(neighbours: dict[str, Any]) -> None:
    found = host(Route(ANY, "b", "192.0.2.2", metric=200), Route(ANY, "a", "192.0.2.1", metric=100))
    assert probes.gateway(found, ANY) == (False, "192.0.2.1 does not answer on a")
    neighbours["192.0.2.2"] = {"lladdr": "02:00:00:00:00:02", "state": ["REACHABLE"]}
    assert probes.gateway(found, ANY) == (False, "192.0.2.1 does not answer on a")
    neighbours["192.0.2.1"] = {"lladdr": "02:00:00:00:00:01", "state": ["STALE"]}
    assert probes.gateway(found, ANY) == (True, "192.0.2.1 answers on a")


@pytest.mark.parametrize(("entry", "ok"), [({"state": ["NOARP"]}, True), ({"state": ["FAILED"]}, False), ({}, False)])
def test_a_neighbour_is_there_where_its_address_is_known_or_needs_none(
    neighbours: dict[str, Any], entry: dict[str, Any], ok: bool
) -> None:
    neighbours["192.0.2.1"] = entry
    assert probes.gateway(host(Route(ANY, "a", "192.0.2.1")), ANY)[0] is ok


def test_a_route_without_a_next_hop_has_nobody_to_ask(neighbours: dict[str, Any]) -> None:
    assert probes.gateway(host(Route(ANY, "tun0")), ANY) == (True, "by tun0, without a next hop")
    assert probes.gateway(host(Route("192.0.2.0/24", "a", "192.0.2.1")), ANY) == (False, "there is no default route")


def test_a_neighbour_is_knocked_at_three_times(neighbours: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    knocked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(probes, "knock", lambda *words: knocked.append(words))
    found = host(Route(ANY, "a", "192.0.2.1"), a=HostDevice("a", index=7))
    assert not probes.gateway(found, ANY)[0]
    assert knocked == [("192.0.2.1", "a", 7)] * 3


@pytest.mark.parametrize(("via", "family"), [("192.0.2.1", "-4"), ("fe80::1", "-6")])
def test_what_the_kernel_remembers_of_a_neighbour_is_forgotten_first(
    neighbours: dict[str, Any], monkeypatch: pytest.MonkeyPatch, via: str, family: str
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(network, "run", lambda command, seconds: ran.append(command))
    probes.neighbour(Route(ANY, "a", via), host())
    assert ran == [["ip", family, "neigh", "del", via, "dev", "a"]]


def test_a_gateway_that_is_not_the_best_is_asked_by_its_address(neighbours: dict[str, Any]) -> None:
    found = host(Route(ANY, "a", "192.0.2.1", metric=1), Route(ANY, "b", "192.0.2.2", metric=2))
    neighbours["192.0.2.2"] = {"lladdr": "02:00:00:00:00:02"}
    assert [each["ok"] for each in probes.run(["gateway 192.0.2.1", "gateway 192.0.2.2"], found)] == [False, True]
    (gone,) = probes.run(["gateway 192.0.2.3"], found)
    assert (gone["ok"], gone["said"]) == (False, "there is no default route by 192.0.2.3 any more")


def test_the_best_gateway_is_not_asked_twice(neighbours: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "name_server", lambda facts: (False, ""))
    found = host(Route(ANY, "b", "192.0.2.2", metric=2), Route(ANY, "a", "192.0.2.1", metric=1))
    for via in ("192.0.2.1", "192.0.2.2"):
        neighbours[via] = {"lladdr": "02:00:00:00:00:01"}
    assert probes.passing(found, ["192.0.2.1", "192.0.2.2"]) == ["gateway (IPv4)", "gateway 192.0.2.2"]
    assert probes.passing(host(), ["192.0.2.1"]) == []


def test_what_cannot_be_asked_has_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    def look() -> Facts:
        raise VirtfleetError("ip: no such program")

    monkeypatch.setattr(probes, "look", look)
    assert probes.again(["name server"]) == [{"probe": "name server", "ok": False, "said": "ip: no such program"}]


# --- name servers ---


def servers(monkeypatch: pytest.MonkeyPatch, text: str, *routes: Route, **devices: HostDevice) -> list[tuple[str, int]]:
    monkeypatch.setattr(probes, "text_or_nothing", lambda path: text if path == "/etc/resolv.conf" else "")
    return probes.servers(host(*routes, **devices))


RESOLV = "# nameserver 192.0.2.9\nnameserver\nnameserver 127.0.0.53\nnameserver fe80::53%eno1\nnameserver 192.0.2.53\n"


def test_the_name_servers_of_links_with_a_default_route_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    links = {
        "a": HostDevice("a", index=2, dns=("192.0.2.1#dns.example", "2001:db8::1%a", "no address")),
        "b": HostDevice("b", index=3, dns=("192.0.2.2",)),
        "c": HostDevice("c", index=4, dns=("192.0.2.3",)),
    }
    routes = (Route(ANY, "a"), Route("::/0", "b"), Route("192.0.2.0/24", "c"))
    assert servers(monkeypatch, RESOLV, *routes, **links) == [("192.0.2.1", 2), ("2001:db8::1", 2), ("192.0.2.2", 3)]


def test_without_any_those_of_the_resolver_count_but_not_the_hosts_own(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [("fe80::53", 0), ("192.0.2.53", 0)]
    assert servers(monkeypatch, RESOLV) == expected
    assert servers(monkeypatch, RESOLV, Route(ANY, "gone")) == expected


def test_one_name_server_of_ipv4_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answers(server: str, index: int) -> bool:
        asked.append(server)
        return server == "192.0.2.2"

    monkeypatch.setattr(probes, "answers", answers)
    monkeypatch.setattr(
        probes, "servers", lambda facts: [(each, 0) for each in ("2001:db8::1", "192.0.2.1", "192.0.2.2")]
    )
    assert probes.name_server(host()) == (True, "192.0.2.2 answers")
    assert asked == ["192.0.2.1", "192.0.2.2"]


def test_a_name_server_of_ipv6_counts_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "servers", lambda facts: [("2001:db8::1", 0)])
    monkeypatch.setattr(probes, "answers", lambda server, index: True)
    assert probes.name_server(host()) == (True, "2001:db8::1 answers")
    monkeypatch.setattr(probes, "answers", lambda server, index: False)
    assert probes.name_server(host()) == (False, "no answer from 2001:db8::1")
    monkeypatch.setattr(probes, "servers", lambda facts: [])
    assert probes.name_server(host()) == (False, "the host has no name server")


@contextmanager
def server(family: socket.AddressFamily, address: str, replies: list[bytes | None]) -> Iterator[list[bytes]]:
    """A name server on a port of its own that gives these replies, one for each query."""
    asked: list[bytes] = []
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        own.bind((address, 0))
        own.settimeout(5)

        def serve() -> None:
            for reply in replies:
                query, sender = own.recvfrom(512)
                asked.append(query)
                if reply is not None:
                    own.sendto(reply, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.MonkeyPatch.context() as patched:
            port = own.getsockname()[1]
            sent = socket.socket.sendto
            # The real socket, with the one difference that a name server has another port here.
            patched.setattr(
                probes.socket,
                "socket",
                type(
                    "Socket",
                    (socket.socket,),
                    {"sendto": lambda self, data, to: sent(self, data, (to[0], port if to[1] == 53 else 0, *to[2:]))},
                ),
            )
            yield asked
        thread.join()


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_name_server_is_asked_over_its_own_family(family: socket.AddressFamily, address: str) -> None:
    with server(family, address, [probes.QUERY[:2] + b"\x81\x80"]) as asked:
        assert probes.answers(address, 0, 5)
    assert asked == [probes.QUERY]


def test_a_lost_query_is_sent_again_once() -> None:
    with server(socket.AF_INET, "127.0.0.1", [None, probes.QUERY[:2]]) as asked:
        assert probes.answers("127.0.0.1", 0, 0.1)
    assert len(asked) == 2
    with server(socket.AF_INET, "127.0.0.1", [None, None]):
        assert not probes.answers("127.0.0.1", 0, 0.1)


def test_the_answer_to_another_query_is_none() -> None:
    with server(socket.AF_INET, "127.0.0.1", [b"\x00\x00", b"\x00\x00"]):
        assert not probes.answers("127.0.0.1", 0, 5)

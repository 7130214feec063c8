# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared and what is there, as one dictionary."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_mac, derive_uuid
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import join, tags

ALL = join.AddressChoice(["*"], ["lease", "agent", "arp", "declared"], ["ipv4", "ipv6"])
MAC = "52:54:00:aa:00:01"
THERE = {
    "uuid": "4dea22b3-1d52-d8f3-2516-782e98ab3fa0",
    "state": "running",
    "title": None,
    "description": None,
    "memory": 512,
    "vcpus": 1,
    "interfaces": [{"mac": MAC, "type": "network", "network": "default", "bridge": None, "direct": None}],
    "tags": [],
    "agent": True,
    "addresses": [{"interface": "vnet0", "mac": MAC, "address": "10.0.0.9", "prefix": 24, "source": "lease"}],
}


def one(
    guest: dict[str, Any], networks: list[dict[str, Any]] | None = None, answer: dict[str, Any] | None = None
) -> dict[str, Any]:
    (found,) = join.guests_of("kvm01", [{"host": "kvm01", **guest}], networks or [], answer, ALL, False)
    return found


def answered(complete: bool = True, **guests: Any) -> dict[str, Any]:
    return {"guests": guests, "networks": {}, "complete": complete}


def with_dhcp(*kept: dict[str, Any], name: str = "default", **more: Any) -> dict[str, Any]:
    return {"name": name, "ips": [{"address": "10.0.0.1/24", "dhcp": {"hosts": list(kept)}}], **more}


def test_a_declared_guest_has_what_a_new_one_gets_by_its_name() -> None:
    found = one({"name": "web01", "interfaces": [{"network": "default"}, {"network": "lan"}]})
    assert found["uuid"] == derive_uuid(Scope("domain", "web01", Host()))
    assert [card["mac"] for card in found["interfaces"]] == [
        derive_mac(Scope("domain", "web01", Host(), place)) for place in (0, 1)
    ]
    assert found["networks"] == ["default", "lan"]


@pytest.mark.parametrize(
    ("kept", "address"),
    [
        ({"mac": MAC.upper(), "ip": "10.0.0.7"}, "10.0.0.7"),
        ({"mac": MAC, "name": "other", "ip": "10.0.0.7"}, "10.0.0.7"),
        ({"name": "web01", "ip": "10.0.0.7"}, "10.0.0.7"),
        ({"name": "web01", "mac": "52:54:00:aa:00:02", "ip": "10.0.0.7"}, None),
        ({"name": "web02", "ip": "10.0.0.7"}, None),
    ],
)
def test_addresses_that_dhcp_keeps(kept: dict[str, Any], address: str | None) -> None:
    guest = {"name": "web01", "interfaces": [{"network": "default", "mac": MAC}]}
    found = one(guest, [with_dhcp(kept, forward={"mode": "nat"})])
    assert (found["address"], found["behind_host"]) == (address, address is not None)
    assert one(guest, [with_dhcp(kept, name="lan")])["address"] is None


def test_an_own_address_of_an_interface() -> None:
    card = {"network": "lan", "mac": MAC, "ips": [{"address": "192.0.2.21", "prefix": 24}]}
    found = one({"name": "web01", "interfaces": [card]}, [{"name": "lan", "forward": {"mode": "bridge"}}])
    assert (found["address"], found["address_source"], found["behind_host"]) == ("192.0.2.21", "declared", False)


def test_what_is_there_wins_over_what_is_declared() -> None:
    guest = {"name": "web01", "memory": "1GiB", "interfaces": [{"network": "default", "mac": MAC}]}
    found = one(guest, [with_dhcp({"mac": MAC, "ip": "10.0.0.7"})], answered(web01=THERE))
    assert (found["memory"], found["uuid"], found["state"]) == (512, THERE["uuid"], "running")
    assert (found["address"], found["address_source"]) == ("10.0.0.9", "lease")
    assert [address["source"] for address in found["addresses"]] == ["lease", "declared"]
    assert "agent" not in found


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, "unknown"),
        (answered(), "absent"),
        (answered(complete=False), "unknown"),
        (answered(web01=THERE), "running"),
    ],
)
def test_states(answer: dict[str, Any] | None, state: str) -> None:
    assert one({"name": "web01"}, answer=answer)["state"] == state


def test_the_network_that_libvirt_brings_along() -> None:
    """It is NAT unless it is declared otherwise; one of another name without ``forward`` is isolated."""
    known = {name: join.networks_of([join.normal({"name": name})])[name]["forward"] for name in ("default", "x")}
    assert known == {"default": "nat", "x": ""}
    assert join.with_default([{"name": "default", "forward": {"mode": "route"}}]) == [
        {"name": "default", "forward": {"mode": "route"}}
    ]


@pytest.mark.parametrize("cards", ["x", [1], [{"mac": 3}], {"a": 1}, [None]])
def test_interfaces_with_mistakes(cards: Any) -> None:
    """The check of the fleet tells them; a guest is known by its name nonetheless."""
    assert one({"name": "web01", "interfaces": cards})["address"] is None


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        (['<tags xmlns="https://example.com/a">web prod</tags>'], ["web", "prod"]),
        (['<t:tags xmlns:t="https://example.com/a"><t:tag>web</t:tag><t:tag>db</t:tag></t:tags>'], ["web", "db"]),
        (['<a:tags xmlns:a="x:a">web,db</a:tags>', '<b:tags xmlns:b="x:b">web new</b:tags>'], ["web", "db", "new"]),
        (['<t:other xmlns:t="https://example.com/a">web</t:other>', "<no xml", 3], []),
        ("web", []),
        (None, []),
    ],
)
def test_tags(metadata: Any, found: list[str]) -> None:
    assert tags.of_declaration(metadata) == found

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which address Ansible takes, and which sources are asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import address

NETWORKS = {
    "default": {"forward": "nat", "bridge": "virbr0"},
    "lan": {"forward": "bridge", "bridge": "br0"},
    "alone": {"forward": "", "bridge": "virbr7"},
}
SOURCES = ["lease", "agent", "arp", "declared"]
FAMILIES = ["ipv4", "ipv6"]


def card(mac: str, **on: Any) -> dict[str, Any]:
    kind = next(iter(on), "user")
    return {"mac": mac, "type": kind, "network": None, "bridge": None, "direct": None, **on}


NAT, BRIDGE, MACVTAP = card("m1", network="default"), card("m2", bridge="br0"), card("m3", direct="eno2")
CARDS = [NAT, BRIDGE, MACVTAP]


def at(text: str, mac: str, source: str = "lease") -> dict[str, Any]:
    return {"address": text, "mac": mac, "source": source}


def chosen(
    found: list[dict[str, Any]],
    wanted: list[str] | None = None,
    sources: list[str] | None = None,
    families: list[str] | None = None,
    cards: list[dict[str, Any]] | None = None,
) -> str | None:
    one = address.chosen(cards or CARDS, found, NETWORKS, wanted or ["*"], sources or SOURCES, families or FAMILIES)
    return None if one is None else one["address"]


def test_the_better_source_wins() -> None:
    found = [at("10.0.0.3", "m1", "arp"), at("10.0.0.1", "m1", "lease"), at("10.0.0.2", "m1", "agent")]
    assert chosen(found) == "10.0.0.1"
    assert chosen(found, sources=["agent", "lease"]) == "10.0.0.2"
    assert chosen(found, sources=["declared"]) is None


@pytest.mark.parametrize(
    ("wanted", "one"),
    [
        (["*"], "10.0.0.1"),
        (["lan"], "10.1.0.1"),
        (["br0"], "10.1.0.1"),
        (["eno2", "*"], "10.2.0.1"),
        (["eno*"], "10.2.0.1"),
        (["nothing", "lan", "default"], "10.1.0.1"),
        (["nothing"], None),
    ],
)
def test_the_better_network_wins_over_the_better_source(wanted: list[str], one: str | None) -> None:
    found = [at("10.0.0.1", "m1"), at("10.1.0.1", "m2", "arp"), at("10.2.0.1", "m3", "declared")]
    assert chosen(found, wanted) == one


def test_families() -> None:
    found = [at("2001:db8::1", "m1"), at("10.0.0.1", "m1")]
    assert chosen(found) == "10.0.0.1"
    assert chosen(found, families=["ipv6", "ipv4"]) == "2001:db8::1"
    assert chosen(found[:1], families=["ipv4"]) is None


ZONE = "2001:db8::1%x\n  ProxyCommand touch /tmp/x"
"""What a hostile guest may have its agent tell; Python takes it for an address."""

FORMS = ("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0.0.0.0", "255.255.255.255", "240.0.0.1")
"""Others, by which the control node would reach itself, or nobody."""


@pytest.mark.parametrize(
    "text", ["fe80::1", "169.254.1.1", "127.0.0.1", "::1", "0.0.0.0", "224.0.0.1", "", None, "x", ZONE]
)
def test_addresses_that_nobody_reaches(text: Any) -> None:
    assert chosen([at(text, "m1")]) is None


def test_what_an_agent_tells_of_the_inside_of_a_guest() -> None:
    """A bridge for containers has a MAC address of its own, and a card in the user network reaches nobody."""
    assert chosen([at("172.17.0.1", "02:42:00:00:00:01", "agent")]) is None
    user = card("m9")
    assert chosen([at("10.0.2.15", "m9", "agent")], cards=[user]) is None


def test_cards_in_order() -> None:
    assert chosen([at("10.2.0.1", "m3"), at("10.1.0.1", "m2")]) == "10.1.0.1"


def test_whom_further_sources_are_asked_about() -> None:
    assert not address.suffices(CARDS, [], NETWORKS, ["*"])
    assert address.suffices(CARDS, [at("10.2.0.1", "m3")], NETWORKS, ["*"])
    assert not address.suffices(CARDS, [at("10.0.0.1", "m1")], NETWORKS, ["lan", "*"])
    assert not address.suffices(CARDS, [at("fe80::1", "m2")], NETWORKS, ["lan"])
    assert address.suffices(CARDS, [], NETWORKS, ["nothing"]), "nothing is wanted of it"
    assert address.suffices([], [], NETWORKS, ["*"])


@pytest.mark.parametrize(
    ("one", "hidden"),
    [
        (NAT, True),
        (card("m", network="alone"), True),
        (card("m", bridge="virbr0"), True),
        (card("m", network="lan"), False),
        (BRIDGE, False),
        (card("m", bridge="br9"), False),
        (MACVTAP, False),
        (card("m", network="unknown"), False),
    ],
)
def test_networks_that_hide_their_guests(one: dict[str, Any], hidden: bool) -> None:
    assert address.is_hidden(one, NETWORKS) is hidden

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of links take."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK


@pytest.mark.parametrize(("metric", "taken"), [(0, True), (2**32 - 2, True), (2**32 - 1, False), (-1, False)])
def test_the_metric_of_a_route_is_one_that_the_kernel_keeps(metric: int, taken: bool) -> None:
    routes = [{"to": "default", "via": "192.0.2.1", "metric": metric}]
    link = {"name": "br0", "type": "bridge", "addressing": "static", "addresses": ["192.0.2.2/24"], "routes": routes}
    if taken:
        assert LINK.parse([link])[0]["routes"][0]["metric"] == metric
    else:
        with pytest.raises(VirtfleetError, match="metric"):
            LINK.parse([link])


KINDS: dict[str, dict[str, Any]] = {
    "bridge": {},
    "bond": {"ports": ["eno1"]},
    "vlan": {"id": 5, "parent": "eno1"},
    "macvlan": {"parent": "eno1"},
    "macvtap": {"parent": "eno1"},
}


def wrong(**link: Any) -> list[str]:
    """What is wrong with a link: the option, and what is said of it."""
    try:
        LINK.parse([{"name": "x0", **link}])
    except VirtfleetError as error:
        return [line.strip() for line in str(error).splitlines()]
    return []


@pytest.mark.parametrize(
    ("option", "kind", "bounds"),
    [
        ("mtu", "bridge", (68, 65535)),
        ("id", "vlan", (0, 4094)),
        ("forward_delay", "bridge", (0, 30)),
    ],
)
def test_a_number_is_one_that_the_kernel_takes(option: str, kind: str, bounds: tuple[int, int]) -> None:
    """The bounds.

    An MTU is one of IPv4 (68, RFC 791) up to that of an Ethernet device (ETH_MAX_MTU, linux/if_ether.h); a VLAN has 12
    bits of which all ones are reserved (IEEE 802.1Q, ip-link(8)); the delay is that of ip-link(8) without and with a
    spanning tree (BR_MAX_FORWARD_DELAY, net/bridge/br_private.h).
    """
    low, high = bounds
    for value in (low, low + 1, high):
        assert wrong(**{"type": kind, **KINDS[kind], option: value}) == []
    for value in (low - 1, high + 1):
        assert any(option in line for line in wrong(**{"type": kind, **KINDS[kind], option: value}))


@pytest.mark.parametrize("stp", [True, False, None])
@pytest.mark.parametrize(("delay", "enough"), [(0, False), (1, False), (2, True), (30, True), (None, True)])
def test_a_spanning_tree_needs_a_delay_of_two_seconds(stp: bool | None, delay: int | None, enough: bool) -> None:
    """BR_MIN_FORWARD_DELAY (net/bridge/br_private.h)."""
    more = {name: value for name, value in (("stp", stp), ("forward_delay", delay)) if value is not None}
    assert bool(wrong(type="bridge", **more)) is (bool(stp) and not enough)
    assert wrong(state="absent", type="bridge", **more) == []


STATIC: dict[str, Any] = {"addressing": "static", "addresses": ["192.0.2.2/24"]}
OWN: dict[str, list[str]] = {
    "ports": ["bridge", "bond"],
    "parent": ["vlan", "macvlan", "macvtap"],
    "id": ["vlan"],
    "mode": ["bond", "macvlan", "macvtap"],
    "stp": ["bridge"],
    "forward_delay": ["bridge"],
    "vlan_filtering": ["bridge"],
    "takeover": ["bridge", "bond"],
}
VALUES: dict[str, Any] = {
    "ports": ["eno1"],
    "parent": "eno1",
    "id": 5,
    "stp": True,
    "forward_delay": 4,
    "vlan_filtering": True,
    "takeover": True,
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("option", sorted(OWN))
def test_an_option_is_one_of_the_links_type(kind: str, option: str) -> None:
    value = VALUES.get(option, "active-backup" if kind == "bond" else "private")
    found = wrong(**{"type": kind, **KINDS[kind], option: value})
    assert bool(found) is (kind not in OWN[option])
    if found:
        assert f"{option}: is not an option of a {kind}, but of: {', '.join(sorted(OWN[option]))}" in "".join(found)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({}, "type: is missing"),
        ({"type": "vlan", "parent": "eno1"}, "id: a vlan needs it"),
        ({"type": "vlan", "id": 5}, "parent: a vlan needs it"),
        ({"type": "macvtap"}, "parent: a macvtap needs it"),
        ({"type": "bond"}, "ports: a bond needs at least one"),
        ({"type": "bond", "ports": []}, "ports: a bond needs at least one"),
        ({"type": "macvlan", "parent": "eno1", "mode": "802.3ad"}, "mode: a macvlan can have: "),
        ({"type": "bond", "ports": ["eno1"], "mode": "vepa"}, "mode: a bond can have: "),
        (
            {"type": "macvlan", "parent": "eno1", "mode": "passthru", "mac": "52:54:00:00:00:01"},
            "mac: a link of mode passthru has the MAC address of its parent",
        ),
        ({"type": "macvlan", "name": "identity", "parent": "eno1"}, "name: identity is no name for a macvlan"),
        ({"type": "macvtap", "name": "vlan", "parent": "eno1"}, "name: vlan is no name for a macvtap"),
        ({"type": "bridge", "ports": ["x0"]}, "ports: a link cannot be built on itself"),
        ({"type": "macvlan", "parent": "x0"}, "parent: a link cannot be built on itself"),
        ({"type": "bridge", "ports": ["eno1", "eno2", "eno1"]}, "ports: eno1 is named more than once"),
        ({"type": "bridge", "addressing": "static"}, "addresses: static addressing needs them"),
        ({"type": "bridge", "addresses": ["192.0.2.2/24"]}, "addresses: goes with 'addressing: static' only"),
        ({"type": "bridge", "addressing": "dhcp", "gateway": "192.0.2.1"}, "gateway: goes with 'addressing: static'"),
        ({"type": "bridge", "nameservers": ["192.0.2.1"]}, "nameservers: goes with 'addressing: static'"),
        ({"type": "bridge", "search": ["example.org"]}, "search: goes with 'addressing: static'"),
        ({"type": "vlan", "id": 5, "parent": "eno1", "addressing": "inherit"}, "addressing: a VLAN has addresses of"),
        ({"type": "bridge", **STATIC, "gateway": "2001:db8::1"}, "gateway: 2001:db8::1 is of another family"),
        ({"type": "bridge", **STATIC, "routes": [{"via": "192.0.2.1"}]}, "routes[0].to: is missing"),
        ({"type": "bridge", **STATIC, "routes": [{"to": "default"}]}, "routes[0].via: is missing"),
        (
            {"type": "bridge", **STATIC, "routes": [{"to": "10.0.0.0/8"}, {"to": "fd00::/8", "via": "192.0.2.1"}]},
            "routes[1].via: 192.0.2.1 is of another family than fd00::/8",
        ),
        ({"type": "bridge", "addressing": "static", "addresses": ["0.0.0.0/0"]}, "addresses[0]: "),
    ],
)
def test_what_a_link_cannot_be_is_told_with_its_option(link: dict[str, Any], said: str) -> None:
    assert said in "\n".join(wrong(**link))


@pytest.mark.parametrize(
    "link",
    [
        {"type": "bridge", "name": "identity"},
        {"type": "bond", "name": "vlan", "ports": ["eno1"]},
        {"type": "macvlan", "parent": "eno1", "mode": "passthru"},
        {"type": "macvlan", "parent": "eno1", "mac": "52:54:00:00:00:01"},
        {"type": "macvlan", "parent": "eno1", "addressing": "inherit"},
        {"type": "bridge", **STATIC, "gateway": "192.0.2.1"},
        {"type": "bridge", **STATIC, "routes": [{"to": "10.0.0.0/8"}, {"to": "default", "via": "192.0.2.1"}]},
        {
            "type": "bridge",
            "addressing": "static",
            "addresses": ["192.0.2.2/24", "2001:db8::2/64"],
            "gateway": "2001:db8::1",
        },
        # Of one that goes, only the name counts.
        {"state": "absent"},
        {"state": "absent", "type": "macvlan", "name": "vlan"},
        {"state": "absent", "type": "bridge", "addresses": ["192.0.2.2/24"], "parent": "eno1"},
    ],
)
def test_what_a_link_can_be_is_taken(link: dict[str, Any]) -> None:
    assert wrong(**link) == []


@pytest.mark.parametrize(
    ("addresses", "gateway", "said"),
    [
        (["192.0.2.2/24"], "192.0.2.1", ""),
        (["192.0.2.2/24"], "192.0.2.0", "stands for no host"),
        (["192.0.2.2/24"], "192.0.2.255", "stands for no host"),
        (["192.0.2.2/30"], "192.0.2.3", "stands for no host"),
        # A subnet for two has no addresses of its own (RFC 3021).
        (["192.0.2.2/31"], "192.0.2.3", ""),
        (["192.0.2.2/24"], "192.0.2.2", "is an address of the link itself"),
        (["192.0.2.2/24"], "198.51.100.1", "is in no subnet of the link"),
        (["192.0.2.2/24"], "127.0.0.1", "stands for no host"),
        (["192.0.2.2/24"], "0.0.0.0", "stands for no host"),
        (["192.0.2.2/24"], "224.0.0.1", "stands for no host"),
        (["192.0.2.2/24"], "255.255.255.255", "stands for no host"),
        (["2001:db8::2/64"], "2001:db8::1", ""),
        (["2001:db8::2/64"], "fe80::1", ""),
        (["2001:db8::2/64"], "2001:db8:1::1", "is in no subnet of the link"),
        (["2001:db8::2/64", "192.0.2.2/24"], "2001:db8::2", "is an address of the link itself"),
    ],
)
def test_a_router_is_a_host_of_the_links_subnets(addresses: list[str], gateway: str, said: str) -> None:
    found = wrong(type="bridge", addressing="static", addresses=addresses, gateway=gateway)
    assert [said in line for line in found if "gateway" in line] == ([True] if said else [])


def test_a_router_may_be_reached_by_a_route_of_its_own() -> None:
    link: dict[str, Any] = {"type": "bridge", **STATIC}
    through = {"to": "default", "via": "198.51.100.1"}
    assert wrong(**link, routes=[{"to": "198.51.100.1/32"}, through]) == []
    assert any("routes[0].via" in line for line in wrong(**link, routes=[through]))
    assert any("routes[1].via" in line for line in wrong(**link, routes=[{"to": "203.0.113.0/24"}, through]))


@pytest.mark.parametrize("name", ["all", "default", "lo", "7", "0x1f", "0b1", "0o7", "0X", "a:b"])
def test_a_name_that_no_link_of_its_own_can_have_is_refused(name: str) -> None:
    assert any("is not a name that a link of its own can have" in line for line in wrong(name=name, type="bridge"))


@pytest.mark.parametrize("to", ["default", "10.0.0.0/8", "fd00::/8", "192.0.2.1", "10.0.0.1/8", "x", "", 7])
def test_a_route_leads_to_a_network_or_everywhere(to: Any) -> None:
    found = wrong(type="bridge", **STATIC, routes=[{"to": to, "via": "fd00::1" if ":" in str(to) else "192.0.2.1"}])
    assert any("is neither 'default' nor a network" in line for line in found) is (to in ("10.0.0.1/8", "x", "", 7))

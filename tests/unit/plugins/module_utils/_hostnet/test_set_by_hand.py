# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was set with ``ip`` does not move along with a bridge, and the plan says so."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import facts as model
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

DHCP = "network: {version: 2, ethernets: {eno1: {dhcp4: true}}}"
STATIC = "network: {version: 2, ethernets: {eno1: {addresses: [192.0.2.10/24, '2001:DB8:0::10/64']}}}"
SERVED = STATIC.replace("]}}}", "], nameservers: {addresses: [192.0.2.99]}}}}")
ELSEWHERE = "network: {version: 2, ethernets: {eno1: {dhcp4: true}, eno2: {addresses: [192.0.2.99/32]}}}"
LABELLED = STATIC.replace("[192", "[192.0.2.99/32: {label: 'eno1:1'}, 192")
BRIDGE = {"name": "br0", "type": "bridge", "ports": ["eno1"]}
LEASED = {"family": "inet", "local": "192.0.2.10", "prefixlen": 24, "scope": "global", "dynamic": True}
FIXED = {key: value for key, value in LEASED.items() if key != "dynamic"}
VIP = {**FIXED, "local": "192.0.2.99", "prefixlen": 32}
WIDE = {"family": "inet6", "local": "2001:db8::10", "prefixlen": 64, "scope": "global"}
ANNOUNCED = {**WIDE, "local": "2001:db8::5054:ff:fe00:1", "dynamic": True}
PRIVATE = {**WIDE, "local": "2001:db8::cef7:552:b925:4c47", "dynamic": True}
OTHER = {**WIDE, "local": "2001:db8::99"}
VIP_NET, OTHER_NET = "192.0.2.99/32", "2001:db8::99/64"


def planned(
    netplan: str, *addresses: dict[str, Any], routes: Any = (), login: str = "", lease: str = "", item: Any = None
) -> LinksPlan:
    item = item or BRIDGE
    link = {"ifname": "eno1", "ifindex": 2, "address": "52:54:00:00:00:01", "addr_info": list(addresses)}
    device = model.dataclasses.replace(
        model.devices([link])["eno1"], client_id=lease, network_file="/run/systemd/network/10-netplan-eno1.network"
    )
    host = Facts(
        devices={"eno1": device},
        routes=tuple(model.routes(routes, "0.0.0.0/0")),
        netplan=(NetplanFile("/etc/netplan", "01.yaml", netplan),),
        has_netplan=True,
        networkd=True,
        login=login,
    )
    return plan(LINK.parse([item]), host)


@pytest.mark.parametrize(
    ("netplan", "addresses", "lease", "lost"),
    [
        (DHCP, [LEASED], "01", []),
        (DHCP, [LEASED, VIP], "01", ["192.0.2.99/32"]),
        (DHCP, [FIXED], "01", []),
        (DHCP, [FIXED, VIP], "01", []),
        (DHCP, [LEASED, WIDE], "01", ["2001:db8::10/64"]),
        (DHCP, [LEASED, ANNOUNCED], "01", []),
        (STATIC, [FIXED, WIDE], "", []),
        (STATIC, [FIXED, VIP, WIDE, OTHER], "", ["192.0.2.99/32", "2001:db8::99/64"]),
        (STATIC + "\n# 192.0.2.99 belongs to keepalived", [FIXED, VIP], "", ["192.0.2.99/32"]),
        (SERVED, [FIXED, VIP], "", ["192.0.2.99/32"]),
        (ELSEWHERE, [LEASED, VIP], "01", ["192.0.2.99/32"]),
        (LABELLED, [FIXED, VIP], "", []),
        (DHCP, [LEASED, {**VIP, "scope": "link"}, {**VIP, "local": "169.254.7.7", "scope": "link"}], "01", [VIP_NET]),
        (
            DHCP,
            [LEASED, {**VIP, "local": "192.0.2.98", "scope": "host"}, {**OTHER, "scope": "site"}],
            "01",
            [OTHER_NET],
        ),
    ],
    ids=[
        "lease",
        "set by hand",
        "lease for ever",
        "lease for ever, in doubt",
        "v6",
        "announced",
        "declared",
        "both",
        "in a comment",
        "as a name server",
        "of another device",
        "with a label",
        "scope link",
        "other scopes",
    ],
)
def test_an_address_that_no_file_has_is_told(
    netplan: str, addresses: list[dict[str, Any]], lease: str, lost: list[str]
) -> None:
    found = planned(netplan, *addresses, lease=lease)
    said = [line for line in found.warnings if "in none of the host's files" in line]
    assert said == [
        f"link br0: the address {address} on eno1 is in none of the host's files, as if it was set by hand: it goes"
        " away; describe it in netplan or in networkd's files where it is to stay"
        for address in lost
    ]
    (forecast,) = found.forecast
    assert forecast["after"] == [address for address in forecast["before"] if address not in lost]
    assert all(address in forecast["note"] for address in lost)


def test_a_host_that_is_reached_by_such_an_address_is_looked_for_at_the_others() -> None:
    found = planned(DHCP, LEASED, VIP, login="192.0.2.99", lease="01")
    assert found.addresses == ["192.0.2.99", "192.0.2.10"]


def test_a_route_that_no_file_has_is_told() -> None:
    routes = [
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eno1", "protocol": "dhcp"},
        {"dst": "192.0.2.0/24", "dev": "eno1", "protocol": "kernel", "scope": "link"},
        {"dst": "10.9.0.0/16", "gateway": "192.0.2.7", "dev": "eno1"},
        {"dst": "10.8.0.0/16", "dev": "eno2"},
    ]
    named = DHCP.replace("true}", "true, routes: [{to: 10.9.0.0/16, via: 192.0.2.7}]}")
    assert planned(named, LEASED, routes=routes, lease="01").warnings == []
    for text in (DHCP, "# 10.9.0.0 is set by the VPN\n" + DHCP):
        (warning,) = planned(text, LEASED, routes=routes, lease="01").warnings
        assert warning.startswith("link br0: the route to 10.9.0.0/16 by 192.0.2.7 on eno1 is in none of the host's")


@pytest.mark.parametrize(
    ("route", "named", "told"),
    [
        ({"dst": "10.9.0.0/16", "gateway": "192.0.2.7"}, "to: 10.9.0.5/16, via: 192.0.2.7", []),
        ({"dst": "10.9.0.0/16", "gateway": "192.0.2.7"}, "", ["the route to 10.9.0.0/16 by 192.0.2.7 on eno1"]),
        ({"dst": "default", "gateway": "192.0.2.1"}, "to: default, via: 192.0.2.1", []),
        ({"dst": "default", "gateway": "192.0.2.1"}, "", ["the route to 0.0.0.0/0 by 192.0.2.1 on eno1"]),
        ({"dst": "default"}, "", []),
    ],
)
def test_a_route_that_looks_like_a_files_is_told_where_none_names_it(
    route: dict[str, Any], named: str, told: list[str]
) -> None:
    text = DHCP.replace("true}", f"true, routes: [{{{named}}}]}}") if named else DHCP
    found = planned(text, LEASED, routes=[{**route, "dev": "eno1", "protocol": "static"}], lease="01")
    assert [line.partition(" is in none")[0].partition("link br0: ")[2] for line in found.warnings] == told
    assert len(found.static) == len(told)


@pytest.mark.parametrize(("policy", "found"), [("", False), (", routing-policy: [{from: 10.0.0.0/8, table: 7}]", True)])
def test_a_rule_may_be_a_files_where_one_has_rules(policy: str, found: bool) -> None:
    assert planned(DHCP.replace("true}", f"true{policy}}}"), LEASED, lease="01").rules_of_files is found


def test_of_a_programs_routes_there_is_one_warning() -> None:
    routes = [{"dst": f"10.{n}.0.0/16", "gateway": "192.0.2.7", "dev": "eno1", "protocol": "bird"} for n in range(9)]
    (warning,) = planned(DHCP, LEASED, routes=routes, lease="01").warnings
    assert warning == (
        "link br0: the routes on eno1 whose origin is bird (9) go away: the program that has set them has to know of"
        " br0"
    )


@pytest.mark.parametrize(
    ("item", "configured"),
    [
        ({"name": "shim0", "type": "macvlan", "parent": "eno1"}, {}),
        ({"name": "vlan5", "type": "vlan", "parent": "eno1", "id": 5, "addressing": "none"}, {}),
        ({"name": "bond0", "type": "bond", "ports": ["eno1"]}, {"eno1": "bond0"}),
        (BRIDGE, {"eno1": "br0"}),
    ],
    ids=["shim", "vlan", "bond", "bridge"],
)
def test_who_loses_what_no_file_has_is_told_to_the_agent(item: dict[str, Any], configured: dict[str, str]) -> None:
    """All others get it back, such as the parent of a link, which networkd configures anew."""
    found = planned(DHCP, LEASED, VIP, lease="01", item=item)
    assert found.configured == configured
    assert found.by_hand == {"eno1": ["192.0.2.99/32"]}
    assert len(found.warnings) == len(configured)


def test_a_bridge_made_by_hand_loses_what_no_file_has() -> None:
    """It is described in netplan from now on, and networkd configures it anew."""
    links = [
        {"ifname": "eno1", "ifindex": 2, "address": "52:54:00:00:00:01", "master": "br0"},
        {"ifname": "br0", "ifindex": 3, "linkinfo": {"info_kind": "bridge"}, "addr_info": [VIP]},
    ]
    routes = [{"dst": "10.77.0.0/16", "gateway": "10.7.7.9", "dev": "br0"}]
    host = Facts(
        devices=model.devices(links),
        routes=tuple(model.routes(routes, "0.0.0.0/0")),
        netplan=(NetplanFile("/etc/netplan", "01.yaml", "network: {version: 2, ethernets: {eno1: {}}}"),),
        has_netplan=True,
        networkd=True,
    )
    found = plan(LINK.parse([BRIDGE]), host)
    assert [line.partition(" is in none")[0] for line in found.warnings] == [
        "link br0: the address 192.0.2.99/32 on br0",
        "link br0: the route to 10.77.0.0/16 by 10.7.7.9 on br0",
    ]


@pytest.mark.parametrize(
    ("texts", "writes"),
    [
        ([], True),
        (["network: {config: disabled}"], False),
        (["network:\n  config: disabled\n"], False),
        (["network: {config: 'disabled'} # by hand"], False),
        (["# to switch this off, write:\n# network: {config: disabled}\nsystem_info: {}\n"], True),
        (["network: {config: disabled}", "network: {config: {version: 2}}"], True),
        (["network: {config: {version: 2}}", "network: {config: disabled}"], False),
        (["network: {config: disabled-not}"], True),
    ],
)
def test_who_writes_the_network_at_boot_is_told_from_what_counts(texts: list[str], writes: bool) -> None:
    assert model.cloud_init_writes(texts) is writes


def test_an_address_that_a_device_makes_up_is_another_one_on_the_bridge() -> None:
    found = planned(DHCP, LEASED, ANNOUNCED, PRIVATE, lease="01", login="2001:db8::cef7:552:b925:4c47")
    (forecast,) = found.forecast
    assert forecast["after"] == ["192.0.2.10/24", "2001:db8::5054:ff:fe00:1/64"]
    assert forecast["note"].endswith("; 2001:db8::cef7:552:b925:4c47/64 is made up anew by br0")
    assert found.addresses[1:] == ["192.0.2.10", "2001:db8::5054:ff:fe00:1"]
    assert found.warnings == []


def test_a_route_that_ip_does_not_tell_whole_is_named() -> None:
    routes = [{"dst": "1.2.3.4", "encap": "ip", "dev": "eno2"}, {"dst": "10.9.0.0/16", "encap": "mpls", "dev": "eno2"}]
    routes += [{"dst": "10.8.0.0/16", "encap": "mpls", "dev": "eno2", "protocol": "kernel"}]
    said = [line.partition(" around")[0] for line in planned(DHCP, LEASED, routes=routes, lease="01").warnings]
    assert said == ["a route on eno2 puts ip", "a route on eno2 puts mpls"]


@pytest.mark.parametrize("critical", [True, False])
def test_what_networkd_leaves_alone_does_not_go_away(critical: bool) -> None:
    """``critical`` has networkd keep what others have set where it configures a link anew."""
    words = f"{{interfaces: [eno1], addresses: [192.0.2.10/24], critical: {str(critical).lower()}}}"
    netplan = f"network: {{version: 2, ethernets: {{eno1: {{}}}}, bridges: {{br0: {words}}}}}"
    bridge = model.HostDevice(
        "br0", 3, kind="bridge", addresses=("192.0.2.10/24", VIP_NET), lasting=("192.0.2.10/24", VIP_NET)
    )
    host = Facts(
        devices={"eno1": model.HostDevice("eno1", 2, master="br0"), "br0": bridge},
        neighbours=(model.Neighbour("br0", "192.0.2.77"),),
        netplan=(NetplanFile("/etc/netplan", "01.yaml", netplan),),
        has_netplan=True,
        networkd=True,
    )
    found = plan(LINK.parse([{**BRIDGE, "mtu": 1400}]), host)
    assert len([line for line in found.warnings if "it goes away" in line]) == (0 if critical else 2)
    assert [*found.configured] == ([] if critical else ["br0"])
    gone = plan(LINK.parse([{"name": "br0", "state": "absent"}]), host)
    assert len([line for line in gone.warnings if "it goes away" in line]) == 2


def test_a_neighbour_that_somebody_has_set_on_a_port_is_told() -> None:
    device = model.HostDevice("eno1", 2, network_file="/etc/systemd/network/10-eno1.network")
    own = (
        "[Match]\nName=eno1\n[Network]\nDHCP=yes\n[Neighbor]\nAddress=192.0.2.78\nLinkLayerAddress=02:00:00:00:00:78\n"
    )
    host = Facts(
        devices={"eno1": device, "eno2": model.HostDevice("eno2", 3)},
        neighbours=tuple(model.Neighbour(f"eno{number}", f"192.0.2.{77 + number}") for number in (0, 1, 2)),
        units={"/etc/systemd/network/10-eno1.network": own},
        networkd=True,
    )
    host = model.dataclasses.replace(host, neighbours=(model.Neighbour("eno1", "192.0.2.77"), *host.neighbours))
    said = [line for line in plan(LINK.parse([BRIDGE]), host).warnings if "neighbour" in line]
    assert [line.partition(",")[0] for line in said] == [
        "link br0: the neighbour 192.0.2.77 on eno1 is in none of the host's files"
    ]


@pytest.mark.parametrize(("to", "told"), [("10.97.0.0/16", True), ("fd97::/64", False)])
def test_the_next_hops_on_other_devices_go_with_their_route(to: str, told: bool) -> None:
    hops = [{"dev": "eno1", "gateway": "192.0.2.7"}, {"dev": "eno2", "gateway": "192.0.2.8"}]
    found = planned(STATIC, FIXED, routes=[{"dst": to, "nexthops": hops}]).warnings
    (said,) = [each for each in found if to in each]
    along = " (and with it its next hops on eno2)" if told else ""
    assert f"the route to {to} by 192.0.2.7{along} on eno1 is in none" in said

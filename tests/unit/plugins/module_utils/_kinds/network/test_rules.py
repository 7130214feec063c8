# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold between the options of a network."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK


def problems(config: dict[str, Any]) -> list[str]:
    """What is wrong with a new network."""
    item, found = NETWORK.parse_item({"name": "n", **config})
    if found:
        return [str(problem) for problem in found]
    try:
        plan(NETWORK, {}, [item], Host())
    except VirtfleetError as error:
        return [line.partition("network n: ")[2] for line in str(error).splitlines()[1:]]
    return []


def subnet(address: str = "10.0.0.1/24", **dhcp: Any) -> dict[str, Any]:
    return {"ips": [{"address": address, "dhcp": dhcp}]}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"ips": None},
        {"ips": [{"address": "10.0.0.1/24"}, {"address": "10.0.1.1/24"}, {"address": "fd00::1/64"}]},
        {"ips": [{"address": "10.0.0.1/24", "dhcp": None}]},
        subnet(ranges=[{"start": "10.0.0.2", "end": "10.0.0.2"}], hosts=[{"ip": "10.0.0.3", "name": "a"}]),
        subnet("fd00::1/64", ranges=[{"start": "fd00::2", "end": "fd00::ff"}]),
        {"forward": {"mode": "bridge"}, "bridge": "br0"},
        {"forward": {"mode": "bridge", "interfaces": ["eno2"]}},
        {"forward": {"mode": "nat"}, "bridge": "virbr1"},
        {"forward": None},
        # libvirt writes dev into interfaces, too, so adoption brings this.
        {"forward": {"mode": "nat", "dev": "eth0", "interfaces": ["eth0"]}, "bridge": "virbr1"},
    ],
)
def test_good_networks(config: dict[str, Any]) -> None:
    assert problems(config) == []


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"ips": [{}]}, ["ips[0].address: is missing"]),
        (
            {
                "ips": [
                    {"address": "10.0.0.1/24", "dhcp": {"ranges": [{"start": "10.0.0.2", "end": "10.0.0.9"}]}},
                    {"address": "10.0.1.1/24", "dhcp": {"hosts": [{"ip": "10.0.1.9", "name": "a"}]}},
                ]
            },
            [
                "ips[1].dhcp: libvirt hands out addresses of one subnet of IPv4 only, and those of 10.0.0.1/24 are"
                " declared already: leave one of the two out, or make another network"
            ],
        ),
        ({"portgroups": [{"name": "a"}, {"name": "a"}]}, ["portgroups[1].name: 'a' is declared more than once"]),
        (
            {"portgroups": [{"name": "a", "default": True}, {"name": "b", "default": True}]},
            ["portgroups[1].default: only one port group is the default, and 'a' is already"],
        ),
        (
            {"ips": ["10.0.0.1/0"]},
            ["ips[0].address: '10.0.0.1/0' stands for all addresses that there are; write a smaller subnet"],
        ),
        ({"ips": [{"address": None}]}, ["ips[0].address: is missing"]),
        (
            {"ips": [{"address": "10.0.0.1/16"}, {"address": "10.0.9.1/24"}]},
            ["ips[1].address: 10.0.9.0/24 overlaps another subnet of this network"],
        ),
        (subnet(ranges=[{"start": "10.0.0.2"}]), ["ips[0].dhcp.ranges[0]: needs both start and end"]),
        (
            subnet(ranges=[{"start": "10.0.0.2", "end": "10.0.1.2"}]),
            ["ips[0].dhcp.ranges[0]: 10.0.1.2 is not in 10.0.0.0/24"],
        ),
        (
            subnet(ranges=[{"start": "10.0.0.9", "end": "10.0.0.2"}]),
            ["ips[0].dhcp.ranges[0]: starts at 10.0.0.9, after its end 10.0.0.2"],
        ),
        (
            subnet(ranges=[{"start": "10.0.0.9", "end": "fd00::1"}]),
            ["ips[0].dhcp.ranges[0]: fd00::1 is not in 10.0.0.0/24"],
        ),
        (subnet(hosts=[{"name": "a"}]), ["ips[0].dhcp.hosts[0]: needs ip"]),
        (subnet(hosts=[{"ip": "10.1.0.1"}]), ["ips[0].dhcp.hosts[0]: 10.1.0.1 is not in 10.0.0.0/24"]),
        (
            {"forward": {"mode": "bridge"}, "bridge": "br0", "ips": [{"address": "10.0.0.1/24"}]},
            ["ips: a network with forward mode 'bridge' takes its addresses from outside"],
        ),
        (
            {"forward": {"mode": "bridge", "interfaces": ["eno2"]}, "bridge": "br0"},
            ["bridge: goes with a host bridge, forward.interfaces with MacVTap: give one"],
        ),
        (
            {"forward": {"mode": "bridge"}},
            ["bridge: name the host bridge here, or a device for MacVTap in forward.interfaces"],
        ),
    ],
)
def test_bad_networks(config: dict[str, Any], found: list[str]) -> None:
    assert problems(config) == found


@pytest.mark.parametrize("address", ["10.0.0.0/24", "10.0.0.1", "banana", "10.0.0.256/24"])
def test_a_bad_subnet_is_refused_by_name(address: str) -> None:
    (problem,) = problems({"ips": [{"address": address}]})
    assert problem.startswith(f"ips[0].address: '{address}' is not ")


ODD = ET.fromstring(
    "<network><name>n</name><forward mode='nat'><interface dev='a_name_of_more_than_15'/></forward>"
    "<bridge name='virbr9'/><ip address='10.0.0.0' prefix='24'><dhcp><host name='a' ip='10.9.0.1'/></dhcp></ip>"
    "</network>"
)
"""What libvirt takes and nobody should write."""

ADOPTED: dict[str, Any] = {
    "name": "n",
    "forward": {"mode": "nat", "interfaces": ["a_name_of_more_than_15"]},
    "bridge": "virbr9",
    "ips": [{"address": "10.0.0.0/24", "dhcp": {"hosts": [{"name": "a", "ip": "10.9.0.1"}]}}],
}


def changes(config: dict[str, Any]) -> list[str]:
    """What changes of an existing network."""
    have = {"n": Observed(ODD, None, "inactive", {"autostart": False})}
    (done,) = plan(NETWORK, have, NETWORK.parse([{"name": "n", "state": "present", **config}]), Host())
    return [change.path for change in done.changes]


def test_what_libvirt_holds_is_not_refused() -> None:
    assert changes(ADOPTED) == []


def test_what_libvirt_holds_does_not_stand_in_the_way_of_a_change_beside_it() -> None:
    assert changes({**ADOPTED, "bridge": "virbr8"}) == ["bridge"]
    forward = {"mode": "nat", "interfaces": ["a_name_of_more_than_15", "eth1"]}
    assert changes({**ADOPTED, "forward": forward}) == ["forward.interfaces"]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"bridge": "a_name_of_more_than_15"}, "bridge: 'a_name_of_more_than_15' is not a name of a network device"),
        (
            {"forward": {"mode": "nat", "interfaces": ["a_name_of_more_than_15", "not a name"]}},
            r"forward.interfaces\[1\]: 'not a name' is not a name of a network device",
        ),
        ({"ips": [{"address": "10.8.0.0/24"}]}, r"ips\[0\].address: '10.8.0.0/24' is not a host of"),
        (
            {"ips": [{"address": "10.0.0.0/24", "dhcp": {"hosts": [{"name": "a", "ip": "10.9.0.2"}]}}]},
            r"ips\[0\].dhcp.hosts\[0\]: 10.9.0.2 is not in 10.0.0.0/24",
        ),
    ],
)
def test_what_is_doubtful_and_new_is_refused(config: dict[str, Any], found: str) -> None:
    with pytest.raises(VirtfleetError, match=found):
        changes(config)


def test_all_that_is_wrong_with_a_new_network_is_told() -> None:
    assert [line.partition(":")[0] for line in problems(ADOPTED)] == [
        "forward.interfaces[0]",
        "ips[0].address",
        "ips[0].dhcp.hosts[0]",
    ]


@pytest.mark.parametrize(
    ("address", "kept", "what"),
    [
        ("10.0.0.1/24", "10.0.0.1", "that of the network itself"),
        ("10.0.0.1/24", "10.0.0.0", "the first address of 10.0.0.0/24, which stands for the subnet"),
        ("10.0.0.1/24", "10.0.0.255", "the broadcast address of 10.0.0.0/24"),
        ("10.0.0.129/25", "10.0.0.128", "the first address of 10.0.0.128/25, which stands for the subnet"),
        ("10.0.0.1/24", "10.0.0.2", ""),
        ("10.0.0.2/31", "10.0.0.3", ""),
        ("fd00::1/64", "fd00::1", "that of the network itself"),
        ("fd00::1/64", "fd00::ffff:ffff:ffff:ffff", ""),
    ],
)
def test_no_address_is_kept_that_a_guest_cannot_have(address: str, kept: str, what: str) -> None:
    said = f"ips[0].dhcp.hosts[0]: {kept} is {what}, and no guest can have it: keep another one for this host"
    assert problems(subnet(address, hosts=[{"ip": kept, "name": "a"}])) == ([said] if what else [])


@pytest.mark.parametrize(
    ("start", "end", "bad"), [("10.0.0.0", "10.0.0.9", "10.0.0.0"), ("10.0.0.9", "10.0.0.255", "")]
)
def test_no_range_has_an_address_of_the_whole_subnet_at_its_ends(start: str, end: str, bad: str) -> None:
    found = problems(subnet(ranges=[{"start": start, "end": end}]))
    assert len(found) == 1
    assert f"ips[0].dhcp.ranges[0]: {bad or end} is the " in found[0]


@pytest.mark.parametrize(
    ("forward", "said"),
    [
        ({"nat": {"port": {"start": 5000, "end": 2000}}}, "forward.nat.port: starts at 5000, after its end 2000"),
        (
            {"nat": {"address": {"start": "203.0.113.9", "end": "203.0.113.2"}}},
            "forward.nat.address: starts at 203.0.113.9, after its end 203.0.113.2",
        ),
        (
            {"nat": {"address": {"start": "fd00::1", "end": "fd00::2"}}},
            "forward.nat.address.start: fd00::1 is an address of IPv6",
        ),
        (
            {"mode": "route", "nat": {"port": {"start": 1024, "end": 2000}}},
            "forward.nat: goes with mode nat, and not with route",
        ),
        ({"mode": "nat", "nat": {"port": {"start": 1024, "end": 1024}}}, ""),
        ({"mode": "nat", "nat": {"port": {"end": 2000}}}, ""),
        ({"nat": {"address": {"start": "203.0.113.9", "end": "203.0.113.10"}}}, ""),
    ],
)
def test_ranges_of_nat_run_upwards(forward: dict[str, Any], said: str) -> None:
    found = problems({"forward": forward})
    assert bool(found) == bool(said), found
    assert said in "".join(found)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of an active network come, go and change without a restart: the steps, on a model of virNetworkUpdate."""

from __future__ import annotations

import copy
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical, changes, defined, observed, plan_one

PARENTS = {
    "ip_dhcp_host": ("dhcp", "host"),
    "ip_dhcp_range": ("dhcp", "range"),
    "dns_host": ("dns", "host"),
    "dns_txt": ("dns", "txt"),
    "dns_srv": ("dns", "srv"),
    "portgroup": (".", "portgroup"),
}
"""Where the entries of a section are (virNetworkUpdateSection), and their tag."""
MODIFIED = {"ip_dhcp_host": ("mac", "name", "ip"), "portgroup": ("name",)}
"""The sections whose entries libvirt can make others, and by which of these it finds the first one."""


def is_same(section: str, entry: ET.Element, other: ET.Element) -> bool:
    """Whether libvirt takes an entry for another as it adds or deletes."""
    if section == "dns_host":
        names = {node.text for node in entry.findall("hostname")}
        return entry.get("ip") == other.get("ip") or any(node.text in names for node in other.findall("hostname"))
    if section == "dns_srv":
        compared = ("service", "protocol", "domain", "target")
        return all(entry.get(name) in (None, other.get(name)) for name in compared)
    compared = {"ip_dhcp_host": ("mac", "name", "ip"), "ip_dhcp_range": ("start", "end")}.get(section, ("name",))
    same = [entry.get(name) == other.get(name) for name in compared if entry.get(name)]
    return any(same) if section == "ip_dhcp_host" else all(same)


def update(old: bool, network: ET.Element, section: str, command: str, index: int, text: str) -> None:
    """What libvirt does with one call: refuses what is there already, or is not there (network_conf.c).

    :param old: whether it is an old one, which finds no host of DHCP by its address to make it another
    """
    above, tag = PARENTS[section]
    entry = ET.fromstring(text)
    assert entry.tag == tag
    outer = network.findall("ip")[index] if above == "dhcp" else network
    assert above != "dhcp" or index >= 0
    parent = outer if above == "." else outer.find(above)
    if parent is None:
        parent = ET.SubElement(outer, above)
    alike = [one for one in parent.findall(tag) if is_same(section, entry, one)]
    others = [one for one in parent.findall("portgroup") if one.get("name") != entry.get("name")]
    if command != "delete" and entry.get("default") == "yes":
        assert not any(one.get("default") == "yes" for one in others)
    if command == "modify":
        names = [name for name in MODIFIED[section] if entry.get(name) and not (name == "ip" and old)]
        found = next(one for one in parent.findall(tag) if any(one.get(name) == entry.get(name) for name in names))
        parent[list(parent).index(found)] = entry
    elif command == "delete":
        (found,) = alike
        parent.remove(found)
    else:
        assert command == "add_last"
        assert not alike
        parent.append(entry)


def entries(network: ET.Element) -> dict[tuple[str, int], list[str]]:
    """The entries of all sections, each list sorted: their order means nothing."""
    found: dict[tuple[str, int], list[str]] = {}
    for section, (above, tag) in PARENTS.items():
        for index, outer in enumerate(network.findall("ip") if above == "dhcp" else [network]):
            path = tag if above == "." else f"{above}/{tag}"
            found[section, index] = sorted(str(canonical(one)) for one in outer.findall(path))
    return found


def few(most: int = 3) -> Any:
    """Which of three entries there are, each with one of two values."""
    return st.dictionaries(st.integers(1, most), st.integers(0, 1))


SUBNETS = (("10.0.1.1/24", "10.0.1.", "mac", "52:54:00:00:00:0"), ("fd00::1/64", "fd00::", "id", "00:03:00:01:52:0"))
"""The address of each, how its other addresses begin, and by what a guest is known there, and how that begins."""
WANTED = st.fixed_dictionaries(
    {
        "hosts": st.tuples(few(), few()),
        "ranges": st.tuples(few(2), few(2)),
        "names": few(),
        "txts": few(),
        "srvs": few(),
        "groups": few(),
        "default": st.integers(0, 3),
    }
)


def config(wanted: dict[str, Any]) -> dict[str, Any]:
    """The declaration of a network with these entries."""
    return {
        "name": "n",
        "ips": [
            {
                "address": address,
                "dhcp": {
                    "ranges": [
                        {"start": f"{begin}{20 * number}", "end": f"{begin}{20 * number + 5 + value}"}
                        for number, value in sorted(wanted["ranges"][place].items())
                    ],
                    "hosts": [
                        {known: f"{prefix}{number}", "ip": f"{begin}{100 + 10 * number + value}"}
                        for number, value in sorted(wanted["hosts"][place].items())
                    ],
                },
            }
            for place, (address, begin, known, prefix) in enumerate(SUBNETS)
        ],
        "dns": {
            "hosts": [
                {"ip": f"10.0.9.{number}", "hostnames": [f"h{number}", f"other{number}{value}"]}
                for number, value in sorted(wanted["names"].items())
            ],
            "txts": [{"name": f"t{number}", "value": f"v{value}"} for number, value in sorted(wanted["txts"].items())],
            "srvs": [
                {"service": f"s{number}", "protocol": "tcp", "domain": "d", "target": "x", "port": 389 + value}
                for number, value in sorted(wanted["srvs"].items())
            ],
        },
        "portgroups": [
            {"name": f"g{number}", "trust_guest_rx_filters": bool(value), "default": number == wanted.get("default")}
            for number, value in sorted(wanted["groups"].items())
        ],
    }


def made(wanted: dict[str, Any]) -> str:
    """The definition of a network with these entries."""
    return defined(plan_one(NETWORK, None, config(wanted)))


@settings(max_examples=60)
@given(before=WANTED, after=WANTED, old=st.booleans())
def test_an_active_network_has_in_the_end_what_is_defined(
    before: dict[str, Any], after: dict[str, Any], old: bool
) -> None:
    """With two subnets, and several entries of a section that come, go and change in one run."""
    result = plan_one(NETWORK, observed(made(before), "active"), config(after))
    if not changes(result):
        return
    assert result.pending == []
    live = copy.deepcopy(ET.fromstring(made(before)))
    for step in result.steps:
        if step.action == "update_section":
            update(old, live, *step.value)
    assert entries(live) == entries(ET.fromstring(made(after)))
    assert entries(live) == entries(ET.fromstring(defined(result)))


@pytest.mark.parametrize(
    ("section", "before", "after", "commands"),
    [
        ("hosts", ({1: 0, 2: 0}, {1: 0}), ({1: 1, 2: 1}, {1: 1}), ["modify", "modify", "delete", "add_last"]),
        ("hosts", ({1: 0}, {}), ({}, {2: 0}), ["delete", "add_last"]),
        ("ranges", ({1: 0, 2: 0}, {}), ({1: 1, 2: 1}, {}), ["delete", "add_last"] * 2),
        ("names", {1: 0, 2: 0}, {1: 1, 2: 1}, ["delete", "add_last"] * 2),
        ("txts", {1: 0, 2: 0}, {1: 1, 2: 1}, ["delete", "add_last"] * 2),
        ("srvs", {1: 0, 2: 0}, {1: 1, 2: 1}, ["delete", "add_last"] * 2),
        ("groups", {1: 0, 2: 0}, {1: 1, 2: 1}, ["modify"] * 2),
        ("groups", {1: 0, 2: 0}, {3: 0, 2: 0}, ["delete", "add_last"]),
        ("txts", {1: 0}, {2: 0}, ["delete", "add_last"]),
    ],
)
def test_each_entry_has_a_call_of_its_own(section: str, before: Any, after: Any, commands: list[str]) -> None:
    none: dict[str, Any] = {name: {} for name in ("names", "txts", "srvs", "groups")}
    none.update(hosts=({}, {}), ranges=({}, {}))
    have = observed(made({**none, section: before}), "active")
    result = plan_one(NETWORK, have, config({**none, section: after}))
    assert result.pending == []
    assert [step.value[1] for step in result.steps if step.action == "update_section"] == commands


def hosts(*entries: dict[str, str], more: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"name": "n", "ips": [*more, {"address": "10.0.1.1/24", "dhcp": {"hosts": list(entries)}}]}


A, B = {"mac": "52:54:00:00:00:01", "name": "a", "ip": "10.0.1.11"}, {"mac": "52:54:00:00:00:02", "name": "b"}
B["ip"] = "10.0.1.12"


@pytest.mark.parametrize("swapped", ["name", "ip"])
def test_what_libvirt_could_take_for_another_entry_waits(swapped: str) -> None:
    """It makes the first entry another that has the same MAC address, name or address."""
    have = observed(defined(plan_one(NETWORK, None, hosts(A, B))), "active")
    wanted = hosts({**A, swapped: B[swapped]}, {**B, swapped: A[swapped]})
    result = plan_one(NETWORK, have, wanted)
    assert [step.action for step in result.steps] == ["define"]
    assert result.pending == [f"ips[0].dhcp.hosts[{mac['mac']}].{swapped}" for mac in (A, B)]


def test_a_subnet_is_counted_as_it_is_and_not_as_it_is_to_be() -> None:
    have = observed(defined(plan_one(NETWORK, None, hosts(A))), "active")
    first = {"address": "10.0.2.1/24"}
    result = plan_one(NETWORK, have, hosts({**A, "ip": "10.0.1.99"}, more=(first,)))
    assert [step.value[:3] for step in result.steps if step.action == "update_section"] == [
        ("ip_dhcp_host", "modify", 0)
    ]
    assert result.pending


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([("a", False), ("b", True)], [("a", True), ("b", False)]),
        ([("a", True), ("b", False)], [("a", False), ("b", True)]),
        ([("d", False), ("a", True), ("b", False)], [("d", False), ("c", True), ("a", False)]),
        ([("b", False), ("c", True)], [("b", True)]),
    ],
)
def test_the_default_port_group_is_given_up_before_another_one_is(before: Any, after: Any) -> None:
    def groups(those: list[tuple[str, bool]]) -> dict[str, Any]:
        return {"name": "n", "portgroups": [{"name": name, "default": default} for name, default in those]}

    text = defined(plan_one(NETWORK, None, groups(before)))
    result = plan_one(NETWORK, observed(text, "active"), groups(after))
    live = ET.fromstring(text)
    for step in result.steps[1:]:
        update(False, live, *step.value)
    assert entries(live) == entries(ET.fromstring(defined(result)))
    assert result.pending == []


DNS = {"name": "n", "ips": [{"address": "10.0.1.1/24"}]}


def records(**dns: Any) -> dict[str, Any]:
    return {**DNS, "dns": dns}


NAME, SAME = {"ip": "10.0.1.2", "hostnames": ["a", "x"]}, {"ip": "10.0.1.3", "hostnames": ["b", "x"]}
SRV = {"service": "ldap", "protocol": "tcp", "domain": "d", "target": "t", "port": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (hosts(A), hosts(A, {**B, "name": "a"})),
        (records(hosts=[NAME, SAME]), records(hosts=[NAME])),
        (records(hosts=[NAME]), records(hosts=[NAME, SAME])),
        (records(txts=[{"name": "t", "value": "1"}]), records(txts=[{"name": "t", "value": v} for v in "12"])),
        (records(srvs=[SRV]), records(srvs=[SRV, {**SRV, "port": 2}])),
        (records(srvs=[SRV]), records(srvs=[SRV, {**SRV, "domain": None, "target": None, "port": None}])),
    ],
)
def test_an_entry_that_comes_or_goes_waits_where_libvirt_could_mean_another(before: Any, after: Any) -> None:
    result = plan_one(NETWORK, observed(defined(plan_one(NETWORK, None, before)), "active"), after)
    assert [step.action for step in result.steps] == ["define"]
    assert result.pending


def test_a_host_of_dhcp_may_take_the_address_of_one_that_goes() -> None:
    result = plan_one(
        NETWORK, observed(defined(plan_one(NETWORK, None, hosts(A))), "active"), hosts({**B, "ip": A["ip"]})
    )
    assert [step.value[1] for step in result.steps[1:]] == ["delete", "add_last"]
    assert result.pending == []

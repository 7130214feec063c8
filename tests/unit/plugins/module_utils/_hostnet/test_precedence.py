# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of somebody's that come before those of a link: what the link's own say would never be in force."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import networkd, precedence
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.transaction import trial_of
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ALONE,
    BRIDGE,
    ENO2,
    HOST,
    NETPLAN,
    planned,
    refusal,
    text,
    with_device,
)

ADMIN = "/etc/systemd/network"
BY_NETPLAN = "/run/systemd/network/10-netplan-eno2.network"
OWN = "[Match]\nName=eno2\n[Network]\nAddress=10.60.0.2/24\nLLDP=yes\n"
BR7: dict[str, Any] = {"name": "br7", "type": "bridge", "ports": ["eno2"]}


def host(name: str, text: str = OWN, now: bool = True, **more: Any) -> Facts:
    """A host with netplan, on which somebody has a unit as well.

    :param now: whether networkd has read it
    """
    path = f"{ADMIN}/{name}"
    card = dataclasses.replace(ENO2, network_file=path if now else BY_NETPLAN, **more)
    units = {BY_NETPLAN: "[Match]\nName=eno2\n", path: text}
    return dataclasses.replace(HOST, devices={**HOST.devices, "eno2": card}, units=units)


@pytest.mark.parametrize("now", [True, False])
@pytest.mark.parametrize("name", ["10-eno2.network", "10-netplan-eno2.network", "00-lan.network"])
@pytest.mark.parametrize(
    "item",
    [
        BR7,
        {"name": "bond7", "type": "bond", "ports": ["eno2"]},
        {"name": "v7", "type": "vlan", "parent": "eno2", "id": 7},
    ],
)
def test_what_networkd_takes_instead_of_netplans_is_refused(item: dict[str, Any], name: str, now: bool) -> None:
    where = "ports[0]" if "ports" in item else "parent"
    assert (
        f"link {item['name']}: {where}: networkd configures eno2 by {ADMIN}/{name} and not by netplan's"
        " 10-netplan-eno2.network: describe eno2 in netplan alone (what that has no word for, in"
        f" {ADMIN}/10-netplan-eno2.network.d/more.conf), and take eno2 out of the former"
    ) in refusal(item, host=host(name, now=now))


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ("Name=eno*", True),
        ("Name=lan eno2", True),
        ("Name=!br* virbr*", True),
        ("Name=lan\nName=eno2", True),
        ("MACAddress=52-54-00-00-00-02", True),
        ("Type=ether", True),
        ("Name=eno2\nName=", False),
        ("Name=!eno* br*", False),
        ("Name=eno2\nType=wlan", False),
        ("Name=eno2\nHost=other", False),
        ("", False),
    ],
)
def test_a_unit_that_is_not_read_yet_counts_where_it_surely_matches(match: str, found: bool) -> None:
    there = host("10-lan.network", f"[Match]\n{match}\n[Network]\nDHCP=yes\n", now=False)
    if found:
        assert "networkd configures eno2 by" in refusal(BR7, host=there)
    else:
        assert planned(BR7, host=there).changes


@pytest.mark.parametrize("name", ["10-eno2.network", "10-netplan-eno2.network"])
def test_a_unit_that_makes_the_port_itself_is_fine(name: str) -> None:
    assert planned(BR7, host=host(name, OWN.replace("LLDP=yes", "Bridge=br7"))).changes
    assert "networkd configures eno2" in refusal(BR7, host=host(name, OWN.replace("LLDP=yes", "Bridge=br8")))


def test_what_comes_behind_or_adds_to_netplans_is_fine() -> None:
    for name in ("20-eno2.network", "10-netplan-eno2.network.d/more.conf"):
        assert planned(BR7, host=host(name, "[Network]\nLLDP=yes\n" if ".d/" in name else OWN, now=False)).changes
    # It is gone, and networkd has not been told.
    gone = host("10-eno2.network")
    assert planned(BR7, host=dataclasses.replace(gone, units={BY_NETPLAN: gone.units[BY_NETPLAN]})).changes


def test_a_card_of_network_managers_that_networkd_configures_as_well_is_refused() -> None:
    text = "network: {renderer: NetworkManager, ethernets: {eno1: {dhcp4: true}, eno2: {optional: true}}}"
    there = dataclasses.replace(host("90-eno2.network"), netplan=(NetplanFile("/etc/netplan", "01.yaml", text),))
    assert "networkd configures eno2 by" in refusal(BR7, host=there)


def test_a_shim_goes_by_the_name_of_its_parents_unit() -> None:
    shim = {"name": "sh0", "type": "macvlan", "parent": "eno2"}
    assert "link sh0: parent: networkd configures eno2 by" in refusal(shim, host=host("10-eno2.network"))
    found = planned(shim, host=host("10-netplan-eno2.network"))
    assert f"{networkd.KEPT}/10-netplan-eno2.network.d/virtfleet-sh0.conf" in [file.path for file in found.files]


@pytest.mark.parametrize(
    ("item", "netplan", "unit"),
    [
        (BR7, True, "10-netplan-br7.network"),
        ({"name": "sh7", "type": "macvlan", "parent": "eno1"}, True, "50-virtfleet-sh7.network"),
        ({**BRIDGE, "name": "br7"}, False, "00-virtfleet-br7.network"),
    ],
)
def test_a_unit_that_comes_before_the_links_own_is_refused(item: dict[str, Any], netplan: bool, unit: str) -> None:
    name = item["name"]
    path = f"{ADMIN}/00-all.network"
    base = HOST if netplan else ALONE
    there = dataclasses.replace(base, units={**base.units, path: f"[Match]\nName={name[:2]}*\n[Network]\nDHCP=yes\n"})
    assert (
        f"link {name}: name: networkd configures {name} by {path} and not by {unit}: take {name} out of the former,"
        in refusal(item, host=there)
    )


@pytest.mark.parametrize(
    ("match", "kind", "found"),
    [
        ("Type=ether", "macvlan", True),
        ("Type=ether", "bridge", False),
        ("Type=bridge", "bridge", True),
        ("Type=ether bridge", "bridge", True),
        ("Type=!ether", "bridge", True),
        ("Type=ether\nKind=!*", "macvlan", False),
        ("Kind=bridge macv*", "macvlan", True),
        ("Type=ether\nDriver=virtio_net", "macvlan", False),
    ],
)
def test_a_unit_for_a_type_of_device_is_for_a_link_of_that_type(match: str, kind: str, found: bool) -> None:
    sections = networkd.parse(f"[Match]\n{match}\n[Network]\nDHCP=yes\n")
    assert precedence.is_for(sections, "x7", HostDevice("x7", kind=kind)) == found


@pytest.mark.parametrize("there", [False, True])
def test_a_shim_behind_the_unit_for_every_card_is_refused(there: bool) -> None:
    """On many hosts one unit asks DHCP for every card."""
    path = f"{ADMIN}/20-wired.network"
    devices = {"sh7": HostDevice("sh7", index=9, kind="macvlan")} if there else {}
    host = dataclasses.replace(
        HOST,
        devices={**HOST.devices, **devices},
        units={path: "[Match]\nType=ether\n[Network]\nDHCP=yes\n"},
    )
    item = {"name": "sh7", "type": "macvlan", "parent": "eno1"}
    assert f"networkd configures sh7 by {path} and not by 50-virtfleet-sh7.network" in refusal(item, host=host)
    apart = {path: f"{host.units[path]}[Match]\nKind=!*\n"}
    assert planned(item, host=dataclasses.replace(host, units=apart)).changes


def test_a_link_that_netplan_makes_and_somebody_configures_is_left_alone_until_it_changes() -> None:
    text = "network: {ethernets: {eno2: {}}, bridges: {br7: {interfaces: [eno2], addresses: [10.60.0.2/24]}}}"
    path = f"{ADMIN}/10-netplan-br7.network"
    there = dataclasses.replace(
        HOST,
        netplan=(NetplanFile("/etc/netplan", "01.yaml", text),),
        devices={
            "eno2": dataclasses.replace(ENO2, master="br7", network_file=BY_NETPLAN),
            "br7": HostDevice("br7", index=9, kind="bridge", addresses=("10.60.0.2/24",), network_file=path),
        },
        units={
            BY_NETPLAN: "[Match]\nName=eno2\n[Network]\nBridge=br7\n",
            "/run/systemd/network/10-netplan-br7.netdev": "[NetDev]\nName=br7\nKind=bridge\n",
            path: "[Match]\nName=br7\n[Network]\nAddress=10.60.0.2/24\nLLDP=yes\n",
        },
    )
    assert not planned(BR7, host=there).changes
    assert f"networkd configures br7 by {path}" in refusal({**BR7, "mtu": 1400}, host=there)
    # One whose netdev is somebody's is his.
    his = {f"{ADMIN}/10-netplan-br7.netdev": "[NetDev]\nName=br7\nKind=bridge\n"}
    assert "10-netplan-br7.netdev makes it" in refusal(
        {**BR7, "mtu": 1400}, host=dataclasses.replace(there, units={**there.units, **his})
    )


@pytest.mark.parametrize("match", ["{name: 'e*'}", "{name: '*'}", "{name: 'e*', driver: virtio_net}"])
@pytest.mark.parametrize(
    "item",
    [
        {"name": "enbr0", "type": "bridge", "ports": [], "addressing": "none"},
        {"name": "ensh0", "type": "macvlan", "parent": "eno1", "addressing": "none"},
        {"name": "env5", "type": "vlan", "parent": "eno1", "id": 5},
    ],
)
def test_a_pattern_of_netplans_that_a_new_links_name_matches_is_refused(item: dict[str, Any], match: str) -> None:
    """networkd would give it that definition's addresses: of both it takes the first."""
    text = f"network: {{ethernets: {{all-en: {{match: {match}, dhcp4: true}}, eno1: {{dhcp4: true}}}}}}"
    there = dataclasses.replace(HOST, netplan=(NetplanFile("/etc/netplan", "01.yaml", text),))
    if "driver" in match:
        assert planned(item, host=there).changes
    else:
        said = f"netplan's definition 'all-en' is for {item['name']} as well (match): choose a name that it is not for"
        assert f"link {item['name']}: name: {said}" in refusal(item, host=there)
    # The first one is taken, also where that is the link's own.
    first = dataclasses.replace(there, netplan=(NetplanFile("/etc/netplan", "01.yaml", text.replace("all-en", "zz")),))
    if item["type"] != "macvlan":
        assert planned(item, host=first).changes


@pytest.mark.parametrize(
    ("item", "unit"),
    [
        ({"name": "br7", "type": "bridge", "ports": ["eno2"]}, "10-netplan-br7.network"),
        ({"name": "sh7", "type": "macvlan", "parent": "eno1"}, "50-virtfleet-sh7.network"),
    ],
)
def test_the_trial_knows_the_unit_of_each_link(item: dict[str, Any], unit: str) -> None:
    found = planned(item)
    assert found.units == {item["name"]: unit}
    assert trial_of(found, HOST, 30, [])["units"] == found.units


ALTNAME = dataclasses.replace(HOST.devices["eno1"], altnames=("enp3s0", "enx525400000001"))


@pytest.mark.parametrize(
    "definition",
    [
        "enp3s0: {dhcp4: true}",
        "lan: {match: {name: 'enp*'}, dhcp4: true}",
        "z: {match: {name: 'eno*'}}, enp3s0: {dhcp4: true}",
    ],
)
@pytest.mark.parametrize("link", [BRIDGE, {"name": "sh0", "type": "macvlan", "parent": "eno1"}])
def test_a_card_that_netplan_describes_by_another_name_is_refused(definition: str, link: dict[str, Any]) -> None:
    netplan = dataclasses.replace(NETPLAN, text=f"network: {{version: 2, ethernets: {{{definition}}}}}")
    there = dataclasses.replace(with_device(ALTNAME), netplan=(netplan,))
    said = refusal(link, host=there)
    assert "is for eno1 by another name of it, enp3s0 (altname), and would not move along" in said
    assert "write eno1 there in place of enp3s0" in said


@pytest.mark.parametrize(
    "definition",
    ["eno1: {dhcp4: true}, enp3s0: {}", "a: {match: {name: 'e*'}, dhcp4: true}", "eno1: {dhcp4: true}, enp9s0: {}"],
)
def test_another_name_that_networkd_does_not_come_to_is_no_hindrance(definition: str) -> None:
    netplan = dataclasses.replace(NETPLAN, text=f"network: {{version: 2, ethernets: {{{definition}}}}}")
    there = dataclasses.replace(with_device(ALTNAME), netplan=(netplan,))
    assert "dhcp4: true" in text(planned(BRIDGE, host=there), ".yaml")


CARD = HostDevice("eno2", mac="52:54:00:00:00:02", permanent="52:54:00:00:00:03", altnames=("enp3s0",))


@pytest.mark.parametrize(
    ("match", "device", "found"),
    [
        ("Name=eno2", CARD, True),
        ("Name=eno*", CARD, True),
        ("Name=enp3s0", CARD, True),
        ("Name=eno1 eno2", CARD, True),
        ("Name=!eno2", CARD, False),
        ("Name=!eno1 eno3", CARD, True),
        ("Name=eno2", None, True),
        ("Name=eno1", None, False),
        ("MACAddress=52-54-00-00-00-02", CARD, True),
        ("MACAddress=52:54:00:00:00:03", CARD, False),
        ("PermanentMACAddress=52:54:00:00:00:03", CARD, True),
        ("MACAddress=52:54:00:00:00:02", None, False),
        ("Type=ether", CARD, True),
        ("Type=ether", dataclasses.replace(CARD, wireless=True), False),
        ("Type=wlan", dataclasses.replace(CARD, wireless=True), True),
        ("Type=bridge", dataclasses.replace(CARD, kind="bridge"), True),
        ("Type=ether", dataclasses.replace(CARD, kind="macvlan"), True),
        ("Kind=bridge", dataclasses.replace(CARD, kind="bridge"), True),
        ("Kind=bridge", CARD, False),
        ("Kind=!*", CARD, True),
        ("Kind=!*", dataclasses.replace(CARD, kind="bridge"), False),
        # All of it must hold; in doubt it does not.
        ("Name=eno2\nType=wlan", CARD, False),
        ("Name=eno2\nDriver=e1000", CARD, False),
        ("Name=eno1\nName=eno2", CARD, True),
        ("Name=eno2\nName=", CARD, False),
        ("Name=eno1\nName=\nName=eno2", CARD, True),
        ("", CARD, False),
    ],
)
def test_a_unit_is_for_what_all_of_its_match_holds_of(match: str, device: HostDevice | None, found: bool) -> None:
    """systemd.network(5), [Match]."""
    sections = networkd.parse(f"[Match]\n{match}\n[Network]\nName=eno2\n")
    assert precedence.is_for(sections, "eno2", device) is found


def test_of_one_name_the_unit_of_the_administrator_is_read() -> None:
    folders = (networkd.KEPT, networkd.TRIAL, networkd.ADMIN)
    units = {f"{folder}/{name}": "" for folder in folders for name in ("a.network", "a.netdev")}
    units |= {f"{networkd.KEPT}/b.network": "", f"{networkd.TRIAL}/b.network": "", f"{networkd.KEPT}/c.network": ""}
    units |= {f"{networkd.ADMIN}/a.network.d/x.conf": "", f"{networkd.ADMIN}/d.network.d/y.network": ""}
    assert precedence.visible(Facts(units=units)) == {
        "a.network": f"{networkd.ADMIN}/a.network",
        "b.network": f"{networkd.TRIAL}/b.network",
        "c.network": f"{networkd.KEPT}/c.network",
    }


@pytest.mark.parametrize(
    ("path", "there", "made", "in_force"),
    [
        (f"{networkd.KEPT}/50-virtfleet-a.network", True, True, False),
        (f"{networkd.TRIAL}/10-netplan-a.network", True, True, False),
        (f"{networkd.ADMIN}/10-netplan-a.network", True, False, True),
        (f"{networkd.ADMIN}/50-virtfleet-a.network", True, False, True),
        (f"{networkd.TRIAL}/20-a.network", True, False, True),
        (f"{networkd.TRIAL}/20-a.network", False, False, False),
        ("/usr/lib/systemd/network/80-a.network", False, False, True),
        ("", False, False, False),
    ],
)
def test_a_unit_is_somebodys_that_neither_netplan_nor_we_have_made(
    path: str, there: bool, made: bool, in_force: bool
) -> None:
    assert precedence.is_made(path) is made
    device = HostDevice("a", network_file=path)
    assert precedence.in_force(device, Facts(units={path: ""} if there else {})) == (path if in_force else None)
    assert precedence.in_force(None, Facts(units={path: ""})) is None


@pytest.mark.parametrize(
    ("units", "now", "found"),
    [
        ({"00-a.network": "Name=eno2"}, "", "00-a.network"),
        ({"00-a.network": "Name=eno3"}, "", None),
        # What networkd goes by now it goes by, whatever its match is.
        ({"00-a.network": "Driver=x"}, "00-a.network", "00-a.network"),
        ({"20-a.network": "Name=eno2"}, "20-a.network", None),
        ({"10-netplan-eno2.network": "Name=eno2"}, "", "10-netplan-eno2.network"),
        ({"05-b.network": "Name=eno2", "00-a.network": "Name=eno*"}, "", "00-a.network"),
        ({}, "/usr/lib/systemd/network/05-vendor.network", "/usr/lib/systemd/network/05-vendor.network"),
        ({}, "/usr/lib/systemd/network/80-vendor.network", None),
    ],
)
def test_the_first_unit_for_a_device_is_taken(units: dict[str, str], now: str, found: str | None) -> None:
    def path(name: str) -> str:
        return name if not name or name.startswith("/") else f"{ADMIN}/{name}"

    facts = Facts(
        devices={"eno2": dataclasses.replace(CARD, network_file=path(now))},
        units={path(name): f"[Match]\n{match}\n" for name, match in units.items()},
    )
    assert precedence.other_unit("eno2", "10-netplan-eno2.network", facts) == (None if found is None else path(found))


@pytest.mark.parametrize(
    ("item", "unit", "refused"),
    [
        (BR7, "Address=10.60.0.2/24", True),
        (BR7, "Bridge=br7", False),
        (BR7, "Bridge=br8", True),
        (BR7, "VLAN=br7", True),
        ({"name": "v7", "type": "vlan", "parent": "eno2", "id": 7}, "VLAN=v6 v7", False),
        ({"name": "v7", "type": "vlan", "parent": "eno2", "id": 7}, "MACVLAN=v7", True),
        ({"name": "bond7", "type": "bond", "ports": ["eno2"]}, "Bond=bond7", False),
    ],
)
@pytest.mark.parametrize("path", [f"{ADMIN}/20-eno2.network", "/usr/lib/systemd/network/80-e.network", BY_NETPLAN])
def test_a_card_beside_netplan_is_taken_only_where_its_unit_says_so(
    item: dict[str, Any], unit: str, refused: bool, path: str
) -> None:
    """One that a package configures, or nobody, is free to be described by netplan."""
    (parsed,) = LINK.parse([item])
    devices = {"eno2": dataclasses.replace(ENO2, network_file=path)}
    facts = Facts(devices=devices, units={path: f"[Match]\nName=eno2\n[Network]\n{unit}\n"})
    alone, known = (
        Netplan({"a.yaml": load("a", f"network: {{ethernets: {{{name}: {{}}}}}}")}) for name in ("eno1", "eno2")
    )
    precedence.refuse_beside_netplan(parsed, known, facts)
    if not refused or path != f"{ADMIN}/20-eno2.network":
        precedence.refuse_beside_netplan(parsed, alone, facts)
        return
    with pytest.raises(Invalid, match=f"eno2 is configured by {path} beside netplan: describe it in netplan"):
        precedence.refuse_beside_netplan(parsed, alone, facts)

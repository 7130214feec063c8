# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of links of which something is used already: by guests, by what others built on them, by another link."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import facts
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice, RunningGuest
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    BRIDGE,
    ENO1,
    HOST,
    NETPLAN,
    planned,
    refusal,
    text,
    with_device,
)


def test_a_guest_on_macvtap_is_named() -> None:
    for interface in (("macvtap0", "direct", "eno1"), ("macvtap0", "network", "")):
        host = dataclasses.replace(HOST, guests=(RunningGuest("web01", (interface,)),))
        tap = HostDevice("macvtap0", kind="macvtap", parent="eno1")
        assert "guest web01 runs on eno1 by MacVTap" in refusal(BRIDGE, host=with_device(tap, host))


def test_a_device_on_the_port_is_named() -> None:
    assert "shim0 is on eno1" in refusal(BRIDGE, host=with_device(HostDevice("shim0", kind="macvlan", parent="eno1")))


@pytest.mark.parametrize("name", ["c2h", "eno2"])
@pytest.mark.parametrize("kind", ["veth", "tun", "vxlan", "ipvlan", "dummy", ""])
def test_a_bridge_that_others_are_in_stays(kind: str, name: str) -> None:
    first = planned(BRIDGE)
    devices = {
        "eno1": dataclasses.replace(ENO1, master="br0", addresses=(), client_id=""),
        "br0": dataclasses.replace(ENO1, name="br0", kind="bridge"),
        name: HostDevice(name, index=9, mac="52:54:00:00:00:99", kind=kind, master="br0"),
    }
    host = dataclasses.replace(
        HOST, devices=devices, netplan=(dataclasses.replace(NETPLAN, text=text(first, ".yaml")),)
    )
    gone = {"name": "br0", "state": "absent"}
    if name == "c2h":
        assert "c2h is in br0 as well, and in none of the host's files: take it out first" in refusal(gone, host=host)
    else:
        assert planned(gone, host=host).gone == ["br0"]


@pytest.mark.parametrize("name", ["c6", "eno", "veth1"])
def test_a_device_is_not_known_by_a_part_of_a_word_or_by_a_comment(name: str) -> None:
    text = "network:\n  ethernets: {eno1: {}, veth10: {}}\n  bridges: {br0: {macaddress: '52:54:00:c6:00:01'}}"
    devices = {
        "br0": HostDevice("br0", index=3, kind="bridge", network_file="/run/systemd/network/10-netplan-br0.network"),
        "eno1": dataclasses.replace(ENO1, master="br0", addresses=(), client_id=""),
        name: HostDevice(name, index=9, mac="52:54:00:00:00:99", kind="veth", master="br0"),
    }
    netplan = (dataclasses.replace(NETPLAN, text=f"{text}\n# {name} is docker's\n"),)
    host = dataclasses.replace(HOST, devices=devices, netplan=netplan)
    assert f"{name} is in br0 as well" in refusal({"name": "br0", "state": "absent"}, host=host)
    # What networkd has put in, by whatever pattern it found it, is a file's.
    devices[name] = dataclasses.replace(devices[name], network_file="/run/systemd/network/10-netplan-all.network")
    units = {devices[name].network_file: "[Match]\nName=*\n[Network]\nBridge=br0\n"}
    assert planned({"name": "br0", "state": "absent"}, host=dataclasses.replace(host, units=units)).gone == ["br0"]


@pytest.mark.parametrize("kind", ["vxlan", "ipvlan", "macsec", "vlan"])
def test_a_bridge_that_others_have_built_on_stays(kind: str) -> None:
    devices = {
        "br0": HostDevice("br0", index=3, kind="bridge"),
        "vx1": HostDevice("vx1", index=9, kind=kind, parent="br0"),
    }
    host = dataclasses.replace(HOST, devices={**HOST.devices, **devices})
    assert "vx1 is built on br0: remove it too" in refusal({"name": "br0", "state": "absent"}, host=host)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("team", "eno1 is part of the team up0: make up0 the port"),
        ("openvswitch", "eno1 is part of up0 (openvswitch): take it from there"),
        ("batadv", "eno1 is part of up0 (batadv): take it from there"),
    ],
)
def test_what_others_have_made_a_part_of_is_no_port(kind: str, said: str) -> None:
    devices = {"eno1": dataclasses.replace(ENO1, master="up0"), "up0": HostDevice("up0", index=9, kind=kind)}
    assert said in refusal(BRIDGE, host=dataclasses.replace(HOST, devices=devices))


def test_another_name_of_a_card_is_taken() -> None:
    card = facts.devices([{"ifname": "eno2", "ifindex": 3, "altnames": ["enp3s0", "br0"]}])["eno2"]
    assert "link br0: name: is another name of eno2" in refusal(BRIDGE, host=with_device(card))


@pytest.mark.parametrize("takeover", [False, True])
@pytest.mark.parametrize("other", [{"name": "br1", "type": "bridge"}, {"name": "bond0", "type": "bond"}])
@pytest.mark.parametrize("master", ["", "br0"])
def test_a_card_is_a_port_of_one_link_only(takeover: bool, other: dict[str, Any], master: str) -> None:
    devices = {**HOST.devices, "eno1": dataclasses.replace(ENO1, master=master)}
    if master:
        devices["br0"] = HostDevice("br0", index=9, kind="bridge")
    said = refusal(
        BRIDGE, {**other, "ports": ["eno1"], "takeover": takeover}, host=dataclasses.replace(HOST, devices=devices)
    )
    words = f"eno1 is to be a port of the bridge br0 and of the {other['type']} {other['name']}, and can be one of"
    assert f"link br0: ports[0]: {words}" in said
    assert f"link {other['name']}: ports[0]: {words}" in said

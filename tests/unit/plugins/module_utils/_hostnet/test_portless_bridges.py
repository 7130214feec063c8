# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges that have addresses of the host are not left without a port."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import portless_bridges
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import (
    Facts,
    HostDevice,
    NetplanFile,
    RunningGuest,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ENO1,
    ENO2,
    HOST,
    planned,
    refusal,
)

TEXT = (
    "network: {version: 2, ethernets: {eno1: {}, eno2: {optional: true}},"
    " bridges: {br0: {interfaces: [eno1], dhcp4: true}}}"
)
BRIDGED = dataclasses.replace(
    HOST,
    devices={
        "eno1": dataclasses.replace(ENO1, addresses=(), master="br0"),
        "eno2": ENO2,
        "br0": HostDevice("br0", index=9, mac=ENO1.mac, kind="bridge", addresses=("192.0.2.10/24",)),
        "vnet0": HostDevice("vnet0", kind="tun", master="br0"),
    },
    netplan=(NetplanFile("/etc/netplan", "01-netcfg.yaml", TEXT),),
)
GUEST = RunningGuest("web01", (("vnet0", "bridge", "br0"),))
TAKEN = {"name": "br1", "type": "bridge", "ports": ["eno1"], "takeover": True}


@pytest.mark.parametrize("takeover", [True, False])
def test_the_only_port_of_a_bridge_with_addresses_is_not_taken(takeover: bool) -> None:
    """And it is not advised to take it."""
    said = refusal({**TAKEN, "takeover": takeover}, host=BRIDGED)
    assert "eno1 is the only port of the bridge br0, which has 192.0.2.10/24" in said
    assert "Remove br0 in the same run (state: absent)" in said
    assert "takeover" not in said


def test_guests_that_keep_the_bridge_are_named() -> None:
    said = refusal(TAKEN, host=dataclasses.replace(BRIDGED, guests=(GUEST,)))
    assert "guests run on it: stop web01 first" in said


def test_a_bridge_that_goes_leaves_its_port_and_its_addresses() -> None:
    there = {name: device for name, device in BRIDGED.devices.items() if name != "vnet0"}
    host = dataclasses.replace(BRIDGED, devices=there)
    found = planned({"name": "br0", "state": "absent"}, TAKEN, host=host)
    assert [(entry["link"], entry["after"]) for entry in found.forecast] == [("br1", None)]
    assert [(each["devices"][0], each["addresses"]) for each in found.expected] == [("br1", None)]


@pytest.mark.parametrize(
    "host",
    [
        dataclasses.replace(BRIDGED, devices={**BRIDGED.devices, "br0": HostDevice("br0", kind="bridge")}, login=""),
        dataclasses.replace(
            BRIDGED, devices={**BRIDGED.devices, "eno2": dataclasses.replace(ENO2, master="br0", network_file="x")}
        ),
    ],
)
def test_a_port_that_is_not_needed_can_be_taken(host: Facts) -> None:
    assert planned(TAKEN, host=host).ports == {"eno1": "br1"}
    assert "'takeover: true' takes it" in refusal({**TAKEN, "takeover": False}, host=host)


@pytest.mark.parametrize("login", ["br0", "vlan7"])
def test_the_bridge_by_which_the_host_is_reached_keeps_a_port(login: str) -> None:
    there = {**BRIDGED.devices}
    if login == "vlan7":
        there["br0"] = dataclasses.replace(there["br0"], addresses=())
        there["vlan7"] = HostDevice("vlan7", kind="vlan", parent="br0", addresses=("192.0.2.10/24",))
    host = dataclasses.replace(BRIDGED, devices=there)
    said = refusal({"name": "br0", "type": "bridge", "ports": []}, host=host)
    assert f"ports: leaves br0 without a port, and the host is reached by 192.0.2.10 on {login}" in said


def test_a_bridge_without_a_port_is_said_to_be_reached_by_guests_only() -> None:
    host = dataclasses.replace(BRIDGED, login="")
    found = planned({"name": "br0", "type": "bridge", "ports": []}, host=host)
    assert "only guests on it reach them" in found.forecast[0]["note"] or found.forecast[0]["after"] is None


@pytest.mark.parametrize(
    ("ports", "takeover", "masters", "refused"),
    [
        (["eno1"], True, {}, ["ports[0]"]),
        (["eno1"], False, {}, []),
        (["eno2", "eno1"], True, {}, ["ports[1]"]),
        (["nowhere", "eno1"], True, {}, ["ports[1]"]),
        (["eno1"], True, {"eno1": "br1"}, []),
        (["eno1"], True, {"eno1": ""}, []),
        (["eno1"], True, {"eno1": "gone0"}, []),
        ([], True, {}, []),
    ],
)
def test_each_port_is_looked_at_that_would_be_taken(
    ports: list[str], takeover: bool, masters: dict[str, str], refused: list[str]
) -> None:
    devices = {
        name: dataclasses.replace(device, master=masters.get(name, device.master))
        for name, device in BRIDGED.devices.items()
    }
    item = {"name": "br1", "type": "bridge", "ports": ports, "takeover": takeover, "state": "present"}
    found = portless_bridges.takeovers(item, [item], dataclasses.replace(BRIDGED, devices=devices))
    assert [problem.where for problem in found] == refused
    assert list(portless_bridges.takeovers({"name": "br1", "state": "absent"}, [], BRIDGED)) == []

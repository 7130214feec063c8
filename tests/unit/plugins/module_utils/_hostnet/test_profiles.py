# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device with a connection of NetworkManager's own, which netplan does not know, is no port: it would lose that."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.profiles import MEMORY, profile
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ENO2,
    HOST,
    planned,
    refusal,
)

STORAGE = "/etc/NetworkManager/system-connections/storage.nmconnection"
BY_NETPLAN = "/run/NetworkManager/system-connections/netplan-eno2.nmconnection"
IN_RUN = "/run/NetworkManager/system-connections/eno2.nmconnection"
OWN = "[connection]\nid=storage\nuuid=11\ntype=ethernet\ninterface-name=eno2\n\n[ipv4]\nmethod=manual\n"
ANY = "[connection]\nid=storage\nuuid=11\ntype=ethernet\n"
NETPLANS = "[connection]\nid=netplan-eno2\ntype=ethernet\ninterface-name=eno2\n"
HAS = "[device]\nmanaged=true\nconnection-uuid=11\n"
HAS_OTHER = "[device]\nmanaged=true\nconnection-uuid=12\n"


@pytest.mark.parametrize(
    ("state", "files", "found"),
    [
        (HAS, {STORAGE: OWN}, STORAGE),
        (HAS, {STORAGE: ANY, BY_NETPLAN: NETPLANS}, STORAGE),
        # One that it would get, as nothing else is there.
        ("[device]\nmanaged=true\n", {STORAGE: OWN}, STORAGE),
        ("[device]\nmanaged=true\n", {STORAGE: OWN.replace("uuid", "autoconnect=false\nuuid")}, ""),
        ("[device]\nmanaged=false\n", {STORAGE: OWN}, ""),
        ("", {STORAGE: OWN}, ""),
        ("[device]\nmanaged=true\n", {STORAGE: ANY}, ""),
        # netplan's have no uuid.
        (HAS_OTHER, {BY_NETPLAN: NETPLANS, STORAGE: ANY}, ""),
        (HAS_OTHER, {BY_NETPLAN: NETPLANS.replace("eno2\n", "eno1\n")}, MEMORY),
        (HAS_OTHER, {BY_NETPLAN.replace("eno2", "NM-12"): ANY.replace("11", "12")}, ""),
        (HAS, {}, MEMORY),
        # What it makes up by itself, and what only tells of addresses that others have set.
        (HAS, {IN_RUN: f"{ANY}[.nmmeta]\nnm-generated=true\n"}, MEMORY),
        (HAS, {IN_RUN: f"{OWN}[.nmmeta]\nnm-generated=true\nvolatile=true\nexternal=true\n"}, ""),
    ],
)
def test_the_connection_of_a_device(state: str, files: dict[str, str], found: str) -> None:
    assert profile(HostDevice("eno2"), state, files) == found


@pytest.mark.parametrize(
    "item",
    [
        {"name": "br7", "type": "bridge", "ports": ["eno2"]},
        {"name": "br7", "type": "bridge", "ports": ["eno2"], "addressing": "dhcp"},
        {"name": "v7", "type": "vlan", "parent": "eno2", "id": 7},
    ],
)
def test_a_device_with_a_connection_of_its_own_is_refused(item: dict[str, Any]) -> None:
    netplan = (NetplanFile("/etc/netplan", "01.yaml", "network: {version: 2, renderer: NetworkManager}"),)
    host = dataclasses.replace(HOST, netplan=netplan, network_manager=True)

    def having(found: str, **more: Any) -> Any:
        card = dataclasses.replace(ENO2, profile=found, **more)
        return dataclasses.replace(host, devices={**host.devices, "eno2": card})

    where = "ports[0]" if "ports" in item else "parent"
    assert (
        f"link {item['name']}: {where}: eno2 is configured by a connection of NetworkManager's own ({STORAGE}), which"
        " netplan does not know: describe eno2 in netplan (/etc/netplan), and remove that connection"
    ) in refusal(item, host=having(STORAGE))
    assert "own (one that is in no file)" in refusal(item, host=having(MEMORY, addresses=("10.60.0.2/24",)))
    assert planned(item, host=having(MEMORY)).changes
    assert planned(item, host=having("")).changes


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_link_that_a_connection_of_its_own_makes_is_refused(state: str) -> None:
    made = HostDevice("br7", index=9, kind="bridge", profile=STORAGE)
    host = dataclasses.replace(HOST, devices={**HOST.devices, "br7": made}, network_manager=True)
    where, hint = ("state", "which makes it: remove") if state == "absent" else ("name", "describe br7 in netplan")
    said = refusal({"name": "br7", "type": "bridge", "state": state}, host=host)
    assert f"link br7: {where}: br7 is configured by a connection of NetworkManager's own ({STORAGE})" in said
    assert hint in said


def test_what_networkmanager_has_found_by_itself_hides_no_connection_behind_it() -> None:
    cards = {
        "eno2": dataclasses.replace(ENO2, profile=MEMORY),
        "eno3": HostDevice("eno3", index=4, mac="52:54:00:00:00:03", profile=STORAGE),
    }
    netplan = (NetplanFile("/etc/netplan", "01.yaml", "network: {version: 2, renderer: NetworkManager}"),)
    host = dataclasses.replace(HOST, netplan=netplan, network_manager=True, devices={**HOST.devices, **cards})
    said = refusal({"name": "br7", "type": "bridge", "ports": ["eno2", "eno3"]}, host=host)
    assert f"ports[1]: eno3 is configured by a connection of NetworkManager's own ({STORAGE})" in said

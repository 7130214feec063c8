# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose links are planned, and what is told of the plan."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, NetplanFile, Route
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

ENO1 = HostDevice(
    "eno1",
    index=2,
    mac="52:54:00:00:00:01",
    addresses=("192.0.2.10/24", "2001:db8::10/64"),
    network_file="/run/systemd/network/10-netplan-eno1.network",
    client_id="ff5ce5362700020000ab11b0f7f1937de3cb4e",
)

ENO2 = HostDevice("eno2", index=3, mac="52:54:00:00:00:02")

NETPLAN = NetplanFile(
    "/etc/netplan", "01-netcfg.yaml", "network: {version: 2, ethernets: {eno1: {dhcp4: true}, eno2: {optional: true}}}"
)

HOST = Facts(
    devices={"eno1": ENO1, "eno2": ENO2},
    routes=(
        Route("0.0.0.0/0", "eno1", "192.0.2.1"),
        Route("192.0.2.0/24", "eno1"),
        Route("192.168.122.0/24", "virbr0"),
    ),
    netplan=(NETPLAN,),
    has_netplan=True,
    networkd=True,
    login="192.0.2.10",
)

BRIDGE = {"name": "br0", "type": "bridge", "ports": ["eno1"]}


def planned(*config: dict[str, Any], host: Facts = HOST, **options: Any) -> LinksPlan:
    return plan(LINK.parse(list(config)), host, **options)


def refusal(*config: dict[str, Any], host: Facts = HOST) -> str:
    with pytest.raises(VirtfleetError, match="nothing was changed") as caught:
        planned(*config, host=host)
    return str(caught.value)


def with_device(device: HostDevice, host: Facts = HOST) -> Facts:
    return dataclasses.replace(host, devices={**host.devices, device.name: device})


def text(found: LinksPlan, ending: str) -> str:
    return next(file.after or "" for file in found.files if file.path.endswith(ending))


WIRED = "/etc/systemd/network/20-wired.network"

ALONE = Facts(
    devices={"eno1": dataclasses.replace(ENO1, network_file=WIRED)},
    units={WIRED: "[Match]\nName=eno1\n[Network]\nDHCP=ipv4\nVLAN=v5\n[DHCPv4]\nUseMTU=yes\n[Link]\nMTUBytes=1400\n"},
    networkd=True,
    login="192.0.2.10",
)

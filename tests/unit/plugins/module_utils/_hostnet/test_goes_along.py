# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel would take away with a link is looked for, in other network namespaces too, and refused before."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import (
    Distant,
    Facts,
    HostDevice,
    NetplanFile,
    RunningGuest,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.preflight import used
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

DEVICES = (
    HostDevice("eno1", index=2),
    HostDevice("eno2", index=3),
    HostDevice("br0", index=4, kind="bridge"),
    HostDevice("shim0", index=5, kind="macvlan", parent="eno2", settings={"mode": "bridge"}),
    HostDevice("macvtap7", index=6, kind="macvtap", parent="eno2", settings={"mode": "bridge"}),
)
NETPLAN = NetplanFile("/etc/netplan", "01.yaml", "network: {version: 2, ethernets: {eno1: {}, eno2: {}}}")
HOLDER = "the network namespace web"


def host(*distant: Distant, guest: tuple[str, str, str] | None = None) -> Facts:
    return Facts(
        devices={device.name: device for device in DEVICES},
        netplan=(NETPLAN,),
        has_netplan=True,
        networkd=True,
        distant=distant,
        guests=(RunningGuest("web01", (guest,)),) if guest else (),
    )


def refusal(item: dict[str, Any], facts: Facts) -> list[str]:
    try:
        plan(LINK.parse([item]), facts)
    except VirtfleetError as error:
        return str(error).splitlines()[1:]
    return []


GONE = {"name": "br0", "state": "absent"}
SHIM = {"name": "shim0", "type": "macvlan", "parent": "eno2"}


@pytest.mark.parametrize("kind", ["macvlan", "vlan", "vxlan"])
def test_a_bridge_that_a_container_has_built_on_stays(kind: str) -> None:
    assert refusal(GONE, host(Distant("eth1", kind, "br0", HOLDER))) == [
        f"link br0: state: eth1 of {HOLDER} is built on br0: remove it too"
    ]
    assert refusal(GONE, host(Distant("eth1", kind, "eno2", HOLDER))) == []


@pytest.mark.parametrize(("changes", "where"), [({"mode": "private"}, "mode"), ({"parent": "eno1"}, "parent")])
def test_a_link_that_is_made_anew_takes_nothing_along(changes: dict[str, str], where: str) -> None:
    facts = host(Distant("eth1", "vlan", "shim0", HOLDER))
    said = f"link shim0: {where}: eth1 of {HOLDER} is built on shim0, which would be made anew: remove it first"
    assert refusal({**SHIM, **changes}, facts) == [said]
    assert refusal({**SHIM, **changes}, host()) == []
    assert refusal(SHIM, facts) == []


def test_a_container_on_a_card_by_macvlan_is_no_less_in_the_way_of_a_bridge_than_one_of_this_host() -> None:
    bridge = {"name": "br1", "type": "bridge", "ports": ["eno1"]}
    said = f"eth1 of {HOLDER} is on eno1, which can carry either that or a bridge: remove it first"
    assert refusal(bridge, host(Distant("eth1", "macvlan", "eno1", HOLDER))) == [f"link br1: ports[0]: {said}"]
    assert refusal(bridge, host(Distant("eth1", "vlan", "eno1", HOLDER))) == []


def test_a_guest_that_has_the_link_as_its_own_card_keeps_it() -> None:
    """An interface of type ethernet, with a target that libvirt does not make."""
    facts = host(guest=("macvtap7", "ethernet", ""))
    gone: dict[str, Any] = {"name": "macvtap7", "state": "absent"}
    assert refusal(gone, facts) == ["link macvtap7: state: guest web01 runs on macvtap7: stop it first"]
    assert used(LINK.parse([gone]), facts) == ["macvtap7"]
    other = {"name": "macvtap7", "type": "macvtap", "parent": "eno2", "mode": "private"}
    said = "link macvtap7: mode: guest web01 runs on macvtap7, which would be made anew: stop it first"
    assert refusal(other, facts) == [said]


@pytest.mark.parametrize("item", [GONE, {**SHIM, "mode": "private"}], ids=["gone", "made anew"])
def test_queues_that_go_with_a_link_are_told(item: dict[str, Any]) -> None:
    queues = {name: ["noqueue", "clsact", "tbf"] for name in ("br0", "shim0")} | {"eno1": ["mq"]}
    ours = {file.path: file.after or "" for file in plan(LINK.parse([SHIM]), host()).files}
    found = plan(LINK.parse([item]), dataclasses.replace(host(), queues=queues, units=ours))
    name = item["name"]
    said = f"link {name}: what tc has set on it (clsact, tbf) goes with it, and a rollback does not bring that back"
    assert [line for line in found.warnings if "tc has set" in line] == [f"{said}: have at hand what sets it"]
    quiet = dataclasses.replace(host(), queues={"br0": ["noqueue"], "shim0": ["noqueue"]})
    assert not [line for line in plan(LINK.parse([item]), quiet).warnings if "tc has set" in line]

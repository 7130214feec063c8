# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that are to be absent and that guests run on are left for a later call, with what belongs to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, RunningGuest
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.preflight import problems, used
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

DEVICES = (
    HostDevice("eno1", index=2),
    HostDevice("eno2", index=3, master="bond0"),
    HostDevice("bond0", index=4, kind="bond"),
    HostDevice("bond0.7", index=5, kind="vlan", parent="bond0", master="br7"),
    HostDevice("br7", index=6, kind="bridge"),
    HostDevice("br8", index=7, kind="bridge"),
    HostDevice("vnet0", index=8, kind="tun", master="br7"),
    HostDevice("macvtap0", index=9, kind="macvtap", parent="eno1"),
)


def left(*names: str, guest: tuple[str, str, str] = ("vnet0", "bridge", "br7")) -> list[str]:
    host = Facts(devices={device.name: device for device in DEVICES}, guests=(RunningGuest("web01", (guest,)),))
    items: list[dict[str, Any]] = [{"name": name, "state": "absent"} for name in names]
    return used(LINK.parse(items), host)


def test_the_bridge_that_a_guest_is_on() -> None:
    assert left("br7", "br8") == ["br7"]
    assert left("br8") == []


def test_a_guest_that_libvirts_network_put_there() -> None:
    assert left("br7", guest=("vnet0", "network", "")) == ["br7"]


def test_what_the_bridge_is_built_on_stays_with_it() -> None:
    assert left("bond0", "bond0.7", "br7", "br8") == ["bond0", "bond0.7", "br7"]


def test_links_that_stay_are_none_to_be_left() -> None:
    present: list[dict[str, Any]] = [{"name": "br7", "type": "bridge", "ports": ["eno1"]}]
    host = Facts(
        devices={device.name: device for device in DEVICES}, guests=(RunningGuest("a", (("vnet0", "bridge", "br7"),)),)
    )
    assert used(LINK.parse(present), host) == []


@pytest.mark.parametrize(
    ("kind", "parent"), [("bridge", ""), ("vlan", "eno1"), ("macvlan", "eno1"), ("bond", "")], ids=str
)
@pytest.mark.parametrize("own", [True, False])
def test_the_card_of_a_guest_is_no_link_to_remove(kind: str, parent: str, own: bool) -> None:
    """Where a link goes that a guest is on, the guest is named, and its own card is not."""
    link = HostDevice("lan", index=3, kind=kind, parent=parent)
    shim = HostDevice("shim0", index=5, kind="macvlan", parent="lan")
    host = Facts(
        devices={device.name: device for device in (DEVICES[0], link, replace(DEVICES[-1], parent="lan"), shim)},
        guests=(RunningGuest("web01", (("macvtap0" if own else "macvtap9", "direct", "lan"),)),),
    )
    (item,) = items = LINK.parse([{"name": "lan", "state": "absent"}])
    said = [str(problem) for problem in problems(item, items, host)]
    cards = "shim0" if own else "macvtap0, shim0"
    assert said == [
        "state: guest web01 runs on lan: stop it first",
        f"state: {cards} is built on lan: remove it too",
    ]

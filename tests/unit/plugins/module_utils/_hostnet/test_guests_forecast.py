# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In check mode a link is free that a guest would have left by then, and only that."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, RunningGuest
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.guests_forecast import foreseen, may_keep
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.preflight import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import ToCome

DEVICES = (
    HostDevice("br9", index=6, kind="bridge"),
    HostDevice("vnet0", index=8, kind="tun", master="br9"),
)
STAYS = ["state: guest s01 runs on br9: stop it first"]


def said(kind: str, told: dict[str, Any]) -> list[str]:
    """What is against the removal of a bridge that a guest is on."""
    host = Facts(
        devices={device.name: device for device in DEVICES},
        guests=(RunningGuest("s01", (("vnet0", kind, "br9"),)),),
    )
    (item,) = items = LINK.parse([{"name": "br9", "state": "absent"}])
    return [str(problem) for problem in problems(item, items, foreseen(host, told))]


@pytest.mark.parametrize("kind", ["bridge", "network"])
def test_a_bridge_that_its_guest_leaves_is_free(kind: str) -> None:
    assert said(kind, {}) == STAYS
    assert said(kind, {"other": ToCome("u", gone=True)}) == STAYS
    assert said(kind, {"s01": ToCome("u", gone=True)}) == []
    assert said(kind, {"s01": ToCome("u", interfaces=((None, "br10"),))}) == []
    assert said(kind, {"s01": ToCome("u", interfaces=((None, "br10"), (None, "br9")))}) == STAYS
    assert said(kind, {"s01": ToCome("u", interfaces=(("lan", "br9"),))}) == STAYS


def test_where_a_network_puts_the_guest_is_not_known() -> None:
    assert said("network", {"s01": ToCome("u", interfaces=(("lan", None),))}) == STAYS


@pytest.mark.parametrize(
    ("kind", "source", "interfaces", "stays"),
    [
        ("bridge", "br9", [(None, "br9")], True),
        ("bridge", "br9", [(None, "br10")], False),
        ("bridge", "br9", [("lan", None)], False),
        ("network", "br9", [("lan", None)], True),
        ("network", "br9", [("lan", "br10")], False),
        ("network", "br9", [(None, None)], False),
        # Where libvirt does not tell what it is on, nobody knows.
        ("direct", "", [], True),
        ("direct", "eno1", [], False),
    ],
)
def test_a_guest_keeps_an_interface_unless_it_is_sure_to_be_elsewhere(
    kind: str, source: str, interfaces: Any, stays: bool
) -> None:
    assert may_keep(ToCome("u", interfaces=tuple(interfaces)), ("vnet0", kind, source)) is stays
    assert may_keep(ToCome("u", gone=True, interfaces=tuple(interfaces)), ("vnet0", kind, source)) is False


def test_the_cards_of_guests_that_go_go_with_them_and_those_of_others_stay() -> None:
    cards = [HostDevice(f"vnet{number}", kind="tun", master="br9") for number in range(3)]
    guests = (
        RunningGuest("a", (("vnet0", "bridge", "br9"), ("vnet1", "bridge", "br8"))),
        RunningGuest("b", (("vnet2", "bridge", "br9"),)),
        RunningGuest("c"),
    )
    host = Facts(devices={each.name: each for each in (*DEVICES[:1], *cards)}, guests=guests)
    assert foreseen(host, {}) is host
    found = foreseen(host, {"a": ToCome("u", interfaces=((None, "br8"),)), "b": ToCome("v", gone=True)})
    assert list(found.devices) == ["br9", "vnet1"]
    assert found.guests == (RunningGuest("a", (("vnet1", "bridge", "br8"),)), RunningGuest("c"))

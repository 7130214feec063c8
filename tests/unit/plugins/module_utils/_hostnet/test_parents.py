# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parents and ports that a link would take the host's network from, or that are named by another of their names."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.planner import LinksWork
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    BRIDGE,
    ENO1,
    ENO2,
    planned,
    refusal,
    text,
    with_device,
)

SHIM: dict[str, Any] = {"name": "shim0", "type": "macvlan", "parent": "eno2"}


@pytest.mark.parametrize("kind", ["macvlan", "macvtap"])
def test_the_hosts_card_is_not_given_away(kind: str) -> None:
    said = refusal({**SHIM, "type": kind, "parent": "eno1", "mode": "passthru"})
    assert "link shim0: mode: passthru gives shim0 all that eno1 receives, and eno1 has addresses of the host" in said
    assert planned({**SHIM, "type": kind, "mode": "passthru"}).items


@pytest.mark.parametrize("others", [(), ("fd55::1/64",)])
def test_an_address_without_a_subnet_is_no_reason_for_a_lease(others: tuple[str, ...]) -> None:
    host = with_device(dataclasses.replace(ENO2, addresses=("10.8.8.8/32", *others)))
    for more in ({}, {"addressing": "inherit"}):
        said = refusal({**SHIM, **more}, host=host)
        assert "link shim0: addressing: eno2 has 10.8.8.8/32, which is of no subnet that shim0 could lead to" in said
    assert "DHCP" not in text(planned({**SHIM, "addressing": "none"}, host=host), "shim0.network")
    host = with_device(dataclasses.replace(ENO2, addresses=("10.8.8.8/32", "10.9.9.0/31", *others)))
    assert "10.9.9.0/32" in text(planned(SHIM, host=host), "shim0.network")


def test_another_name_of_a_device_is_told() -> None:
    host = with_device(dataclasses.replace(ENO1, altnames=("enp9s0",)))
    for item, where in (({**BRIDGE, "ports": ["enp9s0"]}, "ports[0]"), ({**SHIM, "parent": "enp9s0"}, "parent")):
        said = refusal(item, host=host)
        assert f"{where}: enp9s0 is another name (altname) of eno1: write eno1" in said
        assert "has no device" not in said


@pytest.mark.parametrize(("match", "refused"), [("eno*", True), ("eno2", False), (None, False)])
def test_a_unit_that_serves_several_devices_gets_nothing_of_one(match: str | None, refused: bool) -> None:
    file = "/etc/systemd/network/20-cards.network"
    unit = "[Network]\nDHCP=no\n" if match is None else f"[Match]\nName={match}\n\n[Network]\nDHCP=no\n"
    host = with_device(dataclasses.replace(ENO2, network_file=file))
    host = dataclasses.replace(host, netplan=(), has_netplan=False, units={file: unit})
    if refused:
        said = refusal(SHIM, host=host)
        assert f"parent: eno2 is configured by {file}, which serves several devices: give it a unit of its own" in said
    else:
        assert planned(SHIM, host=host).items


def test_a_port_of_a_bridge_that_goes_has_the_addresses_of_that() -> None:
    bridge = HostDevice("br9", kind="bridge", addresses=("192.0.2.9/24",))
    port = dataclasses.replace(ENO2, master="br9")

    def holder(gone: dict[str, str], devices: dict[str, HostDevice]) -> tuple[HostDevice, list[str]]:
        out = SimpleNamespace(gone=gone, forecast=[{"link": "br9"}, {"link": "br8"}])
        work: Any = SimpleNamespace(out=out, facts=SimpleNamespace(devices=devices))
        return LinksWork.holder(work, port), [entry["link"] for entry in out.forecast]

    assert holder({"br9": ""}, {"br9": bridge}) == (bridge, ["br8"])
    assert holder({}, {"br9": bridge}) == (port, ["br9", "br8"])
    assert holder({"br9": ""}, {}) == (port, ["br9", "br8"])

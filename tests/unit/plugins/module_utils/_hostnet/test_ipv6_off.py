# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge that has IPv6, though it was switched off on its port by sysctl alone, is told."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ALONE,
    BRIDGE,
    HOST,
    NETPLAN,
    WIRED,
    planned,
)

NONE = "[Match]\nName=eno1\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n"


def switched_off(host: Facts, **more: Any) -> Facts:
    card = dataclasses.replace(host.devices["eno1"], ipv6_off=True, **more)
    return dataclasses.replace(host, devices={**host.devices, "eno1": card})


def warned(host: Facts, **more: Any) -> list[str]:
    found = planned({**BRIDGE, **more}, host=host).warnings
    return [line for line in found if "IPv6 is switched off on eno1 by sysctl alone" in line]


def test_a_bridge_that_switches_it_on_is_told() -> None:
    said = warned(switched_off(HOST))
    assert len(said) == 1
    assert "networkd switches it on for br0" in said[0]
    assert "write 'link-local: []' and 'accept-ra: false' in netplan for eno1 first" in said[0]
    assert "LinkLocalAddressing=no and IPv6AcceptRA=no for eno1" in warned(switched_off(ALONE))[0]


@pytest.mark.parametrize("more", [{"addressing": "static", "addresses": ["192.0.2.10/24"]}, {"addressing": "dhcp"}])
def test_who_says_what_the_bridge_is_to_have_is_not_told(more: dict[str, Any]) -> None:
    assert not warned(switched_off(HOST), **more)


def test_where_it_is_on_or_switched_off_by_files_nothing_is_told() -> None:
    assert not warned(HOST)
    netplan = dataclasses.replace(
        NETPLAN, text="network: {version: 2, ethernets: {eno1: {dhcp4: true, link-local: [], accept-ra: false}}}"
    )
    assert not warned(dataclasses.replace(switched_off(HOST), netplan=(netplan,)))
    assert not warned(dataclasses.replace(switched_off(ALONE), units={WIRED: NONE}))
    there = switched_off(HOST, master="br0")
    assert not warned(dataclasses.replace(there, devices={**there.devices, "br0": HostDevice("br0", kind="bridge")}))


@pytest.mark.parametrize("value", ["0", "1"])
def test_the_kernel_is_asked(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    told = {"/proc/sys/net/ipv6/conf/eno1/disable_ipv6": f"{value}\n"}
    monkeypatch.setattr(observe, "text_or_nothing", lambda path: told.get(str(pathlib.Path(path)), ""))
    assert observe.detailed(HostDevice("eno1")).ipv6_off == (value == "1")

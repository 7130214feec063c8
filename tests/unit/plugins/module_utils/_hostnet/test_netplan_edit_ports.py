# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose addresses and whose MAC address a bridge takes, of several ports."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Nic
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan, NetplanPlace
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.test_netplan_edit import (
    BR0,
    bridged,
    parsed,
)

NICS = {"eno1": Nic("eno1", "52:54:00:00:00:01"), "eno2": Nic("eno2", "52:54:00:00:00:02")}


def both() -> Netplan:
    return parsed(a="network: {version: 2, ethernets: {eno1: {dhcp4: true, mtu: 9000}, eno2: {dhcp4: true}}}")


@pytest.mark.parametrize(("ports", "mac"), [(("eno1", "eno2"), "01"), (("eno2", "eno1"), "02")])
def test_a_bridge_with_addresses_of_its_own_is_like_its_first_port_that_had_some(
    ports: tuple[str, ...], mac: str
) -> None:
    after = bridged(both(), *ports, nics=NICS, addressing="dhcp").merged(BR0)
    assert after["macaddress"] == f"52:54:00:00:00:{mac}"
    assert after.get("mtu") == ("9000" if mac == "01" else None)
    assert after["interfaces"] == list(ports)


BRIDGED = """
network:
  version: 2
  ethernets: {eno1: {}, eno2: {dhcp4: true}}
  bridges: {br0: {interfaces: [eno1], addresses: [192.0.2.1/24]}}
"""


def test_a_bridge_and_its_new_port_do_not_both_have_addresses() -> None:
    with pytest.raises(Invalid) as error:
        bridged(parsed(a=BRIDGED), "eno1", "eno2", nics=NICS)
    assert (error.value.where, error.value.problem) == (
        "addressing",
        "br0 and its port eno2 both have addresses: give one of dhcp, static, none",
    )
    for addressing in ("dhcp", "none"):
        after = bridged(parsed(a=BRIDGED), "eno1", "eno2", nics=NICS, addressing=addressing)
        assert after.merged(BR0)["interfaces"] == ["eno1", "eno2"]
        assert "dhcp4" not in after.merged(NetplanPlace("ethernets", "eno2"))


@pytest.mark.parametrize(
    ("body", "mac"),
    [
        ("{dhcp4: true, macaddress: '52:54:00:00:00:0a'}", "52:54:00:00:00:0a"),
        ("{dhcp4: true, match: {macaddress: '52:54:00:00:00:0b'}, set-name: eno1}", "52:54:00:00:00:0b"),
        (
            "{dhcp4: true, match: {macaddress: '52:54:00:00:00:0b'}, set-name: eno1, macaddress: '52:54:00:00:00:0a'}",
            "52:54:00:00:00:0a",
        ),
        (
            "{dhcp4: true, match: {macaddress: '52:54:00:00:00:0b'}, set-name: eno1, macaddress: permanent}",
            "52:54:00:00:00:0b",
        ),
        ("{dhcp4: true, macaddress: random}", None),
        ("{dhcp4: true}", None),
    ],
)
def test_a_bridge_over_a_port_that_is_not_there_has_the_mac_that_is_written(body: str, mac: str | None) -> None:
    net = parsed(a=f"network: {{version: 2, ethernets: {{eno1: {body}}}}}")
    # Where the definition matches a MAC address, only the device that has it is the port.
    nics = {"eno1": Nic("eno1", "")} if "match" not in body else {"eno1": Nic("eno1", "", "", "52:54:00:00:00:0b")}
    assert bridged(net, "eno1", nics=nics).merged(BR0).get("macaddress") == mac

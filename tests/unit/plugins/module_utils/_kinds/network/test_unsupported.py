# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt does not define of a network is said before, by its option."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.unsupported import unsupported, vlans
from ansible_collections.virtfleet.kvm.tests.unit.support import changes, defined, observed, plan_one

OLD, NEW = 9_000_000, 11_003_000
TO_BRIDGE = "<forward mode='bridge'/><bridge name='br0'/>"
TO_CARD = "<forward mode='bridge'><interface dev='eno1'/></forward>"
NAT = "<forward mode='nat'/><ip address='10.0.0.1' prefix='24'/>"


def said(inner: str, version: int = OLD) -> list[str]:
    """The options that are wrong."""
    root = ET.fromstring(f"<network><name>n</name>{inner}</network>")
    return [line.partition(":")[0] for line in unsupported(root, version)]


@pytest.mark.parametrize(
    ("inner", "wrong"),
    [
        (TO_BRIDGE + "<mac address='52:54:00:00:00:01'/>", ["mac"]),
        (TO_BRIDGE + "<ip address='10.0.0.1' prefix='24'/>", ["ips"]),
        (TO_BRIDGE + "<domain name='x.y'/>", ["domain"]),
        (TO_BRIDGE + "<dns><txt name='a' value='b'/></dns>", ["dns.txts"]),
        (TO_BRIDGE + "<dns><host ip='10.0.0.1'><hostname>a</hostname></host></dns>", ["dns.hosts"]),
        (TO_BRIDGE + "<dns><srv service='a' protocol='tcp'/></dns>", ["dns.srvs"]),
        (TO_BRIDGE + "<dns><forwarder addr='1.1.1.1'/></dns>", []),
        (TO_BRIDGE + "<bandwidth><inbound average='1'/></bandwidth>", []),
        (TO_CARD + "<bandwidth><inbound average='1'/></bandwidth>", ["bandwidth"]),
        (TO_CARD + "<portgroup name='a'><bandwidth/></portgroup>", ["portgroups"]),
        (NAT + "<bandwidth><inbound average='1'/></bandwidth>", []),
        (NAT + "<vlan><tag id='5'/></vlan>", ["vlan"]),
        (NAT + "<portgroup name='a'><vlan><tag id='5'/></vlan></portgroup>", ["portgroups"]),
        (TO_BRIDGE + "<virtualport type='openvswitch'/><vlan><tag id='5'/></vlan>", []),
        ("<forward mode='hostdev'><pf dev='eno1'/></forward><vlan><tag id='5'/></vlan>", []),
        ("<forward mode='hostdev'><interface dev='eno1'/></forward>", ["forward.interfaces"]),
        ("<forward mode='bridge'><address type='pci'/></forward>", ["forward.addresses"]),
        (NAT + "<mac address='52:54:00:00:00:01'/><domain name='x.y'/>", []),
        ("<vlan><tag id='5'/></vlan>", ["vlan"]),
        ("<forward mode='nat'/>", ["ips"]),
        ("<forward mode='route'/>", ["ips"]),
        ("<forward mode='open'/>", []),
    ],
)
def test_what_libvirt_does_not_define(inner: str, wrong: list[str]) -> None:
    assert said(inner) == wrong


def test_vlans_of_an_ordinary_bridge_came_with_libvirt_11() -> None:
    inner = TO_BRIDGE + "<vlan><tag id='5'/></vlan>"
    assert (said(inner, OLD), said(inner, NEW)) == (["vlan"], [])


@pytest.mark.parametrize(
    "inner", ["<vlan><tag id='5'/></vlan>", "<portgroup name='a'><vlan><tag id='5'/></vlan></portgroup>"]
)
@pytest.mark.parametrize(
    ("mode", "forward", "version", "told", "newer"),
    [
        ("bridge", "", OLD, True, True),
        ("bridge", "", 10_999_999, True, True),
        ("bridge", "", 11_000_000, False, False),
        ("bridge", "<virtualport type='openvswitch'/>", OLD, False, False),
        ("bridge", "<virtualport type='802.1Qbh'/>", OLD, True, True),
        ("hostdev", "", OLD, False, False),
        ("passthrough", "", OLD, False, False),
        ("private", "", NEW, True, False),
        ("nat", "", NEW, True, False),
        ("nat", "<virtualport type='openvswitch'/>", NEW, True, False),
        (None, "", OLD, True, False),
    ],
)
def test_only_for_a_bridge_a_newer_libvirt_helps(
    inner: str, mode: str | None, forward: str, version: int, told: bool, newer: bool
) -> None:
    found = list(vlans(ET.fromstring(f"<network>{forward}{inner}</network>"), mode, version))
    assert len(found) == int(told)
    assert any("(from libvirt 11.0 on, any bridge)" in line for line in found) is newer


KEPT = """
<network><name>n</name><uuid>d6bf0c81-cb80-5fdc-b923-15571e3786cb</uuid><forward mode='nat'/>
<bridge name='virbr1' stp='on' delay='0'/><mac address='52:54:00:0c:84:3f'/>
<ip address='10.9.9.1' prefix='24'/></network>
"""
"""As libvirt keeps a network for which nobody named a bridge."""


@pytest.mark.parametrize("bridge", [{}, {"bridge": None}])
@pytest.mark.parametrize(
    "forward", [{"mode": "bridge", "interfaces": ["eno1"]}, {"mode": "hostdev", "pf": "eno1"}, {"mode": "private"}]
)
def test_the_bridge_of_libvirts_own_goes_with_its_way_out(forward: dict[str, Any], bridge: dict[str, Any]) -> None:
    result = plan_one(NETWORK, observed(KEPT), {"name": "n", "forward": forward, "ips": [], **bridge})
    root = ET.fromstring(defined(result))
    assert (root.find("bridge"), root.find("mac")) == (None, None)
    assert changes(result)["bridge"] == ("virbr1", None)
    assert not result.warnings


def test_a_bridge_that_is_declared_stays() -> None:
    result = plan_one(NETWORK, observed(KEPT), {"name": "n", "forward": "bridge", "bridge": "br0", "ips": []})
    assert changes(result)["bridge"] == ("virbr1", "br0")

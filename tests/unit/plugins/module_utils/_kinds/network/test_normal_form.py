# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt drops and rewrites of a network as it keeps it, and what it adds as it starts one."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import normal_form
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical

CARD = "<interface dev='eno1'/>"
PCI = "<address type='pci'/>"
EVERY = "<port start='1024' end='65535'/>"
FEW = "<port start='1024' end='2000'/>"
DHCP = "<ip><dhcp>{}</dhcp></ip>"
NO_TIME = "<lease expiry='0' unit='hours'/>"
RANGE = "<range start='10.0.0.2'>{}</range>"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        # What is no default.
        ("<network connections='2' ipv6='no'/>", "<network/>"),
        ("<network ipv6='yes'/>", "<network ipv6='yes'/>"),
        ("<portgroup default='no'/><portgroup default='yes'/>", "<portgroup/><portgroup default='yes'/>"),
        ("<vlan trunk='no'/>", "<vlan/>"),
        ("<vlan trunk='yes'/>", "<vlan trunk='yes'/>"),
        ("<portgroup><vlan trunk='no'/></portgroup>", "<portgroup><vlan/></portgroup>"),
        ("<portgroup><vlan trunk='yes'/></portgroup>", "<portgroup><vlan trunk='yes'/></portgroup>"),
        ("<dns><srv port='0' priority='0' weight='0' x='0'/></dns>", "<dns><srv x='0'/></dns>"),
        ("<dns><srv port='1' priority='2' weight='3'/></dns>", "<dns><srv port='1' priority='2' weight='3'/></dns>"),
        ("<dns><srv port='1' priority='0'/><srv weight='0'/></dns>", "<dns><srv port='1'/><srv/></dns>"),
        # The way out.
        (f"<forward dev='eno1'>{CARD}</forward>", f"<forward>{CARD}</forward>"),
        (f"<forward dev='eno1'><nat>{FEW}</nat></forward>", f"<forward>{CARD}<nat>{FEW}</nat></forward>"),
        ("<forward dev=''/>", "<forward dev=''/>"),
        ("<forward><interface dev='eno1' connections='1'/></forward>", f"<forward>{CARD}</forward>"),
        (f"<forward dev='eno1'><pf/>{CARD}{PCI}{CARD}</forward>", "<forward><pf/></forward>"),
        (f"<forward>{CARD}{PCI}</forward>", f"<forward>{CARD}{PCI}</forward>"),
        ("<forward/><forward><nat/></forward>", "<forward/><forward/>"),
        # The ports of one that translates addresses.
        ("<forward><nat/></forward>", "<forward/>"),
        (f"<forward><nat>{EVERY}</nat></forward>", "<forward/>"),
        (f"<forward><nat>{FEW}</nat></forward>", f"<forward><nat>{FEW}</nat></forward>"),
        (f"<forward><nat ipv6='yes'>{EVERY}</nat></forward>", "<forward><nat ipv6='yes'/></forward>"),
        (f"<forward><nat ipv6='yes'>{FEW}</nat></forward>", f"<forward><nat ipv6='yes'>{FEW}</nat></forward>"),
        ("<forward><nat ipv6='yes'/></forward>", "<forward><nat ipv6='yes'/></forward>"),
        (f"<forward><nat><address/>{EVERY}</nat></forward>", "<forward><nat><address/></nat></forward>"),
        (f"<forward><nat><address/>{FEW}</nat></forward>", f"<forward><nat><address/>{FEW}</nat></forward>"),
        # What is handed out.
        (DHCP.format(""), "<ip/>"),
        (DHCP.format("<bootp/>"), "<ip/>"),
        (DHCP.format(RANGE.format("")), DHCP.format(RANGE.format(""))),
        (DHCP.format("<host/>"), DHCP.format("<host/>")),
        (DHCP.format(RANGE.format(NO_TIME)), DHCP.format(RANGE.format("<lease expiry='0'/>"))),
        (DHCP.format("<host><lease expiry='0' unit='hours'/></host>"), DHCP.format("<host><lease expiry='0'/></host>")),
        (
            DHCP.format(RANGE.format("<lease expiry='5' unit='hours'/>")),
            DHCP.format(RANGE.format("<lease expiry='5' unit='hours'/>")),
        ),
    ],
)
def test_the_form_in_which_a_network_is_kept(given: str, kept: str) -> None:
    texts = [text if text.startswith("<network") else f"<network>{text}</network>" for text in (given, kept)]
    root = ET.fromstring(texts[0])
    normal_form.settle(root)
    assert canonical(ET.tostring(root, "unicode")) == canonical(texts[1])


@pytest.mark.parametrize(
    ("live", "kept", "left"),
    [
        (f"<forward><nat>{EVERY}</nat></forward>", "<forward/>", "<forward/>"),
        (f"<forward><nat>{EVERY}</nat></forward>", "", "<forward/>"),
        (f"<forward><nat ipv6='yes'>{EVERY}</nat></forward>", "<forward/>", "<forward><nat ipv6='yes'/></forward>"),
        (f"<forward><nat>{EVERY}</nat></forward>", f"<forward><nat>{EVERY}</nat></forward>",
         f"<forward><nat>{EVERY}</nat></forward>"),
        (f"<forward>{CARD}{PCI}<pf/></forward>", "<forward><pf/></forward>", "<forward><pf/></forward>"),
        (f"<forward>{CARD}{PCI}<pf/></forward>", f"<forward><pf/>{PCI}</forward>", f"<forward>{PCI}<pf/></forward>"),
        (f"<forward>{CARD}{PCI}<pf/></forward>", f"<forward><pf/>{CARD}</forward>", f"<forward>{CARD}<pf/></forward>"),
        (f"<forward>{CARD}{PCI}</forward>", "<forward/>", f"<forward>{CARD}{PCI}</forward>"),
        (f"<forward>{CARD}{PCI}</forward>", "", f"<forward>{CARD}{PCI}</forward>"),
    ],
)  # fmt: skip
def test_what_libvirt_adds_as_it_starts_a_network(live: str, kept: str, left: str) -> None:
    root = ET.fromstring(f"<network>{live}</network>")
    assert normal_form.started(root, ET.fromstring(f"<network>{kept}</network>")) == []
    assert canonical(ET.tostring(root, "unicode")) == canonical(f"<network>{left}</network>")

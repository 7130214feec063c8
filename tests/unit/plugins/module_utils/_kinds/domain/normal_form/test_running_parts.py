# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt writes into the definition of a running guest, part by part: before, after, and what stays."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import running
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical


def of(devices: str) -> ET.Element:
    return ET.fromstring(f"<domain><devices>{devices}</devices></domain>")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<graphics autoport='yes' websocket='5700'/>", "<graphics autoport='yes' websocket='-1'/>"),
        ("<graphics autoport='no' websocket='5700'/>", None),
        ("<graphics websocket='5700'/>", None),
        ("<graphics autoport='yes'/>", None),
        ("<graphics autoport='yes' websocket='-1'/>", None),
        ("<graphics listen='127.0.0.1'><listen type='address' address='127.0.0.1'/></graphics>",
         "<graphics><listen type='address'/></graphics>"),
        ("<graphics listen='10.0.0.1'><listen type='address' address='10.0.0.1'/></graphics>", None),
        ("<graphics listen='127.0.0.1'><listen type='address' address='10.0.0.1'/></graphics>", None),
        ("<graphics><listen type='network' network='a' address='127.0.0.1'/></graphics>", None),
        ("<interface type='bridge'><source network='a' portid='1' bridge='virbr0'/></interface>",
         "<interface type='network'><source network='a'/></interface>"),
        ("<interface type='bridge'><source network='a' portgroup='g' portid='1' bridge='b'><x/></source></interface>",
         "<interface type='network'><source network='a' portgroup='g'/></interface>"),
        ("<interface type='network'><source network='a' bridge='virbr0'/></interface>", None),
        ("<interface type='bridge'><source bridge='virbr0' portid='1'/></interface>", None),
        ("<interface type='user'/>", None),
        ("<disk><source file='/a'/><backingStore/></disk>", "<disk><source file='/a'/></disk>"),
    ],
)  # fmt: skip
def test_what_is_only_reported_goes(before: str, after: str | None) -> None:
    root = of(before)
    running.settle(root)
    assert canonical(root) == canonical(of(before if after is None else after))


def test_what_a_whole_guest_is_told() -> None:
    own = "<seclabel type='static'><label>x</label><imagelabel>y</imagelabel></seclabel>"
    root = ET.fromstring(
        "<domain id='7'><cpu check='full'/><cpu check='partial'/><seclabel type='dynamic'><label>x</label></seclabel>"
        f"<seclabel type='dynamic'><baselabel>b</baselabel><imagelabel>y</imagelabel></seclabel>{own}</domain>"
    )
    running.settle(root)
    assert canonical(root) == canonical(
        "<domain><cpu/><cpu check='partial'/><seclabel type='dynamic'><baselabel>b</baselabel></seclabel>"
        "<seclabel type='static'><label>x</label></seclabel></domain>"
    )


MAC = "<mac address='52:54:00:00:00:01'/>"
LOUD = "<mac address='52:54:00:00:00:01'/>".upper().replace("MAC", "mac").replace("ADDRESS", "address")
ON_A = f"<interface type='network'>{MAC}<source network='a'/></interface>"


@pytest.mark.parametrize(
    ("live", "kept", "after"),
    [
        # As it is declared: on the network, whatever the network has made of it.
        (f"<interface type='bridge'>{MAC}<source network='a' bridge='virbr0' portid='1'/></interface>", ON_A, ON_A),
        (f"<interface type='direct'>{MAC}<source network='a' dev='e0' mode='bridge'/></interface>", ON_A, ON_A),
        (f"<interface type='bridge'>{LOUD}<source network='a' bridge='b'/></interface>", ON_A,
         f"<interface type='network'>{LOUD}<source network='a'/></interface>"),
        # On another network by now: told as that.
        (f"<interface type='bridge'>{MAC}<source network='b' portgroup='g' bridge='b'/></interface>", ON_A,
         f"<interface type='network'>{MAC}<source network='b' portgroup='g'/></interface>"),
        # A device out of the network's pool names no network; one of the guest's own does not become one.
        (f"<interface type='hostdev' managed='yes'>{MAC}<driver name='vfio'/><source><address/></source>"
         "<alias name='h'/></interface>", ON_A,
         f"<interface type='network'>{MAC}<source network='a'/><alias name='h'/></interface>"),
        (f"<interface type='hostdev' managed='yes'>{MAC}<source><address/></source></interface>", ON_A, None),
        (f"<interface type='user'>{MAC}</interface>", ON_A, None),
        (f"<interface type='network'>{MAC}</interface>", ON_A, None),
        # None of the definition, or on no network there: what names a network is on it, the rest stays.
        ("<interface type='bridge'><source network='a' bridge='b'/></interface>", ON_A,
         "<interface type='network'><source network='a'/></interface>"),
        (f"<interface type='bridge'>{MAC}<source bridge='b'/></interface>",
         f"<interface type='bridge'>{MAC}<source bridge='b'/></interface>", None),
        (f"<interface type='bridge'>{MAC}<source network='c' bridge='b'/></interface>",
         f"<interface type='bridge'>{MAC}<source bridge='b'/></interface>",
         f"<interface type='network'>{MAC}<source network='c'/></interface>"),
        (f"<interface type='user'>{MAC}</interface>", f"<interface type='user'>{MAC}</interface>", None),
    ],
)  # fmt: skip
def test_an_interface_is_what_the_definition_says(live: str, kept: str, after: str | None) -> None:
    root = of(live)
    running.interfaces(root, of(kept))
    assert canonical(root) == canonical(of(live if after is None else after))


FULL = "<loader>/code</loader><nvram template='/vars'>/mine</nvram>"


@pytest.mark.parametrize(
    ("live", "kept", "after"),
    [
        (f"<os>{FULL}</os>", "<os firmware='efi'/>", "<os firmware='efi'/>"),
        (f"<os>{FULL}</os>", "<os firmware='efi'><nvram>/mine</nvram></os>",
         "<os firmware='efi'><nvram>/mine</nvram></os>"),
        (f"<os>{FULL}</os>", "<os firmware='efi'><loader secure='no'/><nvram template='/t'/></os>",
         f"<os firmware='efi'>{FULL}</os>"),
        ("<os><loader>/code</loader></os>", "<os firmware='bios'/>", "<os firmware='bios'/>"),
        # Named by hand, told as chosen by libvirt, or none at all.
        ("<os><loader>/code</loader><nvram>/mine</nvram></os>", "<os firmware='efi'/>", None),
        (f"<os>{FULL}</os>", "<os/>", None),
        (f"<os firmware='efi'>{FULL}</os>", "<os firmware='efi'/>", None),
        ("<os><nvram template='/vars'>/mine</nvram></os>", "<os firmware='efi'/>", None),
    ],
)  # fmt: skip
def test_a_firmware_that_libvirt_picked_at_the_start_is_no_change(live: str, kept: str, after: str | None) -> None:
    root = ET.fromstring(f"<domain>{live}</domain>")
    running.firmware(root, ET.fromstring(f"<domain>{kept}</domain>"))
    assert canonical(root) == canonical(f"<domain>{live if after is None else after}</domain>")


VARIABLE = "<clock offset='variable' adjustment='{}'/>"


@pytest.mark.parametrize(
    ("live", "kept", "after"),
    [
        # The clock moves with the guest's own.
        (VARIABLE.format(7), VARIABLE.format(0), VARIABLE.format(0)),
        (VARIABLE.format(7), "<clock offset='variable'/>", "<clock offset='variable'/>"),
        (VARIABLE.format(7), "<clock offset='utc'/>", None),
        ("<clock offset='utc' adjustment='7'/>", VARIABLE.format(0), None),
        ("<clock offset='utc' adjustment='7'/>", "<clock offset='utc'/>", None),
        (VARIABLE.format(7), "", None),
        ("", VARIABLE.format(0), None),
        ("", "", None),
        # All CPUs are plugged in by now.
        ("<vcpu> 2 </vcpu>", "<vcpu current='2'>4</vcpu>", "<vcpu current='2'> 2 </vcpu>"),
        ("<vcpu current='1'>2</vcpu>", "<vcpu current='2'>4</vcpu>", None),
        ("<vcpu>4</vcpu>", "<vcpu current='2'>4</vcpu>", None),
        ("<vcpu>4</vcpu>", "<vcpu>4</vcpu>", None),
        ("<vcpu>2</vcpu>", "", None),
        ("", "<vcpu current='2'>4</vcpu>", None),
        # Labels that libvirt made.
        ("<seclabel model='dac'/><seclabel model='selinux'><label>x</label><imagelabel>y</imagelabel></seclabel>",
         "<seclabel model='selinux'/>", "<seclabel model='selinux'/>"),
        ("<seclabel model='selinux'><label>x</label><imagelabel>y</imagelabel></seclabel>",
         "<seclabel model='selinux'><label>z</label></seclabel>",
         "<seclabel model='selinux'><label>x</label></seclabel>"),
        ("<seclabel model='selinux'><label>x</label><imagelabel>y</imagelabel></seclabel>",
         "<seclabel model='selinux'><imagelabel>z</imagelabel></seclabel>",
         "<seclabel model='selinux'><imagelabel>y</imagelabel></seclabel>"),
        ("", "<seclabel model='selinux'/>", None),
        # A CPU that is written out whole is what the definition says of it.
        ("<cpu mode='custom' check='full'><model>A</model></cpu>",
         "<cpu mode='custom' check='none'><model>A</model></cpu>",
         "<cpu mode='custom' check='none'><model>A</model></cpu>"),
        ("<cpu mode='custom' check='partial'><model>A</model></cpu>",
         "<cpu mode='custom' check='none'><model>A</model></cpu>", None),
        ("", "<cpu mode='custom' check='none'><model>A</model></cpu>", None),
    ],
)  # fmt: skip
def test_what_a_guest_has_beside_its_devices_is_what_the_definition_says(
    live: str, kept: str, after: str | None
) -> None:
    root = ET.fromstring(f"<domain>{live}</domain>")
    running.whole(root, ET.fromstring(f"<domain>{kept}</domain>"))
    assert canonical(root) == canonical(f"<domain>{live if after is None else after}</domain>")

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt keeps of definitions that only QEMU's driver completes, asked of its test driver."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.schema import empty_host
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.rehearsal import keeps

GUEST = (
    "<domain type='qemu'><name>n</name><maxMemory slots='4' unit='KiB'>1048576</maxMemory>"
    "<memory unit='KiB'>262144</memory><os><type>hvm</type></os>{}<devices><memory model='{}'><target>"
    "<size unit='KiB'>131072</size><node>{}</node><label><size unit='KiB'>2048</size></label></target></memory>"
    "</devices></domain>"
)


@pytest.mark.parametrize("cpu", ["", "<cpu><topology sockets='1' cores='1' threads='1'/></cpu>"])
@pytest.mark.parametrize("node", [0, 1, 7])
def test_memory_devices_of_a_guest_without_numa_nodes(cpu: str, node: int) -> None:
    """QEMU's driver adds the nodes. The test driver said nothing, so the run found that a dimm has no label."""
    root = ET.fromstring(GUEST.format(cpu, "dimm", node))
    with empty_host() as connection:
        kept = keeps(connection, root)
    assert kept.find("devices/memory/target/label") is None
    assert kept.findtext("devices/memory/target/node") == str(node)
    assert kept.find("cpu/numa") is None
    assert (kept.find("cpu") is not None) == bool(cpu)
    assert [kept.findtext(tag) for tag in ("memory", "maxMemory")] == ["262144", "1048576"]


@pytest.mark.parametrize("controller", ["", "<controller type='usb' index='0' model='nec-xhci'/>"])
def test_a_redirected_device_of_a_guest_whose_usb_qemu_adds(controller: str) -> None:
    root = ET.fromstring(
        "<domain type='qemu'><name>n</name><memory>65536</memory><os><type>hvm</type></os><devices>"
        f"{controller}<redirdev bus='usb' type='vc'><source path='/x'/></redirdev></devices></domain>"
    )
    with empty_host() as connection:
        kept = keeps(connection, root)
    assert kept.find("devices/redirdev") is not None
    assert kept.find("devices/redirdev/source") is None
    assert len(kept.findall("devices/controller[@type='usb']")) == bool(controller)


def test_what_is_rehearsed_is_in_the_way_of_no_other_guest() -> None:
    guest = "<domain type='test'><name>n</name><uuid>{}</uuid><memory>65536</memory><os><type>hvm</type></os></domain>"
    first, second = (f"6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d9{digit}" for digit in "12")
    with empty_host() as connection:
        connection.defineXML(guest.format(first))
        for uuid in (first, second):
            keeps(connection, ET.fromstring(guest.format(uuid)))
        assert connection.lookupByName("n").UUIDString() == first

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt keeps of definitions that only QEMU's driver completes, asked of its test driver."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.schema import empty_host
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import rehearsal
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.rehearsal import keeps
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical

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


NODES = "<devices><memory><target><node>{}</node></target></memory></devices>"


@pytest.mark.parametrize(
    ("guest", "nodes"),
    [
        ("<memory unit='MiB'>64</memory>" + NODES.format(0), [("0", "64", "MiB")]),
        ("<memory>64</memory>" + NODES.format(1), [("0", "64", "KiB"), ("1", "0", "KiB")]),
        ("<memory/>" + NODES.format(0), [("0", "0", "KiB")]),
        ("<memory>64</memory><devices><memory><target><node>1</node></target></memory>"
         "<memory><target><node>0</node></target></memory></devices>", [("0", "64", "KiB"), ("1", "0", "KiB")]),
        ("<memory>64</memory><cpu><topology/></cpu>" + NODES.format(0), [("0", "64", "KiB")]),
        # It has nodes, it needs none, or which it needs cannot be told.
        ("<memory>64</memory><cpu><numa/></cpu>" + NODES.format(0), None),
        (NODES.format(0), None),
        ("<memory>64</memory>", None),
        ("<memory>64</memory><devices><memory/></devices>", None),
        ("<memory>64</memory>" + NODES.format(""), None),
        ("<memory>64</memory>" + NODES.format("-1"), None),
        ("<memory>64</memory><devices><memory><target><node>x</node></target></memory>"
         "<memory><target><node>0</node></target></memory></devices>", None),
    ],
)  # fmt: skip
def test_the_nodes_that_memory_devices_need(guest: str, nodes: list[tuple[str, ...]] | None) -> None:
    root = ET.fromstring(f"<domain>{guest}</domain>")
    before = canonical(root)
    assert rehearsal.add_nodes(root) is (nodes is not None)
    if nodes is None:
        assert canonical(root) == before
    else:
        found = [(node.get("id"), node.get("memory"), node.get("unit")) for node in root.findall("cpu/numa/cell")]
        assert found == nodes


@pytest.mark.parametrize(("number", "cells"), [(62, 63), (63, 64), (64, 64), (10**9, 64)])
def test_nodes_are_added_up_to_a_bound(number: int, cells: int) -> None:
    root = ET.fromstring(f"<domain><memory>64</memory>{NODES.format(number)}</domain>")
    assert rehearsal.add_nodes(root)
    assert len(root.findall("cpu/numa/cell")) == cells


@pytest.mark.parametrize(
    ("devices", "added"),
    [
        ("<devices><redirdev/></devices>", True),
        ("<devices><redirdev/><controller type='pci'/></devices>", True),
        ("<devices><redirdev/><controller type='usb'/></devices>", False),
        ("<devices><controller type='pci'/></devices>", False),
        ("<devices/>", False),
        ("", False),
    ],
)
def test_a_usb_controller_is_added_for_redirected_devices(devices: str, added: bool) -> None:
    root = ET.fromstring(f"<domain>{devices}</domain>")
    before = canonical(root)
    assert rehearsal.add_usb(root) is added
    assert (canonical(root) != before) is added


@pytest.mark.parametrize(
    ("given", "kept", "after"),
    [
        # Names of network cards: those of the test driver go, those of the user stay.
        ("<interface/>", "<interface><target dev='testnet0'/></interface>", "<interface/>"),
        ("<interface/>", "<interface><target dev='tap0'/></interface>", None),
        ("<interface><target dev='tap0'/></interface>", "<interface><target dev='tap0'/></interface>", None),
        ("<interface><target dev='tap0'/></interface>", "<interface><target dev='testnet1'/></interface>",
         "<interface/>"),
        ("<interface><target dev='testnet7'/></interface>", "<interface><target dev='testnet0'/></interface>",
         "<interface><target dev='testnet7'/></interface>"),
        ("<interface><target dev='testnet7'/></interface>", "<interface/>",
         "<interface><target dev='testnet7'/></interface>"),
        ("<interface><target managed='no'/></interface>", "<interface><target managed='no'/></interface>", None),
        ("<interface/>", "<interface/>", None),
        # The emulator comes first again.
        ("<emulator>/e</emulator><disk/>", "<disk/>", "<emulator>/e</emulator><disk/>"),
    ],
)  # fmt: skip
def test_a_definition_gets_its_devices_back(given: str, kept: str, after: str | None) -> None:
    root, found = (ET.fromstring(f"<domain><devices>{text}</devices></domain>") for text in (given, kept))
    rehearsal.restore(root, found)
    assert canonical(found) == canonical(f"<domain><devices>{kept if after is None else after}</devices></domain>")


@pytest.mark.parametrize(
    ("given", "kept", "after"),
    [
        ("<domain type='kvm'/>", "<domain type='test' id='1'/>", "<domain type='kvm' id='1'/>"),
        ("<domain><name>a</name></domain>", "<domain><name>p</name><uuid>u</uuid></domain>",
         "<domain><name>a</name></domain>"),
        ("<domain><name>a</name><uuid>v</uuid></domain>", "<domain><name>p</name></domain>",
         "<domain><name>a</name></domain>"),
        ("<domain><os><type machine='pc'/></os></domain>", "<domain><os><type arch='i686'>hvm</type></os></domain>",
         "<domain><os><type machine='pc'>hvm</type></os></domain>"),
        ("<domain><metadata><a/></metadata></domain>", "<domain><metadata><b/></metadata></domain>",
         "<domain><metadata><a/></metadata></domain>"),
        ("<domain/>", "<domain><metadata><b/></metadata></domain>", "<domain/>"),
        ("<domain><devices><emulator>/e</emulator></devices></domain>", "<domain/>", "<domain/>"),
        ("<domain><x:a xmlns:x='urn:x'/><b/></domain>", "<domain/>", "<domain><x:a xmlns:x='urn:x'/></domain>"),
    ],
)  # fmt: skip
def test_a_definition_gets_back_what_only_other_drivers_know(given: str, kept: str, after: str) -> None:
    found = ET.fromstring(kept)
    rehearsal.restore(ET.fromstring(given), found)
    assert canonical(found) == canonical(ET.fromstring(after))

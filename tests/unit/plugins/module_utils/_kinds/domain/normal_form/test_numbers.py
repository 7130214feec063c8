# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that libvirt reads in any base mean what they mean to libvirt."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import device as normal_device
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL

GUEST = (
    "<domain type='test'><name>n</name><memory>65536</memory><os><type>hvm</type></os><devices>{}</devices></domain>"
)
RNG = "<rng model='virtio'><backend model='random'>/dev/random</backend>{}</rng>"
USB = "<hostdev mode='subsystem' type='usb'><source>{}</source></hostdev>"

DEVICES = [
    USB.format("<vendor id='1133'/><product id='010'/>"),
    USB.format("<vendor id='0X46d'/><product id='0xC52B'/>"),
    USB.format("<address bus='010' device='0x10'/>"),
    "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='10' slot='010' function='1'/></source>"
    "</hostdev>",
    "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/><address bus='010' target='0x10'"
    " unit='010'/></source><address type='drive' controller='0' bus='0' target='0' unit='0'/></hostdev>",
    "<disk type='nvme' device='disk'><source type='pci' managed='yes' namespace='010'><address domain='0'"
    " bus='10' slot='1' function='0'/></source><target dev='vda' bus='virtio'/></disk>",
    "<controller type='pci' index='0' model='pcie-root'/><controller type='pci' index='010' model='pcie-root-port'>"
    "<target chassis='010' port='010'/></controller>",
    "<controller type='pci' index='0' model='pci-root'/><controller type='pci' index='1' model='pci-bridge'>"
    "<target chassisNr='010'/></controller>",
    "<redirfilter><usbdev class='8' vendor='1133' product='010' version='1.1' allow='yes'/></redirfilter>",
    "<panic model='isa'><address type='isa' iobase='505'/></panic>",
    "<disk type='file' device='disk'><source file='/x'/><target dev='sda' bus='scsi'/><address type='drive'"
    " controller='0' bus='0' target='010' unit='010'/></disk>",
    RNG.format("<address type='ccw' cssid='254' ssid='02' devno='10'/>"),
    RNG.format("<address type='spapr-vio' reg='1000'/>"),
    RNG.format("<address type='pci' domain='0' bus='0' slot='0' function='0'/>"),
    RNG.format("<address type='pci' domain='0' bus='0' slot='16' function='1'><zpci uid='010' fid='010'/></address>"),
]


def kept(device: str) -> str:
    """A guest with a device, as libvirt keeps it."""
    connection = libvirt.open("test:///default")
    found = connection.defineXML(GUEST.format(device))
    try:
        return str(found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    finally:
        found.undefine()
        connection.close()


def told(text: str) -> dict[str, Any]:
    """What a definition tells of its devices."""
    config = _xml_conversion.from_xml(DOMAIN, text)
    names = ("hostdevs", "redirfilter", "panics", "disks", "rngs")
    devices = {name: config.get(name) for name in names}
    devices["controllers"] = [entry for entry in config.get("controllers", []) if entry.get("model")]
    return devices


@pytest.mark.parametrize("device", DEVICES)
def test_a_definition_means_the_same_before_libvirt_has_it_and_after(device: str) -> None:
    before, after = GUEST.format(device), kept(device)
    assert told(before) == told(after)


@pytest.mark.parametrize("device", DEVICES)
def test_numbers_in_normal_form_are_written_as_libvirt_writes_them(device: str) -> None:
    mine, theirs = ET.fromstring(GUEST.format(device)), ET.fromstring(kept(device))
    written: list[set[tuple[str, str, str]]] = []
    for root in (mine, theirs):
        found = set()
        for node in root.findall("devices/*"):
            normal_device.settle(node)
            for inner in node.iter():
                found.update(
                    (inner.tag, name, value)
                    for name, value in inner.items()
                    if re.fullmatch("(0x)?[0-9a-fA-F]+", value)
                )
        written.append({entry for entry in found if entry[1] not in ("index", "namespace", "target", "unit")})
    assert written[0] <= written[1] | {("controller", "index", "010")}


def test_a_user_may_leave_out_what_tells_base_16() -> None:
    (hostdev,) = DOMAIN.parse(
        [{"name": "n", "hostdevs": [{"type": "usb", "source": {"vendor": "046d", "product": 0xC52B}}]}]
    )[0]["hostdevs"]
    assert hostdev["source"] == {"vendor": "0x046d", "product": "0xc52b"}


def test_an_address_of_noughts_is_left_to_libvirt() -> None:
    address = {"type": "pci", "domain": 0, "bus": 0, "slot": 0, "function": 0}
    (item,) = DOMAIN.parse([{"name": "n", "rngs": [{"model": "virtio", "address": address}]}])
    assert item["rngs"][0]["address"] == {"type": "pci"}


def test_the_adapter_of_a_pool_is_found_by_numbers() -> None:
    text = (
        "<pool type='scsi'><name>p</name><source><adapter type='scsi_host'><parentaddr unique_id='1'>"
        "<address domain='0' bus='0' slot='31' function='2'/></parentaddr></adapter></source>"
        "<target><path>/dev/disk/by-path</path></target></pool>"
    )
    address = _xml_conversion.from_xml(POOL, text)["source"]["adapter"]["parentaddr"]["address"]
    assert address == {"domain": 0, "bus": 0, "slot": 31, "function": 2}

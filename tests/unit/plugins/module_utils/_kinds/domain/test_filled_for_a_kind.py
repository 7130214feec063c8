# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt filled in for what a device was goes as it becomes something else; what is declared stays."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.schema import empty_host
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import (
    EMULATING_HOST,
    canonical,
    changes,
    defined,
    observed,
    plan_one,
)

BASE = {"name": "n", "virt": "qemu", "memory": "64MiB"}
PLACE = {"type": "pci", "bus": 0, "slot": 7}
DISK = {"file": "/x", "target": "vda"}
QXL = {"type": "qxl", "ram": 65536, "vram": 65536, "vgamem": 16384, "heads": 1, "primary": True}


def edited(have: dict[str, Any], want: dict[str, Any]) -> ET.Element:
    """The definition of a guest that becomes another, which libvirt's schema takes."""
    with empty_host() as host:
        text = defined(plan_one(DOMAIN, None, {**BASE, **have}, EMULATING_HOST))
        found = host.defineXML(text.replace('type="qemu"', 'type="test"', 1))
        kept = found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).replace("<domain type='test'", "<domain type='qemu'")
        done = defined(plan_one(DOMAIN, observed(kept), {"name": "n", **want}, EMULATING_HOST))
        host.defineXMLFlags(done.replace('type="qemu"', 'type="test"', 1), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
    return ET.fromstring(done)


@pytest.mark.parametrize(
    ("path", "have", "want", "left"),
    [
        ("video/model", {"videos": [{"model": QXL}]}, {"videos": [{"model": {"type": "virtio"}}]},
         '<model type="virtio" heads="1" primary="yes"/>'),
        ("video/model", {"videos": [{"model": QXL}]}, {"videos": [{"model": {"type": "vga", "vram": 65536}}]},
         '<model type="vga" vram="65536" heads="1" primary="yes"/>'),
        ("video/model", {"videos": [{"model": QXL}]}, {"videos": [{"model": {"type": "qxl", "ram": 131072}}]},
         '<model type="qxl" ram="131072" vram="65536" vgamem="16384" heads="1" primary="yes"/>'),
        ("video", {"videos": [{"model": QXL, "address": PLACE}]}, {"videos": [{"model": {"type": "none"}}]},
         '<video><model type="none"/></video>'),
        ("memballoon", {"memballoon": {"model": "virtio", "address": PLACE}}, {"memballoon": {"model": "none"}},
         '<memballoon model="none"/>'),
        ("watchdog", {"watchdogs": [{"model": "i6300esb", "address": PLACE}]}, {"watchdogs": [{"model": "ib700"}]},
         '<watchdog model="ib700" action="reset"/>'),
        ("disk/address", {"disks": [{**DISK, "bus": "virtio", "address": PLACE}]}, {"disks": [{**DISK, "bus": "sata"}]},
         None),
        ("disk/address", {"disks": [{**DISK, "address": PLACE}]}, {"disks": [{**DISK, "driver": {"cache": "none"}}]},
         '<address type="pci" domain="0x0000" bus="0x00" slot="0x07" function="0x0"/>'),
        ("input[@type='tablet']/address", {"inputs": [{"type": "tablet", "bus": "usb", "address":
         {"type": "usb", "port": "1"}}]}, {"inputs": [{"type": "tablet", "bus": "virtio"}]}, None),
        ("interface/address", {"interfaces": [{"network": "a", "mac": "52:54:00:00:00:01", "address": PLACE}]},
         {"interfaces": [{"network": "a", "mac": "52:54:00:00:00:01", "model": "e1000"}]},
         '<address type="pci" domain="0x0000" bus="0x00" slot="0x07" function="0x0"/>'),
        ("serial/target", {"serials": [{"target": {"type": "isa-serial", "model": "isa-serial"}}]},
         {"serials": [{"target": {"type": "pci-serial"}}]}, '<target type="pci-serial" port="0"/>'),
        ("controller[@type='usb']", {"controllers": [{"type": "usb", "index": 0, "model": "qemu-xhci", "ports": 15}]},
         {"controllers": [{"type": "usb", "index": 0, "model": "piix3-uhci"}]},
         '<controller type="usb" index="0" model="piix3-uhci"/>'),
        ("audio", {"graphics": [{"type": "spice"}], "audios": [{"id": 1, "type": "spice"}]},
         {"graphics": [{"type": "vnc"}]}, None),
        ("audio", {"graphics": [{"type": "vnc"}], "audios": [{"id": 1, "type": "none"}]},
         {"graphics": [{"type": "spice"}]}, None),
        ("audio", {"graphics": [{"type": "vnc"}], "audios": [{"id": 1, "type": "none"}]},
         {"graphics": [{"type": "spice"}], "audios": [{"id": 1, "type": "none"}]}, '<audio id="1" type="none"/>'),
    ],
)  # fmt: skip
def test_what_was_filled_in_goes_with_what_it_was_for(
    path: str, have: dict[str, Any], want: dict[str, Any], left: str | None
) -> None:
    found = edited(have, want).find(f"devices/{path}")
    assert (None if found is None else canonical(found)) == (None if left is None else canonical(left))


@pytest.mark.parametrize(
    ("have", "want", "left"),
    [
        ({"mode": "custom", "model": "qemu64", "fallback": "forbid", "check": "none", "match": "exact"},
         {"mode": "host-model"}, '<cpu mode="host-model"/>'),
        ({"mode": "host-passthrough", "check": "none", "migratable": True}, {"mode": "host-model"},
         '<cpu mode="host-model"/>'),
        ({"mode": "host-passthrough", "check": "none", "migratable": True}, {"mode": "maximum", "check": "none"},
         '<cpu mode="maximum" check="none"/>'),
        ({"mode": "host-model", "check": "partial"}, {"mode": "custom", "model": "EPYC"},
         '<cpu mode="custom"><model>EPYC</model></cpu>'),
    ],
)  # fmt: skip
def test_what_was_filled_in_for_a_cpu_goes_with_its_mode(have: dict[str, Any], want: dict[str, Any], left: str) -> None:
    cpu = edited({"cpu": have}, {"cpu": want}).find("cpu")
    assert cpu is not None
    assert canonical(cpu) == canonical(left)


SHOWN = {"graphics": [{"type": "vnc"}], "videos": [{"model": {"type": "vga"}}]}


@pytest.mark.parametrize("videos", [[], None])
def test_a_guest_with_a_display_cannot_be_without_a_card(videos: list[Any] | None) -> None:
    kept = defined(plan_one(DOMAIN, None, {**BASE, **SHOWN}, EMULATING_HOST))
    for have, item in (
        (observed(kept), {"name": "n", "videos": videos}),
        (None, {**BASE, "graphics": [{"type": "vnc"}], "videos": videos}),
    ):
        with pytest.raises(VirtfleetError, match="domain n: videos: cannot be empty: with graphics, libvirt adds"):
            plan_one(DOMAIN, have, item, EMULATING_HOST)
    for more in ({"graphics": [], "videos": videos}, {"videos": [{"model": {"type": "none"}}]}):
        assert changes(plan_one(DOMAIN, observed(kept), {"name": "n", **more}, EMULATING_HOST))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ports of a guest need of its host before it starts."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.references import references

PORTS = {
    "a file": ("<serial type='file'><source path='/srv/logs/a.log'/></serial>", [("path", "folder", "/srv/logs")]),
    "a file in the root": ("<serial type='file'><source path='/a.log'/></serial>", [("path", "folder", "/")]),
    "a log": (
        "<serial type='pty'><log file='/srv/logs/a.log'/></serial>",
        [("log.file", "folder", "/srv/logs")],
    ),
    "a pipe": ("<serial type='pipe'><source path='/srv/pipe'/></serial>", [("path", "folder", "/srv")]),
    "a socket that it listens at": (
        "<serial type='unix'><source mode='bind' path='/run/a/s'/></serial>",
        [("path", "folder", "/run/a")],
    ),
    "a socket that it connects to": ("<serial type='unix'><source mode='connect' path='/run/a/s'/></serial>", []),
    "libvirt's own folder": (
        "<serial type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/channel/target/d/s'/></serial>",
        [],
    ),
    "a device": ("<serial type='dev'><source path='/dev/ttyS0'/></serial>", [("path", "file", "/dev/ttyS0")]),
    "nothing": ("<serial type='pty'/>", []),
}


@pytest.mark.parametrize("tag", ["serial", "parallel", "console", "channel"])
@pytest.mark.parametrize("what", PORTS)
def test_ports(what: str, tag: str) -> None:
    device, found = PORTS[what]
    root = ET.fromstring(f"<domain><devices>{device.replace('serial', tag)}</devices></domain>")
    assert [(one.option, one.kind, one.value) for one in references(root)] == found
    assert {(one.group, one.place) for one in references(root)} <= {(f"{tag}s", 0)}


def test_a_vsock() -> None:
    (found,) = references(ET.fromstring("<domain><devices><vsock model='virtio'/></devices></domain>"))
    assert (found.where({}), found.kind, found.value) == ("vsock", "file", "/dev/vhost-vsock")


@pytest.mark.parametrize(("more", "path"), [("", "/dev/tpm0"), ("<device path='/dev/tpm1'/>", "/dev/tpm1")])
def test_a_tpm_of_the_host(more: str, path: str) -> None:
    tpms = f"<tpm><backend type='emulator'/></tpm><tpm><backend type='passthrough'>{more}</backend></tpm>"
    (found,) = references(ET.fromstring(f"<domain><devices>{tpms}</devices></domain>"))
    assert (found.where({}), found.kind, found.value) == ("tpms[1].backend.device", "file", path)


PCI = "<address {}domain='0x0000' bus='0x01' slot='0x02' function='0x3'/>"


@pytest.mark.parametrize(
    ("device", "found"),
    [
        ("<hostdev type='pci'/>", []),
        (f"<hostdev type='pci'><source>{PCI.format('')}</source></hostdev>", [("pci", "0000:01:02.3")]),
        (f"<hostdev type='pci'><source startupPolicy='optional'>{PCI.format('')}</source></hostdev>", []),
        ("<hostdev type='pci'><source/></hostdev>", []),
        ("<hostdev type='mdev'><source><address uuid='AB-CD'/></source></hostdev>", [("mdev", "ab-cd")]),
        ("<hostdev type='mdev'><source><address/></source></hostdev>", []),
        ("<hostdev type='other'><source><address uuid='ab-cd'/></source></hostdev>", []),
        (
            "<hostdev type='usb'><source><vendor id='0x1d6b'/><product id='0x2'/></source></hostdev>",
            [("usb", "1d6b:0002")],
        ),
        ("<hostdev type='usb'><source><address bus='1' device='7'/></source></hostdev>", [("usb", "1.7")]),
        (
            "<hostdev type='usb'><source><vendor id='0x1d6b'/><address bus='1' device='7'/></source></hostdev>",
            [("usb", "1.7")],
        ),
        ("<hostdev type='usb'><source><address bus='1'/></source></hostdev>", []),
        ("<hostdev type='scsi'><source><adapter name='a'/></source></hostdev>", []),
    ],
)
def test_a_device_of_the_host(device: str, found: list[tuple[str, str]]) -> None:
    text = device.replace("<hostdev", "<hostdev mode='subsystem'")
    root = ET.fromstring(f"<domain><devices>{text}</devices></domain>")
    assert [(one.kind, one.value) for one in references(root)] == found

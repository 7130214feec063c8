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

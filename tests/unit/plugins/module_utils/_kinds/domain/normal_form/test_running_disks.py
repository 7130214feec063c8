# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt writes into a running disk by itself is given back, and what a user has written stays."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import running_disks


def guest(devices: str) -> ET.Element:
    return ET.fromstring(f"<domain><devices>{devices}</devices></domain>")


SHARED = "<disk><driver name='qemu'{}/><shareable/></disk>"


@pytest.mark.parametrize(
    ("live", "kept", "cache"),
    [
        (SHARED.format(" cache='none'"), SHARED.format(""), None),
        (SHARED.format(" cache='none'"), "<disk><shareable/></disk>", None),
        (SHARED.format(" cache='none'"), SHARED.format(" cache='none'"), "none"),
        (SHARED.format(" cache='none'"), SHARED.format(" cache='writeback'"), "none"),
        (SHARED.format(" cache='unsafe'"), SHARED.format(""), "unsafe"),
        (SHARED.format(" cache='none'"), "<disk><driver name='qemu'/></disk>", "none"),
        ("<disk><driver name='qemu' cache='none'/></disk>", SHARED.format(""), "none"),
    ],
)
def test_the_cache_that_a_shared_disk_is_started_without(live: str, kept: str, cache: str | None) -> None:
    disk = ET.fromstring(live)
    running_disks.uncached(disk, ET.fromstring(kept))
    driver = disk.find("driver")
    assert driver is not None
    assert driver.get("cache") == cache
    running_disks.uncached(ET.fromstring("<disk><shareable/></disk>"), ET.fromstring(kept))


DRIVE = "<disk device='{}'>{}</disk>"
ISO = "<source file='{}' index='{}' startupPolicy='optional'/>"


@pytest.mark.parametrize(
    ("device", "there", "ours", "exchanged"),
    [
        ("cdrom", ISO.format("/a", 1), ISO.format("/b", 2), True),
        ("floppy", ISO.format("/a", 1), ISO.format("/b", 1), True),
        ("cdrom", ISO.format("/a", 1), ISO.format("/a", 2), False),
        ("cdrom", "", ISO.format("/a", 1), True),
        ("cdrom", ISO.format("/a", 1), "", False),
        ("disk", ISO.format("/a", 1), ISO.format("/b", 1), False),
    ],
)
def test_another_medium(device: str, there: str, ours: str, exchanged: bool) -> None:
    elements = (ET.fromstring(DRIVE.format(device, source)) for source in (there, ours))
    assert running_disks.exchanged(*elements) is exchanged


OPTIONAL = "<source file='/gone' startupPolicy='{}'/>"
CDROM = "<disk type='{}' device='{}'><driver type='{}'/>{}<target dev='sda'/></disk>"


def test_a_drive_that_was_started_empty_gets_its_medium_and_loses_it_again() -> None:
    live = guest(CDROM.format("block", "cdrom", "raw", ""))
    kept = guest(CDROM.format("file", "cdrom", "qcow2", OPTIONAL.format("optional")))
    ((drive, source),) = running_disks.started_without(live, kept)
    assert drive is live.find("devices/disk")
    assert (drive.get("type"), drive.find("driver").get("type")) == ("file", "qcow2")  # type: ignore[union-attr]
    assert source.attrib == {"file": "/gone", "startupPolicy": "optional"}
    running_disks.empty_again(drive, source)
    assert drive.find("source") is None
    other = ET.fromstring(CDROM.format("file", "cdrom", "raw", "<source file='/b'/>"))
    running_disks.empty_again(other, source)
    assert other.find("source") is not None


@pytest.mark.parametrize(
    ("live", "kept", "disks"),
    [
        # A disk is left out, and comes back.
        ("", CDROM.format("file", "disk", "raw", OPTIONAL.format("optional")), 1),
        ("", CDROM.format("file", "disk", "raw", OPTIONAL.format("mandatory")), 0),
        ("", CDROM.format("file", "disk", "raw", ""), 0),
        # It has something else, or is another device.
        (CDROM.format("file", "cdrom", "raw", "<source file='/b'/>"),
         CDROM.format("file", "cdrom", "raw", OPTIONAL.format("optional")), 1),
        (CDROM.format("file", "floppy", "raw", ""),
         CDROM.format("file", "cdrom", "raw", OPTIONAL.format("optional")), 1),
        (CDROM.format("file", "disk", "raw", ""),
         CDROM.format("file", "disk", "raw", OPTIONAL.format("optional")), 1),
    ],
)  # fmt: skip
def test_what_a_start_did_not_leave_out_stays(live: str, kept: str, disks: int) -> None:
    root = guest(live)
    sources = [node.attrib for node in root.findall("devices/disk/source")]
    assert running_disks.started_without(root, guest(kept)) == []
    assert len(root.findall("devices/disk")) == disks
    assert not live or [node.attrib for node in root.findall("devices/disk/source")] == sources


def test_the_tray_is_as_it_was() -> None:
    drive = ET.fromstring("<target dev='sda' tray='open'/>")
    running_disks.as_it_is(drive, "closed")
    assert drive.attrib == {"dev": "sda", "tray": "closed"}
    running_disks.as_it_is(drive, None)
    assert drive.attrib == {"dev": "sda"}

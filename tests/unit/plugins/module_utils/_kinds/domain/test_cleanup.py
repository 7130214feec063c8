# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt filled in goes with what it belonged to, and nothing else does."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import cleanup

DOMAIN = "<domain>{}<devices>{}</devices></domain>"


def tidied(before: str, after: str, want: dict[str, Any] | None = None) -> list[str]:
    """The tags of the devices that are left."""
    root = ET.fromstring(DOMAIN.format("", after))
    assert cleanup.tidy(ET.fromstring(DOMAIN.format("", before)), root, want or {}) == []
    return [node.tag for node in root[0]]


SERIAL = "<serial type='pty'><target type='{}'/></serial>"
SHOWN = "<console type='pty'><target type='serial'/></console>"


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        (SERIAL.format("isa-serial") + SHOWN, SHOWN, []),
        (SERIAL.format("isa-serial") + SHOWN, SERIAL.format("isa-serial") + SHOWN, ["serial", "console"]),
        (SERIAL.format("isa-serial") + "<console><target type='virtio'/></console>", "<console/>", ["console"]),
        (SERIAL.format("pci-serial") + SHOWN, SHOWN, ["console"]),
        (SERIAL.format("isa-serial"), SHOWN, ["console"]),
        (SHOWN, SHOWN, ["console"]),
        (SERIAL.format("isa-serial") + SHOWN, "", []),
        (SERIAL.format("isa-serial") + SHOWN, SHOWN + "<console><target type='virtio'/></console>", ["console"]),
    ],
)
def test_the_console_goes_with_the_last_serial_port(before: str, after: str, left: list[str]) -> None:
    assert tidied(before, after) == left


def test_without_devices_nothing_goes() -> None:
    after = ET.fromstring("<domain/>")
    before = ET.fromstring(DOMAIN.format("", SERIAL.format("isa-serial") + SHOWN + "<audio id='1' type='none'/>"))
    assert cleanup.tidy(before, after, {}) == []
    assert len(after) == 0


PLACE = "<address type='pci' slot='0x02'/>"


@pytest.mark.parametrize(
    ("device", "goes"),
    [
        *((f"<watchdog model='{model}'>{PLACE}</watchdog>", True) for model in ("ib700", "diag288", "itco")),
        (f"<watchdog model='i6300esb'>{PLACE}</watchdog>", False),
        *((f"<sound model='{model}'>{PLACE}</sound>", True) for model in ("sb16", "pcspk", "usb")),
        (f"<sound model='ich9'>{PLACE}</sound>", False),
        (f"<memballoon model='none'>{PLACE}</memballoon>", True),
        (f"<controller model='none'>{PLACE}</controller>", True),
        (f"<disk model='none'>{PLACE}</disk>", False),
        ("<controller model='none'><address type='usb'/></controller>", False),
    ],
)
def test_a_device_without_a_place_loses_it(device: str, goes: bool) -> None:
    root = ET.fromstring(DOMAIN.format("", device))
    cleanup.places(root)
    assert (root.find("devices/*/address") is None) is goes


def test_no_video_card_has_neither_a_place_nor_heads() -> None:
    text = "<video><model type='{}' heads='1' primary='yes' vram='9'/>" + PLACE + "</video>"
    root = ET.fromstring(DOMAIN.format("", text.format("none") + text.format("virtio")))
    cleanup.places(root)
    none, card = root[0]
    assert (none[0].attrib, len(none)) == ({"type": "none", "vram": "9"}, 1)
    assert (card[0].attrib["heads"], len(card)) == ("1", 2)


AUDIO = "<audio id='1' type='{}'/>"
SPICE = "<graphics type='spice'/>"


@pytest.mark.parametrize(
    ("before", "after", "want", "left"),
    [
        (SPICE + AUDIO.format("spice"), AUDIO.format("spice"), {}, []),
        (SPICE + AUDIO.format("spice"), SPICE + AUDIO.format("spice"), {}, ["graphics", "audio"]),
        (AUDIO.format("none"), SPICE + AUDIO.format("none"), {"audios": []}, ["graphics"]),
        (AUDIO.format("jack"), SPICE + AUDIO.format("jack"), {}, ["graphics", "audio"]),
        (AUDIO.format("none"), "<audio id='2'/>" + AUDIO.format("none"), {"audios": [{"id": 2}]}, ["audio"]),
        (AUDIO.format("none"), AUDIO.format("none"), {"audios": [{"id": 1}]}, ["audio"]),
        (AUDIO.format("jack"), AUDIO.format("jack"), {"audios": [{"id": 2}]}, ["audio"]),
        (AUDIO.format("none"), "<audio id='1' type='none'><input/></audio>", {"audios": [{"id": 2}]}, ["audio"]),
    ],
)  # fmt: skip
def test_the_sound_that_libvirt_had_added(before: str, after: str, want: dict[str, Any], left: list[str]) -> None:
    assert tidied(before, after, want) == left


ITCO = "<watchdog model='itco' action='{}'/>"
OTHER = "<watchdog model='i6300esb' action='{}'/>"


@pytest.mark.parametrize(
    ("before", "after", "want", "left"),
    [
        (ITCO.format("reset"), ITCO.format("reset"), {}, 1),
        (ITCO.format("reset"), ITCO.format("reset") + OTHER.format("reset"), {}, 2),
        (ITCO.format("reset"), ITCO.format("reset") + OTHER.format("dump"), {}, 1),
        (ITCO.format("reset"), ITCO.format("reset") + OTHER.format("dump"), {"watchdogs": [{"model": "itco"}]}, 2),
        (ITCO.format("dump") + OTHER.format("dump"), ITCO.format("dump"), {}, 0),
        (ITCO.format("dump"), ITCO.format("dump"), {}, 1),
    ],
)
def test_the_watchdog_that_libvirt_had_added(before: str, after: str, want: dict[str, Any], left: int) -> None:
    assert len(tidied(before, after, want)) == left


BOOT = "<os>{}</os>"
HD, NET = "<boot dev='hd'/>", "<boot dev='network'/>"
DISK = "<disk>{}</disk>"
FIRST = "<boot order='1'/>"


@pytest.mark.parametrize(
    ("had", "now", "device", "change", "boots", "orders"),
    [
        (HD, HD, FIRST, [("boot", ["hd"], None)], 0, 1),
        (HD, NET, FIRST, [], 1, 0),
        ("", HD, FIRST, [], 1, 0),
        (HD, HD, "", [], 1, 0),
        (HD, "", FIRST, [], 0, 1),
    ],
)
def test_one_kind_of_boot_order_takes_the_place_of_the_other(
    had: str, now: str, device: str, change: list[Any], boots: int, orders: int
) -> None:
    before = ET.fromstring(DOMAIN.format(BOOT.format(had), DISK.format("")))
    after = ET.fromstring(DOMAIN.format(BOOT.format(now), DISK.format(device)))
    found = cleanup.tidy(before, after, {})
    assert [(each.path, each.before, each.after) for each in found] == change
    assert (len(after.findall("os/boot")), len(after.findall("devices/disk/boot"))) == (boots, orders)

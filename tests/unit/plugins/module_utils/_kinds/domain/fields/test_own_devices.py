# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices libvirt has added by itself; any other is the user's."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.fields import own_devices

DOMAIN = "<domain><os><type arch='{}'>hvm</type></os><devices>{}</devices></domain>"


def parsed(devices: str, arch: str = "x86_64") -> tuple[ET.Element, ET.Element]:
    """A definition with these devices, and the first of them."""
    root = ET.fromstring(DOMAIN.format(arch, devices))
    return root, root[1][0]


@pytest.mark.parametrize(
    ("device", "own"),
    [
        ("<input type='mouse' bus='ps2'/>", True),
        ("<input type='keyboard' bus='xen'/>", True),
        ("<input type='mouse' bus='usb'/>", False),
        ("<input type='tablet' bus='ps2'/>", False),
        ("<input type='mouse' bus='ps2'><alias name='ua-mine'/></input>", False),
    ],
)
def test_the_mouse_and_keyboard_of_a_pc(device: str, own: bool) -> None:
    assert own_devices.own_input(*parsed(device)) is own


def test_libvirt_adds_the_mouse_first() -> None:
    order = [own_devices.input_order(ET.Element("input", type=kind)) for kind in ("mouse", "keyboard")]
    assert order == [0, 1]


ITCO = "<watchdog model='itco'{}/>"


@pytest.mark.parametrize(
    ("devices", "own"),
    [
        (ITCO.format(""), True),
        (ITCO.format(" action='reset'"), True),
        (ITCO.format(" action='dump'"), False),
        (ITCO.format(" action='dump'") + "<watchdog model='i6300esb' action='dump'/>", True),
        (ITCO.format(" action='pause'") + "<watchdog model='i6300esb' action='dump'/>", False),
        (ITCO.format(" action='reset'") + "<watchdog model='i6300esb' action='dump'/>", True),
        ("<watchdog model='i6300esb' action='reset'/>", False),
        ("<watchdog model='itco'><alias name='ua-mine'/></watchdog>", False),
    ],
)
def test_the_watchdog_of_the_chip_set(devices: str, own: bool) -> None:
    assert own_devices.own_watchdog(*parsed(devices)) is own


AUDIO = "<audio id='1' type='{}'/>"


@pytest.mark.parametrize(
    ("devices", "own"),
    [
        (AUDIO.format("none"), True),
        (AUDIO.format("spice"), False),
        (AUDIO.format("spice") + "<graphics type='vnc'/><graphics type='spice'/>", True),
        (AUDIO.format("none") + "<graphics type='spice'/>", False),
        (AUDIO.format("none") + "<graphics type='vnc'/>", True),
        (AUDIO.format("none") + "<audio id='2' type='none'/>", False),
        ("<audio id='2' type='none'/>", False),
        ("<audio id='1' type='none' timerPeriod='1'/>", False),
        ("<audio id='1' type='none'><input/></audio>", False),
    ],
)
def test_the_audio_backend(devices: str, own: bool) -> None:
    assert own_devices.own_audio(*parsed(devices)) is own


@pytest.mark.parametrize(
    ("arch", "device", "own"),
    [
        ("ppc64le", "<panic model='pseries'/>", True),
        ("ppc64", "<panic model='pseries'/>", True),
        ("s390x", "<panic model='s390'/>", True),
        ("s390x", "<panic model='pseries'/>", False),
        ("x86_64", "<panic model='isa'/>", False),
        ("x86_64", "<panic model='pseries'/>", False),
        ("ppc64", "<panic model='pseries'><address type='isa'/></panic>", False),
    ],
)
def test_the_panic_device_of_power_and_ibm_z(arch: str, device: str, own: bool) -> None:
    assert own_devices.own_panic(*parsed(device, arch)) is own

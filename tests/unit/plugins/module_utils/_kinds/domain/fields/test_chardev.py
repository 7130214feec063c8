# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that lead characters somewhere: what null leaves of them, for libvirt fills it in."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.null_options import unchanged_by_null


@pytest.mark.parametrize(
    ("option", "part", "left"),
    [
        (
            "channels",
            "<channel type='unix'><source mode='bind' path='/a'/>"
            "<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>",
            "mode type target.state target.type",
        ),
        (
            "channels",
            "<channel type='pty'><target type='guestfwd' address='10.0.2.1' port='4600'/></channel>",
            "type target.type",
        ),
        (
            "serials",
            "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555' tls='yes'/>"
            "<protocol type='raw'/><target type='isa-serial' port='1'><model name='isa-serial'/></target>"
            "</serial>",
            "mode protocol type target.type target.port target.model",
        ),
        (
            "serials",
            "<serial type='file'><source path='/a' append='on'/><log file='/b' append='off'/>"
            "<target type='isa-serial' port='0'/></serial>",
            "type target.type target.port",
        ),
        (
            "redirdevs",
            "<redirdev bus='usb' type='spicevmc'/>",
            "bus type",
        ),
        (
            "consoles",
            "<console type='pty'><target type='virtio' port='1'/></console>",
            "type target.type target.port",
        ),
        (
            "parallels",
            "<parallel type='pty'><target port='1'/></parallel>",
            "type target.port",
        ),
    ],
)
def test_what_null_leaves_of_a_character_device(option: str, part: str, left: str) -> None:
    assert unchanged_by_null(part, option) == left

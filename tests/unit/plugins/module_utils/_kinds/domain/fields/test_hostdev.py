# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the host: what null leaves, what is the default, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.null_options import changed_paths, planned, unchanged_by_null


@pytest.mark.parametrize(
    ("option", "part", "left"),
    [
        (
            "hostdevs",
            "<hostdev mode='subsystem' type='pci' managed='yes' display='on' ramfb='on'>"
            "<driver name='vfio'/><source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>"
            "</source><alias name='ua-a'/></hostdev>",
            "source.address.bus source.address.slot display type",
        ),
        (
            "hostdevs",
            "<hostdev mode='subsystem' type='scsi' managed='yes' rawio='yes' sgio='filtered'><source>"
            "<adapter name='scsi_host0'/><address bus='0' target='0' unit='1'/></source><readonly/>"
            "<shareable/></hostdev>",
            "",
        ),
        (
            "hostdevs",
            "<hostdev mode='subsystem' type='scsi'>"
            "<source protocol='iscsi' name='iqn.2026-01.com.example:a/1'><host name='h' port='3260'/>"
            "</source></hostdev>",
            "source.hosts.port",
        ),
        (
            "hostdevs",
            "<hostdev mode='subsystem' type='scsi_host' model='virtio'>"
            "<source protocol='vhost' wwpn='naa.5123456789abcde0'/></hostdev>",
            "source.protocol model",
        ),
        (
            "hostdevs",
            "<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on' ramfb='on'><source>"
            "<address uuid='ea59d774-cdc1-58c4-8a1c-99e5fc6ddc15'/></source></hostdev>",
            "model display",
        ),
    ],
)
def test_what_null_leaves_of_a_host_device(option: str, part: str, left: str) -> None:
    assert unchanged_by_null(part, option) == left


SCSI = (
    "<hostdev mode='subsystem' type='scsi' managed='{}'><source><adapter name='scsi_host0'/>"
    "<address bus='0' target='0' unit='1'/></source>{}</hostdev>"
)
PLAIN, FULL = SCSI.format("no", ""), SCSI.format("yes", "<readonly/><shareable/>")


@pytest.mark.parametrize(
    ("part", "want", "changed"),
    [
        (PLAIN, {}, []),
        (PLAIN, {"managed": False, "readonly": False, "shareable": False, "mode": "subsystem"}, []),
        (PLAIN, {"managed": None, "readonly": None, "shareable": None, "mode": None}, []),
        (PLAIN, {"managed": True}, ["managed"]),
        (PLAIN, {"readonly": True}, ["readonly"]),
        (PLAIN, {"shareable": True}, ["shareable"]),
        (FULL, {}, []),
        (FULL, {"managed": True, "readonly": True, "shareable": True}, []),
        (FULL, {"managed": False, "readonly": None, "shareable": False}, ["managed", "readonly", "shareable"]),
        (FULL, {"managed": None, "readonly": False, "shareable": None}, ["managed", "readonly", "shareable"]),
    ],
)
def test_the_defaults_of_a_host_device(part: str, want: dict[str, Any], changed: list[str]) -> None:
    device = {
        "type": "scsi",
        "source": {"adapter": {"name": "scsi_host0"}, "address": {"bus": 0, "target": 0, "unit": 1}},
    }
    found = changed_paths(part, "hostdevs", [{**device, **want}])
    assert [path.partition(".")[2] for path in found] == changed
    said = planned(part, {"hostdevs": [{**device, **want}]}).warnings
    assert said == []

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""null takes an option back to its default, or it is said that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, changes, defined, observed, plan_one

KEPT = """
<domain type='qemu'>
  <name>n</name>
  <uuid>ea59d774-cdc1-58c4-8a1c-99e5fc6ddc14</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu placement='static'>1</vcpu>
  <os><type arch='x86_64' machine='pc-q35-9.2'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><smm state='on'/></features>
  <cpu mode='host-model' check='partial'/>
  <clock offset='localtime'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <memballoon model='virtio'/>
  </devices>
</domain>
"""


@pytest.mark.parametrize(
    ("want", "stays"),
    [
        ({"cpu": None}, {"cpu": "mode, check"}),
        ({"cpu": {"mode": None}}, {"cpu.mode": "it"}),
        ({"memballoon": None}, {"memballoon": "it"}),
        ({"features": None}, {"features": "smm.state"}),
        ({"machine": None, "boot": None}, {"machine": "it", "boot": "it"}),
        ({"title": None, "uuid": None, "pm": None, "audios": None}, {}),
        ({"cpu": {"mode": "host-model"}}, {}),
    ],
)
def test_what_null_leaves_is_said(want: dict[str, Any], stays: dict[str, str]) -> None:
    result = plan_one(DOMAIN, observed(KEPT), {"name": "n", **want}, EMULATING_HOST)
    said = [line.partition(" as it is, for libvirt fills that in by itself;")[0] for line in result.warnings]
    assert sorted(said) == sorted(f"{path}: null leaves {what}" for path, what in stays.items())


@pytest.mark.parametrize("clock", [None, {"offset": None}])
def test_a_clock_goes_back_to_utc_and_that_is_told(clock: Any) -> None:
    result = plan_one(DOMAIN, observed(KEPT), {"name": "n", "clock": clock}, EMULATING_HOST)
    assert changes(result) == {"clock.offset": ("localtime", None)}
    assert "localtime" not in defined(result)
    again = plan_one(DOMAIN, observed(defined(result)), {"name": "n", "clock": clock}, EMULATING_HOST)
    assert (again.changes, again.warnings) == ([], [])


@pytest.mark.parametrize(
    ("device", "want"),
    [
        (
            "<shmem name='s'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>",
            {"shmems": [{"name": "s", "model": None, "size": None}]},
        ),
        (
            "<controller type='pci' index='1' model='pcie-expander-bus'><target busNr='254' index='3'/></controller>",
            {"controllers": [{"type": "pci", "index": 1, "target": {"bus_nr": None, "index": None}}]},
        ),
        (
            "<memory model='virtio-mem'><target><size unit='MiB'>128</size><node>0</node><block unit='MiB'>2</block>"
            "<requested unit='MiB'>64</requested></target></memory>",
            {"memory_devices": [{"model": "virtio-mem", "target": {"block": None}}]},
        ),
        (
            "<hostdev mode='subsystem' type='scsi_host' model='virtio'>"
            "<source protocol='vhost' wwpn='naa.5123456789abcde0'/></hostdev>",
            {"hostdevs": [{"type": "scsi_host", "model": None}]},
        ),
        (
            "<disk type='file' device='disk'><source file='/a'><seclabel model='dac' relabel='no'/></source>"
            "<target dev='vda' bus='virtio'/></disk>",
            {"disks": [{"target": "vda", "source": {"seclabels": [{"model": "dac", "relabel": None}]}}]},
        ),
    ],
)
def test_null_leaves_what_libvirt_fills_in_of_a_device(device: str, want: dict[str, Any]) -> None:
    kept = KEPT.replace("<memballoon", f"{device}<memballoon")
    result = plan_one(DOMAIN, observed(kept), {"name": "n", **want}, EMULATING_HOST)
    assert (changes(result), result.problem, result.obstacle) == ({}, None, None)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clone does not get of the guest that it begins as: what only one guest can have."""

from __future__ import annotations

import copy
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.clone_parts import own_parts
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

UUID = "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"
GOLD = f"""
<domain type='kvm'><name>gold</name><uuid>{UUID}</uuid><genid>{UUID}</genid>
<metadata><m:made xmlns:m='https://virtfleet.github.io/kvm/1' uuid='{UUID}' owner='us'/>
<t:tags xmlns:t='urn:tags'>web</t:tags></metadata>
<memory>2097152</memory><currentMemory>1048576</currentMemory><vcpu current='1'>4</vcpu>
<sysinfo type='smbios'><system><entry name='uuid'>{UUID}</entry></system></sysinfo>
<os firmware='efi'><type arch='x86_64' machine='pc-q35-9.2'>hvm</type>
<nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/gold_VARS.fd</nvram></os>
<cpu mode='host-model'><topology sockets='1' cores='4' threads='1'/></cpu>
<devices>
<interface type='bridge'><mac address='52:54:00:aa:00:01'/><source bridge='br0'/><target dev='gold0'/>
<virtualport type='openvswitch'><parameters interfaceid='{UUID}' profileid='web'/></virtualport></interface>
<serial type='file'><source path='/var/log/gold.log'/></serial>
<channel type='unix'><source mode='bind' path='/run/gold.agent'/><target type='virtio' name='org.qemu.guest_agent.0'/>
</channel>
<tpm model='tpm-crb'><backend type='emulator' version='2.0'><source type='dir' path='/srv/tpm/gold'/></backend></tpm>
<graphics type='vnc' port='5901' autoport='no' websocket='5701'/>
<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>
<vsock model='virtio'><cid auto='no' address='7'/></vsock>
</devices></domain>
"""


def parts(**want: Any) -> tuple[dict[str, Any], dict[str, str]]:
    config = adopt(DOMAIN, ET.fromstring(GOLD), secrets=True).config
    before = copy.deepcopy(config)
    found = own_parts(config, {"name": "web", **want})
    assert config == before
    return found


def test_nothing_that_tells_a_guest_from_others_is_copied() -> None:
    whole, left = parts()
    text = repr(whole)
    for one in (
        UUID,
        "52:54:00:aa:00:01",
        "gold0",
        "gold_VARS",
        "/run/gold.agent",
        "/srv/tpm",
        "5901",
        "5701",
        "github.io/kvm",
    ):
        assert one not in text, one
    assert whole["genid"] != parts(name="db")[0]["genid"]
    assert whole["os"]["nvram"]["template"] == "/usr/share/OVMF/OVMF_VARS_4M.fd"
    assert whole["interfaces"][0]["bridge"] == "br0"
    assert whole["interfaces"][0]["virtualport"] == {"type": "openvswitch", "profileid": "web"}
    assert whole["tpms"][0]["model"] == "tpm-crb"
    assert whole["graphics"][0]["autoport"] is True
    assert whole["vsock"]["cid"] == {"auto": True}
    assert "urn:tags" in whole["metadata"][0]
    assert left == {
        "hostdevs": "are devices of the host, which one guest can have at a time: declare hostdevs if this one gets"
        " some",
        "serials[0]": "is of type file on '/var/log/gold.log'; only one guest can have that, so it is left out: declare"
        " serials to have it",
    }
    _item, problems = DOMAIN.parse_item({**whole, "name": "web"})
    assert problems == []


def test_what_is_declared_says_what_it_is_on() -> None:
    assert parts(hostdevs=[], serials=[])[1] == {}


@pytest.mark.parametrize(
    ("want", "gone", "kept"),
    [
        ({}, [], ["current_memory", "current_vcpus", "memory"]),
        ({"memory": 1024**3}, ["current_memory"], ["current_vcpus"]),
        ({"vcpus": 2}, ["current_vcpus"], ["current_memory"]),
    ],
)
def test_what_follows_from_an_amount_goes_with_another_amount(
    want: dict[str, Any], gone: list[str], kept: list[str]
) -> None:
    whole, _left = parts(**want)
    assert not set(gone) & whole.keys()
    assert set(kept) <= whole.keys()
    assert ("topology" in whole["cpu"]) is ("vcpus" not in want)

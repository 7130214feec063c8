# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices by their options: what null leaves, and what is the default."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.null_options import changed_paths, unchanged_by_null


@pytest.mark.parametrize(
    ("option", "part", "left"),
    [
        (
            "tpms",
            "<tpm model='tpm-crb'><backend type='emulator' version='2.0' persistent_state='yes' debug='3'>"
            "<encryption secret='ea59d774-cdc1-58c4-8a1c-99e5fc6ddc15'/><active_pcr_banks><sha256/>"
            "</active_pcr_banks><profile source='local:restricted' name='custom' removeDisabled='check'/>"
            "</backend></tpm>",
            "model backend.profile.name backend.type backend.version",
        ),
        (
            "tpms",
            "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>",
            "model backend.device backend.type",
        ),
        (
            "tpms",
            "<tpm model='tpm-tis'><backend type='external' version='1.2'>"
            "<source type='unix' path='/a' mode='connect'/></backend></tpm>",
            "model backend.source_type backend.source_mode backend.version",
        ),
        (
            "rngs",
            "<rng model='virtio'><backend model='random'>/dev/urandom</backend><rate bytes='10' period='1000'/></rng>",
            "model backend.device backend.model rate.period",
        ),
        (
            "watchdogs",
            "<watchdog model='itco' action='pause'/>",
            "",
        ),
        (
            "memballoon",
            "<memballoon model='virtio' autodeflate='on' freePageReporting='on'><stats period='5'/></memballoon>",
            "model",
        ),
        (
            "shmems",
            "<shmem name='a' role='peer'><model type='ivshmem-doorbell'/><size unit='M'>4</size>"
            "<server path='/a'/><msi vectors='3' ioeventfd='on'/></shmem>",
            "model size msi.ioeventfd",
        ),
        (
            "panics",
            "<panic model='isa'/>",
            "model",
        ),
        (
            "vsock",
            "<vsock model='virtio'><cid auto='no' address='7'/></vsock>",
            "model cid.auto cid.address",
        ),
        (
            "inputs",
            "<input type='mouse' bus='virtio' model='virtio'/>",
            "type bus model",
        ),
        (
            "filesystems",
            "<filesystem type='mount' accessmode='mapped' model='virtio' multidevs='remap' fmode='644' dmode='755'>"
            "<driver type='path'/><source dir='/a'/><target dir='a'/></filesystem>",
            "model accessmode driver.type",
        ),
        (
            "iommus",
            "<iommu model='intel'>"
            "<driver intremap='on' caching_mode='on' eim='on' iotlb='on' aw_bits='48' dma_translation='on'/>"
            "</iommu>",
            "driver.intremap driver.eim",
        ),
    ],
)
def test_what_null_leaves_of_a_device(option: str, part: str, left: str) -> None:
    assert unchanged_by_null(part, option) == left


TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'>{}</backend></tpm>"
BANKS = "<active_pcr_banks><sha1/><sha256/><sha384/><sha512/></active_pcr_banks>"
NO_BANKS = dict.fromkeys(("sha1", "sha256", "sha384", "sha512"), False)


@pytest.mark.parametrize(
    ("option", "part", "want", "changed"),
    [
        ("tpms", TPM.format(""), {"backend": {"version": "2.0", **NO_BANKS}}, []),
        ("tpms", TPM.format(""), {"backend": dict.fromkeys(NO_BANKS)}, []),
        ("tpms", TPM.format(""), {"backend": {"version": "1.2"}}, ["backend.version"]),
        ("tpms", TPM.format(BANKS), {"backend": {}}, []),
        ("tpms", TPM.format(BANKS), {"backend": NO_BANKS}, [f"backend.{bank}" for bank in NO_BANKS]),
        ("watchdogs", "<watchdog model='itco'/>", {"model": "itco", "action": "reset"}, []),
        ("watchdogs", "<watchdog model='itco' action='reset'/>", {"model": "itco", "action": None}, []),
        ("watchdogs", "<watchdog model='itco' action='pause'/>", {"model": "itco"}, []),
        ("watchdogs", "<watchdog model='itco' action='pause'/>", {"model": "itco", "action": None}, ["action"]),
    ],
)
def test_the_defaults_of_a_device(option: str, part: str, want: dict[str, Any], changed: list[str]) -> None:
    found = changed_paths(part, option, [want])
    assert [path.partition(".")[2] for path in found] == changed

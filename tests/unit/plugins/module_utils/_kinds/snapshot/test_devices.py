# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices keep the memory of a guest out of a snapshot, and what of a guest is in none."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import devices

FREE = "<teaming type='transient' persistent='ua-1'/>"
CARD = "a network card of the host (interfaces of type hostdev)"


def guest(*of_it: str, os: str = "") -> ET.Element:
    return ET.fromstring(f"<domain><os>{os}</os><devices>{''.join(of_it)}</devices></domain>")


@pytest.mark.parametrize(
    ("device", "what"),
    [
        ("<hostdev mode='subsystem' type='pci'/>", "a PCI device of the host (hostdevs)"),
        (f"<hostdev mode='subsystem' type='pci'>{FREE}</hostdev>", None),
        ("<hostdev mode='subsystem' type='usb'/>", None),
        ("<hostdev mode='subsystem' type='scsi'/>", "a SCSI device of the host (hostdevs)"),
        (f"<hostdev mode='subsystem' type='scsi'>{FREE}</hostdev>", "a SCSI device of the host (hostdevs)"),
        ("<hostdev mode='subsystem' type='scsi_host'/>", "a SCSI controller of the host (hostdevs)"),
        ("<hostdev mode='subsystem' type='mdev'/>", "a mediated device of the host (hostdevs)"),
        ("<hostdev mode='capabilities' type='storage'/>", "a device of the host (hostdevs)"),
        ("<hostdev mode='subsystem'/>", None),
        ("<interface type='network'/>", None),
        ("<interface/>", None),
        ("<interface type='hostdev'/>", CARD),
        (f"<interface type='hostdev'>{FREE}</interface>", None),
        ("<interface type='hostdev'><teaming type='persistent'/></interface>", CARD),
        ("<interface type='vdpa'/>", "a vDPA device (interfaces of type vdpa)"),
        ("<filesystem><driver type='virtiofs'/></filesystem>", "a folder of the host by virtiofs (filesystems)"),
        ("<filesystem><driver type='path'/></filesystem>", None),
        ("<shmem name='a' role='master'/>", None),
        ("<shmem name='a' role='peer'/>", "memory that it shares with others (shmems)"),
        ("<shmem name='a'/>", "memory that it shares with others (shmems)"),
        ("<shmem name='a' role='master'/><shmem name='b' role='peer'/>", "memory that it shares with others (shmems)"),
    ],
)
def test_devices_whose_state_nobody_can_keep(device: str, what: str | None) -> None:
    assert list(devices.devices_in_the_way(guest(device))) == ([] if what is None else [what])


def test_every_device_is_looked_at() -> None:
    both = guest(
        "<hostdev type='usb'/>", "<hostdev type='scsi'/>", "<interface type='user'/>", "<interface type='vdpa'/>"
    )
    assert len(list(devices.devices_in_the_way(both))) == 2


@pytest.mark.parametrize(
    ("active", "memory", "refused"), [(True, True, 1), (True, False, 0), (False, True, 0), (False, False, 0)]
)
def test_only_the_memory_of_what_runs_is_refused_and_once(active: bool, memory: bool, refused: int) -> None:
    definition = guest("<hostdev type='pci'/>", "<interface type='vdpa'/>")
    found = list(devices.of_devices(definition, active, {"memory": memory}))
    assert [one.where for one in found] == ["memory"] * refused
    assert all("the guest has a PCI device of the host" in one.problem for one in found)


NVRAM = "<nvram>/v</nvram>"
TPM = "<tpm model='tpm-crb'><backend type='emulator'/></tpm>"


@pytest.mark.parametrize(
    ("kind", "memory", "os", "device", "words"),
    [
        ("internal", True, "", "", []),
        ("internal", True, NVRAM, "", ["UEFI"]),
        ("internal", True, "<nvram format='raw'>/v</nvram>", "", ["UEFI"]),
        ("internal", True, "<nvram format='qcow2'>/v</nvram>", "", []),
        ("external", True, "<nvram format='qcow2'>/v</nvram>", "", ["UEFI"]),
        ("external", True, "", TPM, []),
        ("external", False, "", TPM, ["TPM"]),
        ("internal", False, NVRAM, TPM, ["UEFI", "TPM"]),
        ("external", False, "", "<tpm><backend type='passthrough'/></tpm>", []),
    ],
)
def test_what_is_in_no_snapshot_is_said(kind: str, memory: bool, os: str, device: str, words: list[str]) -> None:
    found = list(devices.not_kept(guest(device, os=os), {"type": kind, "memory": memory}))
    assert len(found) == len(words)
    assert all(word in line for word, line in zip(words, found, strict=True))

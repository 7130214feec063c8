# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that libvirt leaves half-made as it ends, what no snapshot can keep, and images that are full."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import (
    broken_off,
    free_space,
    snapshot_actions,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import process
from ansible_collections.virtfleet.kvm.plugins.modules import snapshots
from ansible_collections.virtfleet.kvm.tests.unit.snapshot_host import URI, Host, Run, changes, problem, tool

DEAD = "process 1 2 another-boot"
ITEM = {"name": "s1", "domain": "g"}
KEY = "g/s1"


@pytest.fixture
def real(guest_host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A libvirt that deletes a snapshot from the image, too, as the test driver does not."""
    delete = libvirt.virDomainSnapshot.delete

    def both(snapshot: Any, flags: int = 0) -> Any:
        if not flags:
            guest_host.qemu("-d", snapshot.getName())
        return delete(snapshot, flags)

    monkeypatch.setattr(libvirt.virDomainSnapshot, "delete", both)


@pytest.fixture
def left(guest_host: Host, run_main: Run, noted: Any, real: None) -> Host:
    """A host whose libvirt ended while it took a snapshot: QEMU did, and libvirt knows nothing of it."""

    def end(domain: Any, text: str, flags: int = 0) -> Any:
        guest_host.qemu("-c", "s1")
        raise libvirt.libvirtError("client socket is closed")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(libvirt.virDomain, "snapshotCreateXML", end)
        patched.setattr(broken_off, "cut", lambda error: True)
        patched.setattr(snapshot_actions, "cut", lambda error: True)
        result = run_main(snapshots.main, config=[ITEM], uri=URI, fails=True)
    assert "client socket is closed" in result["msg"]
    assert noted.entries("snapshots")[KEY]["uuid"] == guest_host.guest.UUIDString()
    assert guest_host.guest.snapshotNum() == 0
    noted.add("snapshots", KEY, making=DEAD)
    return guest_host


def test_the_next_run_takes_it_anew(left: Host, declare: Run, noted: Any) -> None:
    result = declare(snapshots, ITEM)
    assert [path for path, _before, _after in changes(result)] == ["definition"]
    assert any("what it left of it in the images is deleted first" in line for line in result["warnings"])
    assert left.guest.snapshotListNames() == ["s1"]
    assert noted.entries("snapshots") == {}


@pytest.mark.parametrize("why", ["no note", "another guest", "older", "later", "another run", "odd"])
def test_what_may_be_somebody_elses_stays(left: Host, run_main: Run, noted: Any, why: str) -> None:
    if why == "no note":
        noted.drop("snapshots", KEY)
    elif why == "another guest":
        noted.add("snapshots", KEY, uuid="6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93")
    elif why == "older":
        noted.add("snapshots", KEY, began=str(time.time_ns() + 3600 * 10**9))
    elif why == "later":  # Somebody took it by hand, an hour after the run was broken off.
        noted.add("snapshots", KEY, began=str(time.time_ns() - 3600 * 10**9))
    elif why == "another run":
        noted.add("snapshots", KEY, making=f"process 1 {process.started(1)} {process.boot()}")
    else:
        noted.add("snapshots", KEY, began="yesterday")
    assert "has a snapshot of this name that libvirt does not know" in problem(run_main, ITEM)


def test_one_that_libvirt_knows_by_now_stays(left: Host, run_main: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody takes a snapshot of the name between the plan and the step that deletes what is left."""
    monkeypatch.setattr(libvirt.virDomain, "snapshotListNames", lambda domain, flags=0: ["s1"])
    result = run_main(snapshots.main, config=[ITEM], uri=URI, fails=True)
    assert "somebody else has taken a snapshot s1 of it by now; run again" in result["msg"]
    left.qemu("-d", "s1")  # It fails for one that is not there.


def test_one_that_fails_for_good_leaves_no_note(guest_host: Host, run_main: Run, noted: Any) -> None:
    def refuse(domain: Any, text: str, flags: int = 0) -> Any:
        raise libvirt.libvirtError("no")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(libvirt.virDomain, "snapshotCreateXML", refuse)
        patched.setattr(
            free_space, "full_folders", lambda paths: "; there is no space left in /srv: make room, and run again"
        )
        result = run_main(snapshots.main, config=[ITEM], uri=URI, fails=True)
    assert "take: no; there is no space left in /srv: make room, and run again" in result["msg"]
    assert noted.entries("snapshots") == {}


def test_what_cannot_be_noted_is_taken_nonetheless(guest_host: Host, declare: Run, noted: Any) -> None:
    os.makedirs(noted.folder, exist_ok=True)
    with open(noted.path, "w", encoding="utf-8") as file:
        file.write("no JSON")
    declare(snapshots, ITEM)
    assert guest_host.guest.snapshotListNames() == ["s1"]


@pytest.mark.parametrize("reason", ["VIR_DOMAIN_PAUSED_SAVE", "VIR_DOMAIN_PAUSED_USER"])
def test_a_guest_that_was_left_paused_goes_on_first(left: Host, run_main: Run, reason: str) -> None:
    """One that somebody paused stays so."""
    left.guest.create()
    left.guest.suspend()
    state = libvirt.virDomain.state
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            libvirt.virDomain,
            "state",
            lambda domain, flags=0: (
                [state(domain)[0], getattr(libvirt, reason)] if state(domain)[0] == 3 else state(domain)
            ),
        )
        for check in (True, False):
            result = run_main(snapshots.main, config=[ITEM], uri=URI, check=check)
            said = any("the guest is still paused" in line for line in result["warnings"])
            assert said is (reason == "VIR_DOMAIN_PAUSED_SAVE")
    running = libvirt.VIR_DOMAIN_RUNNING if said else libvirt.VIR_DOMAIN_PAUSED
    assert left.guest.state()[0] == running
    assert left.guest.snapshotListNames() == ["s1"]


DEVICES = {
    "hostdevs": "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='1' slot='0' function='0'/>"
    "</source></hostdev>",
    "hostdevs)": "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/>"
    "<address bus='0' target='0' unit='0'/></source></hostdev>",
    "shmems": "<shmem name='x'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>",
}


@pytest.mark.parametrize("option", sorted(DEVICES))
def test_devices_whose_state_nobody_can_keep(guest_host: Host, run_main: Run, declare: Run, option: str) -> None:
    made = guest_host.define("g2", guest_host.disk("vda", guest_host.image), DEVICES[option])
    made.create()
    for more in ({}, {"type": "external", "memory_file": f"{guest_host.folder}/g2.memory"}):
        told = problem(run_main, {"name": "s", "domain": "g2", **more})
        assert "memory: the guest has " in told
        assert option in told
        assert "stop the guest first" in told
    made.destroy()
    declare(snapshots, {"name": "s", "domain": "g2"})


def test_a_usb_device_is_not_in_the_way(guest_host: Host, declare: Run) -> None:
    usb = "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>"
    guest_host.define("g2", guest_host.disk("vda", guest_host.image), usb).create()
    declare(snapshots, {"name": "s", "domain": "g2"})


@pytest.mark.parametrize("runs", [True, False])
def test_what_is_not_in_it_is_said(guest_host: Host, declare: Run, runs: bool) -> None:
    tpm = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    made = guest_host.define("g2", guest_host.disk("vda", guest_host.image), tpm)
    if runs:
        made.create()
    result = declare(snapshots, {"name": "s", "domain": "g2"})
    assert any("the state of the guest's TPM is not in it" in line for line in result["warnings"]) is not runs


def test_the_variables_of_a_uefi_are_in_no_external_one(guest_host: Host, run_main: Run) -> None:
    loader = "<loader readonly='yes' type='pflash'>/code.fd</loader><nvram>/vars.fd</nvram>"
    guest_host.define("g2", guest_host.disk("vda", guest_host.image), os=loader)
    result = run_main(snapshots.main, config=[{"name": "s", "domain": "g2", "type": "external"}], uri=URI, check=True)
    assert any("the variables of the guest's UEFI are not in it" in line for line in result["warnings"])


@pytest.mark.parametrize("free", [0, 8 * 65536 - 1, 8 * 65536 + 4096])
def test_an_image_on_a_full_file_system(guest_host: Host, run_main: Run, free: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(free_space, "free_bytes", lambda guest, path: (str(guest_host.folder), free))
        if free < 8 * 65536:
            told = problem(run_main, ITEM)
            assert f"disks: {guest_host.folder} has {free // 1024} KiB left, and the snapshot takes up to" in told
        else:
            run_main(snapshots.main, config=[ITEM], uri=URI)
    assert guest_host.guest.snapshotNum() == int(free >= 8 * 65536)


def test_an_image_with_its_data_elsewhere(guest_host: Host, run_main: Run) -> None:
    data = f"data_file={guest_host.folder}/data"
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-o", data, str(guest_host.image), "1M")
    assert "keeps its data in another file (data_file), so it cannot hold an internal" in problem(run_main, ITEM)


def test_what_a_device_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file system is not that of the folder in which it has its name."""
    monkeypatch.setattr(free_space.os.path, "exists", lambda path: True)
    monkeypatch.setattr(free_space.os, "stat", lambda path: SimpleNamespace(st_mode=0o060660))
    guest: Any = SimpleNamespace(domain=SimpleNamespace(blockInfo=lambda path: [2**30, 2**20, 2**21]))
    assert free_space.free_bytes(guest, "/dev/vg/lv") == ("/dev/vg/lv", 2**20)


def test_full_folders_are_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert free_space.full_folders([f"{tmp_path}/x"]) == ""
    monkeypatch.setattr(free_space.os, "statvfs", lambda path: SimpleNamespace(f_bavail=1, f_frsize=4096))
    assert free_space.full_folders([f"{tmp_path}/x", f"{tmp_path}/y"]) == (
        f"; there is no space left in {tmp_path}: make room, and run again"
    )


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("a b", 10_010_000, "has characters that QEMU does not take in it while a guest runs"),
        ("\u00e4", 11_003_000, "has characters that QEMU does not take in it while a guest runs"),
        ('a"b', 9_000_000, "has a quote or backslash, with which libvirt takes no snapshot of a guest that runs"),
        ("a\\b", 10_009_000, "has a quote or backslash, with which libvirt takes no snapshot of a guest that runs"),
        ("a b\u00e4'&<%s", 9_000_000, None),
        ("before-upgrade_1.0", 11_003_000, None),
    ],
)
def test_names_that_libvirt_does_not_bring_to_qemu(
    guest_host: Host, run_main: Run, monkeypatch: pytest.MonkeyPatch, name: str, version: int, words: str | None
) -> None:
    """One of them takes no snapshot without a word. Of a guest that is off, all names are fine."""
    item = {"name": name, "domain": "g"}
    monkeypatch.setattr(libvirt.virConnect, "getLibVersion", lambda connection: version)
    guest_host.guest.create()
    if words is None:
        run_main(snapshots.main, config=[item], uri=URI)
    else:
        assert words in problem(run_main, item)
        guest_host.guest.destroy()
        run_main(snapshots.main, config=[item], uri=URI)
        guest_host.qemu("-c", name)
        guest_host.guest.create()
        assert "the guest runs, and the name of the snapshot has" in problem(run_main, {**item, "state": "absent"})

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of real guests while libvirtd ends, without room, and of guests with what no snapshot keeps."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet, Run
from snapshot_fleet import (
    BACK,
    done,
    faultless,
    guest,
    hosts_with_consoles,
    make,
    on_disk,
    remove,
    snapshots,
    told,
    write,
)
from storage_fleet import HOSTS, IMAGES, declare, refused

pytestmark = pytest.mark.long

KILL = """
import os, signal, subprocess, sys, time
qemu = int(open("/run/libvirt/qemu/cut.pid").read())
daemon = int(subprocess.check_output(["pgrep", "-x", "libvirtd"]))

def written():
    with open(f"/proc/{qemu}/io") as file:
        return int(file.read().split()[3])

before, deadline = written(), time.monotonic() + 300
try:
    while written() - before < 2 * 1024**2 and time.monotonic() < deadline:
        os.kill(qemu, signal.SIGCONT)
        time.sleep(0.002)
        os.kill(qemu, signal.SIGSTOP)
        time.sleep(0.02)
    os.kill(daemon, signal.SIGKILL)
finally:
    os.kill(qemu, signal.SIGCONT)
open("/root/killed", "w").write("killed")
end = time.monotonic() + (60 if "for good" in sys.argv else 0)
while time.monotonic() < end:
    subprocess.run(["pkill", "-9", "-x", "libvirtd"])
    time.sleep(0.05)
"""
"""Kills libvirtd while QEMU writes the memory of a guest into its image, for which it is slowed down."""

START = """
while systemctl is-active -q killer-for; do sleep 0.2; done
systemctl reset-failed 'libvirtd*'
systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service
"""
"""Starts libvirtd once nobody kills it any more."""

BEFORE = {"name": "before", "domain": "cut"}
INSIDE = "qemu-img snapshot -l -U {0} | grep -c {1} || true"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_consoles("snapshotsbroken", tmp_path_factory.mktemp("snapshotsbroken")) as made:
        yield made


def killed(fleet: Fleet, how: str) -> Run:
    """A run that takes a snapshot while libvirtd is killed."""
    remove(fleet, "cut")
    make(fleet, guest("cut"))
    write(fleet, "cut", "one1")
    for host in HOSTS:
        fleet.sh(
            host,
            f"rm -f /root/killed; cat >/root/kill.py <<'END'\n{KILL}\nEND\n"
            f"virsh list; systemd-run -q --unit killer-{how[:3]} python3 /root/kill.py '{how}'; sleep 2",
        )
    run = snapshots(fleet, BEFORE)
    assert "Traceback" not in run.output
    for host in HOSTS:
        assert fleet.sh(host, "cat /root/killed").strip() == "killed"
    return run


def whole(fleet: Fleet) -> None:
    """The guest has the snapshot, once and whole, goes on, and can be put back to it."""
    for host in HOSTS:
        assert fleet.sh(host, "virsh snapshot-list cut --name").split() == ["before"]
        assert int(fleet.sh(host, INSIDE.format(f"{IMAGES}/cut-vda.qcow2", "before"))) == 1
        assert fleet.sh(host, "virsh domstate cut").strip() == "running"
        assert "snapshots" not in fleet.sh(host, "cat /var/lib/virtfleet/storage.json")
    again = done(snapshots(fleet, BEFORE))
    for host in HOSTS:
        assert told(again, host) == []
    write(fleet, "cut", "two2")
    done(snapshots(fleet, {**BEFORE, **BACK}))
    for host in HOSTS:
        assert on_disk(fleet, host, "cut") == "one1"
        assert faultless(fleet, host, "cut")
    remove(fleet, "cut")


def test_a_run_goes_on_once_libvirt_is_back(fleet: Fleet) -> None:
    """systemd starts libvirtd anew, and the same run ends what it began."""
    done(killed(fleet, "once"))
    whole(fleet)


def test_the_next_run_ends_what_libvirt_left(fleet: Fleet) -> None:
    """QEMU goes on without libvirtd. With some versions, the guest is paused for good then."""
    run = killed(fleet, "for good")
    assert run.code != 0, run.output
    image = f"{IMAGES}/cut-vda.qcow2"
    for host in HOSTS:
        fleet.sh(host, START)
        fleet.wait(lambda host=host: int(fleet.sh(host, INSIDE.format(image, "before"))) == 1)
        assert fleet.sh(host, "virsh snapshot-list cut --name").split() == []
    said, run = done(snapshots(fleet, BEFORE, check=True)), done(snapshots(fleet, BEFORE))
    for host in HOSTS:
        assert told(said, host) == told(run, host)
        assert [change["path"] for change in told(run, host)] == ["definition"]
    for one in (said, run):
        assert "a run that was broken off was taking this snapshot" in one.output
    whole(fleet)


def test_a_snapshot_that_nobody_noted_stays(fleet: Fleet) -> None:
    """It may be somebody's: only what is known to be left of a run goes."""
    make(fleet, guest("mine", state="stopped"))
    image = f"{IMAGES}/mine-vda.qcow2"
    for host in HOSTS:
        fleet.sh(host, f"qemu-img snapshot -c before {image}")
    refused(fleet, "snapshots", "that libvirt does not know", config=[{"name": "before", "domain": "mine"}])
    for host in HOSTS:
        assert int(fleet.sh(host, INSIDE.format(image, "before"))) == 1
    remove(fleet, "mine")


def test_a_full_file_system(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, "mkdir -p /srv/small && mount -t tmpfs -o size=12M,mode=0755 none /srv/small")
    done(fleet.module("pools", config=[{"name": "small", "target": "/srv/small"}]))
    make(fleet, guest("tight", {"size": "8MiB", "pool": "small"}, state="stopped"))
    image = "/srv/small/tight-vda.qcow2"
    for host in HOSTS:
        fleet.sh(host, "dd if=/dev/zero of=/srv/small/fill bs=4k || true")
    before = {host: fleet.sh(host, f"sha256sum {image}") for host in HOSTS}
    item = {"name": "before", "domain": "tight"}
    refused(fleet, "snapshots", "disks: /srv/small has 0 KiB left", "make room first", config=[item])
    for host in HOSTS:
        assert fleet.sh(host, f"sha256sum {image}") == before[host]
        fleet.sh(host, "rm /srv/small/fill")
    declare(fleet, "snapshots", config=[item])
    for host in HOSTS:
        assert "No errors were found" in fleet.sh(host, f"qemu-img check {image}")
    remove(fleet, "tight")
    for host in HOSTS:
        fleet.sh(host, "virsh pool-destroy small; virsh pool-undefine small; umount /srv/small")


def test_devices_whose_state_nobody_can_keep(fleet: Fleet) -> None:
    config = guest("peer", shmems=[{"name": "shared", "model": "ivshmem-plain", "size": "4MiB"}])
    make(fleet, config)
    refused(
        fleet, "snapshots", "memory: the guest has memory that it shares", config=[{"name": "s1", "domain": "peer"}]
    )
    for host in HOSTS:  # libvirt refuses it, too.
        assert "Migration is disabled" in fleet.sh(host, "virsh snapshot-create-as peer s1 2>&1 || true")
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "peer", "type": "external"}])
    for host in HOSTS:
        fleet.sh(host, "virsh destroy peer")
    remove(fleet, "peer")


def test_a_guest_with_a_tpm(fleet: Fleet) -> None:
    """Its state is in the memory, so in a snapshot with memory alone."""
    make(fleet, guest("tpm", tpms=[{"model": "tpm-crb", "backend": {"type": "emulator", "version": "2.0"}}]))
    write(fleet, "tpm", "one1")
    run = done(snapshots(fleet, {"name": "s1", "domain": "tpm"}))
    assert "the state of the guest's TPM is not in it" not in run.output
    write(fleet, "tpm", "two2")
    done(snapshots(fleet, {"name": "s1", "domain": "tpm", **BACK}))
    for host in HOSTS:
        assert fleet.sh(host, "virsh domstate tpm").strip() == "running"
        assert on_disk(fleet, host, "tpm") == "one1"
        fleet.sh(host, "virsh destroy tpm")
    item = {"name": "s2", "domain": "tpm"}
    said, run = done(snapshots(fleet, item, check=True)), done(snapshots(fleet, item))
    for one in (said, run):
        assert "the state of the guest's TPM is not in it" in one.output
    remove(fleet, "tpm")


def test_names_that_qemu_does_not_get(fleet: Fleet) -> None:
    """An older libvirt says that it took one, and the image has none; a newer one fails on the way."""
    make(fleet, guest("names"))
    refused(fleet, "snapshots", "or stop the guest first", config=[{"name": 'a"b', "domain": "names"}])
    inside = f"qemu-img snapshot -l -U {IMAGES}/names-vda.qcow2 | grep -c 'a.b' || true"
    for host in HOSTS:
        fleet.sh(host, "virsh snapshot-create-as names 'a\"b' || true")
        assert int(fleet.sh(host, inside)) == 0
        fleet.sh(host, "virsh snapshot-delete names 'a\"b' --metadata || true; virsh destroy names")
    declare(fleet, "snapshots", config=[{"name": "a b", "domain": "names"}])
    for host in HOSTS:
        assert int(fleet.sh(host, inside)) == 1
    remove(fleet, "names")

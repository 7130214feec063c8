# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that cannot be, and what breaks them on the way, with real guests."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
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


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_consoles("snapshotsrefused", tmp_path_factory.mktemp("snapshotsrefused")) as made:
        yield made


def test_a_guest_that_is_off_is_put_back_once(fleet: Fleet) -> None:
    make(fleet, guest("cold", state="stopped"))
    image = f"{IMAGES}/cold-vda.qcow2"
    for host in HOSTS:
        fleet.sh(host, f"qemu-io -c 'write -P 1 0 64k' {image}")
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "cold"}])
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "cold", "state": "reverted"}])
    for host in HOSTS:
        fleet.sh(host, f"qemu-io -c 'write -P 2 0 64k' {image}")
    refused(
        fleet,
        "snapshots",
        "guest cold may have changed, and what it has done since its snapshot s1 would be lost",
        config=[{"name": "s1", "domain": "cold", "state": "reverted"}],
    )
    run = declare(fleet, "snapshots", config=[{"name": "s1", "domain": "cold", **BACK}])
    for host in HOSTS:
        assert [change["path"] for change in run.changes(host)] == ["state"]
        assert "Pattern verification failed" not in fleet.sh(host, f"qemu-io -c 'read -P 1 0 64k' {image}")
    # What it is now is in its last snapshot, so nothing is lost, and nobody has to allow anything.
    for host in HOSTS:
        fleet.sh(host, f"qemu-io -c 'write -P 3 0 64k' {image}")
    declare(fleet, "snapshots", config=[{"name": "s2", "domain": "cold"}])
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "cold", "state": "reverted"}])
    declare(fleet, "snapshots", config=[{"name": "s2", "domain": "cold", "state": "reverted"}])
    for host in HOSTS:
        assert "Pattern verification failed" not in fleet.sh(host, f"qemu-io -c 'read -P 3 0 64k' {image}")
    # The definition comes back, too.
    done(fleet.module("domains", config=[{"name": "cold", "memory": "160MiB", "state": "stopped"}]))
    declare(fleet, "snapshots", config=[{"name": "s2", "domain": "cold", **BACK}])
    for host in HOSTS:
        assert "131072" in fleet.sh(host, "virsh dominfo cold")
    # An image that does not hold the snapshot any more is noticed before the guest is touched.
    for host in HOSTS:
        fleet.sh(host, f"qemu-img snapshot -d s1 {image}")
    refused(
        fleet, "snapshots", "does not hold this snapshot any more", config=[{"name": "s1", "domain": "cold", **BACK}]
    )
    for host in HOSTS:
        fleet.sh(host, f"qemu-img snapshot -c mine {image}")
    refused(fleet, "snapshots", "that libvirt does not know", config=[{"name": "mine", "domain": "cold"}])
    remove(fleet, "cold")


def test_what_cannot_be_is_said_before(fleet: Fleet) -> None:
    make(
        fleet,
        guest("raw", {"size": "16MiB"}, {"size": "16MiB", "format": "raw"}),
        guest("off", state="stopped"),
        guest("full"),
    )
    refused(fleet, "snapshots", "type: disk vdb is raw, and only qcow2", config=[{"name": "s1", "domain": "raw"}])
    refused(fleet, "snapshots", "guest off is off", config=[{"name": "s1", "domain": "off", "memory": True}])
    refused(fleet, "snapshots", "the host has no guest nobody", config=[{"name": "s1", "domain": "nobody"}])
    refused(
        fleet,
        "snapshots",
        f"the file {IMAGES}/off-vda.qcow2 is there already",
        config=[{"name": "qcow2", "domain": "off", "type": "external"}],
    )
    for host in HOSTS:  # A job that copies a disk.
        fleet.sh(host, "virsh blockcopy raw vda /var/tmp/raw.copy --transient-job --bandwidth 1")
    refused(
        fleet,
        "snapshots",
        "libvirt copies or merges vda at this moment",
        config=[{"name": "s1", "domain": "raw", "type": "external"}],
    )
    for host in HOSTS:
        fleet.sh(host, "virsh blockjob raw vda --abort; rm /var/tmp/raw.copy; virsh managedsave full")
    refused(fleet, "snapshots", "guest full has a saved state", config=[{"name": "s1", "domain": "full"}])
    for host in HOSTS:
        fleet.sh(
            host,
            "virsh dumpxml --inactive off | sed 's/>off</>passing</; /uuid/d; s/off-vda.qcow2/passing.qcow2/'"
            " >/root/p.xml;"
            f" qemu-img create -q -f qcow2 {IMAGES}/passing.qcow2 16M; virsh create /root/p.xml",
        )
    refused(fleet, "snapshots", "guest passing is transient", config=[{"name": "s1", "domain": "passing"}])
    remove(fleet, "raw", "off", "full", "passing")


def test_no_room_for_the_memory(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(
            host,
            "mkdir -p /srv/small; mountpoint -q /srv/small || mount -t tmpfs -o size=12M,mode=0755 none /srv/small",
        )
    done(fleet.module("pools", config=[{"name": "small", "target": "/srv/small"}]))
    make(fleet, guest("tight", {"size": "8MiB", "pool": "small"}))
    write(fleet, "tight", "one1")
    refused(fleet, "snapshots", "memory: may take", "make room first", config=[{"name": "s1", "domain": "tight"}])
    # What happens where that is not known before: QEMU runs out of room on the way.
    for host in HOSTS:
        done_ = fleet.sh(
            host, "virsh snapshot-create-as tight s1 2>&1; virsh domstate tight; virsh snapshot-list tight --name"
        )
        assert "running" in done_
        assert "error" in done_
    remove(fleet, "tight")
    for host in HOSTS:
        fleet.sh(host, "virsh pool-destroy small; virsh pool-undefine small; umount /srv/small")


def test_paused_and_crashed_guests(fleet: Fleet) -> None:
    make(fleet, guest("halt"))
    write(fleet, "halt", "one1")
    for host in HOSTS:
        fleet.sh(host, "virsh suspend halt")
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "halt"}])
    for host in HOSTS:
        assert fleet.sh(host, "virsh domstate halt").strip() == "paused"
        fleet.sh(host, "virsh resume halt")
    write(fleet, "halt", "two2")
    done(snapshots(fleet, {"name": "s1", "domain": "halt", **BACK}))
    for host in HOSTS:
        assert fleet.sh(host, "virsh domstate halt").strip() == "paused"
        fleet.sh(host, "virsh resume halt")
        assert on_disk(fleet, host, "halt") == "one1"
        # QEMU dies, as in a crash of its own.
        fleet.sh(host, "kill -9 $(cat /run/libvirt/qemu/halt.pid)")
        fleet.wait(lambda host=host: "shut off" in fleet.sh(host, "virsh domstate halt"))
    done(snapshots(fleet, {"name": "s1", "domain": "halt", **BACK}))
    for host in HOSTS:
        assert fleet.sh(host, "virsh domstate halt").strip() == "paused"
    remove(fleet, "halt")


MODULE = """
cat >/root/take.py <<'END'
import libvirt
domain = libvirt.open("qemu:///system").lookupByName("kill")
domain.snapshotCreateXML("<domainsnapshot><name>cut</name><memory snapshot='internal'/></domainsnapshot>", 0)
END
python3 /root/take.py & sleep 0.05; kill -9 $!; wait
"""
"""Has a process that takes a snapshot killed while libvirt is at it."""


def test_a_run_that_is_killed_on_the_way(fleet: Fleet) -> None:
    """libvirt ends what it has begun; the next run finds it, and has nothing to do."""
    make(fleet, guest("kill"))
    for host in HOSTS:
        fleet.sh(host, MODULE)
    item = {"name": "cut", "domain": "kill"}
    done(snapshots(fleet, item))
    again = done(snapshots(fleet, item))
    for host in HOSTS:
        assert told(again, host) == []
        assert fleet.sh(host, "virsh domstate kill").strip() == "running"
        assert fleet.sh(host, "virsh snapshot-list kill --name").split() == ["cut"]
    done(snapshots(fleet, {**item, **BACK}))
    for host in HOSTS:
        assert faultless(fleet, host, "kill")
    remove(fleet, "kill")

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of real guests, with memory and of disks alone: taken, put back to, and deleted."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
from fleet import Fleet
from snapshot_fleet import (
    BACK,
    NEW,
    OLD,
    ask,
    done,
    faultless,
    guest,
    hosts_with_consoles,
    make,
    on_disk,
    remove,
    snapshots,
    told,
    uptime,
    write,
)
from storage_fleet import HOSTS, IMAGES, declare, failed, refused

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_consoles("snapshots", tmp_path_factory.mktemp("snapshots")) as made:
        yield made


def test_a_guest_with_memory_goes_on_from_its_snapshot(fleet: Fleet) -> None:
    make(fleet, guest("web"))
    boot = {host: ask(fleet, host, "web", "cat /proc/sys/kernel/random/boot_id") for host in HOSTS}
    write(fleet, "web", "one1")
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "web", "description": "before"}])
    before = {host: uptime(fleet, host, "web") for host in HOSTS}
    write(fleet, "web", "two2")
    time.sleep(20)
    refused(
        fleet,
        "snapshots",
        "guest web runs, and what it has done since its snapshot s1 would be lost",
        config=[{"name": "s1", "domain": "web", "state": "reverted"}],
    )
    late = {host: uptime(fleet, host, "web") for host in HOSTS}
    item = {"name": "s1", "domain": "web", **BACK}
    said, run = done(snapshots(fleet, item, check=True)), done(snapshots(fleet, item))
    for host in HOSTS:
        assert told(said, host) == told(run, host)
        assert [(change["path"], change["after"]) for change in told(run, host)] == [("state", "reverted")]
        assert on_disk(fleet, host, "web") == "one1"
        assert ask(fleet, host, "web", "cat /run/mark") == "one1"
        assert before[host] - 10 < uptime(fleet, host, "web") < late[host]
        assert ask(fleet, host, "web", "cat /proc/sys/kernel/random/boot_id") == boot[host]
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "web", "description": "the first"}])
    for host in HOSTS:
        assert fleet.sh(host, "virsh snapshot-current web --name").strip() == "s1"
        assert on_disk(fleet, host, "web") == "one1"
        assert float(uptime(fleet, host, "web")) < late[host] + 60
    failed(fleet, "snapshots", "disks: are vda", config=[{"name": "s1", "domain": "web", "disks": ["vdb"]}])


LEAKS = """
daemon=$(pgrep -x libvirtd || pgrep -x virtqemud); qemu=$(cat /run/libvirt/qemu/web.pid)
echo $(ls /proc/$daemon/fd | wc -l) $(ls /proc/$qemu/fd | wc -l) $(pgrep -c qemu)
find /var/lib/libvirt /srv /tmp -type f ! -path '*/dnsmasq/*' ! -name '*.log' | sed -E 's/domain-[0-9]+-//' | sort
"""


CHANGE = "printf %-512s two2 | dd of=/dev/vda bs=512 count=1 oflag=direct conv=fsync; echo two2 >/run/mark"
"""Has a guest write to its disk and into its memory."""


def test_twenty_times_over_nothing_is_left(fleet: Fleet) -> None:
    """A snapshot, a change, and back, with the memory. It begins with the guest and the snapshot of the test before."""
    items = [{"name": "s1", "domain": "web", **BACK}]
    done(snapshots(fleet, *items))
    before = {host: fleet.sh(host, LEAKS).splitlines() for host in HOSTS}
    change = {"ansible.builtin.shell": f"python3 /root/ask.py $(virsh ttyconsole web) '{CHANGE}'"}
    rounds = [
        task
        for number in range(20)
        for task in (
            {"virtfleet.kvm.snapshots": {"config": [{"name": f"r{number}", "domain": "web"}]}},
            change,
            {"virtfleet.kvm.snapshots": {"config": items}},
            {"virtfleet.kvm.snapshots": {"config": [{"name": f"r{number}", "domain": "web", "state": "absent"}]}},
        )
    ]
    path = fleet.folder / "rounds.yml"
    path.write_text(json.dumps([{"hosts": "kvm_hosts", "gather_facts": False, "tasks": rounds}]), encoding="utf-8")
    run = done(fleet.play(str(path)))
    assert [len(run.results("virtfleet.kvm.snapshots", host)) for host in HOSTS] == [60, 60]
    assert all(result["changed"] for result in run.results("virtfleet.kvm.snapshots"))
    for host in HOSTS:
        now = fleet.sh(host, LEAKS).splitlines()
        assert now[1:] == before[host][1:]
        for count, then in zip(now[0].split(), before[host][0].split(), strict=True):
            assert int(count) <= int(then) + 2
        image = f"{IMAGES}/web-vda.qcow2"
        assert int(fleet.sh(host, f"stat -c %b {image}")) * 512 < 400 * 1024**2
        assert on_disk(fleet, host, "web") == "one1"
        assert ask(fleet, host, "web", "cat /run/mark") == "one1"
        assert faultless(fleet, host, "web")
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "web", "state": "absent"}])
    remove(fleet, "web")


def test_an_external_snapshot_and_the_guest_as_it_is_declared(fleet: Fleet) -> None:
    """The guest writes to another file from then on, and stays on it in a run of the guests."""
    config = guest("db", {"size": "64MiB"}, {"size": "16MiB", "format": "raw"})
    make(fleet, config)
    write(fleet, "db", "one1")
    item = {"name": "nightly", "domain": "db", "type": "external"}
    run = declare(fleet, "snapshots", config=[item])
    files = [f"{IMAGES}/db-vda.nightly", f"{IMAGES}/db-vdb.nightly"]
    for host in HOSTS:
        assert [change["after"] for change in run.changes(host) if change["path"] == "files"] == [files]
        assert fleet.sh(host, "virsh -q domblklist db").split()[1::2] == files
    write(fleet, "db", "two2")
    again = fleet.module("domains", config=[config])
    assert again.code == 0, again.output
    for host in HOSTS:
        (result,) = again.results("virtfleet.kvm.domains", host)
        assert result["changes"] == []
        assert fleet.sh(host, "virsh -q domblklist db").split()[1::2] == files
    failed(fleet, "snapshots", "cannot be changed", config=[{"name": "nightly", "domain": "db", "type": "internal"}])
    declare(fleet, "snapshots", config=[{**item, "state": "absent"}])
    for host in HOSTS:
        # What was written since is in the images now.
        assert on_disk(fleet, host, "db") == "two2"
        assert fleet.sh(host, "virsh -q domblklist db").split()[1::2] == [
            f"{IMAGES}/db-vda.qcow2",
            f"{IMAGES}/db-vdb.raw",
        ]
        assert fleet.sh(host, f"ls {IMAGES}").split().count("db-vda.nightly") == 0
    again = fleet.module("domains", config=[config])
    for host in HOSTS:
        assert again.results("virtfleet.kvm.domains", host)[0]["changes"] == []


def test_a_guest_is_put_back_to_an_external_snapshot_where_libvirt_can(fleet: Fleet) -> None:
    """It begins with the guest of the test before."""
    write(fleet, "db", "one1")
    done(snapshots(fleet, {"name": "disks", "domain": "db", "type": "external", "disks": ["vda"]}))
    memory = {"name": "brief", "domain": "db", "type": "external", "memory_file": f"{IMAGES}/db.brief.memory"}
    declare(fleet, "snapshots", config=[memory])
    declare(fleet, "snapshots", config=[{**memory, "state": "absent"}])
    for host in HOSTS:
        assert fleet.sh(host, f"ls {IMAGES} | grep brief || true") == ""
    memory = {"name": "whole", "domain": "db", "type": "external", "memory_file": f"{IMAGES}/db.whole.memory"}
    said, run = done(snapshots(fleet, memory, check=True)), done(snapshots(fleet, memory))
    for host in HOSTS:
        assert told(said, host) == told(run, host)
        assert fleet.sh(host, f"test -s {IMAGES}/db.whole.memory && echo there").strip() == "there"
    write(fleet, "db", "two2")
    for name in ("whole", "disks"):
        item = {"name": name, "domain": "db", **BACK}
        said, run = snapshots(fleet, item, check=True), snapshots(fleet, item)
        for one in (said, run):
            (result,) = one.results("virtfleet.kvm.snapshots", OLD)
            assert "cannot put a guest back to an external snapshot; 9.9 and newer can" in result["msg"]
        assert on_disk(fleet, OLD, "db") == "two2"
        assert told(said, NEW) == told(run, NEW)
        assert told(run, NEW), run.output
        if name == "whole":
            assert on_disk(fleet, NEW, "db") == "one1"
    # Without memory, the guest is off afterwards, exactly as it was: a second run has nothing to do.
    assert fleet.sh(NEW, "virsh domstate db").strip() == "shut off"
    again = snapshots(fleet, {"name": "disks", "domain": "db", "state": "reverted"})
    (result,) = again.results("virtfleet.kvm.snapshots", NEW)
    assert result["changes"] == [], result
    remove(fleet, "db")


def test_an_internal_snapshot_under_an_external_one(fleet: Fleet) -> None:
    """To put the image back makes what is laid over it useless, and libvirt would do it."""
    make(fleet, guest("mix"))
    write(fleet, "mix", "one1")
    done(snapshots(fleet, {"name": "inside", "domain": "mix"}))
    write(fleet, "mix", "two2")
    done(snapshots(fleet, {"name": "over", "domain": "mix", "type": "external"}))
    refused(
        fleet,
        "snapshots",
        "the external snapshots over are laid over the images",
        config=[{"name": "inside", "domain": "mix", **BACK}],
    )
    refused(fleet, "snapshots", "delete that one first", config=[{"name": "over", "domain": "mix", "state": "absent"}])
    refused(fleet, "snapshots", "stop the guest first", config=[{"name": "inside", "domain": "mix", "state": "absent"}])
    item = {"name": "inside", "domain": "mix", **BACK, "discard_newer": True}
    said, run = done(snapshots(fleet, item, check=True)), done(snapshots(fleet, item))
    for host in HOSTS:
        assert told(said, host) == told(run, host)
        assert [change["path"] for change in told(run, host)] == ["state", "snapshot over"]
        assert on_disk(fleet, host, "mix") == "one1"
        assert fleet.sh(host, "virsh snapshot-list mix --name").split() == ["inside"]
        assert fleet.sh(host, f"ls {IMAGES}/mix-vda.over").strip() == f"{IMAGES}/mix-vda.over"
    remove(fleet, "mix")

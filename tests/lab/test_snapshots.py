# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of real guests: with memory, of disks alone, taken, put back to and deleted, and what breaks that."""

from __future__ import annotations

import json
import time
import typing as t

import pytest
from fleet import Fleet, Run
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, failed, hosts_with_storage, refused

pytestmark = pytest.mark.long

ASK = r"""
import os, sys, time, tty
handle = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
tty.setraw(handle)
os.write(handle, b"\n" + sys.argv[2].encode() + b"; echo END$((1 + 1))\n")
said, deadline = b"", time.monotonic() + 60
while b"END2" not in said and time.monotonic() < deadline:
    try:
        said += os.read(handle, 65536)
    except BlockingIOError:
        time.sleep(0.05)
text = said.decode(errors="replace").replace("\r", "")
sys.stdout.write(text.split("END$((1 + 1))\n")[-1].split("END2")[0])
"""
"""Says something to the shell on a guest's console, and prints what it answers."""

NEW, OLD = "kvm02", "kvm01"
"""Hosts whose libvirt can and cannot put a guest back to an external snapshot."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("snapshots", tmp_path_factory.mktemp("snapshots")) as made:
        for host in HOSTS:
            made.sh(host, f"cat >/root/ask.py <<'END'\n{ASK}\nEND")
        yield made


def guest(name: str, *disks: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """A test guest of 128 MiB, with a console that can be talked to."""
    return disk_guest(name, *(disks or ({"size": "64MiB"},)), memory="128MiB", serials=[{"type": "pty"}], **options)


def make(fleet: Fleet, *guests: dict[str, t.Any]) -> None:
    """Make guests, and wait until the shells on their consoles answer."""
    run = fleet.module("domains", config=list(guests))
    assert run.code == 0, run.output
    for host in HOSTS:
        for one in guests:
            if one["state"] == "running":
                fleet.wait(lambda host=host, name=one["name"]: "7" in ask(fleet, host, name, "echo $((3 + 4))"))


def remove(fleet: Fleet, *names: str) -> None:
    """Remove guests with all that belongs to them."""
    for host in HOSTS:
        for name in names:
            fleet.sh(
                host,
                f"virsh destroy {name}; for one in $(virsh snapshot-list {name} --name); do"
                f" virsh snapshot-delete {name} $one --metadata; done; virsh undefine {name} --nvram --managed-save;"
                f" rm -f {IMAGES}/{name}* /srv/{name}*; virsh pool-refresh default; true",
            )


def ask(fleet: Fleet, host: str, name: str, command: str) -> str:
    """What the shell of a guest answers."""
    return fleet.sh(host, f"python3 /root/ask.py $(virsh ttyconsole {name}) '{command}'").strip()


def uptime(fleet: Fleet, host: str, name: str) -> float:
    """The seconds that a guest has been up, by its own clock."""
    return float(ask(fleet, host, name, "cat /proc/uptime").split()[0])


def on_disk(fleet: Fleet, host: str, name: str) -> str:
    """The first bytes of a guest's disk."""
    return ask(fleet, host, name, "dd if=/dev/vda bs=512 count=1 iflag=direct 2>/dev/null | head -c 4")


def write(fleet: Fleet, name: str, text: str) -> None:
    """Have a guest write to its disk and into its memory."""
    for host in HOSTS:
        command = (
            f"echo {text} >/run/mark; printf %-512s {text} | dd of=/dev/vda bs=512 count=1 oflag=direct conv=fsync"
        )
        ask(fleet, host, name, command)
        assert on_disk(fleet, host, name) == text


def snapshots(fleet: Fleet, *items: dict[str, t.Any], check: bool = False) -> Run:
    """Declare snapshots once."""
    return fleet.module("snapshots", *(["--check"] if check else []), config=list(items))


def done(run: Run) -> Run:
    """A run that went well."""
    assert run.code == 0, run.output
    assert "Traceback" not in run.output
    return run


def told(run: Run, host: str) -> list[dict[str, t.Any]]:
    """The changes that a run tells of a host."""
    (result,) = run.results("virtfleet.kvm.snapshots", host)
    return t.cast("list[dict[str, t.Any]]", result["changes"])


BACK = {"state": "reverted", "discard_changes": True}


def test_a_guest_with_memory_goes_on_from_its_snapshot(fleet: Fleet) -> None:
    make(fleet, guest("web"))
    write(fleet, "web", "one1")
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "web", "description": "before"}])
    before = {host: uptime(fleet, host, "web") for host in HOSTS}
    boot = {host: ask(fleet, host, "web", "cat /proc/sys/kernel/random/boot_id") for host in HOSTS}
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
find /var/lib/libvirt /srv /tmp -type f ! -path '*/dnsmasq/*' ! -name '*.log' | sort
"""


def test_twenty_times_over_nothing_is_left(fleet: Fleet) -> None:
    """It begins with the guest and the snapshot of the test before."""
    items = [{"name": "s1", "domain": "web", **BACK}]
    done(snapshots(fleet, *items))
    before = {host: fleet.sh(host, LEAKS).splitlines() for host in HOSTS}
    for round_ in range(20):
        done(snapshots(fleet, {"name": f"r{round_}", "domain": "web"}))
        done(snapshots(fleet, *items))
        done(snapshots(fleet, {"name": f"r{round_}", "domain": "web", "state": "absent"}))
    for host in HOSTS:
        now = fleet.sh(host, LEAKS).splitlines()
        assert now[1:] == before[host][1:]
        for count, then in zip(now[0].split(), before[host][0].split(), strict=True):
            assert int(count) <= int(then) + 2
        image = f"{IMAGES}/web-vda.qcow2"
        check = json.loads(fleet.sh(host, f"qemu-img check -U --output=json {image}"))
        assert not {"leaks", "corruptions"} & check.keys(), check
        assert int(fleet.sh(host, f"stat -c %b {image}")) * 512 < 400 * 1024**2
        assert on_disk(fleet, host, "web") == "one1"
    declare(fleet, "snapshots", config=[{"name": "s1", "domain": "web", "state": "absent"}])
    remove(fleet, "web")


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
        fleet.sh(host, "virsh blockcopy raw vda /srv/raw.copy --transient-job --bandwidth 1")
    refused(
        fleet,
        "snapshots",
        "libvirt copies or merges vda at this moment",
        config=[{"name": "s1", "domain": "raw", "type": "external"}],
    )
    for host in HOSTS:
        fleet.sh(host, "virsh blockjob raw vda --abort; virsh managedsave full")
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
        check = json.loads(fleet.sh(host, f"qemu-img check -U --output=json {IMAGES}/kill-vda.qcow2"))
        assert not {"leaks", "corruptions"} & check.keys(), check
    done(snapshots(fleet, {**item, **BACK}))
    remove(fleet, "kill")

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No disk is lost: what a file is decides, a guest is its UUID, and what is made is noted or taken away again."""

from __future__ import annotations

import json
import typing as t

import pytest
from fleet import Fleet
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, failed, hosts_with_storage, paths, refused

pytestmark = pytest.mark.long

THEIRS = f"""
define() {{  # NAME DEVICES: a guest that somebody defines by hand
  {{ echo "<domain type='qemu'><name>$1</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>"
     echo "<devices>$2</devices></domain>"; }} >/tmp/$1.xml
  virsh -q define /tmp/$1.xml
}}
disk() {{  # SOURCE [TYPE [FORMAT]]
  echo "<disk type='${{2:-file}}'><driver name='qemu' type='${{3:-qcow2}}'/>$1<target dev='vdb' bus='virtio'/></disk>"
}}
argue() {{  # NAME ARGUMENT: give QEMU an argument
  space=http://libvirt.org/schemas/domain/qemu/1.0
  virsh dumpxml $1 | sed -e "s|<domain |<domain xmlns:qemu='$space' |" \\
    -e "s|</domain>|<qemu:commandline><qemu:arg value='-drive'/><qemu:arg value='$2'/></qemu:commandline></domain>|" \\
    >/tmp/argue.xml
  virsh -q define /tmp/argue.xml
}}
let_go() {{  # NAME FILE: the guest has another file from now on
  virsh dumpxml $1 | sed "s/$2/other.qcow2/" >/tmp/again.xml
  virsh -q define /tmp/again.xml
}}
loop() {{  # FILE: a loop device over it, for which the host has no node yet
  [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
  free=$(losetup -f | cut -d' ' -f1)
  [ -e $free ] || mknod $free b 7 ${{free#/dev/loop}}
  losetup $free $1
  echo $free >>/tmp/loops
}}
cd {IMAGES}
"""
"""Shell functions."""

SPELLINGS: dict[str, str] = {
    "link-folder": """ln -sfn $images /srv/images; define $u "$(disk "<source file='/srv/images/$file'/>")" """,
    "slashes": """define $u "$(disk "<source file='/$images/.//$file'/>")" """,
    "link-file": """ln -s $images/$file /srv/link-file; define $u "$(disk "<source file='/srv/link-file'/>")" """,
    "hard-link": """ln $file /var/lib/libvirt/hard; define $u "$(disk "<source file='/var/lib/libvirt/hard'/>")" """,
    "bind-mount": """mkdir -p /srv/bound; mount --bind $images /srv/bound
        define $u "$(disk "<source file='/srv/bound/$file'/>")" """,
    "overlay": """ln -sfn $images /srv/images2
        qemu-img create -q -f qcow2 -F qcow2 -b /srv/images2/$file /srv/over1.qcow2
        define $u "$(disk "<source file='/srv/over1.qcow2'/>")" """,
    "overlay-relative": """qemu-img create -q -f qcow2 -F qcow2 -b $file rel-over.qcow2; virsh -q pool-refresh default
        define $u "$(disk "<source file='$images/rel-over.qcow2'/>")" """,
    "overlay-json": """
        json='json:{"driver":"qcow2","file":{"driver":"file","filename":"'$images/./$file'"}}'
        qemu-img create -q -f qcow2 -F qcow2 -b "$json" /srv/over2.qcow2
        define $u "$(disk "<source file='/srv/over2.qcow2'/>")" """,
    "overlay-nobody": "qemu-img create -q -f qcow2 -F qcow2 -b $file nobody.qcow2",
    "volume": """define $u "$(disk "<source pool='default' volume='$file'/>" volume)" """,
    "other-pool": """virsh -q pool-define-as again dir --target $images/../images
        define $u "$(disk "<source pool='again' volume='$file'/>" volume)" """,
    "cdrom": """define $u "<disk type='file' device='cdrom'><source file='/$images/$file'/>
        <target dev='sda' bus='sata'/><readonly/></disk>" """,
    "qemu-argument": """define $u; argue $u "file=/srv/../$images/$file,if=none" """,
    "snapshot": """define $u "$(disk "<source file='$images/$file'/>")"
        virsh -q snapshot-create-as $u s >/dev/null; let_go $u $file""",
    "loop": """loop $file; define $u "$(disk "<source dev='$free'/>" block raw)" """,
    "loop-nobody": "loop $file",
}
"""How somebody else has a disk: the guest $u, or nobody, has $file of $images."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("storagesafety", tmp_path_factory.mktemp("storagesafety")) as made:
        yield made
        for host in HOSTS:
            made.sh(host, "umount /srv/bound; for loop in $(cat /tmp/loops); do losetup -d $loop; done; true")


def old(name: str) -> dict[str, t.Any]:
    """A guest with a small disk of its own."""
    return disk_guest(name, {"size": "3MiB"}, state="stopped")


def gone(*names: str) -> list[dict[str, t.Any]]:
    return [{"name": name, "state": "absent"} for name in names]


def test_a_disk_of_another_guest_stays_however_it_is_spelled(fleet: Fleet) -> None:
    names = [f"old-{name}" for name in SPELLINGS]
    declare(fleet, "domains", config=[old(name) for name in [*names, "old-free"]])
    for host in HOSTS:
        script = f"images={IMAGES}\n{THEIRS}"
        for name, text in SPELLINGS.items():
            script += f"\n( set -e; u=u-{name} file=old-{name}-vda.qcow2\n{text}\n) || echo cannot: {name}"
        said = fleet.sh(host, script)
        assert "cannot" not in said, said
    run = declare(fleet, "domains", config=gone(*names, "old-free"), remove_storage=True)
    for host in HOSTS:
        assert [path for path in paths(run, host) if path != "state"] == ["volume default/old-free-vda.qcow2"]
        left = fleet.sh(host, f"ls {IMAGES}").split()
        assert "old-free-vda.qcow2" not in left
        warned = run.result(host)["warnings"]
        for name in SPELLINGS:
            assert f"old-{name}-vda.qcow2" in left, name
            (why,) = [text for text in warned if f"old-{name}-vda.qcow2 stays" in text]
            assert f"guest u-{name}" in why or name.endswith("-nobody"), why
        assert fleet.sh(host, f"qemu-img check -q {IMAGES}/rel-over.qcow2 && echo whole").split() == ["whole"]
    # Nor does a new guest of that name get such a disk, or let it grow.
    told = "domain {0}: disks[0]: the volume default/{0}-vda.qcow2 is there already, and is used by"
    writing = [name for name in names if name != "old-cdrom"]
    anew = [disk_guest(name, {"size": "8MiB"}, state="stopped") for name in writing]
    refused(fleet, "domains", *map(told.format, writing), config=anew)


def test_volumes_and_pools_that_others_use_stay(fleet: Fleet) -> None:
    for name in ("link-folder", "hard-link", "bind-mount", "overlay-json", "loop", "snapshot"):
        volume = {"name": f"old-{name}-vda.qcow2", "state": "absent"}
        refused(fleet, "volumes", f"volume default/old-{name}-vda.qcow2: state: is used by", config=[volume])
    for host in HOSTS:
        fleet.sh(host, "virsh -q pool-start again")
    refused(
        fleet,
        "volumes",
        "volume again/old-hard-link-vda.qcow2: state: is used by guest u-hard-link",
        config=[{"name": "old-hard-link-vda.qcow2", "pool": "again", "state": "absent"}],
    )
    for config, purge in (([{"name": "default", "state": "absent"}], False), ([], True)):
        failed(fleet, "pools", "pool default: ", "used by guest u-", config=config, purge=purge)
    for host in HOSTS:
        assert {"default", "again"} <= set(fleet.sh(host, "virsh pool-list --name").split())


def test_a_guest_that_is_renamed_in_one_run_keeps_its_disk(fleet: Fleet) -> None:
    new = {
        "file": {"disks": [{"file": f"{IMAGES}/one-vda.qcow2"}]},
        "spelled": {"disks": [{"file": f"{IMAGES}//./two-vda.qcow2"}]},
        "volume": {"disks": [{"volume": "three-vda.qcow2", "pool": "default"}]},
        "backing": {"disks": [{"size": "3MiB", "backing": "four-vda.qcow2"}]},
        "image": {"disks": [{"size": "3MiB", "image": "five-vda.qcow2"}]},
    }
    olds = ["one", "two", "three", "four", "five"]
    config = [{**disk_guest(f"new-{name}"), **options, "state": "stopped"} for name, options in new.items()]
    for purge in (False, True):
        declare(fleet, "domains", config=[old(name) for name in olds])
        items = [*([] if purge else gone(*olds)), *config]
        run = declare(fleet, "domains", config=items, remove_storage=True, purge=purge)
        for host in HOSTS:
            assert not [
                change for change in run.changes(host) if change["after"] == "absent" and "volume" in change["path"]
            ]
            left = fleet.sh(host, f"ls {IMAGES}").split()
            assert {f"{name}-vda.qcow2" for name in olds} <= set(left)
            warned = " ".join(run.result(host)["warnings"])
            for name in olds:
                assert f"{name}-vda.qcow2 stays: it is used by" in warned
        declare(fleet, "domains", config=gone(*(f"new-{name}" for name in new)), remove_storage=True)


def test_a_guest_that_was_renamed_by_hand_is_neither_left_over_nor_new(fleet: Fleet) -> None:
    declare(fleet, "domains", config=[old("rn")])
    for host in HOSTS:
        fleet.sh(host, "virsh -q domrename rn rn-by-hand")
    ways: tuple[dict[str, t.Any], ...] = ({"purge": True, "remove_storage": True}, {})
    for options in ways:
        for check in ([], ["--check"]):
            done = fleet.module("domains", *check, config=[old("rn")], **options)
            for host in HOSTS:
                (result,) = done.results("virtfleet.kvm.domains", host)
                assert "domain rn: define: its UUID is that of the guest rn-by-hand" in result["msg"]
                assert "nothing was changed" not in result["msg"]
                assert result["changes"] == []
                assert fleet.sh(host, "virsh list --all --name").split().count("rn-by-hand") == 1
                assert "rn-vda.qcow2" in fleet.sh(host, f"ls {IMAGES}").split()
    run = declare(fleet, "domains", config=gone("rn"), remove_storage=True)
    for host in HOSTS:
        assert "rn-vda.qcow2 stays: it is used by guest rn-by-hand" in " ".join(run.result(host)["warnings"])
        fleet.sh(host, "virsh -q domrename rn-by-hand rn")
    run = declare(fleet, "domains", config=gone("rn"), remove_storage=True)
    for host in HOSTS:
        assert paths(run, host) == ["state", "volume default/rn-vda.qcow2"]


BROKEN = {
    "read-only": "mount --bind /var/lib/virtfleet /var/lib/virtfleet; mount -o remount,bind,ro /var/lib/virtfleet",
    "full": "cp -a /var/lib/virtfleet /tmp/kept; mount -t tmpfs -o size=128k,mode=0700 full /var/lib/virtfleet;"
    " cp -a /tmp/kept/. /var/lib/virtfleet/; head -c 200k /dev/zero >/var/lib/virtfleet/filler 2>/dev/null;"
    " rm -r /tmp/kept",
    "link": "mv /var/lib/virtfleet /var/lib/elsewhere; ln -s elsewhere /var/lib/virtfleet",
    "open to all": "chmod 0777 /var/lib/virtfleet",
    "a file in its place": "mv /var/lib/virtfleet /var/lib/elsewhere; touch /var/lib/virtfleet",
    "damaged": "cp -a /var/lib/virtfleet /var/lib/elsewhere; truncate -s 100 /var/lib/virtfleet/storage.json",
}
"""How the folder of the list of what was made is broken, as shell scripts."""

MEND = r"""
while umount /var/lib/virtfleet 2>/dev/null; do :; done
[ ! -e /var/lib/elsewhere ] || { rm -rf /var/lib/virtfleet; mv /var/lib/elsewhere /var/lib/virtfleet; }
chmod 0700 /var/lib/virtfleet
"""
"""How all of that is put right."""


@pytest.mark.parametrize("name", list(BROKEN))
def test_nothing_is_made_that_cannot_be_noted(fleet: Fleet, name: str) -> None:
    volume = {"name": "unnoted.raw", "capacity": "1MiB"}
    guest = disk_guest("unnoted", {"size": "1MiB"}, state="stopped")
    pool = {"name": "unnoted", "target": "/srv/unnoted"}
    try:
        for host in HOSTS:
            fleet.sh(host, BROKEN[name])
        for module, item in (("volumes", volume), ("domains", guest), ("pools", pool)):
            refused(fleet, module, "/var/lib/virtfleet", config=[item])
    finally:
        for host in HOSTS:
            fleet.sh(host, MEND)
    for host in HOSTS:
        assert "unnoted" not in fleet.sh(
            host, f"ls {IMAGES} /srv; virsh list --all --name; virsh pool-list --all --name"
        )
    declare(fleet, "volumes", config=[volume])
    declare(fleet, "volumes", config=[{**volume, "state": "absent"}])


def test_the_lock_of_the_list_is_not_waited_for_without_an_end(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, "systemd-run -q --unit holder flock /var/lib/virtfleet/.lock sleep 600")
    try:
        failed(
            fleet, "volumes", "/var/lib/virtfleet/.lock, is held by", config=[{"name": "late.raw", "capacity": "1MiB"}]
        )
        for host in HOSTS:
            assert "late.raw" not in fleet.sh(host, f"ls {IMAGES}").split()
    finally:
        for host in HOSTS:
            fleet.sh(host, "systemctl stop holder")


@pytest.mark.parametrize("held", [False, True])
def test_what_a_run_could_not_delete_goes_only_if_nobody_had_it_since(fleet: Fleet, held: bool) -> None:
    """What is mounted cannot be deleted, so the run ends in between, as if it were killed there."""
    disk = f"{IMAGES}/cut-vda.qcow2"
    declare(fleet, "domains", config=[old("cut")])
    for host in HOSTS:
        fleet.sh(host, f"mount --bind {disk} {disk}")
    try:
        failed(fleet, "domains", "default/cut-vda.qcow2 stays", config=gone("cut"), remove_storage=True)
    finally:
        for host in HOSTS:
            fleet.sh(host, f"umount {disk}")
    for host in HOSTS:
        script = f"""define holder "$(disk "<source file='{disk}'/>")"; virsh -q undefine holder"""
        fleet.sh(host, THEIRS + script if held else "systemctl restart libvirtd")
    run = declare(fleet, "domains", config=gone("cut"), remove_storage=True)
    for host in HOSTS:
        assert paths(run, host) == ([] if held else ["volume default/cut-vda.qcow2"])
        assert ("cut-vda.qcow2" in fleet.sh(host, f"ls {IMAGES}").split()) == held
        warned = " ".join(run.result(host).get("warnings", ()))
        assert ("cut-vda.qcow2 stays: a run that was broken off" in warned) == held
    if held:
        declare(fleet, "volumes", config=[{"name": "cut-vda.qcow2", "state": "absent"}])


MARK = """
python3 - <<'END'
import json
path = "/var/lib/virtfleet/storage.json"
with open(path) as file:
    noted = json.load(file)
facts = noted["qemu:///system"]["volumes"]
for name, more in {entries}.items():
    facts.setdefault("default/" + name, {{}})
    facts["default/" + name].pop("identity", None) if more.pop("lose", None) else None
    facts["default/" + name].update(more, making="process 1 2 another-boot")
with open(path, "w") as file:
    json.dump(noted, file)
END
"""


def test_the_mark_of_a_killed_run_is_resolved_by_what_is_there(fleet: Fleet) -> None:
    names = ["half.qcow2", "taken.qcow2", "anew.qcow2", "named.qcow2", "guests.qcow2"]
    config: list[dict[str, t.Any]] = [{"name": name, "capacity": "1MiB"} for name in names]
    declare(fleet, "volumes", config=config)
    runs = disk_guest("runs", {"file": f"{IMAGES}/guests.qcow2"})
    declare(fleet, "domains", config=[runs])
    for host in HOSTS:
        fleet.report(host, "runs")
        script = """define taken "$(disk "<source file='//var/lib/libvirt/images/taken.qcow2'/>")"
            rm anew.qcow2; qemu-img create -q -f qcow2 anew.qcow2 1M
            qemu-io -c 'write -P 7 0 64k' half.qcow2 >/dev/null"""
        fleet.sh(host, THEIRS + script)
        entries = {name: {"lose": name in ("named.qcow2", "guests.qcow2")} for name in names}
        fleet.sh(host, MARK.format(entries=json.dumps(entries).replace("true", "True").replace("false", "False")))
    before = {host: fleet.sh(host, f"cd {IMAGES}; ls -i {' '.join(names[1:])}") for host in HOSTS}
    run = declare(fleet, "volumes", config=config)
    for host in HOSTS:
        assert [change["resource"] for change in run.changes(host)] == ["volume default/half.qcow2"]
        assert fleet.sh(host, f"cd {IMAGES}; ls -i {' '.join(names[1:])}") == before[host]
        warned = " ".join(run.result(host)["warnings"])
        for name, why in (
            ("taken", "it is used by guest taken"),
            ("anew", "what is there now is another one"),
            ("named", "nothing tells"),
            ("guests", "nothing tells"),
        ):
            assert f"was making the volume default/{name}.qcow2, but {why}" in warned
        noted = json.loads(fleet.sh(host, "cat /var/lib/virtfleet/storage.json"))["qemu:///system"]["volumes"]
        assert {name for name in names if f"default/{name}" in noted} == {"half.qcow2"}
    declare(fleet, "domains", config=gone("runs"))


SNAPSHOT = """
for guest in $(virsh list --name); do
  case $guest in snap-*) virsh -q snapshot-create-as $guest s1 --disk-only >/dev/null && echo $guest;; esac
done
virsh -q pool-refresh default
"""


def test_a_guest_stays_on_its_snapshot(fleet: Fleet) -> None:
    """Running, after it was stopped by hand, and once the snapshot is merged; as a file, a volume, and by size."""
    disks: dict[str, dict[str, t.Any]] = {
        "file": {"file": f"{IMAGES}/snap-file-vda.qcow2"},
        "volume": {"pool": "default", "volume": "snap-volume-vda.qcow2"},
        "size": {"size": "8MiB"},
    }
    declare(fleet, "domains", config=[disk_guest(f"snap-{name}", {"size": "8MiB"}) for name in disks])
    config = [disk_guest(f"snap-{name}", disk) for name, disk in disks.items()]
    for host in HOSTS:
        assert len(fleet.sh(host, SNAPSHOT).split()) == len(disks)
    for stopped in (False, True):
        for host in HOSTS if stopped else ():
            fleet.sh(host, "".join(f"virsh -q destroy snap-{name};" for name in disks))
        run = declare(fleet, "domains", config=config, on_restart_needed="restart")
        for host in HOSTS:
            assert paths(run, host) == (["state"] * len(disks) if stopped else [])
            warned = " ".join(run.result(host)["warnings"])
            for name in disks:
                assert f"stays on {IMAGES}/snap-{name}-vda.s1, which is laid over " in warned
                for which in ("", "--inactive"):
                    assert "vda.s1" in fleet.sh(host, f"virsh domblklist {which} snap-{name}")
    for host in HOSTS:
        merge = "virsh -q blockcommit snap-{0} vda --active --pivot >/dev/null; virsh -q snapshot-delete snap-{0} s1"
        fleet.sh(host, "".join(f"{merge.format(name)} --metadata >/dev/null;" for name in disks))
    run = declare(fleet, "domains", config=config)
    for host in HOSTS:
        assert [path.partition(".")[0] for path in paths(run, host)] == ["disks[0]"] * len(paths(run, host))
        assert "stays on" not in " ".join(run.result(host).get("warnings", []))
    declare(fleet, "domains", config=gone(*(f"snap-{name}" for name in disks)))

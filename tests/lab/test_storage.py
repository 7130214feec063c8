# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools and volumes on real hosts: what is made, what grows, and what is never lost."""

from __future__ import annotations

import hashlib
import json
import typing as t

import fuzz_hosts
import pytest
from fleet import Fleet
from storage_fleet import (
    HOSTS,
    IMAGES,
    KILL,
    STORAGE,
    declare,
    disk_guest,
    failed,
    hosts_with_storage,
    image,
    paths,
    refused,
)

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("storage", tmp_path_factory.mktemp("storage")) as made:
        yield made


def test_a_pool_gets_its_directory_and_keeps_it_without_the_definition(fleet: Fleet) -> None:
    pool = {"name": "made", "target": "/srv/made", "permissions": {"mode": "0750"}}
    run = declare(fleet, "pools", config=[pool])
    for host in HOSTS:
        assert paths(run, host) == ["definition", "autostart", "state"]
        assert fleet.sh(host, "stat -c %a /srv/made").strip() == "750"
        assert "made" in fleet.sh(host, "virsh -q pool-list --autostart --name")
        fleet.sh(host, "echo data >/srv/made/data")
    declare(fleet, "pools", config=[{"name": "made", "state": "inactive", "autostart": False}])
    declare(fleet, "pools", config=[{"name": "made", "state": "absent"}])
    for host in HOSTS:
        assert "made" not in fleet.sh(host, "virsh -q pool-list --all --name")
        assert fleet.sh(host, "cat /srv/made/data").strip() == "data"


def test_an_active_pool_takes_another_definition_when_it_starts_anew(fleet: Fleet) -> None:
    declare(fleet, "pools", config=[{"name": "moving", "target": "/srv/from"}])
    run = declare(fleet, "pools", config=[{"name": "moving", "target": "/srv/to"}])
    for host in HOSTS:
        assert run.result(host)["pending_restart"][0]["paths"] == ["target"]
    moved = fleet.module("pools", config=[{"name": "moving", "target": "/srv/to"}], on_restart_needed="restart")
    assert moved.code == 0, moved.output
    for host in HOSTS:
        assert "/srv/to" in fleet.sh(host, "virsh pool-dumpxml moving")
    assert not fleet.module("pools", config=[{"name": "moving", "target": "/srv/to"}]).changed
    declare(fleet, "pools", config=[{"name": "moving", "state": "absent"}])


def test_a_device_is_formatted_only_where_that_is_said_and_only_if_blank(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(
            host,
            "command -v mkfs.ext4 >/dev/null || apt-get -qq install -y --no-install-recommends e2fsprogs >/dev/null;"
            " [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237;"
            " rm -f /root/blank.img; truncate -s 64M /root/blank.img;"
            " free=$(losetup -f | cut -d' ' -f1); [ -e $free ] || mknod $free b 7 ${free#/dev/loop};"
            " losetup $free /root/blank.img && ln -sf $free /dev/blank",
        )
    pool = {
        "name": "disk",
        "type": "fs",
        "source": {"devices": ["/dev/blank"], "format": "ext4"},
        "target": "/srv/disk",
    }
    try:
        failed(fleet, "pools", "pool disk: start:", "'build: format' makes what is missing", config=[pool])
        for host in HOSTS:
            assert not fleet.sh(host, "blkid /dev/blank || true").strip()
        run = fleet.module("pools", config=[{**pool, "build": "format"}])
        assert run.code == 0, run.output
        for host in HOSTS:
            assert "/srv/disk" in fleet.sh(host, "findmnt -n /srv/disk")
            fleet.sh(host, "echo data >/srv/disk/data")
        # What holds data is used as it is, also by a host that never saw it before.
        declare(fleet, "pools", config=[{"name": "disk", "state": "absent"}])
        declare(fleet, "pools", config=[{**pool, "build": "format"}])
        for host in HOSTS:
            assert fleet.sh(host, "cat /srv/disk/data").strip() == "data"
        declare(fleet, "pools", config=[{"name": "disk", "state": "absent"}])
        # And nothing else than what is asked for is ever put over what is there.
        for host in HOSTS:
            fleet.sh(host, "wipefs -qa /dev/blank; mkswap -q /dev/blank")
        other = {**pool, "build": "format", "name": "other"}
        failed(fleet, "pools", "pool other: start:", "Only blank devices", config=[other])
        for host in HOSTS:
            assert "swap" in fleet.sh(host, "blkid /dev/blank")
    finally:
        fleet.module("pools", config=[{"name": name, "state": "absent"} for name in ("disk", "other")])
        for host in HOSTS:
            fleet.sh(host, "losetup -d $(readlink /dev/blank)")


VOLUMES: list[dict[str, t.Any]] = [
    {"name": "base.qcow2", "capacity": "1GiB"},
    {"name": "over.qcow2", "capacity": "2GiB", "backing": {"volume": "base.qcow2"}},
    {"name": "plain.raw", "capacity": "10MiB", "permissions": {"mode": "0640", "owner": 0, "group": 0}},
    {"name": "sparse", "capacity": "5GiB", "allocation": 0},
    {"name": "clone.qcow2", "clone_from": "base.qcow2", "capacity": "3GiB"},
    {"name": "image.raw", "image": "/root/web/image.qcow2", "capacity": "32MiB"},
    {"name": "old.qcow2", "capacity": "1MiB", "compat": "0.10"},
    {"name": "clusters.qcow2", "capacity": "1MiB", "cluster_size": "128KiB", "lazy_refcounts": True},
]


def test_volumes_of_all_kinds(fleet: Fleet) -> None:
    run = declare(fleet, "volumes", config=VOLUMES)
    for host in HOSTS:
        assert len(run.changes(host)) == len(VOLUMES)
        over = image(fleet, host, f"{IMAGES}/over.qcow2")
        assert (over["virtual-size"], over["backing-filename"]) == (2 * 1024**3, f"{IMAGES}/base.qcow2")
        assert image(fleet, host, f"{IMAGES}/clone.qcow2")["virtual-size"] == 3 * 1024**3
        raw = image(fleet, host, f"{IMAGES}/image.raw")
        assert (raw["format"], raw["virtual-size"]) == ("raw", 32 * 1024**2)
        fleet.sh(host, f"qemu-io -r -f raw -c 'read -P 7 0 4M' {IMAGES}/image.raw | grep -vq failed")
        assert fleet.sh(host, f"stat -c %a {IMAGES}/plain.raw").strip() == "640"
        assert int(fleet.sh(host, f"stat -c %b {IMAGES}/sparse")) == 0
        assert image(fleet, host, f"{IMAGES}/clusters.qcow2")["cluster-size"] == 128 * 1024
        assert ".virtfleet" not in fleet.sh(host, f"ls -A {IMAGES}")


def test_an_empty_volume_is_as_libvirt_makes_it(fleet: Fleet) -> None:
    """It is made by our own means, so that the next run knows whose it is if this one is killed (see storage_blank)."""
    fuzz_hosts.bring(fleet, HOSTS)
    for host in HOSTS:
        results = fuzz_hosts.run(fleet, host, "blanks.py", timeout=300)
        assert len(results) > 20
        assert not [result for result in results if any(result["failed"]) or result["differs"]]


def test_a_volume_grows_and_never_shrinks_nor_becomes_another(fleet: Fleet) -> None:
    volume = {"name": "grow.qcow2", "capacity": "1GiB"}
    declare(fleet, "volumes", config=[volume])
    run = declare(fleet, "volumes", config=[{**volume, "capacity": "1.5GiB"}])
    for host in HOSTS:
        assert [(change["path"], change["before"], change["after"]) for change in run.changes(host)] == [
            ("capacity", "1GiB", "1536MiB")
        ]
        assert image(fleet, host, f"{IMAGES}/grow.qcow2")["virtual-size"] == 1536 * 1024**2
    for options, words in (
        ({"capacity": "1GiB"}, ("capacity: is 1536MiB", "only grows")),
        ({"format": "raw"}, ("format: is qcow2 and cannot be changed to raw",)),
        ({"backing": {"volume": "old.qcow2"}}, ("backing.path: is null and cannot become",)),
    ):
        refused(fleet, "volumes", "volume default/grow.qcow2", *words, config=[{"name": "grow.qcow2", **options}])


def test_what_libvirt_has_not_seen_yet_is_seen(fleet: Fleet) -> None:
    """A file that was put there by hand is there, and one that was deleted by hand is not."""
    for host in HOSTS:
        fleet.sh(host, f"qemu-img create -q -f qcow2 {IMAGES}/byhand.qcow2 1M")
    run = fleet.module("volumes", config=[{"name": "byhand.qcow2", "capacity": "1MiB"}])
    assert run.code == 0, run.output
    assert not run.changed
    for host in HOSTS:
        fleet.sh(host, f"rm {IMAGES}/byhand.qcow2")
    done = declare(fleet, "volumes", config=[{"name": "byhand.qcow2", "capacity": "1MiB"}])
    assert paths(done, "kvm01") == ["definition"]


def test_a_download_that_fails_leaves_nothing_and_touches_nothing(fleet: Fleet) -> None:
    good = "sha256:" + fleet.sh("kvm01", "sha256sum /root/web/image.qcow2").split()[0]
    other = "sha256:" + fleet.sh("kvm02", "sha256sum /root/web/image.qcow2").split()[0]
    bad = "sha256:" + hashlib.sha256(b"another").hexdigest()
    volume = {"name": "web.qcow2"}
    before = {host: fleet.sh(host, STORAGE) for host in HOSTS}
    web = "http://127.0.0.1:8080"
    for options, word in (
        ({"image": f"{web}/image", "checksum": bad}, "it is damaged, or another one"),
        ({"image": f"{web}/short"}, "broke off"),
        ({"image": "http://127.0.0.1:1/none"}, "cannot be fetched"),
        ({"image": "/root/web/image.qcow2", "checksum": bad}, "it is damaged, or another one"),
        ({"image": "/root/web/none.qcow2"}, "none.qcow2"),
        ({"image": f"{web}/image", "capacity": "1MiB"}, "more than its capacity"),
    ):
        failed(fleet, "volumes", "volume default/web.qcow2", word, config=[{**volume, **options}])
        assert {host: fleet.sh(host, STORAGE) for host in HOSTS} == before
    assert good == other or good[:7] == other[:7]
    for host, checksum in (("kvm01", good), ("kvm02", other)):
        config = [{**volume, "image": f"{web}/image", "checksum": checksum, "capacity": "64MiB"}]
        run = fleet.module("volumes", config=config, hosts=host)
        assert run.code == 0, run.output
        assert image(fleet, host, f"{IMAGES}/web.qcow2")["virtual-size"] == 64 * 1024**2
        text = fleet.sh(host, f"sha256sum {IMAGES}/web.qcow2")
        again = fleet.module("volumes", config=[{**config[0], "checksum": bad}], hosts=host)
        assert again.code == 0, again.output
        assert fleet.sh(host, f"sha256sum {IMAGES}/web.qcow2") == text


def test_a_run_that_is_killed_leaves_nothing_that_counts(fleet: Fleet) -> None:
    config = [{"name": "slow.qcow2", "image": "http://127.0.0.1:8080/slow"}]
    play = [{"hosts": "kvm_hosts", "gather_facts": False, "tasks": [{"virtfleet.kvm.volumes": {"config": config}}]}]
    play[0]["tasks"][0].update({"async": 60, "poll": 0})  # type: ignore[index]
    path = fleet.folder / "slow.yml"
    path.write_text(json.dumps(play), encoding="utf-8")
    assert fleet.play(str(path)).code == 0
    for host in HOSTS:
        fleet.wait(lambda host=host: ".part" in fleet.sh(host, f"ls -A {IMAGES}"))
    failed(fleet, "volumes", "is making the volume default/slow.qcow2", config=config)
    for host in HOSTS:
        fleet.sh(host, KILL)
        assert ".virtfleet-slow" in fleet.sh(host, f"ls -A {IMAGES}")
    config[0]["image"] = "http://127.0.0.1:8080/image"
    declare(fleet, "volumes", config=config)
    for host in HOSTS:
        assert ".virtfleet" not in fleet.sh(host, f"ls -A {IMAGES}")


def test_a_full_pool_is_said_and_the_next_run_succeeds(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, "mkdir -p /srv/small && mount -t tmpfs -o size=12m tmpfs /srv/small")
    declare(fleet, "pools", config=[{"name": "small", "target": "/srv/small"}])
    small = [
        {"name": "a.raw", "pool": "small", "capacity": "32MiB", "allocation": "32MiB"},
        {"name": "b.qcow2", "pool": "small", "image": "/root/web/image.qcow2"},
        {"name": "c.raw", "pool": "small", "clone_from": "default/full.raw"},
        {"name": "d.qcow2", "pool": "small", "capacity": "1MiB"},
    ]
    for host in HOSTS:
        fleet.sh(host, f"head -c 30M /dev/urandom >{IMAGES}/full.raw")
    run = fleet.module("volumes", config=small)
    assert run.code != 0
    for host in HOSTS:
        (result,) = run.results("virtfleet.kvm.volumes", host)
        assert [failure["volume"] for failure in result["failures"]] == ["small/a.raw", "small/c.raw"]
        for failure in result["failures"]:
            assert "no space left in /srv/small" in failure["problem"]
        assert fleet.sh(host, "ls -A /srv/small").split() == ["b.qcow2", "d.qcow2"]
        fleet.sh(host, "mount -o remount,size=120m /srv/small")
    declare(fleet, "volumes", config=small)
    declare(fleet, "volumes", config=[{"name": item["name"], "pool": "small", "state": "absent"} for item in small])
    declare(fleet, "pools", config=[{"name": "small", "state": "absent"}])
    for host in HOSTS:
        fleet.sh(host, f"umount /srv/small; rm {IMAGES}/full.raw")


def test_hostile_names_are_refused(fleet: Fleet) -> None:
    names = ("../x", "a/b", "..", "-x", "a\nb", ".hidden")
    refused(
        fleet,
        "volumes",
        *(f"name: {name!r} is not a safe name" for name in names),
        "name: has the character U+001F at place 2, which no definition can hold; leave it out",
        config=[{"name": name, "capacity": "1MiB"} for name in (*names, "a\x1fb")],
    )
    refused(fleet, "pools", "is not a safe name", config=[{"name": "../x", "target": "/srv/x"}])
    odd = [{"name": "<&> ä'\"$(id).raw", "capacity": "1MiB"}]
    declare(fleet, "volumes", config=odd)
    declare(fleet, "volumes", config=[{**odd[0], "capacity": None, "state": "absent"}])


def test_a_thousand_volumes_that_are_there(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(
            host,
            "mkdir -p /srv/many && cd /srv/many && qemu-img create -q -f qcow2 0.qcow2 1M &&"
            " for i in $(seq 1 999); do cp 0.qcow2 $i.qcow2; done",
        )
    declare(fleet, "pools", config=[{"name": "many", "target": "/srv/many"}])
    many = [{"name": f"{number}.qcow2", "pool": "many", "capacity": "1MiB"} for number in range(1000)]
    run = fleet.module("volumes", config=many)
    assert run.code == 0, run.output
    assert not run.changed


SITE = {
    "kvm_pools": [{"name": "default"}, {"name": "site", "target": "/srv/site"}],
    "kvm_volumes": [{"name": "small", "pool": "site", "format": "qcow2", "image": "/root/web/image.qcow2"}],
}


def test_the_playbook_of_storage(fleet: Fleet) -> None:
    fleet.declare(SITE)
    said = fleet.play("virtfleet.kvm.storage", "--check", "--diff")
    assert said.code == 0, said.output
    first = fleet.play("virtfleet.kvm.storage")
    assert first.code == 0, first.output
    second = fleet.play("virtfleet.kvm.storage")
    for host in HOSTS:
        assert said.changes(host) == first.changes(host)
        assert "volume site/small" in [change["resource"] for change in first.changes(host)]
    assert second.code == 0, second.output
    assert not second.changed
    fleet.declare({"kvm_pools": [{"name": "bad", "taget": "/srv/bad"}]})
    bad = fleet.play("virtfleet.kvm.storage")
    assert bad.code != 0
    assert "hosts kvm01, kvm02: pool bad: taget: no such option; did you mean 'target'?" in bad.output
    fleet.declare({})


KEY: dict[str, t.Any] = {"name": "/srv/lab.key", "usage": "volume", "value": "t0p-s3cret", "private": True}
LUKS = {"format": "luks", "secret": {"usage": KEY["name"]}}
ENCRYPTED: list[dict[str, t.Any]] = [
    {"name": "luks.raw", "capacity": "4MiB", "encryption": LUKS},
    {"name": "luks.qcow2", "capacity": "4MiB", "encryption": {**LUKS, "cipher": {"name": "aes", "size": 256}}},
]


def test_an_encrypted_volume_keeps_its_secret(fleet: Fleet) -> None:
    """libvirt forgets which secret that is as soon as it looks through the pool anew."""
    gone = {"name": KEY["name"], "state": "absent"}
    refused(fleet, "volumes", "encryption.secret: refers to a secret that libvirt does not have", config=ENCRYPTED)
    declare(fleet, "secrets", config=[KEY])
    declare(fleet, "volumes", config=ENCRYPTED)
    for host in HOSTS:
        fleet.sh(host, "virsh -q pool-refresh default")
        assert KEY["name"] not in fleet.sh(host, "virsh vol-dumpxml luks.raw default")
    assert not fleet.module("volumes", config=ENCRYPTED).changed
    larger = [{**item, "capacity": "8MiB"} for item in ENCRYPTED]
    refused(fleet, "volumes", "capacity: it is encrypted, and libvirt makes such a volume larger only", config=larger)
    refused(fleet, "secrets", "state: is used by volume default/luks.qcow2", config=[gone])
    refused(fleet, "secrets", "used by volume default/luks.qcow2", config=[], purge=True)
    declare(fleet, "volumes", config=[{"name": item["name"], "state": "absent"} for item in ENCRYPTED])
    declare(fleet, "secrets", config=[], purge=True)


def test_a_disk_that_is_encrypted_is_made_so_and_grows(fleet: Fleet) -> None:
    declare(fleet, "secrets", config=[KEY])
    encryption = {"format": "luks", "secrets": [{"usage": KEY["name"]}]}
    for size in (4, 8):
        disk = {"size": f"{size}MiB", "encryption": encryption}
        disks = [{**disk, "format": form} for form in ("raw", "qcow2")]
        declare(fleet, "domains", config=[disk_guest("luks", *disks, state="running")])
        for host in HOSTS:
            for name, form in (("luks-vda.raw", "luks"), ("luks-vdb.qcow2", "qcow2")):
                found = image(fleet, host, f"{IMAGES}/{name}")
                assert (found["format"], found["virtual-size"], found["encrypted"]) == (form, size * 1024**2, True)
    refused(fleet, "secrets", "state: is used by guest luks", config=[{"name": KEY["name"], "state": "absent"}])
    run = fleet.module(
        "domains", config=[{"name": "luks", "state": "absent"}], remove_storage=True, force_shutdown=True
    )
    assert run.code == 0, run.output
    declare(fleet, "secrets", config=[], purge=True)


def test_a_secret_that_only_a_snapshot_names_stays(fleet: Fleet) -> None:
    secret = {"name": "client.lab", "usage": "ceph", "value_base64": "AQIDBA=="}
    source = {
        "name": "images/x",
        "hosts": [{"name": "ceph.example.com"}],
        "auth": {"username": "lab", "type": "ceph", "usage": "client.lab"},
    }
    declare(fleet, "secrets", config=[secret])
    guest = disk_guest("past", {"protocol": "rbd", "format": "raw", "source": source}, state="stopped")
    declare(fleet, "domains", config=[guest])
    for host in HOSTS:
        fleet.sh(
            host,
            "(echo '<domainsnapshot><name>s1</name><state>shutoff</state><creationTime>1</creationTime>';"
            " virsh dumpxml past; echo '</domainsnapshot>') >/root/s1.xml;"
            " virsh -q snapshot-create past /root/s1.xml --redefine",
        )
    declare(fleet, "domains", config=[{**guest, "disks": []}])
    words = "state: is used by guest past (snapshot s1)"
    refused(fleet, "secrets", words, config=[{"name": "client.lab", "state": "absent"}])
    for host in HOSTS:
        fleet.sh(host, "virsh -q snapshot-delete past s1 --metadata; virsh -q undefine past")
    declare(fleet, "secrets", config=[{"name": "client.lab", "state": "absent"}])

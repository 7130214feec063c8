# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is put on another file or volume, or comes to a guest from another: by its format, which nobody loses."""

from __future__ import annotations

import json
import typing as t

import pytest
from fleet import Fleet
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, hosts_with_storage, paths, refused

pytestmark = pytest.mark.long

CANARY = "/etc/canary"
HEADER = (
    "qemu-img create -q -u -f qcow2 -F raw -b {canary} /run/header 3M"
    " && dd if=/run/header of={path} conv=notrunc status=none"
)
"""Writes what a guest can write into its raw disk: a header that names a file of the host."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("diskformats", tmp_path_factory.mktemp("diskformats")) as made:
        for host in HOSTS:
            made.sh(host, f"echo a file of the host >{CANARY}")
        yield made


def drivers(fleet: Fleet, host: str, name: str) -> list[str]:
    """The formats of a guest's disks, as its definition says."""
    found = fleet.sh(host, f"virsh dumpxml --inactive {name} | grep -o \"<driver name='qemu' type='[a-z0-9]*\"")
    return [line.rpartition("'")[2] for line in found.splitlines()]


def opened(fleet: Fleet, host: str) -> str:
    """The files that QEMU has open."""
    return fleet.sh(host, "for p in $(pidof qemu-system-x86_64); do ls -l /proc/$p/fd; done 2>/dev/null; true")


def test_a_disk_that_is_exchanged_is_not_destroyed(fleet: Fleet) -> None:
    """A guest with a raw disk gets the qcow2 of another one that goes."""
    declare(
        fleet,
        "domains",
        config=[
            disk_guest("a", {"size": "3MiB", "format": "raw"}, state="stopped"),
            disk_guest("b", {"size": "3MiB"}, state="stopped"),
        ],
    )
    for host in HOSTS:
        fleet.sh(host, f"qemu-io -f qcow2 -c 'write -P 7 0 1M' {IMAGES}/b-vda.qcow2 >/dev/null")
    put = disk_guest("a", {"file": f"{IMAGES}/b-vda.qcow2"})
    run = declare(fleet, "domains", config=[put, {"name": "b", "state": "absent"}], remove_storage=True)
    for host in HOSTS:
        assert {"disks[0].file", "disks[0].format"} <= set(paths(run, host))
        assert drivers(fleet, host, "a") == ["qcow2"]
    declare(fleet, "domains", config=[{**put, "state": "stopped"}])
    for host in HOSTS:
        fleet.sh(host, f"qemu-img check -q -f qcow2 {IMAGES}/b-vda.qcow2")
        read = fleet.sh(host, f"qemu-io -r -f qcow2 -c 'read -P 7 0 1M' {IMAGES}/b-vda.qcow2")
        assert "verification failed" not in read
    # And back onto the raw one, by its volume.
    run = declare(fleet, "domains", config=[disk_guest("a", {"volume": "a-vda.raw"}, state="stopped")])
    for host in HOSTS:
        assert drivers(fleet, host, "a") == ["raw"]
    declare(fleet, "domains", config=[{"name": "a", "state": "absent"}], remove_storage=True)


def test_the_name_of_a_volume_is_not_believed_before_what_was_noted(fleet: Fleet) -> None:
    """The guest before wrote a header into its raw disk, whose name ends like that of a qcow2."""
    made = [{"name": "data", "capacity": "30MiB", "format": "qcow2"}]
    declare(fleet, "volumes", config=made)
    declare(
        fleet,
        "domains",
        config=[disk_guest("w", {"size": "3MiB", "volume": "x.qcow2", "format": "raw"}, state="stopped")],
    )
    for host in HOSTS:
        fleet.sh(host, HEADER.format(canary=CANARY, path=f"{IMAGES}/x.qcow2"))
        fleet.sh(host, "virsh -q pool-refresh default")
    reads = disk_guest("r", {"volume": "x.qcow2"}, {"volume": "data"})
    declare(fleet, "domains", config=[{"name": "w", "state": "absent"}, reads])
    for host in HOSTS:
        assert drivers(fleet, host, "r") == ["raw", "qcow2"]
        assert "x.qcow2" in opened(fleet, host)
        assert CANARY not in opened(fleet, host)
    wrong = [disk_guest("s", {"file": f"{IMAGES}/x.qcow2", "format": "qcow2"}, state="stopped")]
    refused(fleet, "domains", "domain s: disks[0].format:", "is raw, as it was made, and not qcow2", config=wrong)
    declare(fleet, "domains", config=[{"name": "r", "state": "absent"}], remove_storage=True)


def test_a_header_in_a_file_that_nobody_noted(fleet: Fleet) -> None:
    for host in HOSTS:
        for name in ("c-vda.raw", "d.raw"):
            fleet.sh(host, f"truncate -s 3M {IMAGES}/{name}; " + HEADER.format(canary=CANARY, path=f"{IMAGES}/{name}"))
        fleet.sh(host, "virsh -q pool-refresh default")
    words = ("domain c: disks[0].format:", "nobody noted")
    for given in ({"size": "3MiB", "volume": "c-vda.raw"}, {"volume": "c-vda.raw"}, {"file": f"{IMAGES}/c-vda.raw"}):
        refused(fleet, "domains", *words, config=[disk_guest("c", given)])
    declare(fleet, "domains", config=[disk_guest("c", {"size": "5MiB", "volume": "c-vda.raw", "format": "raw"})])
    grown = {"name": "d.raw", "capacity": "5MiB"}
    refused(fleet, "volumes", "volume default/d.raw: format: nobody noted", config=[grown])
    declare(fleet, "volumes", config=[{**grown, "format": "raw"}])
    for host in HOSTS:
        assert drivers(fleet, host, "c") == ["raw"]
        assert CANARY not in opened(fleet, host)
        assert fleet.sh(host, f"stat -c %s {IMAGES}/c-vda.raw {IMAGES}/d.raw").split() == [str(5 * 1024**2)] * 2
    declare(fleet, "domains", config=[{"name": "c", "state": "absent"}])


def test_what_the_definition_says_of_the_old_image_goes_with_it(fleet: Fleet) -> None:
    """A guest that was defined by hand: its disk is a part of a file, or an image over another."""
    hand = """
    qemu-img create -q -f raw /srv/part.raw 4M; qemu-img create -q -f raw /srv/base.raw 4M
    qemu-img create -q -f qcow2 -b /srv/base.raw -F raw /srv/over.qcow2; qemu-img create -q -f raw /srv/new.raw 4M
    qemu-img create -q -f qcow2 /srv/new.qcow2 4M
    cat >/run/h.xml <<'END'
    <domain type='qemu'><name>h</name><memory unit='MiB'>32</memory><os><type>hvm</type></os><devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/srv/part.raw'>
    <slices><slice type='storage' offset='1048576' size='1048576'/></slices></source>
    <target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/over.qcow2'/>
    <backingStore type='file'><format type='raw'/><source file='/srv/base.raw'/><backingStore/></backingStore>
    <target dev='vdb' bus='virtio'/></disk></devices></domain>
END
    virsh -q define /run/h.xml
    """
    for host in HOSTS:
        fleet.sh(host, hand)
    disks = [{"target": "vda", "file": "/srv/new.raw"}, {"target": "vdb", "file": "/srv/new.qcow2"}]
    declare(fleet, "domains", config=[{"name": "h", "disks": disks, "state": "stopped"}])
    for host in HOSTS:
        text = fleet.sh(host, "virsh dumpxml --inactive h")
        assert "slice" not in text
        assert "base.raw" not in text
        assert drivers(fleet, host, "h") == ["raw", "qcow2"]
        assert json.loads(fleet.sh(host, "qemu-img info --output json /srv/new.qcow2"))["format"] == "qcow2"
    declare(fleet, "domains", config=[{"name": "h", "state": "absent"}])

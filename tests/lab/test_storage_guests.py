# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests' disks that are made as volumes: they grow, come while the guest runs, and go only when asked."""

from __future__ import annotations

import json
import typing as t

import pytest
from fleet import Fleet
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, hosts_with_storage, paths, refused

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("storageguests", tmp_path_factory.mktemp("storageguests")) as made:
        yield made


def test_a_guest_gets_its_disks_by_size_and_sees_them_grow(fleet: Fleet) -> None:
    declare(fleet, "pools", config=[{"name": "fast", "target": "/srv/fast"}])
    disks = [{"size": "64MiB", "image": "base.qcow2"}, {"size": "32MiB", "pool": "fast", "format": "raw"}]
    declare(fleet, "volumes", config=[{"name": "seed.qcow2", "capacity": "16MiB"}])
    disks[0]["image"] = "seed.qcow2"
    declare(fleet, "domains", config=[disk_guest("db", *disks)])
    for host in HOSTS:
        lines = fleet.report(host, "db")
        assert {f"disk vda {64 * 1024**2}", f"disk vdb {32 * 1024**2}"} <= set(lines)
        listed = fleet.sh(host, "virsh -q domblklist db").split()
        assert [listed[1], listed[3]] == [f"{IMAGES}/db-vda.qcow2", "/srv/fast/db-vdb.raw"]
    disks[0]["size"], disks[1]["size"] = "128MiB", "48MiB"
    run = declare(fleet, "domains", config=[disk_guest("db", *disks)])
    for host in HOSTS:
        assert [(change["path"], change["live"]) for change in run.changes(host)] == [
            ("disks[0].size", True),
            ("disks[1].size", True),
        ]
        want = {f"disk vda {128 * 1024**2}", f"disk vdb {48 * 1024**2}"}
        fleet.wait(lambda host=host, want=want: want <= set(fleet.report(host, "db")))
    refused(
        fleet, "domains", "domain db: disks[0].size: is 128MiB", config=[disk_guest("db", {"size": "1MiB"}, disks[1])]
    )
    refused(
        fleet,
        "domains",
        "domain db: disks[1].pool",
        config=[disk_guest("db", disks[0], {"size": "48MiB", "pool": "default"})],
    )
    refused(
        fleet,
        "volumes",
        "volume default/db-vda.qcow2: state: is used by guest db",
        config=[{"name": "db-vda.qcow2", "state": "absent"}],
    )
    # A volume that a guest runs with grows through the guest, also when it is declared by itself.
    declare(fleet, "volumes", config=[{"name": "db-vda.qcow2", "capacity": "192MiB"}])
    for host in HOSTS:
        line = f"disk vda {192 * 1024**2}"
        fleet.wait(lambda host=host, line=line: line in fleet.report(host, "db"))


def test_a_disk_comes_to_a_running_guest(fleet: Fleet) -> None:
    disks = [{"size": "192MiB"}, {"size": "48MiB", "pool": "fast", "format": "raw"}, {"size": "8MiB", "target": "vdc"}]
    run = declare(fleet, "domains", config=[disk_guest("db", *disks)])
    for host in HOSTS:
        assert paths(run, host) == ["disks[2].volume", "disks[2]"]
        line = f"disk vdc {8 * 1024**2}"
        fleet.wait(lambda host=host, line=line: line in fleet.report(host, "db"))


def test_the_confinement_of_a_guest_lets_it_have_its_disks(fleet: Fleet) -> None:
    """AppArmor allows the files that the definition names, and knows nothing of pools."""
    for host in HOSTS:
        text = fleet.sh(
            host,
            "virsh dumpxml --inactive db >/run/db.xml;"
            " /usr/lib/libvirt/virt-aa-helper -d -c -u libvirt-$(virsh domuuid db) </run/db.xml 2>&1",
        )
        assert f"{IMAGES}/db-vda.qcow2" in text
        assert "/srv/fast/db-vdb.raw" in text


def test_storage_goes_with_a_guest_only_when_asked_and_only_its_own(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, f"qemu-img create -q -f raw {IMAGES}/foreign.raw 1M; cp {IMAGES}/foreign.raw {IMAGES}/tools.iso")
    declare(
        fleet,
        "volumes",
        config=[{"name": "data.raw", "capacity": "1MiB"}, {"name": "golden.qcow2", "capacity": "8MiB"}],
    )
    app = disk_guest(
        "app",
        {"target": "vda", "size": "8MiB", "backing": "golden.qcow2"},
        {"target": "vdb", "file": f"{IMAGES}/foreign.raw"},
        {"target": "vdc", "size": "1MiB", "volume": "shared.qcow2"},
        {"target": "vdd", "file": f"{IMAGES}/golden.qcow2"},
        {"target": "vde", "file": f"{IMAGES}/data.raw"},
        {"target": "sda", "device": "cdrom", "file": f"{IMAGES}/tools.iso"},
        state="stopped",
    )
    other = disk_guest("other", {"target": "vda", "file": f"{IMAGES}/shared.qcow2", "readonly": True}, state="stopped")
    over = {"name": "over-golden.qcow2", "backing": {"volume": "golden.qcow2"}}
    declare(fleet, "domains", config=[app, other])
    declare(fleet, "volumes", config=[over])
    declare(fleet, "domains", config=[{"name": "app", "state": "absent"}])
    for host in HOSTS:
        assert "app-vda.qcow2" in fleet.sh(host, f"ls {IMAGES}")
    declare(fleet, "domains", config=[app])
    run = declare(fleet, "domains", config=[{"name": "app", "state": "absent"}], remove_storage=True)
    for host in HOSTS:
        assert paths(run, host) == ["state", "volume default/app-vda.qcow2"]
        left = fleet.sh(host, f"ls {IMAGES}").split()
        assert "app-vda.qcow2" not in left
        assert {"foreign.raw", "shared.qcow2", "data.raw", "golden.qcow2", "over-golden.qcow2", "tools.iso"} <= set(
            left
        )
        warned = " ".join(run.result(host)["warnings"])
        assert "foreign.raw stays: this collection did not make it" in warned
        assert "shared.qcow2 stays: it is used by guest other" in warned
        for name in ("data.raw", "golden.qcow2"):
            assert f"{name} stays: it was declared as a volume of its own" in warned
        assert "tools.iso" not in warned


def test_storage_that_was_left_behind_stays_until_it_is_named(fleet: Fleet) -> None:
    """Another guest may have had it since."""
    late = disk_guest("late", {"size": "1MiB"}, state="stopped")
    declare(fleet, "domains", config=[late])
    declare(fleet, "domains", config=[{"name": "late", "state": "absent"}])
    run = declare(fleet, "domains", config=[{"name": "late", "state": "absent"}], remove_storage=True)
    for host in HOSTS:
        assert paths(run, host) == []
        (warned,) = [text for text in run.result(host)["warnings"] if "late-vda.qcow2" in text]
        assert "does not have it any more; where nobody needs it, delete the volume with state: absent" in warned
    run = declare(fleet, "volumes", config=[{"name": "late-vda.qcow2", "state": "absent"}])
    for host in HOSTS:
        assert paths(run, host) == ["state"]


def test_what_the_host_notes_is_whole_and_private(fleet: Fleet) -> None:
    for host in HOSTS:
        assert fleet.sh(host, "stat -c '%a %U' /var/lib/virtfleet/storage.json").split() == ["600", "root"]
        noted = json.loads(fleet.sh(host, "cat /var/lib/virtfleet/storage.json"))["qemu:///system"]
        assert "default" in noted["pools"]
        assert noted["volumes"]["default/db-vda.qcow2"]["guest"] == "db"


def test_the_name_of_a_volume_tells_the_format_of_a_new_disk_and_one_that_is_there_keeps_its_own(fleet: Fleet) -> None:
    there = [{"name": "noend", "capacity": "8MiB"}, {"name": "old.raw", "capacity": "8MiB", "format": "qcow2"}]
    declare(fleet, "volumes", config=there)
    # QEMU shares no other than a raw disk with writers, and would not start the guest.
    shared: dict[str, t.Any] = {"size": "8MiB", "volume": "sh.raw", "shareable": True}
    disks = [shared, *({"size": "8MiB", "volume": name} for name in ("noend", "old.raw", "new"))]
    declare(fleet, "domains", config=[disk_guest("ends", *disks)])
    for host in HOSTS:
        info = "for file in sh.raw noend old.raw new; do qemu-img info -U $file | grep '^file format'; done"
        formats = fleet.sh(host, f"cd {IMAGES}; {info}").split()[2::3]
        drivers = fleet.sh(host, "virsh dumpxml ends | grep -o \"<driver name='qemu' type='[a-z0-9]*\"").split("type='")
        assert formats == [driver.split()[0] for driver in drivers[1:]] == ["raw", "raw", "qcow2", "qcow2"]
    wrong = {"size": "8MiB", "shareable": True}
    refused(fleet, "domains", "domain more: disks[0].shareable: only a raw", config=[disk_guest("more", wrong)])
    declare(fleet, "domains", config=[{"name": "ends", "state": "absent"}], remove_storage=True)

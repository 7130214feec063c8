# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles/guests/README.md says of disks that are there, step by step; and guests that are saved."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, hosts_with_storage, image, paths

pytestmark = pytest.mark.long

SERVED = "http://127.0.0.1:8080/image"
STOP: dict[str, t.Any] = {"force_shutdown": True, "shutdown_timeout": 1}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("disksthere", tmp_path_factory.mktemp("there")) as made:
        yield made


def off(name: str, *disks: dict[str, t.Any]) -> dict[str, t.Any]:
    return disk_guest(name, *disks, state="stopped")


def source(fleet: Fleet, host: str, name: str) -> list[str]:
    """What a guest has as disks."""
    return fleet.sh(host, f"virsh -q domblklist {name} | awk '{{print $2}}'").split()


def test_a_new_disk_from_a_new_image(fleet: Fleet) -> None:
    disk = {"image": SERVED}
    declare(fleet, "domains", config=[off("new", disk)])
    for host in HOSTS:
        fleet.sh(host, "qemu-io -c 'write -P 9 0 1M' /root/web/image.qcow2 >/dev/null")
    assert declare(fleet, "domains", config=[off("new", {"image": f"{SERVED}?new"})]).changes("kvm01") == []
    run = declare(fleet, "domains", config=[off("new")])
    told = "its volume default/new-vda.qcow2 stays"
    for host in HOSTS:
        assert [told in line for line in run.result(host)["warnings"]] == [True]
    declare(fleet, "volumes", config=[{"name": "new-vda.qcow2", "state": "absent"}])
    declare(fleet, "domains", config=[off("new", disk)])
    for host in HOSTS:
        read = f"qemu-io -r -c 'read -P 9 0 1M' {IMAGES}/new-vda.qcow2"
        assert "Pattern verification failed" not in fleet.sh(host, read)


def test_an_adopted_disk_grows_and_moves(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, "mkdir -p /srv/vm && qemu-img create -q -f qcow2 /srv/vm/a.qcow2 8M")
    declare(fleet, "domains", config=[off("adopted", {"file": "/srv/vm/a.qcow2", "format": "qcow2"})])
    declare(fleet, "pools", config=[{"name": "vm", "target": "/srv/vm"}])
    grown = {"pool": "vm", "volume": "a.qcow2", "size": "16MiB"}
    run = declare(fleet, "domains", config=[off("adopted", grown)])
    for host in HOSTS:
        assert paths(run, host) == ["disks[0].size"]
        assert image(fleet, host, "/srv/vm/a.qcow2")["virtual-size"] == 16 * 1024**2
    declare(fleet, "volumes", config=[{"name": "moved.qcow2", "pool": "default", "clone_from": "vm/a.qcow2"}])
    declare(fleet, "domains", config=[off("adopted", {"pool": "default", "volume": "moved.qcow2"})])
    declare(fleet, "volumes", config=[{"name": "a.qcow2", "pool": "vm", "state": "absent"}])
    for host in HOSTS:
        assert "moved.qcow2" in source(fleet, host, "adopted")[0]
        assert image(fleet, host, f"{IMAGES}/moved.qcow2")["virtual-size"] == 16 * 1024**2


def test_two_guests_exchange_their_disks(fleet: Fleet) -> None:
    for host in HOSTS:
        fleet.sh(host, "cd /srv; for each in one two; do qemu-img create -q -f qcow2 $each.qcow2 8M; done")
    one, two = ({"file": f"/srv/{name}.qcow2", "format": "qcow2"} for name in ("one", "two"))
    declare(fleet, "domains", config=[off("one", one), off("two", two)])
    declare(fleet, "domains", config=[off("one", two), off("two", one)])
    for host in HOSTS:
        assert source(fleet, host, "one") + source(fleet, host, "two") == ["/srv/two.qcow2", "/srv/one.qcow2"]


def test_a_saved_guest_comes_back_as_it_was(fleet: Fleet) -> None:
    devices: dict[str, t.Any] = {
        "graphics": [{"type": "vnc"}],
        "inputs": [{"type": "tablet", "bus": "usb"}],
        "rngs": [{"backend": {"model": "random", "device": "/dev/urandom"}}],
        "channels": [{"type": "unix", "mode": "bind", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}],
        "on_crash": "restart",
    }
    saved = disk_guest("saved", {"size": "8MiB"}, **devices)
    more = {**saved, "memory": "224MiB"}

    def save() -> None:
        for host in HOSTS:
            fleet.sh(host, "virsh -q managedsave saved >/dev/null")

    declare(fleet, "domains", config=[saved])
    save()
    run = declare(fleet, "domains", config=[saved], on_restart_needed="fail")
    for host in HOSTS:
        assert paths(run, host) == ["state"]
        assert run.result(host)["pending_restart"] == []
    save()
    run = declare(fleet, "domains", config=[more])
    for host in HOSTS:
        assert paths(run, host) == ["memory", "state"]
        said, done, again = (result["pending_restart"] for result in run.results[host])
        assert said == done
        assert done[0]["paths"] == ["memory"]
        assert again[0]["paths"] == ["memory"]
        assert str(192 * 1024) in fleet.sh(host, "virsh dominfo saved | grep 'Used memory'")
    save()
    run = declare(fleet, "domains", config=[more], on_restart_needed="restart", **STOP)
    for host in HOSTS:
        assert paths(run, host) == ["state", "restart"]
        assert run.result(host)["pending_restart"] == []
        assert str(224 * 1024) in fleet.sh(host, "virsh dominfo saved | grep 'Used memory'")

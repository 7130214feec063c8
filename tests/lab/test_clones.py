# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real guests that begin as another one is, and guests of the inventory with their snapshots."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
from snapshot_fleet import ask, done, guest, hosts_with_consoles, make, on_disk, remove, told, write
from storage_fleet import HOSTS, IMAGES, declare, image, refused

pytestmark = pytest.mark.long

COPY = {"name": "copy", "clone_of": "gold", "state": "running"}
OVER = {"name": "over", "clone_of": "gold", "clone_mode": "overlay", "state": "running"}
IDENTITY = "virsh dumpxml --inactive {0} | grep -E '<uuid>|<mac address'"

BREAK = f"""
for try in $(seq 1200); do
  for process in /proc/[0-9]*; do
    if ls -l $process/fd 2>/dev/null | grep -qE '{IMAGES}/(#|[.]virtfleet-copy-vdb)'; then
      kill -9 ${{process#/proc/}} && echo $process >>/root/broken
    fi
  done
  [ -s /root/broken ] && exit
  sleep 0.05
done
"""
"""Kills whoever has the half-made copy of the second disk open: the module, and the tool that it has called."""


NO_LIBVIRT = f"""
for try in $(seq 1200); do
  if ls -l /proc/[0-9]*/fd 2>/dev/null | grep -qE '{IMAGES}/(#|[.]virtfleet-copy-vdb)'; then
    systemctl mask --runtime libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
    systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
    pkill -9 -x libvirtd; echo gone >>/root/broken; exit
  fi
  sleep 0.05
done
"""
"""Ends libvirtd for good while the second disk is copied, so that the clone cannot be defined."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_consoles("clones", tmp_path_factory.mktemp("clones")) as made:
        yield made


@pytest.fixture
def gold(fleet: Fleet) -> t.Iterator[dict[str, t.Any]]:
    """The original, which has written to its disk and is off."""
    found = {
        **guest("gold", {"size": "64MiB"}, {"size": "16MiB", "format": "raw"}),
        "interfaces": [{"network": "default"}],
    }
    for host in HOSTS:
        fleet.sh(host, "virsh -q net-start default || true")
    make(fleet, found)
    write(fleet, "gold", "mark")
    yield found
    remove(fleet, "copy", "over", "gold")


def stop(fleet: Fleet, name: str) -> None:
    for host in HOSTS:
        fleet.sh(host, f"virsh -q destroy {name}")


def boots(fleet: Fleet, host: str, name: str) -> bool:
    return "7" in ask(fleet, host, name, "echo $((3 + 4))")


def test_a_copy_is_another_guest_with_the_same_bytes(fleet: Fleet, gold: dict[str, t.Any]) -> None:
    refused(fleet, "domains", "clone_of: guest gold runs: stop it first (virsh shutdown gold)", config=[COPY])
    stop(fleet, "gold")
    before = {host: fleet.sh(host, f"sha256sum {IMAGES}/gold-*") for host in HOSTS}
    declare(fleet, "domains", config=[COPY])
    for host in HOSTS:
        assert fleet.sh(host, f"sha256sum {IMAGES}/gold-*") == before[host]
        assert image(fleet, host, f"{IMAGES}/copy-vda.qcow2").get("backing-filename") is None
        assert image(fleet, host, f"{IMAGES}/copy-vda.qcow2")["virtual-size"] == 64 * 1024**2
        fleet.wait(boots, fleet, host, "copy")
        assert on_disk(fleet, host, "copy") == "mark"
        one, other = (fleet.sh(host, IDENTITY.format(name)).splitlines() for name in ("gold", "copy"))
        assert len(one) == len(other) == 2
        assert not set(one) & set(other)
    # Both run side by side, and each writes to its own.
    run = fleet.module("domains", config=[{**gold, "state": "running"}, COPY])
    assert run.code == 0, run.output
    write(fleet, "copy", "copy")
    for host in HOSTS:
        fleet.wait(boots, fleet, host, "gold")
        assert on_disk(fleet, host, "gold") == "mark"


def test_an_overlay_holds_only_what_differs(fleet: Fleet, gold: dict[str, t.Any]) -> None:
    stop(fleet, "gold")
    before = {host: fleet.sh(host, f"sha256sum {IMAGES}/gold-*") for host in HOSTS}
    declare(fleet, "domains", config=[OVER])
    for host in HOSTS:
        assert image(fleet, host, f"{IMAGES}/over-vda.qcow2")["backing-filename"] == f"{IMAGES}/gold-vda.qcow2"
        assert image(fleet, host, f"{IMAGES}/over-vdb.qcow2")["backing-filename"] == f"{IMAGES}/gold-vdb.raw"
        fleet.wait(boots, fleet, host, "over")
        assert on_disk(fleet, host, "over") == "mark"
    write(fleet, "over", "over")
    for host in HOSTS:
        assert fleet.sh(host, f"sha256sum {IMAGES}/gold-*") == before[host]
    # The original must not write below it.
    refused(fleet, "domains", "laid over", config=[{**gold, "state": "running"}])


def test_a_copy_that_is_broken_off_leaves_nothing_half_made(fleet: Fleet, gold: dict[str, t.Any]) -> None:
    stop(fleet, "gold")
    for host in HOSTS:
        fleet.sh(
            host,
            f"rm -f /root/broken; dd if=/dev/urandom of={IMAGES}/gold-vdb.raw bs=1M count=600 conv=fsync status=none",
        )
        fleet.sh(host, f"cat >/root/break.sh <<'END'\n{BREAK}\nEND\nsystemd-run -q --unit breaker bash /root/break.sh")
    run = fleet.module("domains", config=[COPY])
    assert run.code != 0, run.output
    for host in HOSTS:
        assert fleet.sh(host, "cat /root/broken").split()
        assert "copy" not in fleet.sh(host, "virsh list --all --name").split()
    declare(fleet, "domains", config=[COPY])
    for host in HOSTS:
        fleet.sh(host, f"cmp {IMAGES}/gold-vdb.raw {IMAGES}/copy-vdb.raw")
        assert fleet.sh(host, f"ls -A {IMAGES} | grep copy").split() == ["copy-vda.qcow2", "copy-vdb.raw"]
        fleet.wait(boots, fleet, host, "copy")


def test_without_libvirt_after_its_disks_the_next_run_makes_a_clone(fleet: Fleet, gold: dict[str, t.Any]) -> None:
    stop(fleet, "gold")
    for host in HOSTS:
        fleet.sh(
            host,
            f"rm -f /root/broken; dd if=/dev/urandom of={IMAGES}/gold-vdb.raw bs=1M count=600 conv=fsync status=none",
        )
        script = f"cat >/root/gone.sh <<'END'\n{NO_LIBVIRT}\nEND\nsystemd-run -q --unit gone bash /root/gone.sh"
        fleet.sh(host, script)
    run = fleet.module("domains", config=[COPY])
    assert run.code != 0, run.output
    assert "Traceback" not in run.output
    for host in HOSTS:
        assert fleet.sh(host, "cat /root/broken").strip() == "gone"
        units = "libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
        fleet.sh(host, f"systemctl unmask --runtime {units}; systemctl reset-failed libvirtd || true")
        fleet.sh(host, "systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service")
        assert "copy" not in fleet.sh(host, "virsh list --all --name").split()
        assert "copy-vda.qcow2" in fleet.sh(host, f"ls -A {IMAGES}").split()
        # What the original has by now counts, and not what it had then.
        fleet.sh(host, f"dd if=/dev/urandom of={IMAGES}/gold-vdb.raw bs=1M count=16 conv=fsync,notrunc status=none")
    declare(fleet, "domains", config=[COPY])
    for host in HOSTS:
        fleet.sh(host, f"cmp {IMAGES}/gold-vdb.raw {IMAGES}/copy-vdb.raw")
        assert fleet.sh(host, f"ls -A {IMAGES} | grep copy").split() == ["copy-vda.qcow2", "copy-vdb.raw"]
        assert not {"copied", "copying"} & set(fleet.sh(host, "cat /var/lib/virtfleet/storage.json").split('"'))
        fleet.wait(boots, fleet, host, "copy")


def test_an_original_that_is_made_in_the_same_run(fleet: Fleet) -> None:
    """Its clone is made from the same image, and needs nothing of it."""
    remove(fleet, "new", "copy")
    disks = [{"size": "64MiB", "image": "/root/web/image.qcow2"}]
    original = guest("new", *disks, state="stopped")
    declare(fleet, "domains", config=[{"name": "copy", "clone_of": "new", "state": "running"}, original])
    for host in HOSTS:
        assert fleet.sh(host, "virsh domstate new").strip() == "shut off"
        fleet.wait(boots, fleet, host, "copy")
        one, other = (fleet.sh(host, IDENTITY.format(name)).splitlines() for name in ("new", "copy"))
        assert not set(one) & set(other)
        fleet.sh(host, "virsh destroy copy")
        compared = f"qemu-img compare {IMAGES}/new-vda.qcow2 {IMAGES}/copy-vda.qcow2"
        assert "Images are identical" in fleet.sh(host, compared)
    remove(fleet, "copy", "new")


def test_the_site_takes_the_snapshots_of_guests(fleet: Fleet) -> None:
    remove(fleet, "web")
    guests = [
        {**guest(f"web-{host}"), "host": host, "snapshots": [{"name": "fresh"}, {"name": "old", "state": "absent"}]}
        for host in HOSTS
    ]
    fleet.declare({"kvm_guests": guests})
    said, run = done(fleet.play("virtfleet.kvm.site", "--check")), done(fleet.play("virtfleet.kvm.site"))
    for host in HOSTS:
        assert told(said, host) == told(run, host)
        (change,) = told(run, host)
        assert (change["resource"], change["path"]) == (f"snapshot web-{host}/fresh", "definition")
        assert (change["after"]["memory"], change["after"]["disks"]) == (True, ["vda"])
        assert fleet.sh(host, f"virsh snapshot-list web-{host} --name").split() == ["fresh"]
    assert "changed=0" in done(fleet.play("virtfleet.kvm.site")).output
    for one in guests:
        one["snapshots"] = [{"name": "fresh", "state": "absent"}]
    fleet.declare({"kvm_guests": guests})
    done(fleet.play("virtfleet.kvm.site"))
    for host in HOSTS:
        assert fleet.sh(host, f"virsh snapshot-list web-{host} --name").split() == []
    fleet.declare({})
    remove(fleet, *(f"web-{host}" for host in HOSTS))

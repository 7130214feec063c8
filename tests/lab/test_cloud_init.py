# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds of guests on real hosts: made, seen by their label, exchanged under a guest that runs, and taken away."""

from __future__ import annotations

import json
import typing as t

import pytest
from fleet import Fleet
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, failed, hosts_with_storage, paths

pytestmark = pytest.mark.long

SEED = f"{IMAGES}/web-seed.img"
SECRET = "s3cret-of-the-seed"
CLOUD: dict[str, t.Any] = {
    "ssh_authorized_keys": ["ssh-ed25519 AAAA kim"],
    "packages": ["nginx"],
    "write_files": [{"path": "/etc/app.conf", "content": SECRET, "permissions": "0600"}],
}


KILL = """
end=$(($(date +%s) + 60))
while [ $(date +%s) -lt $end ]; do
  for part in /var/lib/libvirt/images/.virtfleet-web-seed*; do
    [ -e "$part" ] || continue
    for process in /proc/[0-9]*; do
      ls -l $process/fd 2>/dev/null | grep -q virtfleet-web-seed && kill -9 ${process#/proc/} && exit
    done
  done
done
"""
"""Kills the run that has the temporary file of a seed open."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("cloudinit", tmp_path_factory.mktemp("cloudinit")) as made:
        run = made.module("networks", config=[{"name": "default"}])
        assert run.code == 0, run.output
        yield made


def seeded(cloud: t.Any, **more: t.Any) -> dict[str, t.Any]:
    guest = disk_guest("web", {"size": "8MiB"})
    return {**guest, "interfaces": [{"network": "default"}], "cloud_init": cloud, **more}


def on_seed(fleet: Fleet, host: str, name: str) -> str:
    """A file on the seed."""
    return fleet.sh(host, f"mtype -i {SEED} ::{name}")


def entries(fleet: Fleet, host: str) -> t.Any:
    head, _line, rest = on_seed(fleet, host, "user-data").partition("\n")
    assert head == "#cloud-config"
    return json.loads(rest)


def opened(fleet: Fleet, host: str) -> str:
    """The packages on the seed that the guest has: the file that QEMU has open, whatever its name is by now."""
    return fleet.sh(
        host,
        "for file in /proc/$(cat /run/libvirt/qemu/web.pid)/fd/*; do"
        " case $(readlink $file) in *web-seed.img*) grep -aoE 'nginx|curl' $file; break;; esac; done",
    )


def test_a_guest_has_its_seed(fleet: Fleet) -> None:
    run = declare(fleet, "domains", config=[seeded(CLOUD)])
    for host in HOSTS:
        assert SECRET not in json.dumps(run.results[host])
        label = fleet.sh(host, f"blkid -p -s LABEL -s TYPE -o export {SEED}").split()
        assert {"LABEL=CIDATA", "TYPE=vfat"} <= set(label)
        assert fleet.sh(host, f"stat -c %a {SEED}").strip() == "600"
        assert entries(fleet, host) == {"hostname": "web", **CLOUD}
        kept = fleet.sh(host, "virsh dumpxml --inactive web")
        assert "<entry name='serial'>ds=nocloud</entry>" in kept
        assert f"<source file='{SEED}'/>" in kept
        (card,) = json.loads(on_seed(fleet, host, "network-config"))["ethernets"].values()
        assert f"<mac address='{card['match']['macaddress']}'/>" in kept
        fleet.wait(lambda host=host: any(line.startswith("disk vdb ") for line in fleet.report(host, "web")))
        # Neither a journal nor another file holds what is secret.
        journal = fleet.sh(host, f"journalctl -q --no-pager -g {SECRET} || true")
        assert journal.strip() == ""
        found = fleet.sh(host, f"grep -rls {SECRET} /etc /run /tmp /root /var/lib /var/log /var/tmp || true").split()
        assert found == [SEED]


def test_a_seed_that_changes_under_a_running_guest(fleet: Fleet) -> None:
    run = declare(fleet, "domains", config=[seeded({**CLOUD, "packages": ["curl"]})])
    for host in HOSTS:
        assert [(change["path"], change["live"]) for change in run.changes(host)] == [("cloud_init.packages", False)]
        for result in run.results[host][1:]:
            (waiting,) = result["pending_restart"]
            assert "a reboot from inside is not enough" in next(iter(waiting["reasons"].values()))
        assert entries(fleet, host)["packages"] == ["curl"]
        assert "nginx" in opened(fleet, host)
    run = declare(
        fleet,
        "domains",
        config=[seeded({**CLOUD, "packages": ["curl"]})],
        on_restart_needed="restart",
    )
    for host in HOSTS:
        assert paths(run, host) == ["restart"]
        assert run.result(host)["pending_restart"] == []
        assert "curl" in opened(fleet, host)


def test_a_host_that_has_lost_the_tools(fleet: Fleet) -> None:
    """What is noted of a seed tells whether it is the same; only another one needs them."""
    for host in HOSTS:
        fleet.sh(host, "mv /usr/bin/mcopy /usr/bin/mcopy.away")
    try:
        assert all(
            not declare(fleet, "domains", config=[seeded({**CLOUD, "packages": ["curl"]})]).changes(h) for h in HOSTS
        )
        failed(fleet, "domains", "install the package mtools", config=[seeded(CLOUD)])
    finally:
        for host in HOSTS:
            fleet.sh(host, "mv /usr/bin/mcopy.away /usr/bin/mcopy")


def test_a_seed_that_a_killed_run_was_exchanging(fleet: Fleet) -> None:
    """Whenever the run is killed, the guest has a whole seed, and the next run ends with the new one."""
    for number in range(3):
        cloud = {**CLOUD, "timezone": f"Etc/GMT+{number}"}
        fleet.sh("kvm01", f"cat >/root/kill.sh <<'END'\n{KILL}\nEND\nsystemd-run -q --collect sh /root/kill.sh")
        fleet.module("domains", config=[seeded(cloud)])
        assert entries(fleet, "kvm01")["hostname"] == "web"
        declare(fleet, "domains", config=[seeded(cloud)])
        assert entries(fleet, "kvm01")["timezone"] == f"Etc/GMT+{number}"
        assert fleet.sh("kvm01", f"find {IMAGES} -name '.virtfleet*'") == ""


def test_a_guest_is_waited_for(fleet: Fleet) -> None:
    run = declare(fleet, "domains", config=[seeded({**CLOUD, "packages": ["curl"]}, wait_for="address")])
    for host in HOSTS:
        for result in run.results[host][1:]:
            (address,) = result["addresses"]["web"]
            assert address["address"].startswith("192.168.122."), address
            assert address["source"] == "lease"
    lonely = disk_guest("lonely", {"size": "8MiB"}, wait_for="address", wait_timeout=3)
    failed(fleet, "domains", "domain lonely: wait_for: after 3 s it has no address: no lease", config=[lonely])
    gone = {"name": "lonely", "state": "absent"}
    declare(fleet, "domains", config=[gone], remove_storage=True, force_shutdown=True, shutdown_timeout=1)


def test_the_lease_of_a_guest_that_is_gone_counts_for_nothing(fleet: Fleet) -> None:
    """libvirt tells it of whoever has the MAC address. A guest that asks for one gets it anew, and is found by that."""
    card = {"network": "default", "mac": "52:54:00:aa:bb:17"}
    first = {**disk_guest("first", {"size": "8MiB"}, wait_for="address", wait_timeout=120), "interfaces": [card]}
    gone = {"state": "absent"}
    options: dict[str, t.Any] = {"remove_storage": True, "force_shutdown": True, "shutdown_timeout": 1}
    for _time in range(2):
        run = fleet.module("domains", config=[first])
        assert run.code == 0, run.output
        for host in HOSTS:
            (result,) = run.results("virtfleet.kvm.domains", host)
            assert [one["source"] for one in result["addresses"]["first"]] == ["lease"]
        fleet.module("domains", config=[{"name": "first", **gone}], **options)
    deaf = {name: value for name, value in first.items() if name not in ("kernel", "initrd", "cmdline")}
    deaf |= {"name": "deaf", "wait_timeout": 4}
    failed(fleet, "domains", "domain deaf: wait_for: after 4 s it has no address: no lease", config=[deaf])
    fleet.module("domains", config=[{"name": "deaf", **gone}], **options)


def test_null_takes_the_seed_from_a_running_guest(fleet: Fleet) -> None:
    run = declare(fleet, "domains", config=[seeded(None)])
    for host in HOSTS:
        assert "volume default/web-seed.img" in paths(run, host)
        assert "web-seed" not in fleet.sh(
            host, "virsh dumpxml web; virsh dumpxml --inactive web; virsh vol-list default"
        )
        assert "ds=nocloud" not in fleet.sh(host, "virsh dumpxml --inactive web")
        fleet.wait(lambda host=host: "disk-gone vdb" in fleet.report(host, "web"))


def test_the_seed_comes_to_a_running_guest_and_goes_with_it(fleet: Fleet) -> None:
    run = declare(fleet, "domains", config=[seeded(CLOUD)])
    for host in HOSTS:
        assert paths(run, host) == ["cloud_init.volume", "sysinfo.system.serial", "disks[1]"]
    declare(
        fleet,
        "domains",
        config=[{"name": "web", "state": "absent"}],
        remove_storage=True,
        force_shutdown=True,
        shutdown_timeout=20,
    )
    for host in HOSTS:
        assert "web-" not in fleet.sh(host, f"ls -a {IMAGES}; cat /var/lib/virtfleet/storage.json")


def test_a_config_drive(fleet: Fleet) -> None:
    """QEMU takes it as a USB disk that is read-only, and a file system is in its partition."""
    guest = {**seeded({"datasource": "configdrive", "timezone": "UTC"}), "name": "win"}
    declare(fleet, "domains", config=[guest])
    seed = SEED.replace("web", "win")
    for host in HOSTS:
        devices = fleet.sh(host, "virsh qemu-monitor-command win --hmp info usb")
        assert "ua-virtfleet-config-drive" in devices
        blocks = fleet.sh(host, "virsh qemu-monitor-command win --hmp info block").split("\n\n")
        (drive,) = [block for block in blocks if "win-seed.img" in block]
        assert "read-only" in drive
        label = fleet.sh(host, f"tail -c +1048577 {seed} >/run/drive; blkid -p -o export /run/drive").split()
        assert {"LABEL=CONFIG-2", "TYPE=vfat"} <= set(label)
        told = fleet.sh(host, "mtype -i /run/drive ::openstack/latest/meta_data.json; rm /run/drive")
        assert json.loads(told)["hostname"] == "win"
    declare(
        fleet,
        "domains",
        config=[{"name": "win", "state": "absent"}],
        remove_storage=True,
        force_shutdown=True,
        shutdown_timeout=1,
    )

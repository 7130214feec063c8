# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""purge on real hosts: what the collection made goes once nobody declares it, and nothing else ever."""

from __future__ import annotations

import json
import typing as t

import pytest
from fleet import Fleet, Run, guest

pytestmark = pytest.mark.long

HOSTS = ("kvm01", "kvm02")
LOOK = """
virsh -q list --all --name; virsh -q net-list --all --name; virsh -q pool-list --all --name
find /srv/p /etc/libvirt /var/lib/virtfleet -type f ! -path '*/.lock' -exec sha256sum {} + 2>/dev/null | sort
"""
"""All that a purge could touch, as text."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with Fleet.two("purge", tmp_path_factory.mktemp("purge")) as made:
        yield made


def ran(run: Run) -> Run:
    """A run that went well."""
    assert run.code == 0, run.output
    return run


def quiet(run: Run) -> None:
    """A run that had nothing to do."""
    assert {host: ran(run).changes(host) for host in HOSTS} == {host: [] for host in HOSTS}


def purge(fleet: Fleet, module: str, *config: dict[str, t.Any], fails: bool = False, **options: t.Any) -> Run:
    """Purge for real. Check mode said the same and touched nothing, and a second run has nothing to do."""
    before = {host: fleet.sh(host, LOOK) for host in HOSTS}
    arguments = {"config": list(config), "purge": True, **options}
    said = fleet.module(module, "--check", "--diff", **arguments)
    assert {host: fleet.sh(host, LOOK) for host in HOSTS} == before
    done = fleet.module(module, **arguments)
    for host in HOSTS:
        assert said.changes(host) == done.changes(host)
    assert "Traceback" not in said.output + done.output
    assert [run.code != 0 for run in (said, done)] == [fails, fails], done.output
    assert not fleet.module(module, **arguments).changed
    return done


def gone(run: Run, host: str) -> list[tuple[str, str]]:
    """What went, and what it was before."""
    changes = run.changes(host)
    assert all((change["path"], change["after"]) == ("state", "absent") for change in changes), changes
    return [(change["resource"], change["before"]) for change in changes]


def here(name: str, **options: t.Any) -> dict[str, t.Any]:
    """A test guest, as the module takes it."""
    whole = guest(name, "", interfaces=[], **options)
    return {option: value for option, value in whole.items() if option != "host"}


def test_guests_that_were_made_here_shut_down_and_go(fleet: Fleet) -> None:
    ran(fleet.module("domains", config=[here("runs"), here("off", state="stopped"), here("kept", state="stopped")]))
    for host in HOSTS:
        fleet.sh(
            host,
            "virsh dumpxml --inactive off | sed -e 's/>off</>copy</' -e '/<uuid>/d' -e 's/off-console/copy-console/'"
            " >/tmp/copy.xml && virsh -q define /tmp/copy.xml;"
            " sed -e 's/>copy</>theirs</' -e '/virtfleet:made/d' /tmp/copy.xml >/tmp/theirs.xml"
            " && virsh -q define /tmp/theirs.xml",
        )
    # Declared once, but there before: not ours.
    ran(fleet.module("domains", config=[{"name": "theirs", "title": "adopted"}]))
    for host in HOSTS:
        fleet.report(host, "runs")
    run = purge(fleet, "domains", here("kept", state="stopped"))
    for host in HOSTS:
        assert sorted(gone(run, host)) == [("domain off", "stopped"), ("domain runs", "running")]
        assert sorted(fleet.sh(host, "virsh list --all --name").split()) == ["copy", "kept", "theirs"]
        assert "shutting down, reason=shutdown" in fleet.sh(host, "cat /var/log/libvirt/qemu/runs.log")
    run = purge(fleet, "domains")
    for host in HOSTS:
        assert gone(run, host) == [("domain kept", "stopped")]
        fleet.sh(host, "virsh -q undefine copy; virsh -q undefine theirs")


DHCP = {"ranges": [{"start": "10.8.0.2", "end": "10.8.0.9"}], "hosts": [{"mac": "52:54:00:00:00:07", "ip": "10.8.0.7"}]}
NETS: list[dict[str, t.Any]] = [
    {"name": "used", "bridge": "virbr7", "ips": [{"address": "10.7.0.1/24"}]},
    {"name": "free", "bridge": "virbr8", "ips": [{"address": "10.8.0.1/24", "dhcp": DHCP}]},
    {"name": "anew", "bridge": "virbr9", "ips": [{"address": "10.9.0.1/24"}]},
]


def test_a_network_that_guests_are_on_stays(fleet: Fleet) -> None:
    ran(fleet.module("networks", config=[{"name": "default"}, *NETS]))
    # A change that reaches the active network leaves the mark where it is.
    dhcp = {**DHCP, "hosts": [{"mac": "52:54:00:00:00:08", "ip": "10.8.0.8"}]}
    ran(fleet.module("networks", config=[{"name": "free", "ips": [{"address": "10.8.0.1/24", "dhcp": dhcp}]}]))
    ran(fleet.module("domains", config=[{**here("on"), "interfaces": [{"network": "used"}]}]))
    for host in HOSTS:
        fleet.sh(
            host,
            "virsh net-dumpxml --inactive anew | sed '/<uuid>/d' >/tmp/anew.xml; virsh -q net-destroy anew;"
            " virsh -q net-undefine anew; virsh -q net-define /tmp/anew.xml",
        )
    run = purge(fleet, "networks", fails=True)
    for host in HOSTS:
        assert gone(run, host) == [("network free", "active")]
        (result,) = run.results("virtfleet.kvm.networks", host)
        assert "network used: is no longer declared, but used by guest on, so it stays" in result["msg"]
        assert len(result["failures"]) == 1
        assert sorted(fleet.sh(host, "virsh net-list --all --name").split()) == ["anew", "default", "used"]
    purge(fleet, "domains")
    run = purge(fleet, "networks")
    for host in HOSTS:
        assert gone(run, host) == [("network used", "active")]
        fleet.sh(host, "virsh -q net-undefine anew")


def test_volumes_that_were_declared_go_and_those_of_guests_stay(fleet: Fleet) -> None:
    ran(fleet.module("pools", config=[{"name": "default"}, {"name": "p", "target": "/srv/p"}]))
    volumes: list[dict[str, t.Any]] = [
        {"name": "base.qcow2", "pool": "p", "capacity": "1MiB"},
        {"name": "over.qcow2", "pool": "p", "backing": {"volume": "base.qcow2"}},
        {"name": "held.raw", "pool": "p", "capacity": "1MiB"},
        {"name": "anew.raw", "pool": "p", "capacity": "1MiB"},
        {"name": "grown.qcow2", "pool": "p", "capacity": "1MiB"},
        {"name": "root.qcow2", "pool": "p", "capacity": "1MiB"},
    ]
    ran(fleet.module("volumes", config=volumes))
    for host in HOSTS:
        fleet.sh(host, "qemu-img create -q -f qcow2 -F qcow2 -b /srv/p/root.qcow2 /srv/elsewhere.qcow2")
    disks = [
        {"size": "1MiB", "pool": "p"},
        {"file": "/srv/p/held.raw"},
        {"file": "/srv/elsewhere.qcow2", "format": "qcow2"},
    ]
    ran(fleet.module("domains", config=[here("disks", disks=disks, state="stopped")]))
    ran(fleet.module("volumes", config=[{**volumes[4], "capacity": "2MiB"}]))
    for host in HOSTS:
        fleet.sh(
            host,
            "cd /srv/p; rm anew.raw; truncate -s 1M anew.raw theirs.raw; virsh -q pool-refresh p;"
            " chmod 0640 grown.qcow2; cp -a grown.qcow2 copy.qcow2",
        )
    run = purge(fleet, "volumes", fails=True)
    for host in HOSTS:
        assert sorted(gone(run, host)) == [(f"volume p/{name}.qcow2", "present") for name in ("base", "grown", "over")]
        (result,) = run.results("virtfleet.kvm.volumes", host)
        for name in ("held.raw", "root.qcow2"):
            assert f"volume p/{name}: is no longer declared, but used by guest disks, so it stays" in result["msg"]
        left = sorted(fleet.sh(host, "ls /srv/p").split())
        assert left == ["anew.raw", "copy.qcow2", "disks-vda.qcow2", "held.raw", "root.qcow2", "theirs.raw"]


def test_a_pool_goes_without_its_data_and_not_while_disks_are_in_it(fleet: Fleet) -> None:
    run = purge(fleet, "pools", {"name": "default"}, fails=True)
    for host in HOSTS:
        assert gone(run, host) == []
        (result,) = run.results("virtfleet.kvm.pools", host)
        assert "pool p: is no longer declared, but used by guest disks, so it stays" in result["msg"]
    run = purge(fleet, "domains", remove_storage=True)
    for host in HOSTS:
        assert [change["path"] for change in run.changes(host)] == ["state", "volume p/disks-vda.qcow2"]
        assert "/srv/elsewhere.qcow2 stays: this collection did not make it" in run.output
        # It was declared as a volume of its own, so it does not go with a guest.
        assert "held.raw stays: it was declared as a volume of its own" in run.output
    run = purge(fleet, "volumes")
    for host in HOSTS:
        assert sorted(gone(run, host)) == [(f"volume p/{name}", "present") for name in ("held.raw", "root.qcow2")]
    run = purge(fleet, "pools", {"name": "default"})
    for host in HOSTS:
        assert gone(run, host) == [("pool p", "active")]
        assert sorted(fleet.sh(host, "ls /srv/p").split()) == ["anew.raw", "copy.qcow2", "theirs.raw"]


PURGING = {"guests_purge": True, "networks_purge": True, "storage_purge": True}
LISTS: dict[str, t.Any] = {
    "kvm_networks": [{"name": "default", "autostart": True}, NETS[0]],
    "kvm_pools": [{"name": "default"}, {"name": "p", "target": "/srv/p"}],
    "kvm_volumes": [{"name": "x.raw", "pool": "p", "capacity": "1MiB"}],
    "kvm_guests": [
        guest("moves", "kvm01", interfaces=[{"network": "used"}], disks=[{"file": "/srv/p/x.raw"}]),
        guest("stays", "kvm02", interfaces=[]),
    ],
}


def test_one_run_of_the_site_takes_away_guests_and_then_what_they_were_on(fleet: Fleet) -> None:
    fleet.declare({**LISTS, **PURGING})
    ran(fleet.play("virtfleet.kvm.site"))
    quiet(fleet.play("virtfleet.kvm.site"))
    fleet.report("kvm01", "moves")
    before = {host: fleet.sh(host, LOOK) for host in HOSTS}
    # Lists that are left out say nothing.
    fleet.declare(PURGING)
    quiet(fleet.play("virtfleet.kvm.site"))
    # What is no longer declared stays without purge.
    less = {
        "kvm_networks": LISTS["kvm_networks"][:1],
        "kvm_pools": LISTS["kvm_pools"][:1],
        "kvm_volumes": [],
        "kvm_guests": [guest("moves", "kvm02", interfaces=[]), LISTS["kvm_guests"][1]],
    }
    fleet.declare({**less, "kvm_guests": []})
    quiet(fleet.play("virtfleet.kvm.site"))
    fleet.declare({**less, **PURGING})
    said = ran(fleet.play("virtfleet.kvm.site", "--check", "--diff"))
    assert {host: fleet.sh(host, LOOK) for host in HOSTS} == before
    assert "so it stays" not in said.output
    done = ran(fleet.play("virtfleet.kvm.site"))
    for host in HOSTS:
        assert said.changes(host) == done.changes(host)
    assert gone(done, "kvm01") == [
        ("domain moves", "running"),
        ("volume p/x.raw", "present"),
        ("pool p", "active"),
        ("network used", "active"),
    ]
    assert [change["resource"] for change in done.changes("kvm02")] == [
        "domain moves",
        "domain moves",
        "volume p/x.raw",
        "pool p",
        "network used",
    ]
    quiet(fleet.play("virtfleet.kvm.site"))
    fleet.declare({**less, **PURGING, "kvm_guests": []})
    ran(fleet.play("virtfleet.kvm.guests"))
    for host in HOSTS:
        assert fleet.sh(host, "virsh list --all --name").split() == []
        noted = json.loads(fleet.sh(host, "cat /var/lib/virtfleet/storage.json"))["qemu:///system"]
        assert ("p" in noted.get("pools", {}), "p/x.raw" in noted.get("volumes", {})) == (False, False)
    fleet.declare({})


STOPPED = {"interfaces": [], "state": "stopped"}
OVER = [{"size": "1MiB", "pool": "p"}, {"size": "1MiB", "pool": "p", "backing": "base.qcow2"}]


def test_the_check_of_the_site_says_what_goes_and_what_stays(fleet: Fleet) -> None:
    """Guests go with their disks, one gives a disk up, one comes; volumes, a pool and networks go after them."""
    made: dict[str, t.Any] = {
        "kvm_networks": [{"name": "default", "autostart": True}, NETS[0], NETS[1]],
        "kvm_pools": [{"name": "default"}, {"name": "p", "target": "/srv/p"}],
        "kvm_volumes": [
            {"name": "base.qcow2", "pool": "p", "capacity": "1MiB"},
            {"name": "over.qcow2", "pool": "p", "backing": {"volume": "base.qcow2"}},
            {"name": "held.raw", "pool": "p", "capacity": "1MiB"},
            {"name": "given.raw", "pool": "p", "capacity": "1MiB"},
        ],
        "kvm_guests": [
            guest("owns", "kvm01", disks=OVER, **STOPPED),
            guest("runs", "kvm01", interfaces=[{"network": "used"}], disks=[{"volume": "over.qcow2", "pool": "p"}]),
            guest("gives", "kvm01", disks=[{"volume": "given.raw", "pool": "p"}], **STOPPED),
            guest("moves", "kvm02", interfaces=[{"network": "used", "mac": "52:54:00:00:00:07"}], disks=[]),
        ],
    }
    fleet.declare({**made, **PURGING})
    ran(fleet.play("virtfleet.kvm.site"))
    fleet.report("kvm01", "runs")
    less = {
        "kvm_networks": made["kvm_networks"][:1],
        "kvm_pools": made["kvm_pools"][:1],
        "kvm_volumes": [],
        "kvm_guests": [
            guest("gives", "kvm01", disks=[], **STOPPED),
            guest("moves", "kvm02", interfaces=[{"network": "default", "mac": "52:54:00:00:00:07"}], disks=[]),
            guest("comes", "kvm02", disks=[{"volume": "held.raw", "pool": "p"}], **STOPPED),
        ],
    }
    fleet.declare({**less, **PURGING, "guests_remove_storage": True})
    before = {host: fleet.sh(host, LOOK) for host in HOSTS}
    said = fleet.play("virtfleet.kvm.site", "--check", "--diff")
    refused = fleet.play("virtfleet.kvm.site")  # One host refuses: none is touched.
    assert refused.code != 0
    assert "no host was touched: 1 of 2 hosts refuses the plan" in refused.output
    assert {host: fleet.sh(host, LOOK) for host in HOSTS} == before
    done = fleet.play("virtfleet.kvm.site", "-e", "site_refuse=host")
    for host in HOSTS:
        assert said.changes(host) == done.changes(host)
    names = {host: [change["path"] if " " in change["path"] else change["resource"] for change in done.changes(host)]
             for host in HOSTS}  # fmt: skip
    volumes = [f"volume p/{name}" for name in ("base.qcow2", "given.raw", "held.raw", "over.qcow2")]
    assert sorted(name for name in names["kvm01"] if name.startswith("volume ")) == sorted(
        [*volumes, "volume p/owns-vda.qcow2", "volume p/owns-vdb.qcow2"]
    )
    assert {"pool p", "network used", "network free"} <= set(names["kvm01"])
    # A new guest has one of the volumes on the other host: that fails there, in both, and ends the run of that host.
    assert sorted(name for name in names["kvm02"] if name.startswith("volume ")) == [volumes[0], volumes[1], volumes[3]]
    for run in (said, done):
        assert run.code != 0
        (result,) = run.results("virtfleet.kvm.volumes", "kvm02")
        assert "volume p/held.raw: is no longer declared, but used by guest comes, so it stays" in result["msg"]
    fleet.declare({**less, **PURGING, "guests_remove_storage": True, "kvm_guests": []})
    said, done = fleet.play("virtfleet.kvm.site", "--check"), ran(fleet.play("virtfleet.kvm.site"))
    for host in HOSTS:
        assert said.changes(host) == done.changes(host)
        assert fleet.sh(host, "virsh list --all --name").split() == []
    fleet.declare({})

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site works out or says by itself: the order within one change, what waits, and what a host's state hides."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet, Run, guest
from suites import HOST_SUITES

pytestmark = pytest.mark.long

HOSTS = HOST_SUITES

OTHER_PYTHON = """
set -e
mkdir -p /opt/other/bin
ln -sf /usr/bin/python3 /opt/other/bin/python3
printf 'home = /usr/bin\\ninclude-system-site-packages = false\\n' >/opt/other/pyvenv.cfg
! /opt/other/bin/python3 -c 'import libvirt' 2>/dev/null
"""
"""A virtual environment, in which the distribution's packages are not."""


def subnet(name: str) -> dict[str, t.Any]:
    """A network on one and the same bridge and subnet, whatever it is called."""
    ranges = [{"start": "10.7.0.10", "end": "10.7.0.99"}]
    return {
        "name": name,
        "bridge": "virbr7",
        "forward": {"mode": "nat"},
        "ips": [{"address": "10.7.0.1/24", "dhcp": {"ranges": ranges}}],
        "autostart": True,
        "state": "active",
    }


DEFAULT = {"name": "default", "autostart": True, "state": "active"}
BRIDGE = {"name": "br1", "type": "bridge", "ports": ["eno2"], "addressing": "none"}
PURGE = {"networks_purge": True, "storage_purge": True, "guests_purge": True, "guests_force_shutdown": True}


def pinging(name: str, host: str, **options: t.Any) -> dict[str, t.Any]:
    """A guest that pings its gateway all the time."""
    return guest(f"{name}-{host}", host, cmdline="console=ttyS0 quiet vf.every=1 vf.ping=10.7.0.1", **options)


BEFORE: dict[str, t.Any] = {
    **PURGE,
    "guests_shutdown_timeout": 5,
    "kvm_links": [BRIDGE],
    "kvm_networks": [DEFAULT, subnet("old")],
    "kvm_pools": [{"name": "default"}, {"name": "extra", "target": "/srv/extra"}],
    "kvm_guests": [
        one
        for host in HOSTS
        for one in (
            pinging("web", host, interfaces=[{"network": "old"}]),
            guest(f"bridged-{host}", host, interfaces=[{"bridge": "br1"}]),
            guest(f"stored-{host}", host, disks=[{"size": "8MiB", "pool": "extra"}], state="stopped"),
        )
    ],
}

AFTER: dict[str, t.Any] = {
    **BEFORE,
    "kvm_links": [{"name": "br1", "state": "absent"}],
    "kvm_networks": [DEFAULT, subnet("new")],
    "kvm_pools": [{"name": "default"}],
    "kvm_guests": [
        one
        for host in HOSTS
        for one in (
            pinging("web", host, interfaces=[{"network": "new"}]),
            guest(f"bridged-{host}", host, interfaces=[{"network": "default"}]),
        )
    ],
}
"""All in one commit: a network is renamed and keeps its bridge, a guest moves off a bridge that goes, a pool and the
guest that uses it go."""


class Steps(t.NamedTuple):
    """The runs of the change, made once for all tests here."""

    fleet: Fleet
    before: Run
    processes: dict[str, str]
    checked: Run
    changed: Run
    again: Run


def processes(fleet: Fleet) -> dict[str, str]:
    """The process of each running guest, by host."""
    script = "cd /run/libvirt/qemu; for f in web-*.pid bridged-*.pid; do echo $f $(cat $f); done"
    return {host: fleet.sh(host, script) for host in HOSTS}


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Steps]:
    fleet = Fleet("silence", tmp_path_factory.mktemp("silence"))
    fleet.lab("down")
    try:
        suites = [word for suite in HOSTS.values() for word in ("--suite", suite)]
        fleet.lab("up", str(len(HOSTS)), *suites, "--nics", "2", "--with-kvm")
        fleet.declare(BEFORE)
        before = fleet.play("virtfleet.kvm.site")
        assert before.code == 0, before.output
        for host in HOSTS:
            fleet.report(host, f"web-{host}")
        running = processes(fleet)
        fleet.declare(AFTER)
        yield Steps(
            fleet,
            before,
            running,
            fleet.play("virtfleet.kvm.site", "--check"),
            fleet.play("virtfleet.kvm.site"),
            fleet.play("virtfleet.kvm.site"),
        )
    finally:
        fleet.lab("down")


def test_the_order_within_one_change_is_worked_out(steps: Steps) -> None:
    """Fault 44."""
    assert steps.checked.code == 0, steps.checked.output
    assert steps.changed.code == 0, steps.changed.output
    for host in HOSTS:
        assert set(steps.fleet.sh(host, "virsh net-list --all --name").split()) == {"default", "new"}
        assert set(steps.fleet.sh(host, "virsh pool-list --all --name").split()) == {"default"}
        assert set(steps.fleet.sh(host, "virsh list --all --name").split()) == {f"web-{host}", f"bridged-{host}"}
        assert steps.fleet.sh(host, "ip link show br1 2>/dev/null || true") == ""
        ports = {
            name: steps.fleet.sh(host, f"virsh domiflist {name}-{host} | awk 'NR > 2 && NF {{print $1, $3}}'").split()
            for name in ("web", "bridged")
        }
        for name, (tap, network) in ports.items():
            assert network == {"web": "new", "bridged": "default"}[name]
            master = steps.fleet.sh(host, f"basename $(readlink /sys/class/net/{tap}/master)").strip()
            assert master == {"web": "virbr7", "bridged": "virbr0"}[name]


def test_no_guest_was_restarted_or_lost_its_network(steps: Steps) -> None:
    assert processes(steps.fleet) == steps.processes
    for host in HOSTS:
        said = [line for line in steps.fleet.report(host, f"web-{host}") if line.startswith("ping ")]
        assert said[-1].endswith("ok"), said


def test_the_run_after_it_changes_nothing(steps: Steps) -> None:
    assert steps.again.code == 0, steps.again.output
    assert not steps.again.changed, [event for event in steps.again.events if event["result"].get("changed")]


def test_what_waits_for_a_restart_is_seen_without_asking(steps: Steps) -> None:
    larger = [{**one, "memory": "256MiB"} if one["name"].startswith("web") else one for one in AFTER["kvm_guests"]]
    steps.fleet.declare({**AFTER, "kvm_guests": larger})
    for changes in (True, False):
        run = steps.fleet.play("virtfleet.kvm.site", "--diff")
        assert run.code == 0, run.output
        assert run.changed is changes
        assert ("memory: 256MiB  # waits for a restart" in run.output) is changes
        words = " ".join(run.output.split())
        end = words.rpartition("TASK [Print the summary]")[2]
        for host in HOSTS:
            assert f"guest web-{host}: still runs with the old memory; shut it down and start it again" in words
            assert f"{host}: guest web-{host}: still runs with the old memory" in end
        assert "bridged" not in end
    steps.fleet.declare(AFTER)
    assert steps.fleet.play("virtfleet.kvm.guests").code == 0


def test_another_python_than_the_distributions(steps: Steps) -> None:
    """Fault 47."""
    for host in HOSTS:
        steps.fleet.sh(host, OTHER_PYTHON)
    other = ("-e", "ansible_python_interpreter=/opt/other/bin/python3")
    for check in ([], ["--check"]):
        run = steps.fleet.play("virtfleet.kvm.guests", *other, *check)
        assert run.code == 0, run.output
        assert not run.changed
        assert "fresh from installation" not in run.output
    found = steps.fleet.module("host_info", *other).results("virtfleet.kvm.host_info")
    assert [one["problem"] for one in found] == [None, None]


def test_a_daemon_that_ended_by_itself_is_no_change(steps: Steps) -> None:
    for host in HOSTS:
        steps.fleet.sh(host, "systemctl stop libvirtd.service && systemctl is-active libvirtd.socket")
    run = steps.fleet.play("virtfleet.kvm.host")
    assert run.code == 0, run.output
    assert not run.changed


def test_a_dead_libvirt_fails_before_the_hosts_network_is_touched(steps: Steps) -> None:
    """Fault 47: the answer that counts is from after the services were started."""
    steps.fleet.declare({**AFTER, "kvm_links": [BRIDGE]})
    for host in HOSTS:
        steps.fleet.sh(
            host, "echo 'no = sense' >>/etc/libvirt/libvirtd.conf; systemctl stop libvirtd.service libvirtd.socket"
        )
    try:
        # Without the plan, which would end before that.
        run = steps.fleet.play("virtfleet.kvm.site", "-e", "site_refuse=host")
        assert run.code != 0
        assert "libvirt does not answer" in run.output or "libvirtd" in run.output, run.output
        assert run.results("virtfleet.kvm.links") == []
    finally:
        for host in HOSTS:
            steps.fleet.sh(
                host,
                "sed -i '/^no = sense$/d' /etc/libvirt/libvirtd.conf; systemctl reset-failed 'libvirtd*';"
                " systemctl start libvirtd.socket",
            )
    steps.fleet.declare(AFTER)
    assert steps.fleet.play("virtfleet.kvm.host").code == 0

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode tells the same story as the run: mistakes are said before, and what fails leaves the host as it was."""

from __future__ import annotations

import typing as t

import fuzz_hosts
import pytest
from fleet import Fleet
from suites import SUITE_OPTIONS

HOSTS = ("kvm01", "kvm02")
DECLARED: dict[str, t.Any] = {
    "kvm_links": [{"name": "br7", "type": "bridge", "ports": []}],
    "kvm_networks": [
        {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br7"},
        {"name": "nat7", "bridge": "virbr7", "ips": [{"address": "10.77.0.1/24"}]},
    ],
    "kvm_pools": [{"name": "fast", "target": "/srv/fast"}],
    "kvm_volumes": [
        {"name": "base.qcow2", "pool": "fast", "capacity": "4MiB"},
        {"name": "over.qcow2", "pool": "fast", "backing": {"volume": "base.qcow2"}},
    ],
    "kvm_guests": [
        {
            "name": f"new-{host}",
            "host": host,
            "memory": "64MiB",
            "virt": "qemu",
            "state": "running",
            "interfaces": [{"network": "lan"}, {"network": "nat7"}, {"bridge": "br7"}],
            "disks": [
                {"size": "1MiB", "pool": "fast"},
                {"image": "base.qcow2", "pool": "fast"},
                {"volume": "over.qcow2", "pool": "fast"},
            ],
        }
        for host in HOSTS
    ],
}
"""A guest on what the same run makes."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet("check", tmp_path_factory.mktemp("check"))
    made.lab("down")
    try:
        made.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
        yield made
    finally:
        made.lab("down")


def test_what_the_same_run_makes_passes_the_check_and_the_run(fleet: Fleet) -> None:
    fleet.declare(DECLARED)
    check = fleet.play("virtfleet.kvm.site", "--check")
    assert check.code == 0, check.output
    run = fleet.play("virtfleet.kvm.site")
    assert run.code == 0, run.output
    again = fleet.play("virtfleet.kvm.site", "--check")
    for host in HOSTS:
        assert check.changes(host)
        assert check.changes(host) == run.changes(host)
        assert not again.changes(host)


@pytest.mark.parametrize("host", HOSTS)
def test_a_mistake_is_said_by_the_check_as_by_the_run_and_leaves_nothing(fleet: Fleet, host: str) -> None:
    fuzz_hosts.bring(fleet, [host])
    cases = fuzz_hosts.run(fleet, host, "check_corpus.py", "0", "1000", timeout=300)
    assert len(cases) >= 60
    wrong = [
        case
        for case in cases
        if case["words"] not in case["check"] or case["check"] != case["run"] or not case["failed"] or case["changed"]
    ]
    assert wrong == []


@pytest.mark.parametrize("host", HOSTS)
def test_libvirt_is_asked_without_a_trace(fleet: Fleet, host: str) -> None:
    """What libvirt is asked about a definition makes no network device, no file and no process."""
    look = (
        "find /var/lib/libvirt /run/libvirt /var/log/libvirt /etc/libvirt ! -name '*.log' -printf '%p %s %i\\n' | sort;"
        " ip link add zz0 type bridge; cat /sys/class/net/zz0/ifindex; ip link del zz0; pgrep -c qemu-system"
    )
    guest = {"name": "asked", "memory": "64MiB", "virt": "qemu", "state": "running", "interfaces": [{"network": "lan"}]}
    more = {"graphics": [{"type": "vnc"}], "videos": [{"model": {"type": "vga"}}]}
    assert fleet.module("domains", "--check", config=[guest]).code == 0
    before = fleet.sh(host, look).split()
    checked = fleet.module("domains", "--check", config=[{**guest, **more}])
    after = fleet.sh(host, look).split()
    assert checked.code == 0, checked.output
    # The probe itself takes one number each time.
    differ = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [int(new) - int(old) for old, new in differ] == [1]

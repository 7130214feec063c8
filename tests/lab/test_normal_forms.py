# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt keeps, and what it writes of what runs, on a libvirt of each suite: the second run rests."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
from suites import SUITE_OPTIONS

pytestmark = pytest.mark.long

HOSTS = ("kvm01", "kvm02")
SMALL: dict[str, t.Any] = {"virt": "qemu", "memory": "64MiB"}
NETWORKS: list[dict[str, t.Any]] = [
    {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "vfbr0"},
    {"name": "direct", "forward": {"mode": "bridge", "interfaces": ["eno1"]}},
    {"name": "nat", "forward": {"mode": "nat"}, "bridge": "virbr70", "ips": [{"address": "10.70.0.1/24"}]},
]
STARTED: dict[str, dict[str, t.Any]] = {
    "bridge": {"interfaces": [{"network": "lan"}]},
    "macvtap": {"interfaces": [{"network": "direct"}]},
    "both": {"interfaces": [{"network": "nat"}, {"network": "lan", "link": "down"}]},
    "tablet": {"inputs": [{"type": "tablet", "bus": "usb"}]},
    "inputs": {"inputs": [{"type": "keyboard", "bus": "usb"}, {"type": "mouse", "bus": "virtio"}]},
    "odd": {"memory": "70001KiB", "current_memory": "65MiB"},
    "agent": {
        "channels": [{"type": "unix", "mode": "bind", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}]
    },
    "display": {"graphics": [{"type": "vnc", "websocket": -1}], "videos": [{"model": {"type": "vga"}}]},
    "clock": {"clock": {"offset": "variable", "adjustment": "100"}},
}
"""Guests that are started."""

DEFINED: dict[str, dict[str, t.Any]] = {
    "h2": {"disks": [{"file": "/var/lib/x.qcow2", "driver": {"cache": "default"}}]},
    "h6": {"interfaces": [{"network": "default", "alias": "net0"}]},
    "k7": {"consoles": [{"type": "pty"}], "serials": []},
    "k8": {"consoles": [{"type": "pty"}]},
    "k9": {"consoles": [{"type": "pty"}, {"type": "pty", "target": {"type": "virtio"}}]},
    "companions": {
        "controllers": [{"type": "usb", "index": 0, "model": f"ich9-{name}"} for name in ("uhci1", "ehci1")]
    },
}
"""Guests that are only defined."""

FOREIGN: dict[str, dict[str, t.Any]] = {
    "k1": {"arch": "aarch64", "machine": "virt"},
    "k4": {"arch": "aarch64"},
    "k2": {"arch": "ppc64", "machine": "pseries"},
}
"""Guests of other architectures than the hosts'."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet("normalforms", tmp_path_factory.mktemp("normalforms"))
    made.lab("down")
    try:
        made.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
        made.declare({})
        for host in HOSTS:
            made.sh(host, "ip link add vfbr0 type bridge && ip link set vfbr0 up")
        networks = made.module("networks", config=NETWORKS)
        assert networks.code == 0, networks.output
        yield made
    finally:
        made.lab("down")


def rests(fleet: Fleet, module: str, config: list[dict[str, t.Any]]) -> None:
    """The first run passes; check mode and the next have nothing to do, and nothing waits for a restart."""
    first = fleet.module(module, config=config)
    assert first.code == 0, first.output
    for options in (("--check",), ()):
        run = fleet.module(module, *options, config=config)
        assert run.code == 0, run.output
        for host in HOSTS:
            assert run.changes(host) == [], run.output
            assert not any(result.get("pending_restart") for result in run.results(f"virtfleet.kvm.{module}", host))


def test_networks_rest(fleet: Fleet) -> None:
    rests(fleet, "networks", NETWORKS)


def test_guests_that_run_rest(fleet: Fleet) -> None:
    config = [{"name": name, **SMALL, **options, "state": "running"} for name, options in STARTED.items()]
    rests(fleet, "domains", config)


def test_guests_in_libvirts_own_form_rest(fleet: Fleet) -> None:
    rests(fleet, "domains", [{"name": name, **SMALL, **options} for name, options in DEFINED.items()])


def test_guests_of_other_architectures_rest(fleet: Fleet) -> None:
    packages = "qemu-system-arm qemu-system-ppc"
    for host in HOSTS:
        fleet.sh(host, f"DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends {packages}")
        fleet.sh(host, "systemctl restart libvirtd")
    rests(fleet, "domains", [{"name": name, **SMALL, **options} for name, options in FOREIGN.items()])


def test_a_device_is_given_its_boot_order_later(fleet: Fleet) -> None:
    disk = {"file": "/var/lib/boot.img", "target": "vda", "bus": "virtio", "format": "raw"}
    rests(fleet, "domains", [{"name": "boot", **SMALL, "disks": [disk]}])
    rests(fleet, "domains", [{"name": "boot", **SMALL, "disks": [{**disk, "boot": {"order": 1}}]}])


def test_pools_rest(fleet: Fleet) -> None:
    pool = {"name": "lab pool", "target": "/srv/vm-pool/", "permissions": {"mode": "0711", "owner": -1, "group": -1}}
    rests(fleet, "pools", [pool])

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches whom on NAT, MacVTap and a bridge: the table of docs/concepts.md, with real guests."""

from __future__ import annotations

import typing as t

import pytest
from fleet import guest
from links_fleet import BRIDGE, GONE, HOSTS, Links

pytestmark = pytest.mark.parametrize("host", HOSTS)

OUTSIDE = "198.19.0.2"
SHIM = {"name": "shim0", "type": "macvlan", "parent": "eno1"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksguests", tmp_path_factory.mktemp("guests"), "--with-kvm") as links:
        yield links


def run(fleet: Links, host: str, name: str, interface: dict[str, str], *pings: str) -> str:
    """Start a guest that pings all the time; returns its address."""
    line = f"console=ttyS0 quiet vf.every=1 vf.ping={','.join(pings)}"
    # The MAC follows from the name, and the guests of both hosts are in one network.
    name = f"{name}-{host}"
    wanted = guest(name, host, cmdline=line, interfaces=[interface])
    del wanted["host"]
    done = fleet.module("domains", hosts=host, config=[wanted])
    assert done.code == 0, done.output
    leases = [words.split() for words in fleet.report(host, name) if words.startswith("lease")]
    return leases[-1][3].split("/")[0]


def end(fleet: Links, host: str, *names: str) -> None:
    """End guests."""
    gone = [{"name": f"{name}-{host}", "state": "absent"} for name in names]
    fleet.module("domains", hosts=host, config=gone, shutdown_timeout=1, force_shutdown=True)


def reaches(fleet: Links, host: str, name: str, target: str) -> bool:
    """What a guest last said of a target."""
    said = [words.split() for words in fleet.report(host, f"{name}-{host}")]
    return [words[2] for words in said if words[:2] == ["ping", target]][-1:] == ["ok"]


def pings(fleet: Links, place: str, address: str) -> bool:
    """Whether a place gets an answer from an address."""
    script = f"ping -c2 -W2 -q {address} >/dev/null && echo ok || echo no"
    return fleet.exec(place, "sh", "-c", script).strip() == "ok"


def test_nat(fleet: Links, host: str) -> None:
    fleet.module("networks", hosts=host, config=[{"name": "default", "autostart": True}])
    address = run(fleet, host, "nat", {"network": "default"}, OUTSIDE, "192.168.122.1")
    assert address.startswith("192.168.122.")
    fleet.wait(lambda: reaches(fleet, host, "nat", OUTSIDE))
    fleet.wait(lambda: reaches(fleet, host, "nat", "192.168.122.1"))
    assert pings(fleet, host, address)
    assert not pings(fleet, "outside", address)
    assert f"seen-as {fleet.address(host)}" in fleet.report(host, f"nat-{host}")


def test_macvtap_and_the_shim(fleet: Links, host: str) -> None:
    own = fleet.address(host)
    address = run(fleet, host, "tap", {"direct": "eno1"}, OUTSIDE, own)
    assert address.startswith("198.18.0.")
    fleet.wait(lambda: reaches(fleet, host, "tap", OUTSIDE))
    assert pings(fleet, "outside", address)
    # Its own host is the one that it does not reach, and that does not reach it.
    assert not reaches(fleet, host, "tap", own)
    assert not pings(fleet, host, address)
    # With the shim both do, and the outside as before; also for guests that come later.
    fleet.made(host, SHIM)
    assert pings(fleet, host, address)
    fleet.wait(lambda: reaches(fleet, host, "tap", own))
    late = run(fleet, host, "late", {"direct": "eno1"}, OUTSIDE, own)
    assert pings(fleet, host, late)
    fleet.wait(lambda: reaches(fleet, host, "late", own))
    end(fleet, host, "late")
    assert pings(fleet, host, address)
    assert pings(fleet, "outside", address)
    assert pings(fleet, "outside", own)
    assert not fleet.made(host, SHIM)["changed"]


def test_the_shim_survives_a_reboot_and_goes_again(fleet: Links, host: str) -> None:
    end(fleet, host, "tap")
    fleet.lab("reboot", host)
    fleet.declare({})
    address = run(fleet, host, "tap", {"direct": "eno1"}, OUTSIDE)
    assert pings(fleet, host, address)
    assert not fleet.made(host, SHIM)["changed"]
    fleet.made(host, {"name": "shim0", "state": "absent"})
    assert not pings(fleet, host, address)
    assert pings(fleet, "outside", address)


def test_a_guest_that_is_killed_disturbs_nobody(fleet: Links, host: str) -> None:
    run(fleet, host, "nat", {"network": "default"}, OUTSIDE)
    before = fleet.settled(host)["files"]
    fleet.sh(host, f"kill -9 $(cat /run/libvirt/qemu/tap-{host}.pid)")
    fleet.wait(lambda: f"tap-{host}" not in fleet.sh(host, "virsh list --name").split())
    assert pings(fleet, "outside", fleet.address(host))
    fleet.wait(lambda: reaches(fleet, host, "nat", OUTSIDE))
    counts = [int(words.split()[-1]) for words in fleet.report(host, f"nat-{host}") if words.startswith("count")]
    assert max(counts, default=0) == 0
    assert fleet.network(host)["files"] == before
    run(fleet, host, "tap", {"direct": "eno1"}, OUTSIDE)
    end(fleet, host, "tap")


def test_bridge(fleet: Links, host: str) -> None:
    own = fleet.address(host)
    fleet.made(host, BRIDGE)
    address = run(fleet, host, "bridged", {"bridge": "br0"}, OUTSIDE, own)
    assert address.startswith("198.18.0.")
    fleet.wait(lambda: reaches(fleet, host, "bridged", OUTSIDE))
    fleet.wait(lambda: reaches(fleet, host, "bridged", own))
    assert pings(fleet, host, address)
    assert pings(fleet, "outside", address)
    # A guest that dies leaves its bridge to the others.
    run(fleet, host, "other", {"bridge": "br0"}, OUTSIDE)
    fleet.sh(host, f"kill -9 $(cat /run/libvirt/qemu/bridged-{host}.pid)")
    fleet.wait(lambda: f"bridged-{host}" not in fleet.sh(host, "virsh list --name").split())
    fleet.wait(lambda: reaches(fleet, host, "other", OUTSIDE))
    assert pings(fleet, "outside", own)
    assert not fleet.made(host, BRIDGE)["changed"]
    run(fleet, host, "bridged", {"bridge": "br0"}, OUTSIDE)
    end(fleet, host, "bridged", "other", "nat")
    fleet.made(host, GONE)

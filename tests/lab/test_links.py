# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge over the only device of a host, through which Ansible reaches it; and back."""

from __future__ import annotations

import time
import typing as t

import pytest
from fleet import guest
from links_fleet import BRIDGE, GONE, HOSTS, Links

pytestmark = [pytest.mark.parametrize("host", HOSTS), pytest.mark.long]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("links", tmp_path_factory.mktemp("links"), "--with-kvm") as links:
        yield links


def lost(fleet: Links, host: str, name: str) -> int:
    """How many pings a guest has lost."""
    counts = [line.split() for line in fleet.report(host, name) if line.startswith("count")]
    return max((int(words[-1]) for words in counts), default=0)


def test_a_bridge_over_the_connection_itself(fleet: Links, host: str) -> None:
    nat = guest(f"nat-{host}", host, cmdline="console=ttyS0 quiet vf.every=1 vf.ping=198.19.0.2")
    del nat["host"]
    fleet.module("networks", hosts=host, config=[{"name": "default", "autostart": True}])
    fleet.module("domains", hosts=host, config=[nat])
    fleet.report(host, nat["name"])
    address = fleet.address(host)
    before = fleet.settled(host)
    # Check mode tells all of it and changes nothing.
    checked = fleet.links(host, BRIDGE, check=True).results("virtfleet.kvm.links")[0]
    fleet.back(host, before)
    started = time.monotonic()
    made = fleet.made(host, BRIDGE)
    seconds = time.monotonic() - started
    assert made["changes"] == checked["changes"]
    assert made["diff"] == checked["diff"]
    assert [change["path"] for change in made["changes"]] == ["definition"]
    assert made["outcome"] == "confirmed"
    assert made["address"] == address
    assert fleet.sh(host, "ip -br -4 addr show br0").split()[2] == f"{address}/24"
    assert fleet.sh(host, "cat /sys/class/net/br0/address") == fleet.sh(host, "cat /sys/class/net/eno1/address")
    assert fleet.sh(host, "stat -c %a /etc/netplan/*").split() == ["600"]
    # Faults 12: neither a spanning tree nor a delay.
    assert fleet.sh(host, "cat /sys/class/net/br0/bridge/stp_state /sys/class/net/br0/bridge/forward_delay") == "0\n0\n"
    # Nothing of the trial is left.
    assert fleet.sh(host, "ls /run/netplan; systemctl list-units --all --no-legend 'virtfleet*'") == ""
    started = time.monotonic()
    fleet.sh(host, "netplan apply")
    assert seconds < 15 + time.monotonic() - started
    time.sleep(12)
    assert lost(fleet, host, nat["name"]) <= 3


def test_a_second_run_is_one_execution_and_touches_no_link(fleet: Links, host: str) -> None:
    before = fleet.settled(host)
    fleet.sh(
        host,
        "systemd-run --quiet --unit=watch sh -c 'exec ip monitor link route > /run/watch'; sleep 1; : > /run/watch",
    )
    result = fleet.made(host, BRIDGE)
    assert not result["changed"]
    assert result["changes"] == []
    told = fleet.module("links", "-vvv", hosts=host, config=[BRIDGE]).output
    assert told.count("Using module file") == 1
    fleet.back(host, before)
    seen = fleet.sh(host, "systemctl stop watch; grep -v 'proto ra\\|via fe80' /run/watch || true")
    assert seen == ""


def test_it_survives_a_reboot(fleet: Links, host: str) -> None:
    address = fleet.address(host)
    fleet.lab("reboot", host)
    assert fleet.sh(host, "ip -br -4 addr show br0").split()[2] == f"{address}/24"
    fleet.declare({})
    assert not fleet.made(host, BRIDGE)["changed"]


def test_what_the_kernel_has_otherwise_is_put_right(fleet: Links, host: str) -> None:
    fleet.sh(host, "ip link set br0 type bridge stp_state 1")
    result = fleet.made(host, {**BRIDGE, "stp": False})
    assert [(change["path"], change["before"], change["after"]) for change in result["changes"]] == [
        ("stp", True, False)
    ]
    assert fleet.sh(host, "cat /sys/class/net/br0/bridge/stp_state") == "0\n"


def test_the_delay_of_a_spanning_trees_root_is_not_the_bridges(fleet: Links, host: str) -> None:
    """A bridge below another one goes by that one's delay, and shows it: that is no change."""
    link: dict[str, t.Any] = {"name": "br5", "type": "bridge", "ports": ["eno2"], "addressing": "none"}
    link |= {"stp": True, "forward_delay": 4}
    show = "cat /sys/class/net/br5/bridge/forward_delay"
    fleet.made(host, link)
    fleet.sh(
        host,
        """ip link add root5 type bridge stp_state 1 priority 0 forward_delay 2500
ip link add five type veth peer name ten
ip link set five master root5 up; ip link set ten master br5 up; ip link set root5 up""",
    )
    fleet.wait(lambda: fleet.sh(host, show) == "2500\n")
    assert not fleet.made(host, link)["changed"]
    changes = fleet.made(host, {**link, "forward_delay": 6})["changes"]
    assert [(change["path"], change["before"], change["after"]) for change in changes] == [("forward_delay", 4, 6)]
    assert not fleet.made(host, {**link, "forward_delay": 6})["changed"]
    fleet.sh(host, "ip link delete five; ip link delete root5")
    fleet.wait(lambda: fleet.sh(host, show) == "600\n")
    fleet.made(host, {"name": "br5", "state": "absent"})


def test_a_link_that_somebody_removed_is_there_again(fleet: Links, host: str) -> None:
    links: list[dict[str, t.Any]] = [
        {"name": "br5", "type": "bridge", "ports": ["eno2"]},
        {"name": "shim5", "type": "macvlan", "parent": "br5"},
    ]
    fleet.made(host, *links)
    for damage in ("ip link set eno2 nomaster", "ip link delete shim5", "ip link delete br5"):
        fleet.sh(host, damage)
        # networkd puts some of it right by itself.
        fleet.made(host, *links)
        fleet.wait(lambda: "master br5" in fleet.sh(host, "ip link show eno2"))
        fleet.wait_for_link(host, "shim5")
        assert not fleet.made(host, *links)["changed"], damage
    fleet.made(host, {"name": "shim5", "state": "absent"}, {"name": "br5", "state": "absent"})


def test_a_link_that_somebody_has_set_otherwise_is_set_again(fleet: Links, host: str) -> None:
    mac, static = "52:54:00:aa:00:09", {"addressing": "static", "addresses": ["10.50.0.2/24"]}
    bridge = {"name": "br5", "type": "bridge", "ports": ["eno2"], **static, "mac": mac, "mtu": 1450}
    shim = {"name": "shim5", "type": "macvlan", "parent": "eno2", **static}
    for link, port in ((shim, []), (bridge, ["eno2"])):
        fleet.made(host, link)
        # Also what is declared of a link that is there already.
        link = {**link, "mac": mac, "mtu": 1450}
        fleet.made(host, link)
        name = link["name"]
        show = f"cat /sys/class/net/{name}/address /sys/class/net/{name}/mtu; ip -br -4 addr show dev {name}"
        wanted = fleet.sh(host, show)
        assert [mac, "1450"] == wanted.split()[:2]
        assert "10.50.0.2/24" in wanted
        for damage in ("down", "mtu 1300", "address 52:54:00:00:00:11"):
            for each in (name, *port):
                fleet.sh(host, f"ip link set {each} {damage}" if each == name or damage == "down" else "true")
        assert {change["path"] for change in fleet.made(host, link)["changes"]} == {"mac", "mtu", "up"}
        fleet.sh(host, f"ip addr flush dev {name}")
        assert {change["path"] for change in fleet.made(host, link)["changes"]} == {"addresses"}
        assert fleet.sh(host, show) == wanted
        assert not fleet.made(host, link)["changed"]
        fleet.made(host, {"name": name, "state": "absent"})


def test_settings_of_a_bridge_change_and_change_back(fleet: Links, host: str) -> None:
    changed = fleet.made(host, {**BRIDGE, "forward_delay": 4, "mtu": 1400})
    assert {change["path"] for change in changed["changes"]} == {"forward_delay", "mtu"}
    show = "cat /sys/class/net/br0/bridge/forward_delay /sys/class/net/br0/mtu"
    assert fleet.sh(host, show).split() == ["400", "1400"]
    assert not fleet.made(host, {**BRIDGE, "forward_delay": 4, "mtu": 1400})["changed"]
    fleet.made(host, {**BRIDGE, "forward_delay": 0, "mtu": 1500})
    assert fleet.sh(host, show).split() == ["0", "1500"]


def test_absent_gives_the_address_back_to_the_port(fleet: Links, host: str) -> None:
    address = fleet.address(host)
    result = fleet.made(host, GONE)
    assert result["changes"][0]["after"] is None
    assert fleet.sh(host, "ip -br -4 addr show eno1").split()[2] == f"{address}/24"
    fleet.wait_for_link(host, "br0", there=False)
    assert fleet.sh(host, "find /usr/local/lib/systemd/network -type f") == ""
    assert not fleet.made(host, GONE)["changed"]


def test_a_host_that_moves_is_followed(fleet: Links, host: str) -> None:
    old = fleet.address(host)
    new = "198.18.0.2" + host[-1]
    static = {
        "addressing": "static",
        "addresses": [f"{new}/24"],
        "gateway": "198.18.0.1",
        "nameservers": ["198.18.0.1"],
    }
    play = fleet.folder / "move.yml"
    play.write_text(
        f"- hosts: {host}\n  gather_facts: false\n  tasks:\n"
        f"    - virtfleet.kvm.links: {{config: [{ {**BRIDGE, **static} }]}}\n"
        "    - ansible.builtin.command: ip -br -4 addr show br0\n"
    )
    run = fleet.play(str(play))
    assert run.code == 0, run.output
    result = run.results("virtfleet.kvm.links")[0]
    assert result["address"] == new
    assert result["forecast"][0]["after"] == [f"{new}/24"]
    # The play goes on at the new address.
    assert run.results("ansible.builtin.command")[0]["stdout"].split()[2] == f"{new}/24"
    fleet.declare({})
    fleet.made(host, {**BRIDGE, **static, "addresses": [f"{old}/24"]})
    assert fleet.address(host) == old
    fleet.declare({})


def test_a_bridge_moves_to_another_port_and_the_host_keeps_its_address(fleet: Links, host: str) -> None:
    """Fault 9: the DHCP server knows it by one identity all the time, also at the port that inherits from it."""
    bridge = {**BRIDGE, "addressing": "dhcp"}
    fleet.made(host, bridge)
    address = f"{fleet.address(host)}/24"
    for config, holder in (({**bridge, "ports": ["eno2"]}, "br0"), (GONE, "eno2")):
        result = fleet.made(host, config)
        moved, *ports = result["forecast"]
        assert address in moved["after"]
        fleet.settled(host)
        # Of IPv6, a port has the address that goes with its own MAC address.
        assert set(moved["after"]) <= set(fleet.sh(host, f"ip -br address show {holder}").split())
        # A port has no addresses; before, it had what routers announce.
        assert all("the addresses of eno2 go away" in each["note"] and not each["after"] for each in ports)
        assert fleet.sh(host, f"ip -br -4 addr show {holder}").split()[2] == address
        assert not fleet.made(host, config)["changed"]

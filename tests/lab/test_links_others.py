# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have told the kernel, such as a VPN or keepalived, outlives every change of links, kept or not."""

from __future__ import annotations

import typing as t

import pytest
from links_fleet import BRIDGE, GONE, HOSTS, Links

pytestmark = [pytest.mark.parametrize("host", HOSTS), pytest.mark.long]

TOLD = """
ip address add 10.55.0.1/24 dev eno1
ip route add 10.66.0.0/16 via 10.55.0.9 dev eno1
ip route add default via 10.55.0.9 dev eno1 table 77
ip neighbour add 10.55.0.77 lladdr 02:00:00:00:00:77 dev eno1 nud permanent
ip link set eno2 up
ip address add 10.200.0.1/24 dev eno2
ip route add 10.201.0.0/16 via 10.200.0.9 dev eno2
ip route add blackhole 10.88.0.0/16
ip rule add not fwmark 51820 table 51820 pref 500
ip -6 rule add from fd00:99::/64 lookup 77 pref 501
"""
ON_THE_PORT = "ip -4 address show dev eno1 | grep 10.55; ip route show table all dev eno1 | grep -E '10.55|10.66'"
NEIGHBOUR = "ip neighbour show dev eno1 nud permanent"
ELSEWHERE = """
ip -4 address show dev eno2 | grep 10.200; ip route | grep -E '10.201|10.88'; ip rule | grep 51820; ip -6 rule | grep 77
"""
UNITS = "ls -i /run/systemd/network/"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksothers", tmp_path_factory.mktemp("others")) as links:
        yield links


def test_what_others_told_the_kernel_outlives_a_change(fleet: Links, host: str) -> None:
    fleet.sh(host, TOLD)
    fleet.settled(host)
    on_the_port, elsewhere, units = (fleet.sh(host, look) for look in (f"{ON_THE_PORT}; {NEIGHBOUR}", ELSEWHERE, UNITS))
    assert len(on_the_port.splitlines()) >= 5
    assert len(elsewhere.splitlines()) == 5
    # A look at the host has no effect on it: not even netplan's files are written anew.
    checked = fleet.links(host, BRIDGE, check=True).results("virtfleet.kvm.links")[0]
    assert fleet.sh(host, UNITS) == units
    told = [line for line in checked["warnings"] if "in none of the host's files" in line]
    assert [line.split(" is in none")[0].partition(" the ")[2] for line in told] == [
        "address 10.55.0.1/24 on eno1",
        "route to 10.66.0.0/16 by 10.55.0.9 on eno1",
        "route to 0.0.0.0/0 by 10.55.0.9 of table 77 on eno1",
    ]
    (forecast,) = checked["forecast"]
    assert "10.55.0.1/24" in forecast["before"]
    assert "10.55.0.1/24" not in forecast["after"]
    # Taken back, all of it is there again.
    wrong = {**BRIDGE, "addressing": "static", "addresses": ["198.18.0.240/24"], "gateway": "198.18.0.241"}
    result = fleet.links(host, wrong, rollback_after=10).results("virtfleet.kvm.links")[0]
    assert result["outcome"] == "rolled-back", result
    assert "is as it was before" in result["msg"]
    assert fleet.sh(host, f"{ON_THE_PORT}; {NEIGHBOUR}") == on_the_port
    assert fleet.sh(host, ELSEWHERE) == elsewhere
    # Kept, all that is not on the port.
    made = fleet.made(host, BRIDGE)
    assert made["outcome"] == "confirmed"
    assert made["warnings"] == checked["warnings"]
    assert fleet.sh(host, ELSEWHERE) == elsewhere
    assert fleet.made(host, GONE)["outcome"] == "confirmed"
    assert fleet.sh(host, ELSEWHERE) == elsewhere


def test_what_nobody_has_applied_is_told(fleet: Links, host: str) -> None:
    """Another's edit comes into force with any change; one that is taken back leaves it as it is."""
    edit = "cat >/etc/netplan/90-mine.yaml <<'END'\nnetwork: {version: 2, ethernets: {eno2: {mtu: 1400}}}\nEND\n"
    fleet.sh(host, f"{edit}chmod 600 /etc/netplan/90-mine.yaml")
    units = fleet.sh(host, UNITS)
    bridge = {**BRIDGE, "addressing": "static", "addresses": ["198.18.0.240/24"], "gateway": "198.18.0.241"}
    told = "what netplan's files say of eno2 is not in force yet, and comes into force with this change"
    checked = fleet.links(host, bridge, check=True).results("virtfleet.kvm.links")[0]
    assert [line for line in checked["warnings"] if line.startswith(told)]
    assert fleet.sh(host, UNITS) == units
    result = fleet.links(host, bridge, rollback_after=10).results("virtfleet.kvm.links")[0]
    assert result["outcome"] == "rolled-back", result
    assert fleet.sh(host, "cat /sys/class/net/eno2/mtu") == "1500\n"
    fleet.sh(host, "rm /etc/netplan/90-mine.yaml")

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
        "neighbour 10.55.0.77 on eno1",
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


SHIM = {"name": "shim0", "type": "macvlan", "parent": "eno1"}
OF_PROGRAMS = """
ip route add 10.70.0.0/16 via 10.55.0.9 proto bird
ip route add 10.71.0.0/16 via 10.55.0.9 proto static
ip route add blackhole 10.75.0.0/16 proto zebra
ip route add local 10.91.0.0/24 dev eno1
ip rule add from 10.3.0.0/16 lookup 61 pref 702 proto static
ip neighbour add proxy 10.99.0.1 dev eno1
ip nexthop add id 9 via 10.55.0.9 dev eno1
ip route add 10.79.0.0/16 nhid 9
ip -6 route add default from fd00:78::/64 via fe80::9 dev eno1 metric 8
"""
ALL = f"""
{ON_THE_PORT}; {NEIGHBOUR}; {ELSEWHERE}
ip route show table all | grep -E "^(blackhole|local) 10|^10.7"; ip rule | grep 702; ip neighbour show proxy
ip nexthop | grep "id 9"; ip -6 route | grep "from fd00:78"
"""


def test_what_others_told_the_kernel_of_a_parent_stays(fleet: Links, host: str) -> None:
    """networkd configures the parent of a shim anew, when it comes and when it goes."""
    told = TOLD.replace(" add ", " replace ").replace("rule replace", "rule add")
    fleet.sh(host, f"{told}true")
    fleet.sh(host, OF_PROGRAMS)
    before = fleet.sh(host, ALL)
    assert len(before.splitlines()) >= 18
    for config in (SHIM, {"name": "shim0", "state": "absent"}):
        made = fleet.made(host, config)
        assert [line for line in made.get("warnings", []) if "by hand" in line] == []
        assert fleet.sh(host, ALL) == before
    wrong = {**BRIDGE, "addressing": "static", "addresses": ["198.18.0.240/24"], "gateway": "198.18.0.241"}
    result = fleet.links(host, wrong, rollback_after=15).results("virtfleet.kvm.links")[0]
    assert "is as it was before" in result["msg"]
    assert fleet.sh(host, ALL) == before


SET = """
ip link set dev eno2 type bridge_slave cost 77 priority 8 hairpin on isolated on learning off
ip link set dev br2 type bridge ageing_time 12300 mcast_snooping 0
sysctl -q -w net.ipv4.conf.br2.proxy_arp=1 net.ipv4.conf.eno2.rp_filter=2 net.ipv6.conf.br2.hop_limit=33
"""
IS_SET = """
ip -d link show dev eno2 | grep -o -E " (cost|priority|hairpin|isolated|learning) [^ ]*"
ip -d link show dev br2 | grep -o -E "(ageing_time|mcast_snooping) [^ ]*"
sysctl net.ipv4.conf.br2.proxy_arp net.ipv4.conf.eno2.rp_filter net.ipv6.conf.br2.hop_limit
"""


def test_what_others_have_set_on_a_bridge_is_back_after_a_rollback(fleet: Links, host: str) -> None:
    """The bridge goes during the trial, and its port leaves it."""
    fleet.made(host, {"name": "br2", "type": "bridge", "ports": ["eno2"], "addressing": "none"})
    fleet.sh(host, SET)
    fleet.settled(host)
    before = fleet.sh(host, IS_SET)
    assert "cost 77" in before
    wrong = {**BRIDGE, "addressing": "static", "addresses": ["198.18.0.240/24"], "gateway": "198.18.0.241"}
    gone = {"name": "br2", "state": "absent"}
    result = fleet.links(host, gone, wrong, rollback_after=15).results("virtfleet.kvm.links")[0]
    assert "is as it was before" in result["msg"], result
    assert fleet.sh(host, IS_SET) == before
    fleet.made(host, gone)


def test_a_container_on_a_link_is_not_taken_along(fleet: Links, host: str) -> None:
    """Its device is in a network namespace of its own, be it one with a name or a process."""
    bridge = {"name": "br2", "type": "bridge", "ports": ["eno2"], "addressing": "none"}
    fleet.made(host, bridge)
    fleet.sh(host, "ip netns add web; ip link add link br2 name eth7 type macvlan; ip link set eth7 netns web")
    said = "eth7 of the network namespace web is built on br2: remove it too"
    gone = {"name": "br2", "state": "absent"}
    assert said in fleet.refused(host, gone, check=True)
    assert said in fleet.refused(host, gone)
    assert "eth7" in fleet.sh(host, "ip netns exec web ip link show dev eth7")
    fleet.sh(host, "ip netns exec web ip link delete dev eth7; ip netns delete web")
    assert fleet.made(host, gone)["outcome"] == "confirmed"
    sleeper = "systemd-run --quiet --unit=web --property=PrivateNetwork=yes sleep 900"
    fleet.sh(host, f"{sleeper}; ip link add link eno2 name eth7 type macvlan")
    fleet.sh(host, "ip link set eth7 netns $(systemctl show --property=MainPID --value web)")
    assert "(sleep) is on eno2, which can carry either that or a bridge" in fleet.refused(host, bridge)
    fleet.sh(host, "systemctl stop web")


def test_a_declared_route_takes_the_place_of_one_that_was_tried_out(fleet: Links, host: str) -> None:
    static = {"name": "br2", "type": "bridge", "ports": ["eno2"], "addressing": "static", "addresses": ["10.9.9.1/24"]}
    fleet.made(host, static)
    fleet.sh(host, "ip route add 10.77.0.0/16 via 10.9.9.8 dev br2; ip route add default via 10.9.9.8 table 50")
    made = fleet.made(host, {**static, "routes": [{"to": "10.77.0.0/16", "via": "10.9.9.9"}]})
    assert len([line for line in made["warnings"] if "in none of the host's files" in line]) == 2
    assert "via 10.9.9.9" in fleet.sh(host, "ip route show 10.77.0.0/16")
    assert fleet.sh(host, "ip route show table 50 2>/dev/null || true") == ""
    fleet.made(host, {"name": "br2", "state": "absent"})


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

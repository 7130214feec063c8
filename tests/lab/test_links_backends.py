# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose network is not that of netplan and networkd: networkd alone, NetworkManager, ifupdown."""

from __future__ import annotations

import typing as t

import pytest
from links_fleet import BRIDGE, GONE, HOSTS, Links

pytestmark = [pytest.mark.parametrize("host", HOSTS), pytest.mark.by_turns, pytest.mark.long]

WRONG = {**BRIDGE, "addressing": "static", "addresses": ["198.18.77.7/24"], "gateway": "198.18.77.1"}

NETWORKD = """
cat > /etc/systemd/network/20-eno1.network <<'END'
[Match]
Name=eno1

[Network]
DHCP=ipv4
LinkLocalAddressing=ipv6

[DHCPv4]
UseDomains=yes
END
systemctl -q enable systemd-networkd
mkdir -p /root/netplan && mv /etc/netplan/* /root/netplan/
systemd-run --quiet --wait sh -c 'netplan generate; networkctl reload; networkctl reconfigure eno1; sleep 5'
"""

NETWORK_MANAGER = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update && apt-get -qq install -y --no-install-recommends network-manager >/dev/null 2>&1
# Cables of namespaces are nobody's by NetworkManager's own rules.
cat > /etc/NetworkManager/conf.d/10-lab.conf <<'END'
[main]
no-auto-default=*

[device]
match-device=interface-name:eno1
managed=1
END
# The only way out, also by IPv6, is to be the one that is bridged.
echo 'net.ipv6.conf.eno2.disable_ipv6=1' > /etc/sysctl.d/10-lab.conf
sed -i '/^    eno2:/,+1d' /etc/netplan/01-netcfg.yaml
sed -i 's/renderer: networkd/renderer: NetworkManager/' /etc/netplan/01-netcfg.yaml
systemctl -q disable systemd-networkd systemd-networkd.socket 2>/dev/null
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksbackends", tmp_path_factory.mktemp("backends")) as links:
        yield links


def there_and_back(fleet: Links, host: str) -> None:
    """A bridge over the connection itself, a mistake that is taken back, a reboot, and the way back."""
    address = fleet.address(host)
    fleet.settled(host)
    said = fleet.links(host, BRIDGE, check=True).results("virtfleet.kvm.links")[0]
    made = fleet.made(host, BRIDGE)
    assert made["changes"] == said["changes"]
    assert made["outcome"] == "confirmed"
    assert fleet.sh(host, "ip -br -4 addr show br0").split()[2] == f"{address}/24"
    assert "master br0" in fleet.sh(host, "ip link show eno1")
    assert not fleet.made(host, BRIDGE)["changed"]
    bridged = fleet.settled(host)
    run = fleet.links(host, WRONG, rollback_after=15)
    assert run.code != 0
    assert run.results("virtfleet.kvm.links")[0]["outcome"] == "rolled-back"
    fleet.back(host, bridged)
    fleet.lab("reboot", host)
    fleet.declare({})
    assert fleet.sh(host, "ip -br -4 addr show br0").split()[2] == f"{address}/24"
    assert not fleet.made(host, BRIDGE)["changed"]
    fleet.made(host, GONE)
    fleet.wait_for_link(host, "br0", there=False)
    assert fleet.sh(host, "ip -br -4 addr show eno1").split()[2] == f"{address}/24"


def test_networkd_alone(fleet: Links, host: str) -> None:
    fleet.sh(host, NETWORKD)
    fleet.wait_for_ssh(host)
    there_and_back(fleet, host)
    assert fleet.sh(host, "find /usr/local/lib/systemd/network -type f") == ""
    fleet.sh(host, "rm /etc/systemd/network/20-eno1.network; mv /root/netplan/* /etc/netplan/")
    fleet.lab("reboot", host)
    fleet.declare({})


def test_ifupdown_is_refused_with_the_way_out(fleet: Links, host: str) -> None:
    fleet.sh(
        host,
        "apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ifupdown"
        " >/dev/null 2>&1; printf 'iface eno2 inet dhcp\\n' > /etc/network/interfaces.d/eno2",
    )
    said = fleet.refused(host, {**BRIDGE, "ports": ["eno2"]})
    assert "ports[0]: eno2 is configured by ifupdown" in said
    assert "describe it in netplan instead" in said
    fleet.sh(host, "rm /etc/network/interfaces.d/eno2")


def test_netplan_with_network_manager(fleet: Links, host: str) -> None:
    fleet.sh(host, NETWORK_MANAGER)
    fleet.lab("reboot", host)
    fleet.declare({})
    assert "netplan-eno1" in fleet.sh(host, "nmcli device")
    before = fleet.sh(host, "cat /etc/netplan/01-netcfg.yaml")
    by_router = "for try in $(seq 30); do ip -6 route show default | grep . && break; sleep 1; done"
    assert "dev eno1" in fleet.sh(host, by_router)
    plain = fleet.settled(host)
    assert fleet.links(host, WRONG, rollback_after=15).results("virtfleet.kvm.links")[0]["outcome"] == "rolled-back"
    fleet.back(host, plain)
    there_and_back(fleet, host)
    assert fleet.sh(host, "cat /etc/netplan/01-netcfg.yaml") == before

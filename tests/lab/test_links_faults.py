# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong when a host's network is changed, each fault on a real host of each suite."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import typing as t

import pytest
from fleet import LAB, guest
from links_fleet import BRIDGE, GONE, HOSTS, Links

pytestmark = [pytest.mark.parametrize("host", HOSTS), pytest.mark.by_turns, pytest.mark.long]

NETPLAN = "/etc/netplan/01-netcfg.yaml"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksfault", tmp_path_factory.mktemp("faults"), "--with-kvm") as links:
        yield links


def static(fleet: Links, host: str, **options: t.Any) -> dict[str, t.Any]:
    """A bridge with the host's own address, declared as a static one."""
    address = fleet.address(host)
    right = {"addresses": [f"{address}/24"], "gateway": "198.18.0.1", "nameservers": ["198.18.0.1"]}
    return {**BRIDGE, "addressing": "static", **right, **options}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gateway": "198.18.0.77"}, "198.18.0.77 does not answer"),
        ({"nameservers": ["198.18.0.77"]}, "no answer from 198.18.0.77"),
        ({"addresses": ["198.18.77.7/24"], "gateway": "198.18.77.1"}, "nobody confirmed it|does not answer"),
    ],
    ids=["gateway", "name server", "address"],
)
def test_a_mistake_is_taken_back(fleet: Links, host: str, wrong: dict[str, t.Any], said: str) -> None:
    """Faults 1 and 4: no file is touched, and no link is left behind."""
    before = fleet.settled(host)
    run = fleet.links(host, static(fleet, host, **wrong), rollback_after=20)
    result = run.results("virtfleet.kvm.links")[0]
    assert run.code != 0
    assert result["outcome"] == "rolled-back"
    assert not result["changed"]
    assert any(word in result["msg"] for word in said.split("|")), result["msg"]
    fleet.back(host, before)
    assert fleet.outcome(host)["restored"]


def test_the_controller_is_killed(fleet: Links, host: str) -> None:
    """Fault 2: the host's own timer has the last word."""
    before = fleet.settled(host)
    with fleet.trying(host, BRIDGE) as run:
        os.killpg(run.pid, signal.SIGKILL)
    fleet.wait_for_link(host, "br0", there=False)
    fleet.wait_for_ssh(host)
    fleet.back(host, before)
    assert "nobody confirmed it" in fleet.outcome(host)["reason"]


def test_no_new_connection_is_not_good_enough(fleet: Links, host: str) -> None:
    """The old connection still works, and does not count."""
    before = fleet.settled(host)
    with fleet.trying(host, BRIDGE) as run:
        output = run.communicate(timeout=180)[0]
    assert run.returncode != 0
    assert "the change was not kept: nobody confirmed it" in output
    fleet.wait_for_ssh(host)
    fleet.back(host, before)


def test_the_power_fails_during_the_trial(fleet: Links, host: str) -> None:
    """Fault 3: what is tried is in /run, and a reboot forgets it."""
    before = fleet.settled(host)
    with fleet.trying(host, BRIDGE, after=120) as run:
        fleet.lab("cut", host)
        os.killpg(run.pid, signal.SIGKILL)
    fleet.lab("start", host)
    fleet.declare({})
    fleet.back(host, before)


def test_two_runs_at_once(fleet: Links, host: str) -> None:
    """Fault 14: the second refuses, and disturbs nothing."""
    before = fleet.settled(host)
    wrong = static(fleet, host, nameservers=["198.18.0.77"])
    # The first waits for its name server until shortly before the host's deadline.
    with fleet.trying(host, wrong, after=45, cut_off=False) as run:
        second = fleet.links(host, BRIDGE)
        assert second.code != 0
        assert "another run" in second.results("virtfleet.kvm.links")[0]["msg"]
        output = run.communicate(timeout=180)[0]
    assert "no answer from 198.18.0.77" in output
    fleet.back(host, before)


def test_a_port_of_another_bridge(fleet: Links, host: str) -> None:
    """Faults 5 and 6: the kernel would take it without a word."""
    fleet.sh(
        host,
        "ip link add br9 type bridge && echo 1 >/proc/sys/net/ipv6/conf/br9/disable_ipv6 &&"
        " ip link set eno2 master br9 && ip link set br9 up",
    )
    assert "eno2 is a port of the bridge br9: 'takeover: true'" in fleet.refused(host, {**BRIDGE, "ports": ["eno2"]})
    said = fleet.refused(host, {"name": "tap9", "type": "macvtap", "parent": "eno2"})
    assert "eno2 is a port of the bridge br9" in said
    fleet.made(host, {**BRIDGE, "ports": ["eno2"], "takeover": True})
    assert "master br0" in fleet.sh(host, "ip link show eno2")
    fleet.made(host, GONE)
    fleet.sh(host, "ip link delete br9")


def test_a_macvtap_guest_on_the_port(fleet: Links, host: str) -> None:
    """Fault 6: bridging its device would lose the host."""
    tap = guest(f"tapped-{host}", host, interfaces=[{"direct": "eno1"}])
    del tap["host"]
    assert fleet.module("domains", hosts=host, config=[tap]).code == 0
    assert f"guest tapped-{host} runs on eno1 by MacVTap" in fleet.refused(host, BRIDGE)
    fleet.module(
        "domains",
        hosts=host,
        config=[{"name": f"tapped-{host}", "state": "absent"}],
        force_shutdown=True,
        shutdown_timeout=1,
    )


def test_names_that_are_none(fleet: Links, host: str) -> None:
    """Fault 8: every one of them is named."""
    names = ["a" * 16, "../x", "-x", "brü", "b;r", "b r", "$(x)", "lo"]
    said = fleet.refused(host, *({**BRIDGE, "name": name} for name in names)).splitlines()
    assert len([line for line in said if "is not a name" in line]) == len(names), said


def test_all_that_a_port_has_is_taken_over(fleet: Links, host: str) -> None:
    """Faults 9 and 10: addresses, routes, name servers and MTU, spread over several files, in any order."""
    fleet.sh(
        host,
        f"""cp {NETPLAN} /root/netplan
cat > /etc/netplan/90-more.yaml <<'END'
network:
  ethernets:
    eno2:
      addresses: [10.9.0.5/24, "fd00:9::5/64"]
      mtu: 1400
END
cat > /etc/netplan/20-routes.yaml <<'END'
# By hand.
network:
  version: 2
  ethernets:
    eno2:
      addresses: [10.9.0.6/24]
      routes: [{{to: 10.10.0.0/16, via: 10.9.0.1}}]
      nameservers: {{addresses: [10.9.0.3], search: [example.test]}}
END
chmod 600 /etc/netplan/*; netplan apply""",
    )
    look = "ip -br addr show {0} | tr ' ' '\\n' | grep -c '10.9.0.5/24\\|10.9.0.6/24\\|fd00:9::5/64'"
    look += "; ip route show dev {0}"
    look += "; cat /sys/class/net/{0}/mtu"
    # Without the router, which announces itself when it likes.
    look += "; grep '^DNS=\\|^DOMAINS=' /run/systemd/netif/links/$(cat /sys/class/net/{0}/ifindex)"
    look += " | sed 's/ fe80:[^ ]*//'"
    fleet.settled(host)
    before = fleet.sh(host, look.format("eno2"))
    bridge = {"name": "br1", "type": "bridge", "ports": ["eno2"]}
    fleet.made(host, bridge)
    fleet.settled(host)
    assert fleet.sh(host, look.format("br1")) == before
    assert "# By hand." in fleet.sh(host, "head -1 /etc/netplan/20-routes.yaml")
    assert "br1" not in fleet.sh(host, f"cat {NETPLAN}")
    assert not fleet.made(host, bridge)["changed"]
    fleet.made(host, {"name": "br1", "state": "absent"})
    fleet.sh(host, f"rm /etc/netplan/*; cp /root/netplan {NETPLAN}; chmod 600 {NETPLAN}; netplan apply")


def test_guests_keep_their_bridge(fleet: Links, host: str) -> None:
    """Fault 13: a bridge does not go from under a guest, and a rollback puts its device back."""
    fleet.made(host, {"name": "br2", "type": "bridge", "ports": []})
    bridged = guest("bridged", host, interfaces=[{"bridge": "br2"}])
    del bridged["host"]
    assert fleet.module("domains", hosts=host, config=[bridged]).code == 0
    tap = fleet.sh(host, "virsh domiflist bridged | awk '/br2/ {print $1}'").strip()
    assert "guest bridged runs on br2" in fleet.refused(host, {"name": "br2", "state": "absent"})
    with fleet.trying(host, {"name": "br2", "type": "bridge", "forward_delay": 5}) as run:
        # Whatever takes it off during the trial.
        fleet.wait(lambda: "forward_delay 500" in fleet.exec(host, "ip", "-d", "link", "show", "br2"))
        fleet.exec(host, "ip", "link", "set", tap, "nomaster")
        run.communicate(timeout=180)
    fleet.wait_for_ssh(host)
    fleet.wait(lambda: "master br2" in fleet.sh(host, f"ip link show {tap}"))
    assert fleet.sh(host, "cat /sys/class/net/br2/bridge/forward_delay") == "0\n"
    fleet.module(
        "domains", hosts=host, config=[{"name": "bridged", "state": "absent"}], force_shutdown=True, shutdown_timeout=1
    )
    fleet.made(host, {"name": "br2", "state": "absent"})


def test_a_subnet_that_is_somewhere_else(fleet: Links, host: str) -> None:
    """Fault 16, for the host's own links and for libvirt's networks."""
    taken = {"name": "taken", "bridge": "virbr7", "forward": {"mode": "nat"}, "ips": [{"address": "198.18.0.1/24"}]}
    for words in ([], ["--check"]):
        run = fleet.module("networks", *words, hosts=host, config=[{"name": "default"}, taken])
        assert run.code != 0
        assert "the host has a route to 198.18.0.0/24 by eno1" in run.output
        assert fleet.sh(host, "virsh net-list --all --name").split() in ([], ["default"])
        assert "virbr" not in fleet.sh(host, "ls /sys/class/net")
    fleet.module("networks", hosts=host, config=[{"name": "default"}])
    bridge = {
        "name": "br3",
        "type": "bridge",
        "ports": ["eno2"],
        "addressing": "static",
        "addresses": ["192.168.122.9/24"],
    }
    assert "192.168.122.0/24, which the host has a route to by virbr0" in fleet.refused(host, bridge)


def test_traffic_that_iptables_would_drop(fleet: Links, host: str) -> None:
    """Fault 17: said, and put right only when asked for."""
    if "1" not in fleet.sh(host, "cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true"):
        fleet.sh(host, "modprobe br_netfilter 2>/dev/null; sysctl -w net.bridge.bridge-nf-call-iptables=1 || true")
    if "1" not in fleet.sh(host, "cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true"):
        pytest.skip("this kernel has no br_netfilter")
    fleet.sh(host, "iptables -P FORWARD DROP")
    bridge = {"name": "br4", "type": "bridge", "ports": ["eno2"]}
    said = fleet.made(host, bridge)
    assert any("bypass_iptables" in warning for warning in said["warnings"])
    assert fleet.sh(host, "cat /proc/sys/net/bridge/bridge-nf-call-iptables") == "1\n"
    fleet.made(host, bridge, bypass_iptables=True)
    assert fleet.sh(host, "cat /proc/sys/net/bridge/bridge-nf-call-iptables") == "0\n"
    assert not fleet.made(host, bridge, bypass_iptables=True)["changed"]
    fleet.sh(
        host,
        "iptables -P FORWARD ACCEPT; rm /etc/sysctl.d/*virtfleet* /etc/udev/rules.d/*virtfleet*",
    )
    fleet.made(host, {"name": "br4", "state": "absent"})


@contextlib.contextmanager
def no_dhcp(fleet: Links) -> t.Iterator[None]:
    """A DHCP server that does not answer. Another program goes on announcing the router by IPv6."""
    search = ["pgrep", "-f", f"dnsmasq .*/{fleet.name}/dnsmasq.leases"]
    server = int(subprocess.run(search, capture_output=True, text=True, check=True).stdout.split()[0])
    options = ("--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file=", "--interface=br0")
    routes = ("--port=0", "--dhcp-range=fd00:c612::,ra-only,64,1h", "--enable-ra", "--ra-param=br0,10")
    command = ["exec", "router", "--", "dnsmasq", *options, *routes, f"--dhcp-leasefile={fleet.folder}/leases"]
    os.kill(server, signal.SIGSTOP)
    try:
        with subprocess.Popen([LAB, "--name", fleet.name, *command], start_new_session=True) as other:
            yield
            os.killpg(other.pid, signal.SIGTERM)
    finally:
        os.kill(server, signal.SIGCONT)


SECOND = "network: {version: 2, ethernets: {eno2: {dhcp4: true, dhcp4-overrides: {route-metric: 300}}}}"


@pytest.mark.parametrize(
    "link",
    [{"name": "shim2", "type": "macvlan", "parent": "eno2"}, {"name": "br2", "type": "bridge", "ports": ["eno2"]}],
    ids=["shim", "bridge"],
)
def test_a_dhcp_server_that_is_silent_costs_no_address(fleet: Links, host: str, link: dict[str, t.Any]) -> None:
    """Of the second card, which Ansible does not come by: the host would be reached all the same."""
    look = "ip -4 -br address show dev eno2; ip -4 route show default"
    fleet.sh(host, f"echo '{SECOND}' > /etc/netplan/90-eno2.yaml; chmod 600 /etc/netplan/90-eno2.yaml; netplan apply")
    fleet.settled(host)
    before = fleet.sh(host, look)
    address = before.split()[2]
    try:
        with no_dhcp(fleet):
            run = fleet.links(host, link, rollback_after=30)
            result = run.results("virtfleet.kvm.links")[0]
            assert fleet.sh(host, look) == before
        if result["outcome"] == "rolled-back":
            assert f"does not have {address}: look whether its DHCP server answers" in result["msg"], result
            assert fleet.outcome(host)["restored"]
        else:  # networkd kept the lease, and nothing is lost.
            assert (result["outcome"], link["name"]) == ("confirmed", "shim2"), result
    finally:
        fleet.links(host, {"name": link["name"], "type": link["type"], "state": "absent"})
        fleet.sh(host, "rm /etc/netplan/90-eno2.yaml; netplan apply")

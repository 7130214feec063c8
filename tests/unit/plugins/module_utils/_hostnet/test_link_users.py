# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A card that becomes a port, or a link that goes, while networks, guests or a firewall go on naming it, is told."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import link_users, observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, RunningGuest
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.link_users import Namer
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import ToCome
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    BRIDGE,
    ENO1,
    HOST,
    planned,
    with_device,
)

NAT = "<network><name>nat9</name><forward mode='nat' dev='eno1'><interface dev='eno1'/></forward></network>"
DIRECT = "<network><name>mvt</name><forward mode='bridge'><interface dev='eno1'/></forward></network>"
LAN = "<network><name>lan</name><forward mode='bridge'/><bridge name='br0'/></network>"
ROUTED = "<network><name>r</name><forward dev='eno1'/><bridge name='virbr9'/></network>"
GUEST = """<domain type='kvm'><name>gm</name><devices>
<interface type='direct'><source dev='eno1' mode='bridge'/></interface>
<interface type='bridge'><source bridge='br0'/></interface>
<interface type='network'><source network='lan'/></interface><interface type='user'/>
</devices></domain>"""
OF_GUEST = [Namer("guest", "gm", "eno1", "direct"), Namer("guest", "gm", "br0", "bridge")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NAT, [Namer("network", "nat9", "eno1", "dev")]),
        (f"<networkstatus><class_id/>{NAT}</networkstatus>", [Namer("network", "nat9", "eno1", "dev")]),
        (ROUTED, [Namer("network", "r", "eno1", "dev")]),
        (DIRECT, [Namer("network", "mvt", "eno1", "direct")]),
        (LAN, [Namer("network", "lan", "br0", "bridge")]),
        ("<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/></network>", []),
        ("<network><name>alone</name><bridge name='virbr1'/></network>", []),
        ("<netw", []),
        ("<other/>", []),
    ],
)
def test_what_a_network_names(text: str, found: list[Namer]) -> None:
    assert link_users.network(text) == found


def test_what_a_guest_names() -> None:
    assert link_users.guest(GUEST) == OF_GUEST
    assert link_users.guest("<domstatus/>") == link_users.guest("<dom") == []


IPTABLES = """*filter
:INPUT ACCEPT [0:0]
-A INPUT -i eno1 -p tcp -m tcp --dport 9999 -j DROP
-A FORWARD ! -i eno3 -o tun+ -j ACCEPT
-A LIBVIRT_FWO -s 10.44.0.0/24 -i virbr7 -o eno2 -j ACCEPT
-A INPUT -m comment --comment "not -i eno4 and -o eno4" -j ACCEPT
-A INPUT -j LOG --log-prefix "x -o eno4 y"
-A INPUT -m comment --comment -i -j ACCEPT
-A FORWARD -m physdev --physdev-in eno4 -j ACCEPT
COMMIT
"""
NFT = """table inet filter {
    set uplinks {
        type ifname
        elements = { "eno5" }
    }
    chain input {
        type filter hook input priority filter; policy accept;
        iifname "eno1" tcp dport 9999 drop comment "not eno4"
        iif { "eno6", "wan*" } accept
        log prefix "not eno7 {"
        counter name "eno7" quota name "eno7" ct helper set "eno7"
    }
    chain LIBVIRT_FWO {
        iifname "virbr7" oifname "eno2" accept
    }
    chain forward {
        oifname "eno3" accept
    }
}
table ip libvirt_network {
    chain guest_output {
        oifname "eno2" accept
    }
}
table netdev early {
    chain ingress {
        type filter hook ingress device "eno8" priority filter; policy accept;
    }
}
table netdev egress {
    chain out {
        type filter hook egress device "eno8" priority filter; policy accept;
        iifname "eno8" counter
    }
}
table bridge b {
    chain f {
        iifname "eno8" drop
    }
}
table inet libvirt_hosts {
    chain c {
        iifname "eno10" drop
    }
}
table inet last {
    chain x {
        oifname "eno9" accept
    }
}
"""


def test_which_devices_rules_name() -> None:
    assert link_users.in_iptables(IPTABLES) == {"eno1", "eno3", "tun*"}
    assert link_users.in_nftables(NFT) == {"eno1", "eno3", "eno5", "eno6", "wan*", "eno9", "eno10"}


def told(*config: dict[str, Any], host: Facts = HOST, named: Any = (), rules: Any = ()) -> list[str]:
    found = planned(*config, host=host)
    return list(link_users.warnings(link_users.affected(LINK.parse(list(config)), found, host), named, rules, host))


def test_a_card_that_becomes_a_port_is_told_with_who_names_it() -> None:
    named = [*link_users.network(NAT), *link_users.network(ROUTED), *link_users.network(DIRECT), *OF_GUEST]
    start = "link br0: eno1 becomes a port of it, and"
    assert told(BRIDGE, named=named, rules={"eno1"}) == [
        f"{start} guests of the networks nat9, r leave by eno1 (forward: dev): they reach nothing outside, until dev is"
        " br0",
        f"{start} guests of network mvt are on eno1 by MacVTap: they cannot start any more, until it says br0",
        f"{start} guest gm would start on eno1 by MacVTap, and cannot any more: put the interface on br0",
        f"{start} rules of the firewall (nft list ruleset, iptables-save) name eno1: what they are for comes by br0"
        " then: name that, too",
    ]


def test_a_link_that_goes_is_told_with_who_names_it() -> None:
    host = with_device(HostDevice("br9", kind="bridge"))
    named = [Namer("network", "lan", "br9", "bridge"), Namer("network", "nat9", "br9", "dev")]
    named += [Namer("guest", name, "br9", "bridge") for name in ("db 1", "web", "runs")]
    # One that runs is refused, or looked after.
    host = dataclasses.replace(host, guests=(RunningGuest("runs"),))
    start = "link br9: it goes, and"
    assert told({"name": "br9", "state": "absent"}, host=host, named=named, rules=["br*", "eno1"]) == [
        f"{start} guests of network nat9 leave by it (forward: dev): they reach nothing outside any more",
        f"{start} guests of network lan are on it: they cannot start any more",
        f"{start} the guests db 1, web would start on it, and cannot any more",
        f"{start} rules of the firewall (nft list ruleset, iptables-save) name br9: they apply to nothing then",
    ]


def test_nothing_is_told_of_what_stays_or_of_a_pattern_that_is_for_both() -> None:
    port = dataclasses.replace(ENO1, master="br0")
    host = with_device(HostDevice("br0", kind="bridge"), with_device(port))
    assert link_users.affected(LINK.parse([BRIDGE]), planned(BRIDGE, host=host), host) == {}
    assert told(BRIDGE, named=[Namer("network", "n", "eno2", "dev")], rules={"*", "eno2"}) == []


def test_in_check_mode_those_that_would_be_otherwise_by_then_are_not_told() -> None:
    named = [*OF_GUEST, *link_users.network(LAN), *link_users.network(NAT), *link_users.network(DIRECT)]
    gone, moved = ToCome("u", True), ToCome("u", interfaces=((None, "br0"),))
    networks = {"lan": None, "nat9": {"forward": {"mode": "nat", "dev": "br0"}}, "mvt": {"state": "active"}}
    assert link_users.foreseen(named, {"gm": gone}, networks) == link_users.network(DIRECT)
    assert link_users.foreseen(named, {"gm": moved}, {}) == [OF_GUEST[1], *named[2:]]


def test_the_host_is_read_without_libvirt(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nat9.xml").write_text(NAT)
    (tmp_path / "gm.xml").write_text(GUEST)
    monkeypatch.setattr(observe, "LIBVIRT_NETWORKS", (str(tmp_path), str(tmp_path / "none")))
    monkeypatch.setattr(observe, "LIBVIRT_GUESTS", str(tmp_path))
    assert observe.used_by_libvirt() == [*link_users.network(NAT), *OF_GUEST]

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command[0] == "ip6tables-save":
            raise FileNotFoundError
        return (1, NFT, "no") if command[0] == "nft" else (0, IPTABLES, "")

    monkeypatch.setattr(network, "run", run)
    assert observe.in_rules() == {"eno1", "eno3", "tun*"}

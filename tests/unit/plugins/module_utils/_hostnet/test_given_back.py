# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes and addresses that the kernel is given again are those that were: asked of a kernel, in its own network."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import facts
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import route_words, set_by_others
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent.address_words import options
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent.rollback import without_source

OWN = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
DEVICES = """
ip link set lo up
for bridge in v w; do
    ip link add $bridge type bridge; ip link add p$bridge type veth peer name q$bridge
    ip link set p$bridge master $bridge up; ip link set q$bridge up; ip link set $bridge up
    # The kernel tells later, on a busy machine much later, that something is plugged in.
    for look in $(seq 500); do
        ip link show $bridge | grep -q ' state UP ' && break
        sleep 0.02
    done
done
ip address add 10.1.0.2/24 dev v; ip address add 10.1.0.3/24 dev v; ip address add 10.2.0.2/24 dev w
ip -6 address add fd00::2/64 dev v nodad; ip -6 address add fd00:2::2/64 dev w nodad
"""
ROUTES = """
default dev v proto dhcp scope link src 10.1.0.3 metric 100
default via 10.2.0.1 proto static metric 4294967294
10.9.0.0/16 via 10.1.0.1 src 10.1.0.3 mtu 1400 advmss 1200 metric 7 proto dhcp
10.10.0.0/16 nexthop via 10.1.0.1 weight 2 nexthop via 10.2.0.9 dev w weight 256
10.11.0.0/16 via 192.0.2.1 dev v onlink
10.12.0.0/16 via inet6 fd00::1 dev v
10.13.0.0/16 tos 0x10 dev v
10.14.0.0/16 dev v rto_min 20ms quickack 1 congctl cubic initcwnd 10 features ecn hoplimit 33 window 1000 rtt 30ms
10.15.0.0/16 dev v realm 3/4
10.16.0.0/16 dev v scope host proto 99
192.0.2.7 dev v scope link
fd01::/64 via fd00::1 src fd00::2 pref high
fd02::/64 nexthop via fd00::1 nexthop via fd00:2::3 weight 9
fd03::/64 via fe80::1 dev v expires 900 proto ra hoplimit 64 mtu 1400
fd04::1 dev w metric 1
fd05::/64 from fd00::/64 via fd00::1
default via fe80::1 dev v proto ra metric 100 expires 1800 mtu 1500 pref low
default via 10.1.0.1 table 100
10.20.0.0/16 via 10.2.0.1 src 10.2.0.2 metric 5 table 4294967294
default via fd00::1 table 100
"""


def command(route: str) -> str:
    return f"ip {'-6' if ':' in route and 'inet6' not in route else '-4'} route add {route}\n"


def after(
    script: str, asked: str = "ip -json -4 route show table all; echo; ip -json -6 route show table all"
) -> list[dict[str, Any]]:
    """The routes after some commands in a network that is new, or what else is asked."""
    done = subprocess.run([*OWN, "sh", "-ec", DEVICES + script + asked], capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"no network of its own is to be had here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return [entry for line in done.stdout.splitlines() if line.strip() for entry in json.loads(line)]


def lasting(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The routes that the kernel does not make by itself, in an order; lifetimes to a minute."""
    found = [dict(entry) for entry in entries if entry.get("protocol") != "kernel" and "type" not in entry]
    for entry in found:
        entry["expires"] = round(entry.get("expires", 0) / 60)
    return sorted(found, key=lambda entry: json.dumps(entry, sort_keys=True))


@pytest.mark.parametrize("seed", range(5))
def test_the_kernel_gets_each_route_as_it_was(seed: int) -> None:
    some = ROUTES.strip().splitlines()
    random.Random(seed).shuffle(some)
    before = after("".join(map(command, some)))
    found = [route for entry in before for route in facts.routes([entry], default(entry))]
    given = {route.words for route in found if route.protocol != "kernel"}
    again = after("".join(f"ip {' '.join(words)}\n" for words in sorted(given, key=lambda words: "via" in words)))
    assert len(lasting(before)) == len(some)
    assert lasting(again) == lasting(before)


def default(entry: dict[str, Any]) -> str:
    """What the default route is a route to: IPv6 tells a preference."""
    return "::/0" if "pref" in entry else "0.0.0.0/0"


def test_a_route_is_given_without_an_address_that_the_host_does_not_have() -> None:
    words = ["-4", "route", "replace", "10.9.0.0/16", "via", "10.1.0.1", "dev", "v", "src", "10.1.0.77", "metric", "7"]
    (entry,) = lasting(after(f"ip {' '.join(words)} 2>/dev/null && exit 9; ip {' '.join(without_source(words))}\n"))
    assert (entry["dst"], entry["metric"], entry.get("prefsrc")) == ("10.9.0.0/16", 7, None)


ADDRESSES = """
10.5.0.2/24 broadcast + label v:1 metric 7
10.6.1.2 peer 10.6.1.3/32 scope link
10.7.1.2 peer 10.7.1.0/24
10.8.0.1/24 noprefixroute valid_lft 900 preferred_lft 800
10.9.0.1/24 broadcast 10.9.0.77
10.10.0.1/24 valid_lft forever preferred_lft 0
fd00:5::5/64 nodad mngtmpaddr home
fd00:6::6/64 noprefixroute metric 9 valid_lft forever preferred_lft 0
fd00:7::7/128 valid_lft 1800 preferred_lft 600
"""
PASSING = ("tentative", "dadfailed", "optimistic")


def addresses(script: str) -> dict[str, dict[str, Any]]:
    """The addresses of a device after some commands; lifetimes to a minute."""
    (device,) = after(script, "ip -json address show dev v")
    found = {}
    for entry in device["addr_info"]:
        if entry["scope"] != "link" or entry["family"] == "inet":
            kept = {key: value for key, value in entry.items() if key not in PASSING}
            for key in ("valid_life_time", "preferred_life_time"):
                kept[key] = round(kept[key] / 60)
            found[f"{entry['local']}/{entry['prefixlen']}"] = kept
    return found


def test_the_kernel_gets_each_address_as_it_was() -> None:
    some = ADDRESSES.strip().splitlines()
    made = "ip address flush dev v scope global\n"
    before = addresses(made + "".join(f"ip address add {line} dev v\n" for line in some))
    (device,) = after(made + "".join(f"ip address add {line} dev v\n" for line in some), "ip -json address show dev v")
    again = [f"ip address replace {address} dev v {' '.join(options(device, address))}\n" for address in before]
    assert len(before) == len(some)
    assert addresses(made + "".join(again)) == before


RULES = """
not fwmark 51820 table 51820 pref 500
from 10.0.0.0/8 lookup 77 pref 501
fwmark 0x1/0xff iif lo lookup 78 pref 502
to 10.4.0.0/16 blackhole pref 503
from 10.5.0.0/16 uidrange 0-99 ipproto tcp dport 80 lookup 79 pref 504
from 10.6.0.0/16 iif away lookup 80 pref 505
from 10.7.0.0/16 goto 505 pref 504
"""
ASKED_OTHERS = (
    "ip rule show; echo =; ip -6 rule show; echo =; ip -json neigh show nud permanent; echo =;"
    " ip -json neigh show proxy; echo =; ip -json nexthop show; echo =;"
    " ip -json -4 route show table all; echo =; ip -json -6 route show table all"
)


def told_by_others(script: str) -> list[list[str]]:
    done = subprocess.run(
        [*OWN, "sh", "-ec", DEVICES + script + ASKED_OTHERS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rules, rules6, neighbours, proxies, hops, routes, routes6 = done.stdout.split("=\n")
    return [
        *set_by_others.next_hops(hops),
        *set_by_others.routes(set_by_others.entries(routes), "0.0.0.0/0"),
        *set_by_others.routes(set_by_others.entries(routes6), "::/0"),
        *set_by_others.rules(rules, "-4"),
        *set_by_others.rules(rules6, "-6"),
        *set_by_others.neighbours(neighbours),
        *set_by_others.neighbours(proxies),
    ]


def test_what_others_told_the_kernel_is_given_back_as_it_was() -> None:
    after("")  # Skips where no network of its own is to be had.
    by_hand = "".join(f"ip rule add {rule}\n" for rule in RULES.strip().splitlines())
    by_hand += """
ip -6 rule add from fd00:9::/64 lookup 77 pref 501
ip rule add from 10.99.0.0/16 lookup 81 pref 900 proto static
ip neigh add 10.1.0.77 lladdr 02:00:00:00:00:77 dev v nud permanent
ip -6 neigh add fd00::77 lladdr 02:00:00:00:00:77 dev v nud permanent
ip route add blackhole 10.88.0.0/16
ip route add unreachable 10.89.0.0/16 table 77 metric 5
ip -6 route add prohibit fd09::/64
ip route add default via 10.1.0.1 dev v table 77
ip route add 10.9.0.0/16 via 10.1.0.1
ip route add 10.10.0.0/16 via 10.1.0.1 proto static
ip route add 10.70.0.0/16 via 10.1.0.1 proto bird
ip route add 10.71.0.0/16 via 10.1.0.1 proto 77 mtu 1400
ip route add blackhole 10.75.0.0/16 proto zebra
ip route add local 10.91.0.0/24 dev v
ip neigh add proxy 10.99.0.1 dev v
ip -6 neigh add proxy fd00::99 dev v
ip nexthop add id 9 via 10.1.0.1 dev v
ip nexthop add id 10 via 10.2.0.9 dev w proto zebra
ip nexthop add id 11 blackhole
ip nexthop add id 12 group 9/10,7
ip route add 10.12.0.0/16 via 10.1.0.1 proto dhcp
ip route add multicast 224.0.0.0/4 dev v
ip -6 route add default from fd00::/64 via fd00::1
"""
    before = told_by_others(by_hand)
    again = told_by_others("".join(f"ip {' '.join(words)}\n" for words in before))
    assert len(before) == 9 + 4 + 12 + 4
    assert sorted(again) == sorted(before)
    assert not [words for words in before if "dhcp" in words or "kernel" in words]


@pytest.mark.parametrize("route", ["10.9.0.0/16 nhid 9 proto zebra metric 20", "10.10.0.0/16 nhid 12 table 77"])
def test_a_route_goes_by_the_next_hop_that_has_an_id(route: str) -> None:
    hops = "ip nexthop add id 9 via 10.1.0.1 dev v; ip nexthop add id 10 via 10.2.0.9 dev w\n"
    hops += "ip nexthop add id 12 group 9/10,7\n"
    asked = "ip -json -4 route show table all"

    def by_id(script: str) -> list[dict[str, Any]]:
        return [entry for entry in after(script, asked) if "nhid" in entry]

    (before,) = by_id(f"{hops}ip route add {route}\n")
    (found,) = facts.routes([before], "0.0.0.0/0")[:1]
    assert "nhid" not in found.words
    assert by_id(f"{hops}ip {' '.join(set_by_others.by_id(before, found.words))}\n") == [before]


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (
            "10.9.0.0/16 via 10.0.0.2 dev eno1 mtu lock 1400 advmss 900 \n10.8.0.0/16 dev eno1 ",
            "mtu lock 1400 advmss 900",
        ),
        ("10.9.0.0/16 \n\tnexthop via 10.0.0.2 dev eno1 \n10.8.0.0/16 dev eno1 ", "mtu 1400 advmss 900"),
        ("10.9.0.0/16 via 10.0.0.2 dev eno1 mtu lock 1400 advmss 900 ", "mtu 1400 advmss 900"),
    ],
)
def test_a_number_of_a_route_that_is_locked_stays_locked(printed: str, words: str) -> None:
    """``ip -json`` leaves the lock out; what is printed tells of it where it is of the same routes."""
    route = {"dst": "10.9.0.0/16", "gateway": "10.0.0.2", "dev": "eno1", "metrics": [{"mtu": 1400, "advmss": 900}]}
    found: list[dict[str, Any]] = [route, {"dst": "10.8.0.0/16", "dev": "eno1"}]
    route_words.lock(found, lambda: printed)
    told = [" ".join(each) for _entry, each in route_words.given(found, "0.0.0.0/0")]
    assert told == [
        f"-4 route replace 10.9.0.0/16 via 10.0.0.2 dev eno1 {words}",
        "-4 route replace 10.8.0.0/16 dev eno1",
    ]

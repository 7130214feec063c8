# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that contradicts itself is told so in full, before any host is asked."""

from __future__ import annotations

import copy
import time
from typing import Any

import jinja2
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import guests_on, problems

HOSTS = ["kvm01", "kvm02"]
THERE = "; there are: kvm01, kvm02"


def guest(name: str, host: Any = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", **options}


def fleet(*guests: Any, networks: Any = None) -> dict[str, Any]:
    """The variables of hosts that share one list."""
    return {host: {"kvm_guests": list(guests), "kvm_networks": networks} for host in HOSTS}


def test_a_good_fleet() -> None:
    variables = fleet(
        guest("a", interfaces=[{"network": "default", "mac": "52:54:00:00:00:01"}]),
        guest("b", "kvm02", interfaces=[{"network": "default", "mac": "52:54:00:00:00:02"}, {"bridge": "br0"}]),
        networks=[{"name": "default"}, {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"}],
    )
    before = copy.deepcopy(variables)
    assert problems(HOSTS, variables) == []
    assert variables == before


def test_nothing_declared_is_fine() -> None:
    assert problems(HOSTS, {"kvm01": {}, "kvm02": {"kvm_guests": None, "kvm_networks": []}}) == []
    assert problems([], {}) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            guest("a", "kvm99"),
            f"guest a: host: 'kvm99' is not in the inventory's group kvm_hosts{THERE}",
        ),
        (
            guest("a", "kwm02"),
            "guest a: host: 'kwm02' is not in the inventory's group kvm_hosts; did you mean 'kvm02'?",
        ),
        (
            guest("a", "kvm03"),
            f"guest a: host: 'kvm03' is not in the inventory's group kvm_hosts{THERE}",
        ),
        (
            guest("a", jinja2.StrictUndefined(name="x")),
            f"guest a: host: a value of type StrictUndefined is not in the inventory's group kvm_hosts{THERE}",
        ),
        (
            guest("a", ["kvm01"]),
            f"guest a: host: a list is no name of a host; name the one host that it runs on{THERE}",
        ),
        (guest("a", None), "guest a: host: is missing; name the host that it runs on"),
        ({"name": "a", "memory": "1GiB"}, "guest a: host: is missing; name the host that it runs on"),
        (guest("a", memory="banana"), "guest a: memory: 'banana' is not a size; write it like 512MiB or 2GiB"),
        (guest("a", memory=-1), "guest a: memory: -1 is not a size; write it like 512MiB or 2GiB"),
        (guest("a", memroy="1GiB"), "guest a: memroy: no such option; did you mean 'memory'?"),
        (guest("a", profil="db"), "guest a: profil: no such option; did you mean 'profile'?"),
        (guest("a", defualts=False), "guest a: defualts: no such option; did you mean 'defaults'?"),
        (guest("a", hots="kvm02"), "guest a: hots: no such option; did you mean 'host'?"),
        ({"name": "a", "hots": "kvm01"}, "guest a: hots: no such option; did you mean 'host'?"),
        (
            guest("a", interfaces=[{"mac": "x"}]),
            "guest a: interfaces[0].mac: 'x' is not a MAC address; write it like 52:54:00:aa:00:01",
        ),
        (
            guest("a", interfaces="banana"),
            "guest a: interfaces: 'banana' is not a list; write '- ' before each of its items",
        ),
        (
            "banana",
            "kvm_guests[1]: a string is not a dictionary of options; write '- name: NAME', and its options below",
        ),
    ],
)
def test_a_bad_guest_is_named(wrong: Any, said: str) -> None:
    assert problems(HOSTS, fleet(guest("good"), wrong)) == [said]


def test_a_guest_without_a_name() -> None:
    (line,) = problems(HOSTS, fleet({"host": "kvm01", "memory": "1GiB"}))
    assert line == "kvm_guests[0] on kvm01: name: is missing"


def test_everything_wrong_is_said_at_once() -> None:
    lines = problems(
        HOSTS, fleet(guest("a", "kvm99", vcpus=0), guest("b", memory="x"), networks=[{"name": "n", "mtu": 1}])
    )
    assert lines == [
        "hosts kvm01, kvm02: network n: mtu: 1 is less than 68",
        f"guest a: host: 'kvm99' is not in the inventory's group kvm_hosts{THERE}",
        "guest a: vcpus: 0 is less than 1",
        "guest b: memory: 'x' is not a size; write it like 512MiB or 2GiB",
    ]


@pytest.mark.parametrize("hosts", [("kvm01", "kvm02"), ("kvm01", "kvm01")])
def test_a_name_twice(hosts: tuple[str, str]) -> None:
    lines = problems(HOSTS, fleet(guest("a", hosts[0]), guest("a", hosts[1], vcpus=2)))
    assert lines == [f"name a: is declared more than once: a on {hosts[0]}, a on {hosts[1]}; each guest needs its own"]


def test_a_mac_twice_in_whatever_spelling() -> None:
    lines = problems(
        HOSTS,
        fleet(
            guest("a", interfaces=[{"bridge": "br0", "mac": "52:54:00:aa:00:01"}]),
            guest("b", "kvm02", interfaces=[{"bridge": "br0"}, {"bridge": "br1", "mac": "52-54-00-AA-00-01"}]),
        ),
    )
    assert lines == [
        "mac 52:54:00:aa:00:01: is declared more than once: a on kvm01, b on kvm02; each guest needs its own"
    ]


def test_a_mac_twice_in_one_guest() -> None:
    card = {"bridge": "br0", "mac": "52:54:00:aa:00:01"}
    (line,) = problems(HOSTS, fleet(guest("a", interfaces=[card, dict(card)])))
    assert "a on kvm01, a on kvm01" in line


def test_a_uuid_twice_in_whatever_spelling() -> None:
    value = "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"
    lines = problems(HOSTS, fleet(guest("a", uuid=value), guest("b", uuid=value.upper()), guest("c", uuid=None)))
    assert lines == [f"uuid {value}: is declared more than once: a on kvm01, b on kvm01; each guest needs its own"]


def test_an_address_twice() -> None:
    """Fault 20: of guests, and of hosts' links."""
    card = {"network": "default", "ips": [{"address": "192.0.2.7", "prefix": 24}]}
    (line,) = problems(HOSTS, fleet(guest("a", interfaces=[card]), guest("b", "kvm02", interfaces=[dict(card)])))
    assert line == "address 192.0.2.7: is declared more than once: a on kvm01, b on kvm02; each guest needs its own"
    link = {"name": "br0", "type": "bridge", "ports": ["eno1"], "addressing": "static", "addresses": ["192.0.2.7/24"]}
    (line,) = problems(HOSTS, {host: {"kvm_links": [link]} for host in HOSTS})
    assert line == (
        "address 192.0.2.7: is declared more than once: link br0 of kvm01, link br0 of kvm02; each host needs its own"
    )


SERVER = {"protocol": "rbd", "source": {"name": "rbd/web", "hosts": [{"name": "mon1", "port": 6789}]}}


@pytest.mark.parametrize(
    ("first", "second"),
    [(SERVER, SERVER), ({"file": "/srv/nas/web.qcow2"}, {"file": "/srv/nas//web.qcow2"})],
)
def test_a_disk_twice(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Fault 20: two guests that write to one disk break it."""
    nas = {"name": "nas", "type": "netfs", "target": "/srv/nas", "source": {"hosts": [{"name": "nas"}], "dir": "/x"}}
    variables = fleet(guest("a", disks=[first]), guest("b", "kvm02", disks=[second]))
    lines = problems(HOSTS, {host: {**variables[host], "kvm_pools": [nas]} for host in HOSTS})
    assert [line.split(":")[0].split()[0] for line in lines] == ["disk"]
    assert "a on kvm01, b on kvm02; each guest needs its own, or shareable: true" in lines[0]


@pytest.mark.parametrize("disk", [{"file": "/images/a.raw"}, {"block": "/dev/vg0/data"}, {"volume": "data"}])
def test_a_disk_twice_on_one_host(disk: dict[str, Any]) -> None:
    (line,) = problems(HOSTS, fleet(guest("a", disks=[disk]), guest("b", disks=[dict(disk)])))
    assert "of kvm01: is declared more than once: a on kvm01, b on kvm01" in line


IMAGE = "/var/lib/libvirt/images/a.raw"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"file": IMAGE}, {"file": "//var/lib/libvirt/./images//x/../a.raw"}),
        ({"file": IMAGE}, {"volume": "a.raw"}),
        ({"file": IMAGE}, {"volume": "a.raw", "pool": "default"}),
        ({"file": "/srv/fast/a.raw"}, {"volume": "a.raw", "pool": "fast"}),
        ({"volume": "a.raw", "pool": "again"}, {"volume": "a.raw", "pool": "fast"}),
        ({"block": "/dev//vg0/data"}, {"block": "/dev/vg0/data"}),
    ],
)
def test_a_disk_twice_in_whatever_spelling(first: dict[str, Any], second: dict[str, Any]) -> None:
    pools = [{"name": "fast", "target": "/srv/fast/"}, {"name": "again", "type": "dir", "target": "//srv/fast"}]
    variables = fleet(guest("a", disks=[first]), guest("b", disks=[second]))
    (line,) = problems(HOSTS, {host: {**variables[host], "kvm_pools": pools} for host in HOSTS})
    assert "of kvm01: is declared more than once: a on kvm01, b on kvm01" in line


def test_volumes_of_one_name_in_different_folders() -> None:
    pools = [{"name": "default", "target": "/srv/images"}, {"name": "vg", "type": "logical", "target": "/srv/images"}]
    disks = [{"file": IMAGE}, {"volume": "a.raw"}, {"volume": "a.raw", "pool": "vg"}, {"volume": "b", "pool": "x"}]
    variables = fleet(*(guest(f"g{index}", disks=[disk]) for index, disk in enumerate(disks)))
    assert problems(HOSTS, {host: {**variables[host], "kvm_pools": pools} for host in HOSTS}) == []


@pytest.mark.parametrize(
    "disk",
    [
        {"file": "/images/debian.iso", "device": "cdrom"},
        {"file": "/images/base.qcow2", "readonly": True},
        {"file": "/images/cluster.raw", "shareable": True},
        {"file": "/images/disk.qcow2"},
        {"block": "/dev/vg0/data"},
        {"volume": "data", "pool": "local"},
    ],
)
def test_a_disk_that_several_guests_can_have(disk: dict[str, Any]) -> None:
    assert problems(HOSTS, fleet(guest("a", disks=[disk]), guest("b", "kvm02", disks=[dict(disk)]))) == []


def test_a_disk_that_is_no_path_is_not_compared() -> None:
    disk = {"file": "https://user:hunter2@host/x.qcow2"}
    lines = problems(HOSTS, fleet(guest("a", disks=[disk]), guest("b", disks=[dict(disk)])))
    assert [line.partition(": ")[0] for line in lines] == ["guest a", "guest b"]
    assert "hunter2" not in "".join(lines)


def test_hosts_with_lists_of_their_own() -> None:
    variables: dict[str, Any] = {"kvm01": {"kvm_guests": [guest("a")]}, "kvm02": {"kvm_guests": [guest("b", "kvm02")]}}
    assert problems(HOSTS, variables) == []
    variables["kvm02"]["kvm_guests"].append(guest("a", "kvm02"))
    (line,) = problems(HOSTS, variables)
    assert line.startswith("name a: is declared more than once: a on kvm01, a on kvm02")


def test_lists_that_share_a_guest_in_the_same_words() -> None:
    variables = {"kvm01": {"kvm_guests": [guest("a")]}, "kvm02": {"kvm_guests": [guest("a"), guest("b", "kvm02")]}}
    assert problems(HOSTS, variables) == []


@pytest.mark.parametrize(
    ("wrong", "said", "hint"),
    [
        ("banana", "a string", "; write '- ' before each of its items"),
        (7, "a number", "; write '- ' before each of its items"),
        (
            guest("a"),
            "a dictionary",
            "; write '- ' before the first option of each, also of a single one",
        ),
        (
            {"web01": {"host": "kvm01", "memory": "1GiB"}},
            "a dictionary",
            "; write each as an item that begins with '- name: NAME', and its options below",
        ),
    ],
)
def test_lists_that_are_none(wrong: Any, said: str, hint: str) -> None:
    variables: dict[str, Any] = {"kvm01": {"kvm_guests": wrong}, "kvm02": {}}
    typed = [f"; on the command line, write -e '{{\"{name}\": []}}'" for name in ("kvm_guests", "kvm_networks")]
    typed = typed if isinstance(wrong, str) else ["", ""]
    assert problems(HOSTS, variables) == [f"kvm_guests: {said} is not a list of guests{hint}{typed[0]}"]
    variables = {"kvm01": {"kvm_networks": wrong}, "kvm02": {}}
    assert problems(HOSTS, variables) == [f"host kvm01: kvm_networks: {said} is not a list{hint}{typed[1]}"]


def test_lists_in_a_list() -> None:
    """That comes of ``[web_guests, db_guests]``."""
    variables: dict[str, Any] = {"kvm01": {"kvm_guests": [[guest("a")]], "kvm_networks": [[{"name": "n"}]]}}
    said = 'a list is not a dictionary of options; a list in a list comes of [a, b]: join them as "{{ a + b }}"'
    assert problems(["kvm01"], variables) == [f"host kvm01: kvm_networks[0]: {said}", f"kvm_guests[0]: {said}"]


def test_a_word_in_place_of_options_is_short_for_one_of_them() -> None:
    networks = [{"name": "n", "forward": "nat"}, {"name": "m", "forward": "banana"}]
    variables: dict[str, Any] = {"kvm01": {"kvm_networks": networks}, "kvm02": {}}
    (line,) = problems(HOSTS, variables)
    assert line.startswith("host kvm01: network m: forward.mode: 'banana' is not one of nat, route, ")


@pytest.mark.parametrize("forward", ["nat", {"mode": "nat"}])
def test_an_address_behind_a_network_that_is_written_short(forward: Any) -> None:
    """What is behind NAT is its host's alone."""
    cards = [{"network": "n", "ips": [{"address": "10.0.0.2"}]}]
    variables = {
        host: {"kvm_networks": [{"name": "n", "forward": forward}], "kvm_guests": [guest(host, host, interfaces=cards)]}
        for host in HOSTS
    }
    assert problems(HOSTS, variables) == []
    for host in HOSTS:
        variables[host]["kvm_networks"] = [{"name": "n", "forward": "open"}]
    assert problems(HOSTS, variables)[0].startswith("address 10.0.0.2: is declared more than once")


@pytest.mark.parametrize("wrong", ["qcow3", "luks", 2])
def test_a_format_that_libvirt_does_not_know(wrong: Any) -> None:
    variables = {"kvm01": {"kvm_guests": [guest("a", disks=[{"size": "1GiB", "format": wrong}])], "kvm_volumes": []}}
    variables["kvm01"]["kvm_volumes"] = [{"name": "v", "capacity": "1GiB", "format": wrong}]
    lines = problems(["kvm01"], variables)
    assert [line.partition(" is not one of raw, qcow2, ")[0] for line in lines] == [
        f"host kvm01: volume default/v: format: {wrong!r}",
        f"guest a: disks[0].format: {wrong!r}",
    ]


def test_bad_networks_are_named_with_their_host() -> None:
    variables = {
        "kvm01": {"kvm_networks": [{"name": "n", "ips": [{"address": "192.168.122.0/24"}]}, "x"]},
        "kvm02": {"kvm_networks": [{"name": "m"}, {"name": "m"}]},
    }
    lines = problems(HOSTS, variables)
    assert [line.partition(": ")[0] for line in lines] == ["host kvm01", "host kvm01", "host kvm02"]
    assert "192.168.122.1/24" in lines[0]
    assert lines[1:] == [
        "host kvm01: kvm_networks[1]: 'x' is not a dictionary of options; write '- name: NAME', and its options below",
        "host kvm02: network m: is declared more than once",
    ]


def test_guests_on_gives_a_hosts_guests_without_the_host() -> None:
    guests = [guest("a"), guest("b", "kvm02"), guest("c"), {"name": "d"}]
    before = copy.deepcopy(guests)
    assert guests_on(guests, "kvm01") == [{"name": "a", "memory": "1GiB"}, {"name": "c", "memory": "1GiB"}]
    assert guests_on(guests, "kvm03") == []
    assert guests == before


def test_guests_on_without_those_that_go() -> None:
    guests = [guest("a", state="absent"), guest("b", state="running"), guest("c")]
    assert [one["name"] for one in guests_on(guests, "kvm01", staying=True)] == ["b", "c"]
    assert [one["name"] for one in guests_on(guests, "kvm01")] == ["a", "b", "c"]


def test_a_mistake_in_a_list_that_hosts_share_is_said_once() -> None:
    hosts = [f"kvm{number}" for number in range(1000)]
    variables: dict[str, Any] = {host: {"kvm_pools": [{"name": "p", "tarket": "/p"}]} for host in hosts}
    variables["kvm7"]["kvm_networks"] = [{"name": "n", "mtu": 1}]
    lines = problems(hosts, variables)
    assert [line.partition(": pool ")[0].partition(": network ")[0] for line in lines] == [
        "hosts kvm0, kvm1, kvm2, kvm3, kvm4 and 995 more",
        "host kvm7",
    ]


def seconds(count: int, own_lists: bool) -> float:
    """The least time that checking so many guests on 20 hosts takes."""
    hosts = [f"kvm{number}" for number in range(20)]
    guests = [
        guest(
            f"g{number}",
            hosts[number % 20],
            interfaces=[{"network": "default", "mac": f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}"}],
        )
        for number in range(count)
    ]
    if own_lists:
        variables = {host: {"kvm_guests": [one for one in guests if one["host"] == host]} for host in hosts}
    else:
        variables = {host: {"kvm_guests": copy.deepcopy(guests)} for host in hosts}
    times = []
    for _attempt in range(3):
        started = time.process_time()
        assert problems(hosts, variables) == []
        times.append(time.process_time() - started)
    return min(times)


@pytest.mark.parametrize("own_lists", [False, True], ids=["one list", "lists of their own"])
def test_a_fleet_of_ten_times_the_size_takes_about_ten_times_as_long(own_lists: bool) -> None:
    assert seconds(1000, own_lists) / seconds(100, own_lists) < 30


def test_secrets_are_checked_with_the_fleet_and_no_value_is_told() -> None:
    items = [{"name": "a", "usage": "ceph", "value": "sup3r-s3cret"}, {"name": "b"}, {"name": "b"}]
    lines = problems(HOSTS, {host: {"kvm_secrets": items} for host in HOSTS})
    assert lines == [
        "hosts kvm01, kvm02: secret a: value: a key of Ceph is in base64, as 'ceph auth get-key' tells it: write it as"
        " value_base64",
        "hosts kvm01, kvm02: secret b: is declared more than once",
    ]

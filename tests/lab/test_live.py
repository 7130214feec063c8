# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that reach running guests and networks, with the guest's own view as evidence."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

import pytest
from fleet import Fleet, Run, guest
from suites import SUITE_OPTIONS

pytestmark = pytest.mark.long

HOSTS = ("kvm01", "kvm02")
IMAGE = "/var/lib/libvirt/images/live.img"
MEDIA = ["/var/lib/libvirt/images/one.iso", "/var/lib/libvirt/images/two.iso"]
BASE = {
    **{key: value for key, value in guest("live", "").items() if key != "host"},
    "vcpus": 2,
    "current_vcpus": 1,
    "graphics": [{"type": "vnc", "passwd": "s3cret-1"}],
}
NETWORK = {
    "name": "live",
    "bridge": "virbr66",
    "forward": {"mode": "nat"},
    "ips": [
        {"address": "10.66.0.1/24", "dhcp": {"ranges": [{"start": "10.66.0.100", "end": "10.66.0.200"}], "hosts": []}}
    ],
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    made = Fleet("live", tmp_path_factory.mktemp("live"))
    made.lab("down")
    try:
        made.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
        made.declare({})
        for host in HOSTS:
            for image in (IMAGE, *MEDIA):
                made.sh(host, f"qemu-img create -q -f raw {image} 8M")
        networks = made.module("networks", config=[NETWORK])
        assert networks.code == 0, networks.output
        domains = made.module("domains", config=[live(network="live")])
        assert domains.code == 0, domains.output
        for host in HOSTS:
            made.report(host, "live")
        yield made
    finally:
        made.lab("down")


def cdrom(image: str) -> dict[str, t.Any]:
    """The guest's drive with an image in it."""
    return {"file": image, "device": "cdrom", "target": "sda"}


def live(network: str = "live", **options: t.Any) -> dict[str, t.Any]:
    """The guest, with these options declared otherwise."""
    return {**BASE, "interfaces": [{"network": network}], "disks": [cdrom(MEDIA[0])], **options}


def declared(fleet: Fleet, **options: t.Any) -> Run:
    """Declare the guest; check mode must have said the same."""
    said = fleet.module("domains", "--check", config=[live(**options)])
    run = fleet.module("domains", config=[live(**options)])
    assert run.code == 0, run.output
    for host in HOSTS:
        assert said.changes(host) == run.changes(host)
    again = fleet.module("domains", config=[live(**options)])
    assert not again.changed, again.output
    return run


def paths(run: Run, host: str) -> dict[str, bool | None]:
    """What changed, and whether what runs has it."""
    return {change["path"]: change["live"] for change in run.changes(host)}


def lines(fleet: Fleet, host: str, word: str) -> list[str]:
    """The guest's own lines that start with a word, the last first."""
    return [line for line in reversed(fleet.report(host, "live")) if line.split()[0] == word]


def reports(fleet: Fleet, host: str, word: str, text: str) -> bool:
    """Whether a line of the guest that starts with the word has the text."""
    return any(text in line for line in lines(fleet, host, word))


def has_memory(fleet: Fleet, host: str, least: int) -> bool:
    """Whether the guest last saw more than so many KiB."""
    return int(lines(fleet, host, "memory")[0].split()[1]) > least


def started(fleet: Fleet, host: str) -> str:
    """What tells one run of the guest from the next."""
    return fleet.sh(host, "cat /run/libvirt/qemu/live.pid").strip()


def test_an_interface_comes_and_goes(fleet: Fleet) -> None:
    before = {host: started(fleet, host) for host in HOSTS}
    mac = "52:54:00:66:00:02"
    both = [{"network": "live"}, {"network": "live", "mac": mac}]
    run = declared(fleet, interfaces=both)
    for host in HOSTS:
        assert paths(run, host) == {"interfaces[1]": True}
        fleet.wait(reports, fleet, host, "lease", mac)
    run = declared(fleet, interfaces=both[:1])
    for host in HOSTS:
        assert paths(run, host) == {"interfaces[1]": True}
        assert mac not in fleet.sh(host, "virsh dumpxml live; virsh dumpxml --inactive live")
        assert started(fleet, host) == before[host]


def test_a_disk_comes_and_goes(fleet: Fleet) -> None:
    disk = {"file": IMAGE, "format": "raw", "target": "vda"}
    run = declared(fleet, disks=[cdrom(MEDIA[0]), disk])
    for host in HOSTS:
        assert paths(run, host) == {"disks[1]": True}
        fleet.wait(reports, fleet, host, "disk", "vda 8388608")
    run = declared(fleet, disks=[cdrom(MEDIA[0]), {**disk, "iotune": {"total_bytes_sec": 1048576}}])
    for host in HOSTS:
        assert paths(run, host) == {"disks[1].iotune.total_bytes_sec": True}
        assert "total_bytes_sec: 1048576" in fleet.sh(host, "virsh blkdeviotune live vda --live")
    run = declared(fleet)
    for host in HOSTS:
        assert paths(run, host) == {"disks[1]": True}
        assert IMAGE not in fleet.sh(host, "virsh dumpxml live; virsh dumpxml --inactive live")


def test_several_devices_come_and_go_in_one_call(fleet: Fleet) -> None:
    before = {host: started(fleet, host) for host in HOSTS}
    for host in HOSTS:
        fleet.sh(host, f"qemu-img create -q -f raw {IMAGE}.2 8M")
    disks = [cdrom(MEDIA[0]), *({"file": file, "format": "raw"} for file in (IMAGE, f"{IMAGE}.2"))]
    cards = [{"network": "live"}, *({"network": "live", "mac": f"52:54:00:66:01:0{number}"} for number in (1, 2))]
    run = declared(fleet, disks=disks, interfaces=cards)
    for host in HOSTS:
        assert paths(run, host) == {f"{kind}[{at}]": True for kind in ("disks", "interfaces") for at in (1, 2)}
        for mac in ("52:54:00:66:01:01", "52:54:00:66:01:02"):
            fleet.wait(reports, fleet, host, "lease", mac)
        for name in ("vda", "vdb"):
            fleet.wait(reports, fleet, host, "disk", f"{name} 8388608")
    run = declared(fleet)
    for host in HOSTS:
        assert set(paths(run, host).values()) == {True}
        assert len(run.changes(host)) == 4
        assert started(fleet, host) == before[host]


def test_bandwidth_is_limited(fleet: Fleet) -> None:
    """Where the kernel can limit traffic; where it cannot, the guest goes on, and its words are told."""
    limits = {"inbound": {"average": 128}, "outbound": {"average": 256}}
    limited = [{"network": "live", "bandwidth": limits}]
    asked = {f"interfaces[0].bandwidth.{way}.average" for way in limits}
    run = fleet.module("domains", config=[live(interfaces=limited)])
    assert run.code == 0, run.output
    able = (
        "modprobe sch_sfq act_police 2>/dev/null; tc qdisc add dev lo root sfq 2>/dev/null && tc qdisc del dev lo root"
    )
    for host in HOSTS:
        told = fleet.sh(host, "virsh domiftune live $(virsh -q domiflist live | awk '{print $1; exit}')")
        kept = fleet.sh(host, "virsh dumpxml --inactive live")
        assert "<inbound average='128'/>" in kept
        assert "<outbound average='256'/>" in kept
        if fleet.sh(host, f"({able}) && echo yes || true").strip():
            assert paths(run, host) == dict.fromkeys(asked, True)
            assert "inbound.average: 128" in told
            assert "outbound.average: 256" in told
        else:
            assert paths(run, host) == dict.fromkeys(asked, False)
            (waiting,) = run.results("virtfleet.kvm.domains", host)[0]["pending_restart"]
            assert set(waiting["paths"]) == asked
            assert "Child process (tc " in waiting["reasons"]["interfaces[0].bandwidth.inbound.average"]
    fleet.module("domains", config=[live(interfaces=[{"network": "live", "bandwidth": None}])])


def test_memory_follows_the_balloon(fleet: Fleet) -> None:
    def declare(amount: str | None) -> dict[str, int]:
        run = declared(fleet, current_memory=amount)
        for host in HOSTS:
            assert paths(run, host) == {"current_memory": True}
        return {host: int(lines(fleet, host, "memory")[0].split()[1]) for host in HOSTS}

    full = {host: int(lines(fleet, host, "memory")[0].split()[1]) for host in HOSTS}
    declare("160MiB")
    for host in HOSTS:
        fleet.wait(lambda host=host: int(lines(fleet, host, "memory")[0].split()[1]) < full[host] - 24 * 1024)
    declare(None)
    for host in HOSTS:
        fleet.wait(has_memory, fleet, host, full[host] - 8 * 1024)


def test_a_drive_gets_another_medium(fleet: Fleet) -> None:
    run = declared(fleet, disks=[cdrom(MEDIA[1])])
    for host in HOSTS:
        assert paths(run, host) == {"disks[0].file": True}
        assert MEDIA[1] in fleet.sh(host, "virsh domblklist live")
    declared(fleet)


def test_a_cpu_is_plugged(fleet: Fleet) -> None:
    run = declared(fleet, current_vcpus=2)
    for host in HOSTS:
        assert paths(run, host) == {"current_vcpus": True}
        fleet.wait(reports, fleet, host, "cpus", "cpus 2")


def test_a_cable_is_pulled_and_plugged(fleet: Fleet) -> None:
    # The first lease is the one of the interface that stayed.
    address = {host: lines(fleet, host, "lease")[-1].split()[3].partition("/")[0] for host in HOSTS}
    for link in ("down", "up"):
        run = declared(fleet, current_vcpus=2, interfaces=[{"network": "live", "link": link}])
        for host in HOSTS:
            assert paths(run, host) == {"interfaces[0].link": True}
            # The guest's side needs a moment until its link is up again.
            tries = f"for i in $(seq {1 + 20 * (link == 'up')}); do ping -c 1 -W 2 {address[host]} && exit; done"
            assert ("1 received" in fleet.sh(host, f"({tries}) || true")) is (link == "up")


def test_a_changed_password_is_a_change_that_nobody_reads(fleet: Fleet) -> None:
    graphics = [{"type": "vnc", "passwd": "s3cret-2"}]
    run = fleet.module("domains", "-vvv", "--diff", config=[{"name": "live", "graphics": graphics}])
    assert run.code == 0, run.output
    for host in HOSTS:
        assert paths(run, host) == {"graphics[0].passwd": True}
        assert "s3cret-2" in fleet.sh(host, "virsh dumpxml --security-info --inactive live")
        told = fleet.sh(host, "journalctl --no-pager; ps axww -o args; cat /var/log/syslog 2>/dev/null || true")
        assert "ansible" in told
        assert "s3cret-" not in told
    assert "s3cret-" not in run.output.replace(str(fleet.folder), "")


def test_an_address_is_kept_for_a_guest_without_a_restart_of_its_network(fleet: Fleet) -> None:
    hosts = [{"mac": "52:54:00:66:00:07", "name": "seven", "ip": "10.66.0.7"}]
    for kept in (hosts, [{**hosts[0], "ip": "10.66.0.8"}], []):
        ips = [{"address": "10.66.0.1/24", "dhcp": {"hosts": kept}}]
        index = {host: fleet.sh(host, "cat /sys/class/net/virbr66/ifindex") for host in HOSTS}
        run = fleet.module("networks", config=[{"name": "live", "ips": ips}])
        assert run.code == 0, run.output
        for host in HOSTS:
            assert [change["live"] for change in run.changes(host)] == [True]
            told = fleet.sh(host, "cat /var/lib/libvirt/dnsmasq/live.hostsfile 2>/dev/null || true")
            assert told.split() == [f"{entry['mac']},{entry['ip']},{entry['name']}" for entry in kept]
            assert fleet.sh(host, "cat /sys/class/net/virbr66/ifindex") == index[host]


def test_a_network_that_has_to_restart_keeps_its_guests(fleet: Fleet) -> None:
    change = {"name": "live", "domain": "live.example"}
    deferred = fleet.module("networks", config=[change])
    for host in HOSTS:
        assert paths(deferred, host) == {"domain": False}
        waiting = deferred.results("virtfleet.kvm.networks", host)[0]["pending_restart"]
        assert [(entry["network"], entry["paths"]) for entry in waiting] == [("live", ["domain"])]
    refused = fleet.module("networks", config=[change], on_restart_needed="fail")
    assert refused.code != 0
    run = fleet.module("networks", config=[change], on_restart_needed="restart")
    assert run.code == 0, run.output
    for host in HOSTS:
        assert paths(run, host) == {"restart": True}
        assert "live.example" in fleet.sh(host, "virsh net-dumpxml live")
        tap = fleet.sh(host, "ls /sys/class/net/virbr66/brif").split()
        assert len([name for name in tap if name.startswith("vnet")]) == 1


def test_more_memory_than_the_guest_can_have_waits_for_its_restart(fleet: Fleet) -> None:
    before = {host: started(fleet, host) for host in HOSTS}
    graphics = [{"type": "vnc", "passwd": "s3cret-2"}]
    run = declared(fleet, memory="256MiB", current_vcpus=2, graphics=graphics)
    for host in HOSTS:
        assert paths(run, host) == {"memory": False}
        waiting = run.results("virtfleet.kvm.domains", host)[0]["pending_restart"]
        assert [(entry["domain"], entry["paths"]) for entry in waiting] == [("live", ["memory"])]
        assert started(fleet, host) == before[host]
    had = {host: int(lines(fleet, host, "memory")[0].split()[1]) for host in HOSTS}
    restarted = fleet.module(
        "domains", config=[live(memory="256MiB", current_vcpus=2, graphics=graphics)], on_restart_needed="restart"
    )
    assert restarted.code == 0, restarted.output
    for host in HOSTS:
        assert started(fleet, host) != before[host]
        assert not restarted.results("virtfleet.kvm.domains", host)[0]["pending_restart"]
        fleet.wait(has_memory, fleet, host, had[host] + 32 * 1024)


def other(name: str, **options: t.Any) -> dict[str, t.Any]:
    """A guest beside the one of the other tests."""
    base = {key: value for key, value in guest(name, "").items() if key != "host"}
    return {**base, "vcpus": 2, "interfaces": [{"network": "live"}], **options}


def test_a_memory_device_comes_and_the_guest_is_at_rest(fleet: Fleet) -> None:
    cells = [{"cpus": "0-1", "memory": "192MiB"}]
    made = other("dimm", memory="192MiB", max_memory={"size": "1GiB", "slots": 2}, cpu={"numa": {"cells": cells}})
    assert fleet.module("domains", config=[made]).code == 0
    for host in HOSTS:
        fleet.report(host, "dimm")
    before = {host: fleet.sh(host, "virsh domid dimm") for host in HOSTS}
    for memory in ("192MiB", "320MiB"):
        more = {
            **made,
            "memory": memory,
            "memory_devices": [{"model": "dimm", "target": {"size": "128MiB", "node": 0}}],
        }
        for _again in range(2):
            run = fleet.module("domains", config=[more], on_restart_needed="restart")
            assert run.code == 0, run.output
        assert not run.changed, run.output
    for host in HOSTS:
        assert fleet.sh(host, "virsh domid dimm") == before[host]
    fleet.module("domains", config=[{"name": "dimm", "state": "absent"}])


def test_what_cannot_come_waits_in_check_mode_as_in_the_run(fleet: Fleet) -> None:
    made = other("full")
    assert fleet.module("domains", config=[made]).code == 0
    agent = {"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}
    shared = {"type": "mount", "source": "/srv", "target": "s"}
    more = {
        **made,
        "current_vcpus": 1,
        "channels": [agent],
        "filesystems": [shared],
        "metadata": ["<a xmlns='urn:a'/>"],
    }
    waits = {"current_vcpus": False, "channels[0]": False, "filesystems[0]": False, "metadata": True}
    for expected in (waits, {}):
        said = fleet.module("domains", "--check", config=[more])
        run = fleet.module("domains", config=[more])
        assert run.code == 0, run.output
        for host in HOSTS:
            assert said.changes(host) == run.changes(host)
            assert paths(run, host) == expected
            pending = [one.results("virtfleet.kvm.domains", host)[0]["pending_restart"] for one in (said, run)]
            assert pending[0] == pending[1]
            assert set(pending[0][0]["paths"]) == {path for path, live in waits.items() if not live}
    for host in HOSTS:
        fleet.sh(host, "virsh destroy full")
    assert fleet.module("domains", config=[more]).code == 0
    assert not fleet.module("domains", "--check", config=[more]).changed
    fleet.module("domains", config=[{"name": "full", "state": "absent"}])


ENTRIES: list[dict[str, t.Any]] = [
    {
        "hosts": [["52:54:00:00:67:01", "a", 11], ["52:54:00:00:67:02", "b", 12]],
        "range": 200,
        "names": [["10.67.0.1", "gate", "old"], ["10.67.0.2", "other"]],
        "txts": {"t1": "one", "t2": "two"},
        "ports": {"s1": 389, "s2": 390},
        "groups": {"g1": 100, "g2": 100},
    },
    # Another value for each.
    {
        "hosts": [["52:54:00:00:67:01", "a", 21], ["52:54:00:00:67:02", "c", 12]],
        "range": 210,
        "names": [["10.67.0.1", "gate", "new"], ["10.67.0.2", "another"]],
        "txts": {"t1": "1", "t2": "2"},
        "ports": {"s1": 489, "s2": 490},
        "groups": {"g1": 101, "g2": 102},
    },
    # One in the place of another, and one less.
    {
        "hosts": [["52:54:00:00:67:03", "d", 23], ["52:54:00:00:67:02", "c", 12]],
        "range": 210,
        "names": [["10.67.0.3", "gate", "new"]],
        "txts": {"t3": "1", "t2": "2"},
        "ports": {"s3": 489},
        "groups": {"g3": 101, "g2": 102},
    },
]


def with_entries(entries: dict[str, t.Any]) -> dict[str, t.Any]:
    """A network with these hosts of DHCP, names, records and port groups."""
    return {
        "name": "entries",
        "bridge": "virbr67",
        "ips": [
            {
                "address": "10.67.0.1/24",
                "dhcp": {
                    "ranges": [{"start": "10.67.0.100", "end": f"10.67.0.{entries['range']}"}],
                    "hosts": [{"mac": mac, "name": name, "ip": f"10.67.0.{at}"} for mac, name, at in entries["hosts"]],
                },
            },
            {"address": "fd67::1/64", "dhcp": {"hosts": [{"name": "six", "ip": f"fd67::{entries['range']}"}]}},
        ],
        "dns": {
            "hosts": [{"ip": ip, "hostnames": names} for ip, *names in entries["names"]],
            "txts": [{"name": name, "value": value} for name, value in entries["txts"].items()],
            "srvs": [
                {"service": name, "protocol": "tcp", "target": f"{name}.lan", "port": port}
                for name, port in entries["ports"].items()
            ],
        },
        "portgroups": [
            {"name": name, "bandwidth": {"inbound": {"average": average}}}
            for name, average in entries["groups"].items()
        ],
    }


def test_entries_of_a_network_come_and_go_and_change(fleet: Fleet) -> None:
    """Without a restart, which would take the bridge from its guests."""
    made = fleet.module("networks", config=[with_entries(ENTRIES[0])])
    assert made.code == 0, made.output
    bridge = {host: fleet.sh(host, "cat /sys/class/net/virbr67/ifindex") for host in HOSTS}
    for entries in (*ENTRIES[1:], ENTRIES[0]):
        said = fleet.module("networks", "--check", config=[with_entries(entries)])
        run = fleet.module("networks", config=[with_entries(entries)])
        assert run.code == 0, run.output
        for host in HOSTS:
            assert said.changes(host) == run.changes(host)
            assert set(paths(run, host).values()) == {True}, run.output
            both = [sections(fleet.sh(host, f"virsh net-dumpxml {kind} entries")) for kind in ("", "--inactive")]
            assert both[0] == both[1]
            assert fleet.sh(host, "cat /sys/class/net/virbr67/ifindex") == bridge[host]
        assert not fleet.module("networks", config=[with_entries(entries)]).changed
    assert fleet.module("networks", config=[{"name": "entries", "state": "absent"}]).code == 0


def sections(text: str) -> list[str]:
    """The entries of a network that libvirt changes while it is active; their order means nothing."""
    root = ET.fromstring(text)
    found = [node for path in ("ip/dhcp/*", "dns/*", "portgroup") for node in root.findall(path)]
    return sorted(ET.canonicalize(ET.tostring(node, encoding="unicode"), strip_text=True) for node in found)

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes in declarations, each with words of what has to be said of it, in check mode and in the run alike.

What is there before: the networks ``default`` (active), ``off`` (inactive) and ``nobridge`` (on a bridge br77 that is
not there), the pools ``default`` and ``off`` (inactive), the volume ``base.qcow2`` of ``default``, the guests ``here``
(two CPUs in one socket) and ``runs``.
"""

from __future__ import annotations

import typing as t

Case = tuple[str, dict[str, t.Any], str]

BAD: dict[str, t.Any] = {"name": "bad", "memory": "64MiB", "virt": "qemu"}
BRIDGED = {"name": "bad", "forward": "bridge", "bridge": "br77"}
NAT = {"name": "bad", "forward": "nat", "ips": ["10.50.0.1/24"]}
NOPE = "/nope/nope"
UUID = "11111111-2222-4333-8444-555555555555"


def guest(words: str, **options: t.Any) -> Case:
    """A guest that stays switched off."""
    return "domains", {**BAD, **options}, words


def started(words: str, **options: t.Any) -> Case:
    """A guest that is to run."""
    return guest(words, state="running", **options)


ROUTED = {
    "network": "default",
    "routes": [{"family": "ipv4", "address": "10.1.0.0", "prefix": 24, "gateway": "10.0.0.2"}],
}

NETWORKS = [
    started("interfaces[0].network: there is no network defualt on this host", interfaces=[{"network": "defualt"}]),
    started("did you mean 'default'?", interfaces=[{"network": "defualt"}]),
    started("interfaces[1].network: there is no network x", interfaces=[{"network": "default"}, {"network": "x"}]),
    started("the network off is not active", interfaces=[{"network": "off"}]),
    started(
        "the network nobridge needs a bridge: there is no network device br77", interfaces=[{"network": "nobridge"}]
    ),
    started("interfaces[0].bridge: there is no network device br77", interfaces=[{"bridge": "br77"}]),
    started("the network device eno1 is no bridge", interfaces=[{"bridge": "eno1"}]),
    started("interfaces[0].direct: there is no network device eno7", interfaces=[{"direct": "eno7"}]),
    ("domains", {"name": "runs", "interfaces": [{"network": "x"}]}, "interfaces[0].network: there is no network x"),
    started(
        "interfaces[0].ips[0]: libvirt refuses this: ",
        interfaces=[{"network": "default", "ips": [{"address": "10.0.0.1", "prefix": 24, "family": "ipv4"}]}],
    ),
    started("interfaces[0].routes[0]: libvirt refuses this: ", interfaces=[ROUTED]),
    ("domains", {"name": "runs", "interfaces": [ROUTED]}, "interfaces[0].routes[0]: libvirt refuses this: "),
    started(
        "interfaces[0].teaming.type: libvirt refuses this: ",
        interfaces=[{"network": "default", "model": "e1000", "teaming": {"type": "persistent"}}],
    ),
    (
        "domains",
        {"name": "runs", "interfaces": [{"bridge": "br77"}]},
        "interfaces[0].bridge: there is no network device",
    ),
    ("networks", {"name": "bad", "bridge": "virbr0"}, "bridge: virbr0 is that of the network default"),
    ("networks", {"name": "bad", "bridge": "eno1"}, "bridge: eno1 is on this host already, and of no network"),
    ("networks", {"name": "bad", "ips": [{"address": "192.168.122.9/24"}]}, "ips[0].address"),
    ("networks", {"name": "bad", "forward": {"mode": "bridge"}}, "bridge: name the host bridge"),
    ("networks", {"name": "bad", "forward": "nat", "ips": []}, "ips: forward mode nat needs an address"),
    ("networks", {**BRIDGED, "mac": "52:54:00:00:00:01"}, "mac: goes with a bridge that libvirt makes"),
    ("networks", {**BRIDGED, "domain": "x.y"}, "domain: goes with a bridge that libvirt makes"),
    ("networks", {**BRIDGED, "mtu": 9000}, "mtu, forward: libvirt refuses this"),
    ("networks", {**BRIDGED, "stp": True}, "stp, forward: libvirt refuses this"),
    ("networks", {**NAT, "vlan": {"tags": [{"id": 5}]}}, "vlan: a VLAN goes with forward mode hostdev"),
    ("networks", {**NAT, "bandwidth": {"inbound": {"peak": 100}}}, "bandwidth.inbound.peak: libvirt refuses this"),
    ("networks", {**NAT, "dns": {"forwarders": [{}]}}, "dns.forwarders[0]: libvirt refuses this"),
    ("networks", {**NAT, "portgroups": [{"name": "a"}, {"name": "a"}]}, "portgroups[1].name: 'a' is declared more"),
    (
        "networks",
        {"name": "bad", "forward": {"mode": "hostdev", "interfaces": ["eno1"]}},
        "forward.interfaces: forward mode hostdev does not take devices by name",
    ),
]
STORAGE = [
    guest("disks[0].pool: there is no pool fats on this host", disks=[{"size": "1MiB", "pool": "fats"}]),
    guest("disks[1].pool: there is no pool x", disks=[{"size": "1MiB"}, {"size": "1MiB", "pool": "x"}]),
    guest("disks[0].pool: the pool off is not active", disks=[{"size": "1MiB", "pool": "off"}]),
    guest("disks[0].image: there is no volume debain-12 in the pool default", disks=[{"image": "debain-12"}]),
    guest("disks[1].image: there is no volume x", disks=[{"size": "1MiB"}, {"image": "x"}]),
    guest(f"disks[0].image: there is no file {NOPE} on this host", disks=[{"image": NOPE}]),
    guest("disks[0].backing: there is no volume base in the pool default", disks=[{"backing": "base"}]),
    started("disks[0].volume: there is no volume x in the pool default", disks=[{"volume": "x", "pool": "default"}]),
    started("disks[0].volume: there is no pool x", disks=[{"volume": "base.qcow2", "pool": "x"}]),
    started("disks[0].volume: the pool off is not active", disks=[{"volume": "x", "pool": "off"}]),
    started(f"disks[0].file: there is no file {NOPE}", disks=[{"file": NOPE}]),
    started(f"disks[1].file: there is no file {NOPE}", disks=[{"size": "1MiB"}, {"file": NOPE, "device": "cdrom"}]),
    started(f"disks[0].block: there is no file {NOPE}", disks=[{"block": NOPE}]),
    (
        "domains",
        {"name": "runs", "disks": [{"file": NOPE, "target": "vdb"}]},
        f"disks[0].file: there is no file {NOPE}",
    ),
    ("pools", {"name": "bad", "target": "/var/lib/libvirt/images"}, "is the folder of the pool default"),
    ("pools", {"name": "bad", "target": "/var/lib/libvirt//images/"}, "is the folder of the pool default"),
    ("pools", {"name": "bad", "target": NOPE, "build": "never"}, f"target: there is no folder {NOPE}"),
    (
        "pools",
        {"name": "bad", "type": "fs", "target": "/mnt", "source": {"devices": [NOPE]}},
        f"source.devices: there is no file {NOPE}",
    ),
    ("volumes", {"name": "bad", "pool": "fats", "capacity": "1MiB"}, "there is no pool fats on this host"),
    ("volumes", {"name": "bad", "pool": "off", "capacity": "1MiB"}, "the pool off is not active"),
    ("volumes", {"name": "bad", "clone_from": "x"}, "clone_from: there is no volume x in the pool default"),
    ("volumes", {"name": "bad", "clone_from": "fats/x"}, "clone_from: there is no pool fats"),
    ("volumes", {"name": "bad", "backing": {"volume": "x"}}, "backing: there is no volume x in the pool default"),
    ("volumes", {"name": "bad", "image": NOPE}, f"image: there is no file {NOPE}"),
    ("volumes", {"name": "bad", "image": f"file://{NOPE}"}, f"image: there is no file {NOPE}"),
    (
        "volumes",
        {"name": "bad", "capacity": "1MiB", "backing": {"path": NOPE, "format": "raw"}},
        f"backing.path: there is no file {NOPE}",
    ),
    (
        "volumes",
        {"name": "bad", "capacity": "1MiB", "backing": {"path": "/srv", "format": "raw"}},
        "backing.path: /srv is neither a file nor a block device",
    ),
    (
        "volumes",
        {"name": "bad", "capacity": "1MiB", "allocation": "3MiB"},
        "allocation: 3MiB is more than the capacity",
    ),
    ("volumes", {"name": "bad"}, "capacity: a new volume needs it"),
    ("volumes", {"name": "bad", "capacity": 0}, "capacity: is 0, which is no size of a disk"),
    ("volumes", {"name": "bad", "capacity": "1MiB", "format": "dir"}, "format: 'dir' means a folder"),
    ("volumes", {"name": "bad", "capacity": "1MiB", "format": "cow"}, "format: 'cow' is only read"),
    ("volumes", {"name": "base.qcow2", "capacity": "1KiB"}, "capacity"),
    ("volumes", {"name": "base.qcow2", "capacity": "1MiB", "format": "raw"}, "format"),
]
DEVICES = [
    started(f"kernel: there is no file {NOPE}", kernel=NOPE),
    started(f"initrd: there is no file {NOPE}", kernel="/etc/passwd", initrd=NOPE),
    started(f"filesystems[0].source: there is no folder {NOPE}", filesystems=[{"source": NOPE, "target": "s"}]),
    started(
        "hostdevs[0].source.address: there is no PCI device 0000:fe:1f.7",
        hostdevs=[{"type": "pci", "source": {"address": {"domain": 0, "bus": 254, "slot": 31, "function": 7}}}],
    ),
    started(
        "hostdevs[0].source: there is no USB device 1234:abcd",
        hostdevs=[{"type": "usb", "source": {"vendor": "0x1234", "product": "0xabcd"}}],
    ),
    started(
        "hostdevs[0].source.address: there is no USB device 9.99",
        hostdevs=[{"type": "usb", "source": {"address": {"bus": 9, "device": 99}}}],
    ),
    started(
        f"hostdevs[0].source.uuid: there is no mediated device {UUID}",
        hostdevs=[{"type": "mdev", "model": "vfio-pci", "source": {"uuid": UUID}}],
    ),
    started("serials[0].path: there is no file /dev/ttyS99", serials=[{"type": "dev", "path": "/dev/ttyS99"}]),
    started("rngs[0].backend.device: there is no file /dev/nope", rngs=[{"backend": {"device": "/dev/nope"}}]),
    started("inputs[0].source: there is no file /dev/input/x", inputs=[{"type": "evdev", "source": "/dev/input/x"}]),
    started("memory: is 90000GiB, and this host has", memory="90000GiB"),
    started(
        "numatune.nodeset: this host has no NUMA nodes 77",
        xml="<numatune><memory mode='strict' nodeset='77'/></numatune>",
    ),
    started("hugetlbfs", memory_backing={"hugepages": {}}),
    started("Unknown CPU model", cpu={"mode": "custom", "match": "exact", "model": "Nope"}),
]
DEFINITIONS = [
    guest("cpu.topology: libvirt refuses", vcpus=3, cpu={"topology": {"sockets": 1, "cores": 2, "threads": 1}}),
    guest("clock: libvirt refuses", clock={"offset": "timezone"}),
    guest("disks[0].size: is 0", disks=[{"size": 0}]),
    guest("memory: is 64MiB, but cpu.numa.cells", cpu={"numa": {"cells": [{"cpus": "0", "memory": "32MiB"}]}}),
    guest("machine: QEMU has no machine type 'q36' on this host", machine="q36"),
    guest("machine: QEMU has no machine type 'pc-q35-99.1'", machine="pc-q35-99.1"),
    guest("machine type limit", machine="pc", vcpus=300),
    guest("nope", arch="nope"),
    guest("Cannot check QEMU binary", emulator="/usr/bin/nope"),
    guest("topology", vcpus=4, cpu={"topology": {"sockets": 1, "cores": 2, "threads": 1}}),
    ("domains", {"name": "here", "vcpus": 4}, "topology"),
    guest(
        "requires shared memory",
        filesystems=[{"type": "mount", "driver": {"type": "virtiofs"}, "source": "/srv", "target": "s"}],
    ),
    guest("boot: does not go together with boot.order", boot=["hd"], disks=[{"size": "1MiB", "boot": {"order": 1}}]),
    guest("ejectable media", disks=[{"device": "cdrom", "file": "/x.iso", "bus": "virtio"}]),
    guest("IDE controllers are unsupported", machine="q35", disks=[{"file": "/x", "bus": "ide", "target": "hda"}]),
    guest("target 'vda'", disks=[{"file": "/x", "target": "vda"}, {"file": "/y", "target": "vda"}]),
    guest("boot order", disks=[{"size": "1MiB", "boot": {"order": 1}}, {"size": "1MiB", "boot": {"order": 1}}]),
    guest("iothread", disks=[{"size": "1MiB", "driver": {"iothread": 5}}]),
    guest("graphics", graphics=[{"type": "vnc", "port": 5999}, {"type": "vnc", "port": 5998}]),
    guest("memory", memory_devices=[{"model": "dimm", "target": {"size": "64MiB", "node": 0}}]),
    guest("watchdog", watchdogs=[{"model": "itco"}, {"model": "itco"}]),
    guest("TPM", tpms=[{"model": "tpm-tis", "backend": {"type": "passthrough", "device": "/dev/x"}}] * 2),
    guest("CPU vendor specified without CPU model", cpu={"vendor": "Intel"}),
    guest("controllers[0].ports: libvirt's schema does not", controllers=[{"type": "scsi", "ports": 65536}]),
    guest("hostdevs[0]: libvirt refuses this: XML error: Missing <source>", hostdevs=[{"type": "scsi"}]),
    guest("graphics[0].connected: libvirt's schema does not", graphics=[{"type": "vnc", "connected": "fail"}]),
    guest("title: is empty", title=""),
    guest("parallels[0].host: cannot be combined with 'type: pty'", parallels=[{"host": "a"}]),
    guest("xml", xml="<devices><emulatr>/x</emulatr></devices>"),
    guest("xml", xml="<vcpuu>1</vcpuu>"),
    guest("memry", memry="1GiB"),
    guest("disks[0].size", disks=[{"size": "1 elephant"}]),
]
CASES = [*NETWORKS, *STORAGE, *DEVICES, *DEFINITIONS]

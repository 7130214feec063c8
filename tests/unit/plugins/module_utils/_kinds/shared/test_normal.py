# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps definitions: what it drops, renames and rounds is no change in the next run."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import definition
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form.device import sane
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, canonical, changes, observed, plan_one

HEAD = (
    "<domain type='qemu'><name>x</name><memory unit='KiB'>65536</memory><currentMemory unit='KiB'>65536</currentMemory>"
    "<vcpu placement='static'>4</vcpu><os><type arch='x86_64' machine='pc-q35-9.2'>hvm</type></os>{}</domain>"
)
SERIAL = (
    "<serial type='pty'><target type='isa-serial' port='0'><model name='isa-serial'/></target></serial>"
    "<console type='pty'><target type='serial' port='0'/></console>"
)
MAC = "52:54:00:00:00:01"
CARD = f"<interface type='network'><mac address='{MAC}'/><source network='n'/><model type='virtio'/></interface>"
DISK = "<disk type='file' device='{}'>{}<target dev='{}' bus='{}'{}/>{}</disk>"

KEPT: dict[str, tuple[dict[str, Any], str]] = {
    "cache": (
        {"disks": [{"file": "/a", "driver": {"cache": "default"}}]},
        DISK.format("disk", "<driver name='qemu' type='raw'/><source file='/a'/>", "vda", "virtio", "", ""),
    ),
    "index": (
        {"disks": [{"file": "/a", "source": {"index": 3}}]},
        DISK.format("disk", "<driver name='qemu' type='raw'/><source file='/a'/>", "vda", "virtio", "", ""),
    ),
    "snapshot": (
        {"disks": [{"device": "cdrom", "type": "file", "snapshot": "no"}]},
        DISK.format("cdrom", "<driver name='qemu' type='raw'/>", "sda", "sata", "", "<readonly/>"),
    ),
    "removable": (
        {"disks": [{"file": "/a", "removable": True}]},
        DISK.format("disk", "<driver name='qemu' type='raw'/><source file='/a'/>", "vda", "virtio", "", ""),
    ),
    "channel": (
        {"channels": [{"mode": "bind", "target": {"name": "org.qemu.guest_agent.0", "state": "connected"}}]},
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
    ),
    "channel path": (
        {
            "channels": [
                {
                    "path": "/var/lib/libvirt/qemu/channel/target/domain-3-x/own.0",
                    "mode": "bind",
                    "target": {"name": "own.0"},
                }
            ]
        },
        "<channel type='unix'><target type='virtio' name='own.0'/></channel>",
    ),
    "pty": ({"serials": [{"type": "pty", "path": "/dev/pts/4"}]}, SERIAL),
    "a lone console": ({"consoles": [{"type": "pty"}], "serials": []}, SERIAL),
    "a console of the serial port": ({"consoles": [{"type": "pty"}]}, SERIAL),
    "a console and another": (
        {"consoles": [{"type": "pty"}, {"type": "pty", "target": {"type": "virtio"}}]},
        f"{SERIAL}<console type='pty'><target type='virtio' port='1'/></console>",
    ),
    "another console, numbered": (
        {"consoles": [{"type": "pty", "target": {"type": "virtio", "port": 0}}], "serials": [{"type": "pty"}]},
        f"{SERIAL}<console type='pty'><target type='virtio' port='1'/></console>",
    ),
    "alias": (
        {"rngs": [{"backend": {"model": "builtin"}, "alias": "rng0"}]},
        "<rng model='virtio'><backend model='builtin'/></rng>",
    ),
    "target": (
        {"interfaces": [{"network": "n", "target": "vnet3", "mac": "52:54:00:00:00:01"}]},
        CARD,
    ),
    "portid": (
        {"interfaces": [{"network": "n", "portid": "x", "mac": "52:54:00:00:00:01"}]},
        CARD,
    ),
    "model": (
        {"interfaces": [{"network": "n", "model": "E1000", "driver": {"queues": 2}, "mac": "52:54:00:00:00:01"}]},
        CARD.replace("virtio", "e1000"),
    ),
    "coalesce": (
        {"interfaces": [{"network": "n", "coalesce": 0, "mac": "52:54:00:00:00:01"}]},
        CARD,
    ),
    "one queue": (
        {"interfaces": [{"network": "n", "driver": {"queues": 1}, "mac": "52:54:00:00:00:01"}]},
        CARD,
    ),
    "watchdogs": (
        {"watchdogs": [{"model": "i6300esb", "action": "poweroff"}]},
        "<watchdog model='i6300esb' action='poweroff'/><watchdog model='itco' action='poweroff'/>",
    ),
    "modes of files": (
        {"filesystems": [{"source": "/s", "target": "t", "fmode": "644", "dmode": "755"}]},
        "<filesystem type='mount' accessmode='passthrough' fmode='0644' dmode='0755'><source dir='/s'/>"
        "<target dir='t'/></filesystem>",
    ),
    "video": (
        {"videos": [{"model": {"type": "vga", "vram": 20000, "primary": False}}]},
        "<video><model type='vga' vram='32768' heads='1'/></video>",
    ),
    "ports of a display": (
        {"graphics": [{"type": "vnc", "port": 5904, "autoport": True}]},
        "<graphics type='vnc' port='-1' autoport='yes'><listen type='address'/></graphics>",
    ),
    "socket of a display": (
        {
            "graphics": [
                {"type": "vnc", "listens": [{"type": "socket", "socket": "/var/lib/libvirt/qemu/domain-1-x/vnc.sock"}]}
            ]
        },
        "<graphics type='vnc'><listen type='socket'/></graphics>",
    ),
    "redirected": (
        {"redirfilter": [{"class": "-1", "version": "9.4", "allow": True}]},
        "<redirfilter><usbdev version='9.40' allow='yes'/></redirfilter>",
    ),
    "controller": (
        {"controllers": [{"type": "scsi", "model": "auto"}]},
        "<controller type='scsi' index='0' model='lsilogic'/>",
    ),
    "companions": (
        {"controllers": [{"type": "usb", "index": 0, "model": name} for name in ("ich9-uhci1", "ich9-ehci1")]},
        "<controller type='usb' index='0' model='ich9-ehci1'/>"
        "<controller type='usb' index='0' model='ich9-uhci1'><master startport='0'/></controller>",
    ),
}
"""Options of a guest, and its devices as libvirt keeps them (taken from libvirt 9.0 and 11.3)."""

BESIDE: dict[str, tuple[dict[str, Any], str]] = {
    "schedulers": (
        {
            "cputune": {
                "vcpusched": [
                    {"vcpus": "0", "scheduler": "rr", "priority": 1},
                    {"vcpus": "2", "scheduler": "rr", "priority": 1},
                ]
            }
        },
        "<cputune><vcpusched vcpus='0,2' scheduler='rr' priority='1'/></cputune>",
    ),
    "a pin of no CPU": (
        {"cputune": {"vcpupin": {0: "0", 9: "1"}}},
        "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>",
    ),
    "io threads": (
        {"iothreads": 3, "iothreadids": [{"id": 2}]},
        "<iothreads>3</iothreads><iothreadids><iothread id='2'/><iothread id='1'/><iothread id='3'/></iothreadids>",
    ),
    "no limit": ({"memtune": {"hard_limit": "9007199254740991KiB"}}, ""),
    "model of the host": (
        {"cpu": {"mode": "host-model", "fallback": "allow"}},
        "<cpu mode='host-model' check='partial'/>",
    ),
    "nodes": (
        {
            "memory": "64MiB",
            "cpu": {
                "numa": {
                    "cells": [
                        {"id": 0, "cpus": "0-2", "memory": "30MiB", "distances": [{"id": 1, "value": 21}]},
                        {"id": 1, "cpus": "3", "memory": "34MiB"},
                    ]
                }
            },
        },
        "<cpu><numa><cell id='0' cpus='0-2' memory='30720' unit='KiB'><distances><sibling id='0' value='10'/>"
        "<sibling id='1' value='21'/></distances></cell><cell id='1' cpus='3' memory='34816' unit='KiB'><distances>"
        "<sibling id='0' value='21'/><sibling id='1' value='10'/></distances></cell></numa></cpu>",
    ),
    "menu": ({"os": {"bootmenu": {"enable": False, "timeout": 3000}}}, ""),
    "label": ({"seclabels": [{"type": "dynamic", "relabel": True}]}, ""),
}
"""The same for what is beside the devices."""


def kept(name: str) -> tuple[dict[str, Any], str]:
    """Options, and the definition that libvirt keeps of them."""
    if name in KEPT:
        options, devices = KEPT[name]
        return options, HEAD.format(f"<devices>{devices}</devices>")
    options, more = BESIDE[name]
    text = HEAD.format(more)
    return options, text.replace("</os>", "<bootmenu enable='no'/></os>") if name == "menu" else text


@pytest.mark.parametrize("name", [*KEPT, *BESIDE])
def test_what_libvirt_keeps_otherwise_is_no_change(name: str) -> None:
    options, text = kept(name)
    config = {"name": "x", "state": "present", **options}
    plan = plan_one(DOMAIN, observed(text), config, EMULATING_HOST)
    assert (changes(plan), plan.steps) == ({}, [])
    running = plan_one(DOMAIN, observed(text, "running"), config, EMULATING_HOST)
    assert (changes(running), running.steps, running.waiting) == ({}, [], {})


@pytest.mark.parametrize("name", [*KEPT, *BESIDE])
def test_what_libvirt_keeps_is_its_own_normal_form(name: str) -> None:
    root = ET.fromstring(kept(name)[1])
    before = canonical(root)
    definition.settle(root)
    again = canonical(root)
    definition.settle(root)
    assert canonical(root) == again
    plan = plan_one(DOMAIN, observed(before), _xml_conversion.from_xml(DOMAIN, before), EMULATING_HOST)
    assert changes(plan) == {}


def test_a_real_change_is_told_beside_one_that_does_not_last() -> None:
    options, text = kept("cache")
    config = {"name": "x", "state": "present", "title": "new", **options}
    assert changes(plan_one(DOMAIN, observed(text), config, EMULATING_HOST)) == {"title": (None, "new")}


RAW: list[tuple[Table, str, dict[str, Any]]] = [
    (DOMAIN, "<devices><console type='pty'/></devices>", {"serials": [{"type": "pty"}]}),
    (DOMAIN, "<devices><disk type='file' device='disk'><source file='/x' index='1'/><target dev='vda' bus='virtio'/>"
     "</disk></devices>",
     {"disks": [{"file": "/x", "target": "vda", "bus": "virtio", "format": None}]}),
    (DOMAIN, "<devices><disk type='file' device='cdrom'><target dev='hda'/></disk></devices>",
     {"disks": [{"device": "cdrom", "target": "hda", "bus": "ide", "format": None}]}),
    (DOMAIN, "<devices><interface type='network'><source network='default'/><target dev='vnet0'/><alias name='net0'/>"
     "</interface></devices>", {"interfaces": [{"network": "default", "model": None}]}),
    (DOMAIN, "<cpu><numa><cell id='0' cpus='0' memory='64' unit='MiB'/></numa></cpu>", {"memory": "64MiB"}),
    (NETWORK, "<forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>",
     {"forward": {"mode": "nat"}}),
    (NETWORK, "<ip address='10.5.6.1' netmask='255.255.255.0'><dhcp><host mac='50:50:A:5:6:2' ip='10.5.6.2'/>"
     "</dhcp></ip>",
     {"ips": [{"address": "10.5.6.1/24", "dhcp": {"hosts": [{"mac": "50:50:0a:05:06:02", "ip": "10.5.6.2"}]}}]}),
    (NETWORK, "<portgroup name='a' default='no'/>", {"portgroups": [{"name": "a"}]}),
    (POOL, "<target><path>//var/tmp//p/</path><permissions><mode>0755</mode><owner>-1</owner></permissions></target>",
     {"target": "//var/tmp/p", "permissions": {"mode": "0755"}}),
    (POOL, "<source><dir path='/exports/'/></source>", {"source": {"dir": "/exports"}}),
    (VOLUME, "<backingStore><path>/b</path><format type='raw'/><permissions><label>l</label></permissions>"
     "</backingStore>",
     {"backing": {"path": "/b", "format": "raw"}}),
]  # fmt: skip
"""A part of a definition as people write it, and options that come of it."""


@pytest.mark.parametrize(("table", "part", "options"), RAW)
def test_files_of_others_are_told_as_libvirt_keeps_them(table: Table, part: str, options: dict[str, Any]) -> None:
    config = _xml_conversion.from_xml(table, f"<{table.kind}><name>x</name>{part}</{table.kind}>")
    assert {name: config.get(name) for name in options} == options


def test_a_definition_without_a_machine_gets_that_of_libvirt() -> None:
    text = "<domain type='qemu'><name>x</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    config = _xml_conversion.from_xml(DOMAIN, text)
    assert config["machine"] is None
    again = _xml_conversion.to_xml(DOMAIN, json.loads(json.dumps(config)))
    kind = ET.fromstring(again).find("os/type")
    assert kind is not None
    assert kind.get("machine") is None


@pytest.mark.parametrize(
    ("arch", "aliases", "written", "there"),
    [
        ("aarch64", {"virt": {"virt-10.0"}}, "virt", "virt-10.0"),
        ("ppc64", {"pseries": {"pseries-7.2"}}, "pseries", "pseries-7.2"),
        ("s390x", {"s390-ccw-virtio": {"s390-ccw-virtio-10.0"}}, "s390-ccw-virtio", "s390-ccw-virtio-10.0"),
    ],
)
def test_machines_of_other_architectures(arch: str, aliases: dict[str, set[str]], written: str, there: str) -> None:
    host = Host(machines={"q35": "pc-q35-9.2"}, aliases=aliases)
    config = {
        "name": "x",
        "memory": "64MiB",
        "virt": "qemu",
        "arch": arch,
        "disks": [{"device": "cdrom", "type": "file"}],
    }
    (step,) = plan_one(DOMAIN, None, config, host).steps
    root = ET.fromstring(step.value)
    kind, target = root.find("os/type"), root.find("devices/disk/target")
    assert kind is not None
    assert target is not None
    assert (kind.get("machine"), root.find("features"), target.get("bus")) == (None, None, "scsi")
    text = HEAD.format("").replace("x86_64", arch).replace("pc-q35-9.2", there)
    assert changes(plan_one(DOMAIN, observed(text), {"name": "x", "machine": written}, host)) == {}


@pytest.mark.parametrize(
    ("written", "kept_as"),
    [("/a//b/", "/a/b"), ("///a", "/a"), ("//a//b", "//a/b"), ("/", "/"), ("//", "//"), ("", ""), ("a/", "a")],
)
def test_paths_without_superfluous_slashes(written: str, kept_as: str) -> None:
    assert sane(written) == kept_as


def test_an_owner_that_libvirt_has_chosen_is_the_one_that_was_left_to_it() -> None:
    text = "<pool type='dir'><name>p</name><target><path>/p</path><permissions>{}</permissions></target></pool>"
    config = {"name": "p", "target": "/p/", "permissions": {"owner": -1, "group": -1}}
    for there in ("<mode>0711</mode><owner>0</owner><group>107</group>", "<mode>0711</mode>"):
        assert changes(plan_one(POOL, observed(text.format(there), "active"), config)) == {}

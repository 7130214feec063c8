# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A brief config changes nothing about what it was taken from, and says all that a new one would not get anyway."""

from __future__ import annotations

import copy
from typing import Any
from xml.etree import ElementTree as ET

import fuzzing
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import brief as engine
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import paths
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.tests.unit.samples import DOMAINS, NETWORKS
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, ROOT, defined, plan_one

HOST = Host(virt="kvm", machines={"q35": "q35"})
KEPT = ET.parse(ROOT / "tests/unit/running_guests.xml").getroot().findall("pair/kept/domain")
CORPUS = ET.parse(ROOT / "tests/corpus/devices.xml").getroot().findall(".//domain")
BY_HAND = ET.parse(ROOT / "tests/unit/by_virt_install.xml").getroot()


def made(table: Table, config: dict[str, Any]) -> ET.Element:
    """The definition that a new resource gets."""
    return paths.document(defined(plan_one(table, None, {**config, "state": table.initial})))


DEFINITIONS = [
    *((DOMAIN, node) for node in (*KEPT, *CORPUS, BY_HAND)),
    *((DOMAIN, made(DOMAIN, config)) for config in DOMAINS),
    *((NETWORK, made(NETWORK, config)) for config in NETWORKS),
]


@pytest.mark.fuzz
@pytest.mark.parametrize("part", range(8))
def test_it_changes_nothing_and_a_new_one_is_the_same(part: int) -> None:
    for number in fuzzing.share(range(part, len(DEFINITIONS), 8), 5):
        changes_nothing(DEFINITIONS[number][0], paths.clone(DEFINITIONS[number][1]))


def changes_nothing(table: Table, definition: ET.Element) -> None:
    """The brief of a definition plans no change of it, makes the same as a new one, and has no brief but itself."""
    if table.normal is not None:
        table.normal(definition)  # Those of the corpus are as they are written.
    config = adopt(table, definition).config
    before = copy.deepcopy(config)
    short = engine.brief(table, config, HOST)
    assert config == before
    items = table.parse([{**short, "state": table.initial}])
    for host in (HOST, KVM_HOST):
        (done,) = plan(table, {short["name"]: Observed(definition, None, table.initial, {})}, items, host)
        assert done.changes == []
    known = engine.Brief(table, HOST)
    bare = engine.without_places(table.rows, copy.deepcopy(config))
    assert known.definition(short) == known.definition(bare)
    assert engine.brief(table, short, HOST) == short


def lines(config: Any) -> int:
    """The lines that a config has as YAML, about: one for each value and name."""
    if isinstance(config, dict):
        return sum(max(1, lines(value) + isinstance(value, (dict, list))) for value in config.values())
    return sum(max(1, lines(value)) for value in config) if isinstance(config, list) else 0


def test_it_is_as_short_as_a_person_would_write_it() -> None:
    config = adopt(DOMAIN, BY_HAND).config
    assert engine.brief(DOMAIN, config, HOST) == {
        "name": "web01",
        "uuid": "8a5c3f0e-2b0e-4b5c-9a55-0c2f0a8a1b11",
        "memory": "2GiB",
        "vcpus": 2,
        "metadata": config["metadata"],
        "cpu": {"mode": "host-passthrough"},
        "clock": {
            "timers": [
                {"name": "rtc", "tickpolicy": "catchup"},
                {"name": "pit", "tickpolicy": "delay"},
                {"name": "hpet", "present": False},
            ]
        },
        "pm": {"suspend_to_mem": False, "suspend_to_disk": False},
        "disks": [
            {"file": "/var/lib/libvirt/images/web01.qcow2", "driver": {"discard": "unmap"}},
            {"device": "cdrom"},
        ],
        "interfaces": [{"network": "default", "mac": "52:54:00:aa:bb:cc"}],
        "channels": [
            {"target": {"name": "org.qemu.guest_agent.0"}},
            {"type": "spicevmc", "target": {"name": "com.redhat.spice.0"}},
        ],
        "inputs": [{"type": "tablet", "bus": "usb"}],
        "graphics": [{"type": "spice", "image_compression": "off"}],
        "sounds": [{"model": "ich9"}],
        "videos": [{"model": {"type": "virtio"}}],
        "redirdevs": [{"type": "spicevmc"}],
        "rngs": [{"backend": {"device": "/dev/urandom"}}],
    }


LEGACY = """<domain type='qemu'><name>legacy01</name><memory unit='KiB'>131072</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><kernel>/srv/vmlinuz</kernel><boot dev='hd'/></os>
<features><acpi/><apic/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<graphics type='vnc' port='-1' autoport='yes' listen='192.0.2.7'><listen type='address' address='192.0.2.7'/></graphics>
</devices></domain>"""


EMULATED = """<domain type='qemu'><name>legacy01</name><memory unit='KiB'>131072</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os><features><acpi/><apic/></features>
<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>"""


PLAIN = {"mode": "custom", "check": "none", "fallback": "forbid"}


@pytest.mark.parametrize("virt", ["kvm", "qemu"])
def test_the_cpu_of_emulation_is_left_out(virt: str) -> None:
    host = Host(virt=virt, machines={"q35": "q35"})
    for model, kept in (("qemu64", None), ("qemu32", {**PLAIN, "model": "qemu32"})):
        config = adopt(DOMAIN, ET.fromstring(EMULATED.replace("qemu64", model))).config
        short = engine.brief(DOMAIN, config, host)
        assert short.get("virt") == (None if virt == "qemu" else "qemu")
        assert short.get("cpu") == kept


LAN = """<network><name>lan</name><forward mode='nat'/><bridge name='virbr7' stp='on' delay='0'/>
<mac address='52:54:00:a1:b2:c3'/><ip address='10.7.0.1' netmask='255.255.255.0'/></network>"""
BRIEF_LAN = {"name": "lan", "bridge": "virbr7", "forward": {"mode": "nat"}, "ips": [{"address": "10.7.0.1/24"}]}


@pytest.mark.parametrize(
    ("definition", "more"),
    [
        (LAN, {}),
        (LAN.replace("<forward mode='nat'/>", ""), {"forward": None}),
        (LAN.replace("stp='on' delay='0'", "stp='off' delay='2'"), {"stp": False, "delay": 2}),
        (LAN.replace("52:54:00", "02:00:00"), {"mac": "02:00:00:a1:b2:c3"}),
    ],
)
def test_what_libvirt_allots_to_a_network_is_left_out(definition: str, more: dict[str, Any]) -> None:
    short = engine.brief(NETWORK, adopt(NETWORK, ET.fromstring(definition)).config, HOST)
    assert {name: value for name, value in short.items() if name != "uuid"} == {
        name: value for name, value in {**BRIEF_LAN, **more}.items() if value is not None
    }


@pytest.mark.parametrize("autostart", [False, True])
def test_what_libvirt_adds_to_a_display_and_a_kernel_is_left_out(autostart: bool) -> None:
    config = adopt(DOMAIN, ET.fromstring(LEGACY)).config | {"autostart": autostart, "state": "stopped"}
    assert config["graphics"][0]["listens"] == [{"type": "address", "address": "192.0.2.7"}]
    assert config["boot"] == ["hd"]
    assert engine.brief(DOMAIN, config, HOST) == {
        "name": "legacy01",
        "virt": "qemu",
        "memory": "128MiB",
        "kernel": "/srv/vmlinuz",
        "serials": [],
        "graphics": [{"type": "vnc", "listen": "192.0.2.7"}],
        **({"autostart": True} if autostart else {}),
        "state": "stopped",
    }


@pytest.mark.parametrize(("table", "more"), [(NETWORK, {"bridge": "virbr7"}), (POOL, {"target": "/srv/p"})])
def test_autostart_is_told_where_a_new_one_has_it_otherwise(table: Table, more: dict[str, Any]) -> None:
    config = {"name": "x", **more, "state": "active"}
    assert engine.brief(table, {**config, "autostart": True}, HOST) == config
    assert engine.brief(table, {**config, "autostart": False}, HOST) == {**config, "autostart": False}


@pytest.mark.fuzz
def test_real_guests_shrink_to_less_than_two_thirds() -> None:
    long = [adopt(DOMAIN, node).config for node in (*fuzzing.share(KEPT, 5), BY_HAND)]
    short = [engine.brief(DOMAIN, config, HOST) for config in long]
    assert len(long) > 20
    assert sum(map(lines, short)) < sum(map(lines, long)) * 2 / 3


GUEST = {"name": "a", "memory": "1GiB", "state": "stopped"}


@pytest.mark.parametrize(
    "chosen",
    [
        {"machine": "pc-i440fx-9.2"},
        {"virt": "qemu"},
        {"memballoon": {"model": "none"}},
        {"controllers": [{"type": "scsi", "index": 0, "model": "virtio-scsi"}]},
        {"controllers": [{"type": "usb", "index": 0, "model": "none"}]},
        {"features": {"acpi": False, "apic": True}},
        {"serials": []},
        {"disks": [{"file": "/a.qcow2", "format": "raw", "bus": "sata", "target": "sdb"}]},
        {"interfaces": [{"network": "default", "model": "e1000"}]},
        {"boot": ["network", "hd"]},
        {"cpu": {"mode": "host-passthrough", "migratable": False}},
        {"autostart": True},
    ],
)
def test_what_somebody_chose_is_told(chosen: dict[str, Any]) -> None:
    config = {**GUEST, **chosen}
    short = engine.brief(
        DOMAIN, adopt(DOMAIN, made(DOMAIN, config)).config | {"autostart": chosen.get("autostart")}, HOST
    )
    assert made(DOMAIN, config).tag == "domain"
    (name,) = chosen
    assert name in short
    for one in chosen[name] if isinstance(chosen[name], list) else []:
        assert one in short[name] or any(item.items() <= one.items() for item in short[name] if isinstance(item, dict))


@pytest.mark.parametrize(
    ("table", "xml"),
    [
        (POOL, "<pool type='dir'><name>p</name><uuid>8a5c3f0e-2b0e-4b5c-9a55-0c2f0a8a1b11</uuid><source/>"
         "<target><path>/srv/p</path><permissions><mode>0711</mode><owner>0</owner><group>0</group></permissions></target></pool>"),
        (POOL, "<pool type='netfs'><name>n</name><source><host name='nas.example.com'/><dir path='/x'/>"
         "<format type='nfs'/></source><target><path>/srv/nas</path></target></pool>"),
        (NETWORK, "<network><name>n</name><forward mode='nat'/><bridge name='virbr7' stp='on' delay='0'/>"
         "<mac address='52:54:00:00:00:07'/><ip address='10.7.0.1' netmask='255.255.255.0'><dhcp>"
         "<range start='10.7.0.10' end='10.7.0.99'/></dhcp></ip></network>"),
    ],
)  # fmt: skip
def test_networks_and_pools(table: Table, xml: str) -> None:
    definition = paths.document(xml)
    short = engine.brief(table, adopt(table, definition).config, HOST)
    items = table.parse([{**short, "state": table.initial}])
    (done,) = plan(table, {short["name"]: Observed(definition, None, table.initial, {})}, items, HOST)
    assert done.changes == []


SECRETIVE = (
    "<sysinfo type='fwcfg'><entry name='opt/com.example/key'>hidden</entry></sysinfo>",
    "<sysinfo type='fwcfg'><entry name='opt/a' file='/srv/a'/><entry name='opt/b'>hidden</entry></sysinfo>",
)


@pytest.mark.parametrize("sysinfo", SECRETIVE)
def test_one_option_whose_secret_is_left_out_leaves_the_others_brief(sysinfo: str) -> None:
    """No new guest could lack the value, so all that libvirt adds was written."""
    definition = paths.clone(BY_HAND)
    plain = engine.brief(DOMAIN, adopt(DOMAIN, paths.clone(definition)).config, HOST)
    definition.append(ET.fromstring(sysinfo))
    found = adopt(DOMAIN, definition)
    assert found.secrets
    short = engine.brief(DOMAIN, found.config, HOST)
    assert {name: value for name, value in short.items() if name != "sysinfo"} == plain
    assert short["sysinfo"] == found.config["sysinfo"]
    assert list(short) == [name for name in found.config if name in short]


def test_what_no_new_one_may_be_stays_as_it_is() -> None:
    config = {"name": "a", "vcpus": 1, "features": {"acpi": True}}
    assert engine.brief(DOMAIN, config, HOST) == config


class Uncopied(dict[str, Any]):
    """A dictionary that is as dear to copy as those of Ansible, which hold all variables of the fleet."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise AssertionError("copied with all that it knows of")


def with_disks(count: int, odd: int = -1) -> dict[str, Any]:
    """A guest with many disks, as info tells it.

    :param odd: the number of a disk that is not like the others
    """
    names = [f"vd{chr(97 + number % 26) if number < 26 else 'a' + chr(97 + number - 26)}" for number in range(count)]
    guest = adopt(DOMAIN, made(DOMAIN, {**GUEST, "virt": "kvm"})).config
    disks = [{"file": f"/srv/{name}.qcow2", "format": "qcow2", "bus": "virtio", "target": name} for name in names]
    if odd >= 0:
        disks[odd]["format"] = "raw"
    return Uncopied(guest, disks=[Uncopied(disk) for disk in disks])


def work(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """How many values were made into definitions while a config was shortened, and what came out."""
    steps = [0]
    real = engine.Brief.new_definition

    def counted(known: engine.Brief, tried: dict[str, Any]) -> Any:
        steps[0] += lines(tried)
        return real(known, tried)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Brief, "new_definition", counted)
        short = engine.brief(DOMAIN, config, HOST)
    return steps[0], short


@pytest.mark.parametrize("odd", [-1, 3])
def test_the_work_grows_as_the_guest_does(monkeypatch: pytest.MonkeyPatch, odd: int) -> None:
    few, _short = work(monkeypatch, with_disks(12, odd))
    many, short = work(monkeypatch, with_disks(48, odd))
    assert many < 6 * few, (few, many)
    disks = [set(disk) for disk in short["disks"]]
    assert disks == [{"file", "format"} if number == odd else {"file"} for number in range(48)]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition in normal form tells what it tells once libvirt keeps it; libvirt's test driver is asked."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, observed, plan_one

GUEST = (
    "<domain type='test'><name>n</name><memory unit=''>65536</memory><os><type>hvm</type></os>{}<devices>{}</devices>"
    "</domain>"
)
RBD = "<disk type='network' device='disk'><source protocol='rbd' name='a/b'>{}</source><target dev='vda'/></disk>"
ROOTS = [
    "<cputune><period>0</period><quota>0</quota><global_period>0</global_period><shares>0</shares></cputune>",
    "<blkiotune><weight>0</weight><device><path>/dev/sda</path><weight>0</weight></device></blkiotune>",
    "<iothreads>0</iothreads>",
    "<memtune><hard_limit unit=''>100000</hard_limit></memtune>",
    "<cpu><numa><cell id='0' cpus='0' memory='65536' unit=''/></numa></cpu>",
    "<features><hap/><pmu/><vmport/><smm/><pvspinlock/><vmcoreinfo/></features>",
    *(f"<clock {text}/>" for text in (
        "offset='localtime' adjustment='5'", "offset='utc' adjustment='-03600'", "offset='variable' adjustment='010'",
        "offset='variable' basis='localtime'", "offset='utc' adjustment='0'", "offset='localtime' adjustment='reset'",
    )),
    *(f"<seclabel {text}/>" for text in (
        "type='dynamic' model='selinux'", "type='dynamic' model='dac' relabel='yes'", "model='selinux' relabel='yes'",
        "type='none' model='selinux'",
    )),
    "<seclabel type='static' model='selinux'><label>a:b:c:s0</label></seclabel>",
    *(f"<vcpu>4</vcpu><iothreads>2</iothreads><cputune>{text}</cputune>" for text in (
        "<vcpusched vcpus='0-1,3' scheduler='fifo' priority='1'/><iothreadsched iothreads='2' scheduler='batch'/>",
        "<iothreadsched iothreads='1-2' scheduler='rr' priority='5'/><emulatorsched scheduler='idle'/>",
    )),
    "<cpu mode='custom'><model>qemu64</model><feature name='lahf_lm'/></cpu>",
    "<cpu mode='custom' match='exact'><topology sockets='1' cores='1' threads='1'/></cpu>",
]  # fmt: skip
CARD = "<interface type='bridge'><source bridge='br0'/>{}</interface>"
DEVICES = [
    "<disk type='file' device='cdrom'><source file=''/><target dev='sda' bus='sata'/><readonly/></disk>",
    RBD.format("<host name='h' port='0'/>"),
    RBD.format("<host name='h' transport='tcp' port='6789'/>"),
    *(f"<graphics {text}</graphics>" for text in (
        "type='spice' port='-1' autoport='no'><listen type='address' address='127.0.0.1'/>",
        "type='spice' port='0' autoport='no'>",
        "type='spice' port='0' autoport='no'><listen type='address'/>",
        "type='spice' autoport='no' tlsPort='-1'><listen type='address'/>",
        "type='spice' autoport='yes'><listen type='socket' socket='/s'/>",
        "type='spice' port='5900' autoport='no'><listen type='none'/>",
        "type='spice' listen='0.0.0.0'>",
        "type='spice'><listen type='address' address='0.0.0.0'/>",
        "type='spice' port='5900' autoport='no' passwdValidTo='2030-01-01T00:00:00' connected='keep'>",
        "type='spice' port='5900' autoport='no' listen='192.0.2.1'>"
        "<listen type='network' address='192.0.2.1' network='ovirt'/>",
        "type='vnc' autoport='yes' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/>",
        "type='vnc' port='5901' autoport='no' listen='192.0.2.1'>"
        "<listen type='network' address='192.0.2.1' network='ovirt'/>",
        "type='vnc' port='5901' autoport='no' listen='192.0.2.1'><listen type='socket'/>",
        "type='vnc' port='5901' autoport='no' passwdValidTo='2030-01-01T00:00:00'>",
        "type='vnc' port='0'>",
        "type='vnc' port='-1' autoport='no'>",
        "type='vnc' port='5900' autoport='no' listen='' passwd=''>",
    )),
    "<serial/>", "<serial/><serial/>", "<parallel/>", "<console/>", "<console tty='/dev/pts/3'/>",
    "<channel><target type='virtio' name='a'/></channel>",
    "<interface/>",
    CARD.format(
        "<filterref filter='clean-traffic'><parameter name='IP' value='192.0.2.2'/><parameter name='IP'"
        " value='192.0.2.1'/><parameter name='CTRL_IP_LEARNING' value='dhcp'/></filterref>"
    ),
]  # fmt: skip


def told(text: str) -> dict[str, Any]:
    """What a definition tells, but for what libvirt fills in where nothing is given."""
    config = _xml_conversion.from_xml(DOMAIN, text)
    for disk in config.get("disks", []):
        disk.pop("address", None)
        disk.pop("bus", None)
    for display in config.get("graphics", []):
        if display.get("listens") == [{}] or display.get("listens") == [{"type": "address"}]:
            display.pop("listens")
        if display.get("listens") and display["listens"][0].get("address"):
            display.pop("listen", None)
    for card in config.get("interfaces", []):
        for name in ("mac", "address", "model", "target"):
            card.pop(name, None)
    for port in [port for kind in ("serials", "consoles", "parallels", "channels") for port in config.get(kind, [])]:
        port.pop("target", None)
        port.pop("address", None)
    names = (
        *("cputune", "blkiotune", "iothreads", "memtune", "features", "clock", "seclabels", "disks", "graphics"),
        *("serials", "consoles", "parallels", "channels", "interfaces"),
    )
    cells = (config.get("cpu") or {}).get("numa")
    named = (config.get("cpu") or {}).get("features")
    kept = {name: (config.get("cpu") or {}).get(name) for name in ("mode", "topology")}
    rest = {"cells": cells, "named": named, "memory": config["memory"], "cpu": kept}
    return {**{name: config.get(name) for name in names}, **rest}


def test_a_cpu_without_a_model_has_no_check() -> None:
    """QEMU's libvirt drops it; the test driver refuses it."""
    text = "<cpu mode='custom' match='exact' check='partial'><topology sockets='1' cores='1' threads='1'/></cpu>"
    assert told(GUEST.format(text, ""))["cpu"] == {"mode": None, "topology": {"cores": 1, "sockets": 1, "threads": 1}}


@pytest.mark.parametrize("text", [GUEST.format(root, "") for root in ROOTS] + [GUEST.format("", d) for d in DEVICES])
def test_a_definition_tells_the_same_before_libvirt_has_it_and_after(text: str) -> None:
    connection = libvirt.open("test:///default")
    found = connection.defineXML(text)
    kept = found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    found.undefine()
    connection.close()
    assert told(text) == told(kept)


@pytest.mark.parametrize(
    ("want", "kept"),
    [
        ({"clock": {"offset": "localtime", "adjustment": "5"}},
         "<clock offset='variable' adjustment='5' basis='localtime'/>"),
        ({"clock": {"offset": "variable", "adjustment": "-03600"}},
         "<clock offset='variable' adjustment='-3600' basis='utc'/>"),
        ({"seclabels": [{"type": "dynamic", "model": "selinux"}]},
         "<seclabel type='dynamic' model='selinux' relabel='yes'/>"),
    ],
)  # fmt: skip
def test_what_libvirt_says_in_another_way_is_no_change(want: dict[str, Any], kept: str) -> None:
    text = GUEST.replace("type='test'", "type='qemu'").format(kept, "")
    result = plan_one(DOMAIN, observed(text), {"name": "n", **want}, EMULATING_HOST)
    assert (result.changes, result.steps) == ([], [])


def test_an_empty_argument_of_qemu_is_one() -> None:
    text = (
        "<domain type='qemu'><name>n</name><memory>65536</memory><os><type>hvm</type></os>"
        "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-append'/>"
        "<qemu:arg value=''/></qemu:commandline></domain>"
    )
    config = json.loads(json.dumps(_xml_conversion.from_xml(DOMAIN, text)))
    assert config["qemu"]["args"] == ["-append", ""]
    assert plan_one(DOMAIN, observed(text), config, EMULATING_HOST).changes == []
    assert ET.fromstring(_xml_conversion.to_xml(DOMAIN, config)).findall(".//*[@value='']")


def test_only_virtio_mem_comes_in_blocks() -> None:
    text = (
        "<memory model='{}'><target><size>524288</size><block>2048</block><current>4</current>"
        "<requested>2048</requested></target></memory>"
    )
    for model, left in (("nvdimm", {"size"}), ("virtio-mem", {"size", "block", "requested"})):
        config = _xml_conversion.from_xml(DOMAIN, GUEST.format("", text.format(model)))
        assert set(config["memory_devices"][0]["target"]) == left


@pytest.mark.parametrize(("arch", "panics"), [("x86_64", [{"model": "isa"}]), ("i686", [{"model": "isa"}])])
def test_a_panic_device_without_a_model_is_that_of_the_machine(arch: str, panics: Any) -> None:
    text = GUEST.replace("<type>", f"<type arch='{arch}'>").format("", "<panic/>")
    assert _xml_conversion.from_xml(DOMAIN, text)["panics"] == panics


def test_an_id_of_a_generation_that_libvirt_would_make_is_asked_for() -> None:
    with pytest.raises(VirtfleetError, match="genid: is empty"):
        _xml_conversion.from_xml(DOMAIN, GUEST.format("<genid/>", ""))


def test_a_feature_that_says_nothing_is_on() -> None:
    text = GUEST.format("<features><async-teardown/></features>", "")
    assert _xml_conversion.from_xml(DOMAIN, text)["features"]["async_teardown"] is True


CHANNELS = "".join(
    f"<channel name='{name}' mode='{mode}'/>"
    for name, mode in (("main", "any"), ("record", "secure"), ("inputs", "insecure"))
)
WRITTEN = [
    *(("<cpu mode='" + mode + "' match='exact'/>", "") for mode in ("host-model", "host-passthrough", "maximum")),
    ("<vcpu placement='auto' cpuset='0-1'>2</vcpu>", ""),
    (
        "<vcpu>4</vcpu><cputune><cachetune vcpus='0-3'><cache id='0' level='3' type='both' size='3'/></cachetune>"
        "</cputune>",
        "",
    ),
    (
        "<cpu><numa><cell id='0' cpus='0' memory='65536'><cache level='3' associativity='direct' policy='writeback'>"
        "<size value='10'/><line value='8'/></cache></cell></numa></cpu>",
        "",
    ),
    (
        "<sysinfo type='smbios'><bios><entry name='vendor'/></bios><system><entry name='product'>a</entry>"
        "<entry name='serial'> </entry></system><baseBoard><entry name='serial'/></baseBoard>"
        "<oemStrings><entry/><entry>b</entry></oemStrings></sysinfo>",
        "",
    ),
    ("", "<video><model type='qxl' ram='0' vgamem='0' vram64='0' vram='100' heads='0'/></video>"),
    ("", "<video><model type='vga' vram='0'/></video>"),
    (
        "",
        "<disk type='file'><driver name='qemu' type='aio'/><source file='/x'/><target dev='vda' bus='virtio'/></disk>",
    ),
    *(
        ("", f"<graphics type='spice' port='5900' autoport='no' {mode}>{CHANNELS}</graphics>")
        for mode in ("", "defaultMode='any'", "defaultMode='secure'")
    ),
]


@pytest.mark.parametrize(("root", "device"), WRITTEN)
def test_what_is_told_of_a_definition_is_what_libvirt_keeps(root: str, device: str) -> None:
    """libvirt may add something. What it drops is not told, and a number without a unit has libvirt's own."""
    text = GUEST.format(root, device)
    connection = libvirt.open("test:///default")
    found = connection.defineXML(text)
    kept = found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    found.undefine()
    connection.close()
    told_before, told_after = (_xml_conversion.from_xml(DOMAIN, one) for one in (text, kept))
    assert lost(told_before, told_after, "") == []
    for before, after in zip(told_before.get("graphics", []), told_after.get("graphics", []), strict=True):
        assert before["channels"] == after["channels"]


def lost(before: Any, after: Any, where: str) -> list[str]:
    """The paths of what is in the first only, or otherwise in the second."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [path for name, one in before.items() for path in lost(one, after.get(name), f"{where}.{name}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [path for one, other in zip(before, after, strict=True) for path in lost(one, other, f"{where}[]")]
    return [] if before is None or before == after else [f"{where}: {before} {after}"]

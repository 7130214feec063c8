# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters between options and libvirt's XML, as Ansible finds and runs them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.plugins.filter import xml
from ansible_collections.virtfleet.kvm.plugins.filter.xml import FilterModule
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT, canonical

ITEMS: dict[str, dict[str, Any]] = {
    "domain": {"name": "web01", "memory": "1GiB", "interfaces": [{"network": "default"}]},
    "network": {"name": "lan", "bridge": "virbr7", "ips": [{"address": "10.7.0.1/24"}]},
    "pool": {"name": "nas", "type": "netfs", "source": {"hosts": [{"name": "nas"}], "dir": "/x"}, "target": "/srv/x"},
    "volume": {"name": "a.qcow2", "capacity": "1GiB", "backing": {"path": "/srv/b.raw", "format": "raw"}},
}

POOL = """
<pool type='dir'>
  <name>images</name>
  <uuid>0d9ae0a1-3f0c-4d53-9b3f-5b7c4f1b2a01</uuid>
  <capacity unit='bytes'>1000</capacity><allocation unit='bytes'>400</allocation><available unit='bytes'>600</available>
  <source></source>
  <target>
    <path>/srv/images</path>
    <permissions><mode>0711</mode><owner>0</owner><group>0</group></permissions>
  </target>
</pool>
"""

VOLUME = """
<volume type='file'>
  <name>a.qcow2</name>
  <key>/srv/images/a.qcow2</key>
  <capacity unit='bytes'>1073741824</capacity><allocation unit='bytes'>200704</allocation>
  <physical unit='bytes'>196616</physical>
  <target>
    <path>/srv/images/a.qcow2</path>
    <format type='qcow2'/>
    <permissions><mode>0600</mode><owner>0</owner><group>0</group></permissions>
    <timestamps><atime>1.1</atime></timestamps>
    <compat>1.1</compat>
    <clusterSize unit='B'>65536</clusterSize>
  </target>
  <backingStore>
    <path>/srv/images/b.raw</path><format type='raw'/><timestamps><atime>1.1</atime></timestamps>
  </backingStore>
</volume>
"""


def render(template: str, **variables: Any) -> Any:
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(template))


@pytest.mark.parametrize("kind", ITEMS)
def test_what_comes_back_makes_the_same_again(kind: str) -> None:
    xml = render(f"{{{{ item | virtfleet.kvm.{kind}_to_xml }}}}", item=ITEMS[kind])
    assert ET.fromstring(xml).tag == kind
    item = render(f"{{{{ xml | virtfleet.kvm.{kind}_from_xml }}}}", xml=xml)
    assert item["name"] == ITEMS[kind]["name"]
    assert canonical(render(f"{{{{ item | virtfleet.kvm.{kind}_to_xml }}}}", item=item)) == canonical(xml)


def test_what_libvirt_only_reports_of_a_pool_is_left_out() -> None:
    assert render("{{ xml | virtfleet.kvm.pool_from_xml }}", xml=POOL) == {
        "name": "images",
        "uuid": "0d9ae0a1-3f0c-4d53-9b3f-5b7c4f1b2a01",
        "type": "dir",
        "target": "/srv/images",
        "permissions": {"mode": "0711", "owner": 0, "group": 0},
    }


def test_what_libvirt_only_reports_of_a_volume_is_left_out() -> None:
    assert render("{{ xml | virtfleet.kvm.volume_from_xml }}", xml=VOLUME) == {
        "name": "a.qcow2",
        "capacity": "1GiB",
        "allocation": "196KiB",
        "format": "qcow2",
        "backing": {"path": "/srv/images/b.raw", "format": "raw"},
        "permissions": {"mode": "0600", "owner": 0, "group": 0},
        "compat": "1.1",
        "cluster_size": "64KiB",
    }


def test_what_is_no_part_of_a_volumes_definition_is_left_out() -> None:
    item = {"name": "a", "pool": "images", "image": "/srv/b.qcow2", "checksum": f"sha256:{'0' * 64}"}
    xml = render("{{ item | virtfleet.kvm.volume_to_xml }}", item=item)
    want = "<volume><name>a</name><target><format type='raw'/></target></volume>"
    assert canonical(xml) == canonical(want)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("pool_to_xml", {"name": "a", "taget": "/srv"}, "pool a: taget: no such option; did you mean 'target'?"),
        ("pool_to_xml", {"name": "a", "state": "absent"}, "pool a: with state 'absent' it has no definition"),
        ("volume_to_xml", {"name": "a"}, "volume a: capacity: a new volume needs it"),
        ("volume_to_xml", {"name": "a", "backing": {"volume": "b"}}, "backing.volume: only its host knows where it is"),
        ("volume_to_xml", {"name": "a", "backing": {"path": "/b"}}, "backing.format: is needed with backing.path"),
        ("pool_from_xml", VOLUME, "pool: the XML is of a <volume>"),
        ("volume_from_xml", "<volume>", "volume: is not well-formed XML"),
    ],
)
def test_what_cannot_be_is_said(name: str, value: Any, said: str) -> None:
    with pytest.raises(AnsibleError) as caught:
        render(f"{{{{ value | virtfleet.kvm.{name} }}}}", value=value)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", FilterModule().filters())
def test_every_filter_is_documented(name: str) -> None:
    document = yaml.safe_load((ROOT / f"plugins/filter/{name}.yml").read_text(encoding="utf-8"))
    assert document["DOCUMENTATION"]["name"] == name
    assert f"virtfleet.kvm.{name}" in document["EXAMPLES"]


def test_what_may_be_a_secret_comes_only_when_it_is_asked_for() -> None:
    filters = FilterModule().filters()
    url = "http://boot.example/boot.php?a=1&amp;b=2"
    dhcp = f"<dhcp><range start='10.0.0.2' end='10.0.0.9'/><bootp file='{url}'/></dhcp>"
    text = f"<network><name>a</name><ip address='10.0.0.1' prefix='24'>{dhcp}</ip></network>"
    (left_out,) = filters["network_from_xml"](text)["ips"]
    (given,) = filters["network_from_xml"](text, secrets=True)["ips"]
    assert "bootp_file" not in str(left_out)
    assert given["dhcp"]["bootp_file"] == "http://boot.example/boot.php?a=1&b=2"
    for kind in ("pool", "volume"):
        plain = f"<{kind}><name>a</name></{kind}>"
        assert filters[f"{kind}_from_xml"](plain, secrets=True) == filters[f"{kind}_from_xml"](plain)


def test_numbers_that_libvirt_reads_in_any_base() -> None:
    filters = FilterModule().filters()
    lease = "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='0200' unit='seconds'/></range>"
    network = f"<network><name>a</name><ip address='10.0.0.1' prefix='24'><dhcp>{lease}</dhcp></ip></network>"
    (address,) = filters["network_from_xml"](network)["ips"]
    assert address["dhcp"]["ranges"][0]["lease"]["expiry"] == 128
    devices = (
        "<memballoon model='virtio'><stats period='010'/></memballoon>"
        "<shmem name='a'><server path='/x'/><msi vectors='0x10'/></shmem>"
        "<controller type='pci' index='1' model='pcie-root-port'><target memReserve='0100'/></controller>"
        "<controller type='pci' index='2' model='pci-root'><target index='011'/></controller>"
    )
    ring = "<features><kvm><dirty-ring state='on' size='02000'/></kvm></features>"
    guest = filters["domain_from_xml"](
        f"<domain type='kvm'><name>x</name><memory>65536</memory>{ring}<devices>{devices}</devices></domain>"
    )
    assert guest["memballoon"]["stats_period"] == 8
    assert guest["shmems"][0]["msi"]["vectors"] == 16
    assert [controller["target"] for controller in guest["controllers"]] == [{"mem_reserve": 64}, {"index": 9}]
    assert guest["features"]["kvm"]["dirty_ring"]["size"] == 1024


def test_elements_that_hold_others_are_read_as_one() -> None:
    """libvirt takes them several times, and makes one of them."""
    qemu = "http://libvirt.org/schemas/domain/qemu/1.0"
    text = f"""<domain type='qemu' xmlns:qemu='{qemu}'><name>x</name><memory>65536</memory>
        <os><type arch='x86_64' machine='q35'>hvm</type></os><os><boot dev='hd'/></os>
        <devices><sound model='ich9'/></devices><devices><sound model='ac97'/></devices>
        <features><acpi/></features><features><pae/></features>
        <pm><suspend-to-mem enabled='no'/></pm><pm><suspend-to-disk enabled='no'/></pm>
        <memoryBacking><nosharepages/></memoryBacking><memoryBacking><locked/></memoryBacking>
        <metadata><a:a xmlns:a='http://a'/></metadata><metadata><b:b xmlns:b='http://b'/></metadata>
        <seclabel type='none' model='selinux'/><seclabel type='none' model='apparmor'/>
        <qemu:commandline><qemu:arg value='-fw_cfg'/></qemu:commandline>
        <qemu:commandline><qemu:arg value='a=b'/></qemu:commandline></domain>"""
    item = FilterModule().filters()["domain_from_xml"](text)
    assert item["qemu"]["args"] == ["-fw_cfg", "a=b"]
    assert [sound["model"] for sound in item["sounds"]] == ["ich9", "ac97"]
    assert (item["features"]["acpi"], item["features"]["pae"]) == (True, True)
    assert item["pm"] == {"suspend_to_mem": False, "suspend_to_disk": False}
    assert item["memory_backing"] == {"nosharepages": True, "locked": True}
    assert len(item["seclabels"]) == 2
    assert len(item["metadata"]) == 2
    assert "xml" not in item


def test_what_networks_and_pools_hold_twice_is_read_as_one() -> None:
    dnsmasq = "http://libvirt.org/schemas/network/dnsmasq/1.0"
    text = f"""<network xmlns:dnsmasq='{dnsmasq}'><name>n</name><ip address='10.1.0.1' prefix='24'/>
        <ip address='10.2.0.1' prefix='24'/><dns><host ip='10.1.0.2'><hostname>a</hostname></host></dns>
        <dns><host ip='10.1.0.3'><hostname>b</hostname></host></dns>
        <dnsmasq:options><dnsmasq:option value='a'/></dnsmasq:options>
        <dnsmasq:options><dnsmasq:option value='b'/></dnsmasq:options></network>"""
    item = FilterModule().filters()["network_from_xml"](text)
    assert [entry["address"] for entry in item["ips"]] == ["10.1.0.1/24", "10.2.0.1/24"]
    assert len(item["dns"]["hosts"]) == 2
    assert item["dnsmasq_options"] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "text", "places"),
    [
        (
            "domain",
            "<domain type='kvm'><name>a</name><memory>65536</memory>"
            "<sysinfo type='fwcfg'><entry name='opt/x'>hunter2</entry><entry name='opt/y' file='/y'/></sysinfo>"
            "<devices><graphics type='vnc' passwd='hunter2'/></devices></domain>",
            {"sysinfo[0].entries[0].value", "graphics[0].passwd"},
        ),
        ("domain", "<domain type='kvm'><name>a</name><memory>65536</memory></domain>", set()),
        ("network", "<network><name>a</name></network>", set()),
    ],
)
def test_secrets_that_are_left_out_are_named(
    monkeypatch: pytest.MonkeyPatch, kind: str, text: str, places: set[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr(xml.display, "warning", said.append)
    read = FilterModule().filters()[f"{kind}_from_xml"]
    assert "hunter2" not in str(read(text))
    assert len(said) == bool(places)
    for line in said:
        listed = line.partition("left out, as secrets are: ")[2].partition(". A new")[0]
        assert set(listed.split(", ")) == places
        assert line.startswith(f"{kind}_from_xml: {kind} a: ")
        assert "secrets: true" in line
        assert "hunter2" not in line
    said.clear()
    assert ("hunter2" in str(read(text, secrets=True))) is bool(places)
    assert said == []

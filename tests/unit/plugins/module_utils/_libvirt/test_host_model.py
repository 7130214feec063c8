# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host, from test nodes made for it, and when there is none to read."""

from __future__ import annotations

import pathlib
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Unreachable, VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import observe as guests
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import observe as networks
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import host_model
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import connect, lacks, message_of

NODE = """
<node>
  <cpu><mhz>6000</mhz><model>i986</model><active>4</active><nodes>1</nodes><sockets>1</sockets><cores>4</cores>
    <threads>1</threads></cpu>
  <memory>8388608</memory>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>runs</name><memory>1048576</memory><os><type>hvm</type></os>
  </domain>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>paused</name><memory>1048576</memory><os><type>hvm</type></os>
    <test:runstate>3</test:runstate>
  </domain>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>off</name><memory>1048576</memory><os><type>hvm</type></os>
    <test:runstate>5</test:runstate>
  </domain>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>passing</name><memory>1048576</memory><os><type>hvm</type></os>
    <test:transient/>
  </domain>
  <network><name>net</name><forward mode='nat'/><bridge name='virbr3'/><ip address='10.3.0.1' prefix='24'/></network>
</node>
"""

CAPABILITIES = """
<capabilities>
  <host><cpu><arch>x86_64</arch></cpu></host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='i686'><machine>pc</machine><domain type='qemu'/></arch>
  </guest>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <wordsize>64</wordsize>
      <emulator>/usr/bin/qemu-system-x86_64</emulator>
      <machine maxCpus='255'>pc-i440fx-7.2</machine>
      <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
      <machine maxCpus='288'>pc-q35-7.2</machine>
      <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
  </guest>
</capabilities>
"""


@pytest.fixture
def node(tmp_path: pathlib.Path) -> Any:
    libvirt.registerErrorHandler(lambda context, error: None, None)
    (tmp_path / "node.xml").write_text(NODE)
    opened = libvirt.open(f"test://{tmp_path}/node.xml")
    yield opened
    opened.close()


def test_domains_as_they_are(node: Any) -> None:
    node.lookupByName("off").setAutostart(True)
    found = guests.domains(node, {"runs", "paused", "off", "passing", "missing"})
    assert {name: (one.state, one.live is not None, one.persistent) for name, one in found.items()} == {
        "runs": ("running", True, True),
        "paused": ("paused", True, True),
        "off": ("stopped", False, True),
        "passing": ("running", True, False),
    }
    assert {name for name, one in found.items() if one.properties["autostart"]} == {"off"}
    assert found["off"].definition.findtext("name") == "off"


def test_only_what_is_asked_for_is_read(node: Any) -> None:
    assert guests.domains(node, set()) == {}
    assert guests.domains(node, {"off"}).keys() == {"off"}
    assert networks.networks(node, set()) == {}


def test_networks_as_they_are(node: Any) -> None:
    assert networks.networks(node, {"missing"}) == {}
    found = networks.networks(node, {"net"})["net"]
    assert (found.state, found.persistent, found.properties["autostart"]) == ("active", True, False)
    node.networkLookupByName("net").destroy()
    found = networks.networks(node, {"net"})["net"]
    assert (found.state, found.live) == ("inactive", None)


def test_the_definition_is_the_one_that_stays(node: Any) -> None:
    """A running guest's definition to come is what is compared, not the live one."""
    domain = node.lookupByName("runs")
    node.defineXML(domain.XMLDesc().replace("<name>", "<title>later</title><name>").replace(" id='1'", ""))
    found = guests.domains(node, {"runs"})["runs"]
    assert found.definition.findtext("title") == "later"
    assert found.live is not None
    assert found.live.findtext("title") is None


def test_a_test_node_is_a_host_of_its_own_kind(node: Any) -> None:
    host = host_model.host(node)
    assert (host.virt, host.virt_reason) == ("test", "")


def test_offered() -> None:
    capabilities = ET.fromstring(CAPABILITIES)
    types, machines = host_model.offered(capabilities, "x86_64")
    assert types == ["qemu", "kvm"]
    assert (machines["q35"], machines["pc-q35-7.2"], machines["pc"]) == ("pc-q35-7.2", "pc-q35-7.2", "pc-i440fx-7.2")
    assert host_model.offered(capabilities, "aarch64") == ([], {})


def test_a_bare_host_says_what_its_guests_will_run_under() -> None:
    host = host_model.bare_host()
    assert (host.virt == "qemu") == bool(host.virt_reason)
    assert "libvirt" not in host.virt_reason


def test_connect_closes(tmp_path: pathlib.Path) -> None:
    with connect("test:///default") as opened:
        assert opened.isAlive()
    with pytest.raises(libvirt.libvirtError):
        opened.getHostname()


def test_no_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    with pytest.raises(Unreachable, match="install python3-libvirt"), connect("test:///default"):
        pass


def test_libvirt_that_is_not_installed_is_told_from_one_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "qemu:///system?socket=/no/such/socket"
    monkeypatch.setattr(binding, "DAEMONS", ("/no/such/daemon",))
    with pytest.raises(Unreachable, match="libvirt is not installed on this host"), connect(uri):
        pass
    monkeypatch.setattr(binding, "DAEMONS", ("/", "/no/such/daemon"))
    with pytest.raises(VirtfleetError, match="libvirt does not answer at qemu:///system") as caught, connect(uri):
        pass
    assert not isinstance(caught.value, Unreachable)


def test_what_libvirt_says_comes_on_one_line(node: Any) -> None:
    with pytest.raises(libvirt.libvirtError) as caught:
        node.lookupByName("missing")
    assert message_of(caught.value) == "Domain not found"
    assert lacks(caught.value, "VIR_ERR_NO_NETWORK", "VIR_ERR_NO_DOMAIN")
    assert not lacks(caught.value, "VIR_ERR_NO_NETWORK", "VIR_ERR_OF_THE_FUTURE")
    assert message_of(ValueError("two\nlines")) == "two lines"

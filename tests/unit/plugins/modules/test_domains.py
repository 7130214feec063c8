# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""domains, from declaration to guest, on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.filter import xml
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import domain_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.tests.unit.samples import DOMAINS

WEB = {
    "name": "web01",
    "memory": "1GiB",
    "disks": [{"file": "/images/web01.qcow2"}],
    "interfaces": [{"network": "default"}, {"bridge": "br0"}],
}
Run = Callable[..., dict[str, Any]]
STATES = {
    "running": (libvirt.VIR_DOMAIN_RUNNING,),
    "paused": (libvirt.VIR_DOMAIN_PAUSED,),
    "stopped": (libvirt.VIR_DOMAIN_SHUTOFF,),
}


def paths(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["resource"], entry["path"]) for entry in result["changes"]]


def state(connection: Any, name: str) -> str:
    found = connection.lookupByName(name).state()[0]
    return next(word for word, numbers in STATES.items() if found in numbers)


def test_from_nothing_to_running_and_back(connection: Any, run_domains: Run, snapshot: Any) -> None:
    before = snapshot()
    result = run_domains({**WEB, "autostart": True, "state": "running"})
    assert paths(result) == [("domain web01", "definition"), ("domain web01", "autostart"), ("domain web01", "state")]
    assert result["changed"]
    domain = connection.lookupByName("web01")
    assert (domain.isActive(), domain.autostart(), domain.isPersistent()) == (1, 1, 1)
    assert domain.maxMemory() == 1024**2

    result = run_domains({"name": "web01", "state": "absent"})
    assert paths(result) == [("domain web01", "state")]
    assert result["changes"][0]["before"] == "running"
    assert snapshot() == before


@pytest.mark.parametrize("power", ["present", "running", "stopped", "absent"])
def test_a_second_run_changes_nothing(run_domains: Run, snapshot: Any, power: str, connection: Any) -> None:
    run_domains({**WEB, "autostart": True, "state": power})
    between = snapshot()
    again = run_domains({**WEB, "autostart": True, "state": power})
    assert (again["changed"], again["changes"], again["diff"], again["pending_restart"]) == (False, [], [], [])
    assert snapshot() == between


@pytest.mark.parametrize("have", ["running", "stopped", "paused"])
@pytest.mark.parametrize("want", ["running", "stopped", "paused", "absent"])
def test_every_way_of_power(connection: Any, run_domains: Run, have: str, want: str) -> None:
    run_domains({**WEB, "state": "stopped" if have == "stopped" else "running"})
    run_domains({"name": "web01", "state": have})
    assert state(connection, "web01") == have
    if (have, want) == ("stopped", "paused"):
        # The test driver starts no guest paused.
        result = run_domains({"name": "web01", "state": want}, fails=True)
        assert result["msg"].startswith("1 of 1 domains failed:\ndomain web01: start_paused: unsupported flags")
        return
    result = run_domains({"name": "web01", "state": want})
    assert result["changed"] == (have != want)
    if want == "absent":
        assert "web01" not in [domain.name() for domain in connection.listAllDomains()]
    else:
        assert state(connection, "web01") == want


@pytest.mark.parametrize(
    "config",
    [
        [{**WEB, "state": "running"}],
        [{**WEB, "autostart": True}, {"name": "test", "vcpus": 1, "memory": "3GiB"}],
        [{"name": "test", "state": "absent"}],
        [{"name": "test", "state": "stopped", "title": "x"}],
        [{"name": "test", "state": "stopped", "disks": [], "interfaces": [{"bridge": "br0"}]}],
        [{"name": "test"}],
    ],
)
def test_check_mode_says_what_a_run_does_and_does_nothing(run_domains: Run, snapshot: Any, config: list[Any]) -> None:
    before = snapshot()
    said = run_domains(*config, check=True)
    assert snapshot() == before
    done = run_domains(*config)
    for part in ("changed", "changes", "diff", "pending_restart"):
        assert said[part] == done[part], part
    assert (snapshot() != before) == done["changed"]


def test_a_running_guest_gets_the_definition_now_and_the_rest_by_a_restart(connection: Any, run_domains: Run) -> None:
    result = run_domains({"name": "test", "memory": "3GiB", "title": "busy"})
    assert result["changed"]
    (pending,) = result["pending_restart"]
    assert (pending["domain"], "memory" in pending["paths"]) == ("test", True)
    live = {entry["path"]: entry["live"] for entry in result["changes"]}
    assert live["memory"] is False
    assert connection.lookupByName("test").isActive()
    again = run_domains({"name": "test", "memory": "3GiB", "title": "busy"})
    assert (again["changed"], again["pending_restart"]) == (False, result["pending_restart"])
    run_domains({"name": "test", "state": "stopped"})
    assert run_domains({"name": "test", "memory": "3GiB", "state": "running"})["pending_restart"] == []


def test_an_edit_leaves_what_is_not_declared(connection: Any, run_domains: Run) -> None:
    run_domains({"name": "test", "memory": "3GiB", "vcpus": 1})
    xml = connection.lookupByName("test").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert "<source file='/guest/diskimage1'/>" in xml
    assert "<memballoon model='virtio'>" in xml
    assert "aa:bb:cc:dd:ee:ff" in xml
    assert "<currentMemory unit='KiB'>2097152</currentMemory>" in xml


def test_edits_of_a_guest_that_libvirt_once_refused(connection: Any, run_domains: Run) -> None:
    """Each of these left something behind that libvirt does not accept."""
    run_domains(WEB)
    for edit in (
        {"memory": "2GiB"},
        {"vcpus": 3},
        {"vcpus": None},
        {"disks": [{"file": "/images/web01.qcow2"}, {"file": "/images/data.raw"}]},
        {"interfaces": [{"bridge": "br0"}]},
        {"interfaces": [{"bridge": "br0"}, {"direct": "eth0"}]},
        {"interfaces": [{"bridge": "br0"}, {"network": "default"}]},
        {"interfaces": [{"direct": "eth1", "mode": "vepa"}, {"network": "default"}]},
        {"disks": [{"volume": "v1"}]},
        {"disks": [{"file": "/images/web01.qcow2", "device": "cdrom", "bus": "sata", "target": "sda"}]},
        {"disks": None, "interfaces": None},
    ):
        result = run_domains({"name": "web01", **edit})
        assert result["changed"], edit
        assert not run_domains({"name": "web01", **edit})["changed"], edit
    xml = connection.lookupByName("web01").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert "<disk" not in xml
    assert "<interface" not in xml


def test_a_guest_without_serial_ports(run_domains: Run, connection: Any) -> None:
    run_domains(WEB)
    assert run_domains({"name": "web01", "serials": None})["changed"]
    assert not run_domains({"name": "web01", "serials": None})["changed"]


def test_two_cards_never_share_a_mac(connection: Any, run_domains: Run) -> None:
    run_domains(WEB)
    run_domains({"name": "web01", "interfaces": [{"bridge": "br0"}]})
    run_domains({"name": "web01", "interfaces": [{"bridge": "br0"}, {"network": "default"}]})
    xml = connection.lookupByName("web01").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    macs = [line for line in xml.splitlines() if "<mac address" in line]
    assert len(set(macs)) == len(macs) == 2


def test_a_guest_made_anew_is_the_same(connection: Any, run_domains: Run) -> None:
    def identity() -> list[str]:
        xml = connection.lookupByName("web01").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        return [line for line in xml.splitlines() if "<mac address" in line or "<uuid>" in line]

    run_domains(WEB)
    first = identity()
    run_domains({"name": "web01", "state": "absent"})
    run_domains(WEB)
    assert identity() == first
    assert len(first) == 3


def test_one_bad_guest_of_many_is_named_and_the_others_are_done(connection: Any, run_domains: Run) -> None:
    good = [{"name": f"g{number}", "memory": "1GiB", "state": "running"} for number in range(20)]
    bad = {"name": "bad", "memory": "1GiB", "uuid": connection.lookupByName("test").UUIDString(), "state": "running"}
    result = run_domains(*good[:10], bad, *good[10:], fails=True)
    assert result["msg"].splitlines()[0] == "1 of 21 domains failed:"
    assert result["msg"].splitlines()[1].startswith("domain bad: define: ")
    assert [failure["domain"] for failure in result["failures"]] == ["bad"]
    assert all(connection.lookupByName(guest["name"]).isActive() for guest in good)
    assert {entry["resource"] for entry in result["changes"]} == {f"domain {guest['name']}" for guest in good}
    assert result["changed"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"memory": "banana"}, "domain bad: memory: 'banana' is not a size"),
        ({"memory": -1}, "domain bad: memory: -1 is not a size"),
        ({"memroy": "1GiB"}, "domain bad: memroy: no such option; did you mean 'memory'?"),
        ({"memory": "1GiB", "host": "kvm01"}, "domain bad: host: is an option of kvm_guests, from which a role gives"),
        ({}, "domain bad: memory: a new domain needs it"),
        ({"memory": "1GiB", "name": "../bad"}, "'../bad' is not a safe name"),
        ({"memory": "1GiB", "interfaces": [{"network": "a", "bridge": "b"}]}, "give only one of network, bridge"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_bad_input_is_refused_whole(
    run_domains: Run, snapshot: Any, wrong: dict[str, Any], said: str, check: bool
) -> None:
    before = snapshot()
    result = run_domains({**WEB, "state": "running"}, {"name": "bad", **wrong}, check=check, fails=True)
    assert result["msg"].startswith("nothing was changed, the input is refused:\n")
    assert said in result["msg"]
    assert snapshot() == before


def test_a_config_that_is_no_list_of_dictionaries(run_domains: Run, snapshot: Any) -> None:
    before = snapshot()
    assert "config[0]: a string is not a dictionary of options" in run_domains("banana", fails=True)["msg"]
    assert snapshot() == before


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Guests that do nothing when they are asked to shut down. Returns who was asked."""
    asked: list[str] = []
    monkeypatch.setattr(domain_actions, "ask", lambda domain: asked.append(domain.name()))
    return asked


def test_a_guest_that_does_not_shut_down_in_time(connection: Any, run_domains: Run, deaf: list[str]) -> None:
    result = run_domains({"name": "test", "state": "stopped"}, shutdown_timeout=0, fails=True)
    assert result["failures"][0]["domain"] == "test"
    assert "give it longer with shutdown_timeout (guests_shutdown_timeout of the role), or allow" in result["msg"]
    assert connection.lookupByName("test").isActive()
    assert result["changes"] == []
    assert deaf == ["test"]


def test_a_guest_that_may_be_switched_off(connection: Any, run_domains: Run, deaf: list[str]) -> None:
    result = run_domains({"name": "test", "state": "stopped"}, shutdown_timeout=0, force_shutdown=True)
    assert result["changed"]
    assert not connection.lookupByName("test").isActive()
    assert deaf == ["test"]


def test_a_guest_that_is_saved_does_not_lose_its_memory_without_leave(connection: Any, run_domains: Run) -> None:
    """Fault 27, as far as the test driver goes."""
    run_domains({**WEB, "state": "running"})
    connection.lookupByName("web01").managedSave(0)
    for check in (True, False):
        refused = run_domains({"name": "web01", "state": "absent"}, check=check, fails=True)["msg"]
        assert "domain web01: state: the guest is saved (managedsave)" in refused
    assert "web01" in [domain.name() for domain in connection.listAllDomains()]
    said = run_domains({"name": "web01", "state": "absent"}, remove_saved_state=True, check=True)["changes"]
    gone = run_domains({"name": "web01", "state": "absent"}, remove_saved_state=True)["changes"]
    assert gone == said
    assert {change["path"] for change in gone} == {"saved_state", "state"}
    assert "web01" not in [domain.name() for domain in connection.listAllDomains()]


def test_what_libvirt_knows_of_snapshots_goes(connection: Any, run_domains: Run) -> None:
    run_domains(WEB)
    connection.lookupByName("web01").snapshotCreateXML("<domainsnapshot><name>one</name></domainsnapshot>", 0)
    gone = run_domains({"name": "web01", "state": "absent"})["changes"]
    assert [change["before"] for change in gone if change["path"] == "snapshots"] == [["one"]]


@pytest.mark.parametrize("check", [True, False])
def test_a_value_that_a_filter_left_out_is_named(connection: Any, run_domains: Run, check: bool) -> None:
    text = (
        "<domain type='test'><name>fw</name><memory>65536</memory><os><type>hvm</type></os>"
        "<sysinfo type='fwcfg'><entry name='opt/a' file='/a'/><entry name='opt/x'>secret</entry></sysinfo></domain>"
    )
    read = xml.FilterModule().filters()["domain_from_xml"]
    message = run_domains({**read(text), "state": "stopped"}, check=check, fails=True)["msg"]
    assert "domain fw: sysinfo[0].entries[1].value: is missing: write value, or file." in message
    assert "secrets: true" in message
    run_domains({**read(text, True), "state": "stopped"})
    assert not run_domains({**read(text), "state": "stopped"}, check=check)["changed"]  # The guest keeps it.


def test_a_transient_guest_is_kept(connection: Any, run_domains: Run) -> None:
    connection.createXML("<domain type='test'><name>t</name><memory>1048576</memory><os><type>hvm</type></os></domain>")
    assert not connection.lookupByName("t").isPersistent()
    result = run_domains({"name": "t"})
    assert paths(result) == [("domain t", "persistent")]
    assert connection.lookupByName("t").isPersistent()
    assert not run_domains({"name": "t"})["changed"]


def test_a_transient_guest_is_gone_once_it_stops(connection: Any, run_domains: Run) -> None:
    connection.createXML("<domain type='test'><name>t</name><memory>1048576</memory><os><type>hvm</type></os></domain>")
    result = run_domains({"name": "t", "state": "absent"})
    assert result["changed"]
    assert "t" not in [domain.name() for domain in connection.listAllDomains()]


@pytest.mark.parametrize("sample", DOMAINS, ids=lambda sample: sample["name"])
def test_libvirt_takes_and_keeps_every_option(connection: Any, run_domains: Run, sample: dict[str, Any]) -> None:
    assert run_domains(sample)["changed"]
    assert not run_domains(sample)["changed"]


# A host without libvirt


def test_without_the_binding_a_run_fails_and_says_what_to_install(
    run_domains: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    result = run_domains(WEB, fails=True)
    assert "install python3-libvirt, or run virtfleet.kvm.site, whose role host does that" in result["msg"]
    assert "changes" not in result


def test_without_the_binding_check_mode_plans_for_a_fresh_host(
    run_domains: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    result = run_domains({**WEB, "state": "running"}, check=True)
    assert paths(result) == [("domain web01", "definition"), ("domain web01", "state")]
    assert any("python3-libvirt" in str(warning) for warning in result["warnings"])


@pytest.mark.parametrize("check", [False, True])
def test_without_the_binding_bad_input_is_refused_all_the_same(
    run_domains: Run, monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    assert "is not a size" in run_domains({"name": "a", "memory": "banana"}, check=check, fails=True)["msg"]


@pytest.mark.parametrize("uri", ["test:///no/such/file.xml", "nonsense:///"])
@pytest.mark.parametrize("check", [False, True])
def test_a_libvirt_that_does_not_answer(run_domains: Run, uri: str, check: bool) -> None:
    result = run_domains(WEB, uri=uri, check=check, fails=True)
    assert result["msg"].startswith(f"libvirt does not answer at {uri}: ")


CELL = "<vcpu>1</vcpu><cpu><numa><cell id='0' cpus='0' memory='64' unit='MiB'/></numa></cpu>"
CACHE = "<metadata_cache><max_size unit='MiB'>1</max_size></metadata_cache>"
CACHED = (
    f"<disk type='file'><driver name='qemu' type='qcow2'>{CACHE}</driver><source file='/x'/><target dev='vda'/></disk>"
)
DIMM = "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target></memory>"
SHMEM = "<shmem name='s'><model type='ivshmem-plain'/><size unit='KiB'>4096</size></shmem>"
AMOUNTS = {
    "<currentMemory unit='MiB'>32</currentMemory>": "<currentMemory unit='KiB'>32768<",
    "<memtune><hard_limit unit='G'>1</hard_limit></memtune>": "<hard_limit unit='KiB'>1048576<",
    CELL: "memory='65536' unit='KiB'",
    "<memoryBacking><hugepages><page size='2' unit='M'/></hugepages></memoryBacking>": "<page size='2048' unit='KiB'",
    f"<devices>{SHMEM}</devices>": "'M'>4<",
    "<features><smm state='on'><tseg unit='KiB'>16384</tseg></smm></features>": "<tseg unit='MiB'>16<",
    f"<devices>{CACHED}</devices>": "<max_size unit='bytes'>1048576<",
    f"<maxMemory slots='2' unit='GiB'>1</maxMemory>{CELL}<devices>{DIMM}</devices>": "<size unit='KiB'>131072<",
}
"""Amounts in xml, and what libvirt makes of them."""


@pytest.mark.parametrize("xml", AMOUNTS)
@pytest.mark.parametrize("new", [True, False])
def test_an_amount_in_xml_may_have_any_unit(connection: Any, run_domains: Run, new: bool, xml: str) -> None:
    """libvirt keeps each in a unit of its own."""
    item = {"name": "amounts", "memory": "192MiB" if "dimm" in xml else "64MiB"}
    if not new:
        run_domains({**item, "memory": "64MiB"})
    for changed in (True, False):
        result = run_domains({**item, "xml": xml})
        assert result["changed"] is changed
    assert AMOUNTS[xml] in connection.lookupByName("amounts").XMLDesc(0)

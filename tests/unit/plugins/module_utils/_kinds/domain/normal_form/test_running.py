# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt writes into the definition of a running guest by itself is no change."""

from __future__ import annotations

import copy
import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils import _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live.started import compared
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, ROOT, plan_one

PAIRS = ET.parse(ROOT / "tests/unit/running_guests.xml").getroot().findall("pair")
"""What a libvirt kept of a guest, and what it told of the same guest while that was paused."""


def of(pair: ET.Element, tag: str) -> ET.Element:
    """One of the two definitions of a pair, to be changed freely."""
    found = pair.find(tag)
    assert found is not None
    return copy.deepcopy(found[0])


def config_of(kept: ET.Element) -> dict[str, Any]:
    """The config that declares a guest as it is."""
    return json.loads(json.dumps(adopt(DOMAIN, kept, secrets=True).config))


def planned(kept: ET.Element, live: ET.Element, config: dict[str, Any]) -> Plan:
    """The plan for a guest that is paused and shall stay so."""
    return plan_one(DOMAIN, Observed(kept, live, "paused", {}), {**config, "state": "paused"}, EMULATING_HOST)


def pair_of(name: str, version: str) -> tuple[ET.Element, ET.Element]:
    pair = next(each for each in PAIRS if (each.get("name"), each.get("libvirt")) == (name, version))
    return of(pair, "kept"), of(pair, "live")


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.get('name')}-{pair.get('libvirt')}")
def test_a_guest_that_runs_as_it_is_declared_is_at_rest(pair: ET.Element) -> None:
    kept, live = of(pair, "kept"), of(pair, "live")
    plan = planned(kept, live, config_of(kept))
    assert (plan.changes, plan.waiting, plan.steps) == ([], {}, [])


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.get('name')}-{pair.get('libvirt')}")
def test_what_a_running_guest_reports_goes_into_no_config(pair: ET.Element) -> None:
    text = ET.tostring(of(pair, "live"), encoding="unicode")
    config = _xml_conversion.from_xml(DOMAIN, text, secrets=True)
    told = json.dumps(config)
    for word in ("vnet", "macvtap", "/dev/pts/", "portid", "imagelabel", "+0:+0", "net0", "connected"):
        if pair.get("name") != "label-static" or word != "+0:+0":
            assert word not in told, word
    assert "index" not in json.dumps(config.get("disks"))
    kept = config_of(of(pair, "kept"))
    for index, entry in enumerate(kept.get("interfaces", [])):
        shown = config["interfaces"][index]
        names = ("network", "bridge", "direct", "type", "portgroup", "mac")
        assert {name: shown.get(name) for name in names} == {name: entry.get(name) for name in names}
    ports = [entry.get("port") for entry in config.get("graphics", []) if entry.get("autoport")]
    assert all(port in (None, -1) for port in ports)


ELSEWHERE: list[tuple[str, str, dict[str, Any], list[str], list[str]]] = [
    ("interface-network", "11.3", {"interfaces": [{"network": "other"}]}, ["interfaces[0].network"], []),
    ("interface-network-bridge", "9.0", {"interfaces": [{"network": "other"}]}, ["interfaces[0].network"], []),
    ("interface-network-bridge", "11.3", {"interfaces": [{"bridge": "br9"}]}, ["interfaces[0].bridge"], []),
    ("interface-network-direct", "11.3", {"interfaces": [{"direct": "eno9"}]}, [], ["interfaces[0].direct"]),
    ("input-tablet", "9.0", {"inputs": []}, ["inputs[0]"], []),
    ("input-virtio", "11.3", {"inputs": [{"type": "tablet", "bus": "virtio"}]}, ["inputs[1]", "inputs[2]"], []),
    ("memory-odd", "11.3", {"memory": "80MiB"}, [], ["memory"]),
    ("consoles", "11.3", {"consoles": []}, [], ["consoles[1]"]),
    ("cdrom-open", "11.3", {"disks": [{"target": "sda", "bus": "usb"}]}, [], ["disks[0].bus"]),
    ("firmware-features", "9.0", {"os": {"firmware": "bios"}}, [], ["os.firmware"]),
    ("firmware-features", "9.0", {"os": {"firmware": None, "loader": {"path": "/x.fd"}}}, [], ["os.loader.path"]),
]
"""A pair, options that differ from what it has, and what is brought to the running guest or waits."""


@pytest.mark.parametrize(("name", "version", "options", "reached", "waiting"), ELSEWHERE)
def test_what_is_declared_otherwise_is_seen(
    name: str, version: str, options: dict[str, Any], reached: list[str], waiting: list[str]
) -> None:
    kept, live = pair_of(name, version)
    plan = planned(kept, live, {**config_of(kept), **options})
    steps = [path for step in plan.steps for path in step.reaches]
    assert set(reached) <= set(steps)
    assert set(waiting) <= set(plan.waiting)
    assert set(steps).isdisjoint(plan.waiting)


TRANSIENT = [pair for pair in PAIRS if str(pair.get("name")).startswith("disk-transient")]


@pytest.mark.parametrize("pair", TRANSIENT, ids=lambda pair: f"{pair.get('name')}-{pair.get('libvirt')}")
def test_the_image_below_a_transient_disk_is_the_one_that_runs(pair: ET.Element) -> None:
    """Another image, in another format, of the definition is no more hidden than that of any other disk."""
    kept, live = of(pair, "kept"), of(pair, "live")
    config = config_of(kept)
    (disk,) = config["disks"]
    (shown,) = _xml_conversion.from_xml(DOMAIN, ET.tostring(live, encoding="unicode"), secrets=True)["disks"]
    names = ("file", "format", "startup_policy", "target", "serial", "transient")
    assert {name: shown.get(name) for name in names} == {name: disk.get(name) for name in names}
    other = "qcow2" if disk["format"] == "raw" else "raw"
    for node in kept.findall("devices/disk"):
        for source in node.findall("source"):
            source.set("file", "/var/tmp/virtfleet-start/other")
        for driver in node.findall("driver"):
            driver.set("type", other)
    plan = planned(kept, live, config_of(kept))
    assert {"disks[0].file", "disks[0].format"} <= set(plan.waiting)
    assert plan.changes == []


@pytest.mark.parametrize("pair", TRANSIENT, ids=lambda pair: f"{pair.get('name')}-{pair.get('libvirt')}")
def test_a_disk_that_is_to_be_transient_no_more_waits_for_that_alone(pair: ET.Element) -> None:
    kept, live = of(pair, "kept"), of(pair, "live")
    config = config_of(kept)
    config["disks"][0]["transient"] = None
    plan = planned(kept, live, config)
    assert {path.partition(".transient")[0] for path in plan.waiting} == {"disks[0]"}
    assert [path for path in plan.waiting if not path.startswith("disks[0].transient")] == []


@pytest.mark.parametrize("option", ["cache", "io", "discard", "error_policy"])
def test_an_option_of_a_disk_that_is_taken_back_waits_until_the_next_start(option: str) -> None:
    """The definition has it no more: what runs has it still, in the second run as in the first."""
    kept, live = pair_of("missing-media", "11.3")
    value = {"cache": "writeback", "io": "threads", "discard": "unmap", "error_policy": "report"}[option]
    for driver in live.findall("devices/disk[@device='disk']/driver"):
        driver.set(option, value)
    config = config_of(kept)
    (disk,) = [disk for disk in config["disks"] if disk["target"] == "vdb"]
    disk["driver"] = {**disk.get("driver", {}), option: None}
    plan = planned(kept, live, config)
    assert [path.rpartition(".")[2] for path in plan.waiting] == [option]
    assert plan.changes == []


MISSING = [pair for pair in PAIRS if pair.get("name") == "missing-media"]


@pytest.mark.parametrize("pair", MISSING, ids=lambda pair: str(pair.get("libvirt")))
def test_a_drive_that_the_start_left_empty_gets_another_medium(pair: ET.Element) -> None:
    """Its own was missing, as startup_policy allows."""
    kept, live = of(pair, "kept"), of(pair, "live")
    config = config_of(kept)
    (drive,) = [disk for disk in config["disks"] if disk["target"] == "sda"]
    drive["file"] = "/other.iso"
    plan = planned(kept, copy.deepcopy(live), config)
    (device,) = [ET.fromstring(step.value) for step in plan.steps if step.action == "update_device"]
    assert [source.get("file") for source in device.findall("source")] == ["/other.iso"]
    assert plan.waiting == {}


@pytest.mark.parametrize("pair", MISSING, ids=lambda pair: str(pair.get("libvirt")))
def test_a_drive_that_the_start_left_empty_stays_so_where_other_things_of_it_change(pair: ET.Element) -> None:
    kept, live = of(pair, "kept"), of(pair, "live")
    drive = live.find("devices/disk[@device='cdrom']")
    assert drive is not None
    given_back = compared(live, kept)
    assert [source.get("file") for source in drive.findall("source")] == ["/nn.iso"]
    for call in given_back:
        call()
    assert drive.findall("source") == []


@pytest.mark.parametrize("pair", MISSING, ids=lambda pair: str(pair.get("libvirt")))
def test_a_disk_that_the_start_left_out_may_go(pair: ET.Element) -> None:
    kept, live = of(pair, "kept"), of(pair, "live")
    config = config_of(kept)
    config["disks"] = [disk for disk in config["disks"] if disk["target"] != "vda"]
    plan = planned(kept, live, config)
    assert [step.action for step in plan.steps if step.reaches] == ["detach_device"]
    assert plan.waiting == {}


def test_a_device_that_goes_is_known_by_its_alias() -> None:
    kept, live = pair_of("input-tablet", "9.0")
    plan = planned(kept, live, {**config_of(kept), "inputs": []})
    (device,) = [ET.fromstring(step.value) for step in plan.steps if step.action == "detach_device"]
    alias = device.find("alias")
    assert alias is not None
    assert alias.get("name") == "input0"


def test_an_interface_on_a_network_of_kind_bridge_is_updated_as_one_on_the_network() -> None:
    kept, live = pair_of("interface-network-bridge", "11.3")
    config = config_of(kept)
    config["interfaces"][0]["link"] = "down"
    plan = planned(kept, live, config)
    (device,) = [ET.fromstring(step.value) for step in plan.steps if step.action == "update_device"]
    source = device.find("source")
    assert source is not None
    assert (device.get("type"), source.attrib) == ("network", {"network": "vfstart-bridge"})


def test_what_a_guest_was_asked_for_waits_for_no_restart() -> None:
    kept, live = pair_of("memory-current", "11.3")
    for node in live.findall("currentMemory"):
        node.text = "131072"
    plan = planned(kept, live, config_of(kept))
    assert (plan.changes, plan.waiting, plan.steps, plan.asked) == ([], {}, [], ["current_memory"])


def test_limits_of_the_network_are_none_of_the_interface() -> None:
    kept, live = pair_of("interface-network-bridge", "11.3")
    for node in live.findall("devices/interface"):
        ET.SubElement(ET.SubElement(node, "bandwidth"), "inbound", {"average": "1000"})
        ET.SubElement(node, "virtualport", {"type": "openvswitch"})
    config = config_of(kept)
    config["interfaces"][0] |= {"bandwidth": None, "virtualport": None}
    plan = planned(kept, live, config)
    assert (plan.changes, plan.waiting, plan.steps) == ([], {}, [])


def test_limits_that_were_taken_off_are_taken_off_the_running_interface() -> None:
    kept, live = pair_of("interface-network", "11.3")
    for root in (kept, live):
        for node in root.findall("devices/interface"):
            ET.SubElement(ET.SubElement(node, "bandwidth"), "inbound", {"average": "1000"})
    config = config_of(kept)
    config["interfaces"][0]["bandwidth"] = None
    plan = planned(kept, live, config)
    assert "interfaces[0].bandwidth.inbound.average" in [path for step in plan.steps for path in step.reaches]


@pytest.mark.parametrize("name", ["vnc", "vnc-password", "vnc-websocket", "vnc-network", "vnc-socket", "spice-vnc"])
def test_a_display_takes_a_password_with_its_addresses_as_they_are(name: str) -> None:
    """libvirt changes none whose addresses are not said."""
    kept, live = pair_of(name, "11.3")
    config = config_of(kept)
    config["graphics"][-1]["passwd"] = "other"
    plan = planned(kept, live, config)
    assert plan.waiting == {}
    (step,) = [step for step in plan.steps if step.action == "update_device"]
    was = live.findall("devices/graphics")[-1]
    sent = ET.fromstring(step.value)
    assert sent.get("passwd") == "other"
    for attribute in ("listen", "socket"):
        assert sent.get(attribute) == was.get(attribute)
    assert [node.attrib for node in sent.findall("listen")] == [node.attrib for node in was.findall("listen")]


def stays_pending(name: str, version: str, want: dict[str, Any]) -> list[str]:
    """What waits for a restart in the run that changes a guest, which is the same in the next one."""
    kept, live = pair_of(name, version)
    config = {"name": kept.findtext("name"), "state": "paused", **want}
    first = plan_one(DOMAIN, Observed(kept, copy.deepcopy(live), "paused", {}), config, EMULATING_HOST)
    (text,) = [step.value for step in first.steps if step.action == "define"]
    second = plan_one(DOMAIN, Observed(ET.fromstring(text), live, "paused", {}), config, EMULATING_HOST)
    assert (second.changes, second.steps) == ([], [])
    assert set(second.waiting) <= set(first.waiting)
    return list(second.waiting)


@pytest.mark.parametrize("version", ["9.0", "11.3"])
@pytest.mark.parametrize(
    ("name", "cpu", "waiting"),
    [
        ("cpu-custom", {"mode": "host-model"}, ["cpu.mode"]),
        ("cpu-custom", {"mode": "custom", "model": "EPYC"}, ["cpu.model"]),
        ("cpu-host-model", {"mode": "custom", "model": "EPYC"}, ["cpu.mode", "cpu.model"]),
        ("cpu-host-model", {"mode": "host-passthrough"}, ["cpu.mode"]),
        ("cpu-host-model", {"features": {"vmx": "disable"}}, ["cpu.features.vmx"]),
        ("cpu-host-model", {"features": {"monitor": "disable"}}, ["cpu.features.monitor"]),
    ],
)
def test_a_cpu_that_waits_for_a_restart_is_told_in_each_run(
    name: str, version: str, cpu: dict[str, Any], waiting: list[str]
) -> None:
    assert stays_pending(name, version, {"cpu": cpu}) == waiting


@pytest.mark.parametrize("display", [{"port": 5950}, {"port": 5950, "autoport": False}, {"websocket": 5750}])
def test_a_port_that_waits_for_a_restart_is_told_in_each_run(display: dict[str, Any]) -> None:
    waiting = stays_pending("vnc", "11.3", {"graphics": [{"type": "vnc", "listen": "127.0.0.1", **display}]})
    assert {path.rpartition(".")[2] for path in waiting} >= set(display)


def test_the_partition_of_each_guest_is_no_change() -> None:
    kept, live = pair_of("vnc", "11.3")
    for root in (kept, live):
        root.append(ET.fromstring("<resource><partition>/machine</partition></resource>"))
    assert planned(kept, live, {"name": str(kept.findtext("name")), "resource": None}).waiting == {}

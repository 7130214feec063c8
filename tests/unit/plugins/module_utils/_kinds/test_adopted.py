# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt holds is taken over as it is, also where nobody should write it so."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.adopt import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.support import changes, defined, observed, plan_one

MOUSE, KEYBOARD = "<input type='mouse' bus='ps2'/>", "<input type='keyboard' bus='ps2'/>"
TABLET = "<input type='tablet' bus='usb'/>"


def domain(devices: str = "", rest: str = "") -> str:
    """A small guest."""
    return (
        "<domain type='kvm'><name>g</name><memory unit='KiB'>1048576</memory><vcpu>1</vcpu>"
        f"<os><type arch='x86_64' machine='q35'>hvm</type></os>{rest}<devices>{devices}</devices></domain>"
    )


def adopted(xml: str) -> dict[str, Any]:
    """The config of an existing guest, which must be no change to it."""
    config = adopt(DOMAIN, ET.fromstring(xml)).config
    assert plan_one(DOMAIN, observed(xml), config).changes == []
    return config


def test_a_path_that_libvirt_holds_is_taken() -> None:
    xml = domain("<disk type='file' device='disk'><source file='images/a.img'/><target dev='vda' bus='virtio'/></disk>")
    config = adopted(xml)
    assert config["disks"][0]["file"] == "images/a.img"
    assert changes(plan_one(DOMAIN, observed(xml), {**config, "title": "t"})) == {"title": (None, "t")}
    with pytest.raises(VirtfleetError, match=r"disks\[0\].file: 'images/b.img' is not a path from the root"):
        plan_one(DOMAIN, observed(xml), {**config, "disks": [{**config["disks"][0], "file": "images/b.img"}]})
    with pytest.raises(VirtfleetError, match=r"disks\[0\].file: 'images/a.img' is not a path from the root"):
        plan_one(DOMAIN, None, config)


def test_what_only_runs_otherwise_is_no_refusal() -> None:
    xml = domain("<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge=';none;'/></interface>")
    live = xml.replace(";none;", "br0")
    config = adopt(DOMAIN, ET.fromstring(xml)).config
    assert plan_one(DOMAIN, observed(xml, "running", live), {**config, "state": "running"}).steps


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        (MOUSE + KEYBOARD, None),
        (TABLET + MOUSE + KEYBOARD, ["tablet"]),
        # libvirt adds those of a PC behind all others, the mouse first.
        (MOUSE + TABLET + KEYBOARD, ["mouse", "tablet"]),
        (MOUSE + KEYBOARD + TABLET, ["mouse", "keyboard", "tablet"]),
        (KEYBOARD + MOUSE, ["keyboard"]),
        (KEYBOARD, None),
    ],
)
def test_the_order_of_input_devices_is_kept(devices: str, told: list[str] | None) -> None:
    config = adopted(domain(devices))
    found = [entry["type"] for entry in config["inputs"]] if "inputs" in config else None
    assert found == told


@pytest.mark.parametrize("kind", ["mouse", "keyboard"])
def test_an_input_device_without_a_bus_is_the_one_of_the_pc(kind: str) -> None:
    there = observed(domain(MOUSE + KEYBOARD))
    assert plan_one(DOMAIN, there, {"name": "g", "inputs": [{"type": kind}]}).changes == []
    done = plan_one(DOMAIN, there, {"name": "g", "inputs": [{"type": kind, "bus": "usb"}]})
    assert len(ET.fromstring(defined(done)).findall("devices/input")) == 3


@pytest.mark.parametrize(
    ("xml", "option"),
    [
        (domain(rest="<on_poweroff>later</on_poweroff>"), "on_poweroff"),
        (domain("<video><model type='later' vram='1'/></video>"), "videos"),
        (domain("<memballoon model='later'/>"), "memballoon"),
        (domain("<controller type='later' index='0' model='m'/><controller type='usb' index='0'/>"), "controllers"),
    ],
)
def test_the_word_of_a_later_libvirt_is_not_declared(xml: str, option: str) -> None:
    config = adopted(xml)
    assert "later" not in str(config.get(option))
    found = adopt(DOMAIN, ET.fromstring(xml))
    assert "later" in found.config.get("xml", "") or found.uncovered
    assert "later" in defined(plan_one(DOMAIN, observed(xml), {**config, "title": "t"}))


@pytest.mark.parametrize("text", ["banana", "10.0.0.1/99", ""])
def test_an_address_that_is_none_is_no_error(text: str) -> None:
    root = ET.fromstring(
        f"<network><name>n</name><ip address='{text}' netmask='255.0.0.0'/><ip address='{text}'/></network>"
    )
    assert len(adopt(NETWORK, root).config["ips"]) == 2


def test_a_size_of_an_unknown_unit_is_none() -> None:
    xml = domain().replace("unit='KiB'", "unit='later'")
    assert "memory" not in adopt(DOMAIN, ET.fromstring(xml)).config


def test_features_of_the_firmware_stay_where_they_are_null() -> None:
    xml = domain().replace(
        "<os>", "<os firmware='efi'><firmware><feature enabled='yes' name='secure-boot'/></firmware>"
    )
    assert adopted(xml)["os"] == {"firmware": "efi", "firmware_features": {"secure-boot": True}}
    for features in (None, {"secure-boot": None}):
        config = {"name": "g", "os": {"firmware_features": features}}
        assert plan_one(DOMAIN, observed(xml), config).changes == []

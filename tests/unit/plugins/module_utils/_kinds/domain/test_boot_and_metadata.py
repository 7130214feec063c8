# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which devices are tried, and what other programs keep in a guest's metadata."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT, changes, defined, observed, plan_one

GUEST = (
    "<domain type='kvm'><name>g</name><memory>131072</memory><vcpu>1</vcpu><metadata>{}</metadata>"
    "<os><type arch='x86_64' machine='q35'>hvm</type>{}</os><devices>"
    "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/>{}</disk></devices></domain>"
)
FILLED = GUEST.format("", "<boot dev='hd'/>", "")
ORDERED = GUEST.format("", "", "<boot order='1'/>")
DISK = {"file": "/a", "target": "vda"}


def orders(xml: str) -> tuple[list[str | None], list[str | None]]:
    """What the guest as a whole boots from, and the orders of its devices."""
    root = ET.fromstring(xml)
    return [node.get("dev") for node in root.findall("os/boot")], [
        node.get("order") for node in root.findall("devices/*/boot")
    ]


@pytest.mark.parametrize("boot", [{}, {"boot": []}, {"boot": None}])
def test_the_order_of_a_device_takes_the_place_of_what_libvirt_filled_in(boot: dict[str, Any]) -> None:
    config = {"name": "g", "disks": [{**DISK, "boot": {"order": 1}}], **boot}
    plan = plan_one(DOMAIN, observed(FILLED), config)
    assert changes(plan) == {"disks[0].boot.order": (None, 1), "boot": (["hd"], None)}
    assert orders(defined(plan)) == ([], ["1"])
    assert changes(plan_one(DOMAIN, observed(ORDERED), config)) == {}


def test_a_guest_as_a_whole_takes_the_place_of_the_order_of_devices() -> None:
    plan = plan_one(DOMAIN, observed(ORDERED), {"name": "g", "boot": ["network", "hd"]})
    assert orders(defined(plan)) == (["network", "hd"], [])


def test_an_order_that_goes_leaves_the_rest_to_libvirt() -> None:
    plan = plan_one(DOMAIN, observed(ORDERED), {"name": "g", "disks": [{**DISK, "boot": None}]})
    assert orders(defined(plan)) == ([], [])


OSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
DEBIAN = "<{0}:libosinfo xmlns:{0}='" + OSINFO + "'><{0}:os id='http://debian.org/debian/12'/></{0}:libosinfo>"


@pytest.mark.parametrize("prefix", ["libosinfo", "ns0", "x"])
@pytest.mark.parametrize("kept", ["libosinfo", "other", "ns1"])
def test_metadata_is_the_same_whatever_the_prefix(prefix: str, kept: str) -> None:
    have = observed(GUEST.format(DEBIAN.format(kept), "", ""))
    assert changes(plan_one(DOMAIN, have, {"name": "g", "metadata": [DEBIAN.format(prefix)]})) == {}
    other = DEBIAN.format(prefix).replace("/12", "/13")
    assert list(changes(plan_one(DOMAIN, have, {"name": "g", "metadata": [other]}))) == ["metadata"]


PROGRAM = """
import sys
from ansible_collections.virtfleet.kvm.plugins.module_utils import _xml_conversion
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import adopt, paths
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Observed, plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
text, told = sys.argv[1:]
wants = DOMAIN.parse([{"name": "g", "metadata": [told]}])
have = Observed(paths.document(text), None, "stopped", {})
print([change.path for change in plan(DOMAIN, {"g": have}, wants, Host())[0].changes])
"""


def test_a_config_that_another_process_told_is_no_change() -> None:
    """The names that prefixes have are known to a whole process, so each of these needs one of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, GUEST.format(DEBIAN.format("libosinfo"), "", ""), DEBIAN.format("libosinfo")],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parents[2],
    )
    assert done.stdout.strip() == "[]"

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from a name is the same every time, and different for different names."""

from __future__ import annotations

import dataclasses
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import MAC, UUID
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import derived_values
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, changes, plan_one

HOST = Host()


def scope(name: str = "web01", index: int = 0, kind: str = "domain", **item: str) -> Scope:
    return Scope(kind, name, HOST, index=index, item=item)


@given(st.text(min_size=1), st.integers(0, 100))
def test_macs_are_stable_and_good(name: str, index: int) -> None:
    mac = derived_values.derive_mac(scope(name, index))
    assert mac == derived_values.derive_mac(scope(name, index)) == MAC.parse(mac)
    assert mac.startswith("52:54:")


@given(st.text(min_size=1))
def test_uuids_are_stable_and_good(name: str) -> None:
    found = derived_values.derive_uuid(scope(name))
    assert found == derived_values.derive_uuid(scope(name, index=3)) == UUID.parse(found)
    assert found != derived_values.derive_uuid(scope(name, kind="network"))


def test_derived_values_are_promised_for_good() -> None:
    """A fleet that is built again has to come out the same: these may never change."""
    assert derived_values.derive_mac(scope("web01")) == "52:54:30:62:68:03"
    assert derived_values.derive_uuid(scope("web01")) == "87c2c2c7-7838-59a0-a216-e5604e7c2b18"


def test_a_thousand_guests_with_two_cards_have_two_thousand_macs() -> None:
    macs = {derived_values.derive_mac(scope(f"g{number}", index)) for number in range(1000) for index in range(2)}
    uuids = {derived_values.derive_uuid(scope(f"g{number}")) for number in range(1000)}
    assert (len(macs), len(uuids)) == (2000, 1000)


def test_a_mac_that_a_sibling_has_is_not_taken() -> None:
    first = derived_values.derive_mac(scope())
    second = derived_values.derive_mac(dataclasses.replace(scope(), siblings=({"mac": first},)))
    third = derived_values.derive_mac(dataclasses.replace(scope(), siblings=({"mac": first}, {"mac": second})))
    assert len({first, second, third}) == 3


@pytest.mark.parametrize(
    ("bus", "taken", "target"),
    [
        ("virtio", [], "vda"),
        ("virtio", ["vda"], "vdb"),
        ("virtio", ["vda", "vdc"], "vdb"),
        ("sata", ["vda"], "sda"),
        ("scsi", ["sda"], "sdb"),
        ("ide", [], "hda"),
        ("fdc", [], "fda"),
        ("xen", [], "xvda"),
        ("usb", ["sda", "sdb"], "sdc"),
    ],
)
def test_targets(bus: str, taken: list[str], target: str) -> None:
    siblings = tuple({"target": name} for name in taken)
    assert derived_values.derive_target(dataclasses.replace(scope(bus=bus), siblings=siblings)) == target


def test_targets_never_end() -> None:
    names = list(itertools.islice(derived_values.targets("vd"), 26 + 26 * 26 + 1))
    assert (names[0], names[25], names[26], names[27], names[-1]) == ("vda", "vdz", "vdaa", "vdab", "vdaaa")
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("disk", "bus", "form"),
    [
        ({"file": "/a.qcow2"}, "virtio", "qcow2"),
        ({"file": "/a.img"}, "virtio", "raw"),
        ({"file": "/qcow2"}, "virtio", "raw"),
        ({"block": "/dev/x.qcow2"}, "virtio", "raw"),
        ({"volume": "v.vmdk", "pool": "p"}, "virtio", "vmdk"),
        ({"file": "/a.iso", "device": "cdrom"}, "sata", "raw"),
        ({"file": "/a.qcow2", "bus": "scsi", "format": "raw"}, "scsi", "raw"),
    ],
)
def test_new_disks(disk: dict[str, str], bus: str, form: str) -> None:
    result = plan_one(DOMAIN, None, {"name": "a", "memory": "1GiB", "disks": [disk]}, HOST)
    shown = changes(result)["definition"][1]["disks"][0]
    assert (shown["bus"], shown["format"]) == (bus, form)


def test_a_new_guest_of_few_words_is_a_modern_one() -> None:
    shown = changes(plan_one(DOMAIN, None, {"name": "a", "memory": "1GiB"}, KVM_HOST))["definition"][1]
    assert (shown["virt"], shown["machine"], shown["cpu"]) == ("kvm", "q35", {"mode": "host-model"})
    assert shown["features"] == {"acpi": True, "apic": True}
    assert shown["serials"] == [{"type": "pty"}]
    arm = changes(plan_one(DOMAIN, None, {"name": "a", "memory": "1GiB"}, Host(arch="aarch64")))["definition"][1]
    assert (arm["virt"], arm.get("machine")) == ("qemu", None)
    assert "features" not in arm or not any(arm["features"].values())


def test_a_network_that_is_only_named_default_is_libvirts() -> None:
    shown = changes(plan_one(NETWORK, None, {"name": "default"}))["definition"][1]
    assert (shown["bridge"], shown["forward"]) == ("virbr0", {"mode": "nat"})
    assert shown["ips"][0]["address"] == "192.168.122.1/24"
    assert re.fullmatch("[0-9a-f-]{36}", shown["uuid"])


@pytest.mark.parametrize("config", [{"name": "other"}, {"name": "default", "bridge": "virbr9"}])
def test_other_networks_are_as_declared(config: dict[str, str]) -> None:
    shown = changes(plan_one(NETWORK, None, config))["definition"][1]
    assert shown.keys() == {*config, "uuid"}

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a single resource: definition, changes, what stays pending, and what is refused."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import bare
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.support import (
    EMULATING_HOST,
    KVM_HOST,
    actions,
    canonical,
    changes,
    defined,
    observed,
    plan_one,
)

GUEST = """
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web01</name>
  <uuid>6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93</uuid>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static' cpuset='0-3'>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-9.2'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><vmcoreinfo state='on'/></features>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/><source file='/a.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/><filterref filter='x'/>
    </interface>
    <serial type='pty'><target type='isa-serial' port='0'/></serial>
    <memballoon model='virtio'/>
  </devices>
  <qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>
</domain>
"""
NAT = """
<network>
  <name>default</name>
  <uuid>6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93</uuid>
  <forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
  <bridge name='virbr0' stp='on' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <tftp root='/tftp'/>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/><bootp file='x'/></dhcp>
  </ip>
</network>
"""


@pytest.mark.parametrize(
    ("config", "old", "new", "changed"),
    [
        ({"vcpus": 4}, ">2</vcpu>", ">4</vcpu>", {"vcpus": (2, 4)}),
        (
            {"memory": "4GiB"},
            "2097152</memory>\n  <currentMemory unit='KiB'>2097152</currentMemory>",
            "4194304</memory>",
            {"memory": ("2GiB", "4GiB")},
        ),
        ({"boot": ["network"]}, "<boot dev='hd'/>", "<boot dev='network'/>", {"boot": (["hd"], ["network"])}),
        ({"features": {"acpi": False}}, "<acpi/>", "", {"features.acpi": (True, False)}),
        (
            {"disks": [{"file": "/b.qcow2"}]},
            "/a.qcow2",
            "/b.qcow2",
            {"disks[0].file": ("/a.qcow2", "/b.qcow2")},
        ),
        (
            {"interfaces": [{"mac": "52-54-00-00-00-01", "network": "lan"}]},
            "network='default'",
            "network='lan'",
            {"interfaces[0].network": ("default", "lan")},
        ),
        (
            {"interfaces": [{"network": "default", "mac": "52:54:00:00:00:02"}]},
            "52:54:00:00:00:01",
            "52:54:00:00:00:02",
            {"interfaces[0].mac": ("52:54:00:00:00:01", "52:54:00:00:00:02")},
        ),
    ],
)
def test_an_edit_changes_what_it_says_and_not_a_byte_more(
    config: dict[str, Any], old: str, new: str, changed: dict[str, Any]
) -> None:
    assert old in GUEST
    result = plan_one(DOMAIN, observed(GUEST), {"name": "web01", **config})
    assert changes(result) == changed
    assert canonical(defined(result)) == canonical(GUEST.replace(old, new))


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"memory": "2GiB"},
        {"memory": 2 * 1024**3},
        {"memory": "2048M", "vcpus": "2"},
        {"virt": "auto", "machine": "q35", "arch": "x86_64"},
        {"uuid": "6F1D8A52-3C0E-4B7A-9E44-2A8F0C1B7D93"},
        {"uuid": None, "machine": None},
        {"disks": [{"file": "/a.qcow2"}], "interfaces": [{"network": "default"}]},
        {"interfaces": [{}]},
        {"interfaces": [{"mac": "52-54-00-00-00-01"}]},
        {"title": None, "kernel": None},
        {"cpu": None},
    ],
)
def test_what_is_so_already_is_no_change(config: dict[str, Any]) -> None:
    result = plan_one(DOMAIN, observed(GUEST), {"name": "web01", **config})
    assert (changes(result), result.steps) == ({}, [])


def test_another_current_memory_is_the_guests_own() -> None:
    balloon = GUEST.replace("2097152</current", "1048576</current")
    result = plan_one(DOMAIN, observed(balloon), {"name": "web01", "memory": "4GiB"})
    assert canonical(defined(result)) == canonical(balloon.replace("2097152</memory>", "4194304</memory>"))


@pytest.mark.parametrize(
    ("config", "old", "new", "changed"),
    [
        ({"delay": 2}, "delay='0'", "delay='2'", {"delay": (0, 2)}),
        (
            {
                "ips": [
                    {
                        "address": "192.168.122.1/24",
                        "dhcp": {"ranges": [{"start": "192.168.122.2", "end": "192.168.122.99"}]},
                    }
                ]
            },
            "122.254",
            "122.99",
            {"ips[0].dhcp.ranges[192.168.122.2].end": ("192.168.122.254", "192.168.122.99")},
        ),
        (
            {"ips": [{"address": "192.168.122.1/25", "dhcp": {"ranges": []}}]},
            "netmask='255.255.255.0'>\n    <tftp root='/tftp'/>\n    "
            "<dhcp><range start='192.168.122.2' end='192.168.122.254'/>",
            "prefix='25'><tftp root='/tftp'/><dhcp>",
            {
                "ips[0].address": ("192.168.122.1/24", "192.168.122.1/25"),
                "ips[0].dhcp.ranges[192.168.122.2]": ({"start": "192.168.122.2", "end": "192.168.122.254"}, None),
            },
        ),
        ({"forward": {"mode": "open"}}, "mode='nat'", "mode='open'", {"forward.mode": ("nat", "open")}),
    ],
)
def test_an_edit_of_a_network_leaves_the_rest(
    config: dict[str, Any], old: str, new: str, changed: dict[str, Any]
) -> None:
    assert old in NAT
    result = plan_one(NETWORK, observed(NAT, "active"), {"name": "default", **config})
    assert changes(result) == changed
    assert canonical(defined(result)) == canonical(NAT.replace(old, new))
    # libvirt brings an entry of DHCP to a network that runs; all else waits for its restart.
    live = [path for path in changed if "ranges" in path and "ips[0].address" not in changed]
    assert result.pending == [path for path in changed if path not in live]
    assert [step.action for step in result.steps] == ["define", *["update_section"] * 2 * len(live)]


def test_several_bad_items_are_refused_together_and_the_uuid_is_one_reason() -> None:
    wants = DOMAIN.parse(
        [
            {"name": "web01", "uuid": "6f1d8a52-3c0e-4b7a-9e44-000000000000"},
            {"name": "good", "memory": "1GiB"},
            {"name": "new"},
            {"name": "odd", "memory": "1GiB", "rngs": [{"rate": {}}]},
        ]
    )
    with pytest.raises(VirtfleetError) as caught:
        plan(DOMAIN, {"web01": observed(GUEST)}, wants, KVM_HOST)
    assert str(caught.value).splitlines() == [
        "nothing was changed, the input is refused:",
        "domain web01: uuid: is 6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"
        " and cannot be changed to 6f1d8a52-3c0e-4b7a-9e44-000000000000",
        "domain new: memory: a new domain needs it",
        "domain odd: rngs[0].rate.bytes: a new domain needs it",
    ]


# What runs


def test_pending_is_what_the_running_guest_lacks() -> None:
    result = plan_one(DOMAIN, observed(GUEST, "running"), {"name": "web01", "memory": "4GiB", "vcpus": 2})
    assert result.pending == ["memory"]


def test_what_was_defined_before_stays_pending_until_a_restart() -> None:
    have = observed(GUEST, "running", live=GUEST.replace(">2</vcpu>", ">1</vcpu>"))
    result = plan_one(DOMAIN, have, {"name": "web01", "vcpus": 2})
    assert (changes(result), result.steps, result.pending) == ({}, [], ["vcpus"])


def test_what_only_the_live_guest_has_is_not_pending() -> None:
    live = GUEST.replace("<memballoon", "<channel type='unix'/><memballoon").replace("unit='KiB'>2097152</c", ">1</c")
    result = plan_one(DOMAIN, observed(GUEST, "paused", live=live), {"name": "web01", "memory": "2GiB"})
    assert result.pending == []


def test_nothing_is_pending_once_the_guest_is_stopped() -> None:
    result = plan_one(DOMAIN, observed(GUEST, "running"), {"name": "web01", "vcpus": 4, "state": "stopped"})
    assert (actions(result), result.pending, result.running) == (["define", "shutdown"], [], False)


def test_a_transient_guest_is_made_to_stay() -> None:
    result = plan_one(DOMAIN, observed(GUEST, "running", persistent=False), {"name": "web01"})
    assert (changes(result), actions(result)) == ({"persistent": (False, True)}, ["define"])
    assert canonical(defined(result)) == canonical(GUEST)


# Beside the definition


@pytest.mark.parametrize(
    ("before", "config", "changed"),
    [
        (False, {"autostart": True}, {"autostart": (False, True)}),
        (True, {"autostart": False}, {"autostart": (True, False)}),
        (True, {"autostart": None}, {"autostart": (True, False)}),
        (False, {"autostart": None}, {}),
        (True, {"autostart": True}, {}),
        (True, {}, {}),
    ],
)
def test_autostart(before: bool, config: dict[str, Any], changed: dict[str, Any]) -> None:
    result = plan_one(DOMAIN, observed(GUEST, properties={"autostart": before}), {"name": "web01", **config})
    assert changes(result) == changed
    assert actions(result) == ["set_autostart"] * len(changed)


def test_a_new_network_starts_with_the_host_unless_told_otherwise() -> None:
    assert actions(plan_one(NETWORK, None, {"name": "n"})) == ["define", "set_autostart", "start"]
    assert actions(plan_one(NETWORK, None, {"name": "n", "autostart": False})) == ["define", "start"]
    assert actions(plan_one(NETWORK, None, {"name": "n", "autostart": None})) == ["define", "start"]


# What a guest is run by


def test_only_guests_run_under_emulation() -> None:
    assert plan_one(NETWORK, None, {"name": "n"}, EMULATING_HOST).warnings == []


def test_emulation_is_warned_of_where_something_is_done() -> None:
    config = {"name": "web01", "memory": "1GiB", "virt": "auto"}
    fresh = plan_one(DOMAIN, None, config, EMULATING_HOST)
    assert fresh.warnings == ["runs under emulation, which is slow: /dev/kvm does not open: No such file or directory"]
    assert changes(fresh)["definition"][1]["virt"] == "qemu"
    emulated = observed(defined(fresh))
    assert plan_one(DOMAIN, emulated, config, EMULATING_HOST).warnings == []
    assert plan_one(DOMAIN, None, config, KVM_HOST).warnings == []


def test_a_guest_that_has_to_have_hardware_virtualization_is_warned_of_where_there_is_none() -> None:
    config = {"name": "web01", "memory": "1GiB", "virt": "kvm"}
    assert plan_one(DOMAIN, None, config, EMULATING_HOST).warnings == [
        "has virt: kvm, but the host has no hardware virtualization, so the guest may hang: /dev/kvm does not open: No"
        " such file or directory; write virt: auto"
    ]
    assert plan_one(DOMAIN, None, {**config, "state": "absent"}, EMULATING_HOST).warnings == []
    assert plan_one(DOMAIN, None, config, KVM_HOST).warnings == []


def test_auto_follows_the_host() -> None:
    result = plan_one(DOMAIN, observed(GUEST), {"name": "web01", "virt": "auto"}, EMULATING_HOST)
    assert changes(result) == {"virt": ("kvm", "auto")}
    assert 'type="qemu"' in defined(result)


def test_a_machine_that_the_host_does_not_list_is_written_all_the_same() -> None:
    result = plan_one(DOMAIN, None, {"name": "a", "memory": "1GiB", "machine": "unheard-of"}, Host())
    assert 'machine="unheard-of"' in defined(result)


# A host that is still to be installed


def test_a_bare_host_has_what_the_packages_bring() -> None:
    have = bare(NETWORK)
    assert have["default"].state == "inactive"
    result = plan_one(NETWORK, have["default"], {"name": "default", "bridge": "virbr0", "autostart": True})
    assert changes(result) == {"autostart": (False, True), "state": ("inactive", "active")}
    assert bare(DOMAIN) == {}


@pytest.mark.parametrize(("machine", "ports"), [("q35", 2 + 3), ("pc", 0)])
def test_only_q35_gets_ports_for_what_is_plugged_later(machine: str, ports: int) -> None:
    plan = plan_one(
        DOMAIN,
        None,
        {"name": "x", "memory": "1GiB", "machine": machine, "hotplug_slots": 2, "state": "present"},
    )
    assert defined(plan).count('model="pcie-root-port"') == ports


@pytest.mark.parametrize(
    ("places", "more", "bridges", "ports"),
    [
        # A port has one slot: what names another one is on a bridge, of that very bus.
        ([(1, 0), (2, 1)], {}, ["2"], 4 + 3 + 2),
        ([(2, 1), (2, 2), (30, 3)], {}, ["2", "30"], 4 + 3 + 3),
        ([(2, 1)], {"hotplug_slots": 0}, ["2"], 0),
        ([(2, 1)], {"controllers": [{"type": "pci", "index": 0, "model": "pcie-root"}]}, ["2"], 0),
        # What a port or the root has, and what is on a controller that is declared, needs none.
        ([(0, 2), (1, 0), (3, 0)], {}, [], 4 + 3 + 3),
        ([(2, 1)], {"controllers": [{"type": "pci", "index": 2, "model": "pcie-to-pci-bridge"}]}, ["2"], 0),
        ([(2, 1)], {"machine": "pc"}, [], 0),
    ],
)
def test_ports_give_way_to_addresses(
    places: list[tuple[int, int]], more: dict[str, Any], bridges: list[str], ports: int
) -> None:
    cards = [{"type": "user", "address": {"type": "pci", "bus": bus, "slot": slot}} for bus, slot in places]
    guest = {"name": "x", "memory": "1GiB", "machine": "q35", "state": "present", "interfaces": cards, **more}
    root = ElementTree.fromstring(defined(plan_one(DOMAIN, None, guest)))
    found = root.findall("devices/controller[@model='pcie-to-pci-bridge']")
    assert [node.get("index") for node in found] == bridges
    assert len(root.findall("devices/controller[@model='pcie-root-port']")) == ports

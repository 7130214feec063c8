# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared with less than a new one needs is told before any host is changed, and not refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import fleet_checked
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.short_forms import written_out
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import LISTS, problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.incomplete import lacking, lacks
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.rules import NO_SOURCE
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.disk_encryption import BY_HAND
from ansible_collections.virtfleet.kvm.plugins.module_utils._xml_conversion import to_xml, volume_to_xml

LUKS = {"format": "luks", "secrets": [{"usage": "/secrets/a"}]}
WHICH = "give one of network, bridge, direct"
ONE_SECRET = f"a disk is only made encrypted with format luks and one secret: {BY_HAND}"
FILLED = f"a disk that is made from {{}} is not encrypted: {BY_HAND}"
GUESTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"memory": None}, ["memory: a new domain needs it"]),
    ({"interfaces": [{}]}, [f"interfaces[0]: {WHICH}"]),
    ({"interfaces": ["default", {"dev": "eth0"}]}, [f"interfaces[1]: {WHICH}; dev alone does not say what it is"]),
    ({"interfaces": [{"name": "eth0"}]}, [f"interfaces[0]: {WHICH}; name alone does not say what it is"]),
    ({"graphics": [{"passwd": "x"}]}, ["graphics[0]: give type"]),
    ({"disks": [{"bus": "scsi"}]}, [f"disks[0]: {NO_SOURCE}"]),
    ({"disks": [{"device": "cdrom"}, {"size": "1GiB"}, {"file": "/a"}, {"volume": "a"}, {"backing": "a"}]}, []),
    ({"disks": [{"size": "1GiB", "encryption": {"format": "luks"}}]}, [f"disks[0].encryption: {ONE_SECRET}"]),
    ({"disks": [{"size": "1GiB", "encryption": {**LUKS, "cipher": {"name": "aes"}}}]},
     [f"disks[0].encryption: {ONE_SECRET}"]),
    ({"disks": [{"image": "/a", "encryption": LUKS}]}, [f"disks[0].encryption: {FILLED.format('image')}"]),
    ({"disks": [{"backing": "a", "source": {"encryption": LUKS}}]},
     [f"disks[0].encryption: {FILLED.format('backing')}"]),
    ({"disks": [{"size": "1GiB", "encryption": {**LUKS, "cipher": None}}, {"volume": "a", "encryption": LUKS},
                {"image": "/a", "format": "raw", "encryption": LUKS},
                {"file": "/b", "encryption": {"format": "luks"}}]},
     []),
    ({"interfaces": ["default", {"bridge": "br0"}, {"type": "user"}], "cpu": "host-passthrough"}, []),
    ({"memory": None, "state": "absent"}, []),
    ({"memory": None, "xml": "<memory>1048576</memory>"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("options", "said"), GUESTS)
def test_a_guest(options: dict[str, Any], said: list[str]) -> None:
    guest = {"name": "a", "host": "kvm01", "memory": "1GiB", **options}
    guest = {name: value for name, value in guest.items() if value is not None}
    fleet: dict[str, Any] = {"kvm01": {"kvm_guests": [guest]}}
    assert problems(["kvm01"], fleet) == []
    assert lacking(["kvm01"], fleet) == [f"guest a: {line}" for line in said]


@pytest.mark.parametrize(
    ("variable", "item", "said"),
    [
        ("kvm_pools", {"name": "a"}, "pool a: target: a new pool of type 'dir' needs it"),
        (
            "kvm_pools",
            {"name": "a", "type": "netfs", "target": "/a"},
            "pool a: source.hosts: a new pool of type 'netfs'",
        ),
        ("kvm_pools", {"name": "default"}, ""),
        ("kvm_pools", {"name": "a", "target": "/a"}, ""),
        ("kvm_volumes", {"name": "a.raw"}, "volume default/a.raw: capacity: a new volume needs it, or image, "),
        ("kvm_volumes", {"name": "a.raw", "image": "/a"}, ""),
        ("kvm_volumes", {"name": "a.raw", "state": "absent"}, ""),
        ("kvm_secrets", {"name": "a", "value": "x"}, "secret a: usage: a new secret needs it"),
        ("kvm_networks", {"name": "a", "forward": "nat"}, ""),
    ],
)
def test_what_is_of_a_host(variable: str, item: dict[str, Any], said: str) -> None:
    fleet: dict[str, Any] = {host: {variable: [item]} for host in ("kvm01", "kvm02")}
    assert problems(list(fleet), fleet) == []
    found = lacking(list(fleet), fleet)
    assert len(found) == bool(said)
    assert all(line.startswith(f"hosts kvm01, kvm02: {said}") for line in found)


@pytest.mark.parametrize(
    ("kind", "item"),
    [("kvm_guests", {"memory": "1GiB", **options}) for options, _said in GUESTS if "disks" not in options]
    + [("kvm_pools", {}), ("kvm_pools", {"target": "/a"}), ("kvm_secrets", {}), ("kvm_volumes", {})],
)
def test_the_host_refuses_the_same_of_a_new_one(kind: str, item: dict[str, Any]) -> None:
    """In the same words: what is told here is what a run would end with."""
    table = DOMAIN if kind == "kvm_guests" else LISTS[kind]
    item = {"name": "a", **{name: value for name, value in item.items() if value is not None}}
    told = [str(problem) for problem in lacks(table, written_out(table.rows, item))]
    try:
        volume_to_xml(item) if kind == "kvm_volumes" else to_xml(table, item)
        refused = ""
    except VirtfleetError as error:
        refused = str(error)
    if item.get("state") == "absent":
        assert told == []
    elif "xml" not in item:
        assert [line for line in told if line not in refused] == []
        assert bool(told) == bool(refused)


def test_the_check_tells_it_and_is_passed() -> None:
    fleet: dict[str, Any] = {"kvm01": {"kvm_pools": [{"name": f"p{number}"} for number in range(7)]}}
    said = fleet_checked(["kvm01"], fleet)
    assert said.startswith("The declaration is in order: 1 host, 0 guests; no host has the variable kvm_guests")
    assert ". This is refused where the host does not have it yet: host kvm01: pool p0: target: a new pool" in said
    assert said.endswith("; and 2 more")
    assert fleet_checked(["kvm01"], {"kvm01": {"kvm_guests": []}}) == "The declaration is in order: 1 host, 0 guests"


BR0 = {"name": "br0", "type": "bridge", "ports": ["eno1"]}
MVT0 = {"name": "mvt0", "type": "macvtap", "parent": "eno2"}


@pytest.mark.parametrize(
    ("bridge", "links", "said"),
    [
        ("br0", [MVT0], ["guest a: interfaces[0].bridge: br0 is not in kvm_links of host kvm01, but in that of kvm02"]),
        ("br9", [MVT0], ["guest a: interfaces[0].bridge: br9 is not in kvm_links of host kvm01"]),
        ("br0", [MVT0, BR0], []),
        ("virbr7", [MVT0], []),
        ("br9", [], []),
    ],
)
def test_a_bridge_that_the_host_does_not_declare(bridge: str, links: list[Any], said: list[str]) -> None:
    """Only the host knows whether it has one by hand, so nothing is refused; one without links has all by hand."""
    guest = {"name": "a", "host": "kvm01", "memory": "1GiB", "interfaces": [{"bridge": bridge}]}
    networks = [{"name": "lan", "bridge": "virbr7"}]
    fleet: dict[str, Any] = {
        "kvm01": {"kvm_guests": [guest, {**guest, "name": "b", "state": "absent"}], "kvm_links": links},
        "kvm02": {"kvm_links": [BR0]},
    }
    fleet["kvm01"]["kvm_networks"] = networks
    assert problems(["kvm01", "kvm02"], fleet) == []
    assert lacking(["kvm01", "kvm02"], fleet) == said

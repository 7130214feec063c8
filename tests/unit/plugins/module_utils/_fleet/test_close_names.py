# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of networks and pools in guests that are most likely slips: told before any host is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

LISTS: dict[str, Any] = {
    "kvm_networks": [{"name": "direct"}, {"name": "lan", "bridge": "virbr-lan"}],
    "kvm_pools": [{"name": "fast", "target": "/srv/fast"}],
    "kvm_volumes": [{"name": "scratch.qcow2", "capacity": "1GiB"}],
    "kvm_links": [{"name": "br-office", "type": "bridge"}],
}


def guest(name: str, host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", **options}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"interfaces": ["default", "dirct"]}, ["interfaces[1].network: 'dirct' is not in kvm_networks of host kvm01; "
                                                "did you mean 'direct'? The run goes on, for the host may have a"
                                                " network dirct that nobody declares"]),
        ({"disks": [{"size": "1MiB", "pool": "fats"}]}, ["disks[0].pool: 'fats' is not in kvm_pools of host kvm01; "
                                                         "did you mean 'fast'? The run goes on, for the host may"
                                                         " have a pool fats that nobody declares"]),
        ({"interfaces": [{"bridge": "br-ofice"}, {"bridge": "virbr-ln"}, {"bridge": "br-office"}, {"bridge": "br7"}]},
         ["interfaces[0].bridge: 'br-ofice' is not in kvm_links of host kvm01; did you mean 'br-office'? The run goes"
          " on, for the host may have a bridge br-ofice that nobody declares",
          "interfaces[1].bridge: 'virbr-ln' is not in kvm_links of host kvm01; did you mean 'virbr-lan'? The run goes"
          " on, for the host may have a bridge virbr-ln that nobody declares"]),
        ({"disks": [{"volume": "scrach.qcow2"}, {"image": "scrach.qcow2"}, {"backing": "default/scrach.qcow2"}]},
         [f"disks[{place}].{option}: 'scrach.qcow2' is not in kvm_volumes of host kvm01; did you mean 'scratch.qcow2'?"
          " The run goes on, for the host may have a volume scrach.qcow2 that nobody declares"
          for place, option in enumerate(("volume", "image", "backing"))]),
        ({"disks": [{"image": "/srv/scrach.qcow2"}, {"image": "https://a/scrach.qcow2"},
                    {"volume": "scrach.qcow2", "size": "1GiB"}, {"volume": "scratch.qcow2"}]}, []),
        ({"interfaces": ["direct", "default", "made-by-hand"], "disks": [{"size": "1MiB", "pool": "fast"}]}, []),
        ({"interfaces": 7, "disks": [{"size": "1MiB", "pool": ["fats"]}, 7]}, []),
    ],
)  # fmt: skip
def test_a_name_that_is_close_to_a_declared_one(options: dict[str, Any], said: list[str]) -> None:
    variables = {"kvm01": {**LISTS, "kvm_guests": [guest("a", **options)]}}
    assert doubts(["kvm01"], variables) == [f"guest a: {line}" for line in said]


@pytest.mark.parametrize(
    ("file", "name", "like"),
    [
        ("/var/lib/libvirt/images/debain.iso", "debain.iso", "debian.iso"),
        ("/srv//fast/wni.iso", "wni.iso", "win.iso"),
        ("/srv/fast/debain.iso", "", ""),
        ("/srv/debain.iso", "", ""),
        ("/var/lib/libvirt/images/debian.iso", "", ""),
    ],
)
def test_a_file_that_is_close_to_a_volume_in_the_folder_of_its_pool(file: str, name: str, like: str) -> None:
    url = "https://example.com/a.iso"
    volumes = [{"name": "debian.iso", "image": url}, {"name": "win.iso", "pool": "fast", "image": url}]
    options = {"disks": [{"device": "cdrom", "file": file}]}
    variables = {"kvm01": {**LISTS, "kvm_volumes": volumes, "kvm_guests": [guest("a", **options)]}}
    said = (
        f"guest a: disks[0].file: {name!r} is not in kvm_volumes of host kvm01; did you mean {like!r}? The run goes on,"
        f" for the host may have a volume {name} that nobody declares"
    )
    assert doubts(["kvm01"], variables) == ([said] if like else [])


def test_nothing_is_told_of_a_host_that_declares_none() -> None:
    variables = {"kvm01": {"kvm_guests": [guest("a", interfaces=["dirct"]), 7]}, "kvm02": {"kvm_guests": 7, **LISTS}}
    assert doubts(["kvm01", "kvm02"], variables) == []


def test_the_check_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    guests = [guest("a", "kvm02", interfaces=["dirct"])]
    assert (
        fleet.fleet_problems(HOSTS, hostvars(tmp_path, {"group_vars/all.yml": {**LISTS, "kvm_guests": guests}})) == []
    )
    assert [line.partition(" of host ")[2][:5] for line in warned] == ["kvm02"]


@pytest.mark.parametrize(
    ("volume", "told"),
    [
        ({"name": "a.raw", "pool": "fsat"}, True),
        ({"name": "a.raw", "pool": "fast"}, False),
        ({"name": "a.raw", "pool": "other"}, False),
        ({"name": "a.raw"}, False),
        ({"name": "a.raw", "pool": "fsat", "state": "absent"}, False),
    ],
)
def test_a_slip_in_the_pool_of_a_volume(volume: dict[str, Any], told: bool) -> None:
    variables = {"kvm01": {"kvm_pools": [{"name": "fast", "target": "/srv/fast"}], "kvm_volumes": [volume]}}
    assert doubts(["kvm01"], variables) == told * [
        "volume a.raw: pool: 'fsat' is not in kvm_pools of host kvm01; did you mean 'fast'? The run goes on, for the"
        " host may have a pool fsat that nobody declares"
    ]


@pytest.mark.parametrize(
    ("original", "others", "like"),
    [
        ("goldn", ["golden"], "golden"),
        ("golden", ["golden"], None),
        ("by-hand", ["golden"], None),
    ],
)
def test_the_original_of_a_clone(original: str, others: list[str], like: str | None) -> None:
    guests = [*map(guest, others), guest("web", clone_of=original)]
    said = (
        f"guest web: clone_of: {original!r} is not in kvm_guests of host kvm01; did you mean {like!r}? The run goes on,"
        f" for the host may have a guest {original} that nobody declares"
    )
    assert doubts(["kvm01"], {"kvm01": {"kvm_guests": guests}}) == ([said] if like else [])


def test_clones_of_one_original_are_no_slips_of_its_name() -> None:
    guests = [guest(name, clone_of="golden") for name in ("golden1", "goldens", "golden-2")]
    assert doubts(["kvm01"], {"kvm01": {"kvm_guests": guests}}) == []
    other = guest("goldem", "kvm02")
    assert doubts(["kvm01"], {"kvm01": {"kvm_guests": [*guests, other]}}) == []


BOND0 = {"name": "bond0", "type": "bond", "ports": ["eno1", "eno2"]}


@pytest.mark.parametrize(
    ("link", "option", "name", "like"),
    [
        ({"type": "bridge", "ports": ["bond1"]}, "ports", "bond1", "bond0"),
        ({"type": "bridge", "ports": ["eno3", "bond"]}, "ports", "bond", "bond0"),
        ({"type": "bridge", "ports": ["bnod0"]}, "ports", "bnod0", "bond0"),
        ({"type": "bridge", "ports": ["storag"]}, "ports", "storag", "storage"),
        ({"type": "vlan", "id": 7, "parent": "bond1"}, "parent", "bond1", "bond0"),
        ({"type": "macvlan", "parent": "br1"}, "parent", "br1", "br0"),
        ({"type": "bridge", "ports": ["bond0"]}, "", "", ""),
        ({"type": "bridge", "ports": ["eno3", "br1", "vlan21", "uplink", "eth1", "vnet0"]}, "", "", ""),
        ({"type": "vlan", "id": 7, "parent": "eth1"}, "", "", ""),
        ({"type": "bridge", "ports": ["bond1"], "state": "absent"}, "", "", ""),
        ({"type": "bridge", "ports": "bond1"}, "", "", ""),
        ({"type": "bridge", "ports": [7, ["bond1"], None]}, "", "", ""),
    ],
)
def test_a_port_or_parent_that_is_close_to_a_declared_link(
    link: dict[str, Any], option: str, name: str, like: str
) -> None:
    links = [
        BOND0,
        {"name": "br0", "type": "bridge", "ports": ["eth0"]},
        {"name": "eth10", "type": "bond", "ports": ["eno7"]},
        {"name": "vlan20", "type": "vlan", "parent": "bond0", "id": 20},
        {"name": "storage", "type": "vlan", "parent": "bond0", "id": 30},
        {"name": "new", **link},
    ]
    said = (
        f"link new: {option}: {name!r} is not in kvm_links of host kvm01; did you mean {like!r}? The run goes on, for"
        f" the host may have a card {name}"
    )
    assert doubts(["kvm01"], {"kvm01": {"kvm_links": links}}) == ([said] if like else [])


def test_what_several_links_name_or_may_be_a_slip_of_several_is_no_slip() -> None:
    vlans = [{"name": f"v{number}", "type": "vlan", "id": number, "parent": "bond1"} for number in (5, 6)]
    bonds = [BOND0, {**BOND0, "name": "bond7", "ports": ["eno5"]}]
    assert doubts(["kvm01"], {"kvm01": {"kvm_links": [BOND0, *vlans]}}) == []
    assert doubts(["kvm01"], {"kvm01": {"kvm_links": [*bonds, vlans[0]]}}) == []
    assert len(doubts(["kvm01"], {"kvm01": {"kvm_links": [BOND0, vlans[0]]}})) == 1


@pytest.mark.parametrize(
    ("interface", "said"),
    [
        ({"network": "lan", "portgroup": "fsat"}, "lan has no 'fsat' in kvm_networks, it has fast, slow"),
        ({"network": "bare", "portgroup": "fast"}, "bare has no 'fast' in kvm_networks, it declares none"),
        ({"network": "lan", "portgroup": "fast"}, ""),
        ({"network": "lan"}, ""),
        ({"network": "verbatim", "portgroup": "fast"}, ""),
        ({"network": "gone", "portgroup": "fast"}, ""),
        ({"network": "made-by-hand", "portgroup": "fast"}, ""),
        ({"network": "lan", "portgroup": ["fast"]}, ""),
    ],
)
def test_a_port_group_that_the_declared_network_does_not_have(interface: dict[str, Any], said: str) -> None:
    networks = [
        {"name": "lan", "portgroups": [{"name": "slow"}, {"name": "fast"}, 7]},
        {"name": "bare"},
        {"name": "verbatim", "xml": "<portgroup name='fast'/>"},
        {"name": "gone", "state": "absent"},
    ]
    guests = [guest("a", interfaces=[interface]), guest("b", interfaces=[interface], state="absent")]
    line = f"guest a: interfaces[0].portgroup: the network {said}: name another, or declare it there"
    assert doubts(["kvm01"], {"kvm01": {"kvm_networks": networks, "kvm_guests": guests}}) == ([line] if said else [])

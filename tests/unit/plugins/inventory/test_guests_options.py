# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the inventory plugin: mistakes, and what guests are selected and grouped by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

from ansible_collections.virtfleet.kvm.tests.unit import guest_inventories
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    DB01,
    MAC,
    WEB01,
    declared,
    guest,
    host,
    hosts_of,
    members,
    network,
    parsed,
)


def read(*sources: Path) -> InventoryManager:
    """The inventory of some sources, as a command line names them with -i."""
    return InventoryManager(loader=DataLoader(), sources=[str(source) for source in sources])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"proxy_jmp": "nat"}, "proxy_jmp: no such option; did you mean 'proxy_jump'?"),
        ({"hosts": ["kvm01"]}, "hosts: no such option"),
        ({"proxy_jump": "yes"}, "proxy_jump: 'yes' is not one of nat, always, never"),
        ({"connect": "virtio"}, "connect: 'virtio' is not one of ssh, agent, vsock"),
        ({"vsock_proxy": "ncat"}, "vsock_proxy: 'ncat' is not one of systemd, libvirt, socat"),
        ({"unreachable": True}, "unreachable: True is not one of warn, error, ignore"),
        ({"address_sources": ["leases"]}, "address_sources: 'leases' is none of the sources of addresses"),
        ({"groups_by": ["hosts"]}, "groups_by: 'hosts' is none of the groups: host, state, network, tag"),
        ({"timeout": "fast"}, "timeout: 'fast' is not possible here; write a number above 0"),
        ({"timeout": 0}, "timeout: 0 is not possible here; write a number above 0"),
        ({"forks": -1}, "forks: -1 is not possible here"),
        ({"undeclared": "perhaps"}, "undeclared: 'perhaps' is not possible here; write true or false"),
        ({"compose": ["a"]}, "compose: a list is not possible here; write names with an expression each"),
        (
            {"keyed_groups": [{"key": "a", "prefx": "b"}]},
            r"keyed_groups\[0\].prefx: no such option; did you mean 'prefix'",
        ),
        ({"query": "[?"}, "query '.*'"),
        ({"query": "length(@)"}, "selects 1; it has to select guests or their names"),
        ({"strict": True, "hostname": "nope"}, "guest web01 of host kvm01: hostname gives no name"),
        ({"strict": True, "hostname": "''"}, "hostname gives no name, but ''"),
        ({"strict": True, "compose": {"a": "nope"}}, "Could not set a for host web01"),
        ({"plugin": "virtfleet.kvm.gests"}, "Incorrect plugin name in file: virtfleet.kvm.gests"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, one: dict[str, Any], settings: dict[str, Any], said: str) -> None:
    with pytest.raises(AnsibleError, match=said) as caught:
        parsed(tmp_path, one, declared(WEB01), **settings)
    assert "fault of this collection" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file holds null, not options"),
        ("- a", "the file holds a list, not options"),
        ("plugin: [", "YAML"),
        ("1: 2\nplugin: virtfleet.kvm.guests", "1: no such option"),
    ],
)
def test_a_file_that_holds_no_options(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "guests.kvm.yml"
    path.write_text(text)
    plugin = inventory_loader.get(guest_inventories.PLUGIN)
    with pytest.raises(AnsibleError, match=said):
        plugin.parse(read()._inventory, DataLoader(), str(path))


def test_query_compose_groups_and_keyed_groups(tmp_path: Path, one: dict[str, Any]) -> None:
    settings = {
        "query": "[?state == 'running']",
        "compose": {"ansible_user": "'debian'", "ansible_ssh_common_args": "kvm_guest.ssh_args ~ ' -o Foo=bar'"},
        "groups": {"small": "kvm_guest.memory < 1024 ** 3", "large": "kvm_guest.memory > 1024 ** 3"},
        "keyed_groups": [{"key": "kvm_guest.address_source", "prefix": "by"}],
    }
    inventory = parsed(tmp_path, one, declared(WEB01, DB01), **settings)
    assert members(inventory, "kvm_guests") == ["web01"]
    assert members(inventory, "small") == members(inventory, "by_lease") == ["web01"]
    assert "large" not in inventory.groups
    variables = inventory.hosts["web01"].vars
    assert variables["ansible_user"] == "debian"
    assert variables["ansible_ssh_common_args"].startswith("-o ProxyJump=root@192.0.2.11 ")
    assert variables["ansible_ssh_common_args"].endswith(" -o Foo=bar")


@pytest.mark.parametrize(
    "query", ["[?name == 'db01']", "[?name == 'db01'].name", "[?name == 'db01'].{name: name, host: host}"]
)
def test_a_query_selects_guests_or_names(tmp_path: Path, one: dict[str, Any], query: str) -> None:
    assert members(parsed(tmp_path, one, declared(WEB01, DB01), query=query), "kvm_guests") == ["db01"]


def test_what_is_not_strict_is_left_out(tmp_path: Path, one: dict[str, Any], told: list[str]) -> None:
    settings = {"compose": {"a": "nope", "b": "'there'"}, "groups": {"c": "nope"}, "keyed_groups": [{"key": "nope"}]}
    inventory = parsed(tmp_path, one, declared(WEB01), **settings)
    assert "a" not in inventory.hosts["web01"].vars
    assert inventory.hosts["web01"].vars["b"] == "there"
    assert told == []


def test_tags_are_groups(tmp_path: Path) -> None:
    inner = (
        "<metadata><t:tags xmlns:t='https://example.com/tags'><t:tag>web</t:tag><t:tag>eu-1</t:tag></t:tags></metadata>"
    )
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC, inner=inner))
    there = {"name": "a", "host": "kvm01"}
    to_come = {"name": "b", "host": "kvm01", "metadata": ['<tags xmlns="https://example.com/tags">web, db</tags>']}
    inventory = parsed(tmp_path, hosts_of({"kvm01": uri}), declared(there, to_come))
    assert members(inventory, "kvm_tag_web") == ["a", "b"]
    assert members(inventory, "kvm_tag_eu_1") == ["a"]
    assert members(inventory, "kvm_tag_db") == ["b"]
    inventory = parsed(tmp_path, hosts_of({"kvm01": uri}), declared(there), groups_by=["state"], group="vms")
    assert {name for name in inventory.groups if name.startswith(("kvm_", "vms"))} == {
        "kvm_hosts",
        "kvm_state_running",
        "vms",
    }


def test_names_that_are_taken(tmp_path: Path, told: list[str]) -> None:
    uris = {name: host(tmp_path / f"{name}.xml", guest("a"), guest(name)) for name in ("kvm01", "kvm02")}
    inventory = parsed(tmp_path, hosts_of(uris), {}, undeclared=True)
    assert members(inventory, "kvm_guests") == ["a"]
    assert len(told) == 3
    assert any("guest a of host kvm02: the name a is taken by guest a of kvm01" in line for line in told)
    assert any("guest kvm01 of host kvm01: the name kvm01 is taken by kvm01" in line for line in told)
    del told[:]
    settings = {"undeclared": True, "hostname": "kvm_guest.name ~ '.' ~ kvm_guest.host"}
    inventory = parsed(tmp_path, hosts_of(uris), {}, **settings)
    assert members(inventory, "kvm_guests") == ["a.kvm01", "a.kvm02", "kvm01.kvm01", "kvm02.kvm02"]
    assert told == []

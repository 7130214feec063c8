# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts that the inventory plugin makes of guests, with Ansible's own inventory and libvirt's test driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.loader import inventory_loader

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import answers
from ansible_collections.virtfleet.kvm.tests.unit import guest_inventories
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    DB01,
    MAC,
    WEB01,
    declared,
    facts,
    guest,
    host,
    hosts_of,
    members,
    network,
    parsed,
)


def test_guests_become_hosts_in_groups(tmp_path: Path, one: dict[str, Any], told: list[str]) -> None:
    files = declared(
        WEB01, DB01, {"name": "new01", "host": "kvm01"}, {"name": "gone", "host": "kvm01", "state": "absent"}
    )
    inventory = parsed(tmp_path, one, files)
    assert members(inventory, "kvm_guests") == ["db01", "new01", "web01"]
    assert members(inventory, "kvm_host_kvm01") == ["db01", "new01", "web01"]
    assert members(inventory, "kvm_state_running") == ["web01"]
    assert members(inventory, "kvm_state_stopped") == ["db01"]
    assert members(inventory, "kvm_state_absent") == ["new01"]
    assert members(inventory, "kvm_network_default") == ["web01"]
    assert "gone" not in inventory.hosts
    assert "by-hand" not in inventory.hosts
    assert members(inventory, "kvm_hosts") == ["kvm01"]
    assert told == []


def test_the_address_and_the_way_through_the_host(tmp_path: Path, one: dict[str, Any]) -> None:
    inventory = parsed(tmp_path, one, declared(WEB01))
    variables = inventory.hosts["web01"].vars
    assert variables["ansible_host"].startswith("192.168.122.")
    assert variables["ansible_ssh_common_args"] == "-o ProxyJump=root@192.0.2.11 -o HostKeyAlias=web01.kvm01"
    assert variables["ansible_control_path"].startswith("%(directory)s/")
    found = facts(inventory, "web01")
    assert (found["address_source"], found["address_network"], found["behind_host"]) == ("lease", "default", True)
    assert found["memory"] == 512 * 1024**2


def test_guests_with_one_address_on_two_hosts_share_no_connection(tmp_path: Path) -> None:
    """Ansible keeps connections by address, port and user: without more, one guest would get the tasks of the other."""
    uris = {name: host(tmp_path / f"{name}.xml", network("default"), guest(f"{name}-a", MAC)) for name in ("k1", "k2")}
    files = declared(*({"name": f"{name}-a", "host": name} for name in uris))
    found = [parsed(tmp_path, hosts_of(uris), files).hosts[f"{name}-a"].vars for name in uris]
    assert found[0]["ansible_host"] == found[1]["ansible_host"]
    assert found[0]["ansible_control_path"] != found[1]["ansible_control_path"]
    assert "HostKeyAlias=k1-a.k1" in found[0]["ansible_ssh_common_args"]


def test_a_name_that_ssh_does_not_take(tmp_path: Path) -> None:
    """libvirt allows spaces in names of guests; the option of ssh does not."""
    uri = host(tmp_path / "k.xml", network("default"), guest("a b%h", MAC))
    inventory = parsed(tmp_path, hosts_of({"kvm01": uri}), declared({"name": "a b%h", "host": "kvm01"}))
    assert inventory.hosts["a b%h"].vars["ansible_ssh_common_args"].endswith(" -o HostKeyAlias=a_b_h.kvm01")


def test_never_and_always_through_the_host(tmp_path: Path) -> None:
    uri = host(tmp_path / "k.xml", network("routed", 130, "<forward mode='route'/>"), guest("a", MAC, "routed"))
    groups, files = hosts_of({"kvm01": uri}), declared({"name": "a", "host": "kvm01"})
    for wanted, through in (("nat", False), ("always", True), ("never", False)):
        variables = parsed(tmp_path, groups, files, proxy_jump=wanted).hosts["a"].vars
        assert ("ansible_ssh_common_args" in variables) is through
    local = hosts_of({"kvm01": uri}, ansible_connection="local")
    assert "ansible_ssh_common_args" not in parsed(tmp_path, local, files, proxy_jump="always").hosts["a"].vars


def test_a_network_without_a_way_out_hides_its_guests(tmp_path: Path) -> None:
    uri = host(tmp_path / "k.xml", network("alone", 131, ""), guest("a", MAC, "alone"))
    inventory = parsed(tmp_path, hosts_of({"kvm01": uri}), declared({"name": "a", "host": "kvm01"}))
    assert facts(inventory, "a")["behind_host"] is True
    assert "ProxyJump=kvm01" in inventory.hosts["a"].vars["ansible_ssh_common_args"]


def test_undeclared_guests(tmp_path: Path, one: dict[str, Any]) -> None:
    inventory = parsed(tmp_path, one, declared(WEB01), undeclared=True)
    assert members(inventory, "kvm_guests") == ["by-hand", "db01", "web01"]
    assert [facts(inventory, name)["declared"] for name in ("by-hand", "web01")] == [False, True]
    alone = parsed(tmp_path / "alone", one, {}, undeclared=True)
    assert members(alone, "kvm_guests") == ["by-hand", "db01", "web01"]


def test_what_is_not_asked_is_known_by_the_declaration(
    tmp_path: Path, one: dict[str, Any], monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    monkeypatch.setattr(answers, "ask", lambda *args: pytest.fail("a host was asked"))
    monkeypatch.setattr(answers, "python", lambda: pytest.fail("libvirt was looked for"))
    kept = {"mac": MAC, "name": "web01", "ip": "192.168.122.11"}
    networks = [{"name": "default", "forward": {"mode": "nat"}, "ips": [{"dhcp": {"hosts": [kept]}}]}]
    inventory = parsed(tmp_path, one, declared(WEB01, kvm_networks=networks), ask=False)
    assert inventory.hosts["web01"].vars["ansible_host"] == "192.168.122.11"
    found = facts(inventory, "web01")
    assert (found["state"], found["address_source"], found["behind_host"]) == ("unknown", "declared", True)
    assert found["memory"] == 1024**3
    assert told == []


def test_a_missing_binding_is_told_once(
    tmp_path: Path, one: dict[str, Any], monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    monkeypatch.setattr(answers, "python", lambda: None)
    inventory = parsed(tmp_path, one, declared(WEB01))
    assert facts(inventory, "web01")["state"] == "unknown"
    (line,) = told
    assert "libvirt's Python binding is missing on the control node" in line
    assert "python3-libvirt" in line


def test_the_plugin_takes_what_is_its_own() -> None:
    plugin = inventory_loader.get(guest_inventories.PLUGIN)
    there = Path(__file__)
    assert plugin.verify_file(str(there)) is False
    assert plugin.verify_file(str(there.with_name("guests.kvm.yml"))) is False


def test_a_file_that_is_for_the_plugin_and_is_called_otherwise(tmp_path: Path) -> None:
    """Ansible alone says that the file could not be verified."""
    (tmp_path / "guests.yml").write_text("# all of them\nplugin: virtfleet.kvm.guests\n")
    with pytest.raises(AnsibleError, match=r"guests\.yml: its name has to end in \.kvm\.yml, as zz-guests\.kvm\.yml"):
        inventory_loader.get(guest_inventories.PLUGIN).verify_file(str(tmp_path / "guests.yml"))


@pytest.mark.parametrize("name", ["guests.kvm.yml", "a.kvm.yaml"])
def test_names_of_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("plugin: virtfleet.kvm.guests")
    assert inventory_loader.get(guest_inventories.PLUGIN).verify_file(str(tmp_path / name)) is True


def test_guests_that_are_reached_by_their_agents(tmp_path: Path) -> None:
    """By the way that Ansible takes to the host; what the inventory says of a guest stays."""
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC), guest("b"))
    files = declared({"name": "a", "host": "kvm01"}, {"name": "b", "host": "kvm01"}, {"name": "c", "host": "kvm02"})
    hosts = hosts_of({"kvm01": "", "kvm02": uri}, ansible_user="root", ansible_ssh_common_args="-o 'Foo=b r'")
    hosts["kvm_hosts"]["hosts"]["kvm01"] = {"ansible_host": "192.0.2.11", "ansible_port": 2222}
    files["host_vars/b.yml"] = {"ansible_connection": "local"}
    inventory = parsed(tmp_path, hosts, files, connect="agent", ask=False)
    found = {name: inventory.hosts[name].vars for name in "abc"}
    assert (
        found["a"].items()
        >= {
            "ansible_connection": "virtfleet.kvm.agent",
            "ansible_kvm_guest": "a",
            "ansible_kvm_uri": "qemu+ssh://root@192.0.2.11:2222/system",
            "ansible_kvm_ssh_args": "-o 'Foo=b r'",
        }.items()
    )
    assert found["c"]["ansible_kvm_uri"] == uri
    assert "ansible_kvm_ssh_executable" not in found["a"]
    assert "ansible_ssh_common_args" not in found["a"]
    assert "ansible_connection" not in parsed(tmp_path, hosts, files, ask=False).hosts["a"].vars

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin for guests, with Ansible's own inventory and libvirt's test driver."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import answers, ask
from ansible_collections.virtfleet.kvm.tests.unit import guest_inventories
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    facts,
    guest,
    host,
    hosts_of,
    members,
    network,
    parsed,
    silent_server,
)
from ansible_collections.virtfleet.kvm.tests.unit.inventories import write

MAC = "52:54:00:aa:00:01"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that users read."""
    lines: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text, *args, **kwargs: lines.append(str(text)))
    return lines


def declared(*guests: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Files with a fleet's guests."""
    return {"group_vars/all.yml": {"kvm_guests": list(guests), **more}}


@pytest.fixture
def one(tmp_path: Path) -> dict[str, Any]:
    """The inventory file of a fleet of one host, on which web01 runs and db01 does not."""
    uri = host(
        tmp_path / "kvm01.xml",
        network("default"),
        guest("web01", MAC),
        guest("db01", state="stopped"),
        guest("by-hand"),
    )
    return hosts_of({"kvm01": uri}, ansible_host="192.0.2.11", ansible_user="root")


WEB01 = {"name": "web01", "host": "kvm01", "memory": "1GiB", "interfaces": [{"network": "default", "mac": MAC}]}
DB01 = {"name": "db01", "host": "kvm01"}


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


@pytest.mark.parametrize("name", ["guests.kvm.yml", "a.kvm.yaml"])
def test_names_of_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("plugin: virtfleet.kvm.guests")
    assert inventory_loader.get(guest_inventories.PLUGIN).verify_file(str(tmp_path / name)) is True


# --- the order of sources ---


def read(*sources: Path) -> InventoryManager:
    """The inventory of some sources, as a command line names them with -i."""
    return InventoryManager(loader=DataLoader(), sources=[str(source) for source in sources])


def all_said(told: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """What Ansible says of sources that failed: as a warning, since ansible-core 2.19 in a way of its own."""
    return " ".join(" ".join([*told, capfd.readouterr().err]).split())


def test_sources_one_by_one(
    tmp_path: Path, one: dict[str, Any], told: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where group_vars are beside the hosts only."""
    hosts = write(tmp_path / "a", declared(WEB01), one)
    plugin = write(tmp_path / "b", {"guests.kvm.yml": {"plugin": "virtfleet.kvm.guests"}}).with_name("guests.kvm.yml")
    assert members(read(hosts, plugin)._inventory, "kvm_guests") == ["web01"]
    assert capfd.readouterr().err == ""
    assert "web01" not in read(plugin, hosts).hosts
    said = all_said(told, capfd)
    assert "no host is in the group kvm_hosts yet when guests.kvm.yml is read" in said
    assert "-i hosts.yml -i guests.kvm.yml" in said


def test_group_vars_beside_the_plugin(tmp_path: Path, one: dict[str, Any]) -> None:
    hosts = write(tmp_path / "a", {}, one)
    write(tmp_path / "b", {**declared(WEB01), "guests.kvm.yml": {"plugin": "virtfleet.kvm.guests"}})
    assert "web01" in read(hosts, tmp_path / "b/guests.kvm.yml").hosts


@pytest.mark.parametrize(("name", "found"), [("zz-guests.kvm.yml", True), ("guests.kvm.yml", False)])
def test_a_folder_is_read_by_names(
    tmp_path: Path, one: dict[str, Any], told: list[str], capfd: pytest.CaptureFixture[str], name: str, found: bool
) -> None:
    folder = write(tmp_path / "inventory", {**declared(WEB01), name: {"plugin": "virtfleet.kvm.guests"}}, one).parent
    assert ("web01" in read(folder).hosts) is found
    assert ("such as zz-guests.kvm.yml" in all_said(told, capfd)) is not found


def test_variables_of_groups_and_hosts_by_ansibles_own_rules(tmp_path: Path) -> None:
    """Templates, group_vars of a parent group, host_vars over group_vars, and vars in the file."""
    uri = host(tmp_path / "k.xml", network("default"), guest("web01", MAC))
    groups = {"site": {"children": {"kvm_hosts": {"hosts": {"kvm01": {}}}}}}
    files = {
        "group_vars/site.yml": {"kvm_guests": [{"name": "{{ prefix }}01", "host": "{{ inventory_hostname }}"}]},
        "group_vars/all.yml": {"prefix": "db", "kvm_inventory_uri": "{{ where }}", "where": "test:///no/such.xml"},
        "host_vars/kvm01.yml": {"prefix": "web", "where": uri},
    }
    assert members(parsed(tmp_path, groups, files), "kvm_state_running") == ["web01"]


def test_variables_of_the_inventory_for_a_guest_stay(tmp_path: Path, one: dict[str, Any]) -> None:
    groups = {**one, "web": {"hosts": {"web01": {"ansible_host": "198.51.100.7"}}}}
    inventory = parsed(tmp_path, groups, declared(WEB01))
    assert inventory.hosts["web01"].vars["ansible_host"] == "198.51.100.7"
    assert members(inventory, "web") == ["web01"]
    assert facts(inventory, "web01")["state"] == "running"


# --- hosts that do not answer ---


def test_fifty_hosts_of_which_three_are_dead(tmp_path: Path, told: list[str]) -> None:
    """One takes connections and says nothing, one refuses them, one has no such file. None costs the others."""
    timeout = 6.0
    names = [f"kvm{number:02}" for number in range(50)]
    with silent_server() as silent:
        uris = {name: host(tmp_path / f"{name}.xml", network("default"), guest(f"{name}-a", MAC)) for name in names[3:]}
        dead = {"kvm00": silent, "kvm01": "test+tcp://127.0.0.1:1/default", "kvm02": "test:///no/such/file.xml"}
        files = declared(*({"name": f"{name}-a", "host": name} for name in names))
        begun = time.monotonic()
        inventory = parsed(tmp_path, hosts_of({**dead, **uris}), files, timeout=timeout)
        took = time.monotonic() - begun
    assert members(inventory, "kvm_state_running") == [f"{name}-a" for name in names[3:]]
    assert members(inventory, "kvm_state_unknown") == [f"{name}-a" for name in names[:3]]
    assert timeout <= took < timeout + ask.GRACE
    assert sorted(line.split(":")[0] for line in told) == ["host kvm00", "host kvm01", "host kvm02"]
    assert any("host kvm00: did not answer within 6 seconds" in line for line in told)


def test_dead_hosts_give_up_their_turn(tmp_path: Path) -> None:
    """With one host at a time, the second one is asked when the time of the first is over."""
    with silent_server() as silent:
        uri = host(tmp_path / "k.xml", network("default"), guest("b", MAC))
        files = declared({"name": "a", "host": "kvm01"}, {"name": "b", "host": "kvm02"})
        groups = hosts_of({"kvm01": silent, "kvm02": uri})
        inventory = parsed(tmp_path, groups, files, timeout=4, forks=1)
    assert members(inventory, "kvm_state_running") == ["b"]


@pytest.mark.parametrize("wanted", ["warn", "error", "ignore"])
def test_what_to_do_about_dead_hosts(tmp_path: Path, one: dict[str, Any], told: list[str], wanted: str) -> None:
    groups = hosts_of({"kvm01": "test:///no/such/file.xml"})
    if wanted == "error":
        with pytest.raises(AnsibleError, match=r"host kvm01: libvirt does not answer at test:///no/such/file\.xml"):
            parsed(tmp_path, groups, declared(WEB01), unreachable=wanted)
        return
    assert "web01" in parsed(tmp_path, groups, declared(WEB01), unreachable=wanted).hosts
    assert len(told) == (wanted == "warn")


def test_a_connection_that_is_not_ssh(tmp_path: Path, told: list[str]) -> None:
    groups = hosts_of({"kvm01": ""}, ansible_connection="containers.podman.podman")
    assert facts(parsed(tmp_path, groups, declared(WEB01)), "web01")["state"] == "unknown"
    assert "by the connection 'podman', by which libvirt cannot be asked; set kvm_inventory_uri" in told[0]


# --- the file of the plugin ---


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"proxy_jmp": "nat"}, "proxy_jmp: no such option; did you mean 'proxy_jump'?"),
        ({"hosts": ["kvm01"]}, "hosts: no such option"),
        ({"proxy_jump": "yes"}, "proxy_jump: 'yes' is not one of nat, always, never"),
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


# --- what users choose ---


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


# --- declarations with mistakes ---


def test_a_guest_is_known_though_others_of_its_options_cannot_be_told(
    tmp_path: Path, one: dict[str, Any], told: list[str]
) -> None:
    """A vault whose password is missing, or a file that is not there, is no matter of the inventory."""
    guest = {
        **WEB01,
        "disks": [{"file": "{{ nope }}"}],
        "graphics": [{"type": "vnc", "passwd": "{{ lookup('file', 'x') }}"}],
    }
    assert "web01" in parsed(tmp_path, one, declared(guest)).hosts
    assert told == []


@pytest.mark.parametrize(
    ("guest", "said"),
    [
        ({"name": "a", "host": "{{ nope }}"}, "'nope' is undefined"),
        ({"name": "{{ nope }}", "host": "kvm01"}, "'nope' is undefined"),
        ({"name": "a", "host": "kvm09"}, "guest a: host: 'kvm09' is not in the inventory's group kvm_hosts"),
        ({"host": "kvm01"}, "a guest without a name is declared"),
    ],
)
def test_guests_that_cannot_be_told(
    tmp_path: Path, one: dict[str, Any], told: list[str], guest: dict[str, Any], said: str
) -> None:
    inventory = parsed(tmp_path, one, declared(WEB01, guest))
    assert members(inventory, "kvm_guests") == ["web01"]
    assert len(told) == 1
    assert said in told[0]
    with pytest.raises(AnsibleError, match=said):
        parsed(tmp_path, one, declared(WEB01, guest), strict=True)


@pytest.mark.parametrize("guests", ["web01", {"web01": {}}, 3])
def test_guests_that_are_no_list(tmp_path: Path, one: dict[str, Any], told: list[str], guests: Any) -> None:
    inventory = parsed(tmp_path, one, {"group_vars/all.yml": {"kvm_guests": guests}})
    assert members(inventory, "kvm_guests") == []
    assert "host kvm01: kvm_guests is not a list of guests" in told[0]


def test_no_guests_declared_at_all(tmp_path: Path, one: dict[str, Any], told: list[str]) -> None:
    assert members(parsed(tmp_path, one, {}), "kvm_guests") == []
    assert "no host of the group kvm_hosts has the variable kvm_guests" in told[0]
    del told[:]
    assert members(parsed(tmp_path / "empty", one, declared()), "kvm_guests") == []
    assert told == []


# --- the cache ---


CACHE = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}


@pytest.fixture
def cached(tmp_path: Path) -> dict[str, Any]:
    return {**CACHE, "cache_connection": str(tmp_path / "cache")}


def kept_in(folder: Path) -> str:
    """What is in the cache."""
    (file,) = (folder / "cache").iterdir()
    return file.read_text()


def test_the_cache_saves_questions(
    tmp_path: Path, one: dict[str, Any], cached: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = parsed(tmp_path, one, declared(WEB01), **cached)
    asked: list[list[str]] = []
    monkeypatch.setattr(answers, "ask", lambda hosts, *rest: asked.append(list(hosts)) or {})
    after = parsed(tmp_path, one, declared(WEB01, DB01), **cached)
    assert facts(after, "web01") == facts(before, "web01")
    assert members(after, "kvm_state_stopped") == ["db01"], "what is declared is read anew"
    assert asked == []
    parsed(tmp_path, one, declared(WEB01), refresh=True, **cached)
    assert asked == [["kvm01"]], "a refresh asks"
    for change in ({"networks": ["lan"]}, {"address_sources": ["arp"]}):
        parsed(tmp_path, one, declared(WEB01), **cached, **change)
        assert asked.pop() == ["kvm01"], "what is asked otherwise is asked anew"


def test_the_cache_has_its_time(
    tmp_path: Path, one: dict[str, Any], cached: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed(tmp_path, one, declared(WEB01), **cached)
    asked: list[list[str]] = []
    monkeypatch.setattr(answers, "ask", lambda hosts, *rest: asked.append(list(hosts)) or {})
    now = time.time()
    monkeypatch.setattr(answers.time, "time", lambda: now + 100)
    parsed(tmp_path, one, declared(WEB01), **cached, cache_timeout=200)
    assert asked == []
    parsed(tmp_path, one, declared(WEB01), **cached, cache_timeout=50)
    assert asked.pop() == ["kvm01"]


def test_hosts_that_did_not_answer_are_asked_again(tmp_path: Path, cached: dict[str, Any], told: list[str]) -> None:
    later = tmp_path / "later.xml"
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC))
    groups = hosts_of({"kvm01": uri, "kvm02": f"test://{later}"})
    files = declared({"name": "a", "host": "kvm01"}, {"name": "b", "host": "kvm02"})
    parsed(tmp_path, groups, files, **cached)
    assert len(told) == 1
    host(later, guest("b"))
    assert members(parsed(tmp_path, groups, files, **cached), "kvm_state_running") == ["a", "b"]


def test_a_damaged_cache_is_asked_for_anew(tmp_path: Path, one: dict[str, Any], cached: dict[str, Any]) -> None:
    for content in ('["a"]', '{"kvm01": 3}', '{"kvm01": {"answer": null}}'):
        parsed(tmp_path, one, declared(WEB01), **cached)
        (file,) = (tmp_path / "cache").iterdir()
        file.write_text(json.dumps({"__payload__": content}) if "__payload__" in file.read_text() else content)
        assert members(parsed(tmp_path, one, declared(WEB01), **cached), "kvm_state_running") == ["web01"]


# --- secrets ---


def test_no_secret_in_variables_messages_and_cache(tmp_path: Path, cached: dict[str, Any], told: list[str]) -> None:
    secret = "hunter2hunter2"
    inner = f"<description>passwd='{secret}'</description>"
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC, inner=inner))
    groups = hosts_of({"kvm01": uri, "kvm02": f"test+tcp://admin:{secret}@127.0.0.1:1/default?x={secret}"})
    guests = [
        {"name": "a", "host": "kvm01", "graphics": [{"type": "vnc", "passwd": secret}], "xml": f"<a>{secret}</a>"},
        {"name": "b", "host": "kvm02", "cloud_init": {"password": secret}},
        {"name": "c", "host": f"kvm03?password={secret}"},
    ]
    inventory = parsed(tmp_path, groups, declared(*guests), **cached)
    assert len(told) == 2
    shown = [kept_in(tmp_path), *told, *(repr(inventory.hosts[name].vars) for name in ("a", "b"))]
    assert [text for text in shown if secret in text] == []
    assert "127.0.0.1" not in kept_in(tmp_path)


def test_what_a_host_says_is_no_template(tmp_path: Path) -> None:
    inner = "<title>{{ lookup('pipe', 'echo broken') }}</title>"
    uri = host(tmp_path / "k.xml", guest("a", inner=inner))
    settings = {"compose": {"out": "kvm_guest.title"}}
    inventory = parsed(tmp_path, hosts_of({"kvm01": uri}), declared({"name": "a", "host": "kvm01"}), **settings)
    assert inventory.hosts["a"].vars["out"] == "{{ lookup('pipe', 'echo broken') }}"


def test_guests_by_profiles_and_files(tmp_path: Path, told: list[str]) -> None:
    """A guest is what the roles take it for; what the inventory does not need of the layers is not evaluated."""
    files = {
        "group_vars/all.yml": {
            "kvm_guests_dir": "guests",
            "kvm_guests": [{"name": "web01", "host": "kvm01", "profile": "web"}],
            "kvm_guest_defaults": {"memory": "2GiB", "xml": "{{ nope }}"},
            "kvm_guest_profiles": {"web": {"interfaces": ["lan"], "title": "a web server", "graphics": "{{ nope }}"}},
        },
        "guests/db01.yml": {"name": "db01", "host": "kvm01", "interfaces": [{"network": "lan", "ip": "192.0.2.21/24"}]},
    }
    inventory = parsed(tmp_path, hosts_of({"kvm01": ""}), files, ask=False)
    assert told == []
    assert members(inventory, "kvm_network_lan") == ["db01", "web01"]
    assert (facts(inventory, "web01")["memory"], facts(inventory, "web01")["title"]) == (2 * 1024**3, "a web server")
    assert inventory.hosts["db01"].vars["ansible_host"] == "192.0.2.21"

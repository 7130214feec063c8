# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files by which the guests of a scenario are found, as ssh, Ansible and molecule read them."""

from __future__ import annotations

import json
import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule import files as files_module
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._molecule.files import (
    GuestFiles,
    address_of,
    check_folder,
    kvm_host,
    molecule_files,
)

GUESTS: list[dict[str, t.Any]] = [
    {
        "name": name,
        "domain": f"{name}-1",
        "user": "debian",
        "groups": ["molecule", *more],
        "snapshot": {"name": "clean"},
    }
    for name, more in (("web", []), ("db", ["databases"]))
]
ADDRESSES = {"web-1": [{"address": "192.0.2.5"}], "db-1": [{"address": "192.0.2.6"}]}


def files(folder: str = "/tmp/x", jump: str | None = None, **more: t.Any) -> GuestFiles:
    return GuestFiles(folder, GUESTS, ADDRESSES, jump, **more)


def settings(folder: Path, config: str, name: str) -> dict[str, str]:
    """What ssh itself takes for a host."""
    path = folder / "ssh_config"
    path.write_text(config, encoding="utf-8")
    done = subprocess.run(["ssh", "-G", "-F", str(path), name], capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


@pytest.mark.parametrize("name", ["web", "192.0.2.5"])
def test_ssh_reads_its_settings(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "a folder of 100%"
    folder.mkdir()
    found = settings(folder, files(str(folder), "ssh -l root -W '[%h]:%p' -- kvm01").ssh_config(), name)
    assert (found["hostname"], found["user"], found["port"]) == ("192.0.2.5", "debian", "22")
    assert found["hostkeyalias"] == "web"
    assert found["proxycommand"] == "ssh -l root -W '[%h]:%p' -- kvm01"
    assert found["stricthostkeychecking"] == "accept-new"
    assert found["identityfile"].replace("%%", "%") == f"{folder}/kvm/ssh_key"
    assert found["userknownhostsfile"].replace("%%", "%").replace('"', "") == f"{folder}/kvm/known_hosts"


def test_without_a_jump(tmp_path: Path) -> None:
    assert "proxycommand" not in settings(tmp_path, files().ssh_config(), "db")


def test_the_inventory_has_the_guests_and_their_groups() -> None:
    found = files(where="root@kvm01", project="/home/kim/role", mark="m/role/1", uri="qemu:///session")
    found = yaml.safe_load(found.inventory())["all"]
    assert found["vars"] == {
        "molecule_kvm_host": "root@kvm01",
        "molecule_kvm_uri": "qemu:///session",
        "molecule_project": "/home/kim/role",
        "molecule_mark": "m/role/1",
    }
    assert {name: list(group["hosts"]) for name, group in found["children"].items()} == {
        "molecule": ["web", "db"],
        "databases": ["db"],
    }
    web = found["hosts"]["web"]
    assert (web["ansible_host"], web["ansible_user"], web["ansible_port"]) == ("192.0.2.5", "debian", 22)
    assert web["ansible_ssh_private_key_file"] == "/tmp/x/kvm/ssh_key"
    assert web["ansible_ssh_common_args"] == "-F /tmp/x/kvm/ssh_config"
    # Nothing is left to what the inventory has for the KVM host.
    assert web["ansible_connection"] == "ssh"
    assert (web["ansible_timeout"], web["ansible_pipelining"]) == (60, True)
    assert web["molecule_guest"]["domain"] == "web-1"


def test_a_guest_behind_a_forwarded_port(tmp_path: Path) -> None:
    """It has no lease. Others have the same port, and an address of their own, by which ssh tells them apart."""
    forwards = [{"address": f"127.0.0.{place}", "port": 2222} for place in (1, 2)]
    guests = [{**guest, "forward": forward} for guest, forward in zip(GUESTS, forwards, strict=True)]
    made = GuestFiles("/tmp/x", guests, {})
    for name, address in (("web", "127.0.0.1"), ("db", "127.0.0.2")):
        for asked in (name, address):
            found = settings(tmp_path, made.ssh_config(), asked)
            assert (found["hostname"], found["port"], found["hostkeyalias"]) == (address, "2222", name)
        variables = yaml.safe_load(made.inventory())["all"]["hosts"][name]
        assert (variables["ansible_host"], variables["ansible_port"]) == (address, 2222)
        assert variables["molecule_guest"]["forward"] == {"address": address, "port": 2222}
    assert {one["port"] for one in json.loads(made.instances())} == {"2222"}


def test_a_guest_that_was_put_back_gets_a_new_connection() -> None:
    first, again = (files(turn=turn).variables(GUESTS[0])["ansible_control_path"] for turn in ("1", "2"))
    assert first != again
    assert first != files(turn="1").variables(GUESTS[1])["ansible_control_path"]


def test_login_is_a_command_of_whole_words() -> None:
    (web, _db) = json.loads(files("/tmp/a b").instances())
    # What molecule makes of it.
    command = "ssh {address} -l {user} -p {port} -i {identity_file} -o LogLevel=ERROR".format(**web)
    assert shlex.split(command)[:6] == ["ssh", "-F", "/tmp/a b/kvm/ssh_config", "web", "-l", "debian"]
    assert shlex.split(command)[6:10] == ["-p", "22", "-i", "/tmp/a b/kvm/ssh_key"]


@pytest.mark.parametrize(
    ("found", "address"),
    [
        (["192.0.2.5"], "192.0.2.5"),
        ([{"address": "2001:db8::5"}, {"address": "192.0.2.5"}], "192.0.2.5"),
        ([{"address": "fe80::1"}, {"address": "2001:db8::5"}], "2001:db8::5"),
    ],
)
def test_the_address(found: list[t.Any], address: str) -> None:
    assert address_of("web-1", {"web-1": found}) == address


@pytest.mark.parametrize("found", [{}, {"web-1": []}, {"web-1": [{"address": "fe80::1"}]}])
def test_a_guest_without_an_address(found: dict[str, t.Any]) -> None:
    with pytest.raises(VirtfleetError, match="guest web-1: its host knows no address of it"):
        address_of("web-1", found)


@pytest.mark.parametrize("wanted", [None, "", "localhost"])
def test_this_machine(wanted: object) -> None:
    found = kvm_host(wanted, ())
    assert (found["remote"], found["variables"]["ansible_connection"]) == (False, "local")


@pytest.mark.parametrize(
    ("wanted", "host", "user", "port"),
    [
        ("kvm01", "kvm01", None, None),
        ("root@kvm01.example.com", "kvm01.example.com", "root", None),
        ("ssh://kim@192.0.2.1:2222/", "192.0.2.1", "kim", 2222),
        ("root@[2001:db8::1]:22", "2001:db8::1", "root", 22),
    ],
)
def test_a_host_by_ssh(wanted: str, host: str, user: str | None, port: int | None) -> None:
    found = kvm_host(wanted, ("web",))
    variables = found["variables"]
    assert (found["name"], found["remote"]) == ("molecule-kvm", True)
    given = tuple(variables.get(f"ansible_{name}") for name in ("host", "user", "port"))
    assert given == (host, user, port)


def test_a_host_of_the_inventory() -> None:
    assert kvm_host("kvm01", ("kvm01",)) == {"name": "kvm01", "remote": True, "known": True, "variables": {}}


@pytest.mark.parametrize(
    "wanted", ["-oProxyCommand=x", "a b", "a:b:c", "user@", "kvm01:port", "h:0", "h:99999", True, 5]
)
def test_what_is_no_host(wanted: object) -> None:
    with pytest.raises(VirtfleetError, match="neither a host of the inventory nor USER@HOST:PORT"):
        kvm_host(wanted, ())


def test_the_way_through_a_host() -> None:
    kit = {
        "folder": "/tmp/x",
        "project": "/home/kim/role",
        "mark": "molecule/role/1",
        "uri": "qemu:///system",
        "guests": GUESTS,
        "kvm": {"name": "molecule-kvm", "remote": True, "wanted": "root@kvm01"},
    }
    host = {
        "ansible_host": "kvm01",
        "ansible_user": "root",
        "ansible_ssh_private_key_file": "/tmp/key",
        "ansible_ssh_common_args": "-o HostKeyAlias=a",
    }
    found = t.cast(dict[str, t.Any], molecule_files(kit, ADDRESSES, host, "1"))
    texts = {Path(one["path"]).name: one["content"] for one in found["files"]}
    line = "ProxyCommand ssh -o HostKeyAlias=a -i /tmp/key -l root"
    assert texts["ssh_config"].count(line) == 2
    assert "-W '[%h]:%p' -- kvm01" in texts["ssh_config"]
    assert '"molecule_mark": "molecule/role/1"' in texts["molecule_guests.yml"]
    assert [one["name"] for one in found["hosts"]] == ["web", "db"]
    here = {**kit, "kvm": {**kit["kvm"], "remote": False}}
    local = t.cast(dict[str, t.Any], molecule_files(here, ADDRESSES, host))
    assert "ProxyCommand" not in json.dumps(local)


def test_the_folder_of_another_checkout(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine/role", tmp_path / "other/role"
    mine.mkdir(parents=True)
    check_folder("/tmp/x", str(mine), None)
    check_folder("/tmp/x", str(mine), str(mine))
    # It is gone, so nobody can destroy its guests there.
    check_folder("/tmp/x", str(mine), str(other))
    other.mkdir(parents=True)
    with pytest.raises(VirtfleetError, match="MOLECULE_EPHEMERAL_DIRECTORY"):
        check_folder("/tmp/x", str(mine), str(other))


def test_all_files_are_below_what_is_removed() -> None:
    told = files().for_playbooks()["files"]
    removed = [f"/tmp/x/{name}" for name in files_module.ALL]
    stale = [f"/tmp/x/{name}" for name in files_module.STALE]
    for one in [*told, *({"path": path} for path in stale)]:
        assert any(one["path"] == path or one["path"].startswith(f"{path}/") for path in removed)


@pytest.mark.parametrize("text", ["2001:db8::1%x\n  ProxyCommand touch /tmp/x", "web\n", "-oProxyCommand=x", ""])
def test_what_an_agent_tells_instead_of_an_address(text: str) -> None:
    with pytest.raises(VirtfleetError, match="its host knows no address of it"):
        address_of("web-1", {"web-1": [{"address": text}]})
    assert address_of("web-1", {"web-1": [{"address": text}, {"address": "192.0.2.7"}]}) == "192.0.2.7"

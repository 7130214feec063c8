# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data for cloud-init, as the check of the fleet looks at it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data import check, cloud_init_schema
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.check import Checker
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_config_table import ENTRIES, KEYS
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_init_schema import Schema
from ansible_collections.virtfleet.kvm.tests.unit.cloud_configs import TAKEN
from ansible_collections.virtfleet.kvm.tests.unit.cloud_init_package import folder
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

SECRET = "hunter2-secret"
STRANGE = "cloud-init knows no such entry here"
LIST = "is a string, and cloud-init takes a list: write a list"
COMMANDS = f"{LIST}, such as runcmd: ['COMMAND']"

PARTS = """\
Content-Type: multipart/mixed; boundary="X"
MIME-Version: 1.0

--X
Content-Type: text/cloud-config
Content-Disposition: attachment; filename="a.cfg"

runcmd: hunter2-secret
--X
Content-Type: text/x-shellscript

#!/bin/sh
packages: hunter2-secret
--X
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

I2Nsb3VkLWNvbmZpZwpwYWNrYWdlczogaHVudGVyMi1zZWNyZXQK
--X--
"""

ARCHIVE = """\
#cloud-config-archive
- {type: text/cloud-config, content: "packages: 7"}
- {type: text/x-shellscript, content: "packages: 7"}
- "#cloud-config\\nruncmd: a"
- 7
"""


def guest(name: str = "web01", host: str = "kvm01", **cloud_init: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", "cloud_init": cloud_init}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"user_data": {"pakages": [SECRET]}}, [("user_data.pakages", f"{STRANGE}; did you mean 'packages'?", True)]),
        (
            {"user_data": {"packages": SECRET, "mine": SECRET}},
            [("user_data.packages", LIST, False), ("user_data.mine", STRANGE, False)],
        ),
        (
            {"packages": ["a"], "user_data": {"chpasswd": {"list": {SECRET: 1}}}},
            [("user_data.chpasswd.list", "is a dictionary, and cloud-init takes a text or a list", True)],
        ),
        ({"vendor_data": {"runcmd": SECRET}}, [("vendor_data.runcmd", COMMANDS, True)]),
        ({"vendor_data": f"#cloud-config\nruncmd: {SECRET}"}, [("vendor_data", f"runcmd: {COMMANDS}", True)]),
        (
            {"user_data": f"#cloud-config\n- {SECRET}"},
            [("user_data", "is no dictionary of entries after its first line", True)],
        ),
        ({"user_data": "#cloud-config\n"}, []),
        (
            {"user_data": "#cloud-config\nusers: [{name: a, expiredate: 2030-01-31}]"},
            [("user_data", "users[0].expiredate: is a date, and cloud-init takes a text: put it in quotes", True)],
        ),
        ({"user_data": f"## template: jinja\n#cloud-config\npackages: {{{{ {SECRET} }}}}"}, []),
        ({"user_data": "#include https://example.com/data"}, []),
        ({"user_data": "#!/bin/sh\npackages: 7"}, []),
        (
            {"user_data": PARTS},
            [
                ("user_data", f"part 1 (a.cfg): runcmd: {COMMANDS}", True),
                ("user_data", f"part 3: packages: {LIST}", False),
            ],
        ),
        (
            {"user_data": PARTS.replace("--X", "--Y")},
            [
                (
                    "user_data",
                    "is a multi-part message without parts: is its boundary the one that its head names?",
                    True,
                )
            ],
        ),
        (
            {"user_data": ARCHIVE},
            [
                ("user_data", "part 1: packages: is a number, and cloud-init takes a list", True),
                ("user_data", f"part 3: runcmd: {COMMANDS}", True),
            ],
        ),
        (
            {"user_data": "#cloud-config-archive\na: 1"},
            [("user_data", "is no list of parts after its first line", True)],
        ),
        ({"user_data": "#cloud-config-archive\n"}, []),
        (
            {"user_data": f"#cloud-config-archive\n- {SECRET}"},
            [("user_data", "part 1: is no dictionary of entries", False)],
        ),
        (
            {"user_data": '#cloud-config-archive\n- "\\nruncmd: a"\n- {content: "packages: [a]"}\n- "#!/bin/sh"\n'},
            [("user_data", f"part 1: runcmd: {COMMANDS}", True)],
        ),
        ({"user_data": f"\n \n#cloud-config\nruncmd: {SECRET}"}, [("user_data", f"runcmd: {COMMANDS}", True)]),
        ({"user_data": f"Mime-Version: 1.0\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n{SECRET}"}, []),
        (
            {"user_data": f"Mime-Version: 1.0\nContent-Type: text/cloud-config\n\nruncmd: {SECRET}"},
            [("user_data", f"part 1: runcmd: {COMMANDS}", True)],
        ),
        ({"user_data": "#cloud-config\na: &a [*a]"}, [("user_data", "is too large to be checked", False)]),
        (
            {"network": {"version": 2, "ethernet": {}}},
            [("network.ethernet", f"{STRANGE}; did you mean 'ethernets'?", True)],
        ),
        ({"network": "none"}, []),
        ({"no_such": 1, "user_data": {"pakages": []}}, []),
    ],
)
@pytest.mark.parametrize("with_schema", [False, True])
def test_what_is_wrong_with_it(options: dict[str, Any], said: list[Any], with_schema: bool) -> None:
    """The same with and without cloud-init's own schema, as far as the structure says it."""
    found = Checker(Schema(folder()) if with_schema else None).options(options)
    assert found == said
    assert SECRET not in str(found)


def test_a_text_that_is_no_yaml_is_not_quoted() -> None:
    ((where, said, sure),) = Checker(None).options({"user_data": f"#cloud-config\nruncmd: [{SECRET}"})
    assert (where, sure) == ("user_data", True)
    assert said.startswith("is no YAML: line ")
    assert SECRET not in said


@pytest.mark.parametrize("entries", TAKEN)
@pytest.mark.parametrize("text", [False, True])
def test_what_cloud_init_takes_is_not_told_with_a_schema_either(entries: dict[str, Any], text: bool) -> None:
    data = f"#cloud-config\n{json.dumps(entries)}" if text else entries
    assert Checker(Schema(folder())).options({"user_data": data}) == []


@pytest.mark.parametrize(
    "entries",
    [
        {"fs_setup": [{"device": "/dev/vdb", "filesystem": "ext4", "partition": 1}]},
        {"write_files": [{"path": "/a", "encoding": "utf-8"}]},
        {"rh_subscription": {"activation_key": "x", "org": "1"}},
        {"rh_subscription": {"activation-key": "x", "org": "1"}},
        {"ca_certs": {"trusted": "x"}},
        {"ssh_genkeytypes": ["dsa"]},
        {"yum_repos": {"x": {"name": "x", "metalink": "http://192.0.2.1/"}}},
        {"chpasswd": {"users": [{"name": "a", "password": 1234, "type": "text"}]}},
        {"packages": [["a", 1.0]]},
        {"disk_setup": {"/dev/vdb": {"table_type": "gpt", "layout": [[50, "guid"]]}}},
        {"rh_subscription": {"username": "a", "org": "one"}},
        {"user": {"shell": "/bin/zsh"}, "users": [{"shell": "/bin/zsh"}]},
        {"swap": {"filename": "/swap", "size": "2GB", "maxsize": "1024"}},
        {"merge_how": [{"name": "list"}], "packages": [["a"]], "apt_pipelining": "5"},
        {"cloud_final_modules": ["our_module", ["runcmd", "always"]]},
        {"ansible": {"package_name": "a", "install_method": "distro", "pull": [{"url": "x", "playbook_names": ["y"]}]}},
    ],
)
def test_what_a_schema_is_stricter_in_than_cloud_init_is_warned_of_at_most(entries: dict[str, Any]) -> None:
    assert [one for one in Checker(Schema(folder())).options({"user_data": entries}) if one[2]] == []


VALUES: dict[str, object] = {
    "array": [], "boolean": True, "integer": 7, "null": None, "number": 0.5, "object": {}, "string": "x",
}  # fmt: skip


@pytest.mark.parametrize("path", ["", *KEYS])
def test_every_name_and_type_of_the_table_passes_the_schema(path: str) -> None:
    """Whatever the release on this machine: no name is refused, and no type."""
    checker = Checker(Schema(folder()))
    for name, kinds in (KEYS[path] if path else ENTRIES).items():
        for kind in kinds.split():
            inner: dict[str, object] = {name: VALUES[kind]}
            if path == "write_files[]":
                inner["path"] = "/a"
            entry = path.removesuffix("[]")
            entries = {entry: [inner] if path.endswith("[]") else inner} if path else inner
            told = [one for one in checker.entries(entries) if one.sure]
            assert [one for one in told if one.rule in ("type", "name")] == [], (path, name, kind)


def test_what_is_for_cloudbase_init_is_not_held_against_cloud_init() -> None:
    """Its table of entries is another one (see test_cloudbase_rules)."""
    data: dict[str, Any] = {"set_timezone": "UTC", "runcmd": "dir"}
    assert Checker(None).options({"user_data": data}) != []
    assert Checker(None).options({"user_data": data, "datasource": "configdrive"}) == []


def test_what_the_options_make_is_as_the_real_schema_takes_it() -> None:
    user = {
        "name": "kim", "gecos": "K", "groups": ["a"], "primary_group": "b", "sudo": False, "shell": "/bin/sh",
        "homedir": "/h", "uid": 7, "system": True, "no_create_home": True, "no_user_group": False,
        "lock_passwd": True, "passwd": "$6$a$b", "ssh_authorized_keys": ["ssh-ed25519 AAAA"],
        "ssh_import_id": ["gh:kim"], "expiredate": "2030-01-31", "inactive": 5,
    }  # fmt: skip
    file = {"path": "/a", "content": "b", "owner": "a:b", "permissions": "0600", "append": True, "defer": True}
    options = {
        "users": ["default", user], "ssh_authorized_keys": ["ssh-ed25519 AAAA"], "password": "$6$a$b",
        "packages": ["a"], "runcmd": ["a", ["b", "c"]], "timezone": "Europe/Vienna",
        "write_files": [{**file, "encoding": encoding} for encoding in ("text/plain", "b64", "gzip", "gz+b64")],
        "user_data": {"ssh_pwauth": True, "packages": [["a", "1.0"], "b", {"snap": ["c"]}], "apt_update": True},
        "vendor_data": {"package_update": True},
        "network": {"version": 2, "ethernets": {"eth0": {"match": {"macaddress": "52:54:00:00:00:01"}, "dhcp4": True}}},
    }  # fmt: skip
    schema = Schema(folder())
    assert Checker(schema).options(options) == []
    assert [one.place for one in schema.of_config({"users": [{"name": "a", "uid": []}]})] == [("users", 0, "uid")]


def checked(
    path: Path, monkeypatch: pytest.MonkeyPatch, schema: Schema | None, **variables: Any
) -> tuple[list[str], list[str]]:
    """What the check refuses, and what it warns of."""
    warned: list[str] = []
    monkeypatch.setattr(fleet.display, "warning", warned.append)
    monkeypatch.setattr(cloud_init_schema, "installed", lambda: schema)
    return fleet.fleet_problems(HOSTS, hostvars(path, {"group_vars/all.yml": variables})), warned


def test_the_check_of_the_fleet_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guests = [
        guest(user_data={"pakages": [SECRET]}),
        guest("db01", "kvm02", user_data={"mine": SECRET}),
        {**guest("gone", user_data={"pakages": []}), "state": "absent"},
        {"name": "bare", "host": "kvm01", "memory": "1GiB", "cloud_init": None},
    ]
    refused, warned = checked(tmp_path, monkeypatch, None, kvm_guests=guests)
    assert refused == [f"guest web01: cloud_init.user_data.pakages: {STRANGE}; did you mean 'packages'?"]
    assert warned == [
        f"guest db01: cloud_init.user_data.mine: {STRANGE}. The run goes on, for the guest's cloud-init may know it"
    ]


def test_what_stands_in_defaults_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guests = [{"name": f"web{number}", "host": "kvm01"} for number in range(3)]
    guests[0]["cloud_init"] = {"user_data": {"runcmd": []}}  # type: ignore[assignment]
    defaults = {"memory": "1GiB", "cloud_init": {"user_data": {"ssh_authorized_keys": SECRET, "runcmd": SECRET}}}
    refused, warned = checked(tmp_path, monkeypatch, None, kvm_guests=guests, kvm_guest_defaults=defaults)
    said = {"ssh_authorized_keys": LIST, "runcmd": COMMANDS}
    assert refused == [f"kvm_guest_defaults: cloud_init.user_data.{name}: {line}" for name, line in said.items()]
    assert warned == []


@pytest.mark.parametrize(
    ("wanted", "refuses"),
    [(True, True), ("{{ 1 == 1 }}", True), (False, False), ("no", False), ("{{ 1 == 2 }}", False)],
)
def test_the_schema_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: object, refuses: bool
) -> None:
    schema = Schema(folder())
    wrong = guest(user_data={"growpart": {"mode": SECRET}})
    refused, _warned = checked(tmp_path, monkeypatch, schema, kvm_guests=[wrong], kvm_cloud_init_schema=wanted)
    of = f"(by the schema of cloud-init {schema.version} on this machine)"
    line = f"guest web01: cloud_init.user_data.growpart.mode: is not one of auto, growpart, gpart, off {of}"
    assert refused == ([line] if refuses else [])


def test_a_thousand_guests_with_the_same_data_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = Schema(folder())
    looked = []
    monkeypatch.setattr(Checker, "parsed", lambda self, raw: looked.append(raw) or [])
    data = {"packages": ["a"] * 50, "write_files": [{"path": "/a", "content": "x" * 5000}]}
    guests = [guest(f"g{number}", user_data=data, hostname=f"h{number}") for number in range(1000)]
    monkeypatch.setattr(cloud_init_schema, "installed", lambda: schema)
    begun = time.monotonic()
    variables = {"kvm01": {"kvm_guests": guests}}
    assert check.problems(variables, variables, variables) == ([], [])
    assert time.monotonic() - begun < 5
    assert len(looked) == 1

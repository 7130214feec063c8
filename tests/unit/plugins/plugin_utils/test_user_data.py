# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data for cloud-init, as the check of the fleet looks at it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter import fleet
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _cloud_init_schema, _user_data
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._cloud_init_schema import Schema
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data import Checker
from ansible_collections.virtfleet.kvm.tests.unit.cloud_init_package import folder
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

SECRET = "hunter2-secret"
STRANGE = "cloud-init knows no such entry here"
LIST = "is a string, and cloud-init takes a list: write a list"

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
            [("user_data.packages", LIST, True), ("user_data.mine", STRANGE, False)],
        ),
        (
            {"packages": ["a"], "user_data": {"chpasswd": {"list": {SECRET: 1}}}},
            [("user_data.chpasswd.list", "is a dictionary, and cloud-init takes a text or a list", True)],
        ),
        ({"vendor_data": {"runcmd": SECRET}}, [("vendor_data.runcmd", LIST, True)]),
        ({"vendor_data": f"#cloud-config\nruncmd: {SECRET}"}, [("vendor_data", f"runcmd: {LIST}", True)]),
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
            [("user_data", f"part 1 (a.cfg): runcmd: {LIST}", True), ("user_data", f"part 3: packages: {LIST}", True)],
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
                ("user_data", f"part 3: runcmd: {LIST}", True),
            ],
        ),
        (
            {"user_data": "#cloud-config-archive\na: 1"},
            [("user_data", "is no list of parts after its first line", True)],
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
    monkeypatch.setattr(_cloud_init_schema, "installed", lambda: schema)
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
    defaults = {"memory": "1GiB", "cloud_init": {"user_data": {"packages": SECRET, "runcmd": SECRET}}}
    refused, warned = checked(tmp_path, monkeypatch, None, kvm_guests=guests, kvm_guest_defaults=defaults)
    assert refused == [f"kvm_guest_defaults: cloud_init.user_data.{name}: {LIST}" for name in ("packages", "runcmd")]
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
    monkeypatch.setattr(_cloud_init_schema, "installed", lambda: schema)
    begun = time.monotonic()
    variables = {"kvm01": {"kvm_guests": guests}}
    assert _user_data.problems(variables, variables, variables) == ([], [])
    assert time.monotonic() - begun < 5
    assert len(looked) == 1

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The structure of a cloud-config, as it is known without cloud-init's own schema."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.cloud_config_names import (
    CLOUD_CONFIG,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.options import CLOUD_INIT
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init.values import AS_DICTIONARY
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.synonyms import SYNONYMS
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_config import (
    Finding,
    counted,
    of_config,
    of_network,
    shown_place,
    takes,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_config_table import (
    ENTRIES,
    ITEMS,
    KEYS,
    LENIENT,
    UNCHECKED,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_init_schema import CONFIG, Schema, loaded
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.network_config_table import DEVICE
from ansible_collections.virtfleet.kvm.tests.unit.cloud_configs import TAKEN
from ansible_collections.virtfleet.kvm.tests.unit.cloud_init_package import folder

STRANGE = "cloud-init knows no such entry here"
DEVICES_OWN = "netplan knows no such entry of a device"
LIST = "is a string, and cloud-init takes a list: write a list"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"pakages": ["a"]}, [("pakages", f"{STRANGE}; did you mean 'packages'?", True)]),
        ({"our_module": 1}, [("our_module", STRANGE, False)]),
        ({"packages": "nginx"}, [("packages", LIST, False)]),
        ({"packages": "nginx, curl"}, [("packages", LIST, True)]),
        ({"bootcmd": "date"}, [("bootcmd", f"{LIST}, such as bootcmd: ['COMMAND']", True)]),
        ({"ntp": {"servers": "a"}}, [("ntp.servers", LIST, True)]),
        ({"password": 12345}, [("password", "is a number, and cloud-init takes a text: put it in quotes", False)]),
        ({"packages": None, "users": None, "our": None}, [("our", STRANGE, False)]),
        (
            {"runcmd": ["a", ["b", "c"], {"d": 1}]},
            [("runcmd[2]", f"is a dictionary, and cloud-init takes a text or a list: {AS_DICTIONARY}", True)],
        ),
        (
            {"bootcmd": [["a", {"b": 1}]]},
            [
                (
                    "bootcmd[0][1]",
                    f"is a dictionary, and cloud-init takes a text or a number or true or false: {AS_DICTIONARY}",
                    True,
                )
            ],
        ),
        ({"write_files": [{"content": "x"}]}, [("write_files[0].path", "is missing", True)]),
        (
            {"write_files": [{"path": "/a", "owner": 420, "permissions": 420}]},
            [("write_files[0].owner", "is a number, and cloud-init takes a text: put it in quotes", True)],
        ),
        (
            {"users": [{"name": "a", "ssh_keys": []}]},
            [("users[0].ssh_keys", f"{STRANGE}; did you mean 'ssh_authorized_keys'?", True)],
        ),
        (
            {"users": ["default", {"name": "a", "shel": "x"}]},
            [("users[1].shel", f"{STRANGE}; did you mean 'shell'?", True)],
        ),
        ({"chpasswd": {"expre": True}}, [("chpasswd.expre", f"{STRANGE}; did you mean 'expire'?", True)]),
        ({"package_update": "True", "power_state": {"timeout": "30"}, "ssh_pwauth": "unchanged"}, []),
        ({"package_update": "perhaps"}, [("package_update", "is a string, and cloud-init takes true or false", True)]),
        ({"package_update": 2}, [("package_update", "is a number, and cloud-init takes true or false", True)]),
        (dict.fromkeys(UNCHECKED, 7), []),
        ({"user": {"name": "a", "shel": "x"}}, [("user.shel", f"{STRANGE}; did you mean 'shell'?", True)]),
        ({"apt": {"sources": 7}, "autoinstall": {"version": 1}}, []),
    ],
)
def test_of_config(entries: dict[str, Any], said: list[Any]) -> None:
    assert "ssh_keys" in SYNONYMS  # What guests' options are called elsewhere counts here, too.
    assert [(shown_place(one.place), one.problem, one.sure) for one in of_config(entries)] == said


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"version": 2, "ethernets": {"eth0": {"dhcp4": True}, "b": None}, "wifis": {}, "renderer": "x"}, []),
        ({"ethernets": {"eth0": {"anything": 1}}}, [("ethernets.eth0.anything", DEVICES_OWN, False)]),
        ({"ethernets": {"eth0": {"ip": 1}}}, [("ethernets.eth0.ip", DEVICES_OWN, False)]),
        (
            {"ethernets": {"eth0": {"adresses": [], "set_name": "a"}}},
            [
                ("ethernets.eth0.adresses", f"{DEVICES_OWN}; did you mean 'addresses'?", True),
                ("ethernets.eth0.set_name", f"{DEVICES_OWN}; did you mean 'set-name'?", True),
            ],
        ),
        ({"version": 2, "ethernet": {}}, [("ethernet", f"{STRANGE}; did you mean 'ethernets'?", True)]),
        ({"version": 2, "odd": {}}, [("odd", STRANGE, False)]),
        (
            {"bonds": [], "vlans": {"a": None, "b": "c"}},
            [
                ("bonds", "is a list, and cloud-init takes a dictionary", True),
                ("vlans.b", "is a string, and cloud-init takes a dictionary", True),
            ],
        ),
    ],
)
def test_of_network(entries: dict[str, Any], said: list[Any]) -> None:
    assert [(shown_place(one.place), one.problem, one.sure) for one in of_network(entries)] == said


def test_what_the_table_takes() -> None:
    entries = {"packages": [{"snap": ["a"]}, 7], "users": [{"name": "a", "uid": "7"}], "apt": {"sources": {}}}
    assert takes(entries, ("packages", 0))
    assert takes(entries, ("users", 0, "uid"))
    assert not takes(entries, ("packages", 1))
    assert not takes(entries, ("apt", "sources"))
    assert not takes(entries, ("packages", 0, "snap"))


@pytest.mark.parametrize("entries", TAKEN)
def test_what_cloud_init_takes_is_not_told(entries: dict[str, Any]) -> None:
    assert list(of_config(entries)) == []


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (("users", 0, "name"), "users[0].name"),
        (("disk_setup", "/dev/vdb", "layout"), "disk_setup['/dev/vdb'].layout"),
        (("apt", "sources", "docker.list", "key"), "apt.sources['docker.list'].key"),
        (("chpasswd", "root:hunter2"), "chpasswd.root..."),
        (("a", "/hunter2"), "a.(a name that cannot be shown)"),
        (("/dev/../hunter 2",), "(a name that cannot be shown)"),
    ],
)
def test_places(place: tuple[str | int, ...], shown: str) -> None:
    assert shown_place(place) == shown


def test_what_a_schema_says_counts_as_far_as_the_table_does_not_know_better() -> None:
    entries = {"users": [{"name": "a", "lock-passwd": True}], "yum_repos": {"a b": {}}, "ca_certs": {"trusted": "x"}}
    assert counted(entries, Finding(("users", 0, "lock-passwd"), "x", rule="name")) is None
    assert counted(entries, Finding(("users", 0, "lock-passwd"), "x", rule="type")) is None
    assert counted(entries, Finding(("users", 0, "lock"), "x", rule="name")) == Finding(
        ("users", 0, "lock"), "x", True, "name"
    )
    for place, rule in ((("yum_repos", "a b", "baseurl"), ""), (("ca_certs", "trusted"), "type")):
        assert counted(entries, Finding(place, "x", rule=rule)) == Finding(place, "x", False, rule)


def test_the_tables_are_about_the_same_names() -> None:
    assert set(ENTRIES) - {row.name for row in CLOUD_INIT.rows} == CLOUD_CONFIG
    assert {one.split(".", maxsplit=1)[0].split("[")[0] for one in LENIENT} <= set(ENTRIES)
    assert len(set(DEVICE)) == len(DEVICE)


def kinds_of(schema: Any, root: Any) -> set[str]:
    """The types that a schema takes."""
    schema = {**schema, **root["$defs"][schema["$ref"].rpartition("/")[2]]} if "$ref" in schema else schema
    own = schema.get("type", [])
    found = {own} if isinstance(own, str) else set(own)
    for branches in ("anyOf", "oneOf"):
        for branch in schema.get(branches, ()):
            found |= kinds_of(branch, root)
    return found


def test_the_table_has_what_the_schema_of_this_machines_distribution_has() -> None:
    schema = Schema(folder())
    assert schema.entries - {*ENTRIES, *UNCHECKED} == set()
    root = loaded(f"{folder()}/config/schemas/{CONFIG}") or {}
    properties: dict[str, Any] = {}
    for part in root["allOf"]:
        properties.update(root["$defs"][part["$ref"].rpartition("/")[2]].get("properties") or {})
    for name, kinds in ENTRIES.items():
        assert kinds_of(properties.get(name, {}), root) <= set(kinds.split()), name
    items = {
        "users[]": root["$defs"]["users_groups.user"]["properties"],
        "write_files[]": properties["write_files"]["items"]["properties"],
    }
    for path, known in items.items():
        assert set(known) <= set(KEYS[path]), path
        for name, inner in known.items():
            assert kinds_of(inner, root) <= set(KEYS[path][name].split()), f"{path}.{name}"
    for name, kinds in ITEMS.items():
        outer, inner = name.partition("[]")[0], "[]" in name
        own = properties[outer].get("items")
        if inner:
            continue  # The schema wants texts, of which cloud-init makes them itself.
        assert own is None or kinds_of(own, root) <= set(kinds.split()), name

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The structure of a cloud-config, as it is known without cloud-init's own schema."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.synonyms import SYNONYMS
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._cloud_config import (
    of_config,
    of_network,
    shown_place,
    takes,
)
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._cloud_config_table import ENTRIES, ITEMS, KEYS, UNCHECKED
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._cloud_init_schema import CONFIG, Schema, loaded
from ansible_collections.virtfleet.kvm.tests.unit.cloud_init_package import folder

STRANGE = "cloud-init knows no such entry here"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"pakages": ["a"]}, [("pakages", f"{STRANGE}; did you mean 'packages'?", True)]),
        ({"our_module": 1}, [("our_module", STRANGE, False)]),
        ({"packages": "nginx"}, [("packages", "is a string, and cloud-init takes a list: write a list", True)]),
        ({"packages": None, "users": None, "our": None}, [("our", STRANGE, False)]),
        (
            {"runcmd": ["a", ["b", "c"], {"d": 1}]},
            [("runcmd[2]", "is a dictionary, and cloud-init takes a text or a list", True)],
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
        (dict.fromkeys(UNCHECKED, 7), []),
        ({"apt": {"sources": 7}, "autoinstall": {"version": 1}}, []),
    ],
)
def test_of_config(entries: dict[str, Any], said: list[Any]) -> None:
    assert "ssh_keys" in SYNONYMS  # What guests' options are called elsewhere counts here, too.
    assert [(shown_place(one.place), one.problem, one.sure) for one in of_config(entries)] == said


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"version": 2, "ethernets": {"eth0": {"dhcp4": True, "anything": 1}}, "wifis": {}, "renderer": "x"}, []),
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
        own = properties[name].get("items")
        assert own is None or kinds_of(own, root) <= set(kinds.split()), name

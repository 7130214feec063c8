# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cloud-init's own schema: where it is, and the sentences that are made of what it has against a document."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data import cloud_init_schema
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_config import shown_place
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._user_data.cloud_init_schema import CONFIG, NETWORK, Schema
from ansible_collections.virtfleet.kvm.tests.unit.cloud_init_package import folder

SECRET = "hunter2-secret"

RULES: dict[str, Any] = {
    "enum": {"enum": ["a", True, None]},
    "most": {"maximum": 3, "minimum": 1},
    "long": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$"},
    "list": {"type": "array", "minItems": 2, "maxItems": 3, "uniqueItems": True},
    "full": {"type": "object", "minProperties": 1, "required": ["x"]},
    "keys": {"additionalProperties": False, "properties": {"server": {}, "a-b": {}}, "patternProperties": {"^x-": {}}},
    "choice": {"oneOf": [{"enum": ["all"]}, {"type": "array", "items": {"enum": ["a", "b"]}}]},
    "login": {
        "anyOf": [
            {"required": ["name", "type"], "properties": {"type": {"enum": ["RANDOM"]}}},
            {"required": ["name", "password"], "properties": {"type": {"enum": ["hash"]}}},
        ]
    },
    "not": {"not": {"required": ["a", "b"]}},
    "one": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "any": {"anyOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b", "c"]}]},
    "both": {"oneOf": [{"type": "string"}, {"enum": ["x"]}]},
    "old": {"type": "boolean", "deprecated": True},
    "again": {"$ref": "#/$defs/again"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the package has it, with a schema that has all rules."""
    found = tmp_path_factory.mktemp("cloudinit")
    (found / "config/schemas").mkdir(parents=True)
    definitions = {
        "cc_a": {"type": "object", "properties": RULES},
        "again": {"properties": {"again": {"$ref": "#/$defs/again"}}},
    }
    root = {"$defs": definitions, "allOf": [{"$ref": "#/$defs/cc_a"}], "properties": {"top": {}}}
    (found / "config/schemas" / CONFIG).write_text(json.dumps(root))
    network = {"type": "object", "properties": {"ethernets": {"type": "object"}}, "additionalProperties": False}
    (found / "config/schemas" / NETWORK).write_text(json.dumps(network))
    (found / "version.py").write_text('__VERSION__ = "99.1"\n')
    return found


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"enum": SECRET}, [("enum", "is not one of a, true", True)]),
        ({"enum": "yes"}, []),
        ({"most": 4}, [("most", "is too large: at most 3", True)]),
        ({"most": 0}, [("most", "is too small: at least 1", True)]),
        (
            {"long": SECRET},
            [("long", "is too long: at most 3 characters", True), ("long", "does not have the form ^[a-z]+$", True)],
        ),
        ({"long": "a"}, [("long", "is too short: at least 2 characters", True)]),
        ({"long": 7}, [("long", "is a number, and cloud-init takes a text: put it in quotes", False)]),
        ({"keys": {"a_b": 1}}, [("keys.a_b", "cloud-init knows no such entry here; did you mean 'a-b'?", False)]),
        ({"choice": ["x"]}, [("choice[0]", "is not one of a, b", True)]),
        ({"choice": "x"}, [("choice", "is not one of all", True)]),
        ({"login": {"name": "a", "type": "hash"}}, [("login.password", "is missing", True)]),
        ({"long": b"abc"}, []),
        ({"list": []}, []),
        ({"list": [1]}, [("list", "has too few entries: at least 2", True)]),
        (
            {"list": [1, 1, 2, 3]},
            [("list", "has too many entries: at most 3", True), ("list", "has an entry twice", False)],
        ),
        ({"full": {"y": SECRET}}, [("full.x", "is missing", True)]),
        (
            {"keys": {"servr": SECRET, "x-a": 1}},
            [("keys.servr", "cloud-init knows no such entry here; did you mean 'server'?", True)],
        ),
        ({"keys": {"new": SECRET}}, [("keys.new", "cloud-init knows no such entry here", False)]),
        ({"not": {"a": SECRET, "b": 1}}, [("not", "is not as cloud-init takes it", True)]),
        ({"one": 7}, [("one", "is a number, and cloud-init takes a text or a list", False)]),
        ({"one": ["a", 7]}, [("one[1]", "is a number, and cloud-init takes a text: put it in quotes", False)]),
        ({"one": ["a", None], "full": {"x": None}}, []),
        ({"any": {"z": SECRET}}, [("any.a", "is missing", True)]),
        ({"both": "x"}, []),
        ({"old": True, "top": SECRET, "no_such": 1, "long": None}, []),
        ({"old": SECRET}, [("old", "is a string, and cloud-init takes true or false", True)]),
    ],
)
def test_the_sentences(made: Path, entries: dict[str, Any], said: list[Any]) -> None:
    found = Schema(str(made)).of_config(entries)
    assert [(shown_place(one.place), one.problem, one.sure) for one in found] == said
    assert SECRET not in str(found)


def test_what_goes_round_in_circles_is_left_alone(made: Path) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert Schema(str(made)).of_config({"again": endless}) == []


def test_a_part_is_looked_at_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    schema = Schema(str(made))
    monkeypatch.setattr(cloud_init_schema, "findings", lambda checker, value: looked.append(value) or [])
    for number in range(5):
        schema.of_config({"most": 2, "top": number})
    assert looked == [{"most": 2}]


def test_of_a_network_nothing_is_sure(made: Path) -> None:
    found = Schema(str(made)).of_network({"ethernets": [], "wifis": {}})
    assert [(one.place, one.sure) for one in found] == [(("ethernets",), False)]


def test_where_it_is_looked_for(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_init_schema, "FOLDERS", (f"{tmp_path}/none", f"{made.parent}/cloudini*"))
    installed = cloud_init_schema.installed
    installed.cache_clear()
    try:
        found = installed()
        assert found is not None
        assert found.version == "99.1"
        installed.cache_clear()
        monkeypatch.setitem(sys.modules, "jsonschema", None)
        assert installed() is None
    finally:
        installed.cache_clear()


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "[" * 100_000, '{"allOf": [7]}', '{"$defs": {}, "allOf": [{"$ref": "#/$defs/no"}]}']
)
def test_a_schema_that_cannot_be_used_is_none(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "config/schemas").mkdir(parents=True)
    (tmp_path / "config/schemas" / CONFIG).write_text(text)
    monkeypatch.setattr(cloud_init_schema, "folders", lambda: iter([str(tmp_path)]))
    cloud_init_schema.installed.cache_clear()
    try:
        assert cloud_init_schema.installed() is None
    finally:
        cloud_init_schema.installed.cache_clear()


def test_the_real_one_is_read() -> None:
    schema = Schema(folder())
    assert schema.version[:2].isdecimal()
    assert {"packages", "users", "write_files"} <= schema.entries
    assert [one.place for one in schema.of_config({"growpart": {"mode": SECRET}, "apt": {"sourcess": {}}})] == [
        ("growpart", "mode"), ("apt", "sourcess")]  # fmt: skip
    assert schema.of_config(dict.fromkeys(schema.entries)) == []
    post = {"phone_home": {"url": "http://192.0.2.1/", "post": [SECRET]}}
    assert [one.place for one in schema.of_config(post)] == [("phone_home", "post", 0)]
    (found,) = schema.of_config({"chpasswd": {"users": [{"name": "a", "type": "hash"}]}})
    assert (found.place, found.problem) == (("chpasswd", "users", 0, "password"), "is missing")

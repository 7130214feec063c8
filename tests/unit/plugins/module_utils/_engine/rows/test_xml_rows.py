# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps: a name that is left out stays, one that is null goes, and a name is one element."""

from __future__ import annotations

import dataclasses
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import TEXT
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Map
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import SECRET
from ansible_collections.virtfleet.kvm.tests.unit.support import SCOPE, canonical

FEATURES = Map("features", "cpu/more/feature", TEXT, "Features.", value="policy")
ENTRIES = Map("entries", "cpu/more/feature", TEXT, "Entries.")
HAS = "<d><cpu><more><feature name='a' policy='require'/><feature name='b'/></more></cpu><other/></d>"
TEXTS = "<d><cpu><more><feature name='a'>1</feature></more></cpu></d>"


def edited(row: Map, xml: str, given: Any) -> tuple[str, dict[str, tuple[Any, Any]]]:
    root = ET.fromstring(xml)
    changes: list[Change] = []
    row.edit(root, {row.name: given}, SCOPE, "", changes)
    return canonical(root), {change.path: (change.before, change.after) for change in changes}


def more(*features: str) -> str:
    return canonical(ET.fromstring(f"<d><cpu><more>{''.join(features)}</more></cpu><other/></d>"))


A, B = "<feature name='a' policy='require'/>", "<feature name='b'/>"


@pytest.mark.parametrize(
    ("given", "features", "changes"),
    [
        ({}, (A, B), {}),
        ({"a": "require"}, (A, B), {}),
        ({"b": ""}, (A, B), {}),
        ({"c": None}, (A, B), {}),
        ({"a": "forbid"}, ("<feature name='a' policy='forbid'/>", B), {"features.a": ("require", "forbid")}),
        ({"a": ""}, ("<feature name='a'/>", B), {"features.a": ("require", "")}),
        ({"a": None}, (B,), {"features.a": ("require", None)}),
        ({"b": "force"}, (A, "<feature name='b' policy='force'/>"), {"features.b": ("", "force")}),
        ({"c": "force"}, (A, B, "<feature name='c' policy='force'/>"), {"features.c": (None, "force")}),
        ({"c": ""}, (A, B, "<feature name='c'/>"), {"features.c": (None, "")}),
        ({"a": None, "c": ""}, (B, "<feature name='c'/>"), {"features.a": ("require", None), "features.c": (None, "")}),
    ],
)
def test_a_map_changes_the_names_that_it_has(given: Any, features: tuple[str, ...], changes: Any) -> None:
    assert edited(FEATURES, HAS, given) == (more(*features), changes)


@pytest.mark.parametrize("given", [None, {"a": None, "b": None}])
def test_what_is_left_empty_goes_with_the_last_name(given: Any) -> None:
    text, changes = edited(FEATURES, HAS, given)
    assert text == canonical(ET.fromstring("<d><other/></d>"))
    assert changes == {"features.a": ("require", None), "features.b": ("", None)}


def test_a_name_in_a_text_of_its_own() -> None:
    assert edited(ENTRIES, TEXTS, {"a": "2"}) == (TEXTS.replace("1", "2").replace("'", '"'), {"entries.a": ("1", "2")})
    text, changes = edited(ENTRIES, TEXTS, {"a": ""})
    assert ET.fromstring(text).findtext("cpu/more/feature") == ""
    assert changes == {"entries.a": ("1", "")}


def test_names_that_libvirt_fills_in_stay_unless_the_whole_is_dropped() -> None:
    filled = dataclasses.replace(FEATURES, filled=True)
    for given in (None, {"a": None}):
        assert edited(filled, HAS, given) == (more(A, B), {})
    assert edited(filled, HAS, {"c": ""})[1] == {"features.c": (None, "")}
    for row in (filled, FEATURES):
        root = ET.fromstring(HAS)
        changes: list[Change] = []
        row.drop(root, SCOPE, "", changes)
        assert canonical(root) == canonical(ET.fromstring("<d><other/></d>"))
        assert [change.path for change in changes] == ["features.a", "features.b"]


def test_a_secret_is_not_shown() -> None:
    secret = dataclasses.replace(FEATURES, secret=True)
    _text, changes = edited(secret, HAS, {"a": "forbid", "b": None})
    assert changes == {"features.a": (SECRET, SECRET), "features.b": (SECRET, None)}
    out: dict[str, Any] = {}
    secret.show({"features": {"a": "x", "b": None}}, out)
    assert out == {"features": {"a": SECRET, "b": None}}


def test_of_several_elements_of_one_name_the_last_counts() -> None:
    out: dict[str, Any] = {}
    FEATURES.read(ET.fromstring(f"<d><cpu><more>{A}<feature/><feature name='a' policy='x'/></more></cpu></d>"), out)
    assert out == {"features": {"a": "x"}}
    out = {}
    FEATURES.read(ET.fromstring("<d/>"), out)
    assert out == {}

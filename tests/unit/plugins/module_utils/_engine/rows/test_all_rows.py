# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of every sort on one definition: what is declared is there and read again, null resets it, the rest stays."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import (
    PRESENCE,
    TEXT,
    YES_NO,
    Choice,
    Integer,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import (
    UNSET,
    Chain,
    Field,
    Group,
    Property,
    Struct,
    Values,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.fields import kept
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import (
    complete_rows,
    edit_rows,
    parse_rows,
    read_rows,
    strip_rows,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import SCOPE, canonical

WORD = st.text("abc", min_size=1, max_size=3)
NUMBER = st.integers(0, 5)
ROWS = (
    Field("title", "title", TEXT, "Text."),
    Field("count", "count", Integer(), "Number.", default=1),
    Field("size", "size@max", Integer(), "Attribute.", follower="current"),
    Field("current", "current", Integer(), "What follows it.", like="size@max"),
    Field("acpi", "features/acpi", PRESENCE, "Presence.", default=False),
    Field("mode", "mode@name", Choice("a", "b"), "Choice.", default="a", must=True),
    Struct(
        "cpu",
        "cpu",
        (
            Field("model", "model", TEXT, "Model."),
            Struct("topology", "topology", (Field("cores", "@cores", Integer(1), "Cores."),), "Topology."),
        ),
        "CPU.",
    ),
    Values("words", "words/word", TEXT, "Words."),
    Group(
        "disks",
        "devices/disk",
        (Field("target", "target@dev", TEXT, "Target."), Field("ro", "readonly", PRESENCE, "Flag.", default=False)),
        "Disks.",
        keys=("target",),
    ),
    Chain("layers", "layer", (Field("file", "@file", TEXT, "File."),), "Layers."),
)
DISK = st.fixed_dictionaries({"target": WORD}, optional={"ro": st.booleans()})
CPU = st.fixed_dictionaries(
    {}, optional={"model": WORD, "topology": st.fixed_dictionaries({}, optional={"cores": st.integers(1, 3)})}
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "title": WORD,
        "count": NUMBER,
        "size": NUMBER,
        "current": NUMBER,
        "acpi": st.booleans(),
        "mode": st.sampled_from("ab"),
        "cpu": CPU,
        "words": st.lists(WORD, max_size=3),
        "disks": st.lists(DISK, max_size=3, unique_by=lambda disk: str(disk["target"])),
        "layers": st.lists(st.fixed_dictionaries({"file": WORD}), max_size=3),
    },
)
UNKNOWN = "<r><zzz a='1'>text</zzz><cpu yyy='1'/><devices><xxx/></devices></r>"


def bare(value: Any) -> Any:
    """Options without what is as if it were left out: defaults, nothing, and what follows another."""
    if isinstance(value, dict):
        defaults = {"count": 1, "acpi": False, "ro": False, "mode": "a"}
        found = {name: bare(inner) for name, inner in value.items()}
        found = {name: inner for name, inner in found.items() if inner not in ({}, []) and inner != defaults.get(name)}
        if found.get("current") is not None and found["current"] == found.get("size"):
            del found["current"]
        return found
    return [bare(each) for each in value] if isinstance(value, list) else value


def edited(root: ET.Element, item: dict[str, Any]) -> list[Change]:
    changes: list[Change] = []
    edit_rows(ROWS, root, item, SCOPE, "", changes)
    return changes


def declared(item: dict[str, Any]) -> ET.Element:
    root, problems = ET.fromstring(UNKNOWN), list[Any]()
    whole = complete_rows(ROWS, parse_rows(ROWS, item, "", problems), SCOPE, problems, "")
    assert problems == []
    edited(root, whole)
    return root


@given(ITEMS)
def test_what_is_declared_is_there_and_said_again_changes_nothing(item: dict[str, Any]) -> None:
    root = declared(item)
    assert bare(read_rows(ROWS, root)) == bare(item)
    before = canonical(root)
    assert edited(root, item) == []
    assert canonical(root) == before


@given(ITEMS, ITEMS)
def test_one_definition_becomes_another_whatever_it_was(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What the other leaves out stays, and what it says counts; the changes are told only where something differs."""
    root = declared(old)
    before = bare(read_rows(ROWS, root))
    changes = edited(root, new)
    now = bare(read_rows(ROWS, root))
    if "size" not in new and "current" not in new:
        assert bool(changes) is (now != before)
    for name in set(new) - {"cpu", "size", "current", "disks"}:
        assert now.get(name) == bare(new).get(name)
    for name in set(before) - set(new) - {"size", "current"}:
        assert now.get(name) == before[name]
    assert edited(root, new) == []
    assert root.find("zzz") is not None


@given(ITEMS)
def test_null_resets_all_and_leaves_what_no_row_knows(item: dict[str, Any]) -> None:
    root = declared(item)
    edited(root, {row.name: None for row in ROWS})
    assert bare(read_rows(ROWS, root)) == {}
    assert [(node.tag, node.get("a")) for node in root if node.tag == "zzz"] == [("zzz", "1")]
    assert root.find("devices/xxx") is not None
    assert root.find("cpu[@yyy='1']") is not None


@given(ITEMS)
def test_without_what_the_rows_tell_only_what_no_row_knows_is_left(item: dict[str, Any]) -> None:
    root = declared(item)
    strip_rows(ROWS, root, SCOPE)
    assert root.find("zzz") is not None
    assert root.find("devices/xxx") is not None
    gone = ("title", "count", "size", "current", "features/acpi", "cpu/model", "cpu/topology[@cores]", "words/word")
    for path in gone:
        assert root.find(path) is None
    for node in root.iter():
        assert not {"file", "dev"} & set(node.attrib)


# What an author may not say of a field


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({}, None),
        ({"required": True, "new": 1}, "required, but a new one gets a value"),
        ({"required": True, "filled": True}, "required and filled"),
        ({"default": 1, "like": "other"}, "has a default and like"),
        ({"must": True}, "must, but has no default and no new"),
        ({"must": True, "default": 1}, None),
        ({"must": True, "new": 1}, None),
        ({"must": True, "default": lambda element: 1}, "must, but its default is a function"),
        ({"belongs": ("other",)}, "belongs to another option, but nobody fills it in"),
        ({"belongs": ("other",), "filled": True}, None),
        ({"vacant": True}, "vacant, but a new one gets nothing"),
        ({"vacant": True, "new": 1}, None),
        ({"fixed": True, "live": "how"}, "fixed and live"),
        ({"path": ""}, "has no path"),
        ({"like": "other"}, None),
        ({"like": "nowhere"}, "like says nowhere, and no row beside it stands there"),
        ({"follower": "nowhere"}, "follower says nowhere"),
        ({"like": "here"}, "like says here"),
        ({"new": "x"}, None),
    ],
)
def test_flags_that_cannot_be_true_together_are_told(flags: dict[str, Any], said: str | None) -> None:
    row = Field(**{"name": "a", "path": "here", "type": Integer(), "doc": "A.", **flags})
    other = Field("b", "other", Integer(), "B.")
    found = list(row.mistakes((row, other)))
    assert [said in line for line in found] == ([] if said is None else [True])


def test_a_value_beside_the_definition_has_no_path_and_no_way_to_what_runs() -> None:
    assert list(Property("a", "", TEXT, "A.").mistakes(())) == []
    assert "has a path, but no definition holds it" in list(Property("a", "x", TEXT, "A.").mistakes(()))
    assert "live, but no definition holds it" in list(Property("a", "", TEXT, "A.", live="how").mistakes(()))


def test_a_default_is_one_that_the_converter_knows() -> None:
    row = Field("a", "a", Choice("x", "y"), "A.", default="z")
    assert list(row.mistakes((row,))) == ["default is 'z', which its converter does not take"]
    new = Field("a", "a", Choice("x", "y"), "A.", new="z")
    assert list(new.mistakes((new,))) == ["new is 'z', which its converter does not take"]


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("a", "text", "text"),
        ("a", "one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a", " text", None),
        ("a", "text\n", None),
        ("a", "  ", None),
        ("a", "", None),
        ("a@b", " text ", " text "),
        ("a", 7, 7),
    ],
)
def test_the_content_of_an_element_keeps_no_space_at_its_ends(path: str, value: Any, found: Any) -> None:
    """Attributes do, and their ends of lines are none of ours."""
    if found is None:
        with pytest.raises(ValueError, match="no definition keeps"):
            kept(TEXT, path, value)
    else:
        assert kept(TEXT, path, value) == found


@pytest.mark.parametrize(
    ("flags", "xml", "is_default"),
    [
        ({"default": 1}, "<r><a>1</a></r>", True),
        ({"default": 1}, "<r><a>2</a></r>", False),
        ({"default": 1}, "<r/>", False),
        ({"default": 1, "filled": True}, "<r><a>1</a></r>", False),
        ({}, "<r><a>1</a></r>", False),
        ({"like": "b"}, "<r><a>1</a><b>1</b></r>", True),
        ({"like": "b"}, "<r><a>1</a><b>2</b></r>", False),
        ({"default": len}, "<r><a>1</a></r>", True),
    ],
)
def test_a_value_that_is_what_libvirt_means_anyway_is_the_default(
    flags: dict[str, Any], xml: str, is_default: bool
) -> None:
    row = Field("a", "a", Integer(), "A.", **flags)
    root = ET.fromstring(xml)
    assert row.is_default(root) is is_default
    assert row.value(root) == (row.fallback(root) if root.find("a") is None else int(root.findtext("a") or 0))


def test_what_a_new_element_gets_is_told_apart() -> None:
    for row, fresh, creating, needing in (
        (Field("a", "a", TEXT, "A."), False, False, False),
        (Field("a", "a", TEXT, "A.", required=True), True, False, True),
        (Field("a", "a", TEXT, "A.", new="x"), True, True, False),
        (Field("a", "a", TEXT, "A.", new=UNSET), False, False, False),
        (Struct("s", "s", (Field("a", "a", TEXT, "A.", new="x"),), "S."), None, True, None),
        (Struct("s", "s", (Field("a", "a", TEXT, "A."),), "S."), None, False, None),
        (Group("g", "g", (Field("a", "a", TEXT, "A."),), "G."), False, False, None),
        (Group("g", "g", (Field("a", "a", TEXT, "A."),), "G.", new=[]), True, True, None),
        (Field("a", "a", YES_NO, "A.", default=True), False, False, False),
    ):
        assert fresh is None or row.fresh is fresh
        assert row.creating is creating
        assert needing is None or row.needing is needing


BELONGING = (
    Field("kind", "@kind", TEXT, "Kind."),
    Field("detail", "detail", TEXT, "What libvirt fills in for the kind.", filled=True, belongs=("kind",)),
    Field("other", "other", TEXT, "What it fills in for itself.", filled=True),
)


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ({"kind": "a"}, "<r kind='a'><detail>x</detail><other>y</other></r>"),
        ({"kind": "b"}, "<r kind='b'><other>y</other></r>"),
        ({"kind": "b", "detail": "z"}, "<r kind='b'><detail>z</detail><other>y</other></r>"),
        ({"other": "z"}, "<r kind='a'><detail>x</detail><other>z</other></r>"),
        ({}, "<r kind='a'><detail>x</detail><other>y</other></r>"),
    ],
)
def test_what_was_filled_in_for_a_value_goes_with_it(item: dict[str, Any], left: str) -> None:
    root = ET.fromstring("<r kind='a'><detail>x</detail><other>y</other></r>")
    changes: list[Change] = []
    edit_rows(BELONGING, root, item, SCOPE, "", changes)
    assert canonical(root) == canonical(left)
    assert {change.path for change in changes} == {name for name, value in item.items() if value != "a"}

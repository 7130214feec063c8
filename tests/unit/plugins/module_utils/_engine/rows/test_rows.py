# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields and structs: left out is left alone, given is made so, null is libvirt's default."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import (
    MEMORY,
    PRESENCE,
    TEXT,
    YES_NO,
    Choice,
    Integer,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field, Property, Struct
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import (
    complete_rows,
    document_rows,
    edit_rows,
    parse_rows,
    read_rows,
    show_rows,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.tests.unit.support import SCOPE, canonical

TITLE = Field("title", "title", TEXT, "A title.")
VCPUS = Field("vcpus", "vcpu", Integer(1), "CPUs.", default=1)
MEMORY_FIELD = Field("memory", "memory", MEMORY, "Memory.", required=True, follower="currentMemory")
ACPI = Field("acpi", "features/acpi", PRESENCE, "ACPI.", default=False)
NAME = Field("name", "name", TEXT, "Name.", fixed=True)
FILLED = Field("bridge", "bridge@name", TEXT, "Bridge.", filled=True)
PASSWORD = Field("password", "graphics@passwd", TEXT, "Password.", secret=True)
CPU = Struct(
    "cpu",
    "cpu",
    (
        Field("mode", "@mode", Choice("custom", "host-model"), "Mode."),
        Field("migratable", "@migratable", YES_NO, "Migratable."),
        Struct("topology", "topology", (Field("cores", "@cores", Integer(1), "Cores."),), "Topology."),
    ),
    "The CPU.",
)


def edit(row: Any, xml: str, item: dict[str, Any]) -> tuple[str, list[Change]]:
    """The document after an edit, and the changes."""
    root = ET.fromstring(xml)
    changes: list[Change] = []
    edit_rows((row,), root, item, SCOPE, "", changes)
    return canonical(root), changes


def parse(row: Any, raw: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The options in normal form, and what is wrong."""
    problems: list[Invalid] = []
    item = parse_rows((row,), raw, "", problems)
    return item, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("row", "before", "item", "after", "change"),
    [
        # given
        (TITLE, "<d><title>a</title></d>", {"title": "b"}, "<d><title>b</title></d>", ("a", "b")),
        (TITLE, "<d/>", {"title": "b"}, "<d><title>b</title></d>", (None, "b")),
        (VCPUS, "<d><vcpu cpuset='1-3'>2</vcpu></d>", {"vcpus": 4}, "<d><vcpu cpuset='1-3'>4</vcpu></d>", (2, 4)),
        (VCPUS, "<d/>", {"vcpus": 4}, "<d><vcpu>4</vcpu></d>", (1, 4)),
        (ACPI, "<d/>", {"acpi": True}, "<d><features><acpi/></features></d>", (False, True)),
        (
            ACPI,
            "<d><features><acpi/><pae/></features></d>",
            {"acpi": False},
            "<d><features><pae/></features></d>",
            (True, False),
        ),
        (
            FILLED,
            "<d><bridge name='a' stp='on'/></d>",
            {"bridge": "b"},
            "<d><bridge name='b' stp='on'/></d>",
            ("a", "b"),
        ),
        # null
        (TITLE, "<d><title>a</title></d>", {"title": None}, "<d/>", ("a", None)),
        (VCPUS, "<d><vcpu>2</vcpu></d>", {"vcpus": None}, "<d><vcpu>1</vcpu></d>", (2, None)),
        (VCPUS, "<d><vcpu cpuset='1-3'>2</vcpu></d>", {"vcpus": None}, "<d><vcpu cpuset='1-3'>1</vcpu></d>", (2, None)),
        (ACPI, "<d><features><acpi/></features></d>", {"acpi": None}, "<d/>", (True, None)),
    ],
)
def test_edit_patches_the_value_and_nothing_else(
    row: Any, before: str, item: dict[str, Any], after: str, change: tuple[Any, Any]
) -> None:
    text, changes = edit(row, before, item)
    assert text == canonical(after)
    assert changes == [Change(row.name, *change)]


@pytest.mark.parametrize(
    ("row", "xml", "item"),
    [
        # left out
        (TITLE, "<d><title>a</title></d>", {}),
        (ACPI, "<d><features><acpi/></features></d>", {}),
        (CPU, "<d><cpu mode='custom'/></d>", {}),
        # already so
        (TITLE, "<d><title>a</title></d>", {"title": "a"}),
        (VCPUS, "<d/>", {"vcpus": 1}),
        (ACPI, "<d/>", {"acpi": False}),
        (MEMORY_FIELD, "<d><memory unit='GiB'>1</memory></d>", {"memory": 1024**3}),
        (CPU, "<d><cpu mode='custom'/></d>", {"cpu": {}}),
        # null, and nothing there
        (TITLE, "<d/>", {"title": None}),
        (VCPUS, "<d><vcpu placement='static'>1</vcpu></d>", {"vcpus": None}),
        (ACPI, "<d/>", {"acpi": None}),
        (CPU, "<d/>", {"cpu": None}),
        # null, where libvirt would only fill in a value again
        (FILLED, "<d><bridge name='virbr0'/></d>", {"bridge": None}),
    ],
)
def test_edit_leaves_alone_what_is_left_out_or_already_so(row: Any, xml: str, item: dict[str, Any]) -> None:
    assert edit(row, xml, item) == (canonical(xml), [])


def test_a_fixed_value_can_be_set_once() -> None:
    assert edit(NAME, "<d/>", {"name": "a"})[0] == canonical("<d><name>a</name></d>")
    with pytest.raises(Invalid, match="name: is a and cannot be changed to b"):
        edit(NAME, "<d><name>a</name></d>", {"name": "b"})


def test_memory_drags_its_follower_along_while_the_two_are_equal() -> None:
    xml = "<d><memory unit='KiB'>1024</memory><currentMemory unit='KiB'>1024</currentMemory></d>"
    assert edit(MEMORY_FIELD, xml, {"memory": 2 * 1024**2})[0] == canonical("<d><memory unit='KiB'>2048</memory></d>")


def test_memory_leaves_another_current_memory_alone() -> None:
    xml = "<d><memory unit='KiB'>4096</memory><currentMemory unit='KiB'>1024</currentMemory></d>"
    text, _changes = edit(MEMORY_FIELD, xml, {"memory": 8 * 1024**2})
    assert text == canonical("<d><memory unit='KiB'>8192</memory><currentMemory unit='KiB'>1024</currentMemory></d>")


def test_required() -> None:
    assert parse(MEMORY_FIELD, {"memory": None})[1] == [
        "memory: cannot be null: there is no default for it; give a value"
    ]
    problems: list[Invalid] = []
    complete_rows((MEMORY_FIELD,), {}, SCOPE, problems, "")
    assert [str(problem) for problem in problems] == ["memory: a new domain needs it"]
    assert edit(MEMORY_FIELD, "<d><memory>1024</memory></d>", {})[1] == []


def test_secrets_are_hidden_but_written() -> None:
    text, changes = edit(PASSWORD, "<d><graphics passwd='old'/></d>", {"password": "hunter2"})
    assert "hunter2" in text
    assert changes == [Change("password", "(secret)", "(secret)")]
    assert show_rows((PASSWORD,), {"password": "hunter2"}) == {"password": "(secret)"}
    assert edit(PASSWORD, "<d/>", {"password": "hunter2"})[1] == [Change("password", None, "(secret)")]


def test_a_secret_that_stays_is_no_change() -> None:
    assert edit(PASSWORD, "<d><graphics passwd='a'/></d>", {"password": "a"})[1] == []


def test_a_new_value_is_a_constant_or_follows_from_the_scope() -> None:
    rows = (
        Field("a", "a", TEXT, "A.", new="virtio"),
        Field("b", "b", TEXT, "B.", new=lambda scope: scope.name),
        Field("c", "c", TEXT, "C.", new=lambda scope: None),
        Field("d", "d", TEXT, "D."),
    )
    assert complete_rows(rows, {}, SCOPE, [], "") == {"a": "virtio", "b": "web01"}
    assert complete_rows(rows, {"a": "e1000", "b": None}, SCOPE, [], "") == {"a": "e1000", "b": None}


def test_complete_leaves_the_users_item_as_it_is() -> None:
    item = {"cpu": {"mode": "custom"}}
    row = Struct("cpu", "cpu", (Field("check", "@check", TEXT, "Check.", new="none"),), "CPU.")
    assert complete_rows((row,), item, SCOPE, [], "") == {"cpu": {"mode": "custom", "check": "none"}}
    assert item == {"cpu": {"mode": "custom"}}


@pytest.mark.parametrize(
    ("row", "xml", "item"),
    [
        (TITLE, "<d><title>a</title></d>", {"title": "a"}),
        (TITLE, "<d/>", {}),
        (VCPUS, "<d><vcpu>2</vcpu></d>", {"vcpus": 2}),
        (VCPUS, "<d><vcpu>1</vcpu></d>", {}),
        (ACPI, "<d><features><acpi/></features></d>", {"acpi": True}),
        (ACPI, "<d><features/></d>", {}),
        (
            CPU,
            "<d><cpu mode='custom'><topology cores='2'/></cpu></d>",
            {"cpu": {"mode": "custom", "topology": {"cores": 2}}},
        ),
        (CPU, "<d><cpu match='exact'/></d>", {}),
        (CPU, "<d/>", {}),
    ],
)
def test_read_leaves_defaults_out(row: Any, xml: str, item: dict[str, Any]) -> None:
    assert read_rows((row,), ET.fromstring(xml)) == item


def test_read_says_so_where_a_new_one_would_get_something_else() -> None:
    row = Field("model", "model@type", TEXT, "Model.", new="virtio")
    assert read_rows((row,), ET.fromstring("<interface/>")) == {"model": None}


def test_a_property_is_not_in_the_definition() -> None:
    row = Property("autostart", "", YES_NO, "Autostart.", default=False)
    assert edit(row, "<d/>", {"autostart": True}) == (canonical("<d/>"), [])
    assert read_rows((row,), ET.fromstring("<d/>")) == {}


def test_a_struct_is_made_patched_and_pruned() -> None:
    text, changes = edit(CPU, "<d/>", {"cpu": {"topology": {"cores": 2}}})
    assert text == canonical("<d><cpu><topology cores='2'/></cpu></d>")
    assert changes == [Change("cpu.topology.cores", None, 2)]
    assert edit(CPU, text, {"cpu": {"topology": {"cores": None}}})[0] == canonical("<d/>")


def test_null_for_a_struct_resets_its_options_and_keeps_what_is_unknown() -> None:
    xml = "<d><cpu mode='custom' match='exact'><topology cores='2' dies='1'/><cache level='3'/></cpu></d>"
    text, changes = edit(CPU, xml, {"cpu": None})
    assert text == canonical("<d><cpu match='exact'><topology dies='1'/><cache level='3'/></cpu></d>")
    assert [change.path for change in changes] == ["cpu.mode", "cpu.topology.cores"]


def test_show_takes_structs_apart() -> None:
    secret = Struct("vnc", "graphics", (PASSWORD, TITLE), "VNC.")
    assert show_rows((secret,), {"vnc": {"password": "x", "title": "y"}}) == {
        "vnc": {"password": "(secret)", "title": "y"}
    }
    assert show_rows((secret,), {"vnc": None}) == {"vnc": None}
    assert show_rows((MEMORY_FIELD,), {"memory": 2 * 1024**3}) == {"memory": "2GiB"}


def test_document_describes_every_option() -> None:
    assert document_rows((VCPUS, CPU, ACPI)) == {
        "vcpus": {"description": "CPUs.", "type": "int"},
        "cpu": {
            "description": "The CPU.",
            "type": "dict",
            "suboptions": {
                "mode": {"description": "Mode.", "type": "str", "choices": ["custom", "host-model"]},
                "migratable": {"description": "Migratable.", "type": "bool"},
                "topology": {
                    "description": "Topology.",
                    "type": "dict",
                    "suboptions": {"cores": {"description": "Cores.", "type": "int"}},
                },
            },
        },
        "acpi": {"description": "ACPI.", "type": "bool"},
    }


@pytest.mark.parametrize(
    ("wrong", "said", "hint"),
    [
        ("banana", "'banana'", "; its options are: migratable, mode, topology"),
        (["custom"], "a list", "; write its options without '- '"),
        (1, "1", "; its options are: migratable, mode, topology"),
        (True, "True", "; its options are: migratable, mode, topology"),
    ],
)
def test_a_struct_has_to_be_a_dictionary(wrong: Any, said: str, hint: str) -> None:
    assert parse(CPU, {"cpu": wrong})[1] == [f"cpu: {said} is not a dictionary of options{hint}"]


def test_a_word_in_place_of_the_option_that_has_it() -> None:
    assert parse(CPU, {"cpu": "custom"})[1] == ["cpu: 'custom' is not a dictionary of options; write {mode: custom}"]


def test_problems_name_the_path() -> None:
    _item, problems = parse(
        CPU, {"cpu": {"mode": "banana", "topology": {"cores": 0, "coers": 1}, "migratable": "perhaps"}}
    )
    assert problems == [
        "cpu.mode: 'banana' is not one of custom, host-model",
        "cpu.migratable: 'perhaps' is neither true nor false",
        "cpu.topology.coers: no such option; did you mean 'cores'?",
        "cpu.topology.cores: 0 is less than 1",
    ]

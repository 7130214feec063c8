# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists are whole: what they leave out goes, and every item finds its element."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import DEVICE, MEMORY, TEXT, Choice
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Field, Group, Values
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

BOOT = Values("boot", "os/boot@dev", Choice("hd", "cdrom", "network"), "Order.")
FORWARD = Values("interfaces", "interface@dev", DEVICE, "Devices.", follower="@dev")


def next_free(scope: Any) -> str:
    """The first letter that no other disk has."""
    taken = {item.get("target") for item in scope.siblings}
    return next(letter for letter in "abcdefgh" if letter not in taken)


DISKS = Group(
    "disks",
    "devices/disk",
    (
        Field("file", "source@file", TEXT, "File."),
        Field("target", "target@dev", TEXT, "Target.", new=next_free, filled=True),
        Field("serial", "serial", TEXT, "Serial."),
        Field("key", "@key", TEXT, "Key.", secret=True),
    ),
    "The disks.",
    keys=("target", "file"),
    rekey=False,
)
TWO = (
    "<d><devices><disk><source file='/1'/><target dev='a'/><iotune x='1'/></disk>"
    "<disk><source file='/2'/><target dev='b'/></disk><emulator/></devices></d>"
)


def edit(row: Any, xml: str, item: dict[str, Any]) -> tuple[str, list[Change]]:
    """The document after an edit, and the changes."""
    root = ET.fromstring(xml)
    changes: list[Change] = []
    edit_rows((row,), root, item, SCOPE, "", changes)
    return canonical(root), changes


# Plain values


def test_values_are_set_in_order() -> None:
    xml = "<d><os><type>hvm</type><boot dev='hd'/><bootmenu/></os></d>"
    text, changes = edit(BOOT, xml, {"boot": ["network", "hd"]})
    assert changes == [Change("boot", ["hd"], ["network", "hd"])]
    assert read_rows((BOOT,), ET.fromstring(text)) == {"boot": ["network", "hd"]}
    assert ET.fromstring(text).findtext("os/type") == "hvm"
    assert ET.fromstring(text).find("os/bootmenu") is not None


def test_the_order_of_values_counts() -> None:
    xml = "<d><os><boot dev='hd'/><boot dev='cdrom'/></os></d>"
    assert edit(BOOT, xml, {"boot": ["hd", "cdrom"]}) == (canonical(xml), [])
    assert edit(BOOT, xml, {"boot": ["cdrom", "hd"]})[1] == [Change("boot", ["hd", "cdrom"], ["cdrom", "hd"])]


@pytest.mark.parametrize("nothing", [None, []])
def test_null_and_the_empty_list_take_all_values(nothing: Any) -> None:
    text, changes = edit(BOOT, "<d><os><boot dev='hd'/></os></d>", {"boot": nothing})
    assert text == canonical("<d/>")
    assert changes == [Change("boot", ["hd"], None)]


@pytest.mark.parametrize("nothing", [None, []])
def test_no_values_where_none_are(nothing: Any) -> None:
    assert edit(BOOT, "<d><os/></d>", {"boot": nothing})[1] == []
    assert edit(BOOT, "<d><os><boot dev='hd'/></os></d>", {})[1] == []


def test_values_take_along_what_libvirt_keeps_equal_to_the_first() -> None:
    xml = "<forward dev='a' mode='nat'><interface dev='a'/></forward>"
    assert edit(FORWARD, xml, {"interfaces": ["b"]})[0] == canonical(
        "<forward mode='nat'><interface dev='b'/></forward>"
    )
    other = "<forward dev='x'><interface dev='a'/></forward>"
    assert ET.fromstring(edit(FORWARD, other, {"interfaces": ["b"]})[0]).get("dev") == "x"


def test_values_refuse_each_wrong_one_by_its_place() -> None:
    problems: list[Invalid] = []
    parse_rows((BOOT,), {"boot": ["hd", "banana", 7]}, "", problems)
    assert [problem.where for problem in problems] == ["boot[1]", "boot[2]"]
    problems.clear()
    parse_rows((BOOT,), {"boot": "hd"}, "", problems)
    assert [str(problem) for problem in problems] == ["boot: 'hd' is not a list; write '- ' before each of its items"]


# Groups


def test_a_list_that_says_the_same_changes_nothing() -> None:
    assert edit(DISKS, TWO, {"disks": [{"target": "a"}, {"target": "b"}]}) == (canonical(TWO), [])
    assert edit(DISKS, TWO, {"disks": [{"file": "/1"}, {"file": "/2"}]}) == (canonical(TWO), [])
    assert edit(DISKS, TWO, {}) == (canonical(TWO), [])


def test_the_order_of_a_list_of_devices_does_not_count() -> None:
    assert edit(DISKS, TWO, {"disks": [{"target": "b"}, {"target": "a"}]}) == (canonical(TWO), [])


def test_what_a_list_leaves_out_goes() -> None:
    text, changes = edit(DISKS, TWO, {"disks": [{"target": "b"}]})
    assert text == canonical("<d><devices><disk><source file='/2'/><target dev='b'/></disk><emulator/></devices></d>")
    assert changes == [Change("disks[0]", {"file": "/1", "target": "a"}, None)]


@pytest.mark.parametrize("nothing", [None, []])
def test_null_and_the_empty_list_take_all_items(nothing: Any) -> None:
    text, changes = edit(DISKS, TWO, {"disks": nothing})
    assert text == canonical("<d><devices><emulator/></devices></d>")
    assert [change.after for change in changes] == [None, None]


def test_an_item_is_patched_in_place() -> None:
    text, changes = edit(DISKS, TWO, {"disks": [{"target": "a", "file": "/new"}, {"target": "b", "serial": "S"}]})
    assert changes == [Change("disks[0].file", "/1", "/new"), Change("disks[1].serial", None, "S")]
    assert ET.fromstring(text).find("devices/disk/iotune") is not None


def test_a_new_item_goes_behind_its_kind_and_is_shown_whole() -> None:
    text, changes = edit(DISKS, TWO, {"disks": [{"target": "a"}, {"target": "b"}, {"file": "/3", "key": "k"}]})
    assert [node.tag for node in ET.fromstring(text)[0]] == ["disk", "disk", "disk", "emulator"]
    assert changes == [Change("disks[2]", None, {"file": "/3", "key": "(secret)", "target": "c"})]


def test_a_new_item_knows_those_that_are_there_though_the_user_does_not_name_them() -> None:
    text, _changes = edit(DISKS, TWO, {"disks": [{"file": "/1"}, {"file": "/2"}, {"file": "/3"}]})
    assert [item["target"] for item in read_rows((DISKS,), ET.fromstring(text))["disks"]] == ["a", "b", "c"]


def test_a_new_item_knows_those_behind_it() -> None:
    done = complete_rows(
        (DISKS,), {"disks": [{"file": "/1"}, {"file": "/2", "target": "a"}, {"file": "/3"}]}, SCOPE, [], ""
    )
    assert [item["target"] for item in done["disks"]] == ["b", "a", "c"]
    text, _changes = edit(DISKS, "<d/>", {"disks": [{"file": "/1"}, {"file": "/2", "target": "a"}]})
    assert [item["target"] for item in read_rows((DISKS,), ET.fromstring(text))["disks"]] == ["b", "a"]


def test_an_item_is_not_one_of_those_beside_it() -> None:
    beside: list[tuple[int, list[str]]] = []

    def note(scope: Any) -> str:
        beside.append((scope.index, [item["file"] for item in scope.siblings]))
        return "x"

    disks = Group("disks", "disk", (Field("file", "@file", TEXT, "File."), Field("x", "@x", TEXT, "X.", new=note)), "")
    item = {"disks": [{"file": "/1"}, {"file": "/2"}, {"file": "/3"}]}
    complete_rows((disks,), item, SCOPE, [], "")
    assert beside == [(0, ["/2", "/3"]), (1, ["/1", "/3"]), (2, ["/1", "/2"])]


def test_another_value_of_a_key_that_may_not_change_is_another_item() -> None:
    text, changes = edit(DISKS, TWO, {"disks": [{"target": "a"}, {"target": "z", "file": "/9"}]})
    assert changes == [
        Change("disks[1]", None, {"target": "z", "file": "/9"}),
        Change("disks[1]", {"file": "/2", "target": "b"}, None),
    ]
    assert [item["target"] for item in read_rows((DISKS,), ET.fromstring(text))["disks"]] == ["a", "z"]


def test_a_new_item_that_lacks_something_is_refused() -> None:
    group = Group("pins", "pin", (Field("cpu", "@cpu", TEXT, "CPU.", required=True),), "Pins.")
    with pytest.raises(Invalid, match=r"pins\[0\]\.cpu: a new domain needs it"):
        edit(group, "<d/>", {"pins": [{}]})


def test_what_a_new_resource_gets_where_the_user_says_nothing() -> None:
    group = Group("serials", "serial", (Field("type", "@type", TEXT, "Type."),), "Serials.", new=[{"type": "pty"}])
    assert complete_rows((group,), {}, SCOPE, [], "") == {"serials": [{"type": "pty"}]}
    assert complete_rows((group,), {"serials": []}, SCOPE, [], "") == {"serials": []}
    # Without this, reading a guest that has none and declaring that anew would give it one.
    assert read_rows((group,), ET.fromstring("<d/>")) == {"serials": []}
    assert complete_rows((DISKS,), {}, SCOPE, [], "") == {}


def test_show_and_document_go_into_the_items() -> None:
    sizes = Group("sizes", "size", (Field("size", "@size", MEMORY, "Size."),), "Sizes.")
    assert show_rows((sizes,), {"sizes": [{"size": 2 * 1024**3}]}) == {"sizes": [{"size": "2GiB"}]}
    assert show_rows((sizes,), {"sizes": None}) == {"sizes": []}
    assert document_rows((sizes, BOOT)) == {
        "sizes": {
            "description": "Sizes.",
            "type": "list",
            "elements": "dict",
            "suboptions": {"size": {"description": "Size.", "type": "str"}},
        },
        "boot": {"description": "Order.", "type": "list", "elements": "str", "choices": ["hd", "cdrom", "network"]},
    }


def test_problems_in_items_name_their_place() -> None:
    problems: list[Invalid] = []
    parse_rows((DISKS,), {"disks": [{"file": "/1"}, "banana", {"fiel": "/2"}]}, "", problems)
    assert [str(problem) for problem in problems] == [
        "disks[1]: a string is not a dictionary of options; its options are: file, key, serial, target",
        "disks[2].fiel: no such option; did you mean 'file'?",
    ]
    problems.clear()
    parse_rows((DISKS,), {"disks": {"file": "/1"}}, "", problems)
    assert [str(problem) for problem in problems] == [
        "disks: a dictionary is not a list; write '- ' before each of its items"
    ]

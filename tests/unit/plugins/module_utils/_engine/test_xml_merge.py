# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fragments of XML: merged into what is there, once; and what is no fragment is refused."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import xml_merge
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.grammar import LIBVIRT
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical

DOCUMENT = """
<domain type='kvm'><name>a</name><memory unit='KiB'>1024</memory>
  <features><acpi/></features>
  <devices>
    <disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file'><source file='/b'/><target dev='vdb' bus='virtio'/></disk>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <memballoon model='virtio'/>
  </devices>
</domain>
"""


def merged(text: str, document: str = DOCUMENT) -> tuple[ET.Element, list[Any]]:
    """The document with a fragment merged in, and what that changed."""
    root = ET.fromstring(document)
    return root, LIBVIRT.merge(root, xml_merge.parse(text, "domain"))


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("<features><acpi/></features>", []),
        ("<devices><memballoon model='none'/></devices>", [("devices/memballoon@model", "virtio", "none")]),
        (
            "<devices><disk><target dev='vdb'/><iotune><x>1</x></iotune></disk></devices>",
            [("devices/disk/iotune", None, "<iotune><x>1</x></iotune>")],
        ),
        ("<title>t</title>", [("title", None, "<title>t</title>")]),
        ("<domain><title>t</title></domain>", [("title", None, "<title>t</title>")]),
        ("<?xml version='1.0'?><title>t</title>", [("title", None, "<title>t</title>")]),
        ("<name>b</name>", [("name", "a", "b")]),
        (
            "<devices><disk type='file'><source file='/c'/><target dev='vdc'/></disk></devices>",
            [("devices/disk", None, '<disk type="file"><source file="/c" /><target dev="vdc" /></disk>')],
        ),
        ("<devices><rng model='virtio'/></devices>", []),
        ("", []),
    ],
)
def test_merge_says_what_it_changes(text: str, edits: list[Any]) -> None:
    assert merged(text)[1] == edits


def test_what_a_fragment_does_not_name_stays() -> None:
    root, _edits = merged("<devices><disk><target dev='vdb'/><serial>S</serial></disk></devices>")
    expected = DOCUMENT.replace(
        "<target dev='vdb' bus='virtio'/>", "<target dev='vdb' bus='virtio'/><serial>S</serial>"
    )
    assert canonical(root) == canonical(expected)


def test_a_namespace_of_qemus_own() -> None:
    words = "<q:arg value='-x'/><q:arg value='1'/>"
    text = f"<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>{words}</q:commandline>"
    root, edits = merged(text)
    assert len(edits) == 1
    assert LIBVIRT.merge(root, xml_merge.parse(text, "domain")) == []


@pytest.mark.parametrize(
    "wrong", ["<a>", "a", "<a/>b", "&lt;", "<a>&undeclared;</a>", None, 7, ["<a/>"], "<a xmlns:x='u'><y:b/></a>"]
)
def test_what_is_no_fragment_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"is not|has text"):
        xml_merge.parse(wrong, "domain")


@pytest.mark.parametrize(
    "wrong",
    [
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!doctype a><a/>",
        "<?xml version='1.0'?><!DOCTYPE a><a/>",
    ],
)
def test_document_types_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="document types and entities are not taken"):
        xml_merge.parse(wrong, "domain")


LEAVES = st.sampled_from(
    [
        "<rng model='virtio'/>",
        "<disk><target dev='vda'/></disk>",
        "<disk><source file='/b'/></disk>",
        "<hub/>",
        "<panic model='isa'/>",
        "<memballoon model='none'/>",
    ]
)


@given(st.lists(LEAVES, max_size=4))
def test_a_second_merge_finds_everything_there(leaves: list[str]) -> None:
    text = f"<devices>{''.join(leaves)}</devices>"
    root, _edits = merged(text)
    assert LIBVIRT.merge(root, xml_merge.parse(text, "domain")) == []


@given(st.lists(LEAVES, max_size=4, unique=True))
def test_the_rest_makes_a_part_whole(leaves: list[str]) -> None:
    whole, _edits = merged(f"<devices>{''.join(leaves)}</devices>")
    part = ET.fromstring(DOCUMENT)
    missing = LIBVIRT.rest(whole, part)
    if missing is not None:
        LIBVIRT.merge(part, missing)
    assert LIBVIRT.rest(whole, part) is None


@pytest.mark.parametrize(
    ("missing", "rest"),
    [
        (">/dev/urandom<", "<devices><rng><backend>/dev/urandom</backend></rng></devices>"),
        (">1024<", "<memory>1024</memory>"),
        (" unit='KiB'", "<memory unit='KiB'/>"),
        ("<acpi/>", "<features><acpi/></features>"),
        ("<source file='/b'/>", "<devices><disk><source file='/b'/><target dev='vdb'/></disk></devices>"),
        (" bus='virtio'/></disk>\n    <rng", "<devices><disk><target dev='vdb' bus='virtio'/></disk></devices>"),
        ("<memballoon model='virtio'/>", "<devices><memballoon model='virtio'/></devices>"),
        (" model='random'", "<devices><rng><backend model='random'/></rng></devices>"),
    ],
)
def test_the_rest_is_what_is_missing_and_no_more(missing: str, rest: str) -> None:
    """With an identity where several have the tag, so that it finds its place."""
    kept = "><" if missing.startswith(">") else missing.removeprefix(" bus='virtio'") if "<rng" in missing else ""
    assert DOCUMENT.count(missing) == 1
    part = ET.fromstring(DOCUMENT.replace(missing, kept))
    found = LIBVIRT.rest(ET.fromstring(DOCUMENT), part)
    assert found is not None
    assert canonical(found) == canonical(f"<domain>{rest}</domain>")
    LIBVIRT.merge(part, found)
    # Several can have the tag rng, and nothing names one: the caller sees that the whole has not come out.
    assert (LIBVIRT.rest(ET.fromstring(DOCUMENT), part) is None) is ("<rng>" not in rest)


def test_what_only_the_part_has_is_no_rest() -> None:
    whole = DOCUMENT.replace(">1024<", "><").replace("<acpi/>", "")
    assert LIBVIRT.rest(ET.fromstring(whole), ET.fromstring(DOCUMENT)) is None


def test_the_cost_of_a_long_fragment_is_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    contains = xml_merge.Grammar.contains

    def counting(grammar: xml_merge.Grammar, node: ET.Element, piece: ET.Element) -> bool:
        nonlocal asked
        asked += 1
        return contains(grammar, node, piece)

    monkeypatch.setattr(xml_merge.Grammar, "contains", counting)
    root = ET.fromstring("<domain><devices/></domain>")
    text = "<devices>" + "<serial type='pty'/>" * 500 + "</devices>"
    assert len(LIBVIRT.merge(root, xml_merge.parse(text, "domain"))) == 500
    assert LIBVIRT.merge(root, xml_merge.parse(text, "domain")) == []
    assert LIBVIRT.rest(root, xml_merge.parse(text, "domain")) is None
    assert asked <= 4 * 500


def test_a_disk_of_another_type_keeps_nothing_of_what_it_was_on() -> None:
    """libvirt reads the attributes of the new type alone, so others may not see the old ones either."""
    disk = "<disk type='volume'><source pool='p' volume='v'/><target dev='vda'/></disk>"
    target = ET.fromstring(f"<domain><devices>{disk}</devices></domain>")
    piece = "<devices><disk type='file'><source file='/f'/><target dev='vda'/></disk></devices>"
    LIBVIRT.merge(target, xml_merge.parse(piece, "domain"))
    assert [source.attrib for source in target.iter("source")] == [{"file": "/f"}]
    assert LIBVIRT.merge(target, xml_merge.parse(piece, "domain")) == []


def test_text_behind_an_element_is_no_part_of_it() -> None:
    node = xml_merge.element("<metadata><a xmlns='http://x/1'/>tail</metadata>")[0]
    assert xml_merge.canonical(node) == xml_merge.canonical(xml_merge.element("<a xmlns='http://x/1'/>"))

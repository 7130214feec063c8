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


# Any document, and any part of it


WORDS = xml_merge.Grammar(
    identities=(("@id",), ("key@id",)), repeated=frozenset({"item", "a"}), once=frozenset({"a"}),
    parents=frozenset({"list"}), ordered=frozenset({"words"}),
)  # fmt: skip
SOME = st.dictionaries(st.sampled_from("xyz"), st.sampled_from("12"), max_size=2)


def element(tag: str, attributes: dict[str, str], *children: ET.Element, text: str | None = None) -> ET.Element:
    node = ET.Element(tag, attributes)
    node.text = text
    node.extend(children)
    return node


LEAVES = st.builds(element, st.sampled_from("bcd"), SOME, text=st.sampled_from([None, "t", "u"]))
WORD_ROWS = st.lists(st.builds(element, st.just("w"), SOME), max_size=3).map(lambda row: element("words", {}, *row))


@st.composite
def documents(draw: st.DrawFn) -> ET.Element:
    """A document in which a tag comes once, or as often as the grammar has it."""
    root = element("root", draw(SOME))
    root.extend({node.tag: node for node in draw(st.lists(LEAVES, max_size=3))}.values())
    if draw(st.booleans()):
        root.append(draw(WORD_ROWS))
    for number in range(draw(st.integers(0, 3))):
        inner = {node.tag: node for node in draw(st.lists(LEAVES, max_size=2))}.values()
        item = element("item", draw(SOME) | ({"id": str(number)} if number else {}), *inner)
        if not number:
            item.append(element("key", {"id": "0"}))
        root.append(item)
    return root


@st.composite
def parts(draw: st.DrawFn, node: ET.Element) -> ET.Element:
    """A part of a document: some attributes, texts and children left out, or another value in their place."""
    out = ET.Element(node.tag)
    for name, value in node.items():
        if name == "id" or (kept := draw(st.sampled_from(["", "same", "other"]))) == "same":
            out.set(name, value)
        elif kept:
            out.set(name, "9")
    out.text = draw(st.sampled_from([node.text, None, "v"])) if node.text else None
    for child in node:
        if child.tag == "key" or draw(st.booleans()):
            out.append(child if child.tag in ("key", "words") else draw(parts(child)))
    return out


def shape(node: ET.Element) -> Any:
    """An element with its children in any order but that of words."""
    inner = [shape(child) for child in node]
    return node.tag, sorted(node.items()), node.text or "", inner if node.tag == "words" else sorted(inner)


@given(documents().flatmap(lambda whole: st.tuples(st.just(whole), parts(whole))))
def test_the_rest_of_any_part_makes_it_whole_and_says_nothing_that_is_there(
    pair: tuple[ET.Element, ET.Element],
) -> None:
    whole, part = pair
    missing = WORDS.rest(whole, part)
    assert (missing is None) is (shape(part) == shape(whole))
    if missing is not None:
        assert WORDS.merge(part, missing) != []
        assert shape(part) == shape(whole)
        assert WORDS.merge(part, missing) == []
        assert WORDS.rest(whole, part) is None


@pytest.mark.parametrize(
    ("parent", "tag", "several"),
    [("root", "item", True), ("root", "b", False), ("root", "a", False), ("list", "a", True), ("list", "item", True)],
)
def test_whether_a_tag_comes_several_times_depends_on_its_parent(parent: str, tag: str, several: bool) -> None:
    assert WORDS.several(ET.Element(parent), tag) is several
    assert WORDS.several(ET.Element("{urn:x}" + parent), "{urn:x}" + tag) is several


@pytest.mark.parametrize(
    ("piece", "held"),
    [
        ("<a x='1'/>", True),
        ("<a x='2'/>", False),
        ("<a z='1'/>", False),
        ("<a> t </a>", True),
        ("<a>u</a>", False),
        ("<a> </a>", True),
        ("<a><b/></a>", True),
        ("<a><b y='2'/></a>", True),
        ("<a><b/><c/></a>", False),
        ("<a><words><w i='2'/><w i='3'/></words></a>", True),
        ("<a><words><w i='1'/><w i='3'/></words></a>", False),
        ("<a><words><w i='3'/><w i='2'/></words></a>", False),
        ("<a><words/></a>", True),
    ],
)
def test_an_element_holds_a_piece_of_which_all_is_there(piece: str, held: bool) -> None:
    """A row of words only counts with its words one behind the other."""
    node = ET.fromstring("<a x='1' y='1'>t<b/><b y='2'/><words><w i='1'/><w i='2'/><w i='3'/></words></a>")
    assert WORDS.contains(node, ET.fromstring(piece)) is held


@pytest.mark.parametrize(
    ("document", "identity"),
    [
        ("<item id='1'><key id='2'/></item>", (("@id", "1"),)),
        ("<item><key id='2'/></item>", (("key@id", "2"),)),
        ("<item><key/></item>", None),
        ("<item><other id='2'/></item>", None),
    ],
)
def test_an_element_is_told_from_others_by_the_strongest_that_it_has(document: str, identity: Any) -> None:
    node = ET.fromstring(document)
    assert WORDS.identity(node) == identity
    if identity is not None:
        assert xml_merge.is_same(node, identity)
        assert not xml_merge.is_same(ET.fromstring("<item id='9'><key id='9'/></item>"), identity)
        assert not xml_merge.is_same(ET.Element("item"), identity)
        made = ET.Element("item")
        xml_merge.identify(made, identity)
        assert xml_merge.is_same(made, identity)


@pytest.mark.parametrize(("depth", "taken"), [(1, True), (249, True), (250, True), (251, False), (400, False)])
def test_elements_are_nested_as_deep_as_libvirts_parser_takes(depth: int, taken: bool) -> None:
    assert xml_merge.shallow(ET.fromstring("<a>" * depth + "</a>" * depth)) is taken

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no option covers is told whole, and each element so that it stands for one only."""

from __future__ import annotations

import copy
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import adopt
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.xml_merge import Grammar

GRAMMAR = Grammar(identities=(("@id",), ("mac@address",)), repeated=frozenset(("card", "item")))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<a><b/></a>", "<a />"),
        ("<a><b><c/></b><d x='1'/></a>", '<a><d x="1" /></a>'),
        ("<a><b> </b><c>text</c></a>", "<a><c>text</c></a>"),
        ("<a><b><c x='1'/><d/></b></a>", '<a><b><c x="1" /></b></a>'),
    ],
)
def test_what_is_empty_is_no_part_of_it(text: str, left: str) -> None:
    root = ET.fromstring(text)
    assert adopt.tidy(root) is (left == "<a />")
    assert ET.tostring(root, encoding="unicode") == left


def test_elements_that_come_several_times_are_told_from_others() -> None:
    whole = ET.fromstring("<a><card id='1'><x y='1'/></card><one id='2'><x y='2'/></one></a>")
    rest = copy.deepcopy(whole)
    originals = {id(node): original for node, original in zip(rest.iter(), whole.iter(), strict=True)}
    for node in rest:
        del node.attrib["id"]
    adopt.identify(GRAMMAR, rest, originals)
    assert [node.get("id") for node in rest] == ["1", None]
    # Elements that are not of the definition have nothing to be told by.
    strange = ET.fromstring("<a><card/></a>")
    adopt.identify(GRAMMAR, strange, originals)
    assert strange[0].attrib == {}


CARDS = "<a><card id='1'/><card id='2'/><item/><one/></a>"


@pytest.mark.parametrize(
    ("child", "definition", "told"),
    [
        ("<card id='1'/>", CARDS, True),
        ("<card id='3'/>", CARDS, False),
        ("<card id='1'/>", "<a><card id='1'/><b><card id='1'/></b></a>", False),
        ("<card/>", CARDS, False),
        ("<one/>", CARDS, True),
    ],
)
def test_an_element_stands_for_one_only(child: str, definition: str, told: bool) -> None:
    parent = ET.Element("a")
    assert adopt.is_unambiguous(GRAMMAR, parent, ET.fromstring(child), ET.fromstring(definition)) is told


@pytest.mark.parametrize(
    ("left", "exact"),
    [
        ("<a><card id='1'/></a>", True),
        ("<a><card id='1'/><one/></a>", True),
        ("<a><card id='1' x='1'/></a>", False),
        ("<a><card/></a>", False),
    ],
)
def test_a_fragment_is_exact_where_all_it_says_is_there(left: str, exact: bool) -> None:
    assert adopt.exact(GRAMMAR, ET.fromstring(CARDS), ET.fromstring(left)) is exact


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("<a/>", []),
        ("<a x='1'><b/></a>", ["@x", "b"]),
        ("<a><b x='1'>text<c/></b></a>", ["b@x", "b", "b/c"]),
        ("<a><b x='1'/><c><d/></c></a>", ["b@x", "c/d"]),
    ],
)
def test_the_paths_of_what_is_left(text: str, paths: list[str]) -> None:
    assert list(adopt.leaves(ET.fromstring(text), "")) == paths


@pytest.mark.parametrize(
    ("shown", "value", "hides"),
    [
        ("plain", "plain", False),
        ({"a": 1}, {"a": 1}, False),
        (["a"], ["a"], False),
        ([{"a": 1}], [{"a": 1}], False),
        ([["a"]], [["a"]], False),
        (1, 1, False),
        (f"https://user:{adopt.MASK}@host", "https://user:word@host", True),
        ("https://user:word@host", "https://user:word@host", True),
        (["https://user:word@host"], ["https://user:word@host"], True),
    ],
)
def test_a_value_that_holds_a_secret(shown: Any, value: Any, hides: bool) -> None:
    assert adopt.hides(shown, value, "image") is hides


def test_secrets_are_left_out_by_their_paths_or_kept() -> None:
    shown = {"name": "a", "login": {"user": "u", "word": adopt.SECRET}, "list": [{"word": adopt.SECRET}, "b"]}
    item = {"name": "a", "login": {"user": "u", "word": "w1"}, "list": [{"word": "w2"}, "b"]}
    found: list[str] = []
    out = adopt.without_secrets(shown, item, "", found, False)
    assert out == {"name": "a", "login": {"user": "u"}, "list": [{}, "b"]}
    assert found == ["login.word", "list[0].word"]
    assert adopt.without_secrets(shown, item, "", [], True) == item

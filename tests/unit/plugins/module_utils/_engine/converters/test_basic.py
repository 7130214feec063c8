# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and numbers: normal forms, both ways, and what is refused."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import converters
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import basic


def roundtrip(converter: converters.Converter, value: Any, attribute: str | None = "x") -> Any:
    """What comes back after libvirt has written and read a value."""
    node = ET.Element("node")
    converter.encode(node, attribute, value)
    return converter.decode(ET.fromstring(ET.tostring(node)), attribute)


# Text


@pytest.mark.parametrize(("written", "text"), [("a b", "a b"), (7, "7"), (1.5, "1.5"), ("", "")])
def test_text_takes_numbers_as_they_are_written(written: Any, text: str) -> None:
    assert converters.TEXT.parse(written) == text


@pytest.mark.parametrize("written", [True, None, ["a"], {"a": 1}])
def test_text_refuses_what_is_no_string(written: Any) -> None:
    with pytest.raises(ValueError, match="is not a string"):
        converters.TEXT.parse(written)


@pytest.mark.parametrize("written", ["a\x00b", "\x1b[31m", "\ufffe", "\ud800"])
def test_text_refuses_characters_that_xml_cannot_hold(written: str) -> None:
    with pytest.raises(ValueError, match=r"has the character U.* at place [1-9], which no definition can hold") as told:
        converters.TEXT.parse(written + "hunter2")
    assert "hunter2" not in str(told.value)


XML_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), min_size=1)


@given(XML_TEXT)
def test_any_text_survives_as_an_attribute(text: str) -> None:
    assert roundtrip(converters.TEXT, converters.TEXT.parse(text)) == text


@given(XML_TEXT.map(str.strip).filter(bool))
def test_any_text_survives_as_content(text: str) -> None:
    assert roundtrip(converters.TEXT, converters.TEXT.parse(text), attribute=None) == text


@pytest.mark.parametrize(
    ("xml", "attribute", "value"),
    [
        ("<n x='1'/>", "x", "1"),
        ("<n x=''/>", "x", ""),
        ("<n/>", "x", None),
        ("<n> a </n>", None, "a"),
        ("<n/>", None, None),
    ],
)
def test_decode_tells_empty_from_missing(xml: str, attribute: str | None, value: str | None) -> None:
    assert converters.TEXT.decode(ET.fromstring(xml), attribute) == value


# Numbers


@pytest.mark.parametrize(("written", "number"), [(4, 4), ("4", 4), (" 4 ", 4), ("-2", -2), ("007", 7)])
def test_integer(written: Any, number: int) -> None:
    assert converters.Integer().parse(written) == number


@pytest.mark.parametrize("written", ["banana", "", 1.5, "1.5", True, None, [1], "0x10", "1_000"])
def test_integer_refuses(written: Any) -> None:
    with pytest.raises(ValueError, match="is not a whole number"):
        converters.Integer().parse(written)


def test_integer_keeps_its_bounds() -> None:
    bounded = converters.Integer(1, 4)
    assert [bounded.parse(number) for number in (1, 4)] == [1, 4]
    with pytest.raises(ValueError, match="0 is less than 1"):
        bounded.parse(0)
    with pytest.raises(ValueError, match="5 is more than 4"):
        bounded.parse("5")


def test_integer_reads_libvirts_hexadecimal() -> None:
    assert converters.Integer().decode(ET.fromstring("<a slot='0x1f'/>"), "slot") == 31


@given(st.integers(-(2**63), 2**64 - 1))
def test_integer_roundtrip(number: int) -> None:
    assert roundtrip(converters.Integer(), converters.Integer().parse(str(number))) == number


def test_what_a_converter_cannot_read_is_kept_as_text() -> None:
    assert converters.Integer().decode(ET.fromstring("<a n='many'/>"), "n") == "many"
    assert converters.YES_NO.decode(ET.fromstring("<a n='maybe'/>"), "n") == "maybe"


# True and false


@pytest.mark.parametrize("written", [True, "yes", "on", "true", "True", "1", 1])
def test_true(written: Any) -> None:
    assert converters.YES_NO.parse(written) is True


@pytest.mark.parametrize("written", [False, "no", "off", "false", "FALSE", "0", 0])
def test_false(written: Any) -> None:
    assert converters.YES_NO.parse(written) is False


@pytest.mark.parametrize("written", ["banana", "", 2, None, []])
def test_neither_true_nor_false(written: Any) -> None:
    with pytest.raises(ValueError, match="is neither true nor false"):
        converters.YES_NO.parse(written)


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize(
    ("converter", "words"), [(converters.YES_NO, ("no", "yes")), (converters.ON_OFF, ("off", "on"))]
)
def test_booleans_are_written_in_the_fields_words(
    converter: converters.Boolean, words: tuple[str, str], value: bool
) -> None:
    assert converter.to_text(value) == words[value]
    assert roundtrip(converter, value) is value


def test_presence_is_true_for_an_empty_element() -> None:
    assert converters.PRESENCE.decode(ET.fromstring("<acpi/>"), None) is True


# Words


def test_choice() -> None:
    choice = converters.Choice("virtio", "sata")
    assert roundtrip(choice, choice.parse("sata")) == "sata"
    assert choice.choices == ("virtio", "sata")
    for wrong in ("Virtio", "ide", True, None, ["sata"]):
        with pytest.raises(ValueError, match="is not one of virtio, sata"):
            choice.parse(wrong)


def test_choice_takes_what_yaml_makes_of_on_and_off() -> None:
    assert converters.Choice("on", "off", "ioemu").parse(True) == "on"
    assert converters.Choice("on", "off").parse(False) == "off"


@pytest.mark.parametrize("value", [0, 3, 100, "1000"])
def test_a_size_that_is_no_power_of_two(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a power of two, such as 256 or 1024"):
        converters.POWER.parse(value)
    assert [converters.POWER.parse(number) for number in (1, "256", 1024)] == [1, 256, 1024]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (-7, "-7"),
        (1.5, "1.5"),
        (" 7 ", "7"),
        (True, ""),
        (None, ""),
        ([7], ""),
        pytest.param(10**5000, "9" * 40, id="more digits than Python writes out"),
        pytest.param(-(10**5000), "-" + "9" * 40, id="fewer than nothing"),
    ],
)
def test_a_number_is_known_by_its_digits(value: Any, text: str) -> None:
    assert basic.digits(value) == text


@pytest.mark.parametrize("value", [2.0, "2.00"])
def test_a_word_that_yaml_reads_as_a_number_is_told(value: Any) -> None:
    with pytest.raises(ValueError, match=r"is not one of 1\.2, 2\.0") as told:
        converters.Choice("1.2", "2.0").parse(value)
    assert ("YAML reads it as a number: put it into quotes, '2.0'" in str(told.value)) == (value == 2.0)

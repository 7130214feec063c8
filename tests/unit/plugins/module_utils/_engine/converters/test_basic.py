# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and numbers: normal forms, both ways, and what is refused."""

from __future__ import annotations

import itertools
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


# Numbers in other bases, and sets of them


@pytest.mark.parametrize(
    ("text", "base", "number"),
    [
        ("0x1F", 0, 31),
        (" 017 ", 0, 15),
        ("17", 0, 17),
        ("+17", 0, 17),
        ("-0x10", 0, -16),
        ("0", 0, 0),
        ("017", 10, 17),
        ("0x10", 10, 16),
        ("ff", 16, 255),
        ("0xff", 16, 255),
        ("1" * 9000, 10, None),
    ],
)
def test_a_number_is_read_as_c_reads_it(text: str, base: int, number: int | None) -> None:
    """strtoul(3). Of one that is too long for any number, that is known."""
    found = basic.in_any_base(text, base)
    assert found == number if number is not None else found > basic.MOST


@pytest.mark.parametrize(
    ("text", "base"), [("", 0), ("x", 0), ("0x", 0), ("ff", 0), ("09", 0), ("1 2", 10), ("--1", 10)]
)
def test_what_c_reads_no_number_of_is_none(text: str, base: int) -> None:
    with pytest.raises(ValueError, match=r"is not a number|invalid literal"):
        basic.in_any_base(text, base)


LONG = 2**64 - 1


@pytest.mark.parametrize(
    ("converter", "written", "found"),
    [
        (basic.Integer(), LONG, LONG),
        (basic.Integer(), LONG + 1, None),
        (basic.Integer(), -(2**63), -(2**63)),
        (basic.Integer(), -(2**63) - 1, None),
        (basic.Integer(2, 5), 2, 2),
        (basic.Integer(2, 5), 5, 5),
        (basic.Integer(2, 5), 1, None),
        (basic.Integer(2, 5), 6, None),
        (basic.Integer(0), -1, None),
        (basic.Integer(), "1" * 9000, None),
        (basic.Power(), 1, 1),
        (basic.Power(), 2**40, 2**40),
        (basic.Power(), 0, None),
        (basic.Power(), -2, None),
        (basic.Power(), 3, None),
        (basic.Number(), "0x1f", 31),
        (basic.Number(), "0X1F", 31),
        (basic.Number(), "31", 31),
        (basic.Number(), -1, None),
        (basic.Number(), "1f", None),
        (basic.Number(), "0x", None),
        (basic.Number(), "0x" + "f" * 16, LONG),
        (basic.Number(), "0x1" + "0" * 16, None),
        (basic.Identifier(4), "46d", "0x046d"),
        (basic.Identifier(4), "0x046D", "0x046d"),
        (basic.Identifier(4), 0x046D, "0x046d"),
        (basic.Identifier(4), "f" * 16, "0x" + "f" * 16),
        (basic.Identifier(4), "f" * 17, None),
        (basic.Identifier(4), LONG, "0x" + "f" * 16),
        (basic.Identifier(4), LONG + 1, None),
        (basic.Identifier(4), -1, None),
        (basic.Identifier(4), "-1", None),
        (basic.Identifier(4), True, None),
        (basic.Identifier(4), "", None),
        (basic.Identifier(4), "xyz", None),
        (basic.Identifier(4, anything=True), "-1", "-1"),
        (basic.Identifier(4, anything=True), -1, "-1"),
        (basic.Identifier(4, anything=True), "-2", None),
    ],
)
def test_a_number_is_within_what_libvirt_keeps(converter: basic.Converter, written: Any, found: Any) -> None:
    """An unsigned long long at most, and a long long at least."""
    if found is None:
        with pytest.raises(ValueError, match=r"is not a|is more than|is less than"):
            converter.parse(written)
    else:
        assert converter.parse(written) == found
        assert roundtrip(converter, found) == found


@given(st.sets(st.integers(0, 40), min_size=1), st.randoms())
def test_a_set_of_cpus_has_one_spelling(numbers: set[int], dice: Any) -> None:
    """Each row of numbers is told by its ends; written in any order, twice, and with some taken out, it is the same."""
    spelling = basic.CpuSet().from_text(",".join(map(str, numbers)))
    rows = [list(map(int, row.split("-"))) for row in spelling.split(",")]
    assert {number for row in rows for number in range(row[0], row[-1] + 1)} == numbers
    assert all(before[-1] + 1 < after[0] for before, after in itertools.pairwise(rows))
    assert all(len(row) == 1 or row[0] < row[1] for row in rows)
    shuffled = [*map(str, numbers), *spelling.split(",")]
    dice.shuffle(shuffled)
    assert basic.CpuSet().from_text(" , ".join(shuffled)) == spelling
    out = ["0-41", *(f"^{number}" for number in range(42) if number not in numbers)]
    assert basic.CpuSet().from_text(",".join(out)) == spelling


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("0-65535", True),
        ("0-65536", False),
        ("3-2", False),
        ("3-3", True),
        ("^1-2", False),
        ("", False),
        ("1,", False),
        ("a", False),
        ("-1", False),
        ("999999999", True),
        ("1000000000", False),
        (",".join(["0-65535"] * 16), True),
        (",".join(["0-65535"] * 16 + ["1"]), False),
    ],
)
def test_a_set_of_cpus_is_no_longer_than_any_host_has(text: str, taken: bool) -> None:
    if taken:
        assert basic.CpuSet().from_text(text)
    else:
        with pytest.raises(ValueError, match=r"is not a set of numbers|names more CPUs than any host has"):
            basic.CpuSet().from_text(text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("on", None),
        (True, None),
        (False, None),
        ("On", "; did you mean 'on'?"),
        ("offf", "; did you mean 'off'?"),
        ("enabled", "; write on"),
        (" Enabled ", "; write on"),
        ("zzz", ""),
        (7, "; YAML reads it as a number: put it into quotes, '7'"),
        (8, ""),
        (None, ""),
    ],
)
def test_what_may_be_meant_by_a_word_is_said(written: Any, said: str | None) -> None:
    choice = basic.Choice("on", "off", "7", meant={"enabled": "write on"})
    if said is None:
        assert choice.parse(written) == {True: "on", False: "off"}.get(written, written)
    else:
        with pytest.raises(ValueError, match="is not one of on, off, 7") as caught:
            choice.parse(written)
        assert str(caught.value).partition("off, 7")[2] == said


@pytest.mark.parametrize(
    ("written", "said"),
    [(True, "; YAML makes true of on and yes"), (False, "; YAML makes false of off and no; write no")],
)
def test_a_word_that_yaml_makes_a_truth_of_is_told(written: bool, said: str) -> None:
    with pytest.raises(ValueError, match="is not one of a, b") as caught:
        basic.Choice("a", "b", meant={"off": "write no"}).parse(written)
    assert str(caught.value).endswith(said)


def test_a_later_libvirt_may_have_words_that_nobody_can_declare() -> None:
    choice = basic.Choice("a")
    assert [choice.knows(value) for value in ("a", None, "b")] == [True, True, False]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes: what users write, what libvirt writes, what reports show."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import MEMORY, UNITS, Size

BYTES = Size()


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (4096, 4096),
        ("4096", 4096),
        ("1b", 1),
        ("7 bytes", 7),
        ("1KB", 1000),
        ("1K", 1024),
        ("1KiB", 1024),
        ("1kib", 1024),
        ("2MB", 2_000_000),
        ("2M", 2 * 1024**2),
        ("2MiB", 2 * 1024**2),
        ("3GB", 3 * 1000**3),
        ("3G", 3 * 1024**3),
        ("3GiB", 3 * 1024**3),
        (" 3 GiB ", 3 * 1024**3),
        ("1.5GiB", 3 * 1024**3 // 2),
        (1.0, 1),
        ("1TB", 1000**4),
        ("1TiB", 1024**4),
        ("1PB", 1000**5),
        ("1P", 1024**5),
    ],
)
def test_units(written: Any, amount: int) -> None:
    assert BYTES.parse(written) == amount


@pytest.mark.parametrize(
    "written",
    [
        "banana",
        "",
        "-1",
        -1,
        "1 banana",
        "1GiBB",
        "GiB",
        "1,5GiB",
        "1.GiB",
        True,
        None,
        [1],
        {"size": 1},
        "1e3",
        "٣GiB",
    ],
)
def test_what_is_not_a_size_is_refused_with_an_example(written: Any) -> None:
    with pytest.raises(ValueError, match="is not a size; write it like 512MiB or 2GiB"):
        BYTES.parse(written)


@pytest.mark.parametrize("written", [0, "0", "0GiB", "0.0001b"])
def test_nothing_is_no_size(written: Any) -> None:
    with pytest.raises(ValueError, match="less than 1B"):
        BYTES.parse(written)


@pytest.mark.parametrize("written", [512, "512", 2048, "1023KiB", "0.5MiB"])
def test_memory_with_a_forgotten_unit_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="is less than 1MiB; write a unit"):
        MEMORY.parse(written)


def test_memory_is_rounded_up_to_what_libvirt_keeps() -> None:
    assert MEMORY.parse("1MiB") == 1024**2
    assert MEMORY.parse(1024**2 + 1) == 1024**2 + 1024
    assert MEMORY.parse("1.1MiB") % 1024 == 0
    assert MEMORY.parse("1.1MiB") >= 1.1 * 1024**2


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (1, "1B"),
        (1000, "1000B"),
        (1024, "1KiB"),
        (1536, "1536B"),
        (1024**2, "1MiB"),
        (3 * 1024**3 // 2, "1536MiB"),
        (2 * 1024**3, "2GiB"),
        (1024**4, "1TiB"),
        (1024**5, "1PiB"),
        (1024**6, "1024PiB"),
    ],
)
def test_reports_show_the_largest_whole_unit(amount: int, shown: str) -> None:
    assert BYTES.show(amount) == shown


@pytest.mark.parametrize(
    ("xml", "amount"),
    [
        ("<memory>1024</memory>", 1024**2),
        ("<memory unit='KiB'>1024</memory>", 1024**2),
        ("<memory unit='bytes'>1048576</memory>", 1024**2),
        ("<memory unit='b'>1048576</memory>", 1024**2),
        ("<memory unit='KB'>1000</memory>", 1_000_000),
        ("<memory unit='G'> 2 </memory>", 2 * 1024**3),
        ("<memory/>", None),
    ],
)
def test_decode_knows_libvirts_units_and_its_default(xml: str, amount: int | None) -> None:
    assert MEMORY.decode(ET.fromstring(xml), None) == amount


def test_decode_without_a_unit_takes_the_fields_own() -> None:
    assert BYTES.decode(ET.fromstring("<capacity>1024</capacity>"), None) == 1024


def test_encode_replaces_the_unit_that_was_there() -> None:
    node = ET.fromstring("<memory unit='GiB' dumpCore='off'>1</memory>")
    MEMORY.encode(node, None, 512 * 1024**2)
    assert (node.text, node.attrib) == (str(512 * 1024), {"unit": "KiB", "dumpCore": "off"})


@given(st.integers(1, 1024**6))
def test_what_is_shown_can_be_written(amount: int) -> None:
    assert BYTES.parse(BYTES.show(amount)) == amount


@given(st.integers(1024, 1024**4))
def test_memory_that_is_shown_can_be_written(kib: int) -> None:
    assert MEMORY.parse(MEMORY.show(kib * 1024)) == kib * 1024


@given(st.integers(1, 1024**6))
def test_decode_gives_what_was_encoded(amount: int) -> None:
    node = ET.Element("capacity")
    BYTES.encode(node, None, amount)
    assert BYTES.decode(node, None) == amount


@given(st.integers(1, 10**6), st.sampled_from(sorted(UNITS)))
def test_normal_form_is_a_fixed_point(number: int, unit: str) -> None:
    amount = BYTES.parse(f"{number}{unit}")
    assert BYTES.parse(amount) == amount == number * UNITS[unit]


@given(st.integers(1, 10**6), st.sampled_from(sorted(UNITS)))
def test_the_case_of_a_unit_means_nothing(number: int, unit: str) -> None:
    number = min(number, 2**63 // UNITS[unit])
    assert BYTES.parse(f"{number}{unit.upper()}") == BYTES.parse(f"{number}{unit.lower()}")


@given(st.integers(1, 999), st.integers(0, 9))
def test_a_fraction_is_the_amount_it_says(whole: int, tenth: int) -> None:
    assert BYTES.parse(f"{whole}.{tenth}GB") == (whole * 10 + tenth) * 10**8


def test_each_unit_is_what_libvirt_takes_it_for() -> None:
    """formatdomain.html, memory: KB is 1000, K and KiB are 1024."""
    assert {UNITS[name] for name in ("b", "bytes", "byte") if name in UNITS} == {1}
    for power, letter in enumerate("kmgtp", 1):
        assert UNITS[f"{letter}b"] == 1000**power
        assert UNITS[letter] == UNITS[f"{letter}ib"] == 1024**power

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is likely meant by a value in the place of options is told as it is to be written, where it can be only that."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import (
    MAC,
    TEXT,
    YES_NO,
    AbsolutePath,
    Choice,
    Integer,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import (
    Field,
    Group,
    Struct,
    Values,
    suggested_names,
    suggestions,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row import Row
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import body
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.suggestions import NoOptions
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid

MODE = Field("mode", "@mode", Choice("nat", "route"), "Mode.")
KIND = Field("kind", "@kind", Choice("nat", "open"), "Kind.")
SORT = Field("sort", "@sort", Choice("nat"), "Sort.")
NAME = Field("name", "name", TEXT, "Name.")
FILE = Field("file", "source@file", AbsolutePath(), "File.")
ANY_FILE = Field("file", "source@file", TEXT, "File.")
ADDRESS = Field("address", "mac@address", MAC, "MAC address.")
BLOCK = Field("block", "source@dev", TEXT, "Block device.")
IMAGE = Field("image", "image", TEXT, "Image.")
ACPI = Field("acpi", "acpi", YES_NO, "ACPI.")
APIC = Field("apic", "apic", YES_NO, "APIC.")
ENABLED = Field("enabled", "@enabled", YES_NO, "Whether it is there.")
PORT = Field("port", "@port", Integer(), "Port.")
SIZE = Field("size", "@size", Integer(), "Size.")
PASSWORD = Field("password", "@passwd", TEXT, "Password.", secret=True)
MODEL = Struct("model", "model", (Field("type", "@type", Choice("virtio", "e1000"), "Type."),), "Model.")
DISKS = Group("disks", "disk", (FILE,), "Disks.")
SLOTS = Group("slots", "slot", (PORT,), "Slots.")
WORDS = Values("words", "word", TEXT, "Words.")


def way(value: Any, *rows: Row) -> str:
    return suggestions.way(body(rows), value)


@pytest.mark.parametrize(
    ("value", "rows", "found"),
    [
        # A word that is one of a few.
        ("nat", (MODE, NAME), "{mode: nat}"),
        ("nat", (MODE, KIND), "{mode: nat} or {kind: nat}"),
        ("nat", (MODE, KIND, SORT), ""),
        ("natt", (MODE,), ""),
        # What an option takes that does not take any text.
        ("zzz", (MODE, NAME), ""),
        ("52:54:00:00:00:01", (MODE, NAME, ADDRESS), '{address: "52:54:00:00:00:01"}'),
        ("52:54:00:00:00:01", (ADDRESS, PASSWORD), ""),
        ("zzz", (NAME, FILE, BLOCK), ""),
        ("zzz", (NAME, PASSWORD), ""),
        ("nat", (MODE, PASSWORD), "{mode: nat}"),
        # Where something is.
        ("/a/b.img", (ANY_FILE, BLOCK, IMAGE), "{file: /a/b.img}"),
        ("/dev/sda", (ANY_FILE, BLOCK, IMAGE), "{block: /dev/sda}"),
        ("https://a.example/b.img", (ANY_FILE, BLOCK, IMAGE), "{image: https://a.example/b.img}"),
        ("https://a.example/b.img", (IMAGE, DISKS), "{image: https://a.example/b.img}"),
        ("/a/b.img", (ANY_FILE, BLOCK, IMAGE, PASSWORD), ""),
        # As other tools take options.
        ("port=7,size=0x1", (PORT, SIZE), '{port: "7", size: "0x1"}'),
        ("port:7", (PORT, SIZE), '{port: "7"}'),
        ("port=7,other=1", (PORT, SIZE), ""),
        ("port=7,size", (PORT, SIZE), ""),
        ("port=7", (PORT, PASSWORD), ""),
        # A word of an option one level deeper, or a switch.
        ("virtio", (MODEL, PORT), "{model: {type: virtio}}"),
        ("acpi", (ACPI, APIC), "{acpi: true}"),
        ("port", (ACPI, PORT), ""),
        (["acpi", "apic"], (ACPI, APIC, PORT), "{acpi: true, apic: true}"),
        (["acpi", "port"], (ACPI, APIC, PORT), ""),
        ([], (ACPI,), ""),
        # The only option is a list.
        ("/a", (DISKS,), "{disks: [{file: /a}]}"),
        (["/a", "/b"], (DISKS,), "{disks: [{file: /a}, {file: /b}]}"),
        (["/a", "b"], (DISKS,), ""),
        (["/a", 7], (DISKS,), ""),
        ([{"file": "/a"}], (DISKS,), "{disks: [...]}"),
        ([{"file": "/a"}, "b"], (DISKS,), ""),
        (["/a"], (DISKS, PORT), ""),
        (["/a"], (MODEL,), ""),
        # true, false and numbers.
        (True, (ENABLED, PORT), "{enabled: true}"),
        (False, (ENABLED, PORT), "{enabled: false}"),
        (True, (PORT,), ""),
        (7, (ENABLED, PORT), "{enabled: true, port: 7}"),
        (7, (PORT, SIZE), ""),
        (7, (SLOTS,), "{slots: [{port: 7}]}"),
        (7, (SLOTS, SIZE), "{size: 7}"),
        (7, (SLOTS, SIZE, PORT), ""),
        (7, (PORT, PASSWORD), ""),
        (2**64 - 1, (PORT,), "{port: 18446744073709551615}"),
        (2**64, (PORT,), ""),
        (None, (PORT,), ""),
    ],
)
def test_how_to_write_what_stands_in_the_place_of_options(value: Any, rows: tuple[Row, ...], found: str) -> None:
    assert way(value, *rows) == found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("abc", "abc"),
        ("/a/b", "/a/b"),
        ("2GiB", "2GiB"),
        ("0644", '"0644"'),
        ("12", '"12"'),
        ("yes", '"yes"'),
        ("Off", '"Off"'),
        ("yesterday", "yesterday"),
        ("0x1f", '"0x1f"'),
        ("-a", '"-a"'),
        ("a b", '"a b"'),
    ],
)
def test_a_text_is_in_quotes_where_yaml_would_read_something_else(text: str, written: str) -> None:
    assert suggestions.flow(text) == written


def test_the_options_are_listed_where_they_are_few() -> None:
    few = [Field(f"o{n:02}", f"@o{n}", TEXT, "One.") for n in range(21)]
    assert suggestions.there_are(body(tuple(few[:20]))).startswith("; its options are: o00, o01, ")
    assert suggestions.there_are(body(tuple(few))) == "; write {OPTION: VALUE}"


def kinds(
    item: dict[str, Any], problems: list[Any], where: str = "disks[0]", rows: Any = (FILE, BLOCK, NAME)
) -> list[str]:
    suggestions.of_kind(body(rows), item, where, problems, 1)
    return [str(problem) for problem in problems]


def no_options(where: str, value: object, hidden: bool = False) -> NoOptions:
    return NoOptions(where, value, hidden, "as before")


def test_of_an_item_that_names_its_kind_that_is_the_option() -> None:
    """As libvirt's XML has ``type='file'`` and ``<source file='/a'/>``."""
    item = {"type": "file", "source": "/a"}
    first = no_options("disks[0].source", "/a")
    found = kinds(item, [first, Invalid("x", "as before"), no_options("disks[0].source", "/a")])
    told = "is not a dictionary of options; in place of type and source, write file: /a"
    assert found == ["disks[0].source: as before", "x: as before", f"disks[0].source: '/a' {told}"]
    top = kinds(item, [first, no_options("source", "/a")], where="")
    assert top[1].endswith("write file: /a")
    hidden = kinds(item, [first, no_options("disks[0].source", "hunter2", hidden=True)])
    assert "hunter2" not in hidden[1]
    assert hidden[1].endswith("write file: VALUE")
    odd = kinds(item, [first, no_options("disks[0].source", "a b")])
    assert odd[1].endswith("write file: VALUE")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ({"type": "nothing", "source": "/a"}, no_options("disks[0].source", "/a")),
        ({"type": 7, "source": "/a"}, no_options("disks[0].source", "/a")),
        ({"source": "/a"}, no_options("disks[0].source", "/a")),
        ({"type": "file", "source": 7}, no_options("disks[0].source", 7)),
        ({"type": "file"}, no_options("disks[0].source", "/a")),
        ({"type": "file", "source": "/a"}, Invalid("disks[0].source", "as before")),
    ],
)
def test_what_is_no_such_item_is_told_as_before(item: dict[str, Any], problem: Invalid) -> None:
    assert kinds(item, [Invalid("x", "x"), problem])[1] == "disks[0].source: as before"
    secret = kinds(
        {"type": "file", "source": "/a"},
        [Invalid("x", "x"), no_options("disks[0].source", "/a")],
        rows=(FILE, PASSWORD),
    )
    assert secret[1] == "disks[0].source: as before"


EOI = Field("apic_eoi", "apic@eoi", YES_NO, "EOI.")


def test_an_option_inside_another_is_told_beside_it() -> None:
    rows = body((APIC, EOI, Field("apic_x", "apic@x", TEXT, "X."), ACPI))
    item = {"apic": {"eoi": True, "x": "1"}, "acpi": {"z": 1}, "empty": {}, "other": {"eoi": 1}}
    names = ("empty", "other", "acpi", "apic", "acpi")
    problems: list[Any] = [Invalid("f.apic", "first"), *(Invalid(f"f.{name}", "no") for name in names)]
    problems.append(no_options("f.apic", {}))
    suggestions.advise_prefixed_names(rows, item, "f", problems, 1)
    assert [str(problem) for problem in problems] == [
        *("f.apic: first", "f.empty: no", "f.other: no", "f.acpi: no"),
        "f.apic: no; write apic_eoi and apic_x beside 'apic'",
        *("f.acpi: no", "f.apic: as before"),
    ]


# Names of the user's


ON_OFF = Choice("require", "disable", "force")


@pytest.mark.parametrize(
    ("given", "of_value", "found"),
    [
        (["+vmx"], ON_OFF, "write {vmx: require}"),
        (["-vmx", "+svm"], ON_OFF, "write {vmx: disable, svm: require}"),
        (["vmx"], ON_OFF, "write {vmx: VALUE}, and one of require, disable, force for VALUE"),
        ("vmx", ON_OFF, "write {vmx: VALUE}, and one of require, disable, force for VALUE"),
        ([{"vmx": "force"}], ON_OFF, "write {vmx: force}"),
        ([{"name": "vmx", "policy": "force"}], ON_OFF, "write {vmx: force}"),
        ([{"name": "vmx", "other": "force"}], ON_OFF, "write {vmx: force}"),
        (
            [{"name": "vmx", "other": "force", "more": 1}],
            ON_OFF,
            "write {vmx: VALUE}, and one of require, disable, force",
        ),
        ([{"name": "vmx", "policy": "zzz"}], ON_OFF, None),
        ([{"policy": "force", "x": 1}], ON_OFF, None),
        (["a", "b", "c"], TEXT, "write {a: VALUE, b: VALUE, c: VALUE}"),
        (["a", "b", "c", "d"], TEXT, None),
        (["a b"], TEXT, None),
        ([], TEXT, None),
        (["vmx"], YES_NO, "write {vmx: true}"),
        ([{"vmx": False}], YES_NO, "write {vmx: false}"),
        ([{7: "0644"}], TEXT, 'write {7: "0644"}'),
        ([None], TEXT, None),
    ],
)
def test_how_to_write_names_with_their_values(given: Any, of_value: Any, found: str | None) -> None:
    said = suggested_names.entries(given, TEXT, of_value, ("name", "policy"), False)
    if found is None:
        assert said == "write it as NAME: VALUE, without '- '"
    else:
        assert said.startswith(found)
    hidden = suggested_names.entries(given, TEXT, of_value, ("name", "policy"), True)
    assert hidden == ("write it as NAME: VALUE, without '- '" if isinstance(given, list) else "write {NAME: VALUE}")


def test_a_list_whose_items_have_numbers_is_told_with_them() -> None:
    said = suggested_names.entries(["a", "b"], TEXT, TEXT, ("id", "value"), False)
    assert said == "write {0: a, 1: b}" or said == 'write {"0": a, "1": b}'

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding and editing by path, and that what no path names survives."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import paths
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical


@pytest.mark.parametrize(
    ("text", "steps", "attribute"),
    [
        ("name", ("name",), None),
        ("os/type", ("os", "type"), None),
        ("os/type@machine", ("os", "type"), "machine"),
        ("@type", (), "type"),
        (".", (), None),
        (".@type", (), "type"),
        ("", (), None),
    ],
)
def test_parse(text: str, steps: tuple[str, ...], attribute: str | None) -> None:
    assert paths.parse(text) == (steps, attribute)


def test_find_takes_an_empty_element_for_what_it_is() -> None:
    root = ET.fromstring("<domain><features><acpi/></features></domain>")
    assert paths.find(root, ("features", "acpi")) is root[0][0]
    assert paths.find(root, ()) is root


@pytest.mark.parametrize("steps", [("os",), ("features", "apic"), ("os", "type", "deep")])
def test_find_gives_none_where_anything_on_the_way_is_missing(steps: tuple[str, ...]) -> None:
    assert paths.find(ET.fromstring("<domain><features><acpi/></features></domain>"), steps) is None


def test_ensure_makes_what_is_missing_and_keeps_what_is_there() -> None:
    root = ET.fromstring("<domain><os firmware='efi'/></domain>")
    node = paths.ensure(root, ("os", "type"))
    assert node is paths.ensure(root, ("os", "type"))
    assert canonical(root) == canonical("<domain><os firmware='efi'><type/></os></domain>")


def test_ensure_does_not_make_a_second_empty_element() -> None:
    root = ET.fromstring("<domain><features><acpi/></features></domain>")
    paths.ensure(root, ("features", "acpi"))
    assert len(root[0]) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<d><a><b/></a></d>", "<d/>"),
        ("<d><a><b/><c/></a></d>", "<d><a><c/></a></d>"),
        ("<d><a x='1'><b/></a></d>", "<d><a x='1'/></d>"),
        ("<d><a><b y='1'/></a></d>", "<d><a><b y='1'/></a></d>"),
        ("<d><a><b>text</b></a></d>", "<d><a><b>text</b></a></d>"),
        ("<d><a>\n  <b> \n </b>\n</a></d>", "<d/>"),
        ("<d><a/></d>", "<d/>"),
    ],
)
def test_prune_takes_what_is_empty_and_nothing_else(before: str, after: str) -> None:
    root = ET.fromstring(before)
    paths.prune(root, ("a", "b"))
    assert canonical(root) == canonical(after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a@x", "<d><a x='1' y='2'/></d>", "<d><a y='2'/></d>"),
        ("a@x", "<d><a x='1'/></d>", "<d/>"),
        ("a@z", "<d><a x='1'/></d>", "<d><a x='1'/></d>"),
        ("a", "<d><a>1</a><b/></d>", "<d><b/></d>"),
        ("a", "<d><a unit='KiB'>1</a></d>", "<d/>"),
        ("a", "<d><b/></d>", "<d><b/></d>"),
        ("a/b", "<d><a><b>1</b><c/></a></d>", "<d><a><c/></a></d>"),
        ("@x", "<d x='1'><a/></d>", "<d><a/></d>"),
    ],
)
def test_remove_takes_the_value_and_what_is_empty_then(path: str, before: str, after: str) -> None:
    root = ET.fromstring(before)
    paths.remove(root, paths.parse(path))
    assert canonical(root) == canonical(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<d><a><b x='1'><c/></b></a></d>", "<d/>"),
        ("<d><a><b/><c/></a></d>", "<d><a><c/></a></d>"),
        ("<d><c/></d>", "<d><c/></d>"),
    ],
)
def test_delete_takes_the_whole_element(before: str, after: str) -> None:
    root = ET.fromstring(before)
    paths.delete(root, ("a", "b"))
    assert canonical(root) == canonical(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<devices/>", "<devices><disk/></devices>"),
        ("<devices><serial/></devices>", "<devices><serial/><disk/></devices>"),
        (
            "<devices><disk x='1'/><disk x='2'/><serial/></devices>",
            "<devices><disk x='1'/><disk x='2'/><disk/><serial/></devices>",
        ),
    ],
)
def test_append_goes_behind_the_last_of_its_kind(before: str, after: str) -> None:
    root = ET.fromstring(before)
    node = paths.append(root, "disk")
    assert node.tag == "disk"
    assert canonical(root) == canonical(after)


def test_unknown_parts_survive_reading_and_writing() -> None:
    xml = (
        '<domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0" type="kvm"><name>ä &amp; &lt;b&gt;</name>'
        '<qemu:commandline><qemu:arg value="-foo"/></qemu:commandline><unheard-of of="it"/></domain>'
    )
    assert canonical(paths.text(paths.document(xml))) == canonical(xml)

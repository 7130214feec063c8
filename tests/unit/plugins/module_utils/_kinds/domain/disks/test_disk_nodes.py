# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk of a definition has."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import disk_nodes


@pytest.mark.parametrize(
    ("element", "path", "there"),
    [
        (None, "@a", False),
        (None, "a", False),
        ("<x a='1'/>", "@a", True),
        ("<x a=''/>", "@a", True),
        ("<x b='1'/>", "@a", False),
        ("<x><a/></x>", "@a", False),
        ("<x><a/></x>", "a", True),
        ("<x a='1'/>", "a", False),
        ("<x><b><a/></b></x>", "a", False),
    ],
)
def test_whether_an_element_has_something(element: str | None, path: str, there: bool) -> None:
    assert disk_nodes.has(None if element is None else ET.fromstring(element), path) is there


@pytest.mark.parametrize(
    ("disk", "empty"),
    [
        ("<disk/>", True),
        ("<disk><source/></disk>", True),
        ("<disk><source startupPolicy='optional' index='2'/></disk>", True),
        ("<disk><source file='/a'/></disk>", False),
        ("<disk><source index='2' file='/a'/></disk>", False),
        ("<disk><source><address/></source></disk>", False),
    ],
)
def test_whether_a_drive_has_nothing_in_it(disk: str, empty: bool) -> None:
    assert disk_nodes.source_is_empty(ET.fromstring(disk)) is empty


@pytest.mark.parametrize(
    ("disk", "untold", "form"),
    [
        ("<disk/>", True, "raw"),
        ("<disk><driver name='qemu'/></disk>", True, "raw"),
        ("<disk><driver type='raw'/></disk>", False, "raw"),
        ("<disk><driver type='qcow2'/></disk>", False, "qcow2"),
    ],
)
def test_the_format_of_a_disk(disk: str, untold: bool, form: str) -> None:
    node = ET.fromstring(disk)
    assert (disk_nodes.untold(node), disk_nodes.driver_of(node)) == (untold, form)


OLD = ET.fromstring("<disk><source fdgroup='g'><slices/><encryption/></source><backingStore/><encryption/></disk>")
NEW = ET.fromstring("<disk><source file='/a'/></disk>")


@pytest.mark.parametrize(
    ("disk", "after", "left"),
    [
        ({}, NEW, {}),
        ({}, ET.fromstring("<disk/>"), {}),
        ({}, OLD, {"source": {"slices": None, "encryption": None, "fdgroup": None},
                   "encryption": None, "backing_chain": None}),
        ({"source": None, "encryption": {"a": 1}}, OLD,
         {"source": None, "encryption": {"a": 1}, "backing_chain": None}),
        ({"source": {"fdgroup": "h", "x": 1}, "backing_chain": {"b": 1}}, OLD,
         {"source": {"fdgroup": "h", "x": 1, "slices": None, "encryption": None},
          "encryption": None, "backing_chain": {"b": 1}}),
    ],
)  # fmt: skip
def test_what_is_about_the_old_image_goes_unless_it_is_declared(
    disk: dict[str, object], after: ET.Element, left: dict[str, object]
) -> None:
    assert disk_nodes.without_old(disk, after) == left

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and paths: their normal forms, and what is refused."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import converters


@pytest.mark.parametrize("name", ["web01", "a", "Büro 1", "a.b-c_d", "x" * 200, "ä" * 100, "007", "a;b", "$(id)"])
def test_names(name: Any) -> None:
    node = ET.Element("node")
    converters.NAME.encode(node, "x", converters.NAME.parse(name))
    assert converters.NAME.decode(ET.fromstring(ET.tostring(node)), "x") == name


@pytest.mark.parametrize("name", [7, 1.10, 1_000])
def test_a_name_that_yaml_read_as_a_number_is_to_be_quoted(name: Any) -> None:
    with pytest.raises(ValueError, match="write the name in quotes"):
        converters.NAME.parse(name)


@pytest.mark.parametrize(
    "name", ["", "x" * 201, "ä" * 101, "-rf", ".", "..", ".hidden", "a/b", "../a", " a", "a ", "a\nb", "a\x7f", "a\tb"]
)
def test_unsafe_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (safe )?name"):
        converters.NAME.parse(name)


@pytest.mark.parametrize("name", ["br0", "eno1", "eth0.100", "a" * 15, "_x", "enp3s0f0np0", "wlan-0", "eth0:1"])
def test_network_devices(name: str) -> None:
    assert converters.DEVICE.parse(name) == name


@pytest.mark.parametrize(
    "name", ["", "a" * 16, "-br0", "../br0", "br 0", "br/0", "brücke0", ".", "..", "br0;id", "br0\n", "$(id)"]
)
def test_what_cannot_be_a_network_device_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a name of a network device"):
        converters.DEVICE.parse(name)


def test_paths_start_at_the_root() -> None:
    assert converters.PATH.parse("/var/lib/a b.qcow2") == "/var/lib/a b.qcow2"
    for wrong in ("disk.qcow2", "", "~/disk", "./disk", "/a\n/b"):
        with pytest.raises(ValueError, match="is not a path from the root"):
            converters.PATH.parse(wrong)

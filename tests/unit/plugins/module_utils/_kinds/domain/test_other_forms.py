# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a guest as other tools write them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

PCI = "{type: pci, source: {address: {domain: 0x%s, bus: 0x%s, slot: 0x%s, function: 0x%s}}}"
FIRST = PCI % ("0000", "01", "00", "0")


def said(**options: Any) -> list[str]:
    _item, problems = DOMAIN.parse_item({"name": "a", **options})
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["0000:01:00.0"], f"[0]: '0000:01:00.0' is not a dictionary of options; write {FIRST}"),
        (["01:00.0"], f"[0]: '01:00.0' is not a dictionary of options; write {FIRST}"),
        (["pci_0001_af_1f_7"], "[0]: 'pci_0001_af_1f_7' is not a dictionary of options; write "),
        (["1d6b:0002"], "[0]: '1d6b:0002' is not a dictionary of options; write {type: usb, source: {vendor: 0x1d6b,"),
        ("01:00.0", f": '01:00.0' is not a list; write [{FIRST}]"),
        (["gpu"], "[0]: 'gpu' is not a dictionary of options; its options are: acpi_index, "),
    ],
)
def test_a_device_of_the_host(given: Any, told: str) -> None:
    (line,) = said(hostdevs=given)
    assert line.startswith(f"hostdevs{told}")
    if "write " in line:
        written = yaml.safe_load(line.partition("write ")[2])
        assert said(hostdevs=written if isinstance(written, list) else [written]) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("/srv/a.qcow2", "in place of source, write file: /srv/a.qcow2"),
        ("/dev/vg0/a", "in place of source, write block: /dev/vg0/a"),
        ("hunter2", "its options are: "),
    ],
)
def test_the_source_of_a_disk(source: str, told: str) -> None:
    (line,) = said(disks=[{"source": source}])
    assert line.startswith(f"disks[0].source: a string is not a dictionary of options; {told}")
    assert "hunter2" not in line

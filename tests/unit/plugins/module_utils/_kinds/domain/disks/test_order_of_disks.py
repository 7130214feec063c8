# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt keeps the order of disks of one bus alone: a guest has them in another order than the declaration."""

from __future__ import annotations

from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, observed, plan_one

DISK = "<disk type='file' device='{}'>{}<target dev='{}' bus='{}'/></disk>"
LINES = [
    DISK.format("disk", "<source file='/a'/>", "vda", "virtio"),
    DISK.format("cdrom", "<source file='/c'/>", "sda", "sata"),
    DISK.format("disk", "<source file='/b'/>", "vdb", "virtio"),
    DISK.format("disk", "<source file='/d'/>", "sdb", "sata"),
    DISK.format("disk", "<source file='/e'/>", "vdc", "virtio"),
]
ITEMS: list[dict[str, Any]] = [{}, {"device": "cdrom"}, {}, {"bus": "sata"}, {"bus": "virtio"}]


@pytest.mark.parametrize(
    "items", [ITEMS, [{"device": "cdrom", "bus": "sata"} if "device" in one else one for one in ITEMS]]
)
def test_disks_are_found_where_libvirt_has_them(items: list[dict[str, Any]]) -> None:
    connection = libvirt.open("test:///default")
    text = f"<domain type='test'><name>n</name><memory>65536</memory><os><type>hvm</type></os><devices>{''.join(LINES)}"
    found = connection.defineXML(f"{text}</devices></domain>")
    kept = found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    found.undefine()
    connection.close()
    assert kept.index("vdb") < kept.index("sda")
    plan = plan_one(TABLES["domain"], observed(kept), {"name": "n", "disks": items})
    assert plan.changes == []

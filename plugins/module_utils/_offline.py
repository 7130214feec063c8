# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions as options and options as definitions, on the control node and without libvirt."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ._engine import fragment
from ._engine.adopt import adopt
from ._engine.context import Host
from ._engine.plan import plan
from ._engine.table import Table
from ._errors import VirtfleetError

MACHINES = {"q35": "q35"}
"""What new guests get of machines on any host of today."""


def from_xml(table: Table, text: str, secrets: bool = False) -> dict[str, t.Any]:
    """The options that a definition amounts to.

    Raises VirtfleetError for what is no definition of that kind.
    """
    try:
        root = fragment.element(text)
    except ValueError as error:
        raise VirtfleetError(f"{table.kind}: {error}") from None
    if root.tag != table.kind:
        raise VirtfleetError(f"{table.kind}: the XML is of a <{root.tag}>")
    return adopt(table, root, secrets).config


def to_xml(table: Table, item: t.Any, virt: str = "kvm") -> str:
    """The definition that a new resource gets. Raises VirtfleetError for options that are refused."""
    wants = table.parse([item])
    plans = plan(table, {}, wants, Host(virt=virt, machines=MACHINES))
    root = ET.fromstring(next(str(step.value) for step in plans[0].steps if step.action == "define"))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"

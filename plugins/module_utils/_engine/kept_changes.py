# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a change is still there once the hypervisor keeps the definition in its own form."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.etree import ElementTree as ET

from . import paths, xml_merge
from .rows.model import Change, Scope
from .rows.row_index import edit_rows, read_rows
from .table import Table


def lasting(table: Table, before: ET.Element, after: ET.Element, changes: list[Change], scope: Scope) -> list[Change]:
    """The changes that are still there once libvirt keeps the definition in its own form.

    :param before: the definition that libvirt keeps
    :param after: the one to come
    """
    settled, after = paths.clone(before), paths.clone(after)
    for root in (settled, after):
        t.cast("t.Callable[[ET.Element], None]", table.normal)(root)
    if xml_merge.canonical(settled) == xml_merge.canonical(after):
        return [change for change in changes if change.path == "persistent"]
    real: list[Change] = []
    lenient = dataclasses.replace(scope, lenient=True, model=None)
    for old, new in ((settled, after), (after, settled)):
        # What only one of them has is no option of the other, and so no change there.
        edit_rows(table.rows, paths.clone(old), read_rows(table.rows, new), lenient, "", real)
    roots = {without_places(change.path) for change in real}
    kept = [change for change in changes if related(without_places(change.path), roots)]
    return kept or changes


def without_places(path: str) -> str:
    """A path without the places in lists."""
    return re.sub(r"\[[0-9]+\]", "", path)


def related(path: str, others: t.Iterable[str]) -> bool:
    """Whether one of the others is the path, or leads into it or on from it; what no row covers is kept."""
    if path == "persistent" or ": " in path:
        return True
    return any(f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.") for other in others)

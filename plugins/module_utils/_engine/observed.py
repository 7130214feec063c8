# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A resource as it is."""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from . import paths
from .table import Table


@dataclasses.dataclass(frozen=True)
class Observed:
    """A resource as it is.

    :param definition: what libvirt keeps, the inactive XML
    :param live: what runs, or None
    :param state: one of the table's states
    :param properties: values beside the definition, such as autostart
    :param persistent: whether libvirt keeps it once it stops
    :param unfinished: whether it was defined and has not got yet what new ones get beside the definition
    :param refused: what the hypervisor would not do to what runs in an earlier run (see refused_changes)
    """

    definition: ET.Element
    live: ET.Element | None
    state: str
    properties: t.Mapping[str, object]
    persistent: bool = True
    unfinished: bool = False
    refused: t.Mapping[str, str] = dataclasses.field(default_factory=dict)


def bare(table: Table) -> dict[str, Observed]:
    """What a host will have once libvirt is installed on it, and before anything is declared."""
    return {name: Observed(paths.document(text), None, table.initial, {}) for name, text in table.shipped.items()}

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a network connects its guests: what its definition says, and what a task before this one foretold."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

DIRECT = ("bridge", "private", "vepa", "passthrough")
"""Modes of networks that put guests on a bridge or on cards of the host (formatnetwork.html, Connectivity)."""

NUMBERED = re.compile(r"virbr\d+")
"""Names that libvirt gives bridges."""


def forward_facts(root: ET.Element) -> dict[str, object]:
    """How a network forwards, by its definition: the mode, and the cards of the host; empty where it does not."""
    node = root.find("forward")
    if node is None:
        return {}
    cards = [card.get("dev", "") for card in node.findall("interface")]
    return {"mode": node.get("mode"), "dev": node.get("dev"), "interfaces": cards}


def forward_of(facts: t.Mapping[str, object]) -> str:
    """How a foretold network forwards; empty where that is not known."""
    forward = facts.get("forward")
    return str(forward.get("mode") or "") if isinstance(forward, dict) else ""

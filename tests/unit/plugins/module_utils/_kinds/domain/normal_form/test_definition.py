# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the normal form of a whole definition."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.normal_form import definition
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical


def limits(*disks: str) -> str:
    """Disks, each with limits where they are given: ``GROUP`` of it, then what it limits."""
    nodes = []
    for given in disks:
        group, *found = given.split()
        named = "" if group == "-" else f"<group_name>{group}</group_name>"
        rest = "".join(f"<{one.partition('=')[0]}>{one.partition('=')[2]}</{one.partition('=')[0]}>" for one in found)
        nodes.append(f"<disk><iotune>{named}{rest}</iotune></disk>")
    return f"<devices>{''.join(nodes)}<disk/></devices>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a read=5 write=6", "a"], ["a read=5 write=6", "a read=5 write=6"]),
        (["a", "a read=5"], ["a read=5", "a read=5"]),
        (["a", "a read=5", "a"], ["a read=5"] * 3),
        # The first of it that limits something counts.
        (["a read=0", "a read=5 write=0", "a read=7", "a"],
         ["a read=0", "a read=5 write=0", "a read=7", "a read=5 write=0"]),
        # What has limits of its own keeps them, and what is in no such group has none.
        (["a read=5", "a write=6"], None),
        (["a read=5", "a read=0"], None),
        (["a read=5", "b"], None),
        (["a", "a"], None),
        (["- read=5", "a", "- write=7", "-"], None),
        (["a read=5", "b read=6", "b", "a"], ["a read=5", "b read=6", "b read=6", "a read=5"]),
    ],
)  # fmt: skip
def test_a_disk_that_names_only_a_group_has_its_limits(before: list[str], after: list[str] | None) -> None:
    root = ET.fromstring(limits(*before))
    definition.shared_limits(root)
    assert canonical(root) == canonical(limits(*(before if after is None else after)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ab", None),
        ("Ab", None),
        ("aB", "Ba"),
        ("abC", "Cab"),
        ("", None),
        ("aBC", "CBa"),
        ("AB", "BA"),
    ],
)
def test_the_first_card_is_the_primary_one(before: str, after: str | None) -> None:
    """Letters are cards, and capitals those that are to be primary."""

    def card(name: str) -> str:
        return f"<video id='{name}'><model{' primary=' + repr('yes') if name.isupper() else ''}/></video>"

    root = ET.fromstring(f"<devices><disk/>{''.join(map(card, before))}</devices>")
    definition.videos(root)
    assert [node.get("id", "disk") for node in root] == ["disk", *(before if after is None else after)]


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ({"type": "pci", "bus": 0, "slot": 0}, {"type": "pci"}),
        ({"domain": 0, "bus": 0, "slot": 0, "function": 0, "multifunction": True}, {"multifunction": True}),
        ({"bus": 1, "slot": 0}, None),
        ({"bus": 0, "slot": 1}, None),
        ({"bus": 0, "slot": 0, "function": 1}, None),
        ({"domain": 1, "bus": 0, "slot": 0}, None),
        ({"bus": 0}, None),
        ({"slot": 0}, None),
        (None, None),
        ("0000:00:00.0", None),
    ],
)
def test_a_pci_address_of_noughts_is_none(address: object, left: object) -> None:
    given = dict(address) if isinstance(address, dict) else address
    definition.placed(given)
    assert given == (address if left is None else left)

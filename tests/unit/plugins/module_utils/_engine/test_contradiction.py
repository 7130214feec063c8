# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An item whose ``xml`` adds what its lists or nulls take away is refused by name, before anything is done."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import fuzzing
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import paths
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Group
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Refused
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.exhaustive import exhaustive
from ansible_collections.virtfleet.kvm.tests.unit.support import changes, defined, observed, plan_one

GUEST = {"name": "n", "memory": "64MiB"}
DISK = "<disk type='file' device='disk'><source file='/x'/><target dev='{}' bus='virtio'/></disk>"


def refusal(table: Table, item: dict[str, Any], have: Any = None) -> str:
    """What is wrong with an item; nothing where it is planned."""
    try:
        plan_one(table, have, item)
    except Refused as error:
        return "\n".join(error.lines)
    return ""


@pytest.mark.parametrize("listed", [[], None])
def test_a_disk_in_xml_beside_a_list_without_it(listed: Any) -> None:
    item = {**GUEST, "disks": listed, "xml": f"<devices>{DISK.format('vda')}</devices>"}
    told = (
        "domain n: xml: adds devices/disk, which disks takes away: declare it in disks, or leave disks out of the item"
    )
    assert refusal(DOMAIN, item) == told
    there = observed(defined(plan_one(DOMAIN, None, GUEST)))
    assert refusal(DOMAIN, item, there) == told
    assert refusal(DOMAIN, {name: value for name, value in item.items() if name != "disks"}) == ""


def test_xml_may_change_what_a_list_has() -> None:
    """The same disk by its target, and one more where it is in no list."""
    disk = {"file": "/x", "target": "vda", "bus": "virtio"}
    more = "<devices><disk><target dev='vda'/><serial>7</serial></disk></devices>"
    item = {**GUEST, "disks": [disk], "xml": more}
    plan = plan_one(DOMAIN, None, item)
    assert changes(plan_one(DOMAIN, observed(defined(plan)), item)) == {}
    other = {**item, "xml": f"<devices>{DISK.format('vdb')}</devices>"}
    assert "adds devices/disk, which disks takes away" in refusal(DOMAIN, other)


def test_a_value_of_xml_counts_and_null_contradicts_it() -> None:
    item = {**GUEST, "title": "a", "xml": "<title>b</title>"}
    plan = plan_one(DOMAIN, None, item)
    assert ET.fromstring(defined(plan)).findtext("title") == "b"
    assert changes(plan_one(DOMAIN, observed(defined(plan)), item)) == {}
    assert refusal(DOMAIN, {**item, "title": None}).startswith("domain n: xml: adds title, which title takes away")


@pytest.mark.parametrize(
    "xml",
    [
        "<memory unit='GiB'>1</memory>",
        "<memory unit='GiB'>4</memory>",
        "<memory>65537</memory>",
        "<memory unit='b'>1</memory><currentMemory unit='b'>1</currentMemory>",
    ],
)
def test_another_memory_in_xml_is_refused(xml: str) -> None:
    """libvirt brings the memory in use back with it, so no run would ever rest."""
    there = observed(defined(plan_one(DOMAIN, None, GUEST)))
    for have in (None, there):
        assert refusal(DOMAIN, {**GUEST, "xml": xml}, have) == (
            "domain n: xml: gives memory another value than the option memory, which says 64MiB: leave it out of xml,"
            " and write the value that counts in memory"
        )


@pytest.mark.parametrize(
    "xml",
    [
        "<memory unit='MiB'>64</memory>",
        "<memory unit='b'>67108864</memory>",
        "<memory>65536</memory>",
        "<memory dumpCore='on'/>",
        "<currentMemory unit='MiB'>32</currentMemory>",
    ],
)
def test_the_same_memory_in_xml_is_taken_in_any_unit(xml: str) -> None:
    item = {**GUEST, "xml": xml}
    plan = plan_one(DOMAIN, None, item)
    assert changes(plan_one(DOMAIN, observed(defined(plan)), item)) == {}


@pytest.mark.parametrize(
    ("xml", "place"),
    [
        ("<memory unit='GiB'/>", "memory"),
        ("<currentMemory unit='GiB'> </currentMemory>", "currentMemory"),
        ("<memtune><hard_limit unit='GiB'/></memtune>", "memtune/*"),
        ("<cpu><numa><cell id='0' unit='GiB'/></numa></cpu>", "cpu/numa/cell"),
    ],
)
def test_a_unit_alone_is_refused(xml: str, place: str) -> None:
    """Merged into the definition, it would make another amount of the one that is there."""
    told = f"domain n: xml: has a unit and no amount in {place}; write both"
    assert refusal(DOMAIN, {**GUEST, "xml": xml}) == told


@pytest.mark.fuzz
@pytest.mark.parametrize("table", [DOMAIN, NETWORK], ids=lambda table: table.kind)
def test_every_list_that_would_take_away_what_xml_adds_is_named(table: Table) -> None:
    """Each list of the table: what one example has of it stands in ``xml``, beside the list with nothing in it."""
    refused, taken = set(), set()
    base = GUEST if table is DOMAIN else {"name": "n"}
    for example in fuzzing.share(list(exhaustive(table)), 4 if table is DOMAIN else 1):
        for row in (row for row in table.rows if isinstance(row, Group) and example.get(row.name)):
            one = {**base, row.name: example[row.name]}
            if refusal(table, one):
                continue  # It goes with other options only.
            root = ET.fromstring(defined(plan_one(table, None, one)))
            steps = paths.parse(row.path).steps
            piece = "".join(ET.tostring(node, encoding="unicode") for node in row.nodes(root))
            xml = "".join(f"<{step}>" for step in steps[:-1]) + piece + "".join(f"</{step}>" for step in steps[-2::-1])
            alone = plan_one(table, None, {**base, "xml": xml})
            later = plan_one(table, observed(defined(alone)), {"name": "n", row.name: []})
            told = refusal(table, {**base, row.name: [], "xml": xml})
            if any(change.after is None for change in later.changes):
                assert f"which {row.name} takes away" in told, (row.name, told)
                refused.add(row.name)
            else:
                assert told == "", (row.name, told)
                taken.add(row.name)
    assert table is DOMAIN or refused
    assert not fuzzing.is_thorough() or len(refused) >= (8 if table is DOMAIN else 2), (refused, taken)

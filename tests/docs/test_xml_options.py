# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/xml-options.md follows from the tables, and what it says of a place in the XML is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import tables
import xml_options

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import edit_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.namespaces import NAMESPACES
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import site_parts
from ansible_collections.virtfleet.kvm.tests.unit.exhaustive import exhaustive
from ansible_collections.virtfleet.kvm.tests.unit.samples import SAMPLES
from ansible_collections.virtfleet.kvm.tests.unit.support import defined, plan_one

from .blocks import ROOT
from .schema_inputs import UUID

PAGE = xml_options.PATH.read_text(encoding="utf-8")
PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
KINDS = {part.kind: part.table for part in site_parts() if part.module}
OWN = {table.kind: xml_options.lines(table, short=False) for table, _module in xml_options.TABLES}


def test_page_is_the_tables() -> None:
    """Where this fails: .venv/bin/python tests/tools/xml_options.py writes the page."""
    assert xml_options.text() == PAGE


def test_page_is_found() -> None:
    for page in ("README.md", "docs/editors.md"):
        assert "xml-options.md)" in (ROOT / page).read_text(encoding="utf-8"), page


def row_of(xml: str) -> str:
    """The option of one line of the page."""
    found = re.findall(rf"^\| `{re.escape(xml)}` \| `([^`]+)` \|", PAGE, re.M)
    assert found, f"the page has no {xml}"
    return str(found[0])


@pytest.mark.parametrize(
    ("xml", "option"),
    [
        ('<watchdog action="…">', "watchdogs[].action"),
        ('<domain type="…">', "virt"),
        ("<memory>…</memory>", "memory"),
        ('<os><type machine="…">', "machine"),
        ('<disk><source file="…">', "disks[].file"),
        ('<interface type="bridge">', "interfaces[].bridge"),
        ('<perf><event name="NAME" enabled="…">', "perf.NAME"),
        ('<ip address="…" prefix="…">', "ips[].address"),
        ('<ip><dhcp><range start="…">', "ips[].dhcp.ranges[].start"),
        ('<forward mode="…">', "forward.mode"),
        ("<target><path>…</path>", "target"),
        ('<target><format type="…">', "format"),
    ],
)
def test_some_lines(xml: str, option: str) -> None:
    assert row_of(xml) == option


def test_elements_are_in_the_order_of_the_alphabet() -> None:
    for section in re.split(r"^## .*$", PAGE, flags=re.M)[1:]:
        headings = re.findall(r"^### `<(.*)>`$", section, re.M)
        assert headings == sorted(set(headings), key=str.lower)
        assert headings


def options(documented: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """All options of a table, without the marks of lists."""
    for name, option in documented.items():
        yield prefix + name
        yield from options(option.get("suboptions", {}), f"{prefix}{name}.")


def beside(rows: Any, prefix: str = "") -> Iterator[str]:
    """The options that no XML holds."""
    for row in rows:
        if row.outside:
            yield prefix + row.name
            yield from (f"{prefix}{row.name}.{name}" for name in beside(row.rows))
        elif not row.name:
            yield from beside(row.rows, prefix)
        elif row.rows:
            if row.path == ".":
                yield prefix + row.name
            yield from beside(row.rows, f"{prefix}{row.name}.")


@pytest.mark.parametrize("kind", OWN)
def test_every_option_has_a_place(kind: str) -> None:
    told = {line.option.replace("[]", "").removesuffix(".NAME") for line in OWN[kind]}
    assert told >= set(options(KINDS[kind].document())) - set(beside(KINDS[kind].rows))


@pytest.mark.parametrize("kind", OWN)
def test_the_page_leaves_out_what_it_refers_to_only(kind: str) -> None:
    (table,) = [table for table, _module in xml_options.TABLES if table.kind == kind]
    short = xml_options.lines(table)
    references = {match for line in short for match in re.findall(r"It has the options of `([^`]+)`", line.said)}
    assert references <= {line.option for line in short}
    if references:
        assert len(short) < len(OWN[kind])


def spots(element: ET.Element, steps: tuple[str, ...] = ()) -> Iterator[str]:
    """All places in a definition: elements, attributes and texts, as Line.place writes them."""
    if steps:
        yield "/".join(steps)
    for name in element.attrib:
        yield f"{'/'.join(steps)}@{name}"
    for child in element:
        uri, brace, name = child.tag.rpartition("}")
        if not brace or uri[1:] in PREFIXES:  # Another namespace is what the sample has as metadata.
            yield from spots(child, (*steps, f"{PREFIXES[uri[1:]]}:{name}" if brace else name))


def split_up(line: Any) -> set[str]:
    """The places that a line tells, without conditions."""
    place = re.sub(r"\[[^\]]*\]", "", line.place)
    steps, *attributes = place.split("@")
    return {f"{steps}@{name}" for name in attributes} or {steps}


def definitions(kind: str) -> Iterator[ET.Element]:
    """Definitions that together have every option, but for those of kinds that others of the name stand for."""
    host = Host(virt="test", arch="i686")
    samples = [
        *SAMPLES.get(kind, ()),
        *(exhaustive(KINDS["domain"]) if kind == "domain" else ()),
        *STORAGE.get(kind, ()),
    ]
    for sample in samples:
        if kind == "volume":
            element = ET.fromstring(KINDS["volume"].skeleton)
            volume = KINDS["volume"]
            edit_rows(volume.rows, element, volume.parse([sample])[0], Scope("volume", "v", host, sample), "", [])
            yield element
        else:
            yield ET.fromstring(defined(plan_one(KINDS[kind], None, sample, host)))


@pytest.mark.parametrize("kind", OWN)
def test_places_are_those_of_definitions(kind: str) -> None:
    """What the options make stands at one of the places that the page has for them, and nothing else does."""
    found = {
        re.sub("(backingStore/?)+(?=/|@|$)", "backingStore", spot)
        for definition in definitions(kind)
        for spot in spots(definition)
    }
    places: dict[str, set[str]] = {}
    for line in OWN[kind]:
        places.setdefault(line.option, set()).update(split_up(line))
    nowhere = {option for option, here in places.items() if not here & found}
    # The samples of a disk's chain are of few kinds; what it can have, the disk itself has, too.
    assert {option for option in nowhere if option.replace(CHAIN, "") not in places.keys() - nowhere} == set()
    assert all(CHAIN in option for option in nowhere)
    # Attributes that only go along with an option: units, and what a condition in a path writes.
    along = {spot for spot in found - set().union(*places.values()) if "@" in spot and not spot.endswith("@unit")}
    assert along == ALONG[kind]


CHAIN = "backing_chain[]."

ALONG: dict[str, set[str]] = {
    "domain": {"metadata/virtfleet:made@uuid"},
    "network": {"metadata/virtfleet:made@uuid"},
    "pool": set(),
    "secret": set(),
    "snapshot": set(),
    "volume": set(),
}
"""What a definition has beside what the options say."""

OWNED = {"mode": "0600", "owner": 1, "group": 2, "label": "x"}

STORAGE: dict[str, list[dict[str, Any]]] = {
    "pool": [
        {
            "name": "p",
            "type": "netfs",
            "target": "/srv/p",
            "permissions": OWNED,
            "cow": True,
            "refresh_allocation": "capacity",
            "mount_options": ["ro"],
            "config_options": [{"name": "a", "value": "b"}],
            "source": {
                "devices": ["/dev/sdx"],
                "part_separator": True,
                "dir": "/x",
                "hosts": [{"name": "h", "port": 1}],
                "adapter": {
                    "type": "scsi_host",
                    "name": "a",
                    "parent": "b",
                    "managed": True,
                    "wwnn": "1",
                    "wwpn": "2",
                    "parentaddr": {"unique_id": 1, "address": {"domain": 0, "bus": 1, "slot": 2, "function": 3}},
                },
                "name": "n",
                "format": "nfs",
                "protocol_version": "4",
                "initiator": "iqn.x",
                "auth": {"type": "chap", "username": "u", "secret": {"uuid": UUID, "usage": "y"}},
                "vendor": "v",
                "product": "p",
            },
        }
    ],
    "secret": [
        {"name": "/a", "usage": "volume", "description": "b", "private": True, "ephemeral": True},
        {"name": "c", "usage": "ceph"},
        {"name": "d", "usage": "iscsi"},
    ],
    "snapshot": [
        {
            "name": "s",
            "domain": "g",
            "description": "a",
            "type": "external",
            "memory": True,
            "memory_file": "/x",
            "disks": ["vda"],
        }
    ],
    "volume": [
        {
            "name": "v.qcow2",
            "capacity": "1GiB",
            "allocation": "1MiB",
            "format": "qcow2",
            "backing": {"path": "/x", "format": "raw", "permissions": OWNED},
            "permissions": OWNED,
            "compat": "1.1",
            "nocow": True,
            "cluster_size": "64KiB",
            "lazy_refcounts": True,
            "extended_l2": True,
            "encryption": {
                "format": "luks",
                "engine": "qemu",
                "secret": {"type": "passphrase", "uuid": UUID, "usage": "y"},
                "cipher": {"name": "aes", "size": 256, "mode": "xts", "hash": "sha256"},
                "ivgen": {"name": "plain64", "hash": "sha256"},
            },
        }
    ],
}
"""A pool and a volume with every option. libvirt would refuse them."""


def test_markup_becomes_markdown() -> None:
    said = "The name V(a_b) of O(config[].disks[].volume), or P(virtfleet.kvm.query#filter) in C(v(1)) <b>."
    assert tables.as_text(said) == "The name a_b of disks[].volume, or virtfleet.kvm.query in v(1) <b>."
    assert tables.as_text("as O(virtfleet.kvm.domains#module:purge) does") == "as purge of virtfleet.kvm.domains does"
    assert tables.as_markdown(said) == (
        r"The name `a_b` of `disks[].volume`, or `virtfleet.kvm.query` in `v(1)` \<b\>."
    )

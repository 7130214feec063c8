# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots cannot be deleted, by how a guest has gone on from them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import deleting
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.guests import Snapshot, SnapshotGuest

NEW, OLD, TOO_OLD = 11_003_000, 9_000_000, 8_000_000


def snapshot(name: str, parent: str = "", kind: str = "external", current: bool = False, disk: str = "vda") -> Snapshot:
    source = f"<source file='/srv/{name}'/>" if kind == "external" else ""
    above = f"<parent><name>{parent}</name></parent>" if parent else ""
    xml = (
        f"<domainsnapshot><name>{name}</name>{above}"
        f"<disks><disk name='{disk}' snapshot='{kind}'>{source}</disk></disks></domainsnapshot>"
    )
    return Snapshot(name, ET.fromstring(xml), current)


def guest(*snapshots: Snapshot, version: int = NEW, active: bool = True) -> Any:
    """A guest with snapshots, and nothing that libvirt works on. A new libvirt puts it back to external ones, too."""
    features = "<features><externalSnapshot/></features>" if version >= NEW else "<features/>"
    able = f"<capabilities><guest>{features}</guest></capabilities>"
    made: Any = object.__new__(SnapshotGuest)
    made.__dict__.update(
        connection=SimpleNamespace(getLibVersion=lambda: version, getCapabilities=lambda: able),
        domain=SimpleNamespace(blockJobInfo=lambda *_args: {}),
        snapshots={one.name: one for one in snapshots},
        live=ET.fromstring("<domain/>") if active else None,
        kept=ET.fromstring("<domain/>"),
        disks=[SimpleNamespace(target="vda", path="/srv/now", written=True)],
        name="g",
    )
    return made


def refused(one: Any, name: str, gone: set[str] | None = None) -> str:
    return " | ".join(found.problem for found in deleting.of_external(one, one.snapshots[name], gone or set()))


A, B = snapshot("a"), snapshot("b", "a")
LAST = snapshot("b", "a", current=True)


@pytest.mark.parametrize(
    ("snapshots", "name", "gone", "words"),
    [
        # One after the other, and the guest goes on from the last one.
        ((A, LAST), "a", set(), ""),
        ((A, LAST), "b", set(), ""),
        # Two branches: the guest goes on from c.
        (
            (A, B, snapshot("c", "a", current=True)),
            "a",
            set(),
            "the snapshots b, c were all taken right after this one",
        ),
        ((A, B, snapshot("c", "a", current=True)), "a", {"b"}, ""),
        ((A, B, snapshot("c", "a", current=True)), "b", set(), ""),
        ((A, B, snapshot("d", "b"), snapshot("c", "a", current=True)), "b", set(), "goes on from another snapshot"),
        # It was put back to a, after b was taken.
        ((snapshot("a", current=True), B), "a", set(), "goes on from another snapshot"),
        # c was taken after b, and the guest went back to b.
        (
            (A, LAST, snapshot("c", "b")),
            "a",
            set(),
            "the snapshots c were taken after this one, and the guest does not",
        ),
        ((A, LAST, snapshot("c", "b")), "a", {"c"}, ""),
        # What is above it: an internal one in the same image, or in another.
        ((snapshot("a", kind="internal"), LAST), "b", set(), "it was taken after the internal snapshot a"),
        ((snapshot("a", kind="internal", disk="vdb"), LAST), "b", set(), ""),
        ((snapshot("i", kind="internal"), snapshot("a", "i"), LAST), "b", set(), ""),
        ((snapshot("i", kind="internal"), snapshot("a", "i", disk="vdb"), LAST), "b", set(), "internal snapshot i"),
    ],
)
def test_what_libvirt_merges(snapshots: tuple[Snapshot, ...], name: str, gone: set[str], words: str) -> None:
    found = refused(guest(*snapshots), name, gone)
    assert words in found
    assert bool(found) is bool(words)


def test_an_old_libvirt_deletes_none() -> None:
    assert "deletes no external snapshots" in refused(guest(A, LAST, version=TOO_OLD), "b")
    assert refused(guest(A, LAST, version=OLD), "b") == ""


@pytest.mark.parametrize(
    ("version", "active", "words"),
    [(OLD, False, "the guest is off, and the snapshots b were taken after"), (OLD, True, ""), (NEW, False, "")],
)
def test_while_a_guest_is_off_an_old_libvirt_merges_the_last_one_only(version: int, active: bool, words: str) -> None:
    one = guest(A, LAST, version=version, active=active)
    found = [each.problem for each in deleting.of_later(one, A, ["b"])]
    assert words in "".join(found)
    assert bool(found) is bool(words)
    assert list(deleting.of_later(one, A, [])) == []
    other = guest(A, snapshot("b", "a", disk="vdb"), version=version, active=active)
    assert list(deleting.of_later(other, A, ["b"])) == []


@pytest.mark.parametrize(
    ("coming", "version", "active", "words"),
    [
        ({}, OLD, False, ""),
        ({"n": "internal"}, NEW, True, "the snapshots n are taken before in the same call, and would be lost with"),
        ({"n": "internal", "e": "external"}, NEW, True, "the snapshots n are taken before"),
        ({"n": "external"}, NEW, True, ""),
        ({"n": "external"}, NEW, False, ""),
        ({"n": "external"}, OLD, True, ""),
        ({"m": "external", "e": "external"}, OLD, False, "the snapshots e, m are taken before in the same call"),
        ({"n": "external"}, OLD, False, "and would be in the way: delete this one in a task of its own"),
    ],
)
def test_what_is_taken_before_in_the_same_call(coming: dict[str, str], version: int, active: bool, words: str) -> None:
    found = [each.problem for each in deleting.of_coming(guest(A, version=version, active=active), coming)]
    assert words in "".join(found)
    assert bool(found) is bool(words)

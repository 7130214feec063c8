# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a guest counts as exactly what one of its snapshots has; what cannot be told counts as changed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import unchanged

LOCAL = SimpleNamespace(getURI=lambda: "qemu:///system")
DOMAIN = ET.fromstring("<domain/>")


def disk(target: str = "vda", path: str | None = "/a", written: bool = True, form: str = "qcow2") -> Any:
    return SimpleNamespace(target=target, path=path, written=written, format=form)


def snapshot(**more: Any) -> Any:
    told = {"name": "s", "current": True, "has_memory": False, "external": False, "files": {}, "definition": DOMAIN}
    return SimpleNamespace(**{**told, **more})


def guest(**more: Any) -> Any:
    return SimpleNamespace(
        **{"active": False, "saved": False, "disks": [], "kept": DOMAIN, "connection": LOCAL, **more}
    )


@pytest.mark.parametrize(
    ("of_guest", "of_snapshot", "alike", "unwritten", "expected"),
    [
        ({}, {}, True, True, True),
        ({}, {}, False, True, False),
        ({}, {}, True, False, False),
        ({"active": True}, {}, True, True, False),
        ({"saved": True}, {}, True, True, False),
        ({}, {"current": False}, True, True, False),
        ({}, {"has_memory": True}, True, True, False),
        ({}, {"definition": None}, True, True, False),
    ],
)
def test_a_guest_is_as_its_snapshot_has_it(
    monkeypatch: pytest.MonkeyPatch,
    of_guest: dict[str, Any],
    of_snapshot: dict[str, Any],
    alike: bool,
    unwritten: bool,
    expected: bool,
) -> None:
    monkeypatch.setattr(unchanged, "defined_alike", lambda *_args: alike)
    monkeypatch.setattr(unchanged, "is_unwritten", lambda *_args: unwritten)
    one = snapshot(**of_snapshot)
    assert unchanged.is_there(guest(**of_guest), one) is expected
    assert unchanged.is_unchanged(guest(**of_guest, current=one)) is expected
    assert unchanged.is_unchanged(guest(**of_guest, current=None)) is False


USB, PCI = "<controller type='usb' index='0' model='x'/>", "<controller type='pci' index='0'/>"


def devices(inner: str) -> str:
    return f"<domain><devices>{inner}</devices></domain>"


FILE = "<disk><driver name='{0}'/><source file='/{0}'/><backingStore/><target dev='{1}'/></disk>"


@pytest.mark.parametrize(
    ("now", "then", "external", "expected"),
    [
        ("<domain><name>a</name></domain>", "<domain>\n <name>a</name>\n</domain>", False, True),
        ("<domain><name>a</name></domain>", "<inactiveDomain><name>a</name></inactiveDomain>", False, True),
        ("<domain><name>a</name></domain>", "<domain><name>b</name></domain>", False, False),
        (devices(USB + PCI), devices(PCI + USB), False, True),
        (devices("<a/>" + USB + "<b/>" + PCI), devices("<a/><b/>" + PCI + USB), False, True),
        (devices("<a/><b/>"), devices("<b/><a/>"), False, False),
        (devices(USB), devices("<controller type='usb' index='1' model='x'/>"), False, False),
        (devices(FILE.format("a", "vda")), devices(FILE.format("b", "vda")), True, True),
        (devices(FILE.format("a", "vda")), devices(FILE.format("b", "vda")), False, False),
        (devices(FILE.format("a", "vda")), devices(FILE.format("a", "vdb")), True, False),
    ],
)
def test_definitions_that_say_the_same(now: str, then: str, external: bool, expected: bool) -> None:
    kept, definition = ET.fromstring(now), ET.fromstring(then)
    assert unchanged.defined_alike(guest(kept=kept), snapshot(definition=definition, external=external)) is expected
    # Neither is changed by the look.
    assert ET.tostring(kept) == ET.tostring(ET.fromstring(now))
    assert ET.tostring(definition) == ET.tostring(ET.fromstring(then))


def test_no_definition_is_like_none() -> None:
    assert unchanged.defined_alike(guest(), snapshot(definition=None)) is False


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("<disk type='usb'/>", ""),
        ("<controller type='usb'/>", "usb  "),
        ("<controller type='usb' index='1' model='m'/>", "usb 1 m"),
    ],
)
def test_what_a_controller_is_sorted_by(node: str, expected: str) -> None:
    assert unchanged.controller(ET.fromstring(node)) == expected


TWO = disk("vdb", "/b")


def image(same: bool, *names: str) -> Any:
    """An image with internal snapshots, and whether it is as in the one that is called s."""
    found = [SimpleNamespace(name=name) for name in names]
    return SimpleNamespace(snapshots=lambda: found, is_as_in=lambda one: same and one.name == "s")


@pytest.mark.parametrize(
    ("now", "then", "images", "expected"),
    [
        ([disk()], [disk()], {"/a": image(True, "r", "s", "t")}, True),
        ([disk()], [disk()], {"/a": image(False, "s")}, False),
        ([disk()], [disk()], {"/a": image(True, "r")}, False),
        ([disk()], [disk()], {"/a": image(True, "s", "s")}, False),
        ([disk()], [disk()], {}, False),
        # Other disks than the snapshot has, whose images say nothing against it.
        ([disk(path="/b")], [disk()], {"/a": image(True, "s"), "/b": image(True, "s")}, False),
        ([disk(), disk("vdb", "/b")], [disk()], {"/a": image(True, "s"), "/b": image(True, "s")}, False),
        ([disk()], [disk(), disk("vdb", "/b")], {"/a": image(True, "s")}, False),
        ([disk("vdb")], [disk()], {"/a": image(True, "s")}, False),
        # One that is only read says nothing.
        ([disk(), disk("sda", "/cd", written=False)], [disk()], {"/a": image(True, "s")}, True),
        ([disk()], [disk(), disk("sda", "/cd", written=False)], {"/a": image(True, "s")}, True),
        ([disk(), TWO], [TWO, disk()], {"/a": image(True, "s"), "/b": image(True, "s")}, True),
        ([disk(), TWO], [TWO, disk()], {"/a": image(True, "s"), "/b": image(False, "s")}, False),
    ],
)
def test_no_disk_was_written_to_since_an_internal_snapshot(
    monkeypatch: pytest.MonkeyPatch, now: list[Any], then: list[Any], images: dict[str, Any], expected: bool
) -> None:
    monkeypatch.setattr(unchanged, "disks_of", lambda _connection, _root: then)
    monkeypatch.setattr(
        unchanged, "ask", lambda _guest, one, question: question(images[one.path]) if one.path in images else None
    )
    assert unchanged.is_unwritten(guest(disks=now), snapshot()) is expected
    assert unchanged.is_unwritten(guest(disks=now), snapshot(definition=None)) is False


@pytest.mark.parametrize(
    ("disks", "files", "laid", "expected"),
    [
        ([disk()], {"vda": "/a"}, {"vda"}, True),
        ([disk()], {"vda": "/a"}, set(), False),
        ([disk()], {"vdb": "/a"}, {"vda"}, False),
        ([disk(), disk("vdb")], {"vda": "/a"}, {"vda", "vdb"}, False),
        ([disk(), disk("vdb")], {"vda": "/a", "vdb": "/b"}, {"vda", "vdb"}, True),
        ([disk(), disk("vdb")], {"vda": "/a", "vdb": "/b"}, {"vdb"}, False),
        ([disk(), disk("sda", written=False)], {"vda": "/a"}, {"vda"}, True),
        ([disk("sda", written=False)], {"sda": "/a"}, {"sda"}, False),
        ([], {}, set(), False),
    ],
)
def test_no_disk_was_written_to_since_an_external_snapshot(
    monkeypatch: pytest.MonkeyPatch, disks: list[Any], files: dict[str, str], laid: set[str], expected: bool
) -> None:
    monkeypatch.setattr(unchanged, "is_only_laid_over", lambda _guest, _snapshot, one: one.target in laid)
    one = snapshot(external=True, files=files, definition=None)
    assert unchanged.is_unwritten(guest(disks=disks), one) is expected


@pytest.mark.parametrize(
    ("form", "empty", "base", "shown", "below", "expected"),
    [
        ("qcow2", True, None, 4096, 4096, True),
        ("qcow2", True, None, 4096, 4000, False),
        ("qcow2", False, None, 4096, 4096, False),
        ("qcow2", True, "/other", 4096, 4096, False),
        ("raw", True, None, 1024, None, True),
        ("raw", True, None, 1000, None, False),
        ("raw", True, None, 512, None, False),
        ("qcow2", True, None, 4096, Unfit("is none"), False),
        ("qcow2", True, None, 4096, OSError(5, "bad"), False),
    ],
)
def test_a_file_that_is_only_laid_over_shows_its_image_whole(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    form: str,
    empty: bool,
    base: str | None,
    shown: int,
    below: Any,
    expected: bool,
) -> None:
    """A raw image is 1000 bytes here, which QEMU rounds up."""
    raw = tmp_path / "raw"
    raw.write_bytes(b"x" * 1000)
    over = SimpleNamespace(is_empty=lambda: empty, base=lambda: base or str(raw), header=SimpleNamespace(size=shown))

    def answer(_path: str, question: Any) -> Any:
        if isinstance(below, Exception):
            raise below
        return question(SimpleNamespace(header=SimpleNamespace(size=below)))

    monkeypatch.setattr(
        unchanged, "disks_of", lambda *_args: [disk("vdb", "/b", form="x"), disk(path=str(raw), form=form)]
    )
    monkeypatch.setattr(unchanged, "ask", lambda _guest, _disk, question: question(over))
    monkeypatch.setattr(unchanged, "answer_of", answer)
    assert unchanged.is_only_laid_over(guest(), snapshot(), disk()) is expected
    assert unchanged.is_only_laid_over(guest(), snapshot(), disk("vdx")) is False
    assert unchanged.is_only_laid_over(guest(), snapshot(definition=None), disk()) is False


@pytest.mark.parametrize(
    ("path", "form", "uri", "answer", "expected"),
    [
        ("/a", "qcow2", "qemu:///system", "yes", "yes"),
        (None, "qcow2", "qemu:///system", "yes", None),
        ("/a", "raw", "qemu:///system", "yes", None),
        ("/a", "qcow2", "qemu+ssh://other/system", "yes", None),
        ("/a", "qcow2", "qemu:///system", Unfit("is none"), None),
        ("/a", "qcow2", "qemu:///system", OSError(5, "bad"), None),
    ],
)
def test_what_cannot_be_asked_has_no_answer(
    monkeypatch: pytest.MonkeyPatch, path: str | None, form: str, uri: str, answer: Any, expected: str | None
) -> None:
    def answer_of(_path: str, _question: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(unchanged, "answer_of", answer_of)
    one = guest(connection=SimpleNamespace(getURI=lambda: uri))
    assert unchanged.ask(one, disk(path=path, form=form), lambda _image: "unused") == expected

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of disks that are on an overlay, and how it is known what those are laid over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import overlays


def made(forms: Any = None) -> overlays.Overlays:
    return overlays.Overlays(forms or SimpleNamespace())


def told(found: overlays.Overlays, *actions: str, obstacle: str | None = None) -> tuple[list[str], str | None]:
    """The warnings and the obstacle of a plan."""
    plan = Plan("domain", "web")
    plan.steps.add(StepPlace.STATE, *map(Step, actions))
    plan.obstacle = obstacle
    found.tell([plan, Plan("domain", "other")])
    return plan.warnings, plan.obstacle


def test_what_would_be_lost_is_a_warning_as_long_as_the_guest_runs_on() -> None:
    found = made()
    found.warnings["web"], found.lost["web"] = ["by the way"], ["it would be lost"]
    assert told(found) == (["by the way", "it would be lost"], None)
    assert told(found, "start") == (["by the way", "it would be lost"], None)
    assert told(found, "shutdown", "start") == (["by the way"], "it would be lost")


def test_what_nobody_knows_keeps_all_as_it_is() -> None:
    found = made()
    found.unknown["web"], found.lost["web"] = ["nobody knows"], ["it would be lost"]
    assert told(found) == (["it would be lost"], "nobody knows")
    assert told(found, "shutdown", obstacle="it is locked") == ([], "it is locked; nobody knows; it would be lost")
    assert told(made(), obstacle="it is locked") == ([], "it is locked")


FILE = "<disk><source file='/a.qcow2'/><target dev='vda'/></disk>"
NETWORK = "<disk><source protocol='rbd' name='pool/a'/></disk>"


@pytest.mark.parametrize(
    ("disk", "place", "spelled"),
    [(FILE, "/a.qcow2", "/a.qcow2"), (NETWORK, "rbd:pool/a", "rbd:pool/a"), ("<disk/>", None, "")],
)
def test_what_a_disk_is_on(disk: str, place: str | None, spelled: str) -> None:
    assert overlays.place_of(ET.fromstring(disk)) == place
    assert overlays.spelled(ET.fromstring(disk)) == spelled


def test_only_what_the_collection_made_is_its_own() -> None:
    def of(path: str) -> Any:
        if path == "/lost":
            raise VirtfleetError("the list cannot be read")
        return {"format": "qcow2"} if path == "/a.qcow2" else None

    def own(path: str | None, disk: str = FILE) -> bool:
        forms = SimpleNamespace(path_of=lambda place: path, formats=SimpleNamespace(noted=SimpleNamespace(of=of)))
        return made(forms).is_ours(ET.fromstring(disk))

    assert [own(path) for path in ("/a.qcow2", "/b.qcow2", "/lost", None)] == [True, False, False, False]
    assert not own("/a.qcow2", "<disk/>")


def test_another_host_is_asked_what_an_image_is_laid_over_to_the_end() -> None:
    chain = {"/a": "/b", "/b": "/c", "/x": "/y", "/y": "/x", "/z": ""}

    def lookup(path: str) -> Any:
        if path not in chain:
            raise libvirt.libvirtError("no such volume")
        text = f"<volume><backingStore><path>{chain[path]}</path></backingStore></volume>"
        return SimpleNamespace(XMLDesc=lambda: text)

    found = made(SimpleNamespace(connection=SimpleNamespace(storageVolLookupByPath=lookup)))
    assert found.below_elsewhere("/a") == {"path /b", "path /c"}
    assert found.below_elsewhere("/x") == {"path /y", "path /x"}
    assert found.below_elsewhere("/z") == frozenset()


def test_a_disk_that_stays_keeps_what_is_no_matter_of_its_image() -> None:
    kept = overlays.on({"target": "vdb", "bus": "virtio", "file": "/b", "format": "raw"}, ET.fromstring(FILE))
    assert (kept["target"], kept["bus"]) == ("vda", "virtio")
    assert not {"file", "format"} & set(kept)


def at(path_of: Any = lambda place: None, local: bool = False, **forms: Any) -> overlays.Overlays:
    """Disks on a host where nothing of a volume is known but its path."""
    connection = SimpleNamespace(storagePoolLookupByName=mock.Mock(side_effect=libvirt.libvirtError("no such pool")))
    return made(SimpleNamespace(path_of=path_of, local=local, connection=connection, pools={}, **forms))


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ({"file": "/a"}, "/a"),
        ({"block": "/dev/a"}, "/dev/a"),
        ({"volume": "a"}, "default/a"),
        ({"volume": "a", "pool": "fast"}, "fast/a"),
        ({"protocol": "rbd", "source": {"name": "pool/a"}}, "rbd:pool/a"),
        ({"protocol": "rbd", "source": {}}, None),
        ({"protocol": "rbd"}, None),
        ({"size": 1}, None),
        ({}, None),
        ({"device": "cdrom", "file": "/a"}, None),
        ({"device": "floppy", "volume": "a"}, None),
        ({"device": "disk", "file": "/a"}, "/a"),
    ],
)
def test_what_a_disk_is_declared_to_be_on(item: dict[str, Any], place: str | None) -> None:
    assert at().place(overlays.Given("web", 0, item, None)) == place


def test_a_disk_that_is_given_by_its_size_is_on_the_volume_that_is_named_after_it() -> None:
    node = ET.fromstring(FILE)
    assert at().place(overlays.Given("web", 0, {"size": 1}, node)) == "default/web-vda.qcow2"
    assert at().place(overlays.Given("web", 0, {"size": 1, "pool": "fast", "format": "raw"}, node)) == (
        "fast/web-vda.raw"
    )


@pytest.mark.parametrize(
    ("place", "signs"),
    [
        ("/a", {"path /a"}),
        ("/a:b", {"path /a:b"}),
        ("images/a", {"path /srv/a"}),
        ("images/a:b", {"volume images/a:b"}),
        ("other/a", {"volume other/a"}),
        ("gone/a", {"volume gone/a"}),
        ("rbd:pool/a", {overlays.network("rbd", "pool/a")}),
    ],
)
def test_what_a_place_is_on_another_host(place: str, signs: set[str]) -> None:
    assert at({"images/a": "/srv/a", "gone/a": "rbd/a"}.get).signs(place) == signs


LEVEL = "<backingStore><source file='{}'/></backingStore>"


@pytest.mark.parametrize(
    ("disk", "signs"),
    [
        ("<disk><driver type='qcow2'/><source file='/a'/></disk>", {"path /b"}),
        (f"<disk><driver type='qcow2'/><source file='/a'/>{LEVEL.format('/c')}</disk>", {"path /b", "path /c"}),
        (f"<disk><driver type='raw'/><source file='/a'/>{LEVEL.format('/c')}</disk>", {"path /c"}),
        (f"<disk device='cdrom'><driver type='qcow2'/><source file='/a'/>{LEVEL.format('/c')}</disk>", {"path /c"}),
        ("<disk device='floppy'><driver type='qcow2'/><source file='/a'/></disk>", set()),
        ("<disk device='lun'><driver type='qcow2'/><source file='/a'/></disk>", {"path /b"}),
        ("<disk><driver type='qcow2'/></disk>", set()),
        ("<disk><driver type='qcow2'/><source pool='gone' volume='a'/></disk>", set()),
        ("<disk><driver type='qcow2'/><source protocol='rbd' name='pool/a'/></disk>", set()),
    ],
)
def test_what_a_disk_of_another_host_is_laid_over(disk: str, signs: set[str]) -> None:
    found = at()
    found.below_elsewhere = lambda path: frozenset({"path /b"} if path == "/a" else {f"asked for {path}"})  # type: ignore[method-assign]
    below = found.below(ET.fromstring(disk))
    assert (set(below.signs), below.doubt) == (signs, "")

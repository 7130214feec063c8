# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new disk does not take a volume that is there already and that somebody else uses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, OLD, URI, define, file

Run = Callable[..., dict[str, Any]]
NEW: dict[str, Any] = {"name": "new", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}]}


def new(**disk: Any) -> dict[str, Any]:
    return {**NEW, "disks": [{**NEW["disks"][0], "volume": "old-vda.qcow2", **disk}]}


def overlay(connection: Any, folder: Path) -> None:
    (folder / "over.qcow2").write_bytes(images.qcow2(f"{folder}/old-vda.qcow2"))


def linked(connection: Any, folder: Path) -> None:
    os.link(folder / "old-vda.qcow2", folder.with_name("other-name"))
    define(connection, file(folder.with_name("other-name")))


def through_overlay(connection: Any, folder: Path) -> None:
    folder.with_name("over").write_bytes(images.qcow2(f"{folder}/old-vda.qcow2"))
    define(connection, file(folder.with_name("over")))


USES: dict[str, tuple[Callable[[Any, Path], Any], str]] = {
    "a guest": (lambda c, f: define(c, file(f / "old-vda.qcow2")), "guest theirs"),
    "a guest by another name of the file": (linked, "guest theirs"),
    "a guest by pool and volume": (
        lambda c, f: define(c, "<source pool='p' volume='old-vda.qcow2'/>", kind="volume"),
        "guest theirs",
    ),
    "an overlay": (overlay, "over.qcow2"),
    "a guest on an overlay": (through_overlay, "guest theirs"),
}


@pytest.mark.parametrize("name", USES)
def test_a_volume_that_somebody_uses_is_not_taken(connection: Any, declare: Run, folder: Path, name: str) -> None:
    use, who = USES[name]
    declare(domains, GONE)
    use(connection, folder)
    for guest in (new(), OLD):
        result = declare(domains, guest, {"name": "good", "memory": "64MiB"}, fails=True)
        (failure,) = result["failures"]
        assert "disks[0]: the volume p/old-vda.qcow2 is there already, and is used by" in failure["problem"]
        assert who in failure["problem"]
        assert "good" in [domain.name() for domain in connection.listAllDomains()]
        connection.lookupByName("good").undefine()


@pytest.fixture
def raw(declare: Run, folder: Path) -> Path:
    """A raw volume that is there already."""
    (folder / "v.raw").touch()
    declare(volumes, {"name": "v.raw", "pool": "p", "capacity": "1MiB", "format": "raw"})
    return folder / "v.raw"


@pytest.mark.parametrize("more", [{"shareable": True}, {"readonly": True}])
def test_a_volume_that_may_be_shared_is_taken(connection: Any, declare: Run, raw: Path, more: Any) -> None:
    define(connection, file(raw), form="raw")
    assert declare(domains, new(volume="v.raw", format="raw", **more))["changed"]


@pytest.mark.parametrize(("reads", "taken"), [("<readonly/>", True), ("", False)])
def test_a_volume_that_another_guest_only_reads_is_taken(
    connection: Any, declare: Run, folder: Path, reads: str, taken: bool
) -> None:
    declare(domains, GONE)
    define(connection, f"{reads}{file(folder / 'old-vda.qcow2')}")
    assert declare(domains, new(), fails=not taken)["changed"] == taken


def test_an_overlay_keeps_its_base_also_from_guests_that_share(connection: Any, declare: Run, raw: Path) -> None:
    raw.with_name("over.qcow2").write_bytes(images.qcow2(str(raw)))
    config = new(volume="v.raw", format="raw", shareable=True)
    assert "over.qcow2" in declare(domains, config, fails=True)["msg"]


@pytest.mark.parametrize("by", ["file", "volume"])
def test_a_disk_that_images_are_laid_over_is_told_of(
    connection: Any, declare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    disk = {"file": f"{folder}/old-vda.qcow2"} if by == "file" else {"volume": "old-vda.qcow2", "pool": "p"}
    guest = {**NEW, "disks": [{**disk, "format": "qcow2"}]}
    declare(domains, GONE)
    assert not [line for line in declare(domains, guest)["warnings"] if "laid over it" in line]
    connection.lookupByName("new").undefine()
    overlay(connection, folder)
    (line,) = [line for line in declare(domains, guest)["warnings"] if "laid over it" in line]
    assert "disks[0]: " in line
    assert "over.qcow2" in line
    declare(domains, {"name": "new", "state": "absent"})
    assert not [
        line
        for line in declare(domains, {**guest, "disks": [{**guest["disks"][0], "readonly": True}]})["warnings"]
        if "laid over it" in line
    ]


def test_a_volume_that_another_guest_had_otherwise_is_not_taken(connection: Any, declare: Run, folder: Path) -> None:
    """It reads the disk by now; its snapshot writes to it."""
    declare(domains, GONE)
    define(connection, file(folder / "old-vda.qcow2"))
    domain = connection.lookupByName("theirs")
    domain.snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>", 0)
    connection.defineXML(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).replace("<target", "<readonly/><target"))
    assert "guest theirs (snapshot s)" in declare(domains, new(), fails=True)["msg"]


def test_check_mode_counts_what_earlier_tasks_would_have_taken_away(
    connection: Any, run_main: Run, declare: Run, folder: Path
) -> None:
    declare(domains, GONE)
    define(connection, file(folder / "old-vda.qcow2"))
    uuid = connection.lookupByName("theirs").UUIDString()
    forecast = {"domains": {"theirs": {"uuid": uuid, "gone": True}}}
    assert run_main(domains.main, config=[new()], uri=URI, check=True, fails=True)["failed"]
    assert run_main(domains.main, config=[new()], uri=URI, check=True, _forecast=forecast)["changed"]


def test_a_volume_that_nobody_uses_any_more_is_taken(connection: Any, declare: Run, folder: Path) -> None:
    declare(domains, GONE)
    assert declare(domains, OLD)["changed"]
    connection.lookupByName("old").undefine()
    assert declare(domains, new())["changed"]


def test_a_volume_of_a_guest_that_goes_is_taken(connection: Any, run_main: Run, declare: Run, folder: Path) -> None:
    assert run_main(domains.main, config=[new(), GONE], uri=URI)["changed"]

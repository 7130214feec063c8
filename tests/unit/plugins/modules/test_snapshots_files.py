# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the files of a guest as snapshots of it are taken, put back to and deleted."""

from __future__ import annotations

import typing as t
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import (
    reverting,
    snapshot_actions,
    unchanged,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.guests import SnapshotGuest
from ansible_collections.virtfleet.kvm.plugins.modules import snapshots
from ansible_collections.virtfleet.kvm.tests.unit.snapshot_host import BACK, URI, Host, Run, problem, tool

GONE = {"domain": "g", "name": "e1", "state": "absent"}


def laid_over(host: Host, name: str, parent: str | None = None, current: bool = True, **more: Any) -> Path:
    """Lay a file over the image of the guest, as libvirt does for an external snapshot, and return its path.

    :param more: ``internal`` for a snapshot in the image that the guest is on
    """
    kept = host.guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    over = host.folder / f"g.{name}"
    disk = f"<disk name='vda' snapshot='external'><source file='{over}'/></disk>"
    if more.get("internal"):
        disk = "<disk name='vda' snapshot='internal'/>"
    number = len(host.guest.snapshotListNames()) + 10
    flags = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE
    host.guest.snapshotCreateXML(
        f"<domainsnapshot><name>{name}</name><state>shutoff</state><creationTime>{number}</creationTime>"
        f"<memory snapshot='no'/>{f'<parent><name>{parent}</name></parent>' if parent else ''}"
        f"<disks>{disk}</disks>{kept}</domainsnapshot>",
        flags | (libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT if current else 0),
    )
    if not more.get("internal"):
        tool("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(host.image), "-F", "qcow2", str(over))
        host.connection.defineXML(kept.replace(str(host.image), str(over)))
    return over


@pytest.fixture
def reverts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A libvirt that can put a guest back to an external snapshot, which the test driver cannot."""
    monkeypatch.setattr(reverting, "reverts_external", lambda guest: True)


@pytest.mark.parametrize("which", ["over", "below"])
def test_what_another_guest_is_on_is_neither_changed_nor_removed(guest_host: Host, run_main: Run, which: str) -> None:
    over = laid_over(guest_host, "e1")
    used = over if which == "over" else guest_host.image
    mine = guest_host.folder / "mine.qcow2"
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(used), "-F", "qcow2", str(mine))
    guest_host.define("other", guest_host.disk("vda", mine))
    assert f"the image {used} of disk vda is also used by guest other" in problem(run_main, GONE)


@pytest.mark.usefixtures("reverts")
def test_going_back_removes_no_file_that_another_guest_has(guest_host: Host, run_main: Run) -> None:
    over = laid_over(guest_host, "e1")
    tool("qemu-io", "-c", "write 0 64k", str(over))
    guest_host.define("other", guest_host.disk("vda", over))
    back = {**GONE, "state": "reverted", "discard_changes": True}
    assert f"the image {over} of disk vda is also used by guest other" in problem(run_main, back)


def test_a_file_that_holds_snapshots_is_not_removed(guest_host: Host, run_main: Run) -> None:
    over = laid_over(guest_host, "e1")
    laid_over(guest_host, "i1", "e1", internal=True)
    tool("qemu-img", "snapshot", "-c", "i1", str(over))
    assert f"the file {over} would be removed, and holds the snapshots i1: delete those first" in problem(
        run_main, GONE
    )
    tool("qemu-img", "snapshot", "-d", "i1", str(over))
    run_main(snapshots.main, config=[{**GONE, "name": "i1"}], uri=URI)
    run_main(snapshots.main, config=[GONE], uri=URI)


def test_what_goes_before_in_the_same_call(guest_host: Host, declare: Run) -> None:
    over = laid_over(guest_host, "e1")
    laid_over(guest_host, "i1", "e1", internal=True)
    assert over.exists()
    declare(snapshots, {**GONE, "name": "i1"}, GONE)
    assert guest_host.guest.snapshotListNames() == []


def test_what_was_to_go_before_and_stays(guest_host: Host, run_main: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be lost with the file that the later one removes."""
    laid_over(guest_host, "e1")
    laid_over(guest_host, "i1", "e1", internal=True)
    whole = snapshot_actions.snapshot_of

    def not_this_one(domain: Any, name: str, created: str) -> Any:
        if name == "g/i1":
            raise VirtfleetError("no")
        return whole(domain, name, created)

    monkeypatch.setattr(snapshot_actions, "snapshot_of", not_this_one)
    result = run_main(snapshots.main, config=[{**GONE, "name": "i1"}, GONE], uri=URI, fails=True)
    assert "the snapshots i1 were to go before, and are still there" in result["failures"][1]["problem"]
    assert sorted(guest_host.guest.snapshotListNames()) == ["e1", "i1"]


def test_none_is_taken_into_a_file_that_goes(guest_host: Host, run_main: Run) -> None:
    laid_over(guest_host, "e1")
    for check in (True, False):
        result = run_main(
            snapshots.main, check=check, config=[{"name": "i1", "domain": "g"}, GONE], uri=URI, fails=True
        )
        assert [one["snapshot"] for one in result["failures"]] == ["g/e1"]
        assert (
            "i1 are taken before in the same call, and would be lost with this one" in result["failures"][0]["problem"]
        )


def test_a_branch_aside_comes_first(guest_host: Host, run_main: Run) -> None:
    laid_over(guest_host, "e1")
    laid_over(guest_host, "e2", "e1", current=False)
    laid_over(guest_host, "e3", "e2", current=False)
    laid_over(guest_host, "e4", "e2")
    guest_host.guest.create()
    assert "the snapshots e3 were taken after this one, and the guest does not go on from them" in problem(
        run_main, GONE
    )


@pytest.mark.parametrize("broken", ["missing", "garbage"])
def test_an_image_that_is_no_use_is_told_before(guest_host: Host, run_main: Run, broken: str) -> None:
    laid_over(guest_host, "e1")
    guest_host.image.unlink()
    if broken == "garbage":
        guest_host.image.write_bytes(b"\0" * 4096)
    assert f"the image {guest_host.image} of disk vda is no use: " in problem(run_main, GONE)
    guest_host.define("g2", guest_host.disk("vda", guest_host.image))
    for kind in ("internal", "external"):
        told = problem(run_main, {"name": "s", "domain": "g2", "type": kind})
        assert told.startswith(f"disks: the image {guest_host.image} of disk vda is no use: ")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a,b", "libvirt would make another file than "),
        ("x" * 200, "the file that is laid over disk vda would get too long a name: shorten it"),
    ],
)
def test_a_name_that_no_file_can_have(guest_host: Host, run_main: Run, name: str, words: str) -> None:
    image = guest_host.folder / f"{'g' * 60}.qcow2"
    guest_host.image.rename(image)
    guest_host.define("g2", guest_host.disk("vda", image))
    assert words in problem(run_main, {"name": name, "domain": "g2", "type": "external"})


def test_a_memory_file_that_cannot_be(guest_host: Host, run_main: Run) -> None:
    guest_host.guest.create()
    whole = {"name": "e", "domain": "g", "type": "external"}
    told = problem(run_main, {**whole, "memory_file": str(guest_host.folder / "g.e")})
    assert told == "memory_file: is the file that is laid over a disk: name another one"
    assert "has a name of more than 255 bytes" in problem(
        run_main, {**whole, "memory_file": str(guest_host.folder / ("m" * 256))}
    )


def test_memory_that_a_snapshot_has_not(taken: Host, run_main: Run) -> None:
    laid_over(taken, "e1", "s1")
    item = {"name": "e1", "domain": "g", "type": "external", "memory_file": str(taken.folder / "m")}
    assert problem(run_main, item) == "memory_file: this snapshot has none, and cannot be changed"


def test_disks_that_others_write_to_or_that_forget(guest_host: Host, run_main: Run) -> None:
    raw = guest_host.folder / "r.raw"
    raw.write_bytes(b"\0" * 4096)
    shared = guest_host.disk("vda", raw, "raw").replace("</disk>", "<shareable/></disk>")
    guest_host.define("g2", shared)
    assert "vda is shared with other guests" in problem(run_main, {"name": "s", "domain": "g2", "type": "external"})
    forgetful = guest_host.disk("vda", guest_host.image).replace("</disk>", "<transient/></disk>")
    other = guest_host.define("g3", forgetful)
    assert "vda loses what is written to it" in problem(run_main, {"name": "s", "domain": "g3", "type": "external"})
    other.create()
    assert "stop the guest first" in problem(run_main, {"name": "s", "domain": "g3"})


@pytest.mark.usefixtures("reverts")
@pytest.mark.parametrize("how", ["larger", "alone"])
def test_a_file_that_does_not_show_the_image_whole(guest_host: Host, run_main: Run, how: str) -> None:
    over = laid_over(guest_host, "e1")
    back = {**GONE, "state": "reverted"}
    assert run_main(snapshots.main, config=[back], uri=URI)["changes"] == []
    if how == "larger":
        tool("qemu-img", "resize", str(over), "64M")
    else:
        tool("qemu-img", "create", "-q", "-f", "qcow2", str(over), "4M")
    assert "may have changed" in problem(run_main, back)


def test_a_disk_that_has_grown_has_changed(taken: Host, run_main: Run) -> None:
    tool("qemu-img", "resize", str(taken.image), "64M")
    assert "may have changed" in problem(run_main, BACK)


def test_controllers_at_another_place_are_no_change() -> None:
    """libvirt adds one that a CD-ROM needs, and then has it at another place than as it reads the same anew."""
    text = "<domain><devices>{0}<disk/></devices></domain>"
    usb, ide = "<controller type='usb' index='0'/>", "<controller type='ide' index='0'/>"
    now, then, other = (ET.fromstring(text.format(part)) for part in (usb + ide, ide + usb, usb))
    snapshot: Any = SimpleNamespace(definition=then, external=False)
    assert unchanged.defined_alike(t.cast(SnapshotGuest, SimpleNamespace(kept=now)), snapshot)
    assert not unchanged.defined_alike(t.cast(SnapshotGuest, SimpleNamespace(kept=other)), snapshot)

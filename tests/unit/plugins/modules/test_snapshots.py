# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots are taken and listed, through the whole module on libvirt's test driver."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import snapshots, snapshots_info
from ansible_collections.virtfleet.kvm.tests.unit.snapshot_host import URI, Host, Run, changes, problem


def test_a_snapshot_is_taken_once(guest_host: Host, declare: Run) -> None:
    result = declare(snapshots, {"name": "s1", "domain": "g", "description": "before"})
    told = {"name": "s1", "domain": "g", "description": "before", "type": "internal", "memory": False, "disks": ["vda"]}
    assert changes(result) == [("definition", None, told)]
    assert result["changes"][0]["resource"] == "snapshot g/s1"
    found = ET.fromstring(guest_host.guest.snapshotLookupByName("s1").getXMLDesc())
    assert found.findtext("description") == "before"


def test_the_memory_of_a_guest_that_runs_is_in_it(guest_host: Host, declare: Run) -> None:
    guest_host.guest.create()
    result = declare(snapshots, {"name": "s1", "domain": "g"})
    assert result["changes"][0]["after"]["memory"] is True


def test_what_it_is_cannot_change_but_its_description(taken: Host, declare: Run, run_main: Run) -> None:
    declare(snapshots, {"name": "s2", "domain": "g"})
    result = declare(
        snapshots, {"name": "s1", "domain": "g", "description": "later", "type": "internal", "disks": ["vda"]}
    )
    assert changes(result) == [("description", None, "later")]
    assert taken.guest.snapshotCurrent().getName() == "s2"
    assert changes(declare(snapshots, {"name": "s1", "domain": "g", "description": None})) == [
        ("description", "later", None)
    ]
    for option, value in (("type", "external"), ("memory", True), ("disks", ["vdb"])):
        assert problem(run_main, {"name": "s1", "domain": "g", option: value}).startswith(f"{option}: ")


def test_the_parent_stays_when_the_description_changes(taken: Host, declare: Run) -> None:
    declare(snapshots, {"name": "s2", "domain": "g"})
    declare(snapshots, {"name": "s2", "domain": "g", "description": "second"})
    found = taken.guest.snapshotLookupByName("s2")
    assert found.getParent().getName() == "s1"
    assert found.isCurrent()


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"name": "s1", "domain": "g", "memory": True}, "memory: guest g is off, so it has no memory to keep"),
        ({"name": "s1", "domain": "g", "disks": ["vdz"]}, "disks: the guest has no disk 'vdz': it has vda"),
        ({"name": "7", "domain": "g"}, "name: '7' is a number, which QEMU takes for the number of any snapshot"),
        (
            {"name": "s1", "domain": "g", "state": "reverted"},
            "state: guest g has no snapshot of this name: it has none",
        ),
        ({"name": "s1", "domain": "nobody"}, "domain: the host has no guest nobody"),
        ({"name": "qcow2", "domain": "g", "type": "external"}, "g.qcow2 is there already"),
        ({"name": "e", "domain": "g", "type": "external", "memory_file": "/no/where"}, "memory: guest g is off"),
        ({"name": "mine", "domain": "g"}, "has a snapshot of this name that libvirt does not know"),
    ],
)
def test_what_cannot_be_taken(guest_host: Host, run_main: Run, item: dict[str, Any], words: str) -> None:
    guest_host.qemu("-c", "mine")
    assert words in problem(run_main, item)


def test_disks_that_cannot_hold_one(guest_host: Host, run_main: Run) -> None:
    raw = guest_host.folder / "r.raw"
    raw.write_bytes(b"\0" * 4096)
    first, second = guest_host.disk("vda", guest_host.image), guest_host.disk("vdb", raw, "raw")
    guest_host.define("g2", first, second)
    assert "type: disk vdb is raw, and only qcow2 can hold" in problem(run_main, {"name": "s", "domain": "g2"})
    guest_host.define("g3", first, guest_host.disk("vdb", guest_host.folder / "x", more=" snapshot='no'"))
    assert "also vdb (the guest has snapshot: no for it)" in problem(run_main, {"name": "s", "domain": "g3"})
    cd = guest_host.disk("vdb", guest_host.folder / "cd", "raw", kind="cdrom").replace("</disk>", "<readonly/></disk>")
    guest_host.define("g4", first, cd)
    assert "vdb is empty or read-only" in problem(run_main, {"name": "s", "domain": "g4", "disks": ["vda", "vdb"]})
    guest_host.define("g5")
    assert "the guest has no disk that a snapshot could keep" in problem(run_main, {"name": "s", "domain": "g5"})
    guest_host.define("g6", first.replace("type='file'", "type='block'").replace("file=", "dev="))
    told = problem(run_main, {"name": "s", "domain": "g6", "type": "external"})
    assert "disk vda is not on a file" in told


def test_a_cd_is_no_disk_of_a_snapshot(guest_host: Host, declare: Run) -> None:
    cd = guest_host.disk("vdb", guest_host.folder / "cd", "raw", kind="cdrom").replace("</disk>", "<readonly/></disk>")
    guest_host.define("g2", guest_host.disk("vda", guest_host.image), cd)
    assert declare(snapshots, {"name": "s", "domain": "g2"})["changes"][0]["after"]["disks"] == ["vda"]


def test_a_guest_with_uefi(guest_host: Host, run_main: Run) -> None:
    loader = "<loader readonly='yes' type='pflash'>/code.fd</loader><nvram>/vars.fd</nvram>"
    guest_host.define("g2", guest_host.disk("vda", guest_host.image), os=loader).create()
    assert "the variables of its UEFI in a raw file (/vars.fd)" in problem(run_main, {"name": "s", "domain": "g2"})


def test_a_guest_of_the_moment(guest_host: Host, run_main: Run) -> None:
    guest_host.guest.create()
    guest_host.guest.undefine()
    assert "guest g is transient" in problem(run_main, {"name": "s", "domain": "g"})


def test_what_is_wrong_with_one_does_not_stop_the_others(guest_host: Host, run_main: Run) -> None:
    config = [{"name": "s1", "domain": "nobody"}, {"name": "s1", "domain": "g"}]
    result = run_main(snapshots.main, config=config, uri=URI, fails=True)
    assert [failure["snapshot"] for failure in result["failures"]] == ["nobody/s1"]
    assert guest_host.guest.snapshotListNames() == ["s1"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"name": "s1"}, "domain: is missing"),
        ({"domain": "g", "type": "internal"}, "name: is missing"),
        ({"name": "a/b", "domain": "g"}, "is not a safe name"),
        ({"name": "s1", "domain": "g", "discard_newer": True}, "goes with 'state: reverted' alone"),
        ({"name": "s1", "domain": "g", "memory_file": "/x"}, "goes with 'type: external' alone"),
        ({"name": "s1", "domain": "g", "type": "external", "memory_file": "x"}, "is not a path from the root"),
        ({"name": "s1", "domain": "g", "disks": ["vda", "vda"]}, "is there more than once"),
        ({"name": "s1", "domain": "g", "state": "running"}, "is not one of present, reverted, absent"),
        ({"name": {"a": 1}, "domain": ["g"], "memory": "perhaps", "disks": 7, "description": "\x07"}, "name: "),
    ],
)
def test_mistakes_in_the_input(guest_host: Host, run_main: Run, item: dict[str, Any], words: str) -> None:
    message = run_main(snapshots.main, config=[item, {"name": "s9", "domain": "g"}], uri=URI, fails=True)["msg"]
    assert words in message
    assert "nothing was changed, the input is refused" in message
    assert guest_host.guest.snapshotNum() == 0


def test_what_is_listed_declares_them_as_they_are(taken: Host, declare: Run, run_main: Run) -> None:
    declare(snapshots, {"name": "s2", "domain": "g", "description": "second"})
    found = run_main(snapshots_info.main, uri=URI)["snapshots"]
    assert [(one["domain"], one["name"], one["current"], one["parent"]) for one in found] == [
        ("g", "s1", False, None),
        ("g", "s2", True, "s1"),
    ]
    assert [one["uncovered"] for one in found] == [[], []]
    assert found[0]["children"] == ["s2"]
    assert declare(snapshots, *(one["config"] for one in found))["changes"] == []
    assert [one["name"] for one in run_main(snapshots_info.main, uri=URI, names=["g/s2"])["snapshots"]] == ["s2"]
    assert len(run_main(snapshots_info.main, uri=URI, names=["g"])["snapshots"]) == 2
    assert run_main(snapshots_info.main, uri=URI, names=["nobody"])["snapshots"] == []

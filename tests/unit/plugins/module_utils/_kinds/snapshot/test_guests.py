# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest with its snapshots and disks, and whether libvirt works on one of these at this moment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import guests
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.guests import Snapshot, SnapshotGuest
from ansible_collections.virtfleet.kvm.tests.unit.libvirt_errors import Failed


def busy(jobs: dict[str, Any], active: bool = True) -> list[tuple[str, str]]:
    def info(target: str, _flags: int) -> Any:
        if isinstance(jobs[target], Exception):
            raise jobs[target]
        return jobs[target]

    guest: Any = SimpleNamespace(active=active, domain=SimpleNamespace(blockJobInfo=info))
    return [(found.where, found.problem) for found in SnapshotGuest.busy_with(guest, "disks", jobs)]


SAID = "libvirt copies or merges {} at this moment (a block job): wait until that is over (virsh blockjob)"
UNKNOWN = [libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_OPERATION_INVALID]


@pytest.mark.parametrize("code", UNKNOWN)
def test_a_disk_that_libvirt_cannot_tell_of_hides_no_other(code: int) -> None:
    assert busy({"vda": Failed(code)}) == []
    assert busy({"vda": Failed(code), "vdb": {"type": 1}}) == [("disks", SAID.format("vdb"))]


def test_the_first_disk_with_a_job_is_told() -> None:
    assert busy({"vda": {}, "vdb": {"type": 1}, "vdc": {"type": 1}}) == [("disks", SAID.format("vdb"))]
    assert busy({"vda": {}, "vdb": None}) == []
    assert busy({"vda": {"type": 1}}, active=False) == []
    with pytest.raises(libvirt.libvirtError):
        busy({"vda": Failed(libvirt.VIR_ERR_NO_DOMAIN)})


def told(xml: str) -> Snapshot:
    return Snapshot("s", ET.fromstring(f"<domainsnapshot>{xml}</domainsnapshot>"), False)


DISK = "<disks><disk name='vda' snapshot='{}'>{}</disk></disks>"
FILE = "<source file='/srv/a'/>"


@pytest.mark.parametrize(
    ("xml", "external", "has_memory", "memory", "files"),
    [
        ("", False, False, None, {}),
        ("<memory snapshot='no'/>", False, False, None, {}),
        ("<memory snapshot='internal'/>", False, True, None, {}),
        ("<memory snapshot='external' file='/srv/m'/>", True, True, "/srv/m", {}),
        ("<memory/>", False, False, None, {}),
        (DISK.format("internal", ""), False, False, None, {}),
        (DISK.format("no", FILE), False, False, None, {}),
        (DISK.format("external", FILE), True, False, None, {"vda": "/srv/a"}),
        (DISK.format("external", ""), True, False, None, {}),
        (DISK.format("external", "<source dev='/dev/x'/>"), True, False, None, {}),
        (DISK.format("external", FILE) + "<memory snapshot='external' file='/srv/0'/>", True, True, "/srv/0",
         {"vda": "/srv/a"}),
    ],
)  # fmt: skip
def test_what_a_snapshot_has_in_files(
    xml: str, external: bool, has_memory: bool, memory: str | None, files: dict[str, str]
) -> None:
    found = told(xml)
    assert (found.external, found.has_memory, found.memory_file, found.files) == (external, has_memory, memory, files)
    assert found.all_files == sorted([*files.values(), *([memory] if memory else [])])
    assert found.files_since == {}


def test_what_a_guest_got_as_it_was_put_back_is_no_file_of_the_snapshot() -> None:
    found = told("<revertDisks><disk name='vda' snapshot='external'><source file='/srv/since'/></disk></revertDisks>")
    assert (found.files, found.files_since, found.all_files) == ({}, {"vda": "/srv/since"}, [])


def test_the_definition_by_which_a_guest_starts() -> None:
    assert told("").definition is None
    one = told("<domain id='7'/>").definition
    assert one is not None
    assert one.get("id") == "7"
    kept = told("<domain id='7'/><inactiveDomain/>").definition
    assert kept is not None
    assert kept.tag == "inactiveDomain"


VOLUMES = {"p/file": "/srv/v", "p/lv": "/dev/vg/lv", "p/rbd": "pool/image"}


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        ("<disk type='file'><source file='/a'/><target dev='vda'/></disk>", {"type": "file", "path": "/a"}),
        ("<disk type='block'><source dev='/dev/a'/></disk>", {"type": "block", "path": "/dev/a", "target": ""}),
        ("<disk><source file='a'/></disk>", {"type": "file", "path": "/a"}),
        ("<disk type='volume'><source pool='p' volume='file'/></disk>", {"type": "file", "path": "/srv/v"}),
        ("<disk type='volume'><source pool='p' volume='lv'/></disk>", {"type": "block", "path": "/dev/vg/lv"}),
        ("<disk type='volume'><source pool='p' volume='gone'/></disk>", {"type": "file", "path": None}),
        ("<disk type='volume'/>", {"type": "volume", "path": None, "written": False}),
        ("<disk type='network'><source protocol='rbd' name='a'/></disk>", {"type": "network", "path": None}),
        ("<disk type='file' device='cdrom'/>", {"path": None, "written": False, "device": "cdrom"}),
        ("<disk type='file' device='cdrom'><source file='/i'/></disk>", {"written": False}),
        ("<disk type='file'><source file='/i'/><readonly/></disk>", {"written": False, "device": "disk"}),
        ("<disk type='file'><source file='/i'/></disk>", {"written": True, "format": "raw", "location": ""}),
        ("<disk type='file' snapshot='no'><source file='/i'/><driver type='qcow2'/></disk>",
         {"format": "qcow2", "location": "no", "shared": False, "temporary": False}),
        ("<disk type='file'><driver name='qemu'/><shareable/><transient/></disk>",
         {"format": "raw", "shared": True, "temporary": True}),
    ],
)  # fmt: skip
def test_disks_of_a_definition(monkeypatch: pytest.MonkeyPatch, disk: str, expected: dict[str, Any]) -> None:
    monkeypatch.setattr(guests, "volume_at", lambda _connection, key: VOLUMES.get(key))
    found = guests.disk_of(None, ET.fromstring(disk))  # type: ignore[arg-type]
    assert {name: getattr(found, name) for name in expected} == expected


def test_how_a_guest_has_gone_on() -> None:
    def one(name: str, parent: str | None, current: bool = False) -> Snapshot:
        above = "" if parent is None else f"<parent><name>{parent}</name></parent>"
        return Snapshot(name, ET.fromstring(f"<domainsnapshot>{above}</domainsnapshot>"), current)

    made: Any = object.__new__(SnapshotGuest)
    all_of_it = [one("a", None), one("b", "a"), one("c", "b", True), one("d", "a"), one("e", "gone")]
    made.snapshots = {each.name: each for each in all_of_it}
    assert [each.name for each in made.above("c")] == ["b", "a"]
    assert made.above("e") == made.above("a") == []
    assert made.children("a") == ["b", "d"]
    assert made.below("a") == ["b", "c", "d"]
    assert made.below("c") == []
    assert made.chain == {"a", "b", "c"}
    made.snapshots["c"] = one("c", "b")
    assert (made.current, made.chain) == (None, set())
    # A ring, which libvirt does not make, ends.
    made.snapshots["a"] = one("a", "c")
    assert [each.name for each in made.above("c")] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (libvirt.VIR_DOMAIN_RUNNING, "running"),
        (libvirt.VIR_DOMAIN_BLOCKED, "running"),
        (libvirt.VIR_DOMAIN_PAUSED, "paused"),
        (libvirt.VIR_DOMAIN_SHUTDOWN, "running"),
        (libvirt.VIR_DOMAIN_SHUTOFF, "stopped"),
        (libvirt.VIR_DOMAIN_CRASHED, "crashed"),
        (libvirt.VIR_DOMAIN_PMSUSPENDED, "suspended"),
        (libvirt.VIR_DOMAIN_NOSTATE, "running"),
        (99, "running"),
    ],
)
def test_what_a_guest_does_in_a_word(number: int, word: str) -> None:
    """libvirt tells the reason as a second number, which is another state's in each case here."""
    for reason in {libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_SHUTOFF} - {number}:
        assert guests.state_of(SimpleNamespace(state=lambda reason=reason: [number, reason])) == word  # type: ignore[arg-type]


def listed(found: Any, code: int | None = None) -> list[str]:
    """The snapshots that a guest is seen with.

    :param found: for each its name, with an error where libvirt has none any more
    :param code: the error of the list itself
    """

    def text(error: Exception | None) -> str:
        if error is not None:
            raise error
        return "<domainsnapshot/>"

    def whole(_flags: int) -> Any:
        if code is not None:
            raise Failed(code)
        return [
            SimpleNamespace(
                getName=lambda name=name: name,
                getXMLDesc=lambda _flags, error=error: text(error),
                isCurrent=lambda name=name: int(name == "now"),
            )
            for name, error in found.items()
        ]

    domain: Any = SimpleNamespace(listAllSnapshots=whole)
    return [f"{one.name}*" if one.current is True else one.name for one in guests.snapshots_of(domain)]


def test_the_snapshots_of_a_guest() -> None:
    assert listed({"a": None, "now": None, "b": None}) == ["a", "now*", "b"]
    assert listed({}, libvirt.VIR_ERR_NO_SUPPORT) == []
    with pytest.raises(Failed):
        listed({}, libvirt.VIR_ERR_INTERNAL_ERROR)


def test_one_that_is_deleted_meanwhile_hides_no_other() -> None:
    assert listed({"a": None, "gone": Failed(libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT), "b": None}) == ["a", "b"]
    with pytest.raises(Failed):
        listed({"a": None, "bad": Failed(libvirt.VIR_ERR_INTERNAL_ERROR)})


def test_guests_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = {"gone": libvirt.VIR_ERR_NO_DOMAIN, "bad": libvirt.VIR_ERR_INTERNAL_ERROR}

    def made(_connection: Any, domain: Any) -> str:
        if domain.name() in errors:
            raise Failed(errors[domain.name()])
        return f"the guest {domain.name()}"

    monkeypatch.setattr(guests, "SnapshotGuest", made)
    domains = [SimpleNamespace(name=lambda name=name: name) for name in ("bad", "gone", "other", "a", "b")]
    connection: Any = SimpleNamespace(listAllDomains=lambda _flags: domains)
    assert guests.guests(connection, {"a", "b", "gone", "c"}) == {"a": "the guest a", "b": "the guest b"}
    with pytest.raises(Failed):
        guests.guests(connection, {"a", "bad"})

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots through the whole module, on libvirt's test driver: its guests have images that QEMU's tools made."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import guests as reading
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import snapshot_actions
from ansible_collections.virtfleet.kvm.plugins.modules import pools, snapshots, snapshots_info, volumes

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
BACK = {"name": "s1", "domain": "g", "state": "reverted"}


def tool(*command: str) -> None:
    """Run a tool of QEMU."""
    subprocess.run(command, check=True, capture_output=True)


class Host:
    """A host with the guest ``g``, which is off, and its image."""

    def __init__(self, connection: Any, folder: Path) -> None:
        self.connection, self.folder, self.image = connection, folder, folder / "g.qcow2"
        tool("qemu-img", "create", "-q", "-f", "qcow2", str(self.image), "1M")
        self.define("g", self.disk("vda", self.image))

    def disk(self, target: str, path: Path, form: str = "qcow2", more: str = "", kind: str = "disk") -> str:
        """A disk in a definition."""
        return (
            f"<disk type='file' device='{kind}'{more}><driver name='qemu' type='{form}'/><source file='{path}'/>"
            f"<target dev='{target}'/></disk>"
        )

    def define(self, name: str, *devices: str, os: str = "") -> Any:
        """Define a guest."""
        return self.connection.defineXML(
            f"<domain type='test'><name>{name}</name><memory>65536</memory><os><type>hvm</type>{os}</os>"
            f"<devices>{''.join(devices)}</devices></domain>"
        )

    @property
    def guest(self) -> Any:
        """The guest."""
        return self.connection.lookupByName("g")

    def write(self) -> None:
        """Write to the disk of the guest."""
        tool("qemu-io", "-c", "write 0 64k", str(self.image))

    def qemu(self, option: str, name: str) -> None:
        """Do to the image what the test driver does not do."""
        tool("qemu-img", "snapshot", option, name, str(self.image))


@pytest.fixture
def host(connection: Any, tmp_path: Path) -> Host:
    """A host with a guest that has an image."""
    return Host(connection, tmp_path)


@pytest.fixture
def taken(host: Host, declare: Run) -> Host:
    """A host whose guest has the snapshot ``s1``, also in its image."""
    declare(snapshots, {"name": "s1", "domain": "g"})
    host.qemu("-c", "s1")
    return host


def problem(run_main: Run, item: dict[str, Any]) -> str:
    """Why an item is refused, in check mode and in a run that changes nothing."""
    told = []
    for check in (True, False):
        result = run_main(snapshots.main, check=check, fails=True, config=[item], uri=URI)
        assert result["changes"] == []
        told.append(result["failures"][0]["problem"])
    assert told[0] == told[1]
    return str(told[0])


def changes(result: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What changed: the path, before and after."""
    return [(change["path"], change["before"], change["after"]) for change in result["changes"]]


def test_a_snapshot_is_taken_once(host: Host, declare: Run) -> None:
    result = declare(snapshots, {"name": "s1", "domain": "g", "description": "before"})
    told = {"name": "s1", "domain": "g", "description": "before", "type": "internal", "memory": False, "disks": ["vda"]}
    assert changes(result) == [("definition", None, told)]
    assert result["changes"][0]["resource"] == "snapshot g/s1"
    found = ET.fromstring(host.guest.snapshotLookupByName("s1").getXMLDesc())
    assert found.findtext("description") == "before"


def test_the_memory_of_a_guest_that_runs_is_in_it(host: Host, declare: Run) -> None:
    host.guest.create()
    result = declare(snapshots, {"name": "s1", "domain": "g"})
    assert result["changes"][0]["after"]["memory"] is True


def test_what_it_is_cannot_change_but_its_description(taken: Host, declare: Run, run_main: Run) -> None:
    host = taken
    declare(snapshots, {"name": "s2", "domain": "g"})
    result = declare(
        snapshots, {"name": "s1", "domain": "g", "description": "later", "type": "internal", "disks": ["vda"]}
    )
    assert changes(result) == [("description", None, "later")]
    assert host.guest.snapshotCurrent().getName() == "s2"
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


def test_only_what_is_named_is_deleted(taken: Host, declare: Run) -> None:
    for name in ("s2", "s3"):
        declare(snapshots, {"name": name, "domain": "g"})
    result = declare(snapshots, {"name": "s2", "domain": "g", "state": "absent"})
    assert changes(result) == [("state", "present", "absent")]
    assert sorted(taken.guest.snapshotListNames()) == ["s1", "s3"]
    assert taken.guest.snapshotLookupByName("s3").getParent().getName() == "s1"
    assert not declare(snapshots, {"name": "gone", "domain": "nobody", "state": "absent"})["changed"]


def test_a_guest_that_is_as_it_was_is_not_put_back(taken: Host, declare: Run, run_main: Run) -> None:
    assert declare(snapshots, BACK)["changes"] == []
    taken.write()
    declare(snapshots, {"name": "s2", "domain": "g"})
    taken.qemu("-c", "s2")
    # All that it is now is in s2.
    for check in (True, False):
        result = run_main(snapshots.main, check=check, config=[BACK], uri=URI)
        assert changes(result) == [("state", "present", "reverted")]
    taken.qemu("-a", "s1")
    assert declare(snapshots, BACK)["changes"] == []


def test_what_was_written_since_is_not_lost_without_leave(taken: Host, run_main: Run) -> None:
    taken.write()
    assert "guest g may have changed, and what it has done since its snapshot s1 would be lost" in problem(
        run_main, BACK
    )
    done = run_main(snapshots.main, config=[{**BACK, "discard_changes": True}], uri=URI)
    assert changes(done) == [("state", "present", "reverted")]


def test_a_changed_definition_counts_as_a_change(taken: Host, run_main: Run) -> None:
    taken.guest.setMemoryFlags(32768, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    assert "would be lost" in problem(run_main, BACK)
    run_main(snapshots.main, config=[{**BACK, "discard_changes": True}], uri=URI)
    assert taken.guest.info()[2] == 65536


def test_a_guest_that_runs_has_gone_on(taken: Host, run_main: Run) -> None:
    taken.guest.create()
    assert "guest g runs, and what it has done since its snapshot s1 would be lost" in problem(run_main, BACK)
    for _again in range(2):
        assert run_main(snapshots.main, config=[{**BACK, "discard_changes": True}], uri=URI)["changed"]
        taken.guest.create()


@pytest.mark.parametrize("break_it", ["-d", "gone"])
def test_an_image_without_the_snapshot_is_noticed_before(taken: Host, run_main: Run, break_it: str) -> None:
    if break_it == "gone":
        taken.image.unlink()
    else:
        taken.qemu("-d", "s1")
    assert str(taken.image) in problem(run_main, {**BACK, "discard_changes": True})


def test_an_image_that_another_guest_has_by_now(taken: Host, run_main: Run) -> None:
    taken.write()
    other = taken.define("other", taken.disk("vda", taken.image))
    told = problem(run_main, {**BACK, "discard_changes": True})
    assert "is also used by guest other" in told
    other.undefine()
    over = taken.folder / "over.qcow2"
    tool("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(taken.image), "-F", "qcow2", str(over))
    taken.define("other", taken.disk("vda", over))
    assert "is also used by guest other" in problem(run_main, {**BACK, "discard_changes": True})


def test_an_external_snapshot_over_what_is_put_back(taken: Host, run_main: Run) -> None:
    over = taken.folder / "g.e1"
    xml = (
        f"<domainsnapshot><name>e1</name><state>shutoff</state><creationTime>9</creationTime><memory snapshot='no'/>"
        "<parent><name>s1</name></parent>"
        f"<disks><disk name='vda' snapshot='external'><source file='{over}'/></disk></disks>"
        f"{taken.guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)}</domainsnapshot>"
    )
    taken.guest.snapshotCreateXML(xml, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
    taken.write()
    told = problem(run_main, {**BACK, "discard_changes": True})
    assert "the external snapshots e1 are laid over the images" in told
    both = {**BACK, "discard_changes": True, "discard_newer": True}
    said = run_main(snapshots.main, check=True, config=[both], uri=URI)
    assert changes(said) == [("state", "present", "reverted"), ("snapshot e1", "present", "absent")]
    assert str(over) in "".join(said["warnings"])
    assert "cannot put a guest back to an external snapshot" in problem(
        run_main, {"name": "e1", "domain": "g", "state": "reverted", "discard_changes": True}
    )
    # Whatever libvirt's test driver would do with it, the order is that of libvirt's own rules.
    assert "it was taken after the internal snapshot s1" not in problem(run_main, {"name": "e1", "domain": "nobody"})


def test_a_file_that_a_snapshot_has_is_used(taken: Host, run_main: Run) -> None:
    over = taken.folder / "g.e1"
    over.touch()
    root = ET.fromstring(taken.guest.snapshotLookupByName("s1").getXMLDesc())
    root.find("name").text = "e1"  # type: ignore[union-attr]
    root.find("disks").clear()  # type: ignore[union-attr]
    disk = ET.SubElement(root.find("disks"), "disk", {"name": "vda", "snapshot": "external"})  # type: ignore[arg-type]
    ET.SubElement(disk, "source", {"file": str(over)})
    taken.guest.snapshotCreateXML(ET.tostring(root, "unicode"), libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
    run_main(pools.main, config=[{"name": "p", "target": str(taken.folder)}], uri=URI)
    pool = taken.connection.storagePoolLookupByName("p")
    pool.createXML("<volume><name>g.e1</name><capacity>4096</capacity></volume>")
    gone = {"name": "g.e1", "pool": "p", "state": "absent"}
    told = run_main(volumes.main, config=[gone], uri=URI, fails=True)["msg"]
    assert "is used by guest g (snapshot e1)" in told
    assert over.exists()


def test_only_the_memory_of_a_guest_is_removed(tmp_path: Path) -> None:
    saved, other, link = tmp_path / "saved", tmp_path / "other", tmp_path / "link"
    saved.write_bytes(b"LibvirtQemudSave" + b"\0" * 100)
    other.write_bytes(b"something else")
    link.symlink_to(other)
    for path in (saved, other, tmp_path / "nothing"):
        snapshot_actions.remove_memory(str(path))
    with pytest.raises(VirtfleetError, match="is deleted, but its file"):
        snapshot_actions.remove_memory(str(link))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "other"]


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
def test_what_cannot_be_taken(host: Host, run_main: Run, item: dict[str, Any], words: str) -> None:
    host.qemu("-c", "mine")
    assert words in problem(run_main, item)


def test_disks_that_cannot_hold_one(host: Host, run_main: Run) -> None:
    raw = host.folder / "r.raw"
    raw.write_bytes(b"\0" * 4096)
    first, second = host.disk("vda", host.image), host.disk("vdb", raw, "raw")
    host.define("g2", first, second)
    assert "type: disk vdb is raw, and only qcow2 can hold" in problem(run_main, {"name": "s", "domain": "g2"})
    host.define("g3", first, host.disk("vdb", host.folder / "x", more=" snapshot='no'"))
    assert "also vdb (the guest has snapshot: no for it)" in problem(run_main, {"name": "s", "domain": "g3"})
    cd = host.disk("vdb", host.folder / "cd", "raw", kind="cdrom").replace("</disk>", "<readonly/></disk>")
    host.define("g4", first, cd)
    assert "vdb is empty or read-only" in problem(run_main, {"name": "s", "domain": "g4", "disks": ["vda", "vdb"]})
    host.define("g5")
    assert "the guest has no disk that a snapshot could keep" in problem(run_main, {"name": "s", "domain": "g5"})
    host.define("g6", first.replace("type='file'", "type='block'").replace("file=", "dev="))
    told = problem(run_main, {"name": "s", "domain": "g6", "type": "external"})
    assert "disk vda is not on a file" in told


def test_a_cd_is_no_disk_of_a_snapshot(host: Host, declare: Run) -> None:
    cd = host.disk("vdb", host.folder / "cd", "raw", kind="cdrom").replace("</disk>", "<readonly/></disk>")
    host.define("g2", host.disk("vda", host.image), cd)
    assert declare(snapshots, {"name": "s", "domain": "g2"})["changes"][0]["after"]["disks"] == ["vda"]


def test_a_guest_with_uefi(host: Host, run_main: Run) -> None:
    loader = "<loader readonly='yes' type='pflash'>/code.fd</loader><nvram>/vars.fd</nvram>"
    host.define("g2", host.disk("vda", host.image), os=loader).create()
    assert "the variables of its UEFI in a raw file (/vars.fd)" in problem(run_main, {"name": "s", "domain": "g2"})


def test_a_guest_of_the_moment(host: Host, run_main: Run) -> None:
    host.guest.create()
    host.guest.undefine()
    assert "guest g is transient" in problem(run_main, {"name": "s", "domain": "g"})


def test_what_is_wrong_with_one_does_not_stop_the_others(host: Host, run_main: Run) -> None:
    config = [{"name": "s1", "domain": "nobody"}, {"name": "s1", "domain": "g"}]
    result = run_main(snapshots.main, config=config, uri=URI, fails=True)
    assert [failure["snapshot"] for failure in result["failures"]] == ["nobody/s1"]
    assert host.guest.snapshotListNames() == ["s1"]


def test_a_guest_is_put_back_in_a_task_of_its_own(taken: Host, run_main: Run) -> None:
    taken.write()
    config = [{**BACK, "discard_changes": True}, {"name": "s2", "domain": "g"}]
    result = run_main(snapshots.main, config=config, uri=URI, fails=True)
    assert "in a task of its own" in result["failures"][0]["problem"]
    assert sorted(taken.guest.snapshotListNames()) == ["s1", "s2"]


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
def test_mistakes_in_the_input(host: Host, run_main: Run, item: dict[str, Any], words: str) -> None:
    message = run_main(snapshots.main, config=[item, {"name": "s9", "domain": "g"}], uri=URI, fails=True)["msg"]
    assert words in message
    assert "nothing was changed, the input is refused" in message
    assert host.guest.snapshotNum() == 0


def test_another_snapshot_of_that_name_meanwhile(taken: Host, run_main: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    taken.write()
    created = reading.Snapshot.created
    monkeypatch.setattr(reading.Snapshot, "created", property(lambda self: "7"))
    for item in ({**BACK, "discard_changes": True}, {"name": "s1", "domain": "g", "state": "absent"}):
        result = run_main(snapshots.main, config=[item], uri=URI, fails=True)
        assert "there is another snapshot of this name" in result["msg"]
        assert result["changes"] == []
    monkeypatch.setattr(reading.Snapshot, "created", created)
    assert taken.guest.snapshotListNames() == ["s1"]


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


def foretold(run_main: Run, item: dict[str, Any], fails: bool = False, **told: Any) -> dict[str, Any]:
    """What check mode says after tasks that would have done something."""
    return run_main(snapshots.main, check=True, fails=fails, config=[item], uri=URI, _forecast=told)


def test_what_an_earlier_task_would_have_taken(host: Host, run_main: Run) -> None:
    made = {"snapshots": {"g/s1": {"type": "internal"}}}
    item = {"name": "s1", "domain": "g"}
    assert changes(foretold(run_main, item, **made)) == []
    assert changes(foretold(run_main, {**item, "state": "absent"}, **made)) == [("state", "present", "absent")]
    assert changes(foretold(run_main, BACK, **made)) == []
    host.guest.create()
    assert "guest g runs" in foretold(run_main, BACK, fails=True, **made)["msg"]
    back = foretold(run_main, {**BACK, "discard_changes": True}, **made)
    assert changes(back) == [("state", "present", "reverted")]


def test_what_an_earlier_task_would_have_deleted(taken: Host, run_main: Run) -> None:
    gone = {"snapshots": {"g/s1": None}}
    item = {"name": "s1", "domain": "g"}
    assert changes(foretold(run_main, {**item, "state": "absent"}, **gone)) == []
    assert [path for path, _before, _after in changes(foretold(run_main, item, **gone))] == ["definition"]


def test_a_guest_that_an_earlier_task_would_have_made_or_removed(host: Host, run_main: Run) -> None:
    item = {"name": "s1", "domain": "new"}
    told = foretold(run_main, item, domains={"new": {"uuid": None}})
    assert changes(told) == [("definition", None, item)]
    assert "the host has no guest new" in foretold(run_main, item, fails=True)["msg"]
    gone = {"g": {"uuid": host.guest.UUIDString(), "gone": True}}
    assert (
        "the host has no guest g" in foretold(run_main, {"name": "s", "domain": "g"}, fails=True, domains=gone)["msg"]
    )


def test_a_guest_that_is_saved(taken: Host, run_main: Run) -> None:
    taken.write()
    taken.guest.create()
    taken.guest.managedSave()
    assert "guest g has a saved state" in problem(run_main, {"name": "s2", "domain": "g"})
    assert "guest g has a saved state" in problem(run_main, {**BACK, "discard_changes": True})

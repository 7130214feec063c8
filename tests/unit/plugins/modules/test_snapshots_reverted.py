# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests are put back to snapshots, and these are deleted, through the whole module on libvirt's test driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import guests as reading
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import snapshot_actions
from ansible_collections.virtfleet.kvm.plugins.modules import pools, snapshots, volumes
from ansible_collections.virtfleet.kvm.tests.unit.snapshot_host import BACK, URI, Host, Run, changes, problem, tool


def test_only_what_is_named_is_deleted(taken: Host, declare: Run) -> None:
    for name in ("s2", "s3"):
        declare(snapshots, {"name": name, "domain": "g"})
    result = declare(snapshots, {"name": "s2", "domain": "g", "state": "absent"})
    assert changes(result) == [("state", "present", "absent")]
    assert sorted(taken.guest.snapshotListNames()) == ["s1", "s3"]
    assert taken.guest.snapshotLookupByName("s3").getParent().getName() == "s1"
    assert not declare(snapshots, {"name": "gone", "domain": "nobody", "state": "absent"})["changed"]


def test_what_is_deleted_was_there_whatever_its_guest_is_like(taken: Host, declare: Run) -> None:
    assert changes(declare(snapshots, {**BACK, "state": "absent"})) == [("state", "present", "absent")]


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


def test_a_guest_is_put_back_in_a_task_of_its_own(taken: Host, run_main: Run) -> None:
    taken.write()
    config = [{**BACK, "discard_changes": True}, {"name": "s2", "domain": "g"}]
    result = run_main(snapshots.main, config=config, uri=URI, fails=True)
    assert "in a task of its own" in result["failures"][0]["problem"]
    assert sorted(taken.guest.snapshotListNames()) == ["s1", "s2"]


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


def foretold(run_main: Run, item: dict[str, Any], fails: bool = False, **told: Any) -> dict[str, Any]:
    """What check mode says after tasks that would have done something."""
    return run_main(snapshots.main, check=True, fails=fails, config=[item], uri=URI, _forecast=told)


def test_what_an_earlier_task_would_have_taken(guest_host: Host, run_main: Run) -> None:
    made = {"snapshots": {"g/s1": {"type": "internal"}}}
    item = {"name": "s1", "domain": "g"}
    assert changes(foretold(run_main, item, **made)) == []
    assert changes(foretold(run_main, {**item, "state": "absent"}, **made)) == [("state", "present", "absent")]
    assert changes(foretold(run_main, BACK, **made)) == []
    guest_host.guest.create()
    assert "guest g runs" in foretold(run_main, BACK, fails=True, **made)["msg"]
    back = foretold(run_main, {**BACK, "discard_changes": True}, **made)
    assert changes(back) == [("state", "present", "reverted")]


def test_what_an_earlier_task_would_have_deleted(taken: Host, run_main: Run) -> None:
    gone = {"snapshots": {"g/s1": None}}
    item = {"name": "s1", "domain": "g"}
    assert changes(foretold(run_main, {**item, "state": "absent"}, **gone)) == []
    assert [path for path, _before, _after in changes(foretold(run_main, item, **gone))] == ["definition"]


def test_a_guest_that_an_earlier_task_would_have_made_or_removed(guest_host: Host, run_main: Run) -> None:
    item = {"name": "s1", "domain": "new"}
    told = foretold(run_main, item, domains={"new": {"uuid": None}})
    assert changes(told) == [("definition", None, item)]
    assert "the host has no guest new" in foretold(run_main, item, fails=True)["msg"]
    gone = {"g": {"uuid": guest_host.guest.UUIDString(), "gone": True}}
    assert (
        "the host has no guest g" in foretold(run_main, {"name": "s", "domain": "g"}, fails=True, domains=gone)["msg"]
    )


def test_a_guest_that_is_saved(taken: Host, run_main: Run) -> None:
    taken.write()
    taken.guest.create()
    taken.guest.managedSave()
    assert "guest g has a saved state" in problem(run_main, {"name": "s2", "domain": "g"})
    assert "guest g has a saved state" in problem(run_main, {**BACK, "discard_changes": True})


EXTERNAL = """
<domainsnapshot><name>{name}</name><state>shutoff</state><creationTime>{number}</creationTime><memory snapshot='no'/>
{parent}<disks><disk name='vda' snapshot='external'><source file='{file}'/></disk></disks>{definition}</domainsnapshot>
"""


def lay_over(guest_host: Host, name: str, parent: str | None = None, current: bool = False) -> None:
    """Have libvirt know an external snapshot, without the files of one."""
    flags = libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE
    xml = EXTERNAL.format(
        name=name,
        number=len(guest_host.guest.snapshotListNames()) + 10,
        parent="" if parent is None else f"<parent><name>{parent}</name></parent>",
        file=guest_host.folder / f"g.{name}",
        definition=guest_host.guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE),
    )
    guest_host.guest.snapshotCreateXML(xml, flags | (libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT if current else 0))


def test_external_snapshots_that_cannot_be_merged(guest_host: Host, run_main: Run) -> None:
    lay_over(guest_host, "e1")
    lay_over(guest_host, "e2", "e1")
    lay_over(guest_host, "e3", "e1", current=True)
    gone = {"domain": "g", "state": "absent"}
    told = problem(run_main, {**gone, "name": "e1"})
    assert told == "state: the snapshots e2, e3 were all taken right after this one: delete all but one first"
    # A leaf beside those that the guest goes on from has nothing to merge.
    run_main(snapshots.main, config=[{**gone, "name": "e2"}], uri=URI)
    lay_over(guest_host, "e1", current=True)
    assert "libvirt would forget" in problem(run_main, {"domain": "g", "name": "e1", "description": "other"})
    assert "the guest goes on from another snapshot" in problem(run_main, {**gone, "name": "e1"})
    lay_over(guest_host, "e3", "e1", current=True)
    assert "the guest is off, and the snapshots e3 were taken after this one" in problem(
        run_main, {**gone, "name": "e1"}
    )
    guest_host.guest.create()
    run_main(snapshots.main, config=[{**gone, "name": "e1"}], uri=URI)
    assert guest_host.guest.snapshotListNames() == ["e3"]

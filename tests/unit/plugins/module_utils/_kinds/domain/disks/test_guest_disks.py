# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks by size: which volume each is, what grows, and what goes with the guest."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan, plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import disk_removal, guest_disks
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_uuid
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import removal_notes, storage_observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.users import StorageUsers
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed

POOLS = {
    "default": ObservedPool("dir", "/images", True),
    "vg0": ObservedPool("logical", "/dev/vg0", True),
    "ceph": ObservedPool("rbd", None, True),
}
GUEST = """
<domain type='kvm'><name>web01</name><memory>1048576</memory><os><type>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/old.qcow2'/>
<target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><source file='/elsewhere/x.raw'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='cdrom'><source file='/images/tools.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
</devices></domain>
"""


def volume(capacity: int, path: str) -> Observed:
    """A volume that is there."""
    return observed(
        f"<volume><name>{path.rpartition('/')[2]}</name><capacity>{capacity}</capacity><target><path>{path}</path>"
        "<format type='qcow2'/></target></volume>",
        state="present",
    )


def resolved(*given: dict[str, Any], have: str | None = None) -> tuple[list[dict[str, Any]], list[guest_disks.Needed]]:
    """The disks of a guest, by what they are on, and the volumes that they need."""
    (want,) = DOMAIN.parse([{"name": "web01", "memory": "1GiB", "disks": list(given)}])
    there = None if have is None else observed(have)
    item, needed = guest_disks.resolve(want, there, POOLS, KVM_HOST)
    return item["disks"], needed


def planned(*given: dict[str, Any], have: str | None = None, volumes: dict[str, Observed] | None = None) -> Plan:
    """The plan of a guest with these disks."""
    (want,) = DOMAIN.parse([{"name": "web01", "memory": "1GiB", "disks": list(given)}])
    there = None if have is None else observed(have)
    item, needed = guest_disks.resolve(want, there, POOLS, KVM_HOST)
    (result,) = plan(DOMAIN, {} if there is None else {"web01": there}, [item], KVM_HOST)
    guest_disks.amend(result, needed, volumes or {}, POOLS, KVM_HOST)
    return result


def formats(given: dict[str, Any], there: str | None = None) -> tuple[str, str, list[str]]:
    """The format of a new disk and of its volume, and the warnings.

    :param there: the format of a volume of its name that is there already
    """
    (want,) = DOMAIN.parse([{"name": "web01", "memory": "1GiB", "disks": [given]}])
    item, needed = guest_disks.resolve(want, None, POOLS, KVM_HOST)
    target = f"<target><path>/images/x</path><format type='{there}'/></target>"
    xml = f"<volume><name>{given.get('volume')}</name><capacity>{1024**3}</capacity>{target}</volume>"
    volumes = {} if there is None else {needed[0].key: observed(xml, state="present")}
    item, needed = guest_disks.as_made(item, needed, volumes)
    (result,) = plan(DOMAIN, {}, [item], KVM_HOST)
    guest_disks.amend(result, needed, volumes, POOLS, KVM_HOST)
    return item["disks"][0]["format"], str(needed[0].item.get("format")), result.warnings


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ({"size": "1GiB"}, "qcow2"),
        ({"size": "1GiB", "volume": "x.raw"}, "raw"),
        ({"size": "1GiB", "volume": "x.IMG"}, "raw"),
        ({"size": "1GiB", "volume": "x.qcow2"}, "qcow2"),
        ({"size": "1GiB", "volume": "noend"}, "qcow2"),
        ({"size": "1GiB", "volume": "x.vmdk"}, "qcow2"),
        ({"size": "1GiB", "volume": "x.raw", "format": "qcow2"}, "qcow2"),
        ({"size": "1GiB", "volume": "x.qcow2", "format": "raw"}, "raw"),
        ({"image": "golden", "volume": "x.raw"}, "raw"),
        ({"backing": "golden"}, "qcow2"),
    ],
)
def test_the_format_of_a_disk_that_is_made(given: dict[str, Any], form: str) -> None:
    assert formats(given) == (form, form, [])


@pytest.mark.parametrize("volume", ["x.raw", "x.img", "noend", "x.qcow2"])
@pytest.mark.parametrize("there", ["raw", "qcow2"])
def test_a_volume_that_is_there_keeps_its_format(volume: str, there: str) -> None:
    """Its name may have told nothing, or something else, when it was made."""
    assert formats({"size": "1GiB", "volume": volume}, there) == (there, there, [])


def test_a_format_that_is_given_is_not_that_of_another_volume() -> None:
    with pytest.raises(Invalid, match=r"disks\[0\].format: is qcow2 and cannot be changed to raw"):
        formats({"size": "1GiB", "volume": "x.raw", "format": "raw"}, "qcow2")


def test_a_name_that_tells_another_format_than_a_disk_over_another_has() -> None:
    form, _volume, warnings = formats({"backing": "golden", "volume": "x.raw"})
    assert form == "qcow2"
    assert warnings == [
        "disks[0]: its name ends like that of a raw disk, and what is laid over another is qcow2:"
        " write format: qcow2 to say that this is meant, or give it another name"
    ]
    assert formats({"backing": "golden", "volume": "x.raw", "format": "qcow2"})[2] == []


@pytest.mark.parametrize(
    ("disk", "form"),
    [
        ({"size": "1GiB"}, "qcow2"),
        ({"size": "1GiB", "volume": "x.qcow2"}, "qcow2"),
        ({"backing": "golden", "volume": "x.raw"}, "qcow2"),
        ({"size": "1GiB", "format": "qcow2"}, "qcow2"),
        ({"file": "/images/x.qcow2"}, "qcow2"),
        ({"file": "/images/x.raw", "format": "vmdk"}, "vmdk"),
        ({"size": "1GiB", "volume": "x.raw"}, None),
        ({"size": "1GiB", "format": "raw"}, None),
        ({"size": "1GiB", "pool": "vg0"}, None),
        ({"file": "/images/x.raw"}, None),
        ({"block": "/dev/vg0/x"}, None),
        ({"file": "/images/x.qcow2", "readonly": True}, None),
        ({"file": "/images/x.qcow2", "device": "cdrom"}, None),
        ({"file": "/images/x.qcow2", "format": "raw"}, None),
    ],
)
def test_a_disk_that_several_guests_write_to_is_raw(disk: dict[str, Any], form: str | None) -> None:
    lines = problems(["h"], {"h": {"kvm_guests": [{"name": "a", "host": "h", "disks": [{**disk, "shareable": True}]}]}})
    if form is None:
        assert lines == []
    else:
        (line,) = lines
        said = (
            f"guest a: disks[0].shareable: only a raw disk can be written to by several guests, and this one is {form}:"
        )
        assert line.startswith(said)
        assert "write format: raw" in line


@pytest.mark.parametrize(
    ("given", "place", "key"),
    [
        ({"size": "1GiB"}, {"file": "/images/web01-vda.qcow2"}, "default/web01-vda.qcow2"),
        ({"size": "1GiB", "format": "raw"}, {"file": "/images/web01-vda.raw"}, "default/web01-vda.raw"),
        ({"size": "1GiB", "target": "sdb"}, {"file": "/images/web01-sdb.qcow2"}, "default/web01-sdb.qcow2"),
        ({"size": "1GiB", "bus": "sata"}, {"file": "/images/web01-sda.qcow2"}, "default/web01-sda.qcow2"),
        ({"size": "1GiB", "pool": "vg0"}, {"block": "/dev/vg0/web01-vda.raw"}, "vg0/web01-vda.raw"),
        ({"size": "1GiB", "volume": "mine"}, {"volume": "mine", "pool": "default"}, "default/mine"),
        ({"size": "1GiB", "pool": "ceph"}, {"volume": "web01-vda.raw", "pool": "ceph"}, "ceph/web01-vda.raw"),
        ({"image": "golden"}, {"file": "/images/web01-vda.qcow2"}, "default/web01-vda.qcow2"),
        ({"size": "1GiB", "pool": "later"}, {"volume": "web01-vda.qcow2", "pool": "later"}, "later/web01-vda.qcow2"),
    ],
)
def test_the_rule_of_names(given: dict[str, Any], place: dict[str, Any], key: str) -> None:
    (disk,), (need,) = resolved(given)
    assert {name: disk.get(name) for name in place} == place
    assert need.key == key
    assert not {"size", "image", "backing", "checksum"} & disk.keys()


def test_targets_follow_the_order_as_they_do_without_sizes() -> None:
    done, _needed = resolved({"size": "1GiB"}, {"file": "/x"}, {"size": "1GiB"}, {"size": "1GiB", "target": "vdc"})
    assert [disk["target"] for disk in done] == ["vda", "vdb", "vdd", "vdc"]


@pytest.mark.parametrize(
    ("given", "option", "value"),
    [
        ({"size": "1GiB", "image": "golden"}, "clone_from", "golden"),
        ({"size": "1GiB", "image": "fast/golden"}, "image", "fast/golden"),
        ({"size": "1GiB", "image": "/root/x.img"}, "image", "/root/x.img"),
        ({"size": "1GiB", "image": "https://example.com/x"}, "image", "https://example.com/x"),
        ({"size": "1GiB", "backing": "golden"}, "backing", {"volume": "golden"}),
    ],
)
def test_what_fills_a_disk(given: dict[str, Any], option: str, value: Any) -> None:
    _done, (need,) = resolved(given)
    if value == "fast/golden":
        option = "clone_from"
    assert need.item[option] == value


def test_a_disk_that_is_there_stays_where_it_is_and_grows() -> None:
    result = planned({"size": "2GiB"}, have=GUEST, volumes={"default/old.qcow2": volume(1024**3, "/images/old.qcow2")})
    assert [(change.path, change.before, change.after) for change in result.changes][:1] == [
        ("disks[0].size", "1GiB", "2GiB")
    ]
    assert result.steps[0].action == "grow_volume"
    assert "web01-vda" not in str(result.steps)


def test_a_size_that_is_there_changes_nothing() -> None:
    both = {"target": "vdb"}, {"target": "sda"}
    result = planned(
        {"size": "1GiB"}, *both, have=GUEST, volumes={"default/old.qcow2": volume(1024**3, "/images/old.qcow2")}
    )
    assert (result.changes, result.steps) == ([], [])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"size": "1MiB", "target": "vda"}, r"disks\[0\].size: is 1GiB"),
        ({"size": "1GiB", "target": "vda", "pool": "vg0"}, r"disks\[0\].pool: the disk is on /images/old.qcow2"),
        ({"size": "1GiB", "target": "vdb"}, r"disks\[0\].size: the disk is on /elsewhere/x.raw, which is in no pool"),
        ({"size": "1GiB", "target": "vda", "format": "raw"}, "is qcow2 and cannot be changed to raw"),
    ],
)
def test_what_a_disk_cannot_become(given: dict[str, Any], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        planned(given, have=GUEST, volumes={"default/old.qcow2": volume(1024**3, "/images/old.qcow2")})


def test_the_pool_of_a_disk_is_stopped() -> None:
    stopped = {"images": ObservedPool("dir", "/images", False)}
    with pytest.raises(Invalid) as caught:
        guest_disks.existing({"size": "1GiB", "target": "vda"}, "/images/old.qcow2", stopped, "disks[0]")
    assert str(caught.value) == (
        "disks[0].size: the disk is on /images/old.qcow2, in the pool images, which is not active, so its size cannot"
        " be told; leave size out, or start the pool"
    )


COPIES = {"vg0/copy": volume(1024**3, "/dev/vg0/copy"), "default/copy.qcow2": volume(1024**3, "/images/copy.qcow2")}


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"size": "1GiB", "target": "vda", "volume": "copy.qcow2"}, {"pool": "default", "volume": "copy.qcow2"}),
        ({"size": "1GiB", "target": "vda", "pool": "vg0", "volume": "copy"}, {"pool": "vg0", "volume": "copy"}),
        ({"size": "2GiB", "target": "vdb", "pool": "vg0", "volume": "copy"}, {"pool": "vg0", "volume": "copy"}),
        (
            {"size": "1GiB", "image": "debian-12", "target": "vda", "volume": "copy.qcow2"},
            {"pool": "default", "volume": "copy.qcow2"},
        ),
    ],
)
def test_a_disk_moves_to_a_copy_that_is_named(given: dict[str, Any], source: dict[str, str]) -> None:
    result = planned(given, have=GUEST, volumes=COPIES)
    assert [step.action for step in result.steps if "volume" in step.action] == ["grow_volume"] * (
        given["size"] != "1GiB"
    )
    told = {change.path: change.after for change in result.changes}
    assert {option: told.get(f"disks[0].{option}", source[option]) for option in source} == source
    assert any(path.startswith("disks[0]") for path in told)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (
            {"size": "1GiB", "target": "vda", "pool": "vg0", "volume": "none"},
            r"disks\[0\].pool: the disk is on /images/old.qcow2, and does not move to another pool by itself: declare a"
            r" copy in kvm_volumes \(clone_from: default/old.qcow2\), and name its pool and volume here",
        ),
        (
            {"size": "1GiB", "target": "vda", "volume": "none"},
            r"disks\[0\].volume: .*does not move to another volume by itself",
        ),
        ({"size": "1GiB", "target": "vda", "pool": "vg0"}, r"disks\[0\].pool: .*does not move to another pool"),
        ({"size": "1GiB", "target": "vdb", "volume": "none"}, r"disks\[0\].size: .*which is in no pool"),
        ({"size": "1MiB", "target": "vda", "pool": "vg0", "volume": "copy"}, r"disks\[0\].size: is 1GiB"),
    ],
)
def test_a_disk_moves_to_no_volume_that_is_not_there(given: dict[str, Any], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        planned(given, have=GUEST, volumes={**COPIES, "default/old.qcow2": volume(1024**3, "/images/old.qcow2")})


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"size": "1GiB", "file": "/x"}, "makes a new disk; leave it out to use the existing file"),
        ({"volume": "default/b.raw"}, "pool: POOL and volume: NAME"),
        ({"volume": "a/b/c", "size": "1GiB"}, "is no name of a volume"),
        ({"volume": "../b.raw", "pool": "p"}, "is no name of a volume"),
        ({"volume": ".."}, "is no name of a volume"),
        ({"size": "1GiB", "device": "cdrom"}, "does not go with device 'cdrom'"),
        ({"image": "/a.iso", "device": "cdrom"}, "name it by file, or by pool and volume"),
        ({"image": "a", "backing": "b"}, "only one of image, backing"),
        ({"image": "a", "checksum": "sha256:" + "0" * 64}, "goes with an image that is an URL or a file"),
        ({"size": "1GiB", "backing": "../x"}, "is not a safe name"),
        ({"size": 20}, "write a unit"),
    ],
)
def test_what_is_wrong_with_a_disk_is_said(given: dict[str, Any], word: str) -> None:
    _item, problems = DOMAIN.parse_item({"name": "x", "disks": [given]})
    assert word in "\n".join(map(str, problems))


def test_a_new_disk_is_told_by_its_volume() -> None:
    result = planned({"size": "1GiB"})
    assert [change.path for change in result.changes] == ["disks[0].volume", "definition"]
    (disk,) = result.changes[1].after["disks"]
    assert (disk["volume"], disk["pool"], "file" in disk) == ("web01-vda.qcow2", "default", False)
    assert [step.action for step in result.steps] == ["make_volume", "define"]


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every volume is the one that was noted."""
    for module in (disk_removal, storage_observe):
        monkeypatch.setattr(module, "identity", lambda volume: "the same")


def removed(made: dict[str, Any], users: StorageUsers | None = None, have: str | None = GUEST) -> Plan:
    """The plan of a guest that goes with its storage."""
    result = Plan("domain", "web01")
    there = None if have is None else observed(have)
    made = {key: {**facts, "identity": "the same"} for key, facts in made.items()}
    volumes = {key: volume(1, "/images/" + key.partition("/")[2]) for key in made}
    known = disk_removal.KnownStorage(
        {} if there is None else {"web01": there}, volumes, POOLS, made, users or StorageUsers()
    )
    disk_removal.removals([result], known)
    return result


def test_only_what_was_made_goes(known: None) -> None:
    made = ("default/old.qcow2", "default/tools.iso", "default/other")
    uuid = derive_uuid(Scope("domain", "formerly", Host(), item={}))
    renamed = GUEST.replace("<name>web01</name>", f"<name>web01</name><uuid>{uuid}</uuid>")
    result = removed({key: {"guest": "formerly"} for key in made}, have=renamed)
    assert [step.value.key for step in result.steps] == ["default/old.qcow2"]
    of_another = removed({key: {"guest": "formerly"} for key in made})
    assert list(of_another.steps) == []
    assert any("old.qcow2 stays: it was made for guest formerly" in line for line in of_another.warnings)
    assert result.warnings == ["its disk /elsewhere/x.raw stays: this collection did not make it"]


def test_what_a_killed_run_left_behind_goes_too(known: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal_notes, "changed_at", lambda path: "1700000000000000000")
    leaving = {"leaving": "1700000000000000000", "since": removal_notes.own_process()}
    made = {
        "default/web01-vda.qcow2": {"guest": "web01", **leaving},
        "default/web02-vda.qcow2": {"guest": "web02", **leaving},
    }
    assert [step.value.key for step in removed(made, have=None).steps] == ["default/web01-vda.qcow2"]


@pytest.mark.parametrize("noted", [None, "1600000000000000000"])
@pytest.mark.parametrize("used", [False, True])
def test_what_a_guest_has_only_by_the_note_stays(
    known: None, monkeypatch: pytest.MonkeyPatch, noted: str | None, used: bool
) -> None:
    """Another guest may have had it since."""
    monkeypatch.setattr(removal_notes, "changed_at", lambda path: "1700000000000000000")
    facts = {"guest": "web01", **({"leaving": noted, "since": removal_notes.own_process()} if noted else {})}
    users = StorageUsers()
    if used:
        users.add("other", "/images/web01-vda.qcow2")
    result = removed({"default/web01-vda.qcow2": facts}, users, have=None)
    assert (result.steps, result.changes) == ([], [])
    (warning,) = result.warnings
    unused = "may have had it since" if noted else "does not have it any more"
    assert ("is used by guest other" if used else unused) in warning


def test_what_is_in_a_pool_that_is_not_active_stays_and_that_is_said() -> None:
    result = Plan("domain", "web01")
    off = {**POOLS, "default": ObservedPool("dir", "/images", False)}
    made = {"default/web01-vda.qcow2": {"guest": "web01"}, "vg0/gone": {"guest": "web01"}}
    disk_removal.removals([result], disk_removal.KnownStorage({}, {}, off, made, StorageUsers()))
    assert result.steps == []
    assert result.warnings == ["its disk default/web01-vda.qcow2 stays: the pool default is not active"]


@pytest.mark.parametrize("who", ["guest", "overlay"])
def test_what_others_use_stays(who: str, known: None) -> None:
    users = StorageUsers()
    users.add("web01", "/images/old.qcow2")
    if who == "guest":
        users.add("web02", "/images/old.qcow2")
    else:
        users.lay_over("volume default/over", "/images/over", "/images/old.qcow2")
    result = removed({"default/old.qcow2": {"guest": "web01"}}, users)
    assert result.steps == []
    assert any("old.qcow2 stays: it is used by" in warning for warning in result.warnings)

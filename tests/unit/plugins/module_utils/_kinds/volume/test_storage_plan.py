# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes are made once, and then only grow."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.plan import say_doubt
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.storage_plan import plan_volumes
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.users import StorageUsers
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed

POOLS = {
    "default": ObservedPool("dir", "/images", True),
    "vg0": ObservedPool("logical", "/dev/vg0", True),
    "off": ObservedPool("dir", "/off", False),
}
QCOW2 = """
<volume type='file'><name>a.qcow2</name><capacity unit='bytes'>1073741824</capacity>
<target><path>/images/a.qcow2</path><format type='qcow2'/></target>
<backingStore><path>/images/base.qcow2</path><format type='qcow2'/></backingStore></volume>
"""
LV = """
<volume type='block'><name>lv</name><capacity>12582912</capacity><target><path>/dev/vg0/lv</path></target></volume>
"""
VPC = """
<volume type='file'><name>a.vpc</name><capacity>1079296</capacity>
<target><path>/images/a.vpc</path><format type='vpc'/></target></volume>
"""
"""Of 1 MiB, as QEMU makes it."""
HAVE = {
    "default/a.qcow2": observed(QCOW2, state="present"),
    "default/a.vpc": observed(VPC, state="present"),
    "vg0/lv": observed(LV, state="present"),
}


def plan_one(users: StorageUsers | None = None, **item: Any) -> Plan:
    """Plan one volume."""
    (plan,) = plan_volumes(HAVE, VOLUME.parse([item]), KVM_HOST, POOLS, users or StorageUsers())
    return plan


def refusal(users: StorageUsers | None = None, **item: Any) -> str:
    """Why a volume is refused."""
    with pytest.raises(VirtfleetError) as caught:
        plan_one(users, **item)
    heading, line = str(caught.value).splitlines()
    assert heading == "nothing was changed, the input is refused:"
    return line


def obstacle(users: StorageUsers, **item: Any) -> str:
    """Why a volume is refused by itself."""
    return str(plan_one(users, **item).obstacle)


def making(**item: Any) -> Making:
    """How a volume is made."""
    (step,) = plan_one(**item).steps
    assert step.action == "define"
    assert isinstance(step.value, Making)
    return step.value


def test_a_new_volume_is_told_as_a_whole() -> None:
    plan = plan_one(name="new.qcow2", capacity="2GiB")
    assert plan.name == "default/new.qcow2"
    (change,) = plan.changes
    assert (change.path, change.before) == ("definition", None)
    assert change.after == {"name": "new.qcow2", "pool": "default", "capacity": "2GiB", "format": "qcow2"}


@pytest.mark.parametrize(
    ("item", "form"),
    [
        ({"name": "x.qcow2", "capacity": "1MiB"}, "qcow2"),
        ({"name": "x", "capacity": "1MiB"}, "raw"),
        ({"name": "x.iso", "capacity": "1MiB"}, "iso"),
        ({"name": "x", "capacity": "1MiB", "format": "vmdk"}, "vmdk"),
        ({"name": "x", "backing": {"volume": "a.qcow2"}}, "qcow2"),
        ({"name": "x.qcow2", "pool": "vg0", "capacity": "1MiB"}, None),
    ],
)
def test_the_format_of_a_new_volume(item: dict[str, Any], form: str | None) -> None:
    made = making(**item)
    assert made.item.get("format") == form
    assert (f'<format type="{form}"' in made.xml) is (form is not None)


def test_a_new_volume_needs_a_size_or_what_fills_it() -> None:
    assert "capacity: a new volume needs it" in refusal(name="x")
    assert making(name="x", image="/root/x.img").item["image"] == "/root/x.img"
    assert making(name="x", clone_from="a.qcow2").key == "default/x"


def test_a_pool_that_is_null_is_the_default_one() -> None:
    plan = plan_one(name="okv", capacity="1MiB", pool=None)
    (change,) = plan.changes
    assert change.after == {"name": "okv", "pool": "default", "capacity": "1MiB", "format": "raw"}
    assert making(name="okv", capacity="1MiB", pool=None).key == "default/okv"
    grown = plan_one(name="a.qcow2", capacity="2GiB", pool=None)
    assert grown.steps[0].value == {"pool": "default", "name": "a.qcow2", "capacity": 2 * 1024**3}


def test_what_is_there_needs_nothing() -> None:
    same = {"name": "a.qcow2", "capacity": "1GiB", "format": "qcow2", "backing": {"volume": "base.qcow2"}}
    only_for_new = {"allocation": 0, "permissions": {"mode": "0600"}, "compat": "0.10", "nocow": True}
    plan = plan_one(**same, **only_for_new)
    assert (plan.steps, plan.changes) == ([], [])
    assert plan_one(name="a.qcow2", capacity=None, format=None).changes == []


def test_a_volume_grows() -> None:
    plan = plan_one(name="a.qcow2", capacity="3GiB")
    assert [(change.path, change.before, change.after) for change in plan.changes] == [("capacity", "1GiB", "3GiB")]
    (step,) = plan.steps
    assert (step.action, step.value["capacity"]) == ("grow", 3 * 1024**3)


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"capacity": "1023MiB"}, "capacity: is 1GiB and cannot shrink to 1023MiB: the data at its end would be lost"),
        ({"format": "raw"}, "format: is qcow2 and cannot be changed to raw"),
        ({"backing": {"volume": "other"}}, "backing.path: is '/images/base.qcow2' and cannot become '/images/other'"),
        ({"backing": {"path": "/x", "format": "raw"}}, "cannot become '/x' in place"),
        ({"encryption": {"format": "luks"}}, "encryption"),
    ],
)
def test_nothing_else_of_a_volume_can_change(item: dict[str, Any], word: str) -> None:
    """It refuses this volume, and no other: a guest may have brought it about."""
    wants = VOLUME.parse([{"name": "a.qcow2", **item}, {"name": "new", "capacity": "1MiB"}])
    plan, other = plan_volumes(HAVE, wants, KVM_HOST, POOLS, StorageUsers())
    assert plan.obstacle is not None
    assert word in plan.obstacle
    plan.hold_back()
    assert (plan.name, plan.steps) == ("default/a.qcow2", [])
    assert [step.action for step in other.steps] == ["define"]


def test_a_device_is_as_large_as_its_extents() -> None:
    assert plan_one(name="lv", pool="vg0", capacity="10MiB").changes == []
    assert plan_one(name="lv", pool="vg0", capacity="10MiB", format="raw").changes == []
    assert plan_one(name="lv", pool="vg0", capacity="16MiB").changes != []


def test_an_odd_size_is_the_size_in_whole_kib() -> None:
    odd = {"default/odd": observed("<volume><name>odd</name><capacity>1000001</capacity></volume>", state="present")}
    for size in ("1000001B", "977KiB"):
        (plan,) = plan_volumes(odd, VOLUME.parse([{"name": "odd", "capacity": size}]), KVM_HOST, POOLS, StorageUsers())
        assert plan.changes == []


def test_absent_deletes_what_nobody_uses() -> None:
    plan = plan_one(name="a.qcow2", state="absent")
    assert [step.action for step in plan.steps] == ["delete"]
    assert plan_one(name="none", state="absent").steps == []


@pytest.mark.parametrize("place", ["/images/a.qcow2", "default/a.qcow2"])
def test_absent_is_refused_while_a_guest_uses_it(place: str) -> None:
    users = StorageUsers()
    users.add("web01", place)
    assert "is used by guest web01" in obstacle(users, name="a.qcow2", state="absent")


def test_absent_is_refused_while_another_volume_is_laid_over_it() -> None:
    users = StorageUsers()
    users.lay_over("volume default/over.qcow2", "/images/over.qcow2", "/images/a.qcow2")
    assert "is used by volume default/over.qcow2" in obstacle(users, name="a.qcow2", state="absent")


def test_what_is_laid_over_it_may_go_in_the_same_call_before_it() -> None:
    users = StorageUsers()
    users.lay_over("volume vg0/lv", "/dev/vg0/lv", "/images/a.qcow2")
    both = [{"name": "lv", "pool": "vg0", "state": "absent"}, {"name": "a.qcow2", "state": "absent"}]
    over, base = plan_volumes(HAVE, VOLUME.parse(both), KVM_HOST, POOLS, users)
    assert [[step.value.after for step in plan.steps] for plan in (over, base)] == [[()], [("vg0/lv",)]]
    base, over = plan_volumes(HAVE, VOLUME.parse(both[::-1]), KVM_HOST, POOLS, users)
    assert "is used by volume vg0/lv" in str(base.obstacle)
    assert over.obstacle is None
    users.add("web01", "/images/a.qcow2")
    over, base = plan_volumes(HAVE, VOLUME.parse(both), KVM_HOST, POOLS, users)
    assert "is used by guest web01, and" in str(base.obstacle)


def test_a_pool_that_is_not_there_or_not_active_is_said() -> None:
    assert "its pool none is not there yet" in plan_one(name="x", pool="none", capacity="1MiB").warnings[0]
    assert "did you mean" not in plan_one(name="x", pool="vg1", capacity="1MiB").warnings[0]
    assert "did you mean 'default'?" in plan_one(name="x", pool="defautl", capacity="1MiB").warnings[0]
    assert "its pool off is not active" in plan_one(name="x", pool="off", capacity="1MiB").warnings[0]


def test_a_base_that_is_no_volume_needs_its_format() -> None:
    assert "backing.format: is needed" in refusal(name="x.qcow2", backing={"path": "/base"})


def test_a_device_has_no_format_and_neither_has_what_it_is_laid_over() -> None:
    made = making(name="snapshot", pool="vg0", capacity="1MiB", backing={"path": "/dev/vg0/lv"})
    assert "format" not in made.xml


def test_a_new_volume_has_a_size() -> None:
    assert "capacity: is 0, which is no size of a disk" in refusal(name="new.raw", capacity=0)


@pytest.mark.parametrize("form", ["dir", "cow", "bochs", "cloop", "dmg", "fat", "ploop", "vhd"])
def test_a_format_that_nobody_makes_is_refused(form: str) -> None:
    assert f"format: '{form}' " in refusal(name="new", capacity="1GiB", format=form)


def test_a_disk_of_vpc_is_as_large_as_declared_or_a_little_larger() -> None:
    assert plan_one(name="a.vpc", capacity="1MiB").steps == []
    assert plan_one(name="a.vpc", capacity="1MiB", format="vpc").steps == []
    assert "cannot grow to 2MiB: QEMU makes no vpc larger" in obstacle(StorageUsers(), name="a.vpc", capacity="2MiB")


def test_notes_of_what_may_be_half_made_are_forgotten_before_all_else() -> None:
    entry = Plan("domain", "g")
    entry.steps.add(StepPlace.NEEDED, Step("make_volume"))
    say_doubt(entry, ["p/a", "p/b", "p/c"], {"p/a": "is odd", "p/c": "is odd, too"})
    assert [(step.action, step.value) for step in entry.steps] == [
        ("forget", "p/a"),
        ("forget", "p/c"),
        ("make_volume", None),
    ]
    assert entry.warnings == ["is odd", "is odd, too"]

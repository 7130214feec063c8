# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seed of a guest goes: its target, its pool, and what is already there."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid, VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import seeds
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool

POOLS = {
    "files": ObservedPool("dir", "/srv/files", True),
    "other": ObservedPool("dir", "/srv/other", True),
    "vg": ObservedPool("logical", "/dev/vg", True),
    "default": ObservedPool("dir", "/var/lib/libvirt/images", True),
}
DISK = "<disk><source file='{}'/><target dev='{}'/></disk>"
WANT = {"name": "web", "cloud_init": {"hostname": "web"}}


def have(*disks: str) -> Observed:
    root = ET.fromstring(f"<domain><name>web</name><devices>{''.join(disks)}</devices></domain>")
    return Observed(root, None, "stopped", {})


def test_the_target_of_a_seed_is_the_last_free_one() -> None:
    assert seeds.free_target([], None) == "vdz"
    assert seeds.free_target([{"target": "vdz"}, {}], None) == "vdy"
    assert seeds.free_target([{"target": "vdy"}], have(DISK.format("/a", "vdz"))) == "vdx"
    assert seeds.free_target([{"target": f"vd{letter}"} for letter in "abcdefghijklmnopqrstuvwxyz"], None) == "vdaa"


@pytest.mark.parametrize(
    ("listed", "there", "pool"),
    [
        ([], [], "default"),
        ([{"pool": "files"}], [], "files"),
        ([{"pool": "vg"}], [], "default"),
        ([{"pool": "none"}], [], "default"),
        ([{"device": "cdrom", "pool": "other"}, {"pool": "files"}], [], "files"),
        ([{"device": "floppy", "pool": "other"}], [], "default"),
        ([{"file": "/srv/other/a"}], [], "other"),
        ([{"file": "/elsewhere/a"}, {"pool": "files"}], [], "default"),
        ([{"target": "vda"}], [DISK.format("/srv/files/a", "vda")], "files"),
        ([{"target": "vdb"}], [DISK.format("/srv/files/a", "vda")], "default"),
    ],
)
def test_the_pool_of_a_seed_is_that_of_the_first_disk(listed: list[Any], there: list[str], pool: str) -> None:
    assert seeds.pool_for(listed, have(*there), POOLS) == pool


def test_a_new_seed_is_a_disk_of_its_own_and_needs_its_volume() -> None:
    disk, need = seeds.placed(WANT, None, [{"pool": "files"}], None, POOLS, 1, None)
    assert disk == {
        "file": "/srv/files/web-seed.img",
        "target": "vdz",
        "format": "raw",
        "bus": "virtio",
        "readonly": True,
        "alias": seeds.ALIAS,
    }
    assert (need.index, need.key, need.kept) == (1, "files/web-seed.img", False)
    assert need.item["seed"] == {"hostname": "web"}


def test_a_config_drive_is_a_usb_disk() -> None:
    want = {"name": "win", "cloud_init": {"datasource": "configdrive"}}
    disk, need = seeds.placed(want, None, [{"target": "sdz"}], None, POOLS, 1, None)
    assert disk == {
        "file": "/var/lib/libvirt/images/win-seed.img",
        "target": "sdy",
        "format": "raw",
        "bus": "usb",
        "readonly": True,
        "alias": "ua-virtfleet-config-drive",
    }
    assert need.key == "default/win-seed.img"


@pytest.mark.parametrize(("there", "wanted"), [("nocloud", "configdrive"), ("configdrive", "nocloud")])
def test_a_seed_does_not_become_one_for_another_reader(there: str, wanted: str) -> None:
    alias = "ua-virtfleet-seed" if there == "nocloud" else "ua-virtfleet-config-drive"
    disk = DISK.format("/srv/files/web-seed.img", "vdz").replace("</disk>", f"<alias name='{alias}'/></disk>")
    made: dict[str, Any] = {"files/web-seed.img": {"guest": "web", "seed": "x"}}
    with pytest.raises(Invalid) as caught:
        seeds.resolve({**WANT, "state": "present", "cloud_init": {"datasource": wanted}}, have(disk), POOLS, made)
    assert str(caught.value).startswith(f"cloud_init.datasource: the guest has a seed for {there}, which cannot become")
    for same in ({"datasource": there}, None):
        seeds.resolve({**WANT, "state": "present", "cloud_init": same}, have(disk), POOLS, made)


def test_a_seed_that_is_there_stays_where_it_is() -> None:
    node = ET.fromstring(DISK.format("/srv/other/x.img", "vdq"))
    disk, need = seeds.placed(WANT, have(), [], node, POOLS, 0, "other/x.img")
    assert disk == {"target": "vdq"}
    assert (need.key, need.kept) == ("other/x.img", True)


def test_another_disk_in_the_place_of_a_seed_keeps_its_bus() -> None:
    node = ET.fromstring(DISK.format("/elsewhere/x.img", "vdq"))
    disk, need = seeds.placed(WANT, have(), [{"pool": "files"}], node, POOLS, 0, None)
    assert disk == {"file": "/srv/files/web-seed.img", "target": "vdq", "format": "raw"}
    assert not need.kept


def test_in_a_pool_that_nobody_knows_yet_a_seed_is_a_volume() -> None:
    disk, _need = seeds.placed(WANT, None, [], None, {}, 0, None)
    default = seeds.FUTURE.get("default")
    expected = (
        {"volume": "web-seed.img", "pool": "default"} if default is None else {"file": f"{default.target}/web-seed.img"}
    )
    assert {name: disk[name] for name in expected} == expected
    disk, _need = seeds.placed(WANT, None, [], None, {"default": ObservedPool("logical", "/dev/vg", True)}, 0, None)
    assert (disk["volume"], disk["pool"]) == ("web-seed.img", "default")


@pytest.mark.parametrize(
    ("facts", "ours"),
    [
        ({"guest": "web", "seed": "x"}, True),
        ({"guest": "other", "seed": "x"}, False),
        ({"guest": "web"}, False),
        ({"seed": "x"}, False),
    ],
)
def test_a_volume_is_a_guests_seed_where_that_is_noted(facts: dict[str, Any], ours: bool) -> None:
    assert seeds.is_ours(facts, "web") is ours


SEED = DISK.format("/srv/files/web-seed.img", "vdz")


@pytest.mark.parametrize(
    ("disk", "node", "stands"),
    [
        ({"target": "vdz"}, None, False),
        ({"target": "vdz"}, SEED, True),
        ({"target": "vdz", "file": "/srv/files/web-seed.img"}, SEED, True),
        ({"target": "vdz", "file": None}, SEED, True),
        ({"target": "vda"}, SEED, False),
        ({"target": "vda", "file": "/a"}, SEED, False),
        ({"file": "/srv/files/web-seed.img"}, SEED, True),
        ({"target": "vda", "file": "/srv/files/web-seed.img"}, SEED, True),
        ({}, SEED, False),
        ({}, "<disk><target dev='vdz'/></disk>", False),
    ],
)
def test_a_declared_disk_stands_for_the_seed_by_its_target_or_file(
    disk: dict[str, Any], node: str | None, stands: bool
) -> None:
    assert seeds.stands_for(disk, None if node is None else ET.fromstring(node), "disks[1]") is stands


@pytest.mark.parametrize("other", [{"file": "/a"}, {"block": "/dev/a"}, {"volume": "a"}])
def test_another_disk_at_the_target_of_the_seed_is_refused(other: dict[str, str]) -> None:
    with pytest.raises(Invalid) as error:
        seeds.stands_for({"target": "vdz", **other}, ET.fromstring(SEED), "disks[1]")
    assert error.value.where == "disks[1].target"
    assert error.value.problem == "vdz is that of the guest's seed (cloud_init): give another one"


NEED = seeds.Needed(0, {"name": "web-seed.img", "pool": "files", "seed": {"hostname": "web"}}, kept=True)


@pytest.fixture
def planner() -> Any:
    return seeds.Seeds({}, POOLS, SimpleNamespace(), here=True, check=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(("where", "said"), [("user_data", "cloud_init.user_data"), ("", "cloud_init")])
def test_what_is_wrong_in_a_seed_is_said_of_its_option(
    planner: Any, monkeypatch: pytest.MonkeyPatch, where: str, said: str
) -> None:
    def wrong(*_args: object) -> None:
        raise Invalid(where, "is wrong")

    monkeypatch.setattr(seeds.Seeds, "looked_at", wrong)
    with pytest.raises(Invalid) as error:
        planner.plan(Plan("domain", "web"), NEED, None, None)
    assert (error.value.where, error.value.problem) == (said, "is wrong")


def test_what_speaks_against_a_seed_is_the_obstacle_of_its_guest(planner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(*_args: object) -> None:
        raise VirtfleetError("it is another's")

    monkeypatch.setattr(seeds.Seeds, "looked_at", other)
    plan = Plan("domain", "web")
    assert planner.plan(plan, NEED, None, None) == ([], [])
    assert plan.obstacle == "cloud_init: it is another's"


@pytest.mark.parametrize("content", [b"what is on it", None])
def test_a_seed_that_is_adopted_is_noted_with_what_is_on_it(
    planner: Any, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr(seeds, "in_place_of_file", lambda _path: None)
    monkeypatch.setattr(seeds, "files_on", lambda _path: {"meta-data": b"instance-id: web"})
    monkeypatch.setattr(seeds, "belongs", lambda *_args: True)
    monkeypatch.setattr(seeds, "identity", lambda _volume: None)
    monkeypatch.setattr(seeds.seed_image, "missing", lambda: None)
    monkeypatch.setattr(seeds.seed_image, "content_of", lambda _path: content)
    planner.noted = {"files/web-seed.img": {"owner": "us", "guest": "older", "part": "p", "other": "x"}}
    volume = Observed(ET.fromstring("<volume><target><path>/srv/s</path></target></volume>"), None, "present", {})
    facts = planner.adopted(Plan("domain", "web"), NEED, volume, "uuid").facts
    assert facts["image"] == hashlib.sha256(content or b"").hexdigest()
    assert {name: facts[name] for name in facts if name not in ("image", "seed")} == {
        "owner": "us",
        "part": "p",
        "guest": "web",
        "format": "raw",
    }


def guests(*seeded: str) -> Any:
    """Guests that are there, and those of them with a seed."""
    return {name: SimpleNamespace(definition=name in seeded or None) for name in ("web", "db")}


@pytest.mark.parametrize(
    ("wants", "seeded", "found"),
    [
        ([], ["web"], False),
        ([{"name": "web"}], ["web"], True),
        ([{"name": "web"}], ["db"], False),
        ([{"name": "web"}], [], False),
        ([{"name": "new"}], ["web"], False),
        ([{"name": "new", "cloud_init": {}}], [], True),
        # null asks for none, so what is there matters.
        ([{"name": "web", "cloud_init": None}], [], True),
        ([{"name": "web", "state": "absent"}], ["web"], False),
        ([{"name": "web", "state": "absent", "cloud_init": {}}], ["web"], False),
        ([{"name": "web", "state": "absent"}, {"name": "db"}], ["db"], True),
        ([{"name": "db"}, {"name": "new", "cloud_init": {}}], [], True),
    ],
)
def test_whether_any_guest_has_or_gets_a_seed(
    monkeypatch: pytest.MonkeyPatch, wants: list[dict[str, Any]], seeded: list[str], found: bool
) -> None:
    monkeypatch.setattr(seeds, "seed_of", lambda root: root)
    assert seeds.any_seed([{"state": "running", **want} for want in wants], guests(*seeded)) is found

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several tasks in check mode say of what goes the same as the run: what earlier ones take away is used by nobody.

On libvirt's test driver, which makes no files, so those of volumes are made and deleted here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import staying
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.uses import declared_uses
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import URI, define, file

Run = Callable[..., dict[str, Any]]
MODULES: dict[str, Any] = {"domains": domains, "networks": networks, "pools": pools, "volumes": volumes}
Step = tuple[str, list[dict[str, Any]], dict[str, Any]]

PURGE: dict[str, Any] = {"purge": True}
VOLUMES: Step = ("volumes", [], PURGE)
POOLS: Step = ("pools", [], PURGE)


class Site:
    """Tasks of one play, in check mode and for real."""

    def __init__(self, run_main: Run, connection: Any, folder: Path) -> None:
        self.run_main, self.connection, self.folder = run_main, connection, folder

    def run(self, step: Step, check: bool, **more: Any) -> dict[str, Any]:
        """Run one task, whether it fails or not."""
        name, config, options = step
        given = {"config": config, "uri": URI, "check": check, **options, **more}
        try:
            return self.run_main(MODULES[name].main, **given)
        except AssertionError:
            return self.run_main(MODULES[name].main, fails=True, **given)

    def check(self, *steps: Step) -> list[dict[str, Any]]:
        """Run tasks in check mode, as the action plugin hands the forecast on."""
        known: _forecast.Known = {}
        results = []
        for step in steps:
            result = self.run(step, True, **{FORECAST: known})
            guests = result.pop(FORECAST, None)
            failed = {name for failure in result.get("failures") or () for name in failure.values()}
            names = [one for one in _forecast.declared(step[0], step[1]) if one[1] not in failed]
            known = _forecast.learn_guests(_forecast.learn(_forecast.settle(known, names), result["changes"]), guests)
            results.append(result)
        return results

    def same(self, *steps: Step) -> list[list[str]]:
        """Run tasks in check mode and for real, which say the same. Returns what changed in each."""
        said = self.check(*steps)
        done = [self.run(step, False) for step in steps]
        for before, after in zip(said, done, strict=True):
            for part in ("changed", "changes", "failures", "msg"):
                assert before.get(part) == after.get(part), (part, before, after)
            assert FORECAST not in after
        return [[change["resource"] for change in result["changes"] if change["path"] == "state"] for result in done]

    def volume(self, name: str, **options: Any) -> dict[str, Any]:
        """A volume that this collection makes."""
        (self.folder / name).write_bytes(b"")
        item = {"name": name, "pool": "p", "capacity": "1MiB", **options}
        self.run(("volumes", [item], {}), False)
        assert name in [found.name() for found in self.connection.storagePoolLookupByName("p").listAllVolumes()]
        return item

    def guest(self, name: str, *disks: dict[str, Any], **options: Any) -> dict[str, Any]:
        """A guest that this collection makes."""
        item = {"name": name, "memory": "64MiB", "disks": list(disks), "interfaces": [], "state": "stopped", **options}
        result = self.run(("domains", [item], {}), False)
        assert "failed" not in result, result
        return item


@pytest.fixture
def site(run_main: Run, connection: Any, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A pool in a folder of its own."""
    folder = tmp_path / "pool"
    folder.mkdir()
    delete = libvirt.virStorageVol.delete

    def deleted(self: Any, flags: int = 0) -> Any:
        path = self.path()
        result = delete(self, flags)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        return result

    monkeypatch.setattr(libvirt.virStorageVol, "delete", deleted)
    made = Site(run_main, connection, folder)
    made.run(("pools", [{"name": "p", "target": str(folder)}], {}), False)
    return made


def guests(*items: dict[str, Any], **options: Any) -> Step:
    return "domains", list(items), {**PURGE, **options}


DISKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "by volume": lambda folder: {"volume": "x", "pool": "p"},
    "by path": lambda folder: {"file": f"{folder}/x"},
    "by another spelling": lambda folder: {"file": f"{folder}//./x"},
}


@pytest.mark.parametrize("state", ["stopped", "running"])
@pytest.mark.parametrize("spelling", DISKS)
def test_what_only_guests_use_that_go_goes_too(site: Site, spelling: str, state: str) -> None:
    site.volume("x")
    site.guest("old", DISKS[spelling](site.folder), state=state)
    assert site.same(guests(), VOLUMES, POOLS) == [["domain old"], ["volume p/x"], ["pool p"]]


@pytest.mark.parametrize("absent", [False, True])
def test_what_goes_by_name_goes_after_its_guests(site: Site, absent: bool) -> None:
    site.volume("x")
    site.guest("old", {"volume": "x", "pool": "p"})
    gone: Step = ("domains", [{"name": "old", "state": "absent"}], {}) if absent else guests()
    volume: Step = ("volumes", [{"name": "x", "pool": "p", "state": "absent"}], {})
    pool: Step = ("pools", [{"name": "p", "state": "absent"}], {})
    assert site.same(gone, volume, pool) == [["domain old"], ["volume p/x"], ["pool p"]]


def test_disks_that_go_with_their_guest_are_not_said_twice(site: Site) -> None:
    for name in ("old-vda.qcow2", "old-vdb.qcow2"):
        (site.folder / name).touch()
    site.volume("x")
    made = [{"size": "1MiB", "pool": "p"}, {"size": "1MiB", "pool": "p"}]
    site.guest("old", *made, {"volume": "x", "pool": "p"})
    absent = {"name": "old-vda.qcow2", "pool": "p", "state": "absent"}
    step: Step = ("volumes", [absent], PURGE)
    said = site.same(guests(remove_storage=True), step, POOLS)
    assert said == [["domain old"], ["volume p/x"], ["pool p"]]


@pytest.mark.parametrize("named", ["old-vda.qcow2", "over"])
def test_a_disk_that_is_declared_as_a_volume_by_now_stays(site: Site, named: str) -> None:
    (site.folder / "old-vda.qcow2").touch()
    site.guest("old", {"size": "1MiB", "pool": "p"})
    declared = staying([{"name": named, "pool": "p"}, {"name": "x", "pool": "p", "state": "absent"}], volumes=True)
    assert declared == [f"p/{named}"]
    uses = declared_uses([], "kvm01", [{"name": named, "pool": "p"}, {"name": "x", "pool": "p", "state": "absent"}])
    assert list(uses) == [f"volume {key}" for key in declared]
    step = guests(remove_storage=True, declared_uses=uses)
    assert site.same(step) == [["domain old"]]
    there = (site.folder / "old-vda.qcow2").exists()
    assert there == (named == "old-vda.qcow2")


def test_volumes_that_are_laid_over_each_other_go(site: Site) -> None:
    site.volume("base")
    site.volume("over", backing={"volume": "base", "format": "raw"})
    site.guest("old", {"volume": "over", "pool": "p"}, state="running")
    assert site.same(guests(), VOLUMES, POOLS) == [["domain old"], ["volume p/over", "volume p/base"], ["pool p"]]


def test_a_base_goes_after_the_disk_that_goes_with_its_guest(site: Site) -> None:
    site.volume("base")
    (site.folder / "old-vda.qcow2").touch()
    site.guest("old", {"backing": "base", "size": "1MiB", "pool": "p"})
    assert site.same(guests(remove_storage=True), VOLUMES) == [["domain old"], ["volume p/base"]]


def test_a_base_stays_while_the_disk_of_a_guest_that_goes_stays(site: Site) -> None:
    site.volume("base")
    (site.folder / "old-vda.qcow2").touch()
    site.guest("old", {"backing": "base", "size": "1MiB", "pool": "p"})
    assert site.same(guests(), VOLUMES) == [["domain old"], []]


@pytest.mark.parametrize("other", [None, "y"])
def test_a_disk_that_a_guest_gives_up_goes(site: Site, other: str | None) -> None:
    site.volume("x")
    kept = [site.volume("y")]
    old = site.guest("old", {"volume": "x", "pool": "p"})
    new = {**old, "disks": [] if other is None else [{"volume": other, "pool": "p"}]}
    said = site.same(guests(new), ("volumes", kept, PURGE), POOLS)
    assert said == [[], ["volume p/x"], [] if other else ["pool p"]]


@pytest.mark.parametrize("new", [False, True])
def test_a_disk_that_a_guest_gets_stays(site: Site, new: bool) -> None:
    site.volume("x")
    old = site.guest("old")
    config = {**old, "name": "new" if new else "old", "disks": [{"volume": "x", "pool": "p"}]}
    _guests, gone, pool = site.same(guests(config), VOLUMES, POOLS)
    assert (gone, pool) == ([], [])


def test_a_guest_that_is_held_back_keeps_what_it_has(site: Site) -> None:
    site.volume("x")
    site.guest("old", {"volume": "x", "pool": "p"}, state="running")
    site.connection.lookupByName("old").managedSave(0)
    result, *rest = site.check(guests(), VOLUMES, POOLS)
    assert "old: is no longer declared, but stays" in result["msg"]
    assert ["used by guest old" in one["msg"] for one in rest] == [True, True]
    site.same(guests(), VOLUMES, POOLS)


def test_a_snapshot_goes_with_its_guest_and_not_with_a_change_of_it(site: Site) -> None:
    site.volume("x")
    old = site.guest("old", {"volume": "x", "pool": "p"})
    site.connection.lookupByName("old").snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>", 0)
    assert site.same(guests({**old, "disks": []}), VOLUMES)[1] == []
    assert site.same(guests(), VOLUMES) == [["domain old"], ["volume p/x"]]


def test_a_guest_of_somebody_else_keeps_it(site: Site) -> None:
    site.volume("x")
    site.guest("old", {"volume": "x", "pool": "p"})
    define(site.connection, file(site.folder / "x"))
    assert site.same(guests(), VOLUMES, POOLS) == [["domain old"], [], []]


NETS = ({"name": "default"}, {"name": "lan", "bridge": "virbr7"}, {"name": "new", "bridge": "virbr8"})


@pytest.mark.parametrize("on", ["network", "bridge"])
@pytest.mark.parametrize("after", ["gone", "moved", "as it was", "another comes"])
def test_a_network_goes_after_its_guests(site: Site, after: str, on: str) -> None:
    site.run(("networks", list(NETS), {}), False)
    interface = {"network": "lan", "mac": "52:54:00:00:00:01"} if on == "network" else {"bridge": "virbr7"}
    old = site.guest("old", interfaces=[interface])
    another = {**old, "name": "another", "interfaces": [{"network": "lan"}]}
    moved = {**old, "interfaces": [{"network": "new", "mac": "52:54:00:00:00:01"}]}
    config = {"gone": [], "moved": [moved], "as it was": [old], "another comes": [another]}[after]
    keep: Step = ("networks", [NETS[0], NETS[2]], PURGE)
    gone = site.same(guests(*config), keep)[1]
    assert gone == (["network lan"] if after in ("gone", "moved") else [])


def test_another_guest_of_that_name_counts_as_it_is(site: Site) -> None:
    site.volume("x")
    site.guest("old", {"volume": "x", "pool": "p"})
    known = {"domains": {"old": {"uuid": "00000000-0000-4000-8000-000000000001", "gone": True}}}
    result = site.run(VOLUMES, True, **{FORECAST: known})
    assert "used by guest old" in result["msg"]


def test_a_real_run_believes_no_forecast(site: Site) -> None:
    site.volume("x")
    site.guest("old", {"volume": "x", "pool": "p"})
    uuid = site.connection.lookupByName("old").UUIDString()
    known = {"domains": {"old": {"uuid": uuid, "gone": True}}}
    assert site.run(VOLUMES, True, **{FORECAST: known})["changed"]
    result = site.run(VOLUMES, False, **{FORECAST: known})
    assert "used by guest old" in result["msg"]
    assert result["changes"] == []


def test_what_guests_will_have_tells_no_secret(site: Site) -> None:
    secret = "<graphics type='vnc' passwd='hunter2'/>"
    step = guests({"name": "new", "memory": "64MiB", "xml": f"<domain><devices>{secret}</devices></domain>"})
    assert "hunter2" not in str(site.run(step, True, **{FORECAST: {}}))

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests use of pools and their devices stays as it is, through whole modules on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool import pool_actions
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.opened import lock
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, URI, define, file, paths
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("disk", ["file", "slashes", "link", "volume"])
def test_a_pool_that_a_guest_uses_does_not_go(connection: Any, run_main: Run, folder: Path, disk: str) -> None:
    folder.with_name("images").symlink_to(folder)
    source = {
        "file": file(folder / "x"),
        "slashes": file(f"/{folder}//x"),
        "link": file(folder.with_name("images") / "x"),
        "volume": "<source pool='p' volume='x'/>",
    }[disk]
    run_main(domains.main, config=[GONE], uri=URI)
    define(connection, source, kind="volume" if disk == "volume" else "file")
    for purge, config in ((True, []), (False, [{"name": "p", "state": "absent"}])):
        for check in (True, False):
            result = run_main(pools.main, config=config, purge=purge, uri=URI, check=check, fails=True)
            assert "used by guest theirs" in result["msg"]
            assert result["changes"] == []
    connection.lookupByName("theirs").undefine()
    assert paths(run_main(pools.main, config=[{"name": "p", "state": "absent"}], uri=URI)) == ["state"]


def test_a_pool_that_a_guest_gets_meanwhile_is_not_stopped(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_main(domains.main, config=[GONE], uri=URI)
    real = KINDS["pool"].actions["stop"]

    def first(*args: Any) -> Any:
        define(connection, file(folder / "x"))
        return real(*args)

    monkeypatch.setitem(KINDS["pool"].actions, "stop", first)
    result = run_main(pools.main, config=[{"name": "p", "state": "absent"}], uri=URI, fails=True)
    assert "pool p: stop: is used by guest theirs: take their disks out of it, or keep it" in result["msg"]
    assert connection.storagePoolLookupByName("p").isActive()


@pytest.mark.parametrize("used", ["by path", "by a link", "as a base", "by a program", "not"])
def test_no_pool_is_made_on_a_device_that_a_guest_uses(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, used: str
) -> None:
    """libvirt takes it for blank, for it knows nothing of what is on it. Here a file stands for the device."""
    device = folder.with_name("device")
    device.write_bytes(b"a database of its own format")
    folder.with_name("link").symlink_to(device)
    if used == "by path":
        define(connection, f"<source dev='{device}'/>", kind="block", form="raw")
    elif used == "by a link":
        define(connection, f"<source dev='{folder.with_name('link')}'/>", kind="block", form="raw")
    elif used == "as a base":
        (folder / "over.qcow2").write_bytes(images.qcow2(str(device)))
    made: list[str] = []

    def start(pool: Any, flags: int) -> None:
        if not made:
            pool.connect().storagePoolLookupByName("none")
        pool.create(0)

    monkeypatch.setattr(pool_actions, "create_pool", start)
    monkeypatch.setattr(libvirt.virStoragePool, "build", lambda pool, flags=0: made.append(pool.name()))
    config = [
        {"name": "vg", "type": "logical", "source": {"devices": [str(device)]}, "target": "/dev/vg", "build": "format"}
    ]
    with device.open("rb+") as file:
        if used == "by a program":
            lock(file.fileno(), 101)
        result = run_main(pools.main, config=config, uri=URI, fails=used != "not")
    assert made == (["vg"] if used == "not" else [])
    assert (f"start: nothing is made anew on {device}, which is used by " in result.get("msg", "")) == (used != "not")


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("disk", ["by path", "by another spelling", "by the other pool", "by this pool"])
def test_of_two_pools_over_a_folder_only_the_one_that_a_guest_names_stays(
    connection: Any, run_main: Run, folder: Path, disk: str, purge: bool
) -> None:
    run_main(domains.main, config=[GONE], uri=URI)
    linked = folder.with_name("linked")
    linked.symlink_to(folder)
    run_main(pools.main, config=[{"name": "linked", "target": str(linked)}], uri=URI)
    source = {
        "by path": file(folder / "x"),
        "by another spelling": file(linked / "x"),
        "by the other pool": "<source pool='p' volume='x'/>",
        "by this pool": "<source pool='linked' volume='x'/>",
    }[disk]
    define(connection, source, kind="volume" if "pool" in disk else "file")
    config = [{"name": "p"}] if purge else [{"name": "linked", "state": "absent"}]
    stays = disk == "by this pool"
    for check in (True, False):
        result = run_main(pools.main, config=config, purge=purge, uri=URI, check=check, fails=stays)
        assert ("used by guest theirs" in result.get("msg", "")) == stays
        assert paths(result) == ([] if stays else ["state"])


@pytest.mark.parametrize("kind", ["netfs", "dir"])
def test_two_pools_do_not_go_together_nor_one_that_mounts_its_folder(
    connection: Any, run_main: Run, folder: Path, kind: str
) -> None:
    run_main(domains.main, config=[GONE], uri=URI)
    linked = folder.with_name("linked")
    linked.symlink_to(folder)
    source = "<source><host name='h'/><dir path='/d'/></source>" if kind == "netfs" else ""
    connection.storagePoolDefineXML(
        f"<pool type='{kind}'><name>linked</name>{source}<target><path>{linked}</path></target></pool>"
    )
    define(connection, file(folder / "x"))
    config = [{"name": "linked", "state": "absent"}]
    config += [{"name": "p", "state": "absent"}] if kind == "dir" else []
    result = run_main(pools.main, config=config, uri=URI, fails=True)
    assert len(result["failures"]) == len(config)
    assert paths(result) == []


@pytest.mark.parametrize("used", [True, False], ids=["used", "not used"])
@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"state": "inactive"}, "guests do not start while a pool with their disks is inactive"),
        ({"target": "/srv/other"}, "their disks will be looked for in /srv/other, so move the files there"),
    ],
    ids=["inactive", "another folder"],
)
def test_who_will_miss_a_pool_is_said(
    connection: Any, run_main: Run, folder: Path, change: dict[str, Any], warning: str, used: bool
) -> None:
    """Disks that are named by their path are found without the pool."""
    run_main(domains.main, config=[GONE], uri=URI)
    define(connection, file(folder / "x"), name="by-path")
    if used:
        define(connection, "<source pool='p' volume='x'/>", kind="volume")
    if "target" in change:  # libvirt's test driver keeps the folder of a pool that is active.
        connection.storagePoolLookupByName("p").destroy()
    change = {"state": "inactive", **change}
    for check in (True, False):
        result = run_main(pools.main, config=[{"name": "p", "target": str(folder), **change}], uri=URI, check=check)
        assert paths(result) == (["target"] if "target" in change else ["state"])
        said = [line for line in result["warnings"] if "is used by" in line]
        assert said == ([f"pool p: is used by guest theirs: {warning}"] if used else [])
    again = run_main(pools.main, config=[{"name": "p", "target": str(folder), **change}], uri=URI)
    assert not [line for line in again["warnings"] if "is used by" in line]


@pytest.mark.parametrize("way", ["by path", "by a link", "elsewhere", "also in another pool", "same folder"])
def test_the_guests_are_named_whose_disks_a_pool_leaves(connection: Any, run_main: Run, folder: Path, way: str) -> None:
    """Disks that are named by their path stay, and are in no pool once it has another folder."""
    run_main(domains.main, config=[GONE], uri=URI)
    linked = folder.with_name("linked")
    linked.symlink_to(folder)
    place = {"by a link": linked / "x", "elsewhere": folder.parent / "x"}.get(way, folder / "x")
    define(connection, file(place), name="web01")
    if way == "also in another pool":
        run_main(pools.main, config=[{"name": "other", "target": str(linked)}], uri=URI)
    connection.storagePoolLookupByName("p").destroy()  # libvirt's test driver keeps the folder of one that is active.
    target = str(folder) if way == "same folder" else "/srv/other"
    words = (
        f"pool p: target: the disks of guest web01 stay in {folder}, which is the folder of no pool then, so that a"
        f" guest whose disk has a size there is refused: declare another pool for {folder} as well, or move these disks"
        " first"
    )
    for check in (True, False):
        config = [{"name": "p", "target": target, "state": "inactive"}]
        said = run_main(pools.main, config=config, uri=URI, check=check)["warnings"]
        assert (words in said) == way.startswith("by ")
        assert any("the disks of" in line for line in said) == way.startswith("by ")

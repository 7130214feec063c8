# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pools, volumes and disks by size, from declaration to storage, on libvirt's test driver.

Its volumes are not files, so it never makes or fills any, and it cannot make them larger.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import storage_observe
from ansible_collections.virtfleet.kvm.plugins.modules import pools_info, volumes_info

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
POOL = {"name": "fast", "target": "/srv/fast"}


@pytest.fixture
def run_pools(run_main: Run) -> Run:
    """Declare pools."""
    from ansible_collections.virtfleet.kvm.plugins.modules import pools

    return lambda *config, **args: run_main(pools.main, config=list(config), **{"uri": URI, **args})


@pytest.fixture
def run_volumes(run_main: Run) -> Run:
    """Declare volumes."""
    from ansible_collections.virtfleet.kvm.plugins.modules import volumes

    return lambda *config, **args: run_main(volumes.main, config=list(config), **{"uri": URI, **args})


@pytest.fixture
def run_info(run_main: Run) -> Run:
    """Ask what there is of pools or volumes."""
    from ansible_collections.virtfleet.kvm.plugins.modules import pools_info, volumes_info

    modules = {"pools": pools_info, "volumes": volumes_info}
    return lambda kind, **args: run_main(modules[kind].main, **{"uri": URI, **args})[kind]


def state(connection: Any) -> dict[str, Any]:
    """All pools with their volumes."""
    return {
        pool.name(): (
            pool.XMLDesc(0),
            pool.isActive(),
            pool.autostart(),
            {volume.name(): volume.XMLDesc() for volume in pool.listAllVolumes()} if pool.isActive() else None,
        )
        for pool in connection.listAllStoragePools(0)
    }


def paths(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["resource"], entry["path"]) for entry in result["changes"]]


def test_a_pool_from_nothing_to_active_and_back(connection: Any, run_pools: Run) -> None:
    before = state(connection)
    said = run_pools(POOL, check=True)
    assert state(connection) == before
    done = run_pools(POOL)
    assert said["changes"] == done["changes"]
    assert paths(done) == [("pool fast", "definition"), ("pool fast", "autostart"), ("pool fast", "state")]
    pool = connection.storagePoolLookupByName("fast")
    assert (pool.isActive(), pool.autostart()) == (1, 1)
    assert run_pools(POOL)["changed"] is False
    assert paths(run_pools({"name": "fast", "state": "inactive"})) == [("pool fast", "state")]
    assert paths(run_pools({"name": "fast", "state": "absent"})) == [("pool fast", "state")]
    assert state(connection) == before


@pytest.mark.parametrize("build", ["directory", "format", "never", None])
def test_what_is_made_is_said_to_the_start(connection: Any, run_pools: Run, build: str | None) -> None:
    run_pools({**POOL, "build": build})
    assert connection.storagePoolLookupByName("fast").isActive()
    run_pools({"name": "fast", "state": "absent"})


def test_volumes_of_several_pools_are_told_apart(connection: Any, run_pools: Run, run_volumes: Run) -> None:
    run_pools(POOL, {"name": "slow", "target": "/srv/slow"})
    config = [{"name": "x", "pool": pool, "capacity": "1MiB", "allocation": 0} for pool in ("fast", "slow")]
    said = run_volumes(*config, check=True)
    done = run_volumes(*config)
    assert said["changes"] == done["changes"]
    assert paths(done) == [("volume fast/x", "definition"), ("volume slow/x", "definition")]
    assert run_volumes(*config)["changed"] is False
    assert paths(run_volumes({"name": "x", "pool": "slow", "state": "absent"})) == [("volume slow/x", "state")]
    assert [volume.name() for volume in connection.storagePoolLookupByName("fast").listAllVolumes()] == ["x"]
    run_volumes({"name": "x", "pool": "fast", "state": "absent"})
    run_pools(*[{"name": name, "state": "absent"} for name in ("fast", "slow")])


def test_a_volume_without_its_pool_names_the_way_out(connection: Any, run_volumes: Run, run_pools: Run) -> None:
    said = run_volumes({"name": "x", "pool": "none", "capacity": "1MiB"}, check=True, fails=True)
    result = run_volumes({"name": "x", "pool": "none", "capacity": "1MiB"}, fails=True)
    assert said["msg"] == result["msg"]
    assert "there is no pool none on this host; declare it with virtfleet.kvm.pools" in result["msg"]
    assert result["failures"][0]["volume"] == "none/x"
    run_pools({**POOL, "state": "inactive"})
    result = run_volumes({"name": "x", "pool": "fast", "capacity": "1MiB"}, fails=True)
    assert "the pool fast is not active; start it" in result["msg"]
    run_pools({"name": "fast", "state": "absent"})


def test_a_guest_with_a_disk_by_size(connection: Any, run_domains: Run, run_pools: Run, run_volumes: Run) -> None:
    run_pools(POOL)
    web = {"name": "web01", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "fast"}], "state": "running"}
    said = run_domains(web, check=True)
    done = run_domains(web)
    assert said["changes"] == done["changes"]
    assert [path for _resource, path in paths(done)] == ["disks[0].volume", "definition", "state"]
    assert run_domains(web)["changed"] is False
    assert "/srv/fast/web01-vda.qcow2" in connection.lookupByName("web01").XMLDesc(0)
    refused = run_volumes({"name": "web01-vda.qcow2", "pool": "fast", "state": "absent"}, fails=True)
    assert "is used by guest web01" in refused["msg"]
    run_domains({"name": "web01", "state": "absent"}, force_shutdown=True)
    assert [volume.name() for volume in connection.storagePoolLookupByName("fast").listAllVolumes()]
    run_volumes({"name": "web01-vda.qcow2", "pool": "fast", "state": "absent"})
    run_pools({"name": "fast", "state": "absent"})


def test_one_volume_is_not_made_for_two_guests(connection: Any, run_domains: Run) -> None:
    disk = {"size": "1MiB", "volume": "same", "pool": "default-pool"}
    result = run_domains(
        {"name": "a", "memory": "64MiB", "disks": [disk]}, {"name": "b", "memory": "64MiB", "disks": [disk]}, fails=True
    )
    assert "the volume default-pool/same is also that of a: disks[0]" in result["msg"]


def test_a_file_that_libvirt_has_not_seen_is_looked_for(connection: Any, tmp_path: Path) -> None:
    class Unaware:
        """A pool that learns of its files only when it is told to look."""

        looked = 0

        def name(self) -> str:
            return "p"

        def XMLDesc(self, flags: int = 0) -> str:  # noqa: N802
            return f"<pool><target><path>{tmp_path}</path></target></pool>"

        def listAllVolumes(self) -> list[Any]:  # noqa: N802
            return []

        def refresh(self) -> None:
            self.looked += 1

    pool = Unaware()

    class Connection:
        def listAllStoragePools(self, flags: int) -> list[Any]:  # noqa: N802
            return [pool]

    assert storage_observe.volumes(Connection(), {"p/x"}) == {}
    assert pool.looked == 0
    (tmp_path / "x").touch()
    storage_observe.volumes(Connection(), {"p/x"}, expected={"p/y"})
    assert pool.looked == 0
    storage_observe.volumes(Connection(), {"p/x"}, expected={"p/x"})
    storage_observe.volumes(Connection(), {"p/x"})
    assert pool.looked == 2


def test_what_is_told_is_taken_back_with_no_change(
    connection: Any, run_pools: Run, run_volumes: Run, run_info: Run
) -> None:
    run_pools(POOL, {"name": "slow", "target": "/srv/slow", "state": "inactive"})
    run_volumes({"name": "x.qcow2", "pool": "fast", "capacity": "3MiB", "permissions": {"mode": "0600"}})
    pools = run_info("pools")
    assert [(pool["name"], pool["active"], pool["uncovered"]) for pool in pools] == [
        ("default-pool", True, []),
        ("fast", True, []),
        ("slow", False, []),
    ]
    assert pools[1]["available"] + pools[1]["allocation"] == pools[1]["capacity"]
    assert "xml" not in pools[1]["config"]
    assert run_pools(*[pool["config"] for pool in pools])["changed"] is False
    (volume,) = run_info("volumes", names=["fast/x.qcow2"])
    assert (volume["path"], volume["capacity"]) == ("/srv/fast/x.qcow2", 3 * 1024**2)
    assert volume["config"]["pool"] == "fast"
    assert "xml" not in volume["config"]
    assert run_volumes(volume["config"])["changed"] is False
    assert [one["name"] for one in run_info("volumes")] == ["x.qcow2"]
    assert run_info("volumes", names=["none"]) == []
    assert (volume["uuid"], volume["persistent"]) == (None, True)
    for module, told in ((pools_info, pools[0]), (volumes_info, volume)):
        assert told.keys() == yaml.safe_load(module.RETURN)[module.__name__.rpartition(".")[2][:-5]]["contains"].keys()
    run_volumes({"name": "x.qcow2", "pool": "fast", "state": "absent"})
    run_pools({"name": "fast", "state": "absent"}, {"name": "slow", "state": "absent"})


def test_a_base_that_is_written_as_a_volume_has_it_is_refused_with_what_to_write(run_domains: Run) -> None:
    disk = {"size": "1MiB", "pool": "default-pool", "backing": {"volume": "base"}}
    result = run_domains({"name": "a", "memory": "64MiB", "disks": [disk]}, fails=True)
    assert "disks[0].backing: takes the name of the volume itself, or POOL/VOLUME, and no options" in result["msg"]


def test_that_the_host_encrypts_a_volume_is_noted(
    connection: Any, run_pools: Run, run_volumes: Run, noted: Any, tmp_path: Path
) -> None:
    """Its size is then what its header says; that of another raw volume is what its file has."""
    run_pools({"name": "p", "target": str(tmp_path)})
    config = [
        {"name": "plain.raw", "pool": "p", "capacity": "1MiB"},
        {
            "name": "sealed.raw",
            "pool": "p",
            "capacity": "1MiB",
            "encryption": {"format": "luks", "secret": {"usage": "/k"}},
        },
    ]
    run_volumes(*config)
    facts = noted.entries("volumes")
    assert ("encryption" in facts["p/plain.raw"], facts["p/sealed.raw"]["encryption"]) == (False, "luks")
    assert run_volumes(*config)["changed"] is False

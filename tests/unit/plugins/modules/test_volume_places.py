# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that is declared in two pools on one folder is refused by check mode and the run alike."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.lacking import Site
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_places
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.plugins.modules import pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
ON_ONE = {"a": ObservedPool("dir", "/x", True), "b": ObservedPool("dir", "/x", True)}
SAME = "the two are one file: declare it once"


@pytest.fixture
def folder(connection: Any, run_main: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pools of this machine: two on one folder."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    for name in ("real", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("real")
    config = [{"name": f"q-{name}", "target": f"{tmp_path}/{name}"} for name in ("real", "link", "other")]
    run_main(pools.main, config=config, uri=URI)
    return tmp_path


def declared(run_main: Run, *places: str, **options: Any) -> dict[str, str]:
    """What is refused of volumes, each POOL/NAME and larger than the one before, by name."""
    config: list[dict[str, Any]] = []
    for size, place in enumerate(places, 1):
        pool, _slash, name = place.partition("/")
        config.append({"name": name, "pool": f"q-{pool}", "capacity": f"{size}MiB"})
    result = run_main(volumes.main, config=config, uri=URI, **options)
    return {failure["volume"]: failure["problem"] for failure in result.get("failures", ())}


@pytest.mark.parametrize("at_once", [True, False])
def test_a_pool_on_the_folder_of_another_by_a_link_is_told_of(
    connection: Any, run_main: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("real")
    config = [{"name": f"q-{name}", "target": f"{tmp_path}/{name}"} for name in ("real", "link", "other")]
    if not at_once:
        run_main(pools.main, config=config[:1], uri=URI)
    for check in (True, False):
        told = run_main(pools.main, config=config, uri=URI, check=check)["warnings"]
        assert any(
            "pool q-link: target:" in line and "folder of the pool q-real by another name" in line for line in told
        )
        assert not [line for line in told if "q-other" in line]
    assert run_main(pools.main, config=config, uri=URI)["warnings"] == []


@pytest.mark.parametrize(("first", "second"), [("real/v", "link/v"), ("link/v", "real/v")])
def test_the_second_is_refused_and_nothing_is_told_of_it(folder: Path, run_main: Run, first: str, second: str) -> None:
    for check in (True, False):
        told = declared(run_main, first, second, check=check, fails=True)
        assert list(told) == [f"q-{second}"]
        assert SAME in told[f"q-{second}"]
        assert f"volume q-{first}" in told[f"q-{second}"]


def test_others_are_made(folder: Path, run_main: Run) -> None:
    assert declared(run_main, "real/v", "link/w", "other/v", "other/w") == {}
    assert declared(run_main, "real/v", "link/w", "other/v", "other/w") == {}


def test_one_that_is_there_is_not_the_one_that_is_refused(folder: Path, run_main: Run) -> None:
    assert declared(run_main, "real/v") == {}
    told = declared(run_main, "link/v", "real/v", check=True, fails=True)
    assert list(told) == ["q-link/v"]


@pytest.mark.parametrize("states", [("absent", "present"), ("present", "absent")])
def test_what_goes_is_not_what_stays(connection: Any, states: tuple[str, str]) -> None:
    """Its file would go with it."""
    (told,) = planned(connection, ON_ONE, states=states)
    assert told == (
        f"pool: its folder is that of volume {'ab'[states.index('present')]}/v, which is the same file and stays:"
        " leave out one of the two"
    )
    assert planned(connection, ON_ONE, (0, 0), states) == []
    assert planned(connection, ON_ONE, states=("absent", "absent")) == []


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A folder that is mounted on another one, where that is allowed."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    command = ["mount", "--bind", str(tmp_path / "one"), str(tmp_path / "two")]
    if subprocess.run(command, check=False, capture_output=True, timeout=20).returncode:
        pytest.skip("nothing can be mounted here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path / "two")], check=False, timeout=20)


def test_a_folder_that_is_mounted_twice_is_one(mounted: Path) -> None:
    assert volume_places.by_folder(f"{mounted}/one/v") == volume_places.by_folder(f"{mounted}/two/v")
    assert volume_places.by_folder(f"{mounted}/one/v") != volume_places.by_folder(f"{mounted}/two/w")


@pytest.mark.parametrize(("one", "two"), [("dir", "fs"), ("logical", "logical"), ("netfs", "dir")])
def test_pools_of_all_types_in_folders(connection: Any, one: str, two: str) -> None:
    assert len(planned(connection, {"a": ObservedPool(one, "/x", True), "b": ObservedPool(two, "//x/.", True)})) == 1


@pytest.mark.parametrize("kind", ["iscsi", "scsi", "rbd", "disk"])
def test_names_of_other_pools_are_their_own(connection: Any, kind: str) -> None:
    assert (
        planned(
            connection,
            {"a": ObservedPool(kind, "/dev/disk/by-path", True), "b": ObservedPool(kind, "/dev/disk/by-path", True)},
        )
        == []
    )


@pytest.mark.parametrize("steps", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_only_where_one_of_them_changes(connection: Any, steps: tuple[int, int]) -> None:
    assert len(planned(connection, ON_ONE, steps)) == (1 if any(steps) else 0)


def planned(
    connection: Any,
    found: dict[str, ObservedPool],
    steps: tuple[int, int] = (1, 1),
    states: tuple[str, str] = ("present", "present"),
) -> list[str]:
    """What is wrong with two volumes, each with so many steps."""
    site = Site(connection, Forecast())
    site.kept["pools"] = found
    plans = [
        plan_of("volume", f"{name}/v", *[Step("grow", 1)] * count) for name, count in zip(found, steps, strict=True)
    ]
    wants = [{"name": "v", "pool": name, "state": state} for name, state in zip(found, states, strict=True)]
    return [told for _plan, told in volume_places.twice(site, plans, wants)]

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the same run makes counts as there, and what it removes as gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call, checked

CHAIN: list[tuple[str, list[dict[str, Any]]]] = [
    ("networks", [{"name": "lan"}, {"name": "off", "state": "active"}]),
    ("pools", [{"name": "fast", "target": "/fast"}, {"name": "off", "target": "/off", "state": "active"}]),
    (
        "volumes",
        [
            {"name": "base.qcow2", "pool": "fast", "capacity": "1MiB"},
            {"name": "over.qcow2", "pool": "off", "capacity": "1MiB", "backing": {"volume": "fast/base.qcow2"}},
        ],
    ),
    (
        "domains",
        [
            {
                "state": "running",
                "interfaces": [{"network": "lan"}, {"network": "off"}],
                "disks": [{"size": "1MiB", "pool": "fast"}, {"volume": "over.qcow2", "pool": "off"}],
            }
        ],
    ),
]


def test_what_tasks_before_would_have_made_counts_as_there(host: Any, run_main: Run, snapshot: Any) -> None:
    before, known = snapshot(), dict[str, Any]()
    foreseen = {}
    for name, config in CHAIN:
        said = call(run_main, name, *config, check=True, **({FORECAST: known} if known else {}))
        foreseen[name] = said["changes"]
        known = _forecast.learn(known, said["changes"])
    assert snapshot() == before
    for name, config in CHAIN:
        assert call(run_main, name, *config)["changes"] == foreseen[name]


@pytest.mark.parametrize("left_out", range(2))
def test_without_one_of_them_the_guest_is_refused(host: Any, run_main: Run, left_out: int) -> None:
    known = dict[str, Any]()
    steps = [step for index, step in enumerate(CHAIN[:-1]) if index != left_out]
    for name, config in steps:
        options = {FORECAST: known} if known else {}
        said = call(run_main, name, *config, check=True, fails=name == "volumes" and left_out == 1, **options)
        known = _forecast.learn(known, said["changes"])
    call(run_main, CHAIN[-1][0], *CHAIN[-1][1], check=True, fails=True, **{FORECAST: known})


def test_what_would_be_gone_is_not_there(host: Any, run_main: Run) -> None:
    said = call(run_main, "networks", {"name": "default", "state": "absent"}, check=True)
    known = _forecast.learn({}, said["changes"])
    guest = {"state": "running", "interfaces": [{"network": "default"}]}
    result = call(run_main, "domains", guest, check=True, fails=True, **{FORECAST: known})
    assert "there is no network default on this host" in result["msg"]


MOVES: list[tuple[str, str, Callable[[str], dict[str, Any]]]] = [
    ("networks", "is that of the network off", lambda place: {"bridge": f"vb-{place}"}),
    ("pools", "is the folder of the pool off", lambda place: {"target": f"/{place}"}),
]


@pytest.mark.parametrize(("name", "words", "at"), MOVES)
def test_what_moves_away_frees_its_place(
    host: Any, run_main: Run, name: str, words: str, at: Callable[[str], dict[str, Any]]
) -> None:
    first = [{"name": "off", "state": "inactive", **at("b")}, {"name": "bad", "state": "inactive", **at("a")}]
    call(run_main, name, *first)
    moved = [{"name": "off", **at("c")}, {"name": "bad", **at("b")}]
    assert words in call(run_main, name, *reversed(moved), check=True, fails=True)["msg"]  # In the order of the run.
    known = _forecast.learn({}, call(run_main, name, moved[0], check=True)["changes"])
    assert call(run_main, name, moved[1], check=True, **{FORECAST: known})["changed"]
    said = call(run_main, name, *moved, check=True)
    assert call(run_main, name, *moved)["changes"] == said["changes"]


@pytest.mark.parametrize(("name", "words", "at"), MOVES)
def test_what_runs_or_is_refused_keeps_its_place(
    host: Any, run_main: Run, name: str, words: str, at: Callable[[str], dict[str, Any]]
) -> None:
    call(run_main, name, {"name": "off", "state": "active", **at("b")}, {"name": "third", **at("c")})
    moved = [{"name": "off", **at("d")}, {"name": "bad", **at("b")}]
    assert words in call(run_main, name, *moved, check=True, fails=True)["msg"]  # It has the old one until it restarts.
    call(run_main, name, {"name": "off", "state": "inactive"})
    moved[0] = {"name": "off", **at("c")}  # That of the third.
    result = call(run_main, name, *moved, check=True, fails=True)
    assert [next(iter(failure.values())) for failure in result["failures"]] == ["off", "bad"]


NET = {"name": "lan", "bridge": "virbr9"}

LEFT = {"type": "netfs", "target": "HERE/mnt", "source": {"hosts": [{"name": "nas.example"}], "dir": "/iso"}}

NAS = {"name": "nas", **LEFT}

COMING: list[tuple[list[tuple[str, dict[str, Any]]], dict[str, Any]]] = [
    ([("networks", NET)], {"interfaces": [{"bridge": "virbr9"}]}),
    ([("networks", {"name": "lan"})], {"interfaces": [{"bridge": "virbr1"}]}),
    (
        [("networks", NET), ("networks", {"name": "over", "forward": {"mode": "bridge"}, "bridge": "virbr9"})],
        {"interfaces": [{"network": "over"}]},
    ),
    ([("pools", NAS)], {"disks": [{"file": "HERE/mnt/x.iso", "device": "cdrom"}]}),
    ([("pools", NAS)], {"disks": [{"image": "HERE/mnt/base.img", "pool": "default-pool"}]}),
    ([("pools", {"name": "off", "target": "/off", "state": "active"})], {"disks": [{"file": "/off/x"}]}),
    ([("pools", {"name": "d", "target": "HERE/d"})], {"filesystems": [{"source": "HERE/d", "target": "x"}]}),
]


def placed(item: Any, here: Path) -> Any:
    return json.loads(json.dumps(item).replace("HERE", str(here)))


@pytest.mark.parametrize(("steps", "guest"), COMING)
def test_what_comes_with_another_thing_is_not_judged(
    here: Path, run_main: Run, steps: list[tuple[str, dict[str, Any]]], guest: dict[str, Any]
) -> None:
    tasks = [(name, [placed(item, here)]) for name, item in steps]
    said = checked(run_main, *tasks, ("domains", [{**placed(guest, here), "state": "running"}]))
    assert [line for line in said["warnings"] if "there is no" in line or "no bridge" in line] == []


def test_what_this_run_removes_is_not_recommended(host: Any, run_main: Run) -> None:
    known = {"networks": {"default": None}, "pools": {"default-pool": None}, "volumes": {"off/x": None}}
    guest = {"state": "running", "interfaces": [{"network": "default"}], "disks": [{"size": "1MiB", "pool": "off"}]}
    said = call(run_main, "domains", guest, check=True, fails=True, **{FORECAST: known})
    assert "there is no network default on this host once this run has removed it: keep it" in said["msg"]
    assert "did you mean" not in said["msg"]


def test_a_network_that_would_be_gone_leaves_its_bridge_to_another(here: Path, run_main: Run) -> None:
    (here / "sys/class/net/virbr0").mkdir()
    said = checked(
        run_main, ("networks", [{"name": "default", "state": "absent"}]), ("networks", [{"bridge": "virbr0"}])
    )
    assert said["warnings"] == []
    changes = checked(run_main, ("networks", [{"bridge": "virbr9"}]), ("networks", [{"bridge": "ovsbr0"}]))
    assert any("ovsbr0 is on this host already" in line for line in changes["warnings"])


@pytest.mark.parametrize(("name", "there"), [("networks", "default"), ("pools", "default-pool")])
def test_what_would_be_gone_leaves_its_uuid_to_another(host: Any, run_main: Run, name: str, there: str) -> None:
    found = host.networkLookupByName(there) if name == "networks" else host.storagePoolLookupByName(there)
    heir = {"uuid": found.UUIDString(), **({} if name == "networks" else {"target": "/default-pool"})}
    assert "its UUID is that of" in call(run_main, name, heir, check=True, fails=True)["msg"]
    assert checked(run_main, (name, [{"name": there, "state": "absent"}]), (name, [heir]))["changed"]


@pytest.mark.parametrize("kind", ["qcow2", "raw"])
def test_files_in_the_folder_of_a_pool_to_come_are_its_volumes(here: Path, run_main: Run, kind: str) -> None:
    """As when a host is taken over: its disks are files, and a pool is declared for their folder."""
    images = here / "images"
    images.mkdir()
    (images / "x").write_bytes(qcow2() if kind == "qcow2" else bytes(1024**2))
    call(run_main, "domains", {"disks": [{"file": f"{images}/x", "format": kind, "target": "vda"}]})
    pool = ("pools", [{"name": "p", "target": str(images)}])
    disk = {"volume": "x", "pool": "p", "size": "64MiB", "format": kind, "target": "vda"}
    changes = {
        change["path"]: change for change in checked(run_main, pool, ("domains", [{"disks": [disk]}]))["changes"]
    }
    assert changes["disks[0].size"]["after"] == "64MiB"
    known = checked(run_main, pool, ("volumes", [{"name": "x", "pool": "p", "capacity": "64MiB", "format": kind}]))
    assert [change["path"] for change in known["changes"]] == ["capacity"]

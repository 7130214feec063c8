# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of a site in check mode on a host without libvirt, each told of what those before it would have made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import bare_host
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast

Run = Callable[..., dict[str, Any]]
MODULES: dict[str, Any] = {"networks": networks, "pools": pools, "volumes": volumes, "domains": domains}
URI = "qemu:///system"
EVERYTHING = {"remove_storage": True, "remove_nvram": True, "remove_tpm": True, "remove_saved_state": True}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host has no libvirt, and never had."""
    monkeypatch.setattr(binding, "libvirt", None)
    monkeypatch.setattr(bare_host, "DEFINITIONS", "/no/such/folder")


def site(folder: Path, **states: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """What is declared, by module.

    :param states: of pools, volumes and guests
    """
    pool = {"name": "fast", "target": str(folder / "fast"), "state": states.get("pools", "active")}
    volume = {"name": "data", "pool": "fast", "capacity": "1MiB", "state": states.get("volumes", "present")}
    guest = {
        "name": "web01",
        "memory": "1GiB",
        "state": states.get("domains", "running"),
        "disks": [{"size": "10MiB", "pool": "fast"}, {"size": "1MiB"}, {"pool": "fast", "volume": "data"}],
        "interfaces": [{"network": "default"}, {"network": "lan"}],
    }
    network = {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"}
    default = {"name": "default", "target": str(folder / "images"), "state": pool["state"]}
    return [("networks", [network]), ("pools", [pool, default]), ("volumes", [volume]), ("domains", [guest])]


def checked(run_main: Run, tasks: list[tuple[str, list[dict[str, Any]]]], **options: Any) -> list[list[str]]:
    """The resources and options that each task would change."""
    known: dict[str, Any] = {"links": {"br0": {"type": "bridge"}}}
    found = []
    for name, config in tasks:
        more = {**options, **(EVERYTHING if name == "domains" else {}), **({FORECAST: known} if known else {})}
        said = run_main(MODULES[name].main, config=config, uri=URI, check=True, **more)
        known = _forecast.learn(known, said["changes"])
        found.append([f"{change['resource']} {change['path']}" for change in said["changes"]])
    return found


@pytest.mark.parametrize("purge", [False, True])
def test_a_whole_site_is_foretold(run_main: Run, tmp_path: Path, purge: bool) -> None:
    made = checked(run_main, site(tmp_path), purge=purge)
    assert [changes[0].split()[0] for changes in made] == ["network", "pool", "volume", "domain"]
    assert "domain web01 disks[0].volume" in made[3]


@pytest.mark.parametrize("name", ["web01-vda.qcow2", "data"])
def test_files_that_are_there_will_be_the_volumes_of_a_pool_to_come(run_main: Run, tmp_path: Path, name: str) -> None:
    whole = checked(run_main, site(tmp_path))
    (tmp_path / "fast").mkdir()
    (tmp_path / "fast" / name).write_bytes(b"\0" * (10 if name == "web01-vda.qcow2" else 1) * 1024 * 1024)
    tasks = site(tmp_path)
    tasks[2][1][0]["format"] = "raw"
    tasks[3][1][0]["disks"][0].update(format="raw", volume="web01-vda.qcow2")
    there = checked(run_main, tasks)
    assert there[:2] == whole[:2]
    assert (there[2] == []) == (name == "data")


@pytest.mark.parametrize("kind", ["pools", "volumes", "domains"])
def test_what_is_to_be_absent_is_no_change(run_main: Run, tmp_path: Path, kind: str) -> None:
    order = ["networks", "pools", "volumes", "domains"]
    tasks = site(tmp_path, **dict.fromkeys(order[order.index(kind) :], "absent"))
    found = dict(zip(order, checked(run_main, tasks), strict=True))
    assert all(found[name] == [] for name in order[order.index(kind) :])


def refusals(run_main: Run, tasks: list[tuple[str, list[dict[str, Any]]]], failing: str = "") -> list[str]:
    """What the tasks refuse.

    :param failing: the module that does
    """
    known: dict[str, Any] = {"links": {"br0": {"type": "bridge"}}} if len(tasks) > 1 else {}
    said = []
    for name, config in tasks:
        more = {FORECAST: known} if known else {}
        told = run_main(MODULES[name].main, config=config, uri=URI, check=True, fails=name == failing, **more)
        said += told["msg"].splitlines()[1:] if told.get("failed") else []
        known = _forecast.learn(known, told["changes"])
    return said


LACKS: dict[str, tuple[Callable[[dict[str, list[dict[str, Any]]]], Any], str]] = {
    "the pool of a new disk": (
        lambda site: site["domains"][0]["disks"].append({"size": "1MiB", "pool": "fats"}),
        "domain web01: disks[3].pool: there is no pool fats on this host; declare it with virtfleet.kvm.pools (kvm_"
        "pools of the role), or did you mean 'fast'?",
    ),
    "the pool default, as only others are declared": (
        lambda site: site["pools"].pop(),
        "domain web01: disks[1].pool: there is no pool default on this host; declare it with virtfleet.kvm.pools"
        " (kvm_pools of the role), or correct the name",
    ),
    "the pool of a volume": (
        lambda site: site["volumes"].append({"name": "b", "pool": "nope", "capacity": "1MiB"}),
        "volume nope/b: pool: there is no pool nope on this host; declare it with virtfleet.kvm.pools (kvm_pools of the"
        " role), or correct the name",
    ),
    "the pool of a volume that a guest names": (
        lambda site: site["domains"][0]["disks"].append({"volume": "x", "pool": "nope"}),
        "domain web01: disks[3].volume: there is no pool nope on this host; declare it with virtfleet.kvm.pools"
        " (kvm_pools of the role), or correct the name",
    ),
    "a network": (
        lambda site: site["domains"][0]["interfaces"].append({"network": "lam"}),
        "domain web01: interfaces[2].network: there is no network lam on this host: declare it, or did you mean 'lan'?",
    ),
    "a bridge": (
        lambda site: site["domains"][0]["interfaces"].append({"bridge": "br77"}),
        "domain web01: interfaces[2].bridge: there is no network device br77 on this host: declare it with"
        " virtfleet.kvm.links (kvm_links of the role), or correct the name",
    ),
}


@pytest.mark.parametrize("case", LACKS)
def test_what_the_run_would_refuse_is_refused(run_main: Run, tmp_path: Path, case: str) -> None:
    change, sentence = LACKS[case]
    tasks = site(tmp_path)
    assert refusals(run_main, tasks) == []
    change(dict(tasks))
    assert refusals(run_main, tasks, f"{sentence.split()[0]}s") == [sentence]


def test_what_comes_with_the_packages_is_there(run_main: Run, tmp_path: Path) -> None:
    tasks = site(tmp_path)
    tasks[3][1][0]["interfaces"] += [{"network": "default"}, {"bridge": "virbr0"}]
    assert refusals(run_main, tasks) == []


def test_what_nobody_knows_of_is_no_reason(run_main: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that libvirt had before, and what tasks before may have made where none of them told."""
    monkeypatch.setattr(bare_host, "DEFINITIONS", str(tmp_path))
    (tmp_path / "lam.xml").touch()
    tasks = site(tmp_path)
    tasks[3][1][0]["interfaces"].append({"network": "lam"})
    assert refusals(run_main, tasks) == []
    alone = {"name": "db", "memory": "1GiB", "state": "running", "disks": [{"size": "1MiB"}]}
    assert (
        refusals(run_main, [("domains", [{**alone, "interfaces": [{"network": "lan"}, {"network": "default"}]}])]) == []
    )

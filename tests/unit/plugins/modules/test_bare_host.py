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
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast

Run = Callable[..., dict[str, Any]]
MODULES: dict[str, Any] = {"networks": networks, "pools": pools, "volumes": volumes, "domains": domains}
URI = "qemu:///system"
EVERYTHING = {"remove_storage": True, "remove_nvram": True, "remove_tpm": True, "remove_saved_state": True}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host has no libvirt."""
    monkeypatch.setattr(binding, "libvirt", None)


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
    return [("networks", [network]), ("pools", [pool]), ("volumes", [volume]), ("domains", [guest])]


def checked(run_main: Run, tasks: list[tuple[str, list[dict[str, Any]]]], **options: Any) -> list[list[str]]:
    """The resources and options that each task would change."""
    known = dict[str, Any]()
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

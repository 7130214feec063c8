# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lacks is said in check mode as in the run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call

LACKING: list[tuple[str, dict[str, Any], str]] = [
    ("domains", {"state": "running", "interfaces": [{"network": "x"}]}, "interfaces[0].network: there is no network x"),
    ("domains", {"state": "paused", "interfaces": [{"network": "x"}]}, "interfaces[0].network: there is no network x"),
    (
        "domains",
        {"state": "running", "interfaces": [{"network": "default"}, {"network": "defualt"}]},
        "interfaces[1].network: there is no network defualt on this host: declare it, or did you mean 'default'?",
    ),
    ("domains", {"state": "running", "interfaces": [{"network": "off"}]}, "the network off is not active"),
    ("domains", {"disks": [{"size": "1MiB", "pool": "defualt-pool"}]}, "disks[0].pool: there is no pool defualt-pool"),
    ("domains", {"disks": [{"size": "1MiB", "pool": "off"}]}, "disks[0].pool: the pool off is not active"),
    ("domains", {"disks": [{"size": "1MiB", "pool": "off"}], "state": "running"}, "disks[0].pool: the pool off is not"),
    (
        "domains",
        {"disks": [{"size": "1MiB", "pool": "default-pool"}, {"image": "x", "pool": "default-pool"}]},
        "disks[1].image: there is no volume x in the pool default-pool",
    ),
    ("domains", {"disks": [{"backing": "x", "pool": "default-pool"}]}, "disks[0].backing: there is no volume x"),
    (
        "domains",
        {"disks": [{"volume": "x", "pool": "off"}], "state": "running"},
        "disks[0].volume: the pool off is not",
    ),
    ("domains", {"disks": [{"volume": "x", "pool": "y"}], "state": "running"}, "disks[0].volume: there is no pool y"),
    (
        "domains",
        {"boot": ["hd"], "disks": [{"file": "/x", "boot": {"order": 1}}]},
        "boot: does not go together with boot.order of a device",
    ),
    ("volumes", {"pool": "x", "capacity": "1MiB"}, "pool: there is no pool x on this host"),
    ("volumes", {"pool": "off", "capacity": "1MiB"}, "pool: the pool off is not active"),
    ("volumes", {"pool": "default-pool", "clone_from": "x"}, "clone_from: there is no volume x"),
    ("volumes", {"pool": "default-pool", "backing": {"volume": "off/x"}}, "backing: the pool off is not active"),
    ("networks", {"bridge": "virbr0"}, "bridge: virbr0 is that of the network default"),
    ("pools", {"target": "/default-pool"}, "target: /default-pool is the folder of the pool default-pool"),
    ("pools", {"target": "//default-pool/."}, "target: /default-pool is the folder of the pool default-pool"),
]


@pytest.mark.parametrize(("name", "item", "words"), LACKING)
def test_what_the_host_lacks_is_said_before(
    host: Any, run_main: Run, snapshot: Any, name: str, item: dict[str, Any], words: str
) -> None:
    before = snapshot()
    said = call(run_main, name, item, check=True, fails=True)
    done = call(run_main, name, item, fails=True)
    assert words in said["msg"]
    assert said["msg"].count("the pool off is not active") <= 1
    for part in ("msg", "changed", "changes", "failures", "warnings"):
        assert said.get(part) == done.get(part), part
    assert snapshot() == before


def test_one_that_is_refused_stops_no_other(host: Any, run_main: Run) -> None:
    good = {"name": "good", "state": "running", "interfaces": [{"network": "default"}]}
    bad = {"state": "running", "interfaces": [{"network": "x"}]}
    for check in (True, False):
        result = call(run_main, "domains", bad, good, check=check, fails=True)
        assert [failure["domain"] for failure in result["failures"]] == ["bad"]
        assert {change["resource"] for change in result["changes"]} == {"domain good"}


def test_a_guest_that_stays_off_is_warned_of(host: Any, run_main: Run) -> None:
    result = call(run_main, "domains", {"interfaces": [{"network": "x"}]})
    assert any("there is no network x" in line and "until then" in line for line in result["warnings"])
    assert call(run_main, "domains", {"interfaces": [{"network": "x"}]})["warnings"] == []


def test_a_running_guest_gets_no_interface_on_what_is_not_there(host: Any, run_main: Run) -> None:
    call(run_main, "domains", {"name": "runs", "state": "running", "interfaces": [{"network": "default"}]})
    host.networkLookupByName("default").destroy()  # What it has is not looked at.
    more = [{"network": "default"}, {"network": "x"}]
    result = call(run_main, "domains", {"name": "runs", "interfaces": more}, check=True, fails=True)
    assert result["failures"] == [
        {
            "domain": "runs",
            "problem": "interfaces[1].network: there is no network x on this host: declare it, or correct the name",
        }
    ]


def test_a_pool_of_a_type_that_libvirt_has_no_driver_for(secret_host: Any, run_main: Run) -> None:
    """Unless the role host would have installed packages: one of them may be that driver."""
    secret_host.getStoragePoolCapabilities = lambda flags: (
        "<storagepoolCapabilities><pool type='dir' supported='yes'/><pool type='disk' supported='no'/>"
        "</storagepoolCapabilities>"
    )
    disk = {"type": "disk", "target": "/dev", "source": {"devices": ["/dev/null"]}, "state": "present"}
    words = "type: this host's libvirt has no driver for pools of type disk: install the package"
    for check in (True, False):
        result = call(run_main, "pools", disk, {"name": "good", "target": "/good"}, check=check, fails=True)
        assert words in result["msg"]
        assert {change["resource"] for change in result["changes"]} == {"pool good"}
    foretold = call(run_main, "pools", disk, check=True, **{FORECAST: {"packages": {"host_installed": {}}}})
    assert [line for line in foretold["warnings"] if words in line]


DOUBTFUL: list[tuple[str, dict[str, Any], str]] = [
    ("networks", {"bridge": "virbr0"}, "bridge: virbr0 is that of the network default"),
    ("networks", {"bridge": "lo"}, "bridge: lo is on this host already"),
    ("pools", {"target": "/default-pool"}, "target: /default-pool is the folder of the pool default-pool"),
    (
        "domains",
        {"state": "running", "interfaces": [{"bridge": "brx"}]},
        "there is no network device brx on this host: declare it with virtfleet.kvm.links (kvm_links of the role), or ",
    ),
    ("domains", {"state": "running", "interfaces": [{"bridge": "lo"}]}, "the network device lo is no bridge"),
    ("domains", {"state": "running", "disks": [{"file": "/no/x"}]}, "disks[0].file: there is no file /no/x"),
    ("domains", {"state": "running", "filesystems": [{"source": "/no", "target": "x"}]}, "there is no folder /no"),
    ("domains", {"disks": [{"image": "/no/x", "pool": "default-pool"}]}, "disks[0].image: there is no file /no/x"),
]


@pytest.mark.parametrize(("name", "item", "words"), DOUBTFUL)
def test_what_an_earlier_task_may_solve_is_only_warned_of(
    host: Any, run_main: Run, monkeypatch: pytest.MonkeyPatch, name: str, item: dict[str, Any], words: str
) -> None:
    """All else is refused as in the run: what the check of a site says may not depend on what else changes there."""
    monkeypatch.setattr(lacking, "FOREIGN", ())
    monkeypatch.setattr(
        lacking, "may_exist", lambda path, real=lacking.may_exist: path == "/default-pool" or real(path)
    )
    refused = call(run_main, name, item, fails=True)["msg"]
    assert words in refused
    known: dict[str, Any] = {
        "pools": {"other": {"type": "netfs", "target": "/other", "state": "active"}},
        "networks": {"other": {"bridge": "other", "state": "active", "forward": {"mode": "nat"}}},
        "links": {"other": {"type": "bridge"}},
        "domains": {"other": {"gone": True}},
    }
    known = {kind: entries for kind, entries in known.items() if kind != name}
    assert call(run_main, name, item, check=True, fails=True, **{FORECAST: known})["msg"] == refused
    if name != "domains":
        known[name] = {"other": {"state": "active"}}
        result = call(run_main, name, item, check=True, **{FORECAST: known})
        assert result["changed"]
        assert any(words in line for line in result["warnings"])
    if name == "domains":  # Networks are known for certain.
        more = {**item, "state": "running", "interfaces": [{"network": "x"}]}
        result = call(run_main, name, more, check=True, fails=True, **{FORECAST: known})
        assert "there is no network x" in result["msg"]


@pytest.mark.parametrize("cells", [0, 2])
def test_memory_in_pieces_is_only_warned_of(
    here: Path, run_main: Run, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr(readiness, "memory_and_swap", lambda: 1024**3)
    monkeypatch.setattr(readiness, "content", lambda path: "0")
    guest: dict[str, Any] = {"state": "running", "memory": "1200MiB", "vcpus": 2}
    if cells:
        nodes = [{"id": number, "cpus": str(number), "memory": "600MiB"} for number in range(cells)]
        guest["cpu"] = {"numa": {"cells": nodes}}
    said = call(run_main, "domains", guest, check=True, fails=not cells)
    words = "memory: is 1200MiB, and this host has 1GiB with its swap"
    assert any(words in line for line in (said["warnings"] if cells else [said["msg"]]))


@pytest.mark.parametrize(("gone", "warns"), [({}, True), ({"state": "stopped"}, False), ({"state": "absent"}, False)])
def test_more_memory_together_than_the_host_has_is_warned_of(
    here: Path, run_main: Run, monkeypatch: pytest.MonkeyPatch, gone: dict[str, Any], warns: bool
) -> None:
    """Each of them has less, and is started."""
    monkeypatch.setattr(readiness, "memory_and_swap", lambda: 3 * 1024**3)  # 2 GiB has the driver's guest test.
    large = {"state": "running", "memory": "600MiB"}
    config = [{**large, "name": "one"}, {**large, "name": "two"}, {"name": "test", **gone}]
    for check in (True, False):
        said = call(run_main, "domains", *config, force_shutdown=True, check=check)
        words = "domain two: memory: the guests that run on this host have 3248MiB together with this one"
        assert [line[: len(words)] for line in said["warnings"] if "together" in line] == [words] * warns


def test_a_pool_whose_folder_is_gone_while_it_is_active(here: Path, run_main: Run) -> None:
    """libvirt goes on calling it active: the pool was "ok", and a volume failed with the words of qemu-img."""
    folder = here / "mounted"
    folder.mkdir()
    pool = {"name": "lost", "target": str(folder)}
    call(run_main, "pools", pool)
    folder.rmdir()
    for check in (True, False):
        said = call(run_main, "pools", pool, check=check)
        assert [line for line in said["warnings"] if f"its folder {folder} is gone: mount it again, or restart" in line]
        for name, item in (
            ("volumes", {"pool": "lost", "capacity": "1MiB"}),
            ("domains", {"disks": [{"size": "1MiB", "pool": "lost"}]}),
        ):
            said = call(run_main, name, item, check=check, fails=True)
            assert f"pool: the pool lost is active, but its folder {folder} is gone" in said["msg"]
            assert said["changes"] == []
    folder.mkdir()
    assert [line for line in call(run_main, "pools", pool)["warnings"] if "is gone" in line] == []


def test_files_of_many_volumes_are_looked_up_fast(host: Any, here: Path, run_main: Run) -> None:
    call(run_main, "pools", {"name": "files", "target": str(here)})
    site = lacking.Site(host, Forecast(volumes={f"files/v{number}": {} for number in range(3000)}))
    begun = time.process_time()
    assert [site.file(f"{here}/v{number}") for number in range(3000)] == [None] * 3000
    assert site.file(f"{here}/other") is not None
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(("disk", "bad"), [("disk", True), ("lun", True), ("cdrom", False), ("floppy", False)])
def test_a_disk_on_nothing_is_refused(disk: str, bad: bool) -> None:
    """QEMU's driver of libvirt refuses to define it; the test driver takes it."""
    device = f"<disk type='file' device='{disk}'><target dev='vda' bus='virtio'/></disk>"
    other = "<disk type='file' device='disk'><source file='/x'/><target dev='vdb' bus='virtio'/></disk>"
    root = ET.fromstring(f"<domain type='kvm'><devices>{other}{device}</devices></domain>")
    told = list(readiness.without_source(root))
    assert [line[: len("disks[1]: has no source: write size")] for line in told] == (
        ["disks[1]: has no source: write size"] if bad else []
    )

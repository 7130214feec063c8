# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a pool is on a file system that is read-only: check mode says so, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import file_systems
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, volumes

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
SAID = "is on a file system that is read-only; make that writable"
OLD, NEW = {"name": "old", "pool": "p", "capacity": "1MiB"}, {"name": "new", "pool": "p", "capacity": "1MiB"}


@pytest.fixture
def here(connection: Any, run_main: Run, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pool of this machine, with a volume, which cannot be written any more."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path)}], uri=URI)
    (tmp_path / "old").touch()
    run_main(volumes.main, config=[OLD], uri=URI)
    statvfs, shut = os.statvfs, (str(tmp_path), f"{tmp_path}/there")

    def asked(path: Any) -> Any:
        return (
            SimpleNamespace(f_flag=os.ST_RDONLY, f_bfree=2**20, f_frsize=4096) if str(path) in shut else statvfs(path)
        )

    monkeypatch.setattr(file_systems.os, "statvfs", asked)
    return tmp_path


def refused(run_main: Run, module: Any, config: list[dict[str, Any]], words: str, **more: Any) -> None:
    """Both refuse an item in the same words, and leave the volume."""
    said, done = (
        run_main(module.main, config=config, uri=URI, check=check, fails=True, **more) for check in (True, False)
    )
    assert said["msg"] == done["msg"]
    assert words in said["msg"]
    assert said["changes"] == done["changes"] == []


def test_nothing_is_made_there(run_main: Run, here: Path) -> None:
    refused(run_main, volumes, [OLD, NEW], f"volume p/new: pool: the folder {here} {SAID}, or take another pool")
    guest = {"name": "g", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}]}
    refused(run_main, domains, [guest], f"domain g: disks[0].pool: the folder {here} {SAID}, or take another pool")


@pytest.mark.parametrize("config", [[], [{**OLD, "state": "absent"}]])
def test_nothing_is_deleted_there(run_main: Run, here: Path, config: list[dict[str, Any]]) -> None:
    refused(run_main, volumes, config, f"volume p/old: state: the folder {here} {SAID}", purge=not config)
    assert (here / "old").exists()


def test_what_will_be_mounted_there_is_not_known(run_main: Run, here: Path) -> None:
    forecast = {"pools": {"p": {"type": "dir", "target": str(here), "active": True}}}
    run_main(volumes.main, config=[OLD, NEW], uri=URI, check=True, **{FORECAST: forecast})


@pytest.mark.parametrize("below", ["new", "new/er"])
@pytest.mark.parametrize("there", [False, True])
def test_no_folder_of_a_pool_is_made_there(run_main: Run, here: Path, below: str, there: bool) -> None:
    pool = {"name": "n", "target": f"{here}/{below}"}
    if there:
        run_main(pools.main, config=[{**pool, "state": "inactive"}], uri=URI)
    words = f"pool n: target: {here}/{below} cannot be made: the folder {here} {SAID}, or take another folder"
    refused(run_main, pools, [pool], words)
    run_main(pools.main, config=[{**pool, "state": "inactive"}], uri=URI)


@pytest.mark.parametrize(("target", "kind"), [("/proc/p14", "proc"), ("/proc/self/a/b", "proc"), ("/sys/p15", "sysfs")])
def test_no_folder_of_a_pool_is_made_among_those_of_the_kernel(
    run_main: Run, here: Path, target: str, kind: str
) -> None:
    words = f"only the kernel makes folders (it is on a file system of type {kind}), or take another folder"
    refused(run_main, pools, [{"name": "n", "target": target}], words)


def test_a_folder_that_is_there_or_will_be_mounted_is_taken(run_main: Run, here: Path) -> None:
    (here / "there").mkdir()
    assert run_main(pools.main, config=[{"name": "n", "target": f"{here}/there"}], uri=URI, check=True)["changed"]
    server = {"hosts": [{"name": "nfs.example.com"}], "dir": "/export"}
    mount = {"name": "m", "type": "netfs", "target": f"{here}/there", "source": server}
    pool = {"name": "n", "target": f"{here}/there/new"}
    assert run_main(pools.main, config=[mount, pool], uri=URI, check=True)["changed"]
    facts = {"pools": {"m": {"type": "netfs", "target": str(here), "active": True}}}
    assert run_main(pools.main, config=[{**pool, "target": f"{here}/new"}], uri=URI, check=True, **{FORECAST: facts})

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
    statvfs = os.statvfs

    def asked(path: Any) -> Any:
        return SimpleNamespace(f_flag=os.ST_RDONLY) if str(path) == str(tmp_path) else statvfs(path)

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

# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in place of a file that was made, and is none: a link, a folder, a pipe. It counts as somebody else's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, OLD, URI, paths, stays

Run = Callable[..., dict[str, Any]]
HOW = ("moved", "foreign", "folder", "pipe")
WORDS = {"moved": "a symbolic link to {0}", "foreign": "a symbolic link to {0}", "folder": "a folder", "pipe": "pipe"}


def replace(file: Path, how: str) -> Path:
    """Put something else in place of a file. Returns what a link leads to, else the place itself."""
    other = file.parent.with_name("elsewhere.qcow2")
    if how == "moved":
        other.write_bytes(file.read_bytes())
    else:
        other.write_bytes(b"somebody's")
    file.unlink()
    if how in ("moved", "foreign"):
        file.symlink_to(other)
        return other
    file.mkdir() if how == "folder" else os.mkfifo(file)
    return file


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("how", HOW)
def test_what_is_in_place_of_a_disk_stays(connection: Any, declare: Run, folder: Path, how: str, purge: bool) -> None:
    other = replace(folder / "old-vda.qcow2", how)
    result = declare(domains, *([] if purge else [GONE]), purge=purge, remove_storage=True)
    stays(connection, result, WORDS[how].format(other), "remove by hand")
    assert paths(result) == ["state"]
    assert os.path.lexists(folder / "old-vda.qcow2")


@pytest.mark.parametrize("how", HOW)
def test_what_is_in_place_of_a_disk_is_not_made_larger(
    run_main: Run, folder: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lacking, "FOREIGN", ())
    other = replace(folder / "old-vda.qcow2", how)
    larger = {**OLD, "disks": [{"size": "2MiB", "pool": "p", "format": "qcow2"}]}
    new = {"name": "new", "memory": "64MiB"}
    for check in (True, False):
        result = run_main(domains.main, config=[larger, new], uri=URI, check=check, fails=True)
        assert "domain old: disks[0].size: " in result["msg"]
        assert WORDS[how].format(other) in result["msg"]
        assert paths(result) == ["definition"]


@pytest.fixture
def declared(declare: Run, folder: Path) -> Path:
    """Two volumes that were declared as such."""
    for name in ("v.raw", "w.raw"):
        (folder / name).write_bytes(b"data")
        declare(volumes, {"name": name, "pool": "p", "capacity": "1MiB", "format": "raw"})
    return folder


@pytest.mark.parametrize("how", HOW)
def test_what_is_in_place_of_a_volume_is_not_purged(declare: Run, declared: Path, how: str) -> None:
    other = replace(declared / "v.raw", how)
    keep = {"name": "w.raw", "pool": "p", "capacity": "1MiB", "format": "raw"}
    result = declare(volumes, keep, purge=True)
    (warning,) = result["warnings"]
    assert warning.startswith("volume p/v.raw: is no longer declared, but ")
    assert WORDS[how].format(other) in warning
    assert paths(result) == []


@pytest.mark.parametrize("how", ["moved", "foreign"])
def test_a_volume_that_is_a_link_is_not_said_to_be_gone(run_main: Run, declared: Path, how: str) -> None:
    other = replace(declared / "v.raw", how)
    config = [{"name": name, "pool": "p", "state": "absent"} for name in ("v.raw", "w.raw")]
    for check in (True, False):
        result = run_main(volumes.main, config=config, uri=URI, check=check, fails=True)
        assert f"volume p/v.raw: state: {declared}/v.raw is a symbolic link to {other}: only the link" in result["msg"]
        assert paths(result) == ["state"]  # The other one goes.
    assert (declared / "v.raw").is_symlink()

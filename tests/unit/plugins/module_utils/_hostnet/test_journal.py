# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is cleared once a trial, or a change that is kept, has come to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, journal


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the journals."""
    folder = tmp_path / "disk"
    folder.mkdir()
    monkeypatch.setattr(journal, "DISK", str(folder))
    monkeypatch.setattr(journal, "disarm_boot", lambda: None)
    return folder


def write(name: str, **entries: Any) -> Path:
    path = Path(journal.path_of(name))
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def staged(folder: Path, name: str) -> dict[str, Any]:
    """An entry with what stands beside its file."""
    folder.mkdir(exist_ok=True)
    paths = {"path": folder / name, "new": folder / f".{name}.new", "old": folder / f".{name}.old"}
    for path in paths.values():
        path.write_text("text", encoding="utf-8")
    return {key: str(path) for key, path in paths.items()}


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_stands_beside_the_files_goes_but_for_what_is_spared(disk: Path, tmp_path: Path) -> None:
    netplan = tmp_path / "netplan"
    entries = [staged(netplan, "a"), staged(netplan, "b")]
    trial = write("trial", files=entries, folders=[])
    journal.clear("trial", (entries[1]["old"],))
    assert left(netplan) == [".b.old", "a", "b"]
    assert not trial.exists()


def test_only_empty_folders_go(disk: Path, tmp_path: Path) -> None:
    gone, used = tmp_path / "gone.network.d", tmp_path / "used.network.d"
    for folder in (gone, used, tmp_path / "plain"):
        folder.mkdir()
    (used / "other.conf").write_text("somebody's", encoding="utf-8")
    entries = [
        {"path": str(folder / "10-virtfleet.conf"), "new": None, "old": None}
        for folder in (gone, used, tmp_path / "plain", tmp_path / "nowhere.d")
    ]
    made = tmp_path / "made"
    (made / "inner").mkdir(parents=True)
    write("trial", files=entries, folders=[str(made), str(made / "inner")])
    journal.clear("trial")
    assert left(tmp_path) == ["disk", "plain", "used.network.d"]


def test_the_journal_of_a_kept_change_is_kept_as_the_last_one(disk: Path) -> None:
    write("keep", files=[], id="t")
    journal.clear("keep")
    assert left(disk) == [Path(journal.path_of("kept")).name]
    journal.clear("keep")
    assert left(disk) == [Path(journal.path_of("kept")).name]


@pytest.mark.parametrize("there", [True, False])
def test_the_folder_of_the_journals_is_synced_where_it_is(
    disk: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(files, "sync", synced.append)
    if there:
        write("trial", files=[])
    else:
        disk.rmdir()
    journal.clear("trial")
    assert (str(disk) in synced) is there

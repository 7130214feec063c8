# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is prepared of a change, kept and undone; and what is cleared once it has come to its end."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, journal
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import make_host


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


# From the first file beside its place to the last one in it


class Change:
    """A change of one file: prepared on a host in a folder of its own.

    :param before: its text, or ``->NAME`` for a link; None where it is not there
    :param after: its text afterwards, None where it goes
    """

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None, folder: str = "etc/x"
    ) -> None:
        self.root, self.path, self.before, self.after = root, root / folder / "a.conf", before, after
        if not (root / "etc/kept.yaml").exists():
            make_host(root, monkeypatch)
        if before is not None:
            self.path.parent.mkdir()
            self.write(before)
        self.told = self.all()
        state: Any = {
            "id": "one",
            "python": sys.executable,
            "netplan": False,
            "keep": [{"path": str(self.path), "text": after, "mode": 0o640}],
        }
        journal.prepare(state)

    def write(self, text: str) -> None:
        files.unlink(str(self.path))
        if text.startswith("->"):
            self.path.symlink_to(text[2:])
        else:
            self.path.write_text(text)

    def all(self) -> dict[str, str]:
        """All files but the journal's own, with what is in them."""
        return {
            str(path.relative_to(self.root)): f"->{os.readlink(path)}" if path.is_symlink() else path.read_text()
            for path in self.root.rglob("*")
            if (path.is_symlink() or path.is_file()) and "var" not in path.relative_to(self.root).parts
        }

    def now(self) -> str | None:
        return self.all().get(str(self.path.relative_to(self.root)))

    def done(self) -> dict[str, str]:
        """All files as they are once it is kept."""
        rest = {name: text for name, text in self.told.items() if not name.endswith("a.conf")}
        return rest | ({} if self.after is None else {str(self.path.relative_to(self.root)): self.after})


FORMS: list[tuple[str | None, str | None]] = [
    ("old", "new"), (None, "new"), ("old", None), (None, None), ("old", "old"), ("->nowhere", "new"),
    ("->/dev/null", None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), FORMS)
def test_a_change_is_kept_or_undone_whole_and_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None
) -> None:
    for number, end in enumerate(("undo", "keep", "keep, undo", "undo, undo", "keep, keep")):
        root = tmp_path / str(number)
        root.mkdir()
        change = Change(root, monkeypatch, before, after)
        assert change.now() == before
        for step in end.split(", "):
            journal.keep("one") if step == "keep" else journal.undo()
        if end.startswith("keep") and not end.endswith("undo"):
            journal.done()
            assert change.all() == change.done()
            assert journal.is_kept("one")
        else:
            assert change.all() == change.told
            assert not journal.is_kept("one")
            assert change.path.parent.exists() == (before is not None)


@pytest.mark.parametrize(("before", "after"), FORMS)
@pytest.mark.parametrize("by", ["theirs", None])
def test_what_somebody_does_to_the_file_during_the_trial_is_not_kept_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None, by: str | None
) -> None:
    change = Change(tmp_path, monkeypatch, before, after)
    if by is None:
        files.unlink(str(change.path))
    else:
        change.write(by)
    if before is None and by is None:
        journal.keep("one")
        assert change.now() == after
        return
    with pytest.raises(journal.FilesNotKept, match="was changed by somebody else in the meantime"):
        journal.keep("one")
    assert change.now() == by
    # What is there stays there; one that is gone and was to go is taken for what this change has done.
    if by is not None and before is not None and after is None:
        with pytest.raises(journal.OldFileLost, match="so it stays; what was there before is"):
            journal.undo()
    else:
        journal.undo()
    assert change.now() == (before if by is None and after is None else by)


@pytest.mark.parametrize(("before", "after"), FORMS[:3])
def test_what_somebody_writes_once_it_is_kept_stays_and_the_old_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None
) -> None:
    change = Change(tmp_path, monkeypatch, before, after)
    journal.keep("one")
    change.write("theirs")
    with pytest.raises(journal.OldFileLost, match="somebody wrote it anew in the meantime, so it stays") as caught:
        journal.undo()
    assert change.now() == "theirs"
    old = [name for name, text in change.all().items() if text == before and name.startswith("etc/x/.")]
    assert len(old) == (before is not None)
    assert all(str(tmp_path / name) in str(caught.value) for name in old)
    assert ("there was none before" in str(caught.value)) is (before is None)


def test_the_journal_of_another_change_is_not_taken_for_this_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = Change(tmp_path, monkeypatch, "old", "new")
    with pytest.raises(journal.FilesNotKept, match="is not that of this change any more"):
        journal.keep("another")
    assert change.now() == "old"
    journal.keep("one")
    journal.done()
    # What is kept is kept: a second time nothing is done.
    change.write("theirs")
    journal.keep("one")
    assert change.now() == "theirs"
    assert [journal.is_kept(name) for name in ("one", "another")] == [True, False]


def test_a_new_file_that_is_gone_is_not_said_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = Change(tmp_path, monkeypatch, "old", "new")
    (new,) = (tmp_path / name for name, text in change.all().items() if text == "new")
    new.unlink()
    with pytest.raises(journal.FilesNotKept, match=r"\.new is gone"):
        journal.keep("one")
    assert change.now() == "old"


def test_nobody_else_can_look_into_what_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files can hold passwords; a new one has the rights that it is to have, another those of the old one."""
    Change(tmp_path, monkeypatch, None, "new")
    for folder in ("var", "var/agent"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "var/trial.json").stat().st_mode & 0o777 == 0o600
    (new,) = (tmp_path / "etc/x").iterdir()
    assert new.stat().st_mode & 0o777 == 0o640
    names = {path.name for path in (tmp_path / "var/agent").iterdir()}
    assert {"guard.py", "journal.py", "__init__.py"} <= names
    assert all(name.endswith(".py") for name in names)


def test_only_folders_that_were_made_for_a_change_go_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_host(tmp_path, monkeypatch)
    (tmp_path / "etc/here").mkdir()
    change = Change(tmp_path, monkeypatch, None, "new", folder="etc/here/made/inner")
    assert change.path.parent.is_dir()
    journal.undo()
    assert left(tmp_path / "etc/here") == []
